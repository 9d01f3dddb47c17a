"""What stands in a cell of a bulletin: its text, its number where it is one; and text that is never a formula.

Pure. Must never know what a column means.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Literal

# What spreadsheets take for the begin of a formula, in half and full width (OWASP, "CSV Injection"), and what some of
# them drop before they look.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
_CENT = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class Cell:
    """`number`, where there is one, is what a spreadsheet counts with; `text` is what a person reads."""

    text: str
    number: Decimal | None = None
    style: Literal["text", "count", "percent", "days", "points"] = "text"


def neutral(text: str) -> str:
    """Text with an apostrophe before it where a spreadsheet would read it as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def percent(part: Fraction) -> str:
    """`87.00%`. Rounded to two places, but 100 % and 0 % are said only of what is exactly that."""
    return f"{_hundredths(part)}%"


def percent_cell(part: Fraction) -> Cell:
    """A share."""
    return Cell(text=percent(part), number=_hundredths(part) / 100, style="percent")


def count_cell(count: int) -> Cell:
    """A count, its digits grouped."""
    return Cell(text=f"{count:,}", number=Decimal(count), style="count")


def days_cell(days: Fraction) -> Cell:
    """Days, one decimal."""
    number = _rounded(days, Decimal("0.1"))
    return Cell(text=str(number), number=number, style="days")


def points_cell(gain: Fraction) -> Cell:
    """A difference of two shares in percentage points; its text begins with an arrow, never with a sign."""
    number = _rounded(gain * 100, _CENT)
    arrow = {1: "↑", -1: "↓"}.get(int(number.compare(Decimal())), "")
    return Cell(text=f"{arrow}{abs(number)}", number=number, style="points")


def _hundredths(part: Fraction) -> Decimal:
    number = _rounded(part * 100, _CENT)
    if number == 100 and part < 1:
        return Decimal("99.99")
    if number == 0 and part > 0:
        return _CENT
    return number


def _rounded(value: Fraction, step: Decimal) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(step, ROUND_HALF_UP)
