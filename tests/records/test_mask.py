"""What may be shown of a value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.records.mask import LONGEST, mask
from gateway.records.types import FieldType

ID = "11010519491231002X"


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (FieldType.ID_NUMBER, ID, "110105********002X"),
        (FieldType.ID_NUMBER, "130503670401001", "130503*****1001"),
        (FieldType.ID_NUMBER, "4.3048219500101e17", "******************"),
        (FieldType.ID_NUMBER, " " + ID, "*" * 19),
        (FieldType.BANK_ACCOUNT, "6222021202041701419", "***************1419"),
        (FieldType.BANK_ACCOUNT, "6222 0212 0204", "*" * 14),
        (FieldType.PHONE, "13800138000", "*******8000"),
        (FieldType.PHONE, "7221234", "*******"),
        (FieldType.PERSON_NAME, "王小明", "王**"),
        (FieldType.PERSON_NAME, "王", "*"),
        (FieldType.PERSON_NAME, "\x00王", "**"),
        (FieldType.MONEY, "1,234.50", "1,234.50"),
        (FieldType.MONEY, "壹仟元整", "壹仟元整"),
        (FieldType.MONEY, "王小明", "***"),
        (FieldType.MONEY, ID, "*************1002*"),
        (FieldType.DATE, "2017-08-01 12:30:00", "2017-08-01 12:30:00"),
        (FieldType.CODE, "A01 ", "A01 "),
        (FieldType.CODE, "13800138000", "*******8000"),
        (FieldType.CODE, "110105 19491231 002X", "****************002X"),
        (FieldType.CREDIT_CODE, "91350100M000100Y44", "91350100M000100Y44"),
        (FieldType.TEXT, "王小明\x00" + ID, "***\\x00" + "*" * 18),
        (FieldType.TEXT, "备注锟斤拷", "**锟斤*"),
    ],
)
def test_masked_values_are_exactly_these(kind: FieldType, value: str, shown: str) -> None:
    assert mask(value, kind) == shown


@given(st.sampled_from(list(FieldType)), st.text(max_size=200))
def test_what_is_shown_is_short_and_printable(kind: FieldType, value: str) -> None:
    shown = mask(value, kind)
    assert len(shown) <= LONGEST
    assert all(character.isprintable() or character == "\ufffd" for character in shown)


@given(
    st.sampled_from(list(FieldType)),
    st.text(max_size=60),
    st.sampled_from([ID, "6222021202041701419", "13800138000", "130503670401001"]),
    st.text(max_size=60),
)
def test_no_long_number_is_shown_in_whatever_column(kind: FieldType, before: str, number: str, after: str) -> None:
    assert number not in mask(before + number + after, kind)
