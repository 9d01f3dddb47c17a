"""How a column is formatted, and what a spreadsheet refuses while it is typed.

Owns the rule that no identifier is ever a number: its cells are text from the start. These checks help whoever types;
pasting goes past them, and the gateway's own checks judge what arrives.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from gateway.catalogue.tree import Field
from gateway.records.types import FieldType, Unit

_TEXT = "@"
_DECIMALS = {Unit.FEN: 0, Unit.YUAN: 2, Unit.WAN_YUAN: 6}
_FIRST, _LAST = date(1900, 3, 1), date(2199, 12, 31)
_FORMULAS = {
    FieldType.CREDIT_CODE: "=AND(ISTEXT({0}),LEN({0})=18)",
    FieldType.ORGANIZATION_CODE: "=AND(ISTEXT({0}),OR(LEN({0})=9,LEN({0})=10))",
    FieldType.REGION_CODE: "=AND(ISTEXT({0}),OR(LEN({0})=6,LEN({0})=9,LEN({0})=12))",
    FieldType.BANK_ACCOUNT: "=AND(ISTEXT({0}),LEN({0})>=6,LEN({0})<=32)",
    FieldType.PHONE: "=AND(ISTEXT({0}),LEN({0})>=5,LEN({0})<=20)",
    FieldType.MONTH: "=AND(ISTEXT({0}),LEN({0})=7)",
    FieldType.INTEGER: "=AND(ISNUMBER({0}),INT({0})={0})",
    FieldType.DECIMAL: "=ISNUMBER({0})",
}


def number_format(field: Field) -> str:
    """The cells' format: text for everything but numbers and dates."""
    if field.type is FieldType.MONEY:
        decimals = _DECIMALS[field.unit or Unit.YUAN]
        return "0." + "0" * decimals if decimals else "0"
    numbers = {
        FieldType.INTEGER: "0",
        FieldType.DECIMAL: "General",
        FieldType.DATE: "yyyy-mm-dd",
        FieldType.TIMESTAMP: "yyyy-mm-dd hh:mm:ss",
    }
    return numbers.get(field.type, _TEXT)


def rule(field: Field, cell: str, choices: str) -> dict[str, Any]:
    """The check of one column as its writer wants it, written for its first cell; empty where anything may stand."""
    if choices:
        return {"validate": "list", "source": choices}
    if field.type is FieldType.BOOLEAN:
        return {"validate": "list", "source": ["是", "否"]}
    if field.type in (FieldType.DATE, FieldType.TIMESTAMP):
        return {"validate": "date", "criteria": "between", "minimum": _FIRST, "maximum": _LAST}
    formula = _formula(field)
    return {"validate": "custom", "value": formula.format(cell)} if formula else {}


def _formula(field: Field) -> str:
    if field.type is FieldType.ID_NUMBER:
        lengths = "OR(LEN({0})=18,LEN({0})=15)" if field.allow_15 else "LEN({0})=18"
        return f"=AND(ISTEXT({{0}}),{lengths})"
    if field.type is FieldType.MONEY:
        decimals = _DECIMALS[field.unit or Unit.YUAN]
        return f"=AND(ISNUMBER({{0}}),ROUND({{0}},{decimals})={{0}})"
    return _FORMULAS.get(field.type, "")
