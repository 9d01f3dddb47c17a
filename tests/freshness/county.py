"""A county of a few feeds, and facts about them, as the freshness tests need them."""

from dataclasses import replace
from datetime import datetime

from gateway.calendar import ASIA_SHANGHAI, Cadence, DueRule, JudgedBy, Period, Schedule, WorkingDays
from gateway.catalogue import Catalogue, Department, Feed, Limits, Mode, Review
from gateway.envelope.manifest import Kind
from gateway.freshness import Delivery, Facts, Held, Imbalance, Occurrence, Stage, Step, Waiver, WaiverKind

MONTH_END = DueRule(
    id="f1",
    title="民生资金",
    cadence=Cadence.MONTHLY,
    months_after=1,
    day="last",
    judged_by=JudgedBy.ACCEPTED,
    article="-",
)
TENTH_LANDED = replace(MONTH_END, id="f4", day=10, judged_by=JudgedBy.LANDED)
QUARTER = replace(MONTH_END, id="f3", cadence=Cadence.QUARTERLY)


def feed(name, rule=MONTH_END, starts="2026-09"):
    return Feed(
        id=name,
        title=f"{name} 清册",
        department=name.partition(".")[0],
        schedule=Schedule(id=rule.id, rules=(rule,), working=WorkingDays()),
        starts=Period.parse(starts),
        mode=Mode.SNAPSHOT,
        routes=("changning",),
        path=("changning",),
        key=("no",),
        operation=None,
        review=Review.NONE,
        amount=None,
        fields=(),
        limits=Limits(rows=1, bytes=1, seconds=1),
        adapter="sftp",
        source_config=None,
    )


def county(*feeds):
    names = ("finance", "civil", "police")
    return Catalogue(
        region="430482",
        centres=(),
        departments=tuple(Department(id=name, title=name, region="430482", contact="") for name in names),
        schedules=(),
        working_days=WorkingDays(),
        year_freeze=(),
        subscribers=(),
        feeds=feeds,
        digest="",
    )


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=ASIA_SHANGHAI)


def delivery(name, period, accepted, landed=None, revision=1, **more):
    given = {
        "kind": Kind.DATA,
        "rows": 100,
        "amount": 12_345,
        "problem_rows": 3,
        "offered_rows": 102,
        "net_rows": 99,
        **more,
    }
    return Delivery(
        feed=name,
        period=Period.parse(period),
        revision=revision,
        batch=f"{name}/{period}/r{revision}",
        landed_at=at(landed or accepted),
        accepted_at=at(accepted),
        **given,
    )


def imbalance(name, period, moment):
    return Imbalance(feed=name, period=Period.parse(period), at=at(moment))


def held(name, period, since, until=None):
    return Held(feed=name, period=Period.parse(period), since=at(since), until=at(until) if until else None)


def exempt(name, period, moment, withdrawn=None, number="免〔2026〕1号"):
    return _waiver(name, period, moment, withdrawn, number, WaiverKind.EXEMPT, None)


def extended(name, period, moment, until, withdrawn=None, number="延〔2026〕1号"):
    return _waiver(name, period, moment, withdrawn, number, WaiverKind.EXTENDED, at(until))


def _waiver(name, period, moment, withdrawn, number, kind, until):
    return Waiver(
        feed=name, period=Period.parse(period), at=at(moment), kind=kind, until=until, number=number, by="p101",
        reason="机构改革", position=1, withdrawn_at=at(withdrawn) if withdrawn else None,
    )  # fmt: skip


def occurrence(name, period, moment):
    return Occurrence(feed=name, period=Period.parse(period), at=at(moment))


def stage(name, period, moment, step, code=None):
    return Stage(feed=name, period=Period.parse(period), at=at(moment), step=Step(step), code=code)


KINDS = {
    "deliveries": Delivery, "imbalances": Imbalance, "held": Held, "occurrences": Occurrence, "waivers": Waiver,
    "stages": Stage,
}  # fmt: skip


def facts(*known):
    return Facts(**{name: tuple(one for one in known if isinstance(one, kind)) for name, kind in KINDS.items()})


ONECARD = county(feed("finance.onecard"))
POLICE = county(feed("police.household", TENTH_LANDED))

EVENT = DueRule(
    id="accident",
    title="事故",
    cadence=Cadence.EVENT,
    hours_after=24,
    judged_by=JudgedBy.ACCEPTED,
    article="-",
)
ACCIDENTS = county(feed("police.accident", EVENT, "2026-09-01T0000"))
