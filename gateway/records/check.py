"""Checking: a batch as an adapter gave it -> good rows in target types, problems with every reason, control totals.

Owns the order of the checks and the promise extracted = good + problem, in rows and in fen. It must never change a
value, drop a row, or put a clear value into a problem. Whole columns are decided at once; only cells that failed are
looked at one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from gateway.errors import AdapterBroken
from gateway.records.digests import Digester
from gateway.records.keys import overlong
from gateway.records.mask import mask
from gateway.records.problems import Problem, Reason
from gateway.records.readers import accepts, read, why
from gateway.records.reading import Mask, Reading, as_text, to_mask
from gateway.records.repeats import KeyIndex
from gateway.records.totals import Totals, fen_sum
from gateway.records.types import FAULT, POSITION, Column, Fault, FieldType, target_schema

_FAULTS = {
    Fault.LAYOUT.value: Reason.LAYOUT,
    Fault.ENCODING.value: Reason.ENCODING,
    Fault.FORMULA.value: Reason.FORMULA,
    Fault.CONVERTED.value: Reason.CONVERTED,
    Fault.SUMMARY.value: Reason.SUMMARY_ROW,
    Fault.UNMATCHED.value: Reason.ANSWER_UNMATCHED,
    Fault.DISAGREES.value: Reason.ANSWER_DISAGREES,
    Fault.REPEATED.value: Reason.ANSWER_REPEATED,
}


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One batch after the checks; `extracted == accepted + problem` always.

    Attributes:
        good: rows that passed, in source order, in the target schema (no `_position`, no `_fault`).
        problems: one for each reason, by row and then by column.
        aside: which rows of the given batch those are about; all others are `good`.
        extracted: totals of all rows the adapter gave.
        accepted: totals of `good`.
        problem: totals of the rows set aside; an amount that could not be read counts 0 and one in `unreadable`.
    """

    good: pa.RecordBatch
    problems: tuple[Problem, ...]
    aside: Mask
    extracted: Totals
    accepted: Totals
    problem: Totals


class Checker:
    """Checks the batches of one feed in source order; holds the keys seen so far, so one run has one checker.

    Args:
        columns: the feed's fields, in order.
        key: names of the columns whose values together identify a row; empty when the feed has no key. Key columns
            are required. A repeated key with equal content passes (the centre counts a duplicate), with other
            content the later row is a problem row.
        salt: at least 16 secret random bytes, fresh for each run.
        adapter: its name, for the error when it breaks its contract.
    """

    def __init__(
        self, columns: Sequence[Column], *, key: Sequence[str] = (), salt: bytes, adapter: str = "unknown"
    ) -> None:
        self._columns = tuple(columns)
        self._key = frozenset(key)
        if not self._key <= {column.name for column in self._columns}:
            raise ValueError("a key column is not a column of the feed")
        self._adapter = adapter
        self._schema = target_schema(self._columns)
        self._digester = Digester(self._columns, key, salt)
        self._index = KeyIndex()

    def check(self, batch: pa.RecordBatch) -> Checked:
        """Check one batch: `_position`, `_fault`, then the feed's columns, each utf8 or of a type its field accepts.

        Raises:
            AdapterBroken: names, order or types are others, a position is missing, a fault is unknown, or text is not
                UTF-8.
        """
        self._require_contract(batch)
        readings = [read(batch.column(column.name), column) for column in self._columns]
        unread = to_mask(batch.column(FAULT).is_valid())
        long = overlong([reading.values for reading in self._keys(readings)], batch.num_rows)
        faulty = self._faulty(readings, unread) | long
        repeated = self._repeated(readings, faulty)
        keys = (long, Reason.KEY_LONG), (repeated, Reason.KEY_REPEATED)
        bad = faulty | repeated
        good = self._good(readings, bad)
        return Checked(
            good=good,
            problems=tuple(self._problems(batch, readings, unread, keys)),
            aside=bad,
            extracted=self._totals(readings, unread, np.ones_like(bad)),
            accepted=Totals.of(good, self._columns),
            problem=self._totals(readings, unread, bad),
        )

    def _require_contract(self, batch: pa.RecordBatch) -> None:
        if batch.schema.names != [POSITION, FAULT, *(column.name for column in self._columns)]:
            raise self._broken("列名或列序与归集事项不符", "the columns are not the feed's, in the feed's order")
        for field, column in zip(list(batch.schema)[2:], self._columns, strict=True):
            if not accepts(field.type, column):
                raise self._broken(
                    f"列 {column.name} 的类型为 {field.type},不能作为 {column.type}",
                    f"column {column.name} has type {field.type}, which cannot be taken as {column.type}",
                )
        try:
            batch.validate(full=True)
        except pa.ArrowInvalid:
            raise self._broken("数据不是有效的 UTF-8 或 Arrow 数据", "the data are not valid UTF-8 or Arrow") from None
        self._require_marks(batch)

    def _broken(self, zh: str, en: str) -> AdapterBroken:
        return AdapterBroken(adapter=self._adapter, reason_zh=zh, reason_en=en)

    def _require_marks(self, batch: pa.RecordBatch) -> None:
        """The adapter's own two columns."""
        positions, faults = batch.column(POSITION), batch.column(FAULT)
        if not pa.types.is_string(positions.type) or positions.null_count:
            raise self._broken(f"{POSITION} 列须为非空文本", f"{POSITION} must be text without nulls")
        if not pa.types.is_string(faults.type) or not _FAULTS.keys() >= set(faults.drop_null().unique().to_pylist()):
            raise self._broken(f"{FAULT} 列须为空或约定的故障词", f"{FAULT} must be null or one of the agreed words")

    def _required(self, column: Column) -> bool:
        return column.required or column.name in self._key

    def _faulty(self, readings: list[Reading], unread: Mask) -> Mask:
        faulty = unread.copy()
        for reading, column in zip(readings, self._columns, strict=True):
            faulty |= reading.bad
            if self._required(column):
                faulty |= reading.missing
        return faulty

    def _repeated(self, readings: list[Reading], faulty: Mask) -> Mask:
        if not self._key:
            return np.zeros_like(faulty)
        keyed = np.ones_like(faulty)
        for reading in self._keys(readings):
            keyed &= ~(reading.bad | reading.missing)
        digests = self._digester.rows([reading.values for reading in readings], len(faulty))
        return self._index.admit(digests, ~faulty, keyed)

    def _keys(self, readings: list[Reading]) -> list[Reading]:
        return [one for one, column in zip(readings, self._columns, strict=True) if column.name in self._key]

    def _good(self, readings: list[Reading], bad: Mask) -> pa.RecordBatch:
        batch = pa.record_batch([reading.values for reading in readings], schema=self._schema)
        return batch.filter(pa.array(~bad)) if bad.any() else batch

    def _totals(self, readings: list[Reading], unread: Mask, rows: Mask) -> Totals:
        chosen = pa.array(rows)
        money = [
            (column.name, reading.values.filter(chosen), int(np.count_nonzero((reading.bad | unread) & rows)))
            for reading, column in zip(readings, self._columns, strict=True)
            if column.type is FieldType.MONEY
        ]
        return Totals(
            rows=int(np.count_nonzero(rows)),
            sums=tuple((name, fen_sum(values)) for name, values, _ in money),
            unreadable=tuple((name, count) for name, _, count in money),
        )

    def _problems(
        self, batch: pa.RecordBatch, readings: list[Reading], unread: Mask, keys: Sequence[tuple[Mask, Reason]]
    ) -> list[Problem]:
        found = [(row, _whole(batch, row, _FAULTS[batch.column(FAULT)[row].as_py()])) for row in _places(unread)]
        for reading, column in zip(readings, self._columns, strict=True):
            if self._required(column):
                found += _missing(batch, column, reading.missing & ~unread)
            found += _bad(batch, column, reading.bad)
        for rows, reason in keys:
            found += [(row, _whole(batch, row, reason)) for row in _places(rows)]
        found.sort(key=_row)
        return [problem for _, problem in found]


Numbered = tuple[int, Problem]  # the row within its batch


def _row(numbered: Numbered) -> int:
    return numbered[0]


def _places(rows: Mask) -> list[int]:
    return np.flatnonzero(rows).tolist()


def _whole(batch: pa.RecordBatch, row: int, reason: Reason) -> Problem:
    return Problem(position=_position(batch, row), field=None, reason=reason)


def _missing(batch: pa.RecordBatch, column: Column, rows: Mask) -> Iterator[Numbered]:
    for row in _places(rows):
        yield row, Problem(position=_position(batch, row), field=column.name, reason=Reason.REQUIRED)


def _bad(batch: pa.RecordBatch, column: Column, rows: Mask) -> Iterator[Numbered]:
    cells = as_text(batch.column(column.name).filter(pa.array(rows)))
    for row, text in zip(_places(rows), cells, strict=True):
        shown = mask(text, column.type)
        for reason in why(text, column):
            yield row, Problem(position=_position(batch, row), field=column.name, reason=reason, masked=shown)


def _position(batch: pa.RecordBatch, row: int) -> str:
    return batch.column(POSITION)[row].as_py()
