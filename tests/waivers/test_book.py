"""Exemptions, extensions and events are ledger lines: entered once, by those who may, all of a span or none of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier, Event

import pytest

from gateway.calendar import ASIA_SHANGHAI, Period
from gateway.catalogue import Centre, Department, Duty, Level, Person
from gateway.database import alone, open_database, writing
from gateway.errors import (
    DutyMissing,
    EventToCome,
    EventUnknown,
    ExtensionTooShort,
    LedgerTextRefused,
    NotEventDriven,
    PeriodNotOwed,
    WaiverSpanInvalid,
    WaiverStands,
    WaiverUnknown,
)
from gateway.freshness import WaiverKind
from gateway.ledger import EventKind, Ledger
from gateway.waivers import Authority, Decision, EventBook, Span, WaiverBook, occurrences_in, waivers_in
from tests.freshness.county import EVENT, feed
from tests.peers.stores import Where

NOW = datetime(2026, 10, 20, 9, tzinfo=ASIA_SHANGHAI)
UNTIL = datetime(2026, 12, 31, 23, 59, 59, tzinfo=ASIA_SHANGHAI)
ONECARD = feed("finance.onecard", starts="2026-05")
ACCIDENT = feed("police.accident", EVENT, "2026-09-01T0000")
FIRST = Decision(number="湘财免〔2026〕1号", by="p101", reason="机构改革")
SECOND = Decision(number="湘财免〔2026〕2号", by="p101", reason="系统迁移")


class Office:
    """A node's ledger, and a clock that can be turned."""

    def __init__(self, where: Where, party: Centre | Department) -> None:
        self.now = NOW
        self.engine = open_database(where)
        self.ledger = Ledger(self.engine, "changning")
        rooms = {"authority": Authority(party=party), "ledger": self.ledger, "engine": self.engine, "clock": self.clock}
        self.book, self.events = WaiverBook(**rooms), EventBook(**rooms)

    def clock(self) -> datetime:
        return self.now

    def lines(self) -> list[tuple[str, str | None, str | None]]:
        return [(line.event, line.period, line.said.number) for line in self.ledger.lines()]


def centre(*people: Person) -> Centre:
    return Centre(id="changning", title="常宁", level=Level.COUNTY, region="430482", people=people)


def person(name: str, *duties: Duty) -> Person:
    return Person(id=name, post="股长", duties=frozenset(duties))


@pytest.fixture
def opens(where: Where) -> Iterator[Callable[[], Office]]:
    """Opens the same ledger anew, as each process does."""
    made: list[Office] = []

    def make() -> Office:
        made.append(Office(where, centre(person("p101", Duty.APPROVE), person("p102", Duty.REVIEW))))
        return made[-1]

    yield make
    for one in made:
        one.engine.dispose()


@pytest.fixture
def office(opens: Callable[[], Office]) -> Office:
    return opens()


def span(first: str, last: str | None = None) -> Span:
    return Span(feed=ONECARD, first=Period.parse(first), last=Period.parse(last or first))


def test_a_decision_is_what_its_lines_say(office: Office) -> None:
    assert office.book.exempt(span("2026-08", "2026-10"), FIRST) == 3
    assert office.book.extend(span("2026-11"), SECOND, UNTIL + timedelta(days=9)) == 1
    found = office.book.waivers()
    assert waivers_in(office.ledger.lines()) == found
    assert [(str(one.period), one.kind, one.number, one.position) for one in found] == [
        ("2026-08", WaiverKind.EXEMPT, FIRST.number, 1),
        ("2026-09", WaiverKind.EXEMPT, FIRST.number, 2),
        ("2026-10", WaiverKind.EXEMPT, FIRST.number, 3),
        ("2026-11", WaiverKind.EXTENDED, SECOND.number, 4),
    ]
    last = found[-1]
    assert (last.feed, last.at, last.until, last.by, last.reason, last.withdrawn_at) == (
        "finance.onecard", NOW, UNTIL + timedelta(days=9), "p101", "系统迁移", None,
    )  # fmt: skip
    assert list(office.ledger.verify()) == []


def test_the_same_decision_again_adds_no_line(office: Office) -> None:
    office.book.exempt(span("2026-08", "2026-09"), FIRST)
    assert office.book.exempt(span("2026-08", "2026-10"), FIRST) == 1
    office.book.extend(span("2026-11"), SECOND, UNTIL + timedelta(days=9))
    assert office.book.extend(span("2026-11"), SECOND, UNTIL + timedelta(days=9)) == 0
    assert len(office.lines()) == 4


def test_a_withdrawal_ends_it_from_then_on_and_twice_adds_no_line(office: Office) -> None:
    office.book.exempt(span("2026-08", "2026-10"), FIRST)
    office.now, back = NOW + timedelta(days=1), replace(FIRST, reason="恢复报送")
    assert office.book.withdraw(span("2026-09"), back) == 1
    assert office.book.withdraw(span("2026-09"), FIRST) == 0
    assert [one.withdrawn_at for one in office.book.waivers()] == [None, office.now, None]
    ended = office.book.waivers()[1]
    assert (ended.withdrawn_by, ended.withdrawn_reason) == (back.by, back.reason)
    office.now = NOW + timedelta(days=2)
    assert office.book.exempt(span("2026-09"), FIRST) == 1
    assert [one.withdrawn_at for one in office.book.waivers()] == [None, NOW + timedelta(days=1), None, None]
    office.now = NOW + timedelta(days=3)
    assert office.book.withdraw(span("2026-09"), FIRST) == 1
    ends = [None, NOW + timedelta(days=1), None, NOW + timedelta(days=3)]
    assert [one.withdrawn_at for one in office.book.waivers()] == ends
    assert office.lines()[3:] == [
        ("withdrawn", "2026-09", FIRST.number),
        ("exempted", "2026-09", FIRST.number),
        ("withdrawn", "2026-09", FIRST.number),
    ]


def test_one_extension_may_follow_another_and_an_exemption_may_follow_both(office: Office) -> None:
    office.book.extend(span("2026-09"), FIRST, UNTIL)
    office.book.extend(span("2026-09"), SECOND, UNTIL + timedelta(days=31))
    third = Decision(number="3号", by="p101", reason="撤并")
    assert office.book.exempt(span("2026-09"), third) == 1


@pytest.mark.parametrize("second", [FIRST, SECOND])
def test_what_contradicts_a_decision_in_force_is_refused_and_none_of_the_span_is_entered(
    office: Office, second: Decision
) -> None:
    office.book.exempt(span("2026-09"), FIRST)
    before = office.ledger.head()
    with pytest.raises(WaiverStands) as refused:
        office.book.extend(span("2026-08", "2026-10"), second, UNTIL + timedelta(days=31))
    assert refused.value.facts["number"] == FIRST.number
    with pytest.raises(WaiverStands):
        office.book.exempt(span("2026-08", "2026-09"), SECOND)
    assert office.ledger.head() == before


def test_one_number_gives_one_end(office: Office) -> None:
    office.book.extend(span("2026-09"), FIRST, UNTIL)
    with pytest.raises(WaiverStands):
        office.book.extend(span("2026-09"), FIRST, UNTIL + timedelta(days=1))


def test_what_nobody_entered_cannot_be_withdrawn(office: Office) -> None:
    office.book.exempt(span("2026-09"), FIRST)
    before = office.ledger.head()
    for wanted, decision in ((span("2026-09"), SECOND), (span("2026-09", "2026-10"), FIRST)):
        with pytest.raises(WaiverUnknown):
            office.book.withdraw(wanted, decision)
    assert office.ledger.head() == before


def test_an_extension_must_give_more_than_the_rule_does(office: Office) -> None:
    due = ONECARD.schedule.due(Period.parse("2026-09"))
    for until, written in ((due, "2026-10-31 24:00"), (due - timedelta(days=1), "2026-10-30 24:00")):
        with pytest.raises(ExtensionTooShort) as refused:
            office.book.extend(span("2026-09"), FIRST, until)
        assert (refused.value.facts["until"], refused.value.facts["due"]) == (written, "2026-10-31 24:00")
    with pytest.raises(ExtensionTooShort):
        office.book.extend(span("2026-08", "2026-11"), FIRST, UNTIL)  # of the last, the rule gives that long itself
    assert office.lines() == []
    assert office.book.extend(span("2026-09"), FIRST, due + timedelta(seconds=1)) == 1


@pytest.mark.parametrize(
    ("first", "last", "refusal"),
    [
        ("2026-04", None, PeriodNotOwed),
        ("2026Q3", None, PeriodNotOwed),
        ("2026-05", "2026Q3", PeriodNotOwed),
        ("2026-09", "2026-08", WaiverSpanInvalid),
    ],
)
def test_only_periods_that_the_feed_owes_can_be_named(office: Office, first: str, last: str | None, refusal) -> None:
    with pytest.raises(refusal) as refused:
        office.book.exempt(span(first, last), FIRST)
    assert office.lines() == []
    if refusal is PeriodNotOwed:
        assert "(周期:每月,自 2026-05 起报)" in refused.value.message("zh")


def test_events_are_named_one_by_one(office: Office) -> None:
    one, other = (office.events.record(ACCIDENT, NOW - timedelta(days=day), "p101").period for day in (4, 3))
    with pytest.raises(WaiverSpanInvalid):
        office.book.exempt(Span(feed=ACCIDENT, first=one, last=other), FIRST)
    assert office.book.exempt(Span(feed=ACCIDENT, first=one, last=one), FIRST) == 1


@pytest.mark.parametrize("by", ["p102", "p999", "", "办公室"])
def test_where_people_are_listed_only_those_with_the_duty_decide(office: Office, by: str) -> None:
    decision = Decision(number="1号", by=by, reason="-")
    for refused in (
        lambda: office.book.exempt(span("2026-09"), decision),
        lambda: office.book.extend(span("2026-09"), decision, UNTIL),
        lambda: office.book.withdraw(span("2026-09"), decision),
        lambda: office.events.record(ACCIDENT, NOW, by),
    ):
        with pytest.raises(DutyMissing):
            refused()
    assert office.lines() == []


def test_where_nobody_is_listed_a_post_is_written(tmp_path: Path) -> None:
    office = Office(tmp_path / "ledger.db", centre())
    assert office.book.exempt(span("2026-09"), Decision(number="1号", by="数据股", reason="-")) == 1


def test_at_a_front_end_it_is_one_of_the_department_with_the_duty_declare(tmp_path: Path) -> None:
    people = (person("p001", Duty.DECLARE), person("p002", Duty.APPROVE))
    finance = Department(id="finance", title="财政", region="430482", contact="", people=people)
    office = Office(tmp_path / "ledger.db", finance)
    assert office.book.exempt(span("2026-09"), Decision(number="1号", by="p001", reason="-")) == 1
    with pytest.raises(DutyMissing):
        office.book.exempt(span("2026-10"), Decision(number="2号", by="p002", reason="-"))


@pytest.mark.parametrize("number", ["43048219500101001X1234567", ""])
def test_a_number_that_could_be_a_persons_is_refused(office: Office, number: str) -> None:
    with pytest.raises(LedgerTextRefused):
        office.book.exempt(span("2026-09"), Decision(number=number, by="p101", reason="-"))
    assert office.lines() == []


@pytest.mark.parametrize("blank", ["", " ", "1号 ", "\u3000"])
def test_a_decision_has_a_number_a_reason_and_somebody_who_took_it(tmp_path: Path, blank: str) -> None:
    office = Office(tmp_path / "ledger.db", centre())
    for said in ({"number": blank}, {"reason": blank}, {"by": blank.replace("1号 ", "")}):
        with pytest.raises(LedgerTextRefused):
            office.book.exempt(span("2026-09"), Decision(**{"number": "1号", "by": "数据股", "reason": "-"} | said))
    assert office.lines() == []


def test_an_event_is_entered_once_by_its_minute(office: Office) -> None:
    happened = datetime(2026, 10, 3, 9, 30, 45, tzinfo=ASIA_SHANGHAI)
    entered = office.events.record(ACCIDENT, happened, "p101")
    assert (entered.feed, str(entered.period), entered.at) == ("police.accident", "2026-10-03T0930", NOW)
    office.now = NOW + timedelta(days=1)
    assert office.events.record(ACCIDENT, happened.replace(second=0), "p101") == entered
    assert office.events.record(ACCIDENT, happened + timedelta(minutes=1), "p101").at == office.now
    assert [(line.event, line.period, line.by) for line in office.ledger.lines(kind=EventKind.OCCURRED)] == [
        ("occurred", "2026-10-03T0930", "p101"),
        ("occurred", "2026-10-03T0931", "p101"),
    ]
    assert occurrences_in(office.ledger.lines())[0] == entered


@pytest.mark.parametrize(
    ("chosen", "happened", "refusal"),
    [
        (ONECARD, NOW, NotEventDriven),
        (ACCIDENT, NOW + timedelta(minutes=1), EventToCome),
        (ACCIDENT, datetime(2026, 8, 31, 23, 59, tzinfo=ASIA_SHANGHAI), PeriodNotOwed),
    ],
)
def test_what_is_no_event_of_the_feed_is_refused(office: Office, chosen, happened: datetime, refusal) -> None:
    with pytest.raises(refusal):
        office.events.record(chosen, happened, "p101")
    assert office.lines() == []


def test_lines_of_other_kinds_are_passed_over(office: Office) -> None:
    office.events.record(ACCIDENT, NOW, "p101")
    assert waivers_in(office.ledger.lines()) == ()
    office.book.exempt(span("2026-09"), FIRST)
    assert len(occurrences_in(office.ledger.lines())) == 1


def test_an_event_that_nobody_entered_cannot_be_decided_about(office: Office) -> None:
    entered = office.events.record(ACCIDENT, NOW - timedelta(days=1), "p101").period
    before = office.ledger.head()
    wrong = Period.of_event(entered.moment + timedelta(minutes=1))
    for refused in (
        lambda: office.book.exempt(Span(feed=ACCIDENT, first=wrong, last=wrong), FIRST),
        lambda: office.book.extend(Span(feed=ACCIDENT, first=wrong, last=wrong), FIRST, UNTIL),
    ):
        with pytest.raises(EventUnknown):
            refused()
    assert office.ledger.head() == before
    assert office.book.extend(Span(feed=ACCIDENT, first=entered, last=entered), FIRST, UNTIL) == 1


WRITERS = 8


def at_once(opens: Callable[[], Office], act: Callable[[Office, int], object]) -> list[object]:
    """What became of the same act by so many writers, each with connections of its own, let go together."""
    offices, barrier = [opens() for _ in range(WRITERS)], Barrier(WRITERS)

    def one(place: int) -> object:
        barrier.wait()
        try:
            return act(offices[place], place)
        except WaiverStands as refused:
            return refused.code

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(one, range(WRITERS)))


def test_the_same_decision_by_many_at_once_is_entered_once(opens: Callable[[], Office]) -> None:
    counts = at_once(opens, lambda office, _: office.book.exempt(span("2026-05", "2026-09"), FIRST))
    assert sorted(counts) == [0] * (WRITERS - 1) + [5]
    counts = at_once(opens, lambda office, _: office.book.withdraw(span("2026-05", "2026-08"), FIRST))
    assert sorted(counts) == [0] * (WRITERS - 1) + [4]
    here = opens()
    assert [str(one.period) for one in here.book.waivers() if one.withdrawn_at is None] == ["2026-09"]
    assert (len(here.lines()), list(here.ledger.verify())) == (9, [])


def test_of_decisions_that_contradict_each_other_one_at_once_stands(opens: Callable[[], Office]) -> None:
    def decide(office: Office, place: int) -> int:
        return office.book.exempt(span("2026-05", "2026-09"), Decision(number=f"{place}号", by="p101", reason="-"))

    assert sorted(map(str, at_once(opens, decide))) == ["5"] + [WaiverStands.code] * (WRITERS - 1)
    assert len({one.number for one in opens().book.waivers()}) == 1


def test_an_event_that_many_enter_at_once_happened_once(opens: Callable[[], Office]) -> None:
    found = at_once(opens, lambda office, _: office.events.record(ACCIDENT, NOW, "p101"))
    assert len(set(found)) == 1
    assert opens().lines() == [("occurred", "2026-10-20T0900", None)]


def test_whoever_waited_for_another_decides_no_earlier_than_the_other(opens: Callable[[], Office]) -> None:
    first, second, ended = opens(), opens(), Event()
    book = replace(second.book, clock=lambda: NOW + timedelta(minutes=ended.is_set()))
    with ThreadPoolExecutor(1) as pool:
        with writing(first.engine) as connection:
            alone(connection, f"waivers {ONECARD.id}")
            waiting = pool.submit(book.exempt, span("2026-09"), FIRST)
            time.sleep(0.3)
            ended.set()
        assert waiting.result(30) == 1
    assert [one.at for one in first.book.waivers()] == [NOW + timedelta(minutes=1)]
