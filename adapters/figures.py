"""What an adapter that reconciles its own source reports of it: figures by document number and batch.

Owns the words alone, for adapters and for the journey that reads them. Must never hold a person, a key or a rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Measure(StrEnum):
    """What a figure counts. roster = succeeded + failed + pending, and = declared where the source declares."""

    ROSTER = "roster"
    """Everybody on the roster, re-issues included."""
    DECLARED = "declared"
    """What the fiscal batch itself says it holds; absent where it says nothing."""
    SUCCEEDED = "succeeded"
    """Credited at some time, whether or not the money came back later."""
    FAILED = "failed"
    PENDING = "pending"
    """Not yet returned by the bank."""
    REFUNDED = "refunded"
    """Those of the succeeded whose money came back: what was paid is succeeded less refunded."""
    REISSUED = "reissued"
    """Those of the roster that pay another entry again: who is owed is roster less reissued."""
    DUPLICATES = "duplicates"
    """Those of the roster that may pay somebody twice: suspected, never dropped."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measure of one fiscal batch: entries on the roster (人次) and their sum in fen.

    Attributes:
        document: the funding document's number (资金文号); "-" where the source states none.
        batch: the fiscal batch's number; "-" where the source states none.
    """

    document: str
    batch: str
    measure: Measure
    people: int
    fen: int
