"""Reading money, decimals and integers, exactly or not at all.

Text form: `-?digits[.decimals]`, spaces around it allowed, leading zeros allowed, at most as many decimals as the type
holds. Typed form: decimal or integer columns whose every value fits. Money is stated in yuan (2 decimals), fen (none)
or 万元 (6); as written, the same digits without the point are fen in each case, so no unit is ever multiplied.
This module must never round and never see a float.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from gateway.records import marks
from gateway.records.problems import Reason
from gateway.records.reading import PADDING, Mask, Reading, blank, is_text, matches, only, to_mask, trimmed
from gateway.records.texts import damage
from gateway.records.types import MONEY_DIGITS, Column, FieldType, Unit

_UNIT_SCALE = {Unit.FEN: 0, Unit.YUAN: 2, Unit.WAN_YUAN: 6}
_INTEGER_DIGITS = 19
_INT64 = range(-(2**63), 2**63)

_DASHES = re.compile("[-—–－―~/／]+")
_CAPITALS = re.compile("(人民币)?[零〇壹贰叁肆伍陆柒捌玖拾佰仟万亿元圆角分整正]+")
_EXPONENT = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+")
_THOUSANDS = re.compile(r"-?[0-9]{1,3}([,，][0-9]{3})+(\.[0-9]*)?")
_WITH_UNIT = re.compile(r"[¥￥$]\s*-?[0-9.,]+|-?[0-9.,]+\s*(元|万|万元|亿|亿元|角|分|%|亩|人|户)")
_PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True, kw_only=True)
class _Form:
    """How the source writes the number: digits in all, and how many of them after the point."""

    precision: int
    scale: int

    @property
    def type(self) -> pa.Decimal128Type:
        return pa.decimal128(self.precision, self.scale)

    @property
    def pattern(self) -> str:
        whole = self.precision - self.scale
        digits = f"0*[0-9]{{1,{whole}}}" if whole else "0+"
        decimals = rf"(\.[0-9]{{1,{self.scale}}})?" if self.scale else ""
        return f"^-?{digits}{decimals}$"

    @property
    def limit(self) -> Decimal:
        """The first magnitude that no longer fits."""
        return Decimal(1).scaleb(self.precision - self.scale)


def _form(column: Column) -> _Form:
    if column.type is FieldType.MONEY:
        return _Form(precision=MONEY_DIGITS, scale=_UNIT_SCALE[column.unit or Unit.YUAN])
    if column.type is FieldType.INTEGER:
        return _Form(precision=_INTEGER_DIGITS, scale=0)
    return _Form(precision=column.precision, scale=column.scale)


def read_number(array: pa.Array, column: Column) -> Reading:
    """Money to decimal128(20,2) yuan, decimals to their declared precision, integers to int64."""
    form = _form(column)
    missing = blank(array) if is_text(array) else to_mask(pc.is_null(array))
    exact = _from_text(array, form) if is_text(array) else _from_typed(array, form)
    values = _to_target(exact, column)
    return Reading(values=values, missing=missing, bad=to_mask(pc.is_null(values)) & ~missing)


def _from_text(array: pa.Array, form: _Form) -> pa.Array:
    text = trimmed(array)
    return pc.cast(only(text, matches(text, form.pattern)), form.type)


def _from_typed(array: pa.Array, form: _Form) -> pa.Array:
    """Values of a decimal or integer column that `form` holds without loss; null for the others."""
    numbers = pc.cast(array, pa.decimal128(20, 0)) if pa.types.is_integer(array.type) else array
    return pc.cast(only(numbers, _fits(numbers, form)), form.type)


def _fits(numbers: pa.Array, form: _Form) -> Mask:
    # The limit is compared only where the column's own type is wide enough to pass it, and so to hold it.
    cut = pc.round(numbers, ndigits=form.scale, round_mode="towards_zero")
    fits = to_mask(pc.equal(cut, numbers))
    own_digits = numbers.type.precision - numbers.type.scale
    if own_digits > form.precision - form.scale:
        fits &= to_mask(pc.less(pc.abs(numbers), pa.scalar(form.limit, numbers.type)))
    return fits


def _to_target(exact: pa.Array, column: Column) -> pa.Array:
    if column.type is FieldType.MONEY:
        return _digits_as_fen(exact, column.arrow)
    if column.type is FieldType.INTEGER:
        return _to_int64(exact)
    return exact


def _digits_as_fen(exact: pa.Array, target: pa.DataType) -> pa.Array:
    """The same 128-bit integers under money's own scale: 5 fen, 0.05 yuan and 0.000005 万元 are all `5`."""
    return pa.Array.from_buffers(target, len(exact), exact.buffers(), exact.null_count, exact.offset)


def _to_int64(exact: pa.Array) -> pa.Array:
    low, high = (pa.scalar(Decimal(edge), exact.type) for edge in (_INT64.start, _INT64.stop - 1))
    inside = to_mask(pc.and_(pc.greater_equal(exact, low), pc.less_equal(exact, high)))
    return pc.cast(only(exact, inside), pa.int64())


def why_number(text: str, column: Column) -> tuple[Reason, ...]:
    """Why one cell could not be taken; the most telling reason alone, because each has its own remedy."""
    return damage(text) or (_why(text.strip(PADDING), _form(column)),)


def _why(text: str, form: _Form) -> Reason:
    if _DASHES.fullmatch(text):
        return Reason.DASH
    if _CAPITALS.fullmatch(text):
        return Reason.CAPITALS
    if _THOUSANDS.fullmatch(text):
        return Reason.THOUSANDS
    if _EXPONENT.fullmatch(text):
        return Reason.EXPONENT
    if _WITH_UNIT.fullmatch(text):
        return Reason.UNIT_IN_VALUE
    if re.search(marks.FULL_WIDTH, text):
        return Reason.FULL_WIDTH
    return _why_plain(text, form) if _PLAIN.fullmatch(text) else Reason.NUMBER_FORM


def _why_plain(text: str, form: _Form) -> Reason:
    decimals = text.partition(".")[2]
    return Reason.TOO_MANY_DECIMALS if len(decimals) > form.scale else Reason.OVERFLOW
