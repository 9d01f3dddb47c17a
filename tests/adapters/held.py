"""A file held in memory, given out in pieces of any size, and what a format makes of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from adapters.contract import Declared, Request
from adapters.formats import FileFormat, records
from gateway.records.types import Column, FieldType, Unit

MONEY = "金额"


@dataclass(frozen=True, kw_only=True)
class Held:
    """A `Content`."""

    raw: bytes
    cut: int = 1 << 18
    name: str = "清册.txt"

    @property
    def size(self) -> int:
        return len(self.raw)

    def stream(self, start: int = 0) -> Iterator[bytes]:
        for at in range(start, len(self.raw), self.cut):
            yield self.raw[at : at + self.cut]


def asking(*sources: str, **changes: Any) -> Request:
    """A request for text columns c0, c1... of these source names; the one named 金额 is money in yuan."""
    kinds = [FieldType.MONEY if source == MONEY else FieldType.TEXT for source in sources]
    columns = tuple(
        Column(name=f"c{at}", source=source, type=kind, unit=Unit.YUAN if kind is FieldType.MONEY else None)
        for at, (source, kind) in enumerate(zip(sources, kinds, strict=True))
    )
    given: dict[str, Any] = {
        "feed": "finance.onecard",
        "columns": columns,
        "period": "2026-10",
        "start": date(2026, 10, 1),
        "end": date(2026, 11, 1),
        "deadline": time.monotonic() + 60,
        "max_rows": 1 << 30,
        "max_bytes": 1 << 40,
    }
    return Request(**(given | changes))


@dataclass(frozen=True, kw_only=True)
class Found:
    """Rows by position, faults by position, and what the file declares of itself."""

    rows: dict[str, tuple[str | None, ...]]
    faults: dict[str, str]
    declared: Declared | None


def found(content: Held, layout: FileFormat, request: Request) -> Found:
    """Everything that a format makes of a file."""
    rows: dict[str, tuple[str | None, ...]] = {}
    faults: dict[str, str] = {}
    reading = records(content, layout, request)
    while True:
        try:
            batch = next(reading)
        except StopIteration as end:
            return Found(rows=rows, faults=faults, declared=end.value)
        for row in batch.to_pylist():
            position, fault, *values = row.values()
            assert position not in rows and position not in faults
            if fault is None:
                rows[position] = tuple(values)
            else:
                assert values == [None] * len(values)
                faults[position] = fault
