"""Reading dates, months and timestamps, exactly or not at all.

The fixed set of forms, year first, spaces around them allowed:

* date       `yyyymmdd`, `yyyy-m-d`, `yyyy/m/d`, `yyyy.m.d`, `yyyy年m月d日`; a time of midnight after it is dropped
* month      `yyyymm`, `yyyy-m`, `yyyy/m`, `yyyy年m月`; kept as `yyyy-mm`. Not `2017.1`: it may have been `2017.10`
* timestamp  a date, `T` or a space, `hh:mm:ss`, up to 6 decimals, and an offset or none (Asia/Shanghai); or 14 digits

Years run from 1800 to 2199. This module must never complete a date (no day, no seconds) and never guess an order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from gateway.records.buffers import fixed
from gateway.records.days import day_numbers, plausible, valid_days
from gateway.records.reading import Mask, Reading, blank, is_text, matches, only, to_mask, trimmed
from gateway.records.types import TIMESTAMP, Column

_DAY_US = 86_400_000_000
_ZONE = "Asia/Shanghai"

_YEAR, _TWO = "(?P<y>[0-9]{4})", "[0-9]{1,2}"
_SEPARATED = f"-{_TWO}-{_TWO}|/{_TWO}/{_TWO}|\\.{_TWO}\\.{_TWO}|年{_TWO}月{_TWO}日"
_DAY_FORMS = f"[0-9]{{4}}(?:[0-9]{{4}}|{_SEPARATED})"
_DAY_PARTS = f"{_YEAR}[-/.年]?(?P<m>[0-9]{{2}}|[0-9])[-/.月]?(?P<d>[0-9]{{2}}|[0-9])日?"
_MIDNIGHT = r"(?:[ T]00:00:00(?:\.0+)?)?"
_CLOCK_FORMS = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6}0*)?(?:Z|[-+][0-9]{2}:?[0-9]{2})?"
_CLOCK_PARTS = (
    r"(?P<h>[0-9]{2}):?(?P<i>[0-9]{2}):?(?P<s>[0-9]{2})(?:\.(?P<f>[0-9]{1,6})0*)?"
    r"(?P<z>Z|(?P<zs>[-+])(?P<zh>[0-9]{2}):?(?P<zm>[0-9]{2}))?"
)
# Days that need no calendar: each of these exists in every year.
_ISO_EVERY_YEAR = (
    "^[0-9]{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)$"
)
_DATE = f"^(?:{_DAY_FORMS}){_MIDNIGHT}$"
_DATE_PARTS = f"^{_DAY_PARTS}{_MIDNIGHT}$"
_STAMP = f"^(?:[0-9]{{14}}|(?:{_DAY_FORMS})[ T]{_CLOCK_FORMS})$"
_STAMP_PARTS = f"^{_DAY_PARTS}[ T]?{_CLOCK_PARTS}$"
_MONTH = f"^[0-9]{{4}}(?:[0-9]{{2}}|-{_TWO}|/{_TWO}|年{_TWO}月)$"
_MONTH_PARTS = f"^{_YEAR}[-/年]?(?P<m>[0-9]{{2}}|[0-9])月?$"

Ints = npt.NDArray[np.int64]


def read_date(array: pa.Array, column: Column) -> Reading:
    """To date32. Typed: date32, or timestamps that are all midnight in Asia/Shanghai."""
    days, good = _days_from_text(trimmed(array)) if is_text(array) else _days_of(array)
    good &= plausible(days)
    return _reading(array, good, _with_nulls(days.astype(np.int32), good, pa.date32()))


def _days_from_text(text: pa.Array) -> tuple[Ints, Mask]:
    iso = matches(text, _ISO_EVERY_YEAR)
    known = fixed(pc.cast(only(text, iso), pa.date32()), "int32").astype(np.int64)
    if iso.all():
        return known, iso
    days, good = _days(*_found(only(text, ~iso), _DATE, _DATE_PARTS))
    return np.where(iso, known, days), iso | good


def _days(found: pa.StructArray, formed: Mask) -> tuple[Ints, Mask]:
    year, month, day = (_part(found, name) for name in ("y", "m", "d"))
    return day_numbers(year, month, day), formed & valid_days(year, month, day)


def read_month(array: pa.Array, column: Column) -> Reading:
    """To text `yyyy-mm`."""
    found, formed = _found(trimmed(array), _MONTH, _MONTH_PARTS)
    year, month, first = _part(found, "y"), _part(found, "m"), np.ones(len(array), np.int64)
    days = day_numbers(year, month, first)
    good = formed & valid_days(year, month, first) & plausible(days)
    return _reading(array, good, pc.strftime(_with_nulls(days.astype(np.int32), good, pa.date32()), format="%Y-%m"))


def read_timestamp(array: pa.Array, column: Column) -> Reading:
    """To timestamp[us, Asia/Shanghai]. A time without an offset is the zone's own, if that names one instant."""
    clock = _clock_from_text(trimmed(array)) if is_text(array) else _clock_of(array)
    good = clock.good & plausible(clock.local // _DAY_US)
    instant, single = _instants(clock.local, good & ~clock.stated)
    good &= clock.stated | single
    values = np.where(clock.stated, clock.local - clock.offset, instant)
    return _reading(array, good, _with_nulls(values, good, TIMESTAMP))


@dataclass(frozen=True, kw_only=True)
class _Clock:
    """Local time and offset in microseconds, whether the offset is stated, and whether all parts are valid."""

    local: Ints
    offset: Ints
    stated: Mask
    good: Mask


def _clock_of(array: pa.TimestampArray) -> _Clock:
    local, exact = _microseconds(array)
    stated = np.full(len(array), array.type.tz is not None)
    return _Clock(local=local, offset=np.zeros_like(local), stated=stated, good=exact & to_mask(pc.is_valid(array)))


def _clock_from_text(text: pa.Array) -> _Clock:
    found, formed = _found(text, _STAMP, _STAMP_PARTS)
    days, good = _days(found, formed)
    time, in_day = _time_of_day(found)
    offset, in_zone = _offset(found)
    stated = to_mask(pc.not_equal(pc.struct_field(found, "z"), ""))
    return _Clock(local=days * _DAY_US + time, offset=offset, stated=stated, good=good & in_day & in_zone)


def _time_of_day(found: pa.StructArray) -> tuple[Ints, Mask]:
    hour, minute, second = (_part(found, name) for name in ("h", "i", "s"))
    fraction = _ints(pc.utf8_rpad(pc.struct_field(found, "f"), 6, "0"))
    micros = ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction
    return micros, (hour < 24) & (minute < 60) & (second < 60)


def _offset(found: pa.StructArray) -> tuple[Ints, Mask]:
    hour, minute = _part(found, "zh"), _part(found, "zm")
    sign = np.where(to_mask(pc.equal(pc.struct_field(found, "zs"), "-")), -1, 1)
    return sign * (hour * 60 + minute) * 60_000_000, (hour < 15) & (minute < 60)


def _found(text: pa.Array, form: str, parts: str) -> tuple[pa.StructArray, Mask]:
    """The named parts of every cell of this form (null elsewhere), and which cells those are."""
    formed = matches(text, form)
    return pc.extract_regex(only(text, formed), parts), formed


def _part(found: pa.StructArray, name: str) -> Ints:
    return _ints(pc.struct_field(found, name))


def _ints(digits: pa.Array) -> Ints:
    """Digits as integers; 0 where the part is absent."""
    present = pc.if_else(pc.equal(digits, ""), None, digits)
    return np.asarray(pc.fill_null(pc.cast(present, pa.int64()), 0))


def _days_of(array: pa.Array) -> tuple[Ints, Mask]:
    """Day numbers of a typed column, and which of its values are whole days."""
    if pa.types.is_date32(array.type):
        return fixed(array, "int32").astype(np.int64), to_mask(pc.is_valid(array))
    local = pc.local_timestamp(pc.cast(array, pa.timestamp(array.type.unit, _ZONE))) if array.type.tz else array
    micros, exact = _microseconds(local)
    return micros // _DAY_US, exact & (micros % _DAY_US == 0) & to_mask(pc.is_valid(array))


def _microseconds(array: pa.Array) -> tuple[Ints, Mask]:
    """Microseconds of a timestamp column, and which values are whole microseconds within range."""
    raw = fixed(array, "int64")
    if array.type.unit == "ns":
        return raw // 1000, raw % 1000 == 0
    factor = {"s": 1_000_000, "ms": 1000, "us": 1}[array.type.unit]
    limit = np.int64(2**62) // factor
    fits = (raw > -limit) & (raw < limit)
    return np.where(fits, raw, 0) * factor, fits


def _instants(local: Ints, good: Mask) -> tuple[Ints, Mask]:
    """Local times of the zone as instants, and where that is one instant: not in the hours when clocks changed."""
    clock = _with_nulls(local, good, pa.timestamp("us"))
    early, late = (
        pc.cast(pc.assume_timezone(clock, _ZONE, ambiguous=side, nonexistent=side), pa.int64())
        for side in ("earliest", "latest")
    )
    return np.asarray(pc.fill_null(early, 0)), to_mask(pc.equal(early, late))


def _with_nulls(numbers: npt.NDArray[np.generic], good: Mask, kind: pa.DataType) -> pa.Array:
    return pa.array(numbers, mask=~good).view(kind)


def _reading(array: pa.Array, good: Mask, values: pa.Array) -> Reading:
    missing = blank(array) if is_text(array) else to_mask(pc.is_null(array))
    return Reading(values=values, missing=missing, bad=~good & ~missing)
