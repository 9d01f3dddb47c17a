"""The centre dies, the network is down, and every instruction ends well, once; what was said meanwhile arrives."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.agent.conftest import Start
from tests.agent.office import Office, folders
from tests.journeys.account import assert_arrived_once, events, held_rows, states
from tests.journeys.hatchery import Command, Hatchery
from tests.journeys.world import FEED, World, found_world, wait_until
from tests.peers.proxy import Proxy, proxy


@contextmanager
def behind(world: World, between: Proxy) -> Iterator[None]:
    """The front-end reaches its centre through a proxy."""
    path = world.front_end / "site.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{between.port}", text), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("return:gateway.instructions.book:InstructionBook.give:1", id="handing it out"),
        pytest.param("call:gateway.instructions.book:InstructionBook.report:1", id="hearing of it"),
        pytest.param("return:gateway.instructions.book:InstructionBook.report:2", id="having heard of it"),
        pytest.param("call:gateway.warehouse.store:Warehouse.load:1", id="loading"),
        pytest.param("return:gateway.warehouse.store:Warehouse.load:1", id="loaded"),
    ],
)
def test_a_centre_killed_there_and_started_again_hears_how_it_ended_and_has_the_batch_once(
    world: World, office: Office, agent: Start, moment: str
) -> None:
    period = next(world.quarters)
    world.serve(killed=moment)
    number = office.collect(period)
    agent()
    assert world.has_died(lambda: office.book.show(number).ended), "the moment never came"
    world.serve()
    ended = office.ends(number)
    assert (ended.state, ended.stage, ended.code) == ("done", "receipted", None), ended
    assert_arrived_once(world, period)


def test_the_network_is_down_for_a_while_and_what_was_said_meanwhile_arrives_in_order(
    world: World, office: Office, agent: Start
) -> None:
    period = next(world.quarters)
    with proxy(world.port) as between, behind(world, between):
        running = agent()
        first = office.collect(next(world.quarters))
        assert office.ends(first).state == "done"
        number = office.collect(period)
        wait_until(lambda: number in folders(world.front_end))
        between.sever()
        wait_until(lambda: waits_for_the_network(world, number))
        assert folders(world.front_end)[number] == "running"
        assert states(world.front_end, period) == ["ready"]
        seqs = [json.loads(path.read_bytes())["seq"] for path in reports(world, number)]
        assert seqs == sorted(set(seqs))
        between.mend()
        ended = office.ends(number)
        assert (ended.state, ended.stage) == ("done", "receipted"), ended
        assert [(line.code, line.text[:4]) for line in ended.lines[:2]] == [(None, "开始采集"), (None, "开始送达")]
        assert [line.code for line in ended.lines[2:]] == ["YZ-6101"]
        assert running.ended() is None
    assert "deferred" in events(world.front_end, f"{FEED}/{period}/r1")
    assert_arrived_late(world, period)


def waits_for_the_network(world: World, number: str) -> bool:
    said = [line for path in reports(world, number) for line in json.loads(path.read_bytes())["lines"]]
    return any(line["code"] for line in said)


def reports(world: World, number: str) -> list[Path]:
    return sorted((world.front_end / "agent").glob(f"running/{number}@*/report-*.json"))


# --- the front-end's own schedule -------------------------------------------------------------------------------------


OWED = ["2024Q3", "2024Q4"]


@pytest.fixture
def scheduled(tmp_path: Path, source: Path, hatchery: Hatchery) -> Iterator[World]:
    """A county whose front-end keeps a schedule of its own; two of the quarters it owes hold rows. Nothing serves."""
    world = found_world(tmp_path / "county", source, hatchery)
    for site in (world.centre_site, world.front_end):
        feed = site / "catalogue" / "feeds" / f"{FEED}.yaml"
        text = re.sub(r"^    starts: .*$", f"    starts: {OWED[0]}", feed.read_text(encoding="utf-8"), flags=re.M)
        feed.write_text(text, encoding="utf-8")
    path = world.front_end / "site.yaml"
    path.write_text(path.read_text(encoding="utf-8") + 'agent: {schedule: "00:00"}\n', encoding="utf-8")
    yield world
    world.stop()


def test_what_is_owed_is_collected_while_the_office_is_out_of_reach_and_delivered_when_it_is_back(
    scheduled: World,
) -> None:
    running = scheduled.begin("agent")
    wait_until(lambda: [states(scheduled.front_end, period) for period in OWED] == [["ready"], ["ready"]])
    scheduled.serve()
    wait_until(lambda: [states(scheduled.front_end, period) for period in OWED] == [["done"], ["done"]])
    day = scheduled.front_end / "agent" / "scheduled"
    wait_until(day.exists)
    end(running)
    for period in OWED:
        assert_arrived_late(scheduled, period)
    before = sum(1 for _ in (scheduled.front_end / "spool").glob("*/*"))
    assert scheduled.yizhan("agent", "--once").code == 0  # the same day once more: nothing is left to do
    assert sum(1 for _ in (scheduled.front_end / "spool").glob("*/*")) == before
    scheduled.sound()


def test_schedule_instruction_and_a_persons_run_at_the_same_time_make_one_batch(scheduled: World) -> None:
    scheduled.serve()
    office = Office.of(scheduled)
    numbers = [office.collect(period) for period in OWED]
    running = scheduled.begin("agent")
    runs = [scheduled.begin("run", "--period", period) for period in OWED * 2]
    assert [run.wait(60).code for run in runs] == [0] * 4, [run.ended() for run in runs]
    ended = [office.ends(number) for number in numbers]
    assert [(one.state, one.stage) for one in ended] == [("done", "receipted")] * 2, ended
    wait_until((scheduled.front_end / "agent" / "scheduled").exists)
    end(running)
    for period in OWED:
        assert_arrived_once(scheduled, period)
    scheduled.sound()
    office.node.database.dispose()


def assert_arrived_late(world: World, period: str) -> None:
    """Once, though attempts may have come to nothing."""
    batch = f"{FEED}/{period}/r1"
    seen = events(world.front_end, batch)
    assert set(seen) <= {"landed", "sealed", "deferred", "receipted"}
    assert [seen.count(kind) for kind in ("landed", "sealed", "receipted")] == [1, 1, 1]
    assert events(world.centre_site, batch).count("loaded") == 1
    assert (states(world.front_end, period), states(world.centre_site, period)) == (["done"], ["done"])
    assert held_rows(world, period) > 0


def end(running: Command) -> None:
    running.send(signal.SIGTERM)
    assert running.wait(60).code == 0
