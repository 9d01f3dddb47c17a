"""The worker on a real front-end's rooms, in this process: what restarts, clocks, full disks and hands may do to it."""

from __future__ import annotations

import json
import os
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from gateway.agent import Key, Rooms, State, Tray
from gateway.agent.intake import take_in
from gateway.agent.working import Worker
from gateway.app import FrontEnd, open_node
from gateway.app.agent import rooms_of
from gateway.errors import NothingSealed, SpoolFull, YizhanError
from gateway.instructions import parse_report
from gateway.ledger import EventKind
from gateway.transport import Patience
from tests.agent.office import Office
from tests.journeys.account import states
from tests.journeys.world import FEED, World

ONCE = Patience(attempts=1, connect=1.0)
CENTRE = "changning"


@dataclass
class Bench:
    """A front-end's rooms, and agents that are started and ended on them.

    `told` is what they complained of, `remarks` what else they said.
    """

    node: FrontEnd
    office: Office
    told: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def tray(self) -> Path:
        return self.node.site.root / "agent"

    def rooms(self, **changed: object) -> Rooms:
        node = self.node
        made = rooms_of(node, Tray(node.site.root / "agent"), lambda name: node.keys.person(name))
        return replace(made, post=lambda watch: node.post(watch, ONCE), **changed)

    def taken(self, period: str, rooms: Rooms) -> Key:
        """A fresh instruction to collect, fetched."""
        number = self.office.collect(period)
        (given,) = [one for one in self.office.book.give("agri") if one.number == number]
        taken = take_in(CENTRE, given, rooms)
        assert taken is not None and taken.error is None
        return taken.key

    def works(self, rooms: Rooms) -> None:
        """An agent is started, does what there is to do, and ends."""
        self.worker(rooms).work()

    def worker(self, rooms: Rooms) -> Worker:
        return Worker(
            rooms, stopping=lambda: False, outdated=lambda: False, told=lambda: None,
            complain=lambda error: self.told.append(error.code),
            remark=lambda zh, _: self.remarks.append(zh), jitter=lambda: 0.0,
        )  # fmt: skip


@pytest.fixture
def bench(county: World) -> Iterator[Bench]:
    """At a county whose centre does not serve."""
    county.stop()
    node, office = open_node(county.front_end, os.environ), Office.of(county)
    assert isinstance(node, FrontEnd)
    yield Bench(node=node, office=office)
    for database in (node.database, office.node.database):
        database.dispose()
    shutil.rmtree(county.front_end / "agent")


def no_room(*_: object) -> NoReturn:
    """What one of the rooms says at the moment."""
    raise SpoolFull(action_zh="登记", action_en="enter")


def test_one_that_waits_for_its_centre_is_carried_on_however_often_the_agent_is_started(
    county: World, bench: Bench
) -> None:
    """Machines that are switched off each evening, and an agent that a timer runs once at a time."""
    period = next(county.quarters)
    key = bench.taken(period, bench.rooms())
    for _ in range(9):
        rooms = bench.rooms()
        bench.works(rooms)
        assert rooms.tray.state(key) is State.RUNNING, bench.told
    assert set(bench.told) == {"YZ-6101"}
    assert states(county.front_end, period) == ["ready"]


def test_one_that_fails_is_told_with_its_code_and_what_to_do(county: World, bench: Bench) -> None:
    rooms, period = bench.rooms(), next(county.quarters)
    number = bench.office.instruct("deliver", period)
    (given,) = [one for one in bench.office.book.give("agri") if one.number == number]
    assert take_in(CENTRE, given, rooms) is not None
    bench.works(rooms)
    error = NothingSealed(feed=FEED, period=period)
    assert bench.remarks == [f"指令 {number}:失败 [{error.code}] {error.message('zh')}"]


def test_one_that_was_begun_outlives_a_clock_that_is_set_back(county: World, bench: Bench) -> None:
    rooms = bench.rooms()
    key = bench.taken(next(county.quarters), rooms)
    bench.works(rooms)
    slow = bench.rooms(clock=lambda: rooms.clock() - timedelta(hours=1))
    bench.works(slow)
    assert (slow.tray.state(key), slow.tray.ended(key)) == (State.RUNNING, None)


@pytest.mark.parametrize(
    ("ahead", "code"), [(timedelta(hours=-1), "YZ-4809"), (timedelta(days=7, hours=1), "YZ-4812")], ids=["behind", "on"]
)
def test_a_clock_that_is_wrong_refuses_what_it_cannot_judge_and_says_so(
    county: World, bench: Bench, ahead: timedelta, code: str
) -> None:
    good = bench.rooms()
    wrong = bench.rooms(clock=lambda: good.clock() + ahead)
    number = bench.office.collect(next(county.quarters))
    (given,) = [one for one in bench.office.book.give("agri") if one.number == number]
    taken = take_in(CENTRE, given, wrong)
    assert taken is not None and taken.error is not None and taken.error.code == code
    (report,) = wrong.tray.pending()
    assert parse_report(report.content).code == code
    heard = bench.office.book.report("agri", number, parse_report(report.content))
    assert heard.state == ("failed" if code == "YZ-4809" else "expired")


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process may grow: what a full disk does to it, but for the number of the error."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_cannot_be_kept_is_not_refused_and_is_taken_when_there_is_room(county: World, bench: Bench) -> None:
    """Neither the tray nor the ledger can be written: nothing is told to the office, and it is handed out again."""
    rooms = bench.rooms()
    number = bench.office.collect(next(county.quarters))
    (given,) = [one for one in bench.office.book.give("agri") if one.number == number]
    with pytest.raises(YizhanError) as full, full_disk():
        take_in(CENTRE, given, rooms)
    assert full.value.exit_code == 75, "time heals it"
    assert (rooms.tray.waiting(), rooms.tray.pending()) == ([], [])
    (again,) = [one for one in bench.office.book.give("agri") if one.number == number]
    taken = take_in(CENTRE, again, rooms)
    assert taken is not None and taken.error is None
    entered = [one for one in rooms.ledger.lines(kind=EventKind.INSTRUCTED) if one.said.number == number]
    assert len(entered) == 1


def test_what_our_own_stores_cannot_tell_at_the_moment_refuses_no_instruction(county: World, bench: Bench) -> None:
    """Not even where they answer again an instant later, when a refusal could be written."""
    rooms = bench.rooms()
    number = bench.office.collect(next(county.quarters))
    (given,) = [one for one in bench.office.book.give("agri") if one.number == number]
    with pytest.raises(SpoolFull):
        take_in(CENTRE, given, replace(rooms, trust=no_room))
    assert (rooms.tray.state(Key(number=number, centre=CENTRE)), rooms.tray.pending()) == (None, [])
    taken = take_in(CENTRE, given, rooms)
    assert taken is not None and taken.error is None
    bench.works(replace(rooms, trust=no_room))
    assert (rooms.tray.state(taken.key), bench.told) == (State.RECEIVED, ["YZ-6001"])


def test_a_disk_that_is_full_while_one_is_carried_out_loses_nothing(county: World, bench: Bench) -> None:
    period = next(county.quarters)
    rooms = bench.rooms()
    key = bench.taken(period, rooms)
    worker = bench.worker(rooms)
    with pytest.raises(YizhanError) as full, full_disk():
        worker.work()
    assert full.value.exit_code == 75
    assert rooms.tray.ended(key) is None
    worker.work()
    assert rooms.tray.state(key) is State.RUNNING
    assert states(county.front_end, period) == ["ready"]


def test_what_time_heals_is_no_end_while_a_batch_is_under_way(county: World, bench: Bench) -> None:
    """The delivering room's own store or disk, not the network: the batch lies in the spool, and is sent later."""
    rooms = bench.rooms()
    key = bench.taken(next(county.quarters), rooms)
    bench.works(replace(rooms, post=no_room))
    assert (rooms.tray.state(key), rooms.tray.ended(key)) == (State.RUNNING, None)
    assert bench.told == ["YZ-6001"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"position": "x", "times": 1}', b'{"times": 1}'], ids=repr)
def test_a_damaged_note_of_its_beginning_stops_neither_it_nor_the_others(
    county: World, bench: Bench, content: bytes
) -> None:
    rooms = bench.rooms()
    keys = [bench.taken(next(county.quarters), rooms) for _ in range(2)]
    bench.works(rooms)
    (bench.tray / "running" / keys[0].name / "begun.json").write_bytes(content)
    (bench.tray / "running" / keys[1].name / "reported").write_bytes(b"soon")
    again = bench.rooms()
    bench.works(again)
    assert [again.tray.state(key) for key in keys] == [State.RUNNING, State.RUNNING]
    assert json.loads((bench.tray / "running" / keys[0].name / "begun.json").read_bytes())["position"] > 0
    assert {one.key for one in again.tray.pending()} == set(keys)


def test_what_somebody_removes_or_leaves_in_the_tray_stops_nothing(county: World, bench: Bench) -> None:
    rooms = bench.rooms()
    gone, left = (bench.taken(next(county.quarters), rooms) for _ in range(2))
    worker = bench.worker(rooms)
    worker.work()
    shutil.rmtree(bench.tray / "running" / gone.name)
    for name in ("lost+found", "a@b@c@d", ".Trash"):
        (bench.tray / "received" / name).mkdir()
    (bench.tray / "done" / f"{gone.number}@{CENTRE}").mkdir()
    (bench.tray / "done" / f"{gone.number}@{CENTRE}" / "outcome.json").write_bytes(b"{")
    wait = worker.work()
    assert wait is None or wait > 0, "and nobody runs in circles for what is gone"
    assert {one.key for one in rooms.tray.pending()} == {left}
    assert rooms.tray.waiting() == [left]
    assert Path(bench.tray / "received" / "lost+found").is_dir()
