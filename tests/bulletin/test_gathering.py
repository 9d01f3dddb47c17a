"""From facts by the real board to what a bulletin counts: each state, judged by what the rule judges by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gateway.bulletin import Approval, ApprovalKind, Figures, Obligation, Standing, obligations_of, tally
from gateway.calendar import Period, days_over
from gateway.catalogue import Mode
from gateway.dunning import Item, Notice
from gateway.envelope.manifest import Kind
from gateway.freshness import Delivery, Facts, Imbalance, Waiver, WaiverKind, obligations
from tests.freshness.county import MONTH_END, TENTH_LANDED, at, county, feed

FEED, MONTH = "finance.onecard", Period.parse("2026-10")
DUE = at("2026-11-30T23:59:59")
NOW = at("2026-12-03T12:00:00")
DAY = timedelta(days=1)


def sent(accepted: str, revision: int = 1, **more: object) -> Delivery:
    given = {
        "kind": Kind.DATA, "rows": 90, "amount": None, "problem_rows": 4, "offered_rows": 94, "net_rows": 90,
        "landed_at": at(accepted),
    } | more  # fmt: skip
    return Delivery(
        feed=FEED,
        period=MONTH,
        revision=revision,
        batch=f"{FEED}/{MONTH}/r{revision}",
        accepted_at=at(accepted),
        **given,
    )


def waiver(kind: WaiverKind, until: datetime | None = None, number: str = "常政办函〔2026〕12号") -> Waiver:
    return Waiver(
        feed=FEED,
        period=MONTH,
        at=at("2026-11-20T09:00:00"),
        position=1,
        kind=kind,
        until=until,
        number=number,
        by="p101",
        reason="-",
    )


def unbalanced(moment: str) -> Imbalance:
    return Imbalance(feed=FEED, period=MONTH, at=at(moment))


def one_of(
    *known: object, now: datetime = NOW, rule=MONTH_END, mode: Mode = Mode.SNAPSHOT, notices: Sequence[Notice] = ()
) -> Obligation:
    """What the one obligation of October counts as."""
    catalogue = county(replace(feed(FEED, rule, starts="2026-10"), mode=mode))
    facts = Facts(
        deliveries=tuple(one for one in known if isinstance(one, Delivery)),
        imbalances=tuple(one for one in known if isinstance(one, Imbalance)),
        waivers=tuple(one for one in known if isinstance(one, Waiver)),
    )
    rows = obligations(catalogue, facts, now, MONTH)
    (found,) = obligations_of(rows, catalogue, notices, now)
    return found


@pytest.mark.parametrize(
    ("known", "now", "standing", "delay"),
    [
        pytest.param((), DUE, Standing.OPEN, timedelta(), id="nothing yet"),
        pytest.param((), NOW, Standing.MISSING, 3 * DAY, id="nothing"),
        pytest.param((sent("2026-11-30T23:59:59"),), NOW, Standing.ON_TIME, timedelta(), id="in time"),
        pytest.param((sent("2026-12-02T00:00:00"),), NOW, Standing.LATE, 2 * DAY, id="late"),
        pytest.param((unbalanced("2026-11-20T09:00:00"),), DUE, Standing.OPEN, timedelta(), id="unbalanced in time"),
        pytest.param((unbalanced("2026-11-20T09:00:00"),), NOW, Standing.MISSING, 3 * DAY, id="unbalanced"),
        pytest.param(
            (sent("2026-11-20T09:00:00"), unbalanced("2026-12-01T09:00:00")),
            NOW,
            Standing.ON_TIME,
            timedelta(),
            id="a correction does not balance",
        ),
        pytest.param(
            (sent("2026-12-02T00:00:00"), unbalanced("2026-12-02T09:00:00")),
            NOW,
            Standing.LATE,
            2 * DAY,
            id="a correction of what was late does not balance",
        ),
        pytest.param((waiver(WaiverKind.EXEMPT),), NOW, Standing.EXEMPT, timedelta(), id="exempt"),
        pytest.param(
            (waiver(WaiverKind.EXEMPT), sent("2026-12-02T00:00:00")),
            NOW,
            Standing.EXEMPT,
            timedelta(),
            id="exempt, and came late",
        ),
        pytest.param(
            (waiver(WaiverKind.EXEMPT), sent("2026-12-01T00:00:00"), unbalanced("2026-12-02T00:00:00")),
            NOW,
            Standing.EXEMPT,
            timedelta(),
            id="exempt, came late, and its correction does not balance",
        ),
        pytest.param(
            (waiver(WaiverKind.EXTENDED, until=at("2026-12-05T23:59:59")), sent("2026-12-02T00:00:00")),
            NOW,
            Standing.ON_TIME,
            timedelta(),
            id="extended, and came before the new due",
        ),
        pytest.param(
            (waiver(WaiverKind.EXTENDED, until=at("2026-12-01T23:59:59")),),
            NOW,
            Standing.MISSING,
            2 * DAY,
            id="extended, and still missing",
        ),
    ],
)
def test_each_state_counts_as_one_thing(
    known: tuple[object, ...], now: datetime, standing: Standing, delay: timedelta
) -> None:
    found = one_of(*known, now=now)
    assert (found.standing, found.delay) == (standing, delay)


def test_comparison_data_is_judged_by_its_landing_and_corrected_by_the_skew() -> None:
    landed = {"landed_at": at("2026-11-10T23:00:00"), "rule": TENTH_LANDED}
    rule = landed.pop("rule")
    assert one_of(sent("2026-11-12T08:00:00", **landed), rule=rule).standing is Standing.ON_TIME
    slow = sent("2026-11-12T08:00:00", skew=timedelta(hours=-2), **landed)
    found = one_of(slow, rule=rule)
    assert (found.standing, found.delay) == (Standing.LATE, DAY)


def test_the_newest_snapshot_is_what_was_sent_and_every_effect_is_what_is_held() -> None:
    found = one_of(
        sent("2026-11-20T09:00:00"),
        sent("2026-11-21T09:00:00", 2, kind=Kind.CORRECTION, offered_rows=97, net_rows=5, problem_rows=2),
    )
    assert (found.sent, found.returned, found.held, found.corrections) == (97, 2, 95, 1)


def test_portions_of_an_increment_are_added_up_and_are_no_corrections() -> None:
    found = one_of(
        sent("2026-11-20T09:00:00"),
        sent("2026-11-21T09:00:00", 2, offered_rows=10, net_rows=6, problem_rows=4),
        mode=Mode.INCREMENT,
    )
    assert (found.sent, found.returned, found.held, found.corrections) == (104, 8, 96, 0)


def test_a_nil_return_is_counted_with_what_came_and_noted() -> None:
    nil = {"kind": Kind.NIL, "rows": 0, "offered_rows": 0, "net_rows": 0, "problem_rows": 0}
    assert one_of(sent("2026-11-20T09:00:00", **nil)) == replace(
        one_of(), standing=Standing.ON_TIME, nil=True, delay=timedelta()
    )
    assert one_of(sent("2026-11-20T09:00:00", **nil), sent("2026-11-21T09:00:00", 2, kind=Kind.CORRECTION)).nil is False


def test_an_approval_is_named_while_it_decides_anything() -> None:
    exempt, longer = waiver(WaiverKind.EXEMPT), waiver(WaiverKind.EXTENDED, until=at("2026-12-01T23:59:59"))
    assert one_of(exempt).approvals == (Approval(kind=ApprovalKind.EXEMPT, number=exempt.number),)
    assert one_of(exempt, sent("2026-11-20T09:00:00")).approvals == ()
    assert one_of(longer).approvals == (Approval(kind=ApprovalKind.EXTENDED, number=longer.number),)
    withdrawn = replace(exempt, withdrawn_at=at("2026-11-25T09:00:00"))
    assert (one_of(withdrawn).standing, one_of(withdrawn).approvals) == (Standing.MISSING, ())


def test_only_notices_that_name_this_feed_and_period_are_counted() -> None:
    def notice(number: str, feed: str, period: str) -> Notice:
        item = Item(feed=feed, period=Period.parse(period), due=DUE)
        return Notice(number=number, department="finance", at=NOW, by=None, items=(item,), digest="0" * 64)

    known = [notice("催〔2026〕1号", FEED, "2026-10"), notice("催〔2026〕2号", FEED, "2026-09")]
    assert one_of(notices=[*known, notice("催〔2026〕3号", "civil.dibao", "2026-10")]).notices == {"催〔2026〕1号"}


def test_a_quarter_stands_in_its_last_month_and_in_the_quarter() -> None:
    catalogue = county(
        feed("civil.quarterly", replace(MONTH_END, id="f3", cadence=Period.parse("2026Q3").cadence), starts="2026Q3"),
        feed("finance.monthly", starts="2026-07"),
    )
    counted = {
        text: [(one.feed, str(one.period)) for one in obligations_of(
            obligations(catalogue, Facts(), NOW, Period.parse(text)), catalogue, (), NOW)]
        for text in ("2026-08", "2026-09", "2026Q3")
    }  # fmt: skip
    quarter, months = ("civil.quarterly", "2026Q3"), [("finance.monthly", f"2026-0{n}") for n in (7, 8, 9)]
    assert sorted(counted["2026-08"]) == [months[1]]
    assert sorted(counted["2026-09"]) == [quarter, months[2]]
    assert sorted(counted["2026Q3"]) == [quarter, *months]


def test_one_department_with_everything_counts_what_a_person_counts() -> None:
    names = [f"finance.f{number}" for number in range(8)]
    late, nil, exempt, extended, unsettled, corrected, missing, unbalanced_only = names
    nothing = {"kind": Kind.NIL, "rows": 0, "problem_rows": 0, "offered_rows": 0, "net_rows": 0}
    better = {"kind": Kind.CORRECTION, "rows": 95, "problem_rows": 2, "offered_rows": 97, "net_rows": 5}
    facts = Facts(
        deliveries=(
            replace(sent("2026-12-02T00:00:00"), feed=late),
            replace(sent("2026-11-20T00:00:00", **nothing), feed=nil),
            replace(sent("2026-12-02T00:00:00"), feed=extended),
            replace(sent("2026-11-20T00:00:00"), feed=unsettled),
            replace(sent("2026-11-20T00:00:00"), feed=corrected),
            replace(sent("2026-12-01T09:00:00", 2, **better), feed=corrected),
        ),
        imbalances=(
            replace(unbalanced("2026-12-01T09:00:00"), feed=unsettled),
            replace(unbalanced("2026-11-29T09:00:00"), feed=unbalanced_only),
        ),
        waivers=(
            replace(waiver(WaiverKind.EXEMPT, number="免1"), feed=exempt),
            replace(waiver(WaiverKind.EXTENDED, until=at("2026-12-02T23:59:59"), number="延2"), feed=extended),
        ),
    )
    items = tuple(Item(feed=name, period=MONTH, due=DUE) for name in (late, missing))
    dunned = Notice(number="催〔2026〕1号", department="finance", at=NOW, by=None, items=items, digest="0" * 64)
    catalogue = county(*[feed(name, MONTH_END, starts="2026-10") for name in names])
    rows = obligations(catalogue, facts, NOW, MONTH)
    (entry,) = tally(["finance"], obligations_of(rows, catalogue, [dunned], NOW))
    assert entry.figures == Figures(
        rank=1, due=7, on_time=4, late=1, missing=2, exempt=1, extended=1, nil=1,
        sent=94 + 0 + 94 + 94 + 97, returned=4 + 0 + 4 + 4 + 2, held=90 + 0 + 90 + 90 + 95, corrections=1, dunnings=1,
        delay_seconds=(2 + 2 * 3) * 86_400,
    )  # fmt: skip
    assert entry.approvals == (
        Approval(kind=ApprovalKind.EXEMPT, number="免1"), Approval(kind=ApprovalKind.EXTENDED, number="延2"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("accepted", "cutoff", "days"),
    [
        pytest.param("2026-12-01T00:00:00", "24:00", 1, id="a second past the day"),
        pytest.param("2026-12-01T23:59:59", "24:00", 1, id="a day later but for a second"),
        pytest.param("2026-11-30T12:00:00", "12:00", 0, id="the same day"),
        pytest.param("2026-12-01T00:00:00", "12:00", 1, id="half a day later, over midnight"),
    ],
)
def test_a_delay_is_counted_as_the_board_counts_it(accepted: str, cutoff: str, days: int) -> None:
    found = one_of(sent(accepted), rule=replace(MONTH_END, cutoff=cutoff))
    assert (found.standing, found.delay) == (Standing.LATE, days * DAY)
    due = at("2026-11-30T23:59:59") if cutoff == "24:00" else at("2026-11-30T11:59:59")
    assert days_over(due, at(accepted)) == days
