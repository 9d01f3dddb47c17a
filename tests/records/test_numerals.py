"""Money, decimals and integers: the exact value, or a reason of its own."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import AdapterBroken
from gateway.records.check import Checker
from gateway.records.types import Column, FieldType, Unit
from tests.records.batches import SALT, column, reasons, typed_batch, values

MONEY = column(FieldType.MONEY)


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        ("1234.5", "1234.50"),
        ("0", "0.00"),
        ("-0.01", "-0.01"),
        ("0000000000000000000000000012.34", "12.34"),
        ("9999999999999999.99", "9999999999999999.99"),
        ("0" * 500 + "1.5", "1.50"),
        ("  12.30\u3000", "12.30"),
    ],
)
def test_plain_money_is_taken_exactly(text: str, yuan: str) -> None:
    assert values(MONEY, text) == [Decimal(yuan)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,234.50", "THOUSANDS"),
        ("1，234.50", "THOUSANDS"),
        ("１２３４.５", "FULL_WIDTH"),
        ("1234．50", "FULL_WIDTH"),
        ("12万元", "UNIT_IN_VALUE"),
        ("¥12.00", "UNIT_IN_VALUE"),
        ("壹仟贰佰元整", "CAPITALS"),
        ("-", "DASH"),
        ("—", "DASH"),
        ("——", "DASH"),
        ("1.2E+05", "EXPONENT"),
        ("1e5", "EXPONENT"),
        ("12.345", "TOO_MANY_DECIMALS"),
        ("10000000000000000", "OVERFLOW"),
        (".5", "NUMBER_FORM"),
        ("5.", "NUMBER_FORM"),
        ("+5", "NUMBER_FORM"),
        ("1 234", "NUMBER_FORM"),
        ("nan", "NUMBER_FORM"),
        ("Infinity", "NUMBER_FORM"),
        ("#N/A", "NUMBER_FORM"),
        ("12\x00", "CONTROL"),
        ("٣", "NUMBER_FORM"),
    ],
)
def test_money_that_is_not_plain_has_a_reason_of_its_own(text: str, expected: str) -> None:
    assert reasons(MONEY, text) == (expected,)


@pytest.mark.parametrize(
    ("unit", "text", "yuan"),
    [
        (Unit.FEN, "1", "0.01"),
        (Unit.FEN, "-12345", "-123.45"),
        (Unit.WAN_YUAN, "1.234567", "12345.67"),
        (Unit.WAN_YUAN, "0.000001", "0.01"),
        (Unit.WAN_YUAN, "-3", "-30000.00"),
        (Unit.YUAN, "3", "3.00"),
    ],
)
def test_a_declared_unit_is_converted_exactly(unit: Unit, text: str, yuan: str) -> None:
    assert values(column(FieldType.MONEY, unit=unit), text) == [Decimal(yuan)]


@pytest.mark.parametrize(
    ("unit", "text", "expected"),
    [
        (Unit.FEN, "1.5", "TOO_MANY_DECIMALS"),
        (Unit.WAN_YUAN, "1.2345678", "TOO_MANY_DECIMALS"),
        (Unit.WAN_YUAN, "1000000000000", "OVERFLOW"),
        (Unit.FEN, "1000000000000000000", "OVERFLOW"),
    ],
)
def test_what_a_unit_cannot_state_in_fen_is_refused(unit: Unit, text: str, expected: str) -> None:
    assert reasons(column(FieldType.MONEY, unit=unit), text) == (expected,)


@pytest.mark.parametrize(
    ("given_values", "kind", "unit", "good", "bad"),
    [
        (["12.3400", "12.3450"], pa.decimal128(10, 4), None, ["12.34"], ["TOO_MANY_DECIMALS"]),
        (
            ["9999999999999999.99", "10000000000000000.00"],
            pa.decimal128(38, 2),
            None,
            ["9999999999999999.99"],
            ["OVERFLOW"],
        ),
        (["1.5", "1e30"], pa.decimal256(76, 10), None, ["1.50"], ["OVERFLOW"]),
        ([5, -7], pa.int32(), None, ["5.00", "-7.00"], []),
        ([150, 2**64 - 1], pa.uint64(), Unit.FEN, ["1.50"], ["OVERFLOW"]),
        (["0.5", "0.00000001"], pa.decimal128(20, 8), Unit.WAN_YUAN, ["5000.00"], ["TOO_MANY_DECIMALS"]),
    ],
)
def test_typed_money_passes_where_it_fits_exactly(
    given_values: list[object], kind: pa.DataType, unit: Unit | None, good: list[str], bad: list[str]
) -> None:
    item = column(FieldType.MONEY, unit=unit)
    exact = [Decimal(v) if isinstance(v, str) else v for v in given_values]
    checked = Checker([item], salt=SALT).check(typed_batch(item, pa.array(exact, kind)))
    assert checked.good.column(0).to_pylist() == [Decimal(v) for v in good]
    assert [problem.reason.name for problem in checked.problems] == bad


@pytest.mark.parametrize("kind", [FieldType.MONEY, FieldType.DECIMAL, FieldType.INTEGER])
def test_a_float_column_is_a_broken_adapter_whatever_it_holds(kind: FieldType) -> None:
    item = column(kind)
    with pytest.raises(AdapterBroken):
        Checker([item], salt=SALT, adapter="odbc").check(typed_batch(item, pa.array([1.0])))


def test_a_decimal_of_negative_scale_is_a_broken_adapter() -> None:
    with pytest.raises(AdapterBroken):
        Checker([MONEY], salt=SALT).check(typed_batch(MONEY, pa.array([Decimal(12300)], pa.decimal128(5, -2))))


@pytest.mark.parametrize("kind", [FieldType.ID_NUMBER, FieldType.CODE, FieldType.TEXT, FieldType.MONTH])
def test_a_number_column_for_what_is_text_is_a_broken_adapter(kind: FieldType) -> None:
    # 0012345 would already have become 12345.
    item = column(kind)
    with pytest.raises(AdapterBroken):
        Checker([item], salt=SALT, adapter="odbc").check(typed_batch(item, pa.array([12345])))


def test_integers_use_the_whole_of_int64_and_nothing_beyond() -> None:
    integer = column(FieldType.INTEGER)
    assert values(integer, str(2**63 - 1), str(-(2**63)), "007") == [2**63 - 1, -(2**63), 7]
    assert reasons(integer, str(2**63)) == ("OVERFLOW",)
    assert reasons(integer, "1.0") == ("TOO_MANY_DECIMALS",)
    assert reasons(integer, "1" * 20) == ("OVERFLOW",)


def test_typed_integers_pass_or_overflow() -> None:
    item = column(FieldType.INTEGER)
    checked = Checker([item], salt=SALT).check(typed_batch(item, pa.array([2**63 - 1, 2**63], pa.uint64())))
    assert checked.good.column(0).to_pylist() == [2**63 - 1]
    assert [problem.reason.name for problem in checked.problems] == ["OVERFLOW"]


def test_decimals_keep_their_declared_precision_and_scale() -> None:
    item = Column(name="area", type=FieldType.DECIMAL, precision=6, scale=3)
    assert values(item, "123.456", "1.5") == [Decimal("123.456"), Decimal("1.500")]
    assert reasons(item, "1234.5") == ("OVERFLOW",)
    assert reasons(item, "1.2345") == ("TOO_MANY_DECIMALS",)
    share = Column(name="share", type=FieldType.DECIMAL, precision=4, scale=4)
    assert values(share, "0.1234") == [Decimal("0.1234")]
    assert reasons(share, "1.0") == ("OVERFLOW",)


@given(st.integers(-(10**18) + 1, 10**18 - 1))
def test_every_amount_written_in_any_unit_comes_back_to_the_fen(fen: int) -> None:
    amount = Decimal(fen)
    written = {
        unit: format(amount.scaleb(-places), f".{places}f")
        for unit, places in ((Unit.FEN, 0), (Unit.YUAN, 2), (Unit.WAN_YUAN, 6))
    }
    for unit, text in written.items():
        [taken] = values(column(FieldType.MONEY, unit=unit), text)
        assert taken == amount.scaleb(-2)


@given(st.text("0123456789.,-+eE ０１—元万", max_size=12) | st.text(max_size=8))
def test_money_text_is_the_same_number_or_refused(text: str) -> None:
    found = reasons(MONEY, text)
    if not found and text.strip(" \t\u00a0\u3000"):
        assert values(MONEY, text) == [Decimal(text.strip(" \t\u00a0\u3000"))]


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**30), max_value=10**30))
def test_typed_decimals_are_the_same_number_or_refused(number: Decimal) -> None:
    checked = Checker([MONEY], salt=SALT).check(typed_batch(MONEY, pa.array([number], pa.decimal128(38, 4))))
    fits = number * 0 == number or (number.as_tuple().digits[-2:] == (0, 0) and abs(number) < 10**16)
    assert checked.good.column(0).to_pylist() == ([number] if fits else [])
    assert bool(checked.problems) is not fits
