"""Hazards of numbers and amounts of money."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hazards.case import Hazard
from tests.hazards.definitions.text import cell, of

YUAN, FEN, WAN = of("money", unit="yuan"), of("money", unit="fen"), of("money", unit="wan_yuan")
WHOLE = of("integer")
PLACES = of("decimal", precision=38, scale=10)
SECTION = "domain 6.9"

CELLS = (
    ("thousands_separators", "1,234.50 as a clerk types it", "1,234.50", YUAN, "YZ-3022"),
    ("full_width_thousands", "a full-width comma between thousands", "1，234.50", YUAN, "YZ-3022"),
    ("full_width_point", "a full-width point", "1234．50", YUAN, "YZ-3015"),
    ("full_width_digits", "full-width digits, which int() takes", "１２３４", YUAN, "YZ-3015"),
    ("superscript_two", "², a digit to isdigit()", "²", WHOLE, "YZ-3021"),
    ("chinese_capitals", "an amount in capitals", "壹仟贰佰元整", YUAN, "YZ-3024"),
    ("unit_after", "an amount with its unit", "1234.50元", YUAN, "YZ-3025"),
    ("wan_after", "万元 within the value", "1.2万元", YUAN, "YZ-3025"),
    ("currency_before", "a currency sign before the amount", "¥1234.50", YUAN, "YZ-3025"),
    ("percent", "a percentage where a number belongs", "12%", PLACES, "YZ-3025"),
    ("dash", "a dash for nothing", "-", YUAN, "YZ-3026"),
    ("long_dash", "a long dash for nothing", "——", YUAN, "YZ-3026"),
    ("slash", "a slash for nothing", "/", YUAN, "YZ-3026"),
    ("blank", "an empty amount is no zero", "", YUAN, None),
    ("blanks", "an amount of spaces is no zero", "   ", YUAN, None),
    ("three_decimals", "12.345 yuan is not a number of fen", "12.345", YUAN, "YZ-3027"),
    ("trailing_zero_decimals", "12.340: the third place is zero, yet it is not the field's form", "12.340", YUAN, "YZ-3027"),
    ("half_a_fen", "a fen with decimals", "1234.5", FEN, "YZ-3027"),
    ("fen", "fen are read as yuan with two places", "123450", FEN, "1234.50"),
    ("wan_yuan", "万元 with six places is exact to the fen", "1.234567", WAN, "12345.67"),
    ("wan_yuan_too_fine", "万元 with seven places is not", "1.2345678", WAN, "YZ-3027"),
    ("sum_that_drifts", "0.1: ten of them are 0.9999… as floats", "0.1", YUAN, "0.10"),
    ("cents_beyond_a_float", "more digits than a float holds", "9007199254740993.01", YUAN, "9007199254740993.01"),
    ("more_digits_than_the_store", "more digits than the field allows", "123456789012345678901.00", YUAN, "YZ-3028"),
    ("negative", "a refund is negative", "-12.30", YUAN, "-12.30"),
    ("minus_behind", "a minus sign behind the number, as COBOL prints it", "12.30-", YUAN, "YZ-3021"),
    ("brackets_for_minus", "brackets for a negative amount", "(12.30)", YUAN, "YZ-3021"),
    ("plus_sign", "a plus sign before the number", "+12.30", YUAN, "YZ-3021"),
    ("leading_zeros", "leading zeros of an amount change nothing", "000012.30", YUAN, "12.30"),
    ("spaces_around", "spaces around an amount change nothing", "  12.30 ", YUAN, "12.30"),
    ("exponent", "scientific notation", "1.2E+3", YUAN, "YZ-3023"),
    ("hexadecimal", "0x1F, which int(…, 0) takes", "0x1F", WHOLE, "YZ-3021"),
    ("underscore", "1_000, which int() takes", "1_000", WHOLE, "YZ-3021"),
    ("nan", "NaN, which float() takes", "NaN", PLACES, "YZ-3021"),
    ("infinity", "Infinity, which float() takes", "Infinity", PLACES, "YZ-3021"),
    ("int64_largest", "the largest 64-bit integer", "9223372036854775807", WHOLE, "9223372036854775807"),
    ("int64_and_one", "one more than the largest 64-bit integer", "9223372036854775808", WHOLE, "YZ-3028"),
    ("beyond_a_float", "an integer that a float cannot hold", "9007199254740993", WHOLE, "9007199254740993"),
    ("integer_with_point", "an integer with decimals", "12.0", WHOLE, "YZ-3027"),
    ("arabic_digits", "Arabic-Indic digits, which int() takes", "٣", WHOLE, "YZ-3021"),
    ("chinese_numeral", "a numeral where a digit belongs", "三", WHOLE, "YZ-3021"),
    ("two_points", "a value with two points", "1.2.3", YUAN, "YZ-3021"),
    ("text_in_a_number", "a remark where a number belongs", "见附件", YUAN, "YZ-3021"),
    ("ten_places", "ten places of a declared decimal", "1.0123456789", PLACES, "1.0123456789"),
)  # fmt: skip


def hazards() -> Iterator[Hazard]:
    """All of them."""
    for name, shows, value, field, outcome in CELLS:
        yield cell(f"number_{name}", "numbers", shows, SECTION, value, field, outcome)
