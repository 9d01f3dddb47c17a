"""The agent collects and delivers what the office tells it to, once, whatever dies in between. Real processes."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from gateway.ledger import EventKind
from tests.agent.conftest import Start
from tests.agent.office import Office, dies, folders, lines
from tests.journeys.account import assert_arrived_once, events, position, states
from tests.journeys.world import FEED, PATIENCE, World, copy_site, outside, own_source, read_from, wait_until


def test_an_instruction_is_carried_out_and_what_came_of_it_is_heard(world: World, office: Office, agent: Start) -> None:
    period = next(world.quarters)
    agent()
    number = office.collect(period, by="数据局运行岗")
    ended = office.ends(number)
    assert (ended.state, ended.stage, ended.code) == ("done", "receipted", None)
    said = assert_arrived_once(world, period)
    outcome = ended.outcome
    assert outcome is not None
    assert (outcome.batch, outcome.revision, outcome.unchanged) == (f"{FEED}/{period}/r1", 1, False)
    assert (outcome.rows, outcome.amount) == (said.sent.rows, dict(said.sent.sums)["expense"])
    assert outcome.digest == said.manifest_digest
    (line,) = [one for one in lines(world.front_end, EventKind.INSTRUCTED) if one.said.number == number]
    assert (line.by, line.feed, line.period, line.said.centre) == ("数据局运行岗", FEED, period, "changning")
    assert folders(world.front_end)[number] == "done"


def test_the_machines_own_log_says_what_came_and_how_it_ended(world: World, office: Office) -> None:
    period = next(world.quarters)
    number = office.collect(period)
    ended = world.yizhan("agent", "--once")
    assert ended.code == 0
    assert f"收到指令 {number}:归集 {FEED} {period}(changning)\n" in ended.err
    assert f"指令 {number}:已办结(已回执){FEED}/{period}/r1\n" in ended.err


BEFORE_IT_IS_SEALED = [
    pytest.param("return:gateway.agent.tray:Tray.put:1", id="received"),
    pytest.param("call:gateway.agent.tray:Tray.begin:1", id="about to begin"),
    pytest.param("return:gateway.agent.tray:Tray.begin:1", id="begun"),
    pytest.param("call:gateway.collect.pouring:pour:1", id="asking the source"),
    pytest.param("call:gateway.collect.sealing:seal:1", id="poured"),
    pytest.param("call:gateway.spool.draft:Draft.commit:1", id="landed"),
]
AFTERWARDS = [
    pytest.param("return:gateway.spool.draft:Draft.commit:1", id="sealed, not entered"),
    pytest.param("call:gateway.deliver:drain:1", id="sealed"),
    pytest.param("return:gateway.transport.client:CentreClient.submit:1", id="offered"),
    pytest.param("return:gateway.transport.client:CentreClient.upload:1", id="uploaded"),
    pytest.param("call:gateway.envelope.receipt:check_receipt:1", id="answered"),
    pytest.param("call:gateway.spool.queue:Spool.settle:1", id="receipt entered"),
    pytest.param("return:gateway.spool.queue:Spool.settle:1", id="settled"),
    pytest.param("call:gateway.agent.tray:Tray.end:1", id="about to end"),
    pytest.param("call:gateway.spool.disk:move:6", id="at a rename"),
    pytest.param("return:gateway.agent.tray:Tray.end:1", id="ended, not reported"),
    pytest.param("call:gateway.agent.tray:Tray.acknowledge:2", id="reported, not noted"),
]


@pytest.mark.parametrize("moment", [*BEFORE_IT_IS_SEALED, *AFTERWARDS])
def test_an_agent_killed_there_and_started_again_ends_well_and_the_batch_arrives_once(
    world: World, office: Office, agent: Start, moment: str
) -> None:
    period = next(world.quarters)
    number = office.collect(period)
    dies(agent(killed=moment))
    agent()
    ended = office.ends(number)
    assert (ended.state, ended.stage, ended.code) == ("done", "receipted", None), ended
    assert_arrived_once(world, period)
    assert ended.outcome is not None and ended.outcome.batch == f"{FEED}/{period}/r1"
    assert folders(world.front_end)[number] == "done"
    assert len([one for one in lines(world.front_end, EventKind.INSTRUCTED) if one.said.number == number]) == 1


@pytest.mark.parametrize("moment", ["call:gateway.collect.sealing:seal:1", "call:gateway.deliver:drain:1"])
def test_a_source_that_changed_while_the_agent_was_dead_makes_no_second_batch(
    world: World, office: Office, agent: Start, tmp_path: Path, moment: str
) -> None:
    """What was sealed is delivered; the change is for another instruction, with a reason."""
    period = next(world.quarters)
    source = own_source(world, period, tmp_path / "own.db")
    read_from(world.county, source)
    try:
        number = office.collect(period)
        dies(agent(killed=moment))
        with outside(source) as database:
            database.execute("UPDATE cw_pz SET sr = sr + 100 WHERE rowid = 1")
        agent()
        assert office.ends(number).state == "done"
    finally:
        read_from(world.county, world.source)
    assert states(world.front_end, period) == ["done"]
    assert events(world.centre_site, f"{FEED}/{period}/r1").count("loaded") == 1
    assert events(world.centre_site, f"{FEED}/{period}/r2") == []


def test_the_same_again_says_that_nothing_changed_and_a_change_becomes_the_next_revision_with_who_and_why(
    world: World, office: Office, agent: Start, tmp_path: Path
) -> None:
    period = next(world.quarters)
    source = own_source(world, period, tmp_path / "own.db")
    read_from(world.county, source)
    try:
        agent()
        assert office.ends(office.collect(period)).state == "done"
        again = office.ends(office.collect(period, reason="清除重跑", by="p001"))
        assert (again.state, again.stage) == ("done", "receipted")
        assert again.outcome is not None
        assert (again.outcome.unchanged, again.outcome.revision) == (True, 1)
        with outside(source) as database:
            database.execute("UPDATE cw_pz SET sr = sr + 100 WHERE rowid = 1")
        silent = office.ends(office.collect(period))
        assert (silent.state, silent.code) == ("failed", "YZ-2013")
        assert silent.advice is not None and "--reason" in silent.advice.zh_next
        changed = office.ends(office.collect(period, reason="补登凭证", by="p001"))
    finally:
        read_from(world.county, world.source)
    assert changed.outcome is not None
    assert (changed.state, changed.outcome.revision, changed.outcome.unchanged) == ("done", 2, False)
    with outside(world.centre_site / "warehouse.db") as database:
        query = "SELECT by, reason FROM batches WHERE batch = ?"
        assert database.execute(query, (f"{FEED}/{period}/r2",)).fetchall() == [("p001", "补登凭证")]


def test_an_instruction_that_ended_is_never_carried_out_again(world: World, office: Office, agent: Start) -> None:
    """A centre restored from an older backup hands it out once more: it is told again how it ended."""
    period = next(world.quarters)
    running = agent()
    number = office.collect(period)
    assert office.ends(number).state == "done"
    before = position(world.front_end)
    with outside(world.centre_site / "warehouse.db") as database:
        database.execute(
            "UPDATE instructions SET state = 'issued', seq = 0, stage = NULL, outcome = NULL, ended_at = NULL"
            " WHERE number = ?",
            (number,),
        )
    ended = office.ends(number)
    assert (ended.state, ended.stage) == ("done", "receipted")
    assert running.ended() is None
    assert position(world.front_end) == before
    assert events(world.centre_site, f"{FEED}/{period}/r1").count("loaded") == 1


def test_a_source_that_is_away_fails_the_instruction_with_its_code_and_the_next_one_works(
    world: World, office: Office, tmp_path: Path
) -> None:
    """Whether to try again, and until when, is for whoever instructs."""
    period = next(world.quarters)
    read_from(world.county, tmp_path / "away" / "own.db")
    try:
        number = office.collect(period)
        world.yizhan("agent", "--once")
    finally:
        read_from(world.county, world.source)
    failed = office.book.show(number)
    assert (failed.state, failed.stage, failed.code) == ("failed", "collecting", "YZ-2001"), failed
    assert states(world.front_end, period) == []
    number = office.collect(period)
    assert world.yizhan("agent", "--once").code == 0
    assert office.book.show(number).state == "done"
    assert_arrived_once(world, period)


def test_sigterm_ends_the_agent_after_its_stage_and_the_next_one_goes_on(
    world: World, office: Office, agent: Start
) -> None:
    period = next(world.heavy)
    running = agent()
    number = office.collect(period)
    wait_until(lambda: office.book.show(number).stage == "collecting")
    running.send(signal.SIGTERM)
    ended = running.wait(PATIENCE)
    assert ended.code == 0, ended.err
    assert "Traceback" not in ended.err
    assert folders(world.front_end)[number] == "running"
    assert states(world.front_end, period) in ([], ["ready"], ["done"])
    agent()
    assert office.ends(number).state == "done"
    assert_arrived_once(world, period)


def test_a_second_agent_of_a_site_is_refused(world: World, office: Office, agent: Start) -> None:
    running = agent()
    assert office.ends(office.collect(next(world.quarters))).state == "done"
    second = world.yizhan("agent", "--once")
    assert (second.code, second.out) == (1, "")
    assert second.err.startswith("[YZ-2090] 代理未启动"), second.err
    assert running.ended() is None


def test_once_carries_out_what_there_is_and_reports_it(world: World, office: Office) -> None:
    periods = [next(world.quarters) for _ in range(2)]
    numbers = [office.collect(period) for period in periods]
    ended = world.yizhan("agent", "--once")
    assert ended.code == 0, ended.err
    assert [office.book.show(number).state for number in numbers] == ["done", "done"]
    for period in periods:
        assert_arrived_once(world, period)


def test_a_front_end_restored_from_a_copy_says_that_nothing_changed(
    world: World, office: Office, agent: Start, tmp_path: Path
) -> None:
    """A tray that was lost with its machine: the number comes again, and no second batch is made of it."""
    period = next(world.quarters)
    number = office.collect(period)
    assert world.yizhan("agent", "--once").code == 0
    assert office.book.show(number).state == "done"
    copy = copy_site(world.front_end, tmp_path / "copy")
    (copy / "agent").rename(tmp_path / "lost")
    again = office.collect(period, reason="重跑", by="p001")
    ended = world.yizhan("agent", "--once", site=copy)
    assert ended.code == 0, ended.err
    outcome = office.book.show(again).outcome
    assert outcome is not None and (outcome.unchanged, outcome.revision) == (True, 1)
