"""A centre that is killed at any hand-off and started again: every batch is loaded exactly once, on either store.

The front-end's own run goes on meanwhile: it finds the line dead, has patience, and ends well.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.journeys.account import assert_arrived_once, entries, events, held_rows, loads, states
from tests.journeys.killing import COMMIT, LOADED, ends_well, killed_while_running
from tests.journeys.stores import where_of
from tests.journeys.world import FEED, PATIENCE, World, wait_until
from tests.peers.postgres import Postgres
from tests.peers.stores import Stranger, Where, stranger

RECEIVE = "gateway.receive.journey"


@pytest.mark.parametrize(
    ("moment", "written", "lies_in", "is_loaded"),
    [
        pytest.param(
            "return:gateway.spool.queue:Spool.arrive:1", [], "partial", False, id="before the admission's line"
        ),
        pytest.param(f"return:{RECEIVE}:Reception.admit:1", ["admitted"], "partial", False, id="admitted"),
        pytest.param(f"call:{RECEIVE}:Reception.uploaded:1", ["admitted"], "partial", False, id="uploaded"),
        pytest.param(f"call:{RECEIVE}:Reception.load:1", ["admitted"], "ready", False, id="before load"),
        pytest.param(
            "return:gateway.warehouse.straight:load_straight:1", ["admitted"], "inflight", False, id="rows are in"
        ),
        pytest.param(
            "return:gateway.warehouse.record:digest:1", ["admitted"], "inflight", False, id="before the ledger's line"
        ),
        pytest.param(
            "return:gateway.envelope.receipt:issue_receipt:1", ["admitted"], "inflight", False, id="receipt is made"
        ),
        pytest.param(f"return:{COMMIT}:1", [], None, False, id="heard, and not admitted"),
        pytest.param(f"call:{LOADED}", ["admitted"], "inflight", False, id="before COMMIT"),
        pytest.param(f"return:{LOADED}", ["admitted", "loaded"], "inflight", True, id="after COMMIT"),
        pytest.param(
            "return:gateway.spool.queue:Spool.settle:1", ["admitted", "loaded"], "done", True, id="before it is sent"
        ),
    ],
)
def test_a_centre_killed_there_and_started_again_loads_exactly_once(
    either: World, moment: str, written: list[str], lies_in: str | None, is_loaded: bool
) -> None:
    period, batch = (quarter := next(either.quarters)), f"{FEED}/{quarter}/r1"
    run = killed_while_running(either, moment, period)
    assert run is not None
    assert (events(either.centre_site, batch), states(either.centre_site, period)) == (
        written,
        [lies_in] if lies_in else [],
    )
    assert bool(held_rows(either, period)) is is_loaded
    either.serve()
    ends_well(run)
    assert_arrived_once(either, period)
    either.sound()


def test_a_centre_killed_in_the_middle_of_an_upload_keeps_what_is_on_its_disk(either: World) -> None:
    period = next(either.heavy)
    run = killed_while_running(either, "call:gateway.spool.arrival:Arrival.append:2", period)
    assert run is not None
    (partial,), (sealed,) = entries(either.centre_site, period), entries(either.front_end, period)
    stored, size = (partial / "payload").stat().st_size, (sealed / "payload").stat().st_size
    assert 0 < stored < size
    either.serve()
    ends_well(run)
    assert_arrived_once(either, period)
    digest = partial.name.split("-")[1]
    received = [line for line in (either.centre_site / "log" / "centre.log").read_text().splitlines() if digest in line]
    assert [line.split("bytes=")[1].split()[0] for line in received if "PATCH" in line] == [str(size - stored)]
    either.sound()


@pytest.mark.parametrize("moment", ["call", "return"], ids=["before COMMIT", "after COMMIT"])
def test_both_killed_the_centre_there_and_then_the_front_end_agree_when_started_again(
    either: World, moment: str
) -> None:
    period = next(either.quarters)
    run = killed_while_running(either, f"{moment}:{LOADED}", period)
    assert run is not None
    run.send(signal.SIGKILL)
    run.wait(PATIENCE)
    assert states(either.front_end, period) == ["inflight"]
    assert bool(held_rows(either, period)) is (moment == "return")
    either.serve()
    assert either.yizhan("deliver").code == 0
    assert_arrived_once(either, period)
    either.sound()


def test_a_centre_started_again_waits_for_what_its_dead_predecessors_session_still_holds(
    county_on_postgres: World, server: Postgres
) -> None:
    """A session that is at work does not notice that its client died: its transaction, and its locks, outlive it."""
    county = county_on_postgres
    period, before = next(county.quarters), loads(county)
    county.serve()
    where = where_of(county.centre_site, server)
    with stranger(where) as outside:
        with kept_at_work(where):
            run = county.begin("run", "--period", period)
            wait_until(lambda: len(waiting(outside)) == 1)
            ((dead, _),) = waiting(outside)
            county.kill()
            county.serve()
            wait_until(lambda: len(waiting(outside)) == 2)
            (behind,) = (ahead for session, ahead in waiting(outside) if session != dead)
            assert (behind, loads(county)) == ([dead], before)
            assert run.ended() is None
        ends_well(run)
    assert_arrived_once(county, period)
    assert loads(county) == before + 1
    county.sound()


@contextmanager
def kept_at_work(where: Where) -> Iterator[None]:
    """Whoever has loaded rows can read, but not enter the record of it, which is the load's last statement."""
    with stranger(where) as outside:
        outside.execute("BEGIN")
        outside.execute("LOCK TABLE batches IN SHARE MODE")
        yield
        outside.execute("COMMIT")


def waiting(outside: Stranger) -> list[tuple[int, list[int]]]:
    """The centre's sessions that wait for a lock, and for whom."""
    query = "SELECT pid, pg_blocking_pids(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    return outside.execute(f"{query} AND datname = current_database() AND application_name = 'yizhan'").fetchall()
