"""城乡低保保障名册: one month's list as the civil-affairs system answers it, page by page."""

from __future__ import annotations

from datetime import date

import numpy as np

from gateway.demo.sources import people, spoiling
from gateway.demo.sources.spoiling import Row

ELEMENTS = (
    "payMonth", "regionCode", "familyNo", "holderName", "holderIdCard", "telephone", "category", "personCount",
    "allowance", "priceSubsidy", "bankName", "bankAccount", "approveDate", "state",
)  # fmt: skip
BLOCK = 5_000
_AT = spoiling.indices(ELEMENTS)
_SPOILS = (
    spoiling.replacing(_AT["holderIdCard"], spoiling.wrong_check_digit),
    spoiling.replacing(_AT["approveDate"], spoiling.impossible_day),
    spoiling.replacing(_AT["bankName"], lambda bank: ""),
    spoiling.replacing(_AT["category"], lambda category: "9"),
    spoiling.same_key((_AT["payMonth"], _AT["familyNo"])),
    spoiling.same_row,
    spoiling.replacing(_AT["holderIdCard"], spoiling.through_excel),
)


def block(number: int, rows: int, month: date, seed: int) -> list[Row]:
    """Rows `number * BLOCK` and on, of `rows` in all; a page can be made without the pages before it."""
    first = number * BLOCK
    count = max(0, min(BLOCK, rows - first))
    rng = np.random.default_rng([seed, month.year, month.month, number])
    villages = people.places()
    drawn = zip(
        rng.integers(0, len(villages), count).tolist(),
        range(first + 1, first + count + 1),
        people.names(rng, count),
        people.id_numbers(rng, count),
        people.numbers(rng, count, "198", 8),
        rng.integers(1, 6, count).tolist(),
        rng.integers(0, len(people.BANKS), count).tolist(),
        people.numbers(rng, count, "81012", 14),
        rng.integers(0, 4000, count).tolist(),
        strict=True,
    )
    return spoiling.spoiled([_row(villages[v], month, *rest) for v, *rest in drawn], first, _SPOILS)


def _row(
    place: people.Place, month: date, serial: int, name: str, id_number: str, phone: str, persons: int, bank: int,
    account: str, days: int,
) -> Row:  # fmt: skip
    urban = place.township.endswith("街道")
    approved = date.fromordinal(date(2014, 1, 1).toordinal() + days)
    return (
        f"{month:%Y-%m}", place.code, f"DB{serial:08d}", name, id_number, phone, "1" if urban else "2", str(persons),
        f"{persons * (420 if urban else 315)}.00", f"{persons * 10}.50", people.BANKS[bank], account,
        approved.isoformat(), "1" if days % 50 else "2",
    )  # fmt: skip
