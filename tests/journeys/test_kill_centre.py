"""A centre that is killed at any hand-off and started again: every batch is loaded exactly once.

The front-end's own run goes on meanwhile: it finds the line dead, has patience, and ends well.
"""

from __future__ import annotations

import signal

import pytest

from tests.journeys.account import assert_arrived_once, entries, events, held_rows, loads, states
from tests.journeys.hatchery import Command
from tests.journeys.world import FEED, PATIENCE, World

RECEIVE = "gateway.receive.journey"


def killed_while_running(world: World, moment: str, period: str) -> Command | None:
    """A run of the front-end during which the centre died; None if it survived it, and the run is over."""
    world.serve(killed=moment)
    run = world.begin("run", "--period", period)
    if world.has_died(lambda: run.ended() is not None):
        return run
    ends_well(run)
    return None


def ends_well(run: Command) -> None:
    ended = run.wait(PATIENCE)
    assert ended.code == 0, ended.err


@pytest.mark.parametrize(
    ("moment", "written", "lies_in", "is_loaded"),
    [
        pytest.param(
            "return:gateway.spool.queue:Spool.arrive:1", [], "partial", False, id="before the admission's line"
        ),
        pytest.param(f"return:{RECEIVE}:Reception.admit:1", ["admitted"], "partial", False, id="admitted"),
        pytest.param(f"call:{RECEIVE}:Reception.uploaded:1", ["admitted"], "partial", False, id="uploaded"),
        pytest.param(f"call:{RECEIVE}:Reception.load:1", ["admitted"], "ready", False, id="before load"),
        pytest.param("return:gateway.warehouse.intake:insert_all:1", ["admitted"], "inflight", False, id="rows are in"),
        pytest.param(
            "return:gateway.envelope.receipt:issue_receipt:1", ["admitted"], "inflight", False, id="receipt is made"
        ),
        pytest.param(
            "return:gateway.warehouse.store:Warehouse.load:1", ["admitted", "loaded"], "inflight", True, id="committed"
        ),
        pytest.param(
            "return:gateway.spool.queue:Spool.settle:1", ["admitted", "loaded"], "done", True, id="before it is sent"
        ),
    ],
)
def test_a_centre_killed_there_and_started_again_loads_exactly_once(
    county: World, moment: str, written: list[str], lies_in: str, is_loaded: bool
) -> None:
    period, batch = (quarter := next(county.quarters)), f"{FEED}/{quarter}/r1"
    run = killed_while_running(county, moment, period)
    assert run is not None
    assert (events(county.centre_site, batch), states(county.centre_site, period)) == (written, [lies_in])
    assert bool(held_rows(county, period)) is is_loaded
    county.serve()
    ends_well(run)
    assert_arrived_once(county, period)
    county.sound()


def test_a_centre_killed_in_the_middle_of_an_upload_keeps_what_is_on_its_disk(county: World) -> None:
    period = next(county.heavy)
    run = killed_while_running(county, "call:gateway.spool.arrival:Arrival.append:2", period)
    assert run is not None
    (partial,), (sealed,) = entries(county.centre_site, period), entries(county.front_end, period)
    stored, size = (partial / "payload").stat().st_size, (sealed / "payload").stat().st_size
    assert 0 < stored < size
    county.serve()
    ends_well(run)
    assert_arrived_once(county, period)
    digest = partial.name.split("-")[1]
    received = [line for line in (county.centre_site / "log" / "centre.log").read_text().splitlines() if digest in line]
    assert [line.split("bytes=")[1].split()[0] for line in received if "PATCH" in line] == [str(size - stored)]
    county.sound()


def test_both_killed_after_the_commit_and_started_again_agree(county: World) -> None:
    period = next(county.quarters)
    run = killed_while_running(county, "return:gateway.warehouse.store:Warehouse.load:1", period)
    assert run is not None
    run.send(signal.SIGKILL)
    run.wait(PATIENCE)
    assert states(county.front_end, period) == ["inflight"]
    county.serve()
    assert county.yizhan("deliver").code == 0
    assert_arrived_once(county, period)
    county.sound()


def test_a_centre_killed_before_any_rename_and_started_again_loads_exactly_once(county: World) -> None:
    before, periods = loads(county), []
    while True:
        periods.append(period := next(county.quarters))
        run = killed_while_running(county, f"rename:{len(periods)}", period)
        if run is None:
            break
        county.serve()
        ends_well(run)
        assert_arrived_once(county, period)
    assert len(periods) > 5  # into partial, ready, inflight, the receipt, into done
    assert loads(county) == before + len(periods)
    county.stop()
    county.sound()
