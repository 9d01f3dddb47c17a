"""The book of instructions, on both products, whichever receiver of the centre is asked."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from gateway.envelope.papers.form import CLOCK_SKEW
from gateway.errors import (
    CollectorRequired,
    InstructionExpired,
    InstructionNotHere,
    InstructionOutOfTime,
    InstructionsTooMany,
    InstructionUnderWay,
    InstructionUnknown,
    InstructionWithdrawn,
    LedgerTextRefused,
    OrderUnknown,
    PeriodNotOwed,
    RequestTaken,
    SealRefused,
    UnknownName,
)
from gateway.instructions import (
    LIFE,
    MAX_GIVEN,
    MAX_KNOWN,
    MAX_LIFE,
    SILENCE,
    Advice,
    Heard,
    InstructionReport,
    Issued,
    Outcome,
    ReportLine,
    State,
    Wanted,
    match_instruction,
    read_instruction,
)
from gateway.instructions.rows import MAX_LINES_KEPT
from gateway.ledger import EventKind
from tests.instructions.conftest import NOW, ORDER, PAPER, Centre

Collect = Callable[..., Wanted]
SECOND = timedelta(seconds=1)
DONE = InstructionReport(seq=2, state="done", stage="receipted", outcome=Outcome(batch="finance.onecard/2026-10/r1"))
RUNNING = InstructionReport(seq=1, state="running", stage="collecting", done=7, total=10)


def failed(seq: int) -> InstructionReport:
    error = CollectorRequired(feed="finance.onecard", period="2026-10")
    return InstructionReport(seq=seq, state="failed", code=error.code, advice=Advice.of(error))


# --- issuing ----------------------------------------------------------------------------------------------------------


def test_an_instruction_is_signed_by_the_centre_and_stands_in_the_ledger(centre: Centre, collect: Collect) -> None:
    book = centre.book()
    issued = book.issue(collect(reason="卡号更正", by="值班员", order=ORDER))
    assert issued == Issued(number=issued.number, state=State.ISSUED, fresh=True, joined=False)
    (given,) = book.give("finance")
    said = read_instruction(given.document, centre.node.keys.trust(), NOW)
    match_instruction(said, "finance", ("changning",))
    assert (said.number, said.feed, said.period, said.action) == (
        issued.number, "finance.onecard", "2026-10", "collect",
    )  # fmt: skip
    assert (said.reason, said.by, said.order, said.expires_at) == ("卡号更正", "值班员", ORDER, NOW + LIFE)
    assert (given.number, given.order) == (issued.number, PAPER)
    (line,) = centre.lines(EventKind.INSTRUCTED)
    assert (line.feed, line.period, line.by, line.moment) == ("finance.onecard", "2026-10", "值班员", NOW)
    assert (line.said.number, line.said.department, line.said.reason) == (issued.number, "finance", "卡号更正")
    assert centre.lines(EventKind.CONCLUDED) == []


def test_the_same_request_is_given_the_same_instruction_whatever_became_of_it(centre: Centre, collect: Collect) -> None:
    here, there = centre.book(), centre.book()
    number = here.issue(collect()).number
    assert there.issue(collect()) == Issued(number=number, state=State.ISSUED, fresh=False, joined=False)
    here.give("finance")
    here.report("finance", number, DONE)
    assert there.issue(collect()) == Issued(number=number, state=State.DONE, fresh=False, joined=False)
    assert len(centre.lines(EventKind.INSTRUCTED)) == 1


def test_a_request_that_was_used_for_something_else_is_refused(centre: Centre, collect: Collect) -> None:
    book = centre.book()
    number = book.issue(collect()).number
    for other in ({"period": "2026-09"}, {"action": "deliver"}, {"reason": "再来一次", "by": "值班员"}):
        with pytest.raises(RequestTaken) as taken:
            book.issue(collect(**other))
        assert taken.value.facts == {"request": "run-1", "number": number}


def test_one_about_the_same_that_is_open_is_given_instead_and_remembered(centre: Centre, collect: Collect) -> None:
    book = centre.book()
    first = book.issue(collect()).number
    again = collect("run-2", reason="卡号更正", by="值班员")
    assert book.issue(again) == Issued(number=first, state=State.ISSUED, fresh=False, joined=True)
    book.give("finance")
    book.report("finance", first, DONE)
    assert book.issue(again) == Issued(number=first, state=State.DONE, fresh=False, joined=False)
    third = book.issue(collect("run-3", reason="卡号更正", by="值班员"))
    assert (third.fresh, third.number != first) == (True, True)


def test_another_action_period_or_batch_is_another_instruction(centre: Centre, collect: Collect) -> None:
    book = centre.book()
    hold = {"action": "hold", "reason": "待核"}
    wanted = [
        collect("1"),
        collect("2", action="deliver"),
        collect("3", period="2026-09"),
        collect("4", batch="finance.onecard/2026-10/r1", **hold),
        collect("5", batch="finance.onecard/2026-10/r2", **hold),
        collect("6", action="release", batch="finance.onecard/2026-10/r1", digest="5f" * 32, by="p003"),
    ]
    assert len({book.issue(one).number for one in wanted}) == len(wanted)
    assert [one.instruction.action for one in book.newest(3)] == ["release", "hold", "hold"]
    assert [one.instruction.period for one in book.newest(9, feed="finance.onecard", period="2026-09")] == ["2026-09"]
    assert book.newest(9, feed="civil.dibao") == ()


def test_many_who_ask_at_once_under_one_request_get_one_instruction(centre: Centre, collect: Collect) -> None:
    books = [centre.book() for _ in range(4)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda n: books[n % 4].issue(collect()), range(16)))
    assert len({one.number for one in answers}) == 1
    assert [one.fresh for one in answers].count(True) == 1
    assert [one.joined for one in answers].count(True) == 0
    assert len(centre.lines(EventKind.INSTRUCTED)) == 1


def test_many_who_ask_at_once_for_the_same_under_different_requests_share_one(centre: Centre, collect: Collect) -> None:
    books = [centre.book() for _ in range(4)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda n: books[n % 4].issue(collect(f"run-{n}")), range(16)))
    assert len({one.number for one in answers}) == 1
    assert [(one.fresh, one.joined) for one in answers].count((True, False)) == 1
    assert [(one.fresh, one.joined) for one in answers].count((False, True)) == 15


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"feed": "finance.nothing"}, UnknownName),
        ({"period": "2026Q3"}, PeriodNotOwed),
        ({"period": "1999-01"}, PeriodNotOwed),
        ({"order": "8", "reason": "整改", "by": "值班员"}, OrderUnknown),
        ({"reason": "整改"}, SealRefused),
        ({"action": "release", "by": "p003", "batch": "finance.onecard/2026-10/r1"}, SealRefused),
        ({"until": NOW}, SealRefused),
        ({"until": NOW + MAX_LIFE + SECOND}, SealRefused),
        ({"reason": "身份证 430482199001011234 有误", "by": "值班员"}, LedgerTextRefused),
    ],
    ids=lambda case: case.__name__ if isinstance(case, type) else "+".join(case),
)
def test_what_cannot_be_instructed_is_refused_and_leaves_nothing(
    centre: Centre, collect: Collect, changes: dict[str, object], refusal: type[Exception]
) -> None:
    book = centre.book()
    with pytest.raises(refusal):
        book.issue(collect(**changes))
    assert (book.newest(9), centre.lines(EventKind.INSTRUCTED)) == ((), [])
    assert book.issue(collect()).fresh, "the request is still free"


def test_a_feed_whose_front_end_reports_elsewhere_is_instructed_there(centre: Centre, collect: Collect) -> None:
    with pytest.raises(InstructionNotHere) as elsewhere:
        centre.book("hengyang").issue(collect())
    assert elsewhere.value.facts == {"feed": "finance.onecard", "first": "changning", "centre": "hengyang"}


# --- handing out ------------------------------------------------------------------------------------------------------


def test_each_department_is_given_its_own_oldest_first_until_it_has_ended(centre: Centre, collect: Collect) -> None:
    here, there = centre.book(), centre.book()
    first = here.issue(collect("1")).number
    second = there.issue(collect("2", period="2026-09")).number
    other = here.issue(collect("3", feed="civil.dibao")).number
    assert [one.number for one in there.give("finance")] == [first, second]
    assert [one.number for one in here.give("finance")] == [first, second], "an answer may be lost on the way"
    assert [one.number for one in here.give("finance", [first])] == [second]
    assert [one.number for one in there.give("civil")] == [other]
    assert there.give("agri") == ()
    here.report("finance", first, DONE)
    assert [one.number for one in there.give("finance")] == [second]
    assert here.show(second).state is State.FETCHED
    assert here.show(second).fetched_at == NOW


def test_no_more_than_a_full_answer_at_once_and_no_more_open_than_can_be_named(
    centre: Centre, collect: Collect
) -> None:
    book = centre.book()
    numbers = []
    for n in range(MAX_KNOWN):
        batch = f"finance.onecard/2026-10/r{n + 1}"
        wanted = collect(f"hold-{n}", action="hold", batch=batch, reason="待核")
        numbers.append(book.issue(wanted).number)
    with pytest.raises(InstructionsTooMany):
        book.issue(collect("one more"))
    assert book.issue(collect("elsewhere", feed="civil.dibao")).fresh
    known: list[str] = []
    while given := book.give("finance", known):
        assert len(given) <= MAX_GIVEN
        known += [one.number for one in given]
    assert known == numbers


def test_receivers_that_are_asked_at_once_give_out_all_and_mark_each_once(centre: Centre, collect: Collect) -> None:
    books = [centre.book() for _ in range(4)]
    months = [f"2026-{month:02}" for month in range(1, 11)]
    numbers = [books[0].issue(collect(period, period=period)).number for period in months]
    with ThreadPoolExecutor(8) as threads:
        given = list(threads.map(lambda n: books[n % 4].give("finance"), range(12)))
    assert [[one.number for one in answer] for answer in given] == [numbers] * 12
    assert {one.state for one in books[0].newest(20)} == {State.FETCHED}


# --- reports ----------------------------------------------------------------------------------------------------------


def test_reports_say_how_far_it_is_and_what_came_of_it(centre: Centre, collect: Collect) -> None:
    here, there = centre.book(), centre.book()
    number = here.issue(collect()).number
    here.give("finance")
    line = ReportLine(at=NOW, code=None, text="已读 7 行")
    told = InstructionReport(seq=1, state="running", stage="collecting", done=7, total=10, lines=(line,))
    assert there.report("finance", number, told) == Heard(number=number, state=State.RUNNING, seq=1)
    found = here.show(number)
    assert (found.state, found.stage, found.done, found.total) == (State.RUNNING, "collecting", 7, 10)
    assert (found.lines, found.seq, found.reported_at, found.ended) == ((line,), 1, NOW, False)
    came = Outcome(
        batch="finance.onecard/2026-10/r1", revision=1, unchanged=False, rows=12, amount=123_405, digest="5f" * 32
    )
    done = InstructionReport(seq=2, state="done", stage="receipted", outcome=came, lines=(line,))
    assert here.report("finance", number, done) == Heard(number=number, state=State.DONE, seq=2)
    found = there.show(number)
    assert (found.state, found.stage, found.outcome, found.code) == (State.DONE, "receipted", came, None)
    assert (found.lines, found.ended_at, found.ended) == ((line, line), NOW, True)
    (concluded,) = centre.lines(EventKind.CONCLUDED)
    assert (concluded.said.number, concluded.code, concluded.feed) == (number, None, "finance.onecard")


def test_a_failure_has_its_code_and_advice_in_both_languages(centre: Centre, collect: Collect) -> None:
    book = centre.book()
    number = book.issue(collect()).number
    book.give("finance")
    book.report("finance", number, failed(1))
    found, error = book.show(number), CollectorRequired(feed="finance.onecard", period="2026-10")
    assert (found.state, found.code, found.advice) == (State.FAILED, "YZ-2074", Advice.of(error))
    assert found.advice.zh.startswith(error.zh.format(**error.facts)[:8])
    (concluded,) = centre.lines(EventKind.CONCLUDED)
    assert concluded.code == "YZ-2074"


def test_a_report_that_comes_again_or_late_changes_nothing(centre: Centre, collect: Collect) -> None:
    here, there = centre.book(), centre.book()
    number = here.issue(collect()).number
    here.give("finance")
    line = ReportLine(at=NOW, code="YZ-2001", text="源系统暂不可用")
    told = InstructionReport(seq=5, state="running", stage="checking", lines=(line,))
    for book in (here, there, here):
        assert book.report("finance", number, told) == Heard(number=number, state=State.RUNNING, seq=5)
    assert there.report("finance", number, RUNNING) == Heard(number=number, state=State.RUNNING, seq=5)
    found = here.show(number)
    assert (found.lines, found.stage, found.done) == ((line,), "checking", None)


def test_a_front_end_that_counts_from_the_beginning_again_is_heard_when_it_ends(
    centre: Centre, collect: Collect
) -> None:
    """Its tray was lost or restored: its reports are numbered anew, below what the centre has heard."""
    book = centre.book()
    number = book.issue(collect()).number
    book.give("finance")
    book.report("finance", number, InstructionReport(seq=9, state="running", stage="delivering"))
    (again,) = book.give("finance")
    assert again.number == number
    assert book.report("finance", number, RUNNING) == Heard(number=number, state=State.RUNNING, seq=9)
    assert book.report("finance", number, DONE) == Heard(number=number, state=State.DONE, seq=9)
    assert book.report("finance", number, failed(3)).state is State.DONE
    assert [line.code for line in centre.lines(EventKind.CONCLUDED)] == [None]


def test_it_ends_once_however_many_receivers_hear_of_it(centre: Centre, collect: Collect) -> None:
    books = [centre.book() for _ in range(4)]
    number = books[0].issue(collect()).number
    books[0].give("finance")
    ends = [DONE if n % 2 else failed(3 + n) for n in range(8)]
    with ThreadPoolExecutor(8) as threads:
        heard = list(threads.map(lambda n: books[n % 4].report("finance", number, ends[n]), range(8)))
    (concluded,) = centre.lines(EventKind.CONCLUDED)
    found = books[0].show(number)
    assert {one.state for one in heard} == {found.state}
    assert (found.code is None) == (found.state is State.DONE)
    assert concluded.code == found.code


def test_a_report_about_anothers_or_no_instruction_is_told_the_same(centre: Centre, collect: Collect) -> None:
    book = centre.book()
    number = book.issue(collect()).number
    for department, asked in (("civil", number), ("finance", "20260101-bcdfghjklm")):
        with pytest.raises(InstructionUnknown) as unknown:
            book.report(department, asked, RUNNING)
        assert unknown.value.facts == {"number": asked}
    assert book.show(number).state is State.ISSUED


def test_no_more_lines_are_kept_than_anybody_reads(centre: Centre, collect: Collect) -> None:
    book = centre.book()
    number = book.issue(collect()).number
    book.give("finance")
    line = ReportLine(at=NOW, text="又一行")
    for seq in range(1, MAX_LINES_KEPT // 100 + 3):
        book.report("finance", number, InstructionReport(seq=seq, state="running", lines=(line,) * 100))
    assert len(book.show(number).lines) == MAX_LINES_KEPT
    assert book.report("finance", number, InstructionReport(seq=99, state="done")).state is State.DONE


# --- withdrawal and expiry --------------------------------------------------------------------------------------------


def test_what_nobody_fetched_can_be_taken_back_once(centre: Centre, collect: Collect) -> None:
    here, there = centre.book(), centre.book()
    number = here.issue(collect()).number
    found = there.withdraw(number, "值班员")
    assert (found.state, found.code) == (State.WITHDRAWN, InstructionWithdrawn.code)
    assert "值班员" in found.advice.zh
    assert here.withdraw(number, "another").advice == found.advice
    assert here.give("finance") == ()
    (concluded,) = centre.lines(EventKind.CONCLUDED)
    assert (concluded.code, concluded.by) == (InstructionWithdrawn.code, "值班员")
    assert here.report("finance", number, DONE) == Heard(number=number, state=State.WITHDRAWN, seq=0)
    assert here.issue(collect("run-2")).fresh


def test_what_was_fetched_or_has_ended_cannot_be_taken_back(centre: Centre, collect: Collect) -> None:
    book = centre.book()
    number = book.issue(collect()).number
    book.give("finance")
    for state, report in (("fetched", None), ("running", RUNNING), ("done", DONE)):
        if report is not None:
            book.report("finance", number, report)
        with pytest.raises(InstructionUnderWay) as under_way:
            book.withdraw(number, "值班员")
        assert under_way.value.facts == {"number": number, "state": state}
    with pytest.raises(InstructionUnknown):
        book.withdraw("20260101-bcdfghjklm", "值班员")


def test_taken_back_or_fetched_never_both(centre: Centre, collect: Collect) -> None:
    books = [centre.book() for _ in range(2)]

    def withdrawn(number: str) -> bool:
        try:
            return books[0].withdraw(number, "值班员").state is State.WITHDRAWN
        except InstructionUnderWay:
            return False

    with ThreadPoolExecutor(2) as threads:
        for n in range(12):
            number = books[0].issue(collect(f"run-{n}")).number
            back = threads.submit(withdrawn, number)
            given = threads.submit(books[1].give, "finance")
            assert back.result() != any(one.number == number for one in given.result())
            if not back.result():
                books[1].report("finance", number, DONE)
    assert len(centre.lines(EventKind.CONCLUDED)) == 12


@pytest.mark.parametrize("asked", ["give", "show", "newest", "issue", "withdraw"])
def test_what_nobody_fetched_in_time_ends_as_expired_whoever_asks_first(
    centre: Centre, collect: Collect, asked: str
) -> None:
    book = centre.book()
    until = NOW + timedelta(hours=1)
    number = book.issue(collect(until=until)).number
    centre.clock.now = until
    assert book.show(number).state is State.ISSUED
    centre.clock.forward(SECOND)
    if asked == "withdraw":
        with pytest.raises(InstructionUnderWay):
            book.withdraw(number, "值班员")
    elif asked == "issue":
        assert book.issue(collect("run-2")).fresh
    elif asked == "newest":
        assert book.newest(1)[0].state is State.EXPIRED
    else:
        assert (book.give("finance") if asked == "give" else ()) == ()
    found = book.show(number)
    assert (found.state, found.code) == (State.EXPIRED, InstructionExpired.code)
    (concluded,) = centre.lines(EventKind.CONCLUDED)
    assert (concluded.code, concluded.moment) == (InstructionExpired.code, until + SECOND)


def test_one_that_was_fetched_and_never_begun_expires_too_but_its_true_end_counts(
    centre: Centre, collect: Collect
) -> None:
    book = centre.book()
    until = NOW + timedelta(hours=1)
    number = book.issue(collect(until=until)).number
    book.give("finance")
    centre.clock.now = until + CLOCK_SKEW
    assert book.show(number).state is State.FETCHED
    centre.clock.forward(SECOND)
    assert book.show(number).state is State.EXPIRED
    assert book.report("finance", number, RUNNING).state is State.EXPIRED
    assert book.report("finance", number, DONE).state is State.DONE
    assert [line.code for line in centre.lines(EventKind.CONCLUDED)] == [InstructionExpired.code, None]
    assert (book.show(number).code, book.show(number).advice) == (None, None)


@pytest.mark.parametrize("asked", [True, False])
def test_that_the_front_end_found_it_expired_is_told_once_and_as_expired(
    centre: Centre, collect: Collect, asked: bool
) -> None:
    """It was off until then, and is heard before or after somebody asked: the code lets it be instructed again."""
    book = centre.book()
    until = NOW + timedelta(hours=1)
    number = book.issue(collect(until=until)).number
    book.give("finance")
    centre.clock.now = until + timedelta(days=1)
    error = InstructionOutOfTime(number=number, expires_at=until.isoformat())
    late = InstructionReport(seq=1, state="failed", code=error.code, advice=Advice.of(error))
    if asked:
        assert book.show(number).state is State.EXPIRED
    assert book.report("finance", number, late).state is State.EXPIRED
    assert book.show(number).code == InstructionExpired.code
    (concluded,) = centre.lines(EventKind.CONCLUDED)
    assert concluded.code == InstructionExpired.code


def test_one_that_is_carried_out_may_take_its_time_but_not_be_silent_for_good(centre: Centre, collect: Collect) -> None:
    book = centre.book()
    until = NOW + timedelta(hours=1)
    number = book.issue(collect(until=until)).number
    book.give("finance")
    centre.clock.now = until + timedelta(days=3)
    book.report("finance", number, RUNNING)
    fresh = book.issue(collect("run-2"))
    assert (fresh.fresh, fresh.number != number) == (True, True), "a new one need not wait for it"
    centre.clock.forward(SILENCE)
    assert book.show(number).state is State.RUNNING
    centre.clock.forward(SECOND)
    assert book.show(number).state is State.EXPIRED
