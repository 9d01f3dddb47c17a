"""The types of a DBF field as text for the checks, exactly as the table holds them.

* C: without its padding. N and F: their digits as written, `****` (the number did not fit) included; `.50` is `0.50`.
* D: eight digits; 00000000 and blanks are nothing. L: TRUE, FALSE, nothing. T: date and time to the millisecond.
* I and Y (money with four decimals): exact. B of FoxPro is a double: exact up to 15 digits, else its row is spoiled.
* M, G, P, W stand in another file, V and Q hide their length: refused when a feed asks for them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adapters.contract import Fault
from adapters.formats.charset import Charset
from adapters.formats.dbf.header import DbfField
from adapters.formats.dbf.texts import Bytes, Mask, ascii_text, decode
from adapters.formats.doubles import written

_EPOCH_JULIAN = 2_440_588  # 1970-01-01
_DAY_MS = 86_400_000
_DAYS = range(1_721_426, 5_373_485)  # 0001-01-01 to 9999-12-31


@dataclass(frozen=True, kw_only=True)
class Values:
    """Attributes:
    text: utf8; null where the field holds nothing or is spoiled.
    spoiled: rows whose field cannot be given exactly; `fault` says why.
    """

    text: pa.Array
    spoiled: Mask
    fault: Fault = Fault.LAYOUT


def values(cells: Bytes, field: DbfField, charset: Charset) -> Values:
    """One column of one block of records. `field.kind` is C or one of CONVERTED."""
    if field.kind == "C":
        decoded = decode(cells, charset)
        return Values(text=decoded.values, spoiled=decoded.torn, fault=Fault.ENCODING)
    return CONVERTED[field.kind](cells)


def _sound(text: pa.Array) -> Values:
    return Values(text=text, spoiled=np.zeros(len(text), np.bool_))


def _number(cells: Bytes) -> Values:
    text = ascii_text(cells)
    return _sound(pc.replace_substring_regex(text, r"^(-?)\.([0-9])", r"\10.\2"))


def _date(cells: Bytes) -> Values:
    text = ascii_text(cells)
    return _sound(pc.if_else(pc.equal(text, "00000000"), None, text))


def _yes_no(cells: Bytes) -> Values:
    text = ascii_text(cells)
    yes, no = (pc.is_in(text, pa.array(list(letters))) for letters in ("TtYy", "FfNn"))
    told = pc.if_else(yes, "TRUE", pc.if_else(no, "FALSE", text))
    return _sound(pc.if_else(pc.equal(text, "?"), None, told))


def _integer(cells: Bytes) -> Values:
    return _sound(pa.array(_as(cells, "<i4")).cast(pa.utf8()))


def _currency(cells: Bytes) -> Values:
    """Ten-thousandths; the last two places only where they hold something."""
    exact = pa.array(_as(cells, "<i8")).cast(pa.decimal128(19, 0))
    scaled = pa.Array.from_buffers(pa.decimal128(19, 4), len(exact), exact.buffers(), exact.null_count, exact.offset)
    return _sound(pc.replace_substring_regex(scaled.cast(pa.utf8()), r"(\.[0-9][0-9])00$", r"\1"))


def _double(cells: Bytes) -> Values:
    exact = written(_as(cells, "<f8"))
    return Values(text=exact.texts, spoiled=exact.lost, fault=Fault.CONVERTED)


def _moment(cells: Bytes) -> Values:
    """Days of the Julian calendar's count and milliseconds of the day; nothing where both are blank or zero."""
    blank = ((cells == 32) | (cells == 0)).all(axis=1)
    days, clock = _as(cells[:, :4], "<i4").astype(np.int64), _as(cells[:, 4:], "<i4").astype(np.int64)
    sound = (days >= _DAYS.start) & (days < _DAYS.stop) & (clock >= 0) & (clock < _DAY_MS)
    instant = np.where(sound, (days - _EPOCH_JULIAN) * _DAY_MS + clock, 0)
    told = pc.strftime(pa.array(instant, mask=~sound).cast(pa.timestamp("ms")), format="%Y-%m-%d %H:%M:%S")
    return Values(text=told, spoiled=~sound & ~blank)


def _as(cells: Bytes, kind: str) -> npt.NDArray[np.generic]:
    return np.ascontiguousarray(cells).view(kind)[:, 0]


CONVERTED: dict[str, Callable[[Bytes], Values]] = {
    "N": _number,
    "F": _number,
    "D": _date,
    "L": _yes_no,
    "I": _integer,
    "Y": _currency,
    "B": _double,
    "T": _moment,
}
WIDTHS = {"I": 4, "Y": 8, "B": 8, "T": 8, "D": 8, "L": 1}
