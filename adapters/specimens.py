"""The made-up records that the contract suite puts into a source, and the request it asks with.

Owns nothing of a real person or system. Must stay importable without any driver and without pytest: it is used inside
the suite's child processes too.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from adapters.request import Request
from gateway.records.types import Column, FieldType

COLUMNS = (
    Column(name="no", type=FieldType.CODE, required=True),
    Column(name="holder", type=FieldType.PERSON_NAME),
    Column(name="amount", type=FieldType.MONEY),
)
"""What the suite asks for. A harness may give each its source's own name: `replace(column, source="familyNo")`."""

# What careless readers bend: quotes, spaces, markup, words that look like nothing, digits that look like a number,
# characters beyond the basic plane, and one whose second GBK byte is a delimiter's.
_HOLDERS = ("王芳", "O'亅", " 前后空格 ", "<李>&", '"引"', "𠮷田", "NA", "null", "007", "1e5", "弢", "#N/A", "True")


@dataclass(frozen=True, kw_only=True)
class Record:
    """One record as the source states it, in text."""

    no: str
    holder: str
    amount: str


def records(count: int, *, first: int = 0, width: int = 0) -> tuple[Record, ...]:
    """Distinct records in order; `width` characters of padding make them as long as a test of memory needs."""
    return tuple(
        Record(
            no=f"{number:07d}",
            holder=_HOLDERS[number % len(_HOLDERS)] + "某" * width,
            amount=f"{'-' if number % 7 == 3 else ''}{number + 1}.{number % 100:02d}",
        )
        for number in range(first, first + count)
    )


def asked(columns: Sequence[Column], **changes: Any) -> Request:
    """A request for October 2026 that nothing limits unless told otherwise."""
    given = {
        "feed": "contract.suite",
        "columns": tuple(columns),
        "period": "2026-10",
        "start": date(2026, 10, 1),
        "end": date(2026, 11, 1),
        "deadline": time.monotonic() + 120,
        "max_rows": 10_000_000,
        "max_bytes": 1 << 40,
    }
    return Request(**(given | changes))
