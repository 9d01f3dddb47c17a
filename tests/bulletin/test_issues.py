"""Issuing: once, by whom it may be, frozen in the ledger; corrected by numbered notices that say what changed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import ledger as ledger_room
from gateway.bulletin import Approval, ApprovalKind, Press, Standing, differences, render
from gateway.bulletin.issues import decode_approvals, encode_approvals
from gateway.database import open_database
from gateway.errors import (
    BulletinIssued,
    BulletinNotIssued,
    BulletinTooEarly,
    BulletinUnchanged,
    DutyMissing,
    LedgerTextRefused,
    YizhanError,
)
from gateway.ledger import Ledger
from tests.bulletin.county import CENTRE, DAY, NOW, OCTOBER, approval, owed, preview, worded
from tests.peers.products import product, server
from tests.peers.stores import drop, fresh

__all__ = ["product", "server"]

BEFORE = (owed("finance", Standing.ON_TIME, sent=10, held=10), owed("civil", Standing.MISSING, delay=DAY))
AFTER = (BEFORE[0], owed("civil", Standing.LATE, delay=3 * DAY, sent=7, held=7))


@pytest.fixture
def press(product: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Press]:
    where = tmp_path / "w.db" if product == "sqlite" else fresh(request.getfixturevalue("server"), ledger_room.SCHEMA)
    engine = open_database(where)
    yield Press(centre=CENTRE, ledger=Ledger(engine, "centre"), engine=engine, clock=lambda: NOW)
    engine.dispose()
    if product != "sqlite":
        drop(request.getfixturevalue("server"), where)


def test_an_issue_is_read_back_as_it_was_made_whatever_comes_later(press: Press) -> None:
    made = press.issue(preview(*BEFORE), "p101")
    assert (made.number, made.correction, made.by, made.reason) == (1, 0, "p101", None)
    assert press.issues(OCTOBER) == (made,)
    drawn = {ending: render(worded(made), ending) for ending in (".csv", ".html", ".xlsx")}
    press.correct(preview(*AFTER, at=NOW + 5 * DAY), "p101", "民政局补报")
    first, second = press.issues(OCTOBER)
    assert {ending: render(worded(first), ending) for ending in drawn} == drawn
    assert (second.number, second.correction, second.reason) == (2, 1, "民政局补报")
    assert second.entries == preview(*AFTER).entries
    assert list(press.ledger.verify()) == []


def test_an_issue_is_one_line_a_department_and_one_for_the_whole(press: Press) -> None:
    press.issue(preview(*BEFORE), "p101")
    lines = list(press.ledger.lines())
    assert [(line.event, line.period, line.by, line.said.number) for line in lines] == [
        ("published", "2026-10", "p101", "1")
    ] * 5
    assert [line.said.department for line in lines] == [None, "finance", "civil", "police", "land"]


def test_a_bulletin_is_issued_once(press: Press) -> None:
    press.issue(preview(*BEFORE), "p101")
    with pytest.raises(BulletinIssued):
        press.issue(preview(*AFTER), "p101")
    assert len(press.issues(OCTOBER)) == 1


def test_notices_are_numbered_on_and_one_that_corrects_nothing_is_refused(press: Press) -> None:
    with pytest.raises(BulletinNotIssued):
        press.correct(preview(*AFTER), "p101", "补报")
    press.issue(preview(*BEFORE), "p101")
    longer = (BEFORE[0], replace(BEFORE[1], delay=20 * DAY))
    for same in (BEFORE, longer):
        with pytest.raises(BulletinUnchanged):
            press.correct(preview(*same, at=NOW + 19 * DAY), "p101", "无")
    assert press.correct(preview(*AFTER), "p101", "补报").correction == 1
    with pytest.raises(BulletinUnchanged):
        press.correct(preview(*AFTER), "p101", "再次")
    assert press.correct(preview(*BEFORE), "p101", "撤回").correction == 2


@pytest.mark.parametrize("by", ["p102", "p999", "财政局"])
def test_only_who_may_approve_issues_and_corrects(press: Press, by: str) -> None:
    with pytest.raises(DutyMissing):
        press.issue(preview(*BEFORE), by)
    press.issue(preview(*BEFORE), "p101")
    with pytest.raises(DutyMissing):
        press.correct(preview(*AFTER), by, "补报")
    assert len(press.issues(OCTOBER)) == 1


def test_a_centre_that_lists_nobody_takes_a_post_as_typed(press: Press) -> None:
    press = replace(press, centre=replace(CENTRE, people=()))
    assert press.issue(preview(*BEFORE), "督查室").by == "督查室"


def test_nothing_is_issued_while_something_can_still_come_in_time(press: Press) -> None:
    with pytest.raises(BulletinTooEarly) as refused:
        press.issue(preview(*BEFORE, owed("land", Standing.OPEN)), "p101")
    assert refused.value.facts["open"] == 1
    with pytest.raises(BulletinTooEarly):
        press.issue(preview(BEFORE[0], at=NOW.replace(month=10, day=31)), "p101")
    assert press.issue(preview(BEFORE[0], at=NOW.replace(month=11, day=1)), "p101").number == 1


def test_a_reason_that_names_a_person_by_number_leaves_no_line_at_all(press: Press) -> None:
    press.issue(preview(*BEFORE), "p101")
    with pytest.raises(LedgerTextRefused):
        press.correct(preview(*AFTER), "p101", "430482199001010011 补报")
    assert len(list(press.ledger.lines())) == 5


def test_two_who_issue_at_once_issue_one(press: Press) -> None:
    ended: list[str] = []

    def issue() -> None:
        try:
            ended.append(str(press.issue(preview(*BEFORE), "p101").number))
        except YizhanError as error:
            ended.append(error.code)

    both = [threading.Thread(target=issue) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(ended) == ["1", BulletinIssued.code]
    assert len(press.issues(OCTOBER)) == 1


def test_periods_do_not_mix(press: Press) -> None:
    from gateway.calendar import Period

    november = Period.parse("2026-11")
    press.issue(preview(*BEFORE), "p101")
    press.issue(preview(*AFTER, period=november), "p101")
    assert [one.number for one in (*press.issues(OCTOBER), *press.issues(november))] == [1, 1]
    assert press.issues(november)[0].entries == preview(*AFTER).entries


NUMBERS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=60)


@given(st.lists(st.builds(Approval, kind=st.sampled_from(list(ApprovalKind)[:2]), number=NUMBERS), max_size=12))
def test_approvals_fit_a_ledger_line_and_none_is_lost_from_the_count(approvals: list[Approval]) -> None:
    kept = encode_approvals(approvals)
    assert len(kept or "") <= 200
    told = decode_approvals(kept)
    more = [int(one.number) for one in told if one.kind is ApprovalKind.OTHERS]
    named = [one for one in told if one.kind is not ApprovalKind.OTHERS]
    assert len(named) + sum(more) == len(approvals)
    assert named == [replace(one, number=one.number.replace("|", "/")) for one in approvals[: len(named)]]


def test_an_exempt_period_names_its_approval_after_it_was_issued(press: Press) -> None:
    exempt = owed("civil", Standing.EXEMPT, approvals=(approval("常政办函〔2026〕12号"),))
    longer = owed("land", Standing.LATE, approvals=(approval("常政办函〔2026〕13号", ApprovalKind.EXTENDED),))
    press.issue(preview(exempt, longer), "p101")
    (issued,) = press.issues(OCTOBER)
    told = render(worded(issued), ".csv").decode()
    assert "免报1期;批准文号:免报 常政办函〔2026〕12号" in told
    assert "批准文号:延期 常政办函〔2026〕13号" in told
    civil = next(entry for entry in issued.entries if entry.department == "civil")
    assert (civil.figures.due, civil.figures.exempt) == (0, 1)
    assert differences(issued.entries, preview(exempt, longer).entries) == ()
