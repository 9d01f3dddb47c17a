"""Runs one hazard the way a front-end would: the real adapter on the real source, then the checks, then the balance.

Gives the outcome in the corpus's own words, so that a test compares two values and nothing else.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from adapters.contract import Adapter, Declared, Request
from gateway.errors import Unbalanced, YizhanError
from gateway.records.check import Checker
from gateway.records.totals import Totals
from gateway.records.types import Column, FieldType, Unit
from tests.hazards.case import Hazard


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a hazard: as in `Hazard`."""

    rows: tuple[tuple[str | None, ...], ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    refused: str | None = None


def expected(hazard: Hazard) -> Outcome:
    """What it must become."""
    return Outcome(rows=hazard.rows, problems=hazard.problems, refused=hazard.refused)


def columns(hazard: Hazard) -> tuple[Column, ...]:
    """The feed's fields."""
    return tuple(_column(dict(field)) for field in hazard.fields)


def _column(field: dict[str, Any]) -> Column:
    unit = Unit(field.pop("unit")) if "unit" in field else None
    values = tuple(field.pop("values", {}))
    return Column(**field | {"type": FieldType(field["type"]), "unit": unit, "values": values})


def collected(hazard: Hazard, adapter: Adapter) -> Outcome:
    """Read the source to its end through the checks."""
    fields = columns(hazard)
    checker = Checker(fields, key=hazard.key, salt=b"hazard" * 6)
    rows: list[tuple[str | None, ...]] = []
    problems: list[tuple[str, str]] = []
    total = Totals.zero(fields)
    try:
        with adapter.extract(asked(hazard, fields)) as reading:
            for batch in reading:
                checked = checker.check(batch)
                rows += _texts(checked.good)
                problems += [(problem.position, problem.code) for problem in checked.problems]
                total += checked.extracted
            _expect_balance(reading.declared, total)
    except YizhanError as error:
        return Outcome(refused=error.code)
    return Outcome(rows=tuple(rows), problems=tuple(problems))


def asked(hazard: Hazard, fields: tuple[Column, ...]) -> Request:
    """October 2026, within ten seconds."""
    return Request(
        feed=f"hazard.{hazard.name}", columns=fields, period="2026-10", start=date(2026, 10, 1), end=date(2026, 11, 1),
        deadline=time.monotonic() + 10, max_rows=100_000, max_bytes=1 << 28, cancelled=threading.Event(),
    )  # fmt: skip


def _expect_balance(declared: Declared | None, total: Totals) -> None:
    """As the collect journey judges it (gateway/collect/worth.py)."""
    if declared is None:
        return
    sums = dict(total.sums)
    if declared.rows not in (None, total.rows) or any(sums[name] != fen for name, fen in declared.sums):
        raise Unbalanced(feed="hazard", period="2026-10", declared_zh="", declared_en="", counted_zh="", counted_en="")


def _texts(batch: pa.RecordBatch) -> list[tuple[str | None, ...]]:
    return [tuple(_text(value) for value in row.values()) for row in batch.to_pylist()]


def _text(value: object) -> str | None:
    return value.isoformat() if isinstance(value, date | datetime) else None if value is None else str(value)
