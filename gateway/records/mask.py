"""Masking: what of a value may be shown to a person or written to a file that leaves the checks.

Owns the one masking rule of the product (domain facts 5: no single rule exists in practice; this is the suggested
one). A value is masked when the problem is made, so clear text never reaches a report. It must never be given a
reason to let more through: what it does not know, it hides.
"""

from __future__ import annotations

import re

from gateway.records import marks
from gateway.records.types import FieldType

LONGEST = 40
READ = 1000  # more than is shown, so that no run of digits is cut short before it is hidden
HIDDEN = "*"

_ID = re.compile(r"[0-9]{17}[0-9Xx]|[0-9]{15}")
# 11 digits are a mobile phone; an ID or a card is also written in groups, which a date of 14 digits is not.
_LONG_NUMBER = re.compile(r"[0-9](?:[ -]?[0-9]){14,}[Xx]?|[0-9０-９]{11,}[Xx]?")
_NUMERIC = (
    "0-9０-９.,:/eE+．，：／＋－年月日时分秒元角圆整正万亿零壹贰叁肆伍陆柒捌玖拾佰仟一二三四五六七八九十百千¥￥ \\-—"
)
_ASCII = "0-9A-Za-z０-９Ａ-Ｚａ-ｚ._/ \\-"
_DAMAGE_OR_ANY = re.compile(rf"({marks.CONTROL}|{marks.LOST})|[\s\S]")
_NUMBERS = re.compile(f"[^{_NUMERIC}]")
_CODES = re.compile(f"[^{_ASCII}]")

_SHOWN: dict[FieldType, re.Pattern[str]] = {
    FieldType.MONEY: _NUMBERS,
    FieldType.DECIMAL: _NUMBERS,
    FieldType.INTEGER: _NUMBERS,
    FieldType.DATE: _NUMBERS,
    FieldType.MONTH: _NUMBERS,
    FieldType.TIMESTAMP: _NUMBERS,
    FieldType.BOOLEAN: _CODES,
    FieldType.CODE: _CODES,
    FieldType.REGION_CODE: _CODES,
    FieldType.CREDIT_CODE: _CODES,
    FieldType.ORGANIZATION_CODE: _CODES,
}


def mask(value: str, kind: FieldType) -> str:
    """The value as it may be shown, at most `LONGEST` characters and printable.

    ID number: first 6 and last 4. Account and phone: last 4. Name: its first character. Other types: the characters
    their type is written with; a column may hold its neighbour's value, so letters of other kinds are hidden and of
    any number of 11 digits or more only the last 4 stay. Free text: nothing but the signs of damage.
    """
    shown = _masked(value[:READ], kind)
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def _masked(value: str, kind: FieldType) -> str:
    if kind is FieldType.ID_NUMBER:
        return value[:6] + HIDDEN * (len(value) - 10) + value[-4:] if _ID.fullmatch(value) else HIDDEN * len(value)
    if kind in (FieldType.BANK_ACCOUNT, FieldType.PHONE):
        return _last_four(value) if len(value) >= 11 and value.isascii() and value.isdigit() else HIDDEN * len(value)
    if kind is FieldType.PERSON_NAME:
        return _name(value)
    if kind not in _SHOWN:
        return _damage_only(value)
    return _LONG_NUMBER.sub(lambda run: _last_four(run.group()), _SHOWN[kind].sub(HIDDEN, value))


def _last_four(value: str) -> str:
    return HIDDEN * (len(value) - 4) + value[-4:]


def _name(value: str) -> str:
    first = value[:1] if len(value) > 1 and value[0].isprintable() else HIDDEN * len(value[:1])
    return first + HIDDEN * (len(value) - 1)


def _damage_only(value: str) -> str:
    """`**锟斤*\\x00`: where the text broke, and nothing of what it says."""
    return _DAMAGE_OR_ANY.sub(lambda found: _printable(found[1]) if found[1] else HIDDEN, value)


def _printable(mark: str) -> str:
    return mark if mark.isprintable() or mark == "\ufffd" else mark.encode("unicode_escape").decode("ascii")
