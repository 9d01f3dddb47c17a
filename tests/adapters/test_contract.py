"""What the contract itself holds, whatever the adapter: shape, limits, deadline, closing, periods."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack
from datetime import date

import pyarrow as pa
import pytest

from adapters.contract import Declared, Extraction, Outcome, Request, assemble, cut_off
from gateway.errors import AdapterBroken, CollectingStopped, LimitExceeded
from gateway.records.types import Column, FieldType

COLUMNS = (Column(name="no", type=FieldType.INTEGER), Column(name="who", type=FieldType.PERSON_NAME))


def request_for(**changes: object) -> Request:
    given = {
        "feed": "test.feed", "columns": COLUMNS, "period": "2026-10", "start": date(2026, 10, 1),
        "end": date(2026, 11, 1), "deadline": time.monotonic() + 30, "max_rows": 100, "max_bytes": 1 << 20,
    }  # fmt: skip
    return Request(**(given | changes))


def batch(rows: int, number: pa.DataType | None = None) -> pa.RecordBatch:
    numbers = pa.array(range(rows), pa.int64()).cast(number or pa.int64())
    positions = pa.array([str(row) for row in range(rows)])
    return assemble(COLUMNS, positions, pa.nulls(rows, pa.utf8()), [numbers, pa.array(["张三"] * rows)])


class Source:
    """A source that notes when it is freed."""

    def __init__(self, *batches: pa.RecordBatch) -> None:
        self.given, self.freed = batches, 0

    def extraction(self, request: Request) -> Extraction:
        stack = ExitStack()
        stack.callback(self._free)
        return Extraction(request=request, facts=(("file", "a.txt"),), batches=self._read(), resources=stack)

    def _free(self) -> None:
        self.freed += 1

    def _read(self) -> Generator[pa.RecordBatch, None, Outcome]:
        yield from self.given
        return Outcome(declared=Declared(rows=3), cursor="c9", facts=(("sha256", "00"),))


def test_outcome_is_known_once_the_last_batch_is_read() -> None:
    with Source(batch(2), batch(1)).extraction(request_for()) as reading:
        assert [given.num_rows for given in reading] == [2, 1]
        assert (reading.declared, reading.cursor) == (Declared(rows=3), "c9")
        assert reading.source_facts == (("file", "a.txt"), ("sha256", "00"))


def test_outcome_before_the_end_is_a_broken_use() -> None:
    with Source(batch(2)).extraction(request_for()) as reading, pytest.raises(AdapterBroken):
        _ = reading.declared


@pytest.mark.parametrize("taken", [0, 1, 5])
def test_closing_frees_the_source_at_any_moment_and_only_once(taken: int) -> None:
    source = Source(*[batch(1)] * 3)
    reading = source.extraction(request_for())
    for _ in zip(range(taken), reading, strict=False):
        pass
    reading.close()
    reading.close()
    assert source.freed == 1


@pytest.mark.parametrize("limits", [{"max_rows": 3}, {"max_bytes": 100}, {"deadline": 0.0}])
def test_a_passed_limit_refuses_the_reading(limits: dict[str, float]) -> None:
    with Source(batch(2), batch(2)).extraction(request_for(**limits)) as reading, pytest.raises(LimitExceeded):
        list(reading)


def test_a_cancelled_reading_stops_and_may_be_tried_again() -> None:
    cancelled = threading.Event()
    with Source(batch(1), batch(1)).extraction(request_for(cancelled=cancelled)) as reading:
        next(iter(reading))
        cancelled.set()
        with pytest.raises(CollectingStopped):
            list(reading)


@pytest.mark.parametrize(
    "wrong",
    [
        batch(1).select(["_position", "no", "who"]),
        batch(1).select(["_position", "_fault", "who", "no"]),
        batch(1, pa.float64()),
        batch(1).set_column(0, "_position", pa.array([1])),
    ],
    ids=["no fault column", "columns in another order", "a type of its own", "position is no text"],
)
def test_a_batch_of_another_shape_is_the_adapters_fault(wrong: pa.RecordBatch) -> None:
    with Source(wrong).extraction(request_for()) as reading, pytest.raises(AdapterBroken):
        list(reading)


def test_a_column_may_be_text_but_must_stay_what_it_was() -> None:
    with Source(batch(1, pa.utf8()), batch(1)).extraction(request_for()) as reading, pytest.raises(AdapterBroken):
        list(reading)


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("a/{yyyymm}/b_{period}.txt", "a/202610/b_2026-10.txt"),
        ("{yyyy}Q{q}-{mm}", "2026Q4-10"),
        ("{unknown} {}", "{unknown} {}"),
    ],
)
def test_a_pattern_takes_the_period(template: str, filled: str) -> None:
    assert request_for().fill(template) == filled


def test_a_call_without_an_end_is_cut_off_at_the_deadline() -> None:
    cut = threading.Event()
    started = time.monotonic()
    with cut_off(request_for(deadline=started + 0.2), cut.set):
        assert cut.wait(5)
    assert time.monotonic() - started < 2


def test_a_call_that_ends_in_time_is_not_cut_off() -> None:
    calls: list[Callable[[], None]] = []
    with cut_off(request_for(), lambda: calls.append(print)):
        time.sleep(0.15)
    assert calls == []


def test_a_pause_does_not_outlast_the_deadline() -> None:
    with pytest.raises(LimitExceeded):
        request_for(deadline=time.monotonic() + 0.05).pause(60)
