"""What dies, and what is out of reach, while a run is under way in the real Airflow: it ends well, exactly once."""

from __future__ import annotations

import json
import os
import signal

import pytest

from gateway.calendar import Period
from gateway.errors import OfficeUnreachable, RunStepMissing
from scripts.airflow_county import Running
from tests.airflow.cables import Toward
from tests.airflow.county import (
    MONTH,
    ONECARD,
    RELIEF,
    SEED,
    Cables,
    event_of,
    events_of,
    kill,
    line_of,
    place_event,
    report,
    scheduled,
)
from tests.airflow.rest import User, until
from tests.peers.command import Yizhan

IN_THE_FILE, IN_THE_UPLOAD = 40_000, 20_000
"""Bytes: of some 120,000 of a file that is read, and of some 50,000 of a batch."""


@pytest.fixture(scope="module", autouse=True)
def quiet(admin: User) -> None:
    """Nothing else is read or sent by the fiscal bureau: what is held up is the test's own."""
    until(lambda: admin.runs(ONECARD) or None, f"no run of {ONECARD}")
    assert admin.ended(ONECARD, scheduled(MONTH)) == "success"


def assert_arrived_once(centre: Yizhan, finance: Yizhan, event: Period) -> None:
    batch = f"{RELIEF}/{event}/r1"
    there, here = events_of(centre, batch), events_of(finance, batch)
    assert there.count("loaded") == 1, there
    assert [here.count(kind) for kind in ("sealed", "receipted")] == [1, 1], here
    assert events_of(centre, f"{RELIEF}/{event}/r2") == []


def test_an_agent_killed_while_collecting_and_again_while_delivering(
    world: Running, cables: Cables, admin: User, centre: Yizhan, finance: Yizhan
) -> None:
    event, site = event_of(1), world.county.front_end("finance")
    place_event(world.county, RELIEF, event, SEED)
    reading = cables.source.hold(Toward.CLIENT, IN_THE_FILE)
    run = report(User(world.airflow.place, "finance.p001"), RELIEF, event)
    reading.reached()
    kill(world, "agent-finance")
    assert events_of(finance, f"{RELIEF}/{event}/r1") == []
    sending = cables.centre.hold(Toward.SERVER, IN_THE_UPLOAD)
    reading.let_go()
    world.servers.agent("finance", site)
    sending.reached()
    kill(world, "agent-finance")
    assert "loaded" not in events_of(centre, f"{RELIEF}/{event}/r1")
    sending.let_go()
    world.servers.agent("finance", site)
    assert admin.ended(RELIEF, run) == "success"
    assert_arrived_once(centre, finance, event)


def test_a_network_that_is_down_while_reporting_and_breaks_while_delivering(
    world: Running, cables: Cables, admin: User, centre: Yizhan, finance: Yizhan
) -> None:
    event = event_of(2)
    batch = f"{RELIEF}/{event}/r1"
    place_event(world.county, RELIEF, event, SEED)
    reading = cables.source.hold(Toward.CLIENT, IN_THE_FILE)
    run = report(User(world.airflow.place, "finance.p001"), RELIEF, event)
    reading.reached()
    cables.centre.cut()
    reading.let_go()
    until(lambda: True if "deferred" in events_of(finance, batch) else None, "it was never offered in vain")
    assert admin.tasks(RELIEF, run)["collect"]["state"] == "deferred"
    sending = cables.centre.hold(Toward.SERVER, IN_THE_UPLOAD)
    cables.centre.mend()
    sending.reached()
    cables.centre.cut()
    sending.let_go()
    cables.centre.mend()
    assert admin.ended(RELIEF, run) == "success"
    assert_arrived_once(centre, finance, event)


def test_a_centre_that_is_down_at_first_and_dies_while_collecting_and_is_stopped_while_delivering(
    world: Running, cables: Cables, admin: User, centre: Yizhan, finance: Yizhan
) -> None:
    event, county = event_of(3), world.county
    place_event(county, RELIEF, event, SEED)
    kill(world, "centre", signal.SIGTERM)
    run = report(User(world.airflow.place, "finance.p001"), RELIEF, event)
    admin.reaches(RELIEF, run, "collect", "up_for_retry")
    assert OfficeUnreachable.code in admin.log(RELIEF, run, "collect")
    reading = cables.source.hold(Toward.CLIENT, IN_THE_FILE)
    world.servers.centre(county.centre, world.port)
    reading.reached()
    kill(world, "centre")
    world.servers.centre(county.centre, world.port)
    sending = cables.centre.hold(Toward.SERVER, IN_THE_UPLOAD)
    reading.let_go()
    sending.reached()
    kill(world, "centre", signal.SIGTERM)
    sending.let_go()
    world.servers.centre(county.centre, world.port)
    assert admin.ended(RELIEF, run) == "success"
    assert_arrived_once(centre, finance, event)


def test_airflows_scheduler_and_triggerer_killed_while_a_run_waits(
    world: Running, cables: Cables, admin: User, centre: Yizhan, finance: Yizhan
) -> None:
    event = event_of(4)
    place_event(world.county, RELIEF, event, SEED)
    reading = cables.source.hold(Toward.CLIENT, IN_THE_FILE)
    run = report(User(world.airflow.place, "finance.p001"), RELIEF, event)
    admin.reaches(RELIEF, run, "collect", "deferred")
    reading.reached()
    for component in ("scheduler", "triggerer"):
        os.killpg(world.airflow.pids[component], signal.SIGKILL)  # a session of its own, with what it has started
        world.airflow.revive(component)
    reading.let_go()
    assert admin.ended(RELIEF, run) == "success"
    assert admin.tasks(RELIEF, run)["collect"]["try_number"] == 1
    assert_arrived_once(centre, finance, event)


def test_a_delivery_marked_as_successful_by_hand_is_found_out_and_mended_by_clearing_it(
    world: Running, cables: Cables, admin: User, centre: Yizhan, finance: Yizhan
) -> None:
    event, user = event_of(5), User(world.airflow.place, "finance.p001")
    place_event(world.county, RELIEF, event, SEED)
    sending = cables.centre.hold(Toward.SERVER, IN_THE_UPLOAD)
    run = report(user, RELIEF, event)
    admin.reaches(RELIEF, run, "deliver", "deferred")
    sending.reached()
    place = f"dags/{RELIEF}/dagRuns/{run}/taskInstances/deliver"
    user.ask("PATCH", place, json={"new_state": "success"}).raise_for_status()
    assert admin.ended(RELIEF, run) == "failed"
    assert RunStepMissing.code in admin.log(RELIEF, run, "reconcile")
    assert "loaded" not in events_of(centre, f"{RELIEF}/{event}/r1")
    sending.let_go()
    user.clear_task(RELIEF, run, "deliver")
    assert admin.ended(RELIEF, run) == "success"
    assert_arrived_once(centre, finance, event)


def test_a_run_cleared_while_it_is_delivered_is_read_again_when_that_is_done(
    world: Running, cables: Cables, admin: User, centre: Yizhan
) -> None:
    event, user = event_of(6), User(world.airflow.place, "finance.p001")
    place_event(world.county, RELIEF, event, SEED)
    sending = cables.centre.hold(Toward.SERVER, IN_THE_UPLOAD)
    run = report(user, RELIEF, event)
    admin.reaches(RELIEF, run, "deliver", "deferred")
    sending.reached()
    place_event(world.county, RELIEF, event, SEED + 1)
    user.clear(RELIEF, run, "送达期间又有更改")
    until(lambda: "已有指令" in admin.log(RELIEF, run, "collect") or None, "the clearing never waited")
    sending.let_go()
    admin.asked(RELIEF, run)
    assert events_of(centre, f"{RELIEF}/{event}/r1").count("loaded") == 1
    User(world.airflow.place, "finance.p003").answers(RELIEF, run, "Approve").raise_for_status()
    assert admin.ended(RELIEF, run) == "success"
    loaded = line_of(centre, f"{RELIEF}/{event}/r2", "loaded")
    assert json.loads(loaded["detail"])["reason"] == "由 finance.p001 在 Airflow 清除重跑:送达期间又有更改"
    assert events_of(centre, f"{RELIEF}/{event}/r3") == []
