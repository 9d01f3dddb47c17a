"""Reading text, names and code-like identifiers: stored exactly as they came, or refused.

Owns the shape of every type that stays text but for the three with check digits (`identifiers`). It never trims:
spaces around a code are a problem of their own, because a changed code is another code.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gateway.records import marks
from gateway.records.problems import Reason
from gateway.records.reading import PADDING, Reading, blank, matches, only, to_mask, trimmed
from gateway.records.types import Column, FieldType

_DAMAGE = f"{marks.CONTROL}|{marks.LOST}"
_BROKEN_TEXT = f"{_DAMAGE}|{marks.ONLY_QUESTION_MARKS}"
_BROKEN_NAME = f"{_DAMAGE}|{marks.LOST_IN_NAME}|{marks.INVISIBLE}|{marks.SUMMARY_NAME}"
_BROKEN_CODE = (
    f"{_DAMAGE}|{marks.INVISIBLE}|{marks.FULL_WIDTH_LETTER}|^{marks.BLANK}|{marks.BLANK}$|{marks.EXCEL_NUMBER}"
)
_TRUE, _FALSE = frozenset({"1", "true", "是", "y"}), frozenset({"0", "false", "否", "n"})

REGION = r"^[1-9][0-9]{5}([0-9]{3}){0,2}$"  # GB/T 2260; 乡 +3, 村 +3
ACCOUNT = r"^[0-9]+(-[0-9]+)*$"  # older account numbers carry hyphens; passbooks do not follow Luhn
PHONE = r"^[0-9+(][0-9()-]{4,19}$"

_SHAPES: dict[FieldType, tuple[str, Reason, range]] = {
    FieldType.REGION_CODE: (REGION, Reason.REGION_FORM, range(6, 13)),
    FieldType.BANK_ACCOUNT: (ACCOUNT, Reason.ACCOUNT_FORM, range(6, 33)),
    FieldType.PHONE: (PHONE, Reason.PHONE_FORM, range(5, 21)),
}


def damage(text: str) -> tuple[Reason, ...]:
    """Signs of damage that no type tolerates."""
    found = ((Reason.CONTROL, marks.CONTROL), (Reason.LOST, marks.LOST))
    return tuple(reason for reason, pattern in found if re.search(pattern, text))


def identifier_faults(text: str) -> tuple[Reason, ...]:
    """What is wrong with an identifier before its own rule is asked, most telling first; at most one reason."""
    stripped = text.strip(PADDING)
    found = (
        (Reason.INVISIBLE, bool(re.search(marks.INVISIBLE, stripped))),
        (Reason.PADDED, stripped != text),
        (Reason.EXCEL_NUMBER, bool(re.search(marks.EXCEL_NUMBER, text))),
        (Reason.FULL_WIDTH, bool(re.search(marks.FULL_WIDTH, text))),
    )
    return tuple(reason for reason, holds in found if holds)[:1]


def read_text(array: pa.Array, column: Column) -> Reading:
    """Free text and names keep every character, spaces and blank cells included."""
    missing = blank(array)
    bad = matches(array, _BROKEN_TEXT if column.type is FieldType.TEXT else _BROKEN_NAME) & ~missing
    return Reading(values=only(array, ~bad), missing=missing, bad=bad)


def why_text(text: str, column: Column) -> tuple[Reason, ...]:
    if column.type is FieldType.TEXT:
        return damage(text) or (Reason.LOST,)
    faults = list(damage(text))
    if re.search(marks.LOST_IN_NAME, text) and Reason.LOST not in faults:
        faults.append(Reason.LOST)
    if re.search(marks.INVISIBLE, text):
        faults.append(Reason.INVISIBLE)
    return tuple(faults) or (Reason.SUMMARY_ROW,)


def read_code(array: pa.Array, column: Column) -> Reading:
    """A code of the field's list, or any undamaged, unpadded text when the field has no list."""
    missing = blank(array)
    if column.values:
        good = to_mask(pc.is_in(array, pa.array(column.values, pa.utf8())))
    else:
        good = ~matches(array, _BROKEN_CODE)
    good &= ~missing
    return Reading(values=only(array, good), missing=missing, bad=~good & ~missing)


def why_code(text: str, column: Column) -> tuple[Reason, ...]:
    return damage(text) or identifier_faults(text) or (Reason.CODE_UNKNOWN,)


def read_shape(array: pa.Array, column: Column) -> Reading:
    """Region codes, bank accounts and telephone numbers: characters and length, no check digit."""
    pattern, _, lengths = _SHAPES[column.type]
    missing = blank(array)
    length = np.asarray(pc.fill_null(pc.binary_length(array), 0))
    good = matches(array, pattern) & (length >= lengths.start) & (length < lengths.stop)
    return Reading(values=only(array, good), missing=missing, bad=~good & ~missing)


def why_shape(text: str, column: Column) -> tuple[Reason, ...]:
    return damage(text) or identifier_faults(text) or (_SHAPES[column.type][1],)


def read_boolean(array: pa.Array, column: Column) -> Reading:
    """1/0, true/false, 是/否 and Y/N in any case; a boolean column passes as it is."""
    if pa.types.is_boolean(array.type):
        missing = to_mask(pc.is_null(array))
        return Reading(values=array, missing=missing, bad=np.zeros(len(array), np.bool_))
    missing = blank(array)
    lower = pc.utf8_lower(trimmed(array))
    yes, no = (to_mask(pc.is_in(lower, pa.array(sorted(words)))) for words in (_TRUE, _FALSE))
    good = yes | no
    return Reading(values=only(pa.array(yes), good), missing=missing, bad=~good & ~missing)


def why_boolean(text: str, column: Column) -> tuple[Reason, ...]:
    return damage(text) or (Reason.BOOLEAN_FORM,)
