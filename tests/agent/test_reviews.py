"""Release and hold upon the office's instruction: only with the department's consent, only of what was reviewed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.ledger import EventKind
from tests.agent.office import Office, dies, lines
from tests.journeys.account import events, states
from tests.journeys.hatchery import Hatchery
from tests.journeys.test_gate import HELD, RELEASED, add_to_feed
from tests.journeys.world import FEED, World, found_world


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory, source: Path, hatchery: Hatchery) -> Iterator[World]:
    """A county whose village finance is reviewed; the department lets p003 sign upon an instruction."""
    world = found_world(tmp_path_factory.mktemp("reviewed"), source, hatchery)
    for site in (world.centre_site, world.front_end):
        add_to_feed(site, "review: required")
    site_file(world, "collector: p001\nagent: {releases_by: [p003]}\n")
    world.serve()
    yield world
    world.sound()
    world.stop()


@pytest.fixture
def bureau(reviewed: World) -> Iterator[Office]:
    made = Office.of(reviewed)
    yield made
    made.node.database.dispose()


def site_file(world: World, more: str) -> None:
    path = world.front_end / "site.yaml"
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")


def collected(bureau: Office) -> tuple[str, str]:
    """A quarter that was collected upon an instruction and waits for its reviewer, and its digest."""
    world, period = bureau.world, next(bureau.world.quarters)
    number = bureau.collect(period)
    assert world.yizhan("agent", "--once").code == 0
    ended = bureau.book.show(number)
    assert (ended.state, ended.stage, ended.code) == ("done", "held", None), ended
    assert ended.outcome is not None and ended.outcome.digest is not None
    assert (events(world.front_end, f"{FEED}/{period}/r1"), states(world.front_end, period)) == (HELD, ["held"])
    return period, ended.outcome.digest


def release(bureau: Office, period: str, digest: str, by: str = "p003") -> str:
    return bureau.instruct("release", period, batch=f"{FEED}/{period}/r1", digest=digest, by=by)


def test_a_reviewed_batch_leaves_upon_a_release_that_names_its_digest_and_bears_the_reviewers_own_signature(
    bureau: Office,
) -> None:
    world, (period, digest) = bureau.world, collected(bureau)
    number = release(bureau, period, digest)
    assert world.yizhan("agent", "--once").code == 0
    ended = bureau.book.show(number)
    assert (ended.state, ended.stage) == ("done", "receipted"), ended
    assert events(world.front_end, f"{FEED}/{period}/r1") == [*RELEASED, "receipted"]
    (line,) = [one for one in lines(world.front_end, EventKind.RELEASED) if one.digest == digest]
    assert line.by == "p003"


@pytest.mark.parametrize(
    ("by", "code"),
    [pytest.param("p004", "YZ-2091", id="not consented"), pytest.param("p001", "YZ-2091", id="the collector")],
)
def test_a_release_by_whom_the_department_has_not_named_is_refused_and_says_what_to_do(
    bureau: Office, by: str, code: str
) -> None:
    world, (period, digest) = bureau.world, collected(bureau)
    number = release(bureau, period, digest, by)
    world.yizhan("agent", "--once")
    ended = bureau.book.show(number)
    assert (ended.state, ended.code) == ("failed", code)
    assert ended.advice is not None
    assert f"yizhan release {FEED}/{period}/r1 --by {by}" in ended.advice.zh_next
    assert states(world.front_end, period) == ["held"]
    assert events(world.front_end, f"{FEED}/{period}/r1") == HELD


def test_without_a_word_of_the_department_nothing_is_released(bureau: Office) -> None:
    world, (period, digest) = bureau.world, collected(bureau)
    path = world.front_end / "site.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("agent: {releases_by: [p003]}\n", ""), encoding="utf-8")
    number = release(bureau, period, digest)
    world.yizhan("agent", "--once")
    path.write_text(text, encoding="utf-8")
    assert bureau.book.show(number).code == "YZ-2091"
    assert states(world.front_end, period) == ["held"]


def test_a_release_of_other_content_than_lies_here_is_refused(bureau: Office) -> None:
    world, (period, _) = bureau.world, collected(bureau)
    number = release(bureau, period, "0" * 64)
    world.yizhan("agent", "--once")
    ended = bureau.book.show(number)
    assert (ended.state, ended.code) == ("failed", "YZ-2092")
    assert states(world.front_end, period) == ["held"]


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("return:gateway.spool.queue:Spool.endorse:1", id="signed"),
        pytest.param("call:gateway.spool.queue:Spool.release:1", id="entered"),
        pytest.param("return:gateway.spool.queue:Spool.release:1", id="released"),
        pytest.param("call:gateway.spool.queue:Spool.settle:1", id="receipted"),
    ],
)
def test_an_agent_killed_while_it_releases_does_it_once(bureau: Office, moment: str) -> None:
    world, (period, digest) = bureau.world, collected(bureau)
    number = release(bureau, period, digest)
    dies(world.begin("agent", "--once", killed=moment))
    assert world.yizhan("agent", "--once").code == 0
    ended = bureau.book.show(number)
    assert (ended.state, ended.stage) == ("done", "receipted"), ended
    assert events(world.front_end, f"{FEED}/{period}/r1") == [*RELEASED, "receipted"]
    assert events(world.centre_site, f"{FEED}/{period}/r1").count("loaded") == 1


@pytest.mark.parametrize("killed", [None, "call:gateway.spool.queue:Spool.hold:1", "return:gateway.release:hold:1"])
def test_a_batch_on_its_way_is_stopped_upon_an_instruction_once(
    world: World, office: Office, killed: str | None
) -> None:
    """Of a feed that nobody reviews; a delivery after it leaves the batch where it is."""
    period = next(world.quarters)
    assert world.yizhan("run", "--period", period, killed="call:gateway.deliver:drain:1").code == -9
    number = office.instruct("hold", period, batch=f"{FEED}/{period}/r1", reason="待核对", by="数据局审核岗")
    if killed:
        dies(world.begin("agent", "--once", killed=killed))
    assert world.yizhan("agent", "--once").code == 0
    ended = office.book.show(number)
    assert (ended.state, ended.stage) == ("done", "held"), ended
    held = [one for one in lines(world.front_end, EventKind.HELD) if one.period == period]
    assert [(one.by, one.said.reason) for one in held] == [("数据局审核岗", "待核对")]
    number = office.instruct("deliver", period)
    assert world.yizhan("agent", "--once").code == 0
    assert (office.book.show(number).stage, states(world.front_end, period)) == ("held", ["held"])


def test_what_waits_is_delivered_upon_an_instruction(world: World, office: Office) -> None:
    period = next(world.quarters)
    assert world.yizhan("run", "--period", period, killed="call:gateway.deliver:drain:1").code == -9
    number = office.instruct("deliver", period)
    assert world.yizhan("agent", "--once").code == 0
    assert (office.book.show(number).state, office.book.show(number).stage) == ("done", "receipted")
    assert states(world.front_end, period) == ["done"]
    nothing = office.instruct("deliver", next(world.quarters))
    world.yizhan("agent", "--once")
    assert office.book.show(nothing).code == "YZ-2093"


@pytest.mark.parametrize("killed", [None, "call:gateway.agent.tray:Tray.end:1"])
def test_a_batch_the_centre_refuses_fails_with_the_centres_code_and_is_not_collected_again(
    world: World, office: Office, killed: str | None
) -> None:
    """Also where the agent died after the refusal was entered and before the office was told."""
    period = next(world.quarters)
    number = office.collect(period)
    feed = world.centre_site / "catalogue" / "feeds" / f"{FEED}.yaml"
    text = feed.read_text(encoding="utf-8")
    world.stop()
    add_to_feed(world.centre_site, "review: required")  # here nobody reviews it
    world.serve()
    if killed:
        dies(world.begin("agent", "--once", killed=killed))
    ended = world.yizhan("agent", "--once")
    world.stop()
    feed.write_text(text, encoding="utf-8")
    world.serve()
    assert ended.code == 0, ended.err
    failed = office.book.show(number)
    (refused,) = [one for one in lines(world.front_end, EventKind.REFUSED) if one.period == period]
    assert (failed.state, failed.stage, failed.code) == ("failed", "delivering", refused.code), failed
    assert states(world.front_end, period) == ["dead"]
    assert events(world.front_end, f"{FEED}/{period}/r1").count("sealed") == 1
