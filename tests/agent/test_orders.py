"""A closed year is opened by the order that travels with the instruction; what leaves in reports is nobody's data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.agent import Key, Tray
from gateway.ledger import EventKind
from tests.agent.office import Office, dies, folders, lines
from tests.journeys.account import events, states
from tests.journeys.hatchery import Hatchery
from tests.journeys.test_gate import close_years, issued
from tests.journeys.world import FEED, World, found_world, outside, own_source, read_from

SECRET = "p-口令-不外传"


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory, source: Path, hatchery: Hatchery) -> Iterator[World]:
    """A county whose years of long ago are closed."""
    world = found_world(tmp_path_factory.mktemp("closed"), source, hatchery)
    for site in (world.centre_site, world.front_end):
        close_years(site)
    world.serve()
    yield world
    world.stop()


@pytest.fixture
def bureau(closed: World) -> Iterator[Office]:
    made = Office.of(closed)
    yield made
    made.node.database.dispose()


def test_a_closed_year_is_refused_with_its_code_and_taken_under_the_order_that_came_along(
    closed: World, bureau: Office, tmp_path: Path
) -> None:
    """The department never imported the order: it came with the instruction, and was verified here."""
    period = next(closed.quarters)
    refused = bureau.collect(period)
    closed.yizhan("agent", "--once")
    assert (bureau.book.show(refused).state, bureau.book.show(refused).code) == ("failed", "YZ-2070")
    issued(closed, period, tmp_path / "order.p7s", number="常整改9号")
    number = bureau.collect(period, reason="审计整改", by="p001", order="常整改9号")
    assert closed.yizhan("agent", "--once").code == 0
    ended = bureau.book.show(number)
    assert (ended.state, ended.stage) == ("done", "receipted"), ended
    assert states(closed.front_end, period) == ["done"]
    assert [one.said.number for one in lines(closed.front_end, EventKind.ORDERED)] == ["常整改9号"]
    (sealed,) = [one for one in lines(closed.front_end, EventKind.SEALED) if one.period == period]
    assert sealed.said.number == "常整改9号"


def test_an_instruction_at_which_the_agent_dies_again_and_again_is_given_up_and_the_next_is_carried_out(
    world: World, office: Office
) -> None:
    period, after = next(world.quarters), next(world.quarters)
    number = office.collect(period)
    for _ in range(5):
        dies(world.begin("agent", "--once", killed="call:gateway.collect.pouring:pour:1"))
    second = office.collect(after)
    assert world.yizhan("agent", "--once").code == 0
    failed = office.book.show(number)
    assert (failed.state, failed.code) == ("failed", "YZ-2096")
    assert folders(world.front_end)[number] == "done"
    assert states(world.front_end, period) == []
    assert office.book.show(second).state == "done"


def test_nothing_of_the_sources_rows_nor_of_its_connection_leaves_in_a_report(
    world: World, office: Office, tmp_path: Path
) -> None:
    """Neither when it goes well nor when the source says no: every report, as it was kept and as the centre has it."""
    period = next(world.quarters)
    source = own_source(world, period, tmp_path / "own.db")
    with outside(source) as database:
        database.execute("UPDATE cw_pz SET zy = '给' || rowid || '号村民张三丰 110101199003070134 的补贴'")
    numbers = []
    for connection in (source, tmp_path / SECRET / "own.db"):
        read_from(world.county, connection)
        numbers.append(office.collect(period, reason="补登", by="p001"))
        world.yizhan("agent", "--once")
    read_from(world.county, world.source)
    ends = [office.book.show(number) for number in numbers]
    assert [one.state for one in ends] == ["done", "failed"]
    tray = Tray(world.front_end / "agent")
    kept = [tray.ended(Key(number=number, centre="changning")) or b"" for number in numbers]
    said = [text.decode() for text in kept] + [repr(one) for one in ends]
    for text in said:
        for hidden in ("张三丰", "110101199003070134", SECRET, str(tmp_path), "Driver=", "own.db"):
            assert hidden not in text
    assert [json.loads(text)["state"] for text in kept] == ["done", "failed"]
    assert events(world.centre_site, f"{FEED}/{period}/r1").count("loaded") == 1
