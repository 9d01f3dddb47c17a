"""Rows spoiled on purpose, each in one way that real exports are spoiled, at places fixed by the row's number.

Must never change a row's money: the source's own totals stay true of all rows, good and bad.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

Row = tuple[str, ...]
Spoil = Callable[[Row, Row], Row]
"""(this row, the row before it) -> the row as the source holds it."""

SPACING = 3000
"""Each kind of spoiling happens once in this many rows."""


def spoiled(rows: list[Row], first: int, kinds: Sequence[Spoil]) -> list[Row]:
    """The block of rows whose first has the number `first` (from 0), with the spoiled ones put in."""
    gap = SPACING // len(kinds)
    for place in range(1, len(rows)):
        kind, rest = divmod((first + place) % SPACING, gap)
        if rest == gap - 1 and kind < len(kinds):
            rows[place] = kinds[kind](rows[place], rows[place - 1])
    return rows


def replacing(at: int, change: Callable[[str], str]) -> Spoil:
    """One field changed."""
    return lambda row, before: (*row[:at], change(row[at]), *row[at + 1 :])


def same_key(keys: Sequence[int]) -> Spoil:
    """The key of the row before, with other content."""
    return lambda row, before: tuple(before[i] if i in keys else value for i, value in enumerate(row))


def same_row(row: Row, before: Row) -> Row:
    """The row before, once more. Its amount is counted once more, too: the source's totals see what it holds."""
    return before


def wrong_check_digit(number: str) -> str:
    return number[:-1] + ("1" if number[-1] != "1" else "2")


def through_excel(number: str) -> str:
    """What a spreadsheet leaves of eighteen digits: fifteen, as a power of ten."""
    return f"{number[0]}.{number[1:15]}E+17"


def impossible_day(day: str) -> str:
    """The 31st of a month of thirty days, or the 32nd: no calendar has it."""
    return f"{day[:8]}31" if day[5:7] in ("04", "06", "09", "11") else f"{day[:8]}32"


def indices(titles: Sequence[str]) -> Mapping[str, int]:
    return {title: place for place, title in enumerate(titles)}
