"""The contract suite: every promise of `adapters.contract`, run against an adapter and a real source of its kind.

Five lines give an adapter its tests:

    from adapters.testing import ContractSuite

    class TestContract(ContractSuite):
        @pytest.fixture
        def harness(self, tmp_path): return MyHarness(tmp_path)

The harness (see `Harness`) starts the source, fills it and takes it down. For tests only: it needs pytest, and nothing
of the product imports it. Never names an adapter: what a source cannot do is data, with its reason (`Harness.lacks`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import takewhile

try:
    import pytest
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError("adapters.testing is for test suites: pip install pytest", name="pytest") from missing

from adapters.conformance import connections_to, handles_on, open_here, watched
from adapters.harness import Ability, Harness
from adapters.isolation import peak, without_drivers
from adapters.readings import Row, adapter_of, extract, probe, read, stopped, task_of, witness_of, witnessed
from adapters.specimens import COLUMNS, Record, asked, records
from gateway.errors import CollectingStopped, LimitExceeded, Retry, SourceDenied, YizhanError

__all__ = ["COLUMNS", "Ability", "ContractSuite", "Harness", "Record", "connections_to", "handles_on", "records"]

ROWS = 2_500
WIDE = 1_000  # characters of padding: 20,000 such records are 60 MB of text
GROWTH = 16 << 20


class ContractSuite:
    """Subclass it with a fixture `harness`; each test is one promise."""

    def test_each_record_arrives_exactly_once_in_order_and_unbent(self, harness: Harness) -> None:
        given = records(ROWS)
        harness.fill(given)
        for batch_rows in (97, 65_536):
            _expect_records(read(harness, batch_rows=batch_rows), given)

    def test_every_position_is_there_once(self, harness: Harness) -> None:
        harness.fill(records(ROWS))
        witnessed(harness).expect_unique_positions()

    def test_the_same_request_gives_the_same_rows(self, harness: Harness) -> None:
        harness.fill(records(ROWS))
        if witnessed(harness).digest != witnessed(harness).digest:
            pytest.fail("two readings of the same source differ")

    def test_an_empty_source_has_no_rows(self, harness: Harness) -> None:
        harness.fill(())
        _expect_records(read(harness), ())

    def test_from_the_returned_cursor_comes_only_what_is_new(self, harness: Harness) -> None:
        _need(harness, Ability.CURSOR)
        old, new = records(40), records(5, first=40)
        harness.fill(old)
        cursor = _cursor_after(harness, None, old)
        harness.fill(old + new)
        cursor = _cursor_after(harness, cursor, new)
        _cursor_after(harness, cursor, ())

    def test_without_the_ability_there_is_no_cursor(self, harness: Harness) -> None:
        if Ability.CURSOR not in harness.lacks:
            pytest.skip("it has cursors")
        harness.fill(records(3))
        with extract(harness) as reading:
            for _ in reading:
                pass
            if reading.cursor is not None:
                pytest.fail("it returns a cursor, so the harness may not say that it lacks them")

    def test_a_source_that_is_down_can_be_tried_again(self, harness: Harness) -> None:
        harness.fill(records(3))
        with stopped(harness), pytest.raises(Retry):
            read(harness)
        _expect_records(read(harness), records(3))

    def test_a_source_that_breaks_off_is_never_taken_for_its_end(self, harness: Harness) -> None:
        """What was on its way may still arrive; then it has to be all of it."""
        given = records(2_000, width=WIDE)
        harness.fill(given)
        with extract(harness, batch_rows=100) as reading:
            rows = next(iter(reading)).to_pylist()
            with stopped(harness):
                try:
                    rows += [row for batch in reading for row in batch.to_pylist()]
                except Retry:
                    return
        _expect_records(rows, given)

    def test_refused_credentials_are_denied(self, harness: Harness) -> None:
        _need(harness, Ability.LOGIN)
        harness.fill(records(3))
        with pytest.raises(SourceDenied):
            read(harness, config=harness.denied())
        _expect_free(harness)

    def test_one_bad_record_is_a_row_with_a_fault_and_its_position_and_the_others_arrive(
        self, harness: Harness, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        _need(harness, Ability.BAD_RECORD)
        caplog.set_level("DEBUG")
        given = records(20)
        harness.fill(given)
        position = harness.spoil(7)
        rows = read(harness)
        bad = [row for row in rows if row["_fault"] is not None]
        if [row["_position"] for row in bad] != [position]:
            pytest.fail(f"one row with a fault belongs at {position}; there are {[row['_position'] for row in bad]}")
        _expect_records([row for row in rows if row["_fault"] is None], given[:7] + given[8:])
        told = "".join([caplog.text, *capfd.readouterr()])
        if given[7].no in told or given[7].holder in told:
            pytest.fail("the bad record was logged or printed")

    @pytest.mark.parametrize("taken", [0, 1], ids=["before the first batch", "after the first batch"])
    def test_closing_early_frees_the_connection(self, harness: Harness, taken: int) -> None:
        harness.fill(records(ROWS))
        _expect_free(harness)
        reading = extract(harness, batch_rows=100)
        for _, _ in zip(range(taken), reading, strict=False):
            pass
        if not harness.connections():
            pytest.fail("the harness counts no connection while a reading is under way: it would never see one stay")
        reading.close()
        reading.close()
        _expect_free(harness)

    def test_nothing_stays_open_after_a_reading_or_a_probe(self, harness: Harness) -> None:
        harness.fill(records(10))
        read(harness)
        before = open_here()
        for _ in range(3):
            read(harness)
            probe(harness)
        _await(
            harness,
            lambda: all(now <= then for now, then in zip(open_here(), before, strict=True)),
            "readings leave descriptors or threads behind",
        )
        _expect_free(harness)

    def test_a_probe_shows_facts_and_a_few_rows_but_not_in_its_repr(self, harness: Harness) -> None:
        given = records(50)
        harness.fill(given)
        seen = probe(harness)
        if not seen.facts or seen.sample is None or not 1 <= seen.sample.num_rows <= 20:
            pytest.fail("a probe gives facts and one to twenty rows")
        witness_of(harness).take(seen.sample)
        _expect_records(seen.sample.to_pylist(), given[: seen.sample.num_rows])
        if given[0].no in repr(seen):
            pytest.fail("the repr of a probe shows a record")

    def test_no_secret_in_a_repr_message_log_or_fact(
        self, harness: Harness, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        _need(harness, Ability.SECRET)
        caplog.set_level("DEBUG")
        harness.fill(records(10))
        adapter = adapter_of(harness)
        told = [repr(adapter), str(vars(adapter)), repr(harness.config()), harness.config().model_dump_json()]
        with adapter.extract(asked(harness.columns)) as reading:
            told += [repr(reading), *(repr(batch.schema.metadata) for batch in reading), repr(reading.source_facts)]
        told.append(repr(probe(harness).facts))
        told += _complaints(harness)
        if harness.secret in "".join([*told, caplog.text, *capfd.readouterr()]):
            pytest.fail("the secret was told")

    def test_memory_is_flat_as_the_source_grows(self, harness: Harness) -> None:
        task = task_of(harness)
        harness.fill(records(5_000, width=WIDE))
        small = peak(task)
        harness.fill(records(20_000, width=WIDE))
        large = peak(task)
        if (small.rows, large.rows) != (5_000, 20_000):
            pytest.fail(f"{small.rows} and {large.rows} rows arrived of 5,000 and 20,000")
        if large.held - small.held > GROWTH:
            grown = (large.held - small.held) >> 20
            pytest.fail(f"45 MB more in the source are {grown} MB more in memory: it depends on the source's size")

    def test_a_missing_driver_names_the_extra(self, harness: Harness) -> None:
        if not harness.adapter.drivers:
            pytest.skip("it needs no driver")
        named = without_drivers(task_of(harness))
        if named is None:
            pytest.fail("without its drivers it cannot be imported, or does not say DriverMissing")
        if named != harness.adapter.extra:
            pytest.fail(f"DriverMissing names the extra {named!r}, the adapter {harness.adapter.extra!r}")

    @pytest.mark.parametrize("limits", [{"max_rows": ROWS - 1}, {"max_bytes": 1_000}, {"deadline": 0.0}], ids=str)
    def test_a_passed_limit_refuses_the_reading(self, harness: Harness, limits: Mapping[str, float]) -> None:
        harness.fill(records(ROWS))
        with pytest.raises(LimitExceeded):
            read(harness, **limits)
        _expect_free(harness)

    def test_a_cancelled_reading_stops_soon_and_frees_the_connection(self, harness: Harness) -> None:
        harness.fill(records(ROWS))
        cancelled = threading.Event()
        with extract(harness, batch_rows=100, cancelled=cancelled) as reading:
            next(iter(reading))
            cancelled.set()
            started = time.monotonic()
            with pytest.raises(CollectingStopped):
                for _ in reading:
                    pass
            if time.monotonic() - started > 2:
                pytest.fail("it took more than two seconds to stop")
        _expect_free(harness)


def _need(harness: Harness, ability: Ability) -> None:
    if ability in harness.lacks:
        pytest.skip(harness.lacks[ability])


def _cursor_after(harness: Harness, cursor: str | None, expected: Sequence[Record]) -> str:
    with extract(harness, cursor=cursor) as reading:
        _expect_records([row for batch in watched(reading, witness_of(harness)) for row in batch.to_pylist()], expected)
        if reading.cursor is None:
            pytest.fail("it returned no cursor")
        return reading.cursor


def _expect_records(rows: Sequence[Row], expected: Sequence[Record]) -> None:
    found = [tuple(str(row[column.name]) for column in COLUMNS) for row in rows]
    wanted = [(record.no, record.holder, record.amount) for record in expected]
    if found == wanted:
        return
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(found, wanted, strict=False)))
    here, there = ([text[:20] for text in one[same]] if same < len(one) else "nothing" for one in (found, wanted))
    pytest.fail(f"{len(found)} rows of {len(wanted)}; record {same} is {here}, not {there}")


def _complaints(harness: Harness) -> Iterator[str]:
    """What it says when its source is down, when the time is over, and when it is denied."""
    attempts: list[Callable[[], object]] = [lambda: read(harness, deadline=0.0)]
    if Ability.LOGIN not in harness.lacks:
        attempts.append(lambda: read(harness, config=harness.denied()))
    for attempt in attempts:
        yield _complaint(attempt)
    with stopped(harness):
        yield _complaint(lambda: read(harness))


def _complaint(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except YizhanError as error:
        return "".join([error.message("zh"), error.message("en"), repr(error), repr(error.__cause__)])
    pytest.fail("it did not complain")


def _expect_free(harness: Harness) -> None:
    _await(harness, lambda: harness.connections() == 0, "a connection to the source stays open")


def _await(harness: Harness, settled: Callable[[], bool], words: str) -> None:
    until = time.monotonic() + harness.patience
    while not settled():
        if time.monotonic() > until:
            pytest.fail(words)
        time.sleep(0.02)
