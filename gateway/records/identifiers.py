"""Identifiers with a check digit: GB 11643 (身份证), GB 32100 (统一社会信用代码), GB 11714 (组织机构代码).

Owns the algorithms, once for whole columns (numpy) and once for one value. Hard errors are length, characters, date
and check digit; that a county code once existed is not asked, because tables of codes reject most people born before
1990 (domain facts 4). Nothing is converted: a 15-digit number has no check digit, so lengthening it proves nothing.
"""

from __future__ import annotations

import datetime
import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gateway.records.buffers import characters
from gateway.records.days import FIRST_YEAR, LAST_YEAR, valid_days
from gateway.records.problems import Reason
from gateway.records.reading import Mask, Reading, blank, matches, only
from gateway.records.texts import damage, identifier_faults
from gateway.records.types import Column

ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECKS = "10X98765432"
CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # no I O Z S V
CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
ORGANIZATION_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ORGANIZATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
ORGANIZATION_CHECKS = "0X987654321"  # indexed by the sum mod 11: C9 = 11 - sum mod 11, 10 -> X, 11 -> 0

_ID_18, _ID_15 = r"^[0-9]{17}[0-9Xx]$", r"^[0-9]{15}$"
_CREDIT = f"^[{CREDIT_ALPHABET}]{{18}}$"
_ORGANIZATION = r"^[0-9A-Z]{8}-?[0-9X]$"

Bytes = npt.NDArray[np.uint8]


def id_check_character(body: str) -> str:
    """The 18th character for the 17 digits before it (GB 11643)."""
    return ID_CHECKS[sum(int(c) * w for c, w in zip(body, ID_WEIGHTS, strict=True)) % 11]


def credit_check_character(body: str) -> str:
    """The 18th character for the 17 before it (GB 32100)."""
    total = sum(CREDIT_ALPHABET.index(c) * w for c, w in zip(body, CREDIT_WEIGHTS, strict=True))
    return CREDIT_ALPHABET[-total % 31]


def organization_check_character(body: str) -> str:
    """The 9th character for the 8 before it (GB 11714)."""
    total = sum(ORGANIZATION_ALPHABET.index(c) * w for c, w in zip(body, ORGANIZATION_WEIGHTS, strict=True))
    return ORGANIZATION_CHECKS[total % 11]


def read_id_number(array: pa.Array, column: Column) -> Reading:
    """18 characters with date and check digit; a lower-case x is valid and stays as it is."""
    good = matches(array, _ID_18)
    good[good] = _id_18_holds(characters(array, good, 18))
    if column.allow_15:
        old = matches(array, _ID_15)
        good[old] = _born(_digits(characters(array, old, 15)[:, 6:12]), 1900)
    return _reading(array, good)


def _id_18_holds(rows: Bytes) -> Mask:
    digits = _digits(rows[:, :17])
    sums = np.einsum("ij,j->i", digits, np.array(ID_WEIGHTS, np.int32))
    expected = np.frombuffer(ID_CHECKS.encode(), np.uint8)[sums % 11]
    given = np.where(rows[:, 17] == ord("x"), np.uint8(ord("X")), rows[:, 17])
    return (given == expected) & _born(digits[:, 6:14], 0)


def _digits(rows: Bytes) -> npt.NDArray[np.int32]:
    return rows.astype(np.int32) - ord("0")


def _born(digits: npt.NDArray[np.int32], century: int) -> Mask:
    """Whether `yyyymmdd`, or `yymmdd` in a century, is a day people now alive or on file can be born on."""
    day, month = _pair(digits[:, -2:]), _pair(digits[:, -4:-2])
    years = digits[:, :-4]
    year = century + years @ (10 ** np.arange(years.shape[1])[::-1])
    return valid_days(year, month, day) & (year >= FIRST_YEAR) & (year <= LAST_YEAR)


def _pair(digits: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    return digits[:, 0] * 10 + digits[:, 1]


def why_id_number(text: str, column: Column) -> tuple[Reason, ...]:
    return damage(text) or identifier_faults(text) or _why_id(text, column)


def _why_id(text: str, column: Column) -> tuple[Reason, ...]:
    if re.fullmatch("[0-9]{15}", text):
        return (Reason.ID_BIRTH_DATE,) if column.allow_15 else (Reason.ID_15_DIGITS,)
    if len(text) != 18:
        return (Reason.ID_LENGTH,)
    if not re.fullmatch("[0-9]{17}[0-9Xx]", text):
        return (Reason.ID_CHARACTERS,)
    faults = () if _is_day(text[6:14]) else (Reason.ID_BIRTH_DATE,)
    return faults if id_check_character(text[:17]) == text[17].upper() else (*faults, Reason.ID_CHECK_DIGIT)


def _is_day(text: str) -> bool:
    try:
        day = datetime.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return FIRST_YEAR <= day.year <= LAST_YEAR


def read_credit_code(array: pa.Array, column: Column) -> Reading:
    good = matches(array, _CREDIT)
    rows = characters(array, good, 18)
    sums = _ordinals(rows[:, :17], CREDIT_ALPHABET) @ np.array(CREDIT_WEIGHTS)
    good[good] = np.frombuffer(CREDIT_ALPHABET.encode(), np.uint8)[-sums % 31] == rows[:, 17]
    return _reading(array, good)


def why_credit_code(text: str, column: Column) -> tuple[Reason, ...]:
    return damage(text) or identifier_faults(text) or (_why_credit(text),)


def _why_credit(text: str) -> Reason:
    if len(text) != 18:
        return Reason.CREDIT_LENGTH
    inside = re.fullmatch(f"[{CREDIT_ALPHABET}]{{18}}", text)
    return Reason.CREDIT_CHECK_DIGIT if inside else Reason.CREDIT_CHARACTERS


def read_organization_code(array: pa.Array, column: Column) -> Reading:
    """Nine characters, with or without the hyphen before the last; stored as written."""
    good = matches(array, _ORGANIZATION)
    for length in (9, 10):
        mine = good & matches(array, f"^.{{{length}}}$")
        rows = characters(array, mine, length)
        sums = _ordinals(rows[:, :8], ORGANIZATION_ALPHABET) @ np.array(ORGANIZATION_WEIGHTS)
        good[mine] = np.frombuffer(ORGANIZATION_CHECKS.encode(), np.uint8)[sums % 11] == rows[:, -1]
    return _reading(array, good)


def why_organization_code(text: str, column: Column) -> tuple[Reason, ...]:
    shaped = re.fullmatch(r"[0-9A-Z]{8}-?[0-9X]", text)
    own = Reason.ORGANIZATION_CHECK_DIGIT if shaped else Reason.ORGANIZATION_FORM
    return damage(text) or identifier_faults(text) or (own,)


def _ordinals(rows: Bytes, alphabet: str) -> npt.NDArray[np.int32]:
    table = np.zeros(256, np.int32)
    table[np.frombuffer(alphabet.encode(), np.uint8)] = np.arange(len(alphabet))
    return table[rows]


def _reading(array: pa.Array, good: Mask) -> Reading:
    missing = blank(array)
    return Reading(values=only(array, good), missing=missing, bad=~good & ~missing)
