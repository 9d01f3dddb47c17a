"""A county of a few feeds, and facts about them, as the freshness tests need them."""

from dataclasses import replace
from datetime import datetime

from gateway.calendar import ASIA_SHANGHAI, Cadence, DueRule, JudgedBy, Period
from gateway.catalogue import Catalogue, Department, Feed, Limits, Mode, Review
from gateway.envelope.manifest import Kind
from gateway.freshness import Delivery, Facts, Held, Imbalance

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
        rule=rule,
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
        due_rules=(),
        year_freeze=(),
        subscribers=(),
        feeds=feeds,
        digest="",
    )


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=ASIA_SHANGHAI)


def delivery(name, period, accepted, landed=None, revision=1, **more):
    given = {"kind": Kind.DATA, "rows": 100, "amount": 12_345, "problem_rows": 3, **more}
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


def facts(*known):
    return Facts(
        deliveries=tuple(one for one in known if isinstance(one, Delivery)),
        imbalances=tuple(one for one in known if isinstance(one, Imbalance)),
        held=tuple(one for one in known if isinstance(one, Held)),
    )


ONECARD = county(feed("finance.onecard"))
POLICE = county(feed("police.household", TENTH_LANDED))
