"""GB 11643, GB 32100, GB 11714, GB/T 2260, accounts and telephones, on the published vectors (domain facts 4)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.records.identifiers import (
    CREDIT_ALPHABET,
    ORGANIZATION_ALPHABET,
    credit_check_character,
    id_check_character,
    organization_check_character,
)
from gateway.records.types import FieldType
from tests.records.batches import column, reasons, values

ID = column(FieldType.ID_NUMBER)
CREDIT = column(FieldType.CREDIT_CODE)
ORGANIZATION = column(FieldType.ORGANIZATION_CODE)


@pytest.mark.parametrize(
    "text",
    [
        "11010519491231002X",  # GB 11643's own examples
        "440524188001010014",
        "130503196704010016",
        "11010519491231002x",
    ],
)
def test_id_numbers_of_the_standard_pass_unchanged(text: str) -> None:
    assert values(ID, text) == [text]


@pytest.mark.parametrize("text", ["91110000600037341L", "91350100M000100Y43"])
def test_credit_codes_in_use_pass_and_hold_a_valid_organization_code(text: str) -> None:
    assert values(CREDIT, text) == [text]
    assert values(ORGANIZATION, text[8:17]) == [text[8:17]]


@pytest.mark.parametrize("text", ["D2143569-X", "D2143569X"])
def test_organization_code_of_the_standard_passes_with_and_without_its_hyphen(text: str) -> None:
    assert values(ORGANIZATION, text) == [text]


@pytest.mark.parametrize(
    "text", ["6222021202041701419", "6228480402564890018", "18-123401040001234", "6222021202041701418"]
)
def test_cards_hyphenated_accounts_and_numbers_that_fail_luhn_pass(text: str) -> None:
    assert values(column(FieldType.BANK_ACCOUNT), text) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("110105194912310021", ("ID_CHECK_DIGIT",)),
        ("110105194902300022", ("ID_BIRTH_DATE", "ID_CHECK_DIGIT")),
        ("11010519490230002X", ("ID_BIRTH_DATE", "ID_CHECK_DIGIT")),
        ("130503670401001", ("ID_15_DIGITS",)),
        ("1101051949123100", ("ID_LENGTH",)),
        ("11010519491231002Ｘ", ("FULL_WIDTH",)),
        ("11010519491231002Ⅹ", ("ID_CHARACTERS",)),  # Roman numeral ten
        ("11010519491231002х", ("ID_CHARACTERS",)),  # Cyrillic
        ("11010519491231002Χ", ("ID_CHARACTERS",)),  # Greek
        ("4.3048219500101e17", ("EXCEL_NUMBER",)),
        ("4.30482E+17", ("EXCEL_NUMBER",)),
        ("430482195001010048.0", ("EXCEL_NUMBER",)),
        (" 11010519491231002X", ("PADDED",)),
        ("11010519491231002X\u3000", ("PADDED",)),
        ("11010519491231002X\n", ("INVISIBLE",)),
        ("\ufeff11010519491231002X", ("INVISIBLE",)),
        ("11010519491231002X\x00", ("CONTROL",)),
        ("1101051949123\ufffd002X", ("LOST",)),
        ("430482********0016", ("ID_CHARACTERS",)),
    ],
)
def test_id_numbers_that_are_not_one_say_why(text: str, expected: tuple[str, ...]) -> None:
    assert reasons(ID, text) == expected


def test_15_digits_pass_unchanged_where_the_field_allows_them_and_still_need_a_birth_date() -> None:
    old = column(FieldType.ID_NUMBER, allow_15=True)
    assert values(old, "130503670401001", "11010519491231002X") == ["130503670401001", "11010519491231002X"]
    assert reasons(old, "130503671301001") == ("ID_BIRTH_DATE",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("91110000600037341M", ("CREDIT_CHECK_DIGIT",)),
        ("9111000060003734", ("CREDIT_LENGTH",)),
        ("430482000012345", ("CREDIT_LENGTH",)),  # a 15-digit 工商注册号
        ("91110000600037341I", ("CREDIT_CHARACTERS",)),
        ("91110000600037341l", ("CREDIT_CHARACTERS",)),
        ("９1110000600037341L", ("FULL_WIDTH",)),
    ],
)
def test_credit_codes_that_are_not_one_say_why(text: str, expected: tuple[str, ...]) -> None:
    assert reasons(CREDIT, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("D2143569-1", ("ORGANIZATION_CHECK_DIGIT",)),
        ("D214356-X", ("ORGANIZATION_FORM",)),
        ("D2143569--X", ("ORGANIZATION_FORM",)),
    ],
)
def test_organization_codes_that_are_not_one_say_why(text: str, expected: tuple[str, ...]) -> None:
    assert reasons(ORGANIZATION, text) == expected


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (FieldType.REGION_CODE, "43048", ("REGION_FORM",)),
        (FieldType.REGION_CODE, "4304821001", ("REGION_FORM",)),
        (FieldType.REGION_CODE, "043048", ("REGION_FORM",)),
        (FieldType.BANK_ACCOUNT, "6222 0212 0204", ("ACCOUNT_FORM",)),
        (FieldType.BANK_ACCOUNT, "12345", ("ACCOUNT_FORM",)),
        (FieldType.BANK_ACCOUNT, "6.22202E+18", ("EXCEL_NUMBER",)),
        (FieldType.PHONE, "无", ("PHONE_FORM",)),
        (FieldType.PHONE, "13800138000 ", ("PADDED",)),
    ],
)
def test_shapes_that_do_not_fit_say_why(kind: FieldType, text: str, expected: tuple[str, ...]) -> None:
    assert reasons(column(kind), text) == expected


def test_region_codes_of_county_township_and_village_pass() -> None:
    assert values(column(FieldType.REGION_CODE), "430482", "430482100", "430482100201")


@pytest.mark.parametrize("text", ["13800138000", "0734-7221234", "(0734)7221234", "+8613800138000", "7221234"])
def test_telephones_as_they_are_written_pass(text: str) -> None:
    assert values(column(FieldType.PHONE), text) == [text]


@given(st.dates(date(1800, 1, 1), date(2199, 12, 31)), st.integers(0, 999_999), st.integers(0, 999))
def test_every_id_number_with_its_check_character_passes(day: date, region: int, serial: int) -> None:
    body = f"{region:06}{day:%Y%m%d}".replace(f"{day:%Y%m%d}", f"{day.year:04}{day:%m%d}") + f"{serial:03}"
    number = body + id_check_character(body)
    assert values(ID, number) == [number]


@given(st.text("0123456789", min_size=17, max_size=17), st.sampled_from("0123456789Xx"))
def test_columns_and_single_values_agree_on_id_numbers(body: str, last: str) -> None:
    # The reasons come from the one-value rule, the decision from the one for columns.
    expected = id_check_character(body) == last.upper() and _is_day(body[6:14])
    assert (reasons(ID, body + last) == ()) is expected


@given(st.text(CREDIT_ALPHABET, min_size=17, max_size=17), st.sampled_from(CREDIT_ALPHABET))
def test_columns_and_single_values_agree_on_credit_codes(body: str, last: str) -> None:
    expected = () if credit_check_character(body) == last else ("CREDIT_CHECK_DIGIT",)
    assert reasons(CREDIT, body + last) == expected


@given(st.text(ORGANIZATION_ALPHABET, min_size=8, max_size=8), st.sampled_from("0123456789X"))
def test_columns_and_single_values_agree_on_organization_codes(body: str, last: str) -> None:
    expected = () if organization_check_character(body) == last else ("ORGANIZATION_CHECK_DIGIT",)
    assert reasons(ORGANIZATION, body + last) == expected


def _is_day(text: str) -> bool:
    try:
        return 1800 <= date(int(text[:4]), int(text[4:6]), int(text[6:])).year <= 2199
    except ValueError:
        return False
