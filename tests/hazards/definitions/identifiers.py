"""Hazards of identifiers. Every number here is the standards' own example or made up with a correct check digit."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hazards.case import Hazard
from tests.hazards.definitions.text import cell, of

ID, OLD_ID = of("id_number"), of("id_number", allow_15=True)
CREDIT, ORGANIZATION, REGION = of("credit_code"), of("organization_code"), of("region_code")
ACCOUNT, PHONE, CODE = of("bank_account"), of("phone"), of("code", values={"01": "一", "02": "二"})
PLAIN, WORDS = of("code"), of("text")

CELLS = (
    ("id_standard", "GB 11643's own example", "domain 4", "11010519491231002X", ID, "11010519491231002X"),
    ("id_elder", "born 1880, the standard's other example: a county code that has gone", "domain 4", "440524188001010014", ID, "440524188001010014"),
    ("id_lower_x", "a small x is the same digit, and stays small", "domain 6.3", "11010519491231002x", ID, "11010519491231002x"),
    ("id_cyrillic_x", "a Cyrillic х in the last place", "domain 6.3", "11010519491231002х", ID, "YZ-3053"),
    ("id_roman_ten", "Ⅹ in the last place, which NFKC would make an X", "domain 6.3", "11010519491231002Ⅹ", ID, "YZ-3053"),
    ("id_full_width_x", "a full-width Ｘ in the last place", "domain 6.3", "11010519491231002Ｘ", ID, "YZ-3015"),
    ("id_wrong_check_digit", "one digit mistyped", "domain 4", "110105194912310029", ID, "YZ-3055"),
    ("id_impossible_birth", "born on 30 February", "domain 4", "110105194902300020", ID, "YZ-3054"),
    ("id_15", "an old number of 15 digits, which has no check digit", "domain 4", "130503670401001", ID, "YZ-3052"),
    ("id_15_declared", "the same where the feed declares old numbers: never lengthened", "domain 4", "130503670401001", OLD_ID, "130503670401001"),
    ("id_centenarian_15", "sequence 996 to 999: born in the 1800s", "domain 4", "130503670401996", OLD_ID, "130503670401996"),
    ("id_excel", "4.3048219500101e17: a spreadsheet's number", "domain 6.6", "4.30482195001010E+17", ID, "YZ-3016"),
    ("id_trailing_zero", "digits with .0 behind them: a spreadsheet's float", "domain 6.6", "430482195001010048.0", ID, "YZ-3016"),
    ("id_spaces_inside", "groups with spaces between", "domain 6.16", "110105 19491231 002X", ID, "YZ-3051"),
    ("id_space_behind", "a space behind the number", "domain 6.3", "11010519491231002X ", ID, "YZ-3014"),
    ("id_zero_width", "a zero-width space behind the number", "domain 6.3", "11010519491231002X\u200b", ID, "YZ-3013"),
    ("id_hk_permit", "a residence permit of Hong Kong: 81 prefix, the same check", "domain 4", "810000199408230021", ID, "810000199408230021"),
    ("id_macau_permit", "the same of Macau: 82 prefix", "domain 4", "820000199208230029", ID, "820000199208230029"),
    ("id_taiwan_permit", "the same of Taiwan: 83 prefix, which a common library rejects", "domain 4", "830000199208230020", ID, "830000199208230020"),
    ("id_unknown_county", "a county code nobody knows is no reason to reject a person", "domain 4", "999999199208230024", ID, "999999199208230024"),
    ("credit_standard", "a credit code with a correct check", "domain 4", "91350100M000100Y43", CREDIT, "91350100M000100Y43"),
    ("credit_lower", "a credit code in small letters", "domain 4", "91350100m000100y43", CREDIT, "YZ-3062"),
    ("credit_letter_o", "the letter O, which the alphabet lacks", "domain 4", "9135O100M000100Y43", CREDIT, "YZ-3062"),
    ("credit_check", "a credit code mistyped", "domain 4", "91350100M000100Y44", CREDIT, "YZ-3063"),
    ("credit_organization_part", "the nine places within fail their own check: not every holder was given such a code", "domain 4", "91350100M000100Y56", CREDIT, "91350100M000100Y56"),
    ("credit_registration_15", "an old registration number of 15 digits", "domain 4", "430482000012345", CREDIT, "YZ-3061"),
    ("organization", "the standard's own example", "domain 4", "D2143569-X", ORGANIZATION, "D2143569-X"),
    ("organization_check", "the same mistyped", "domain 4", "D2143569-1", ORGANIZATION, "YZ-3067"),
    ("region_6", "a county", "domain 4", "430482", REGION, "430482"),
    ("region_12", "a village", "domain 4", "430482101201", REGION, "430482101201"),
    ("region_cut", "a code that lost its leading digit", "domain 4", "30482", REGION, "YZ-3071"),
    ("region_old", "the county's code until 1996 is still a code", "domain 4", "430425", REGION, "430425"),
    ("account_card", "a card number", "domain 4", "6222021202041701419", ACCOUNT, "6222021202041701419"),
    ("account_passbook", "a passbook's number does not follow Luhn", "domain 4", "6222021202041701418", ACCOUNT, "6222021202041701418"),
    ("account_zeros", "leading zeros of an account stay", "domain 6.16", "0081200100012", ACCOUNT, "0081200100012"),
    ("account_excel", "a card number that a spreadsheet made a float", "domain 6.6", "6.22202120204170E+18", ACCOUNT, "YZ-3016"),
    ("account_masked", "an account that was masked before it was sent", "domain 6.16", "6222****1419", ACCOUNT, "YZ-3072"),
    ("phone_two", "two numbers in one cell", "domain 6.16", "13800000000/13900000000", PHONE, "YZ-3073"),
    ("code_unlisted", "a code that is not in the list", "domain 2", "3", CODE, "YZ-3074"),
    ("code_zero_lost", "1 where 01 is the code: nobody may guess", "adapters-facts 5", "1", CODE, "YZ-3074"),
    ("estate_unit", "the 28 places of a real estate unit, which have no check digit", "domain 4", "430482001001GB00001W00000000", PLAIN, "430482001001GB00001W00000000"),
    ("estate_unit_grouped", "the same in groups: no code has spaces inside, and none is taken out", "domain 4", "430482 001001 GB00001 W00000000", WORDS, "430482 001001 GB00001 W00000000"),
    ("plate_new_energy", "a plate of six places behind its letter", "domain 4", "湘DD12345", PLAIN, "湘DD12345"),
    ("vehicle_check", "a vehicle's number whose check place its maker did not honour", "domain 4", "LSVAG2180E2100001", PLAIN, "LSVAG2180E2100001"),
    ("code_zeros", "leading zeros of a code stay", "adapters-facts 5", "01", CODE, "01"),
)  # fmt: skip


def hazards() -> Iterator[Hazard]:
    """All of them."""
    for name, shows, found, value, field, outcome in CELLS:
        yield cell(name, "identifiers", shows, found, value, field, outcome)
