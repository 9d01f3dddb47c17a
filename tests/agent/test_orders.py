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
DELIVERED = "2011Q1"


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory, source: Path, hatchery: Hatchery) -> Iterator[World]:
    """A county whose years of long ago were closed after the first of its quarters had been delivered."""
    root = tmp_path_factory.mktemp("closed")
    world = found_world(root, source, hatchery)
    world.serve()
    read_from(world.county, own_source(world, DELIVERED, root / "own.db"))
    assert world.yizhan("run", "--period", DELIVERED).code == 0
    world.stop()
    for site in (world.centre_site, world.front_end):
        close_years(site)
    world.serve()
    yield world
    world.stop()


def changed(world: World, by: int) -> None:
    """The source of the delivered quarter, by so many yuan in one row."""
    with outside(world.front_end.parent / "own.db") as database:
        database.execute("UPDATE cw_pz SET sr = sr + ? WHERE rowid = 1", (by,))


def told(world: World, *arguments: str) -> dict[str, object]:
    """What became of an instruction that the office gives and the front-end's agent fetches, by the real commands."""
    given = world.yizhan(
        "instruct", "collect", FEED, "--period", DELIVERED, "--by", "p001", *arguments, "--json", site=world.centre_site
    )
    assert given.code == 0, given.err
    world.yizhan("agent", "--once")
    return json.loads(world.yizhan("instruct", "show", json.loads(given.out)["number"], "--json",
                                   site=world.centre_site).out)  # fmt: skip


def test_a_correction_of_a_closed_year_is_refused_with_its_code_and_taken_under_the_order_that_came_along(
    closed: World, tmp_path: Path
) -> None:
    """The department never imports the order: it comes with the instruction, is verified there, and counts once."""
    order, batch = ("--order", "常整改9号"), f"{FEED}/{DELIVERED}/r2"
    changed(closed, 100)
    refused = told(closed, "--reason", "审计整改")
    assert (refused["state"], refused["stage"], refused["code"]) == ("failed", "collecting", "YZ-2070")
    unknown = closed.yizhan(
        "instruct", "collect", FEED, "--period", DELIVERED, "--by", "p001", "--reason", "审计整改", *order,
        site=closed.centre_site,
    )  # fmt: skip
    assert (unknown.code, "[YZ-2072]" in unknown.err) == (1, True), "no order of that number has been issued"
    paper = issued(closed, DELIVERED, tmp_path / "order.p7s", number="常整改9号")
    done = told(closed, "--reason", "审计整改", *order)
    assert (done["state"], done["stage"], done["outcome"]["batch"]) == ("done", "receipted", batch), done
    assert states(closed.front_end, DELIVERED) == ["done", "done"]
    assert [one.said.number for one in lines(closed.front_end, EventKind.ORDERED)] == ["常整改9号"]
    assert [one.said.number for one in lines(closed.front_end, EventKind.SEALED)] == [None, "常整改9号"]
    with outside(closed.centre_site / "warehouse.db") as database:
        query = "SELECT by, reason FROM batches WHERE batch = ?"
        assert database.execute(query, (batch,)).fetchall() == [("p001", "审计整改")]
    left = [json.loads(closed.yizhan("order", "show", "常整改9号", "--json", site=site).out)["left"]
            for site in (closed.front_end, closed.centre_site)]  # fmt: skip
    assert left == [0, 0]
    changed(closed, 100)
    assert told(closed, "--reason", "再次整改", *order)["code"] == "YZ-2073", "it was for one batch"
    verified_by_an_auditor(closed, done["number"], paper, tmp_path)
    closed.sound()


def verified_by_an_auditor(world: World, number: str, order: Path, scratch: Path) -> None:
    """Offline, with the department's trust anchors: who instructed what under which order, and not a byte changed."""
    paper, shown = scratch / "instruction.p7s", ("instruct", "show", number, "--out")
    keys = ("--keys", str(world.front_end / "keys"), "--rehearsal")
    assert world.yizhan(*shown, str(paper), site=world.centre_site).code == 0
    ended = world.yizhan("envelope", "verify", str(paper), str(order), *keys, "--json")
    said = json.loads(ended.out)
    instruction = said["instruction"]
    assert ended.code == 0
    assert (instruction["number"], instruction["centre"], instruction["department"]) == (number, "changning", "agri")
    assert (instruction["by"], instruction["reason"], instruction["order"]) == ("p001", "审计整改", "常整改9号")
    assert said["order"]["person"] == "p101"
    assert [one["steps"] for one in said["checked"]] == ["7.1-7.11", "8.1-8.11"]
    words = world.yizhan("envelope", "verify", str(paper), *keys).out
    assert f"指令  {number}  changning → agri  归集 {FEED} {DELIVERED}" in words
    paper.write_bytes(paper.read_bytes().replace(b'"by":"p001"', b'"by":"p002"'))
    forged = world.yizhan("envelope", "verify", str(paper), *keys)
    assert (forged.code, forged.out, "[YZ-4803]" in forged.err) == (1, "", True)
    nowhere = world.yizhan(*shown, str(scratch / "no" / "such"), site=world.centre_site)
    assert (nowhere.code, "[YZ-1013]" in nowhere.err) == (2, True)


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
