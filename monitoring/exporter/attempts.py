"""The last attempt of each feed: the one this node saw, or the one that the front-end told of, whichever was later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from gateway.app.observing import ObservedCentre
from gateway.catalogue import Feed
from gateway.freshness import Facts
from monitoring.exporter.metrics import LAST_ATTEMPT, LAST_ATTEMPT_FAILED
from monitoring.exporter.point import Point
from monitoring.exporter.watch import Observed


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """An attempt at `at` (aware); `code`: of the error, None where there was none."""

    at: datetime
    code: str | None


def last_of(facts: Facts, at: datetime) -> Attempt | None:
    """The last one of a feed that its facts tell of, up to `at`. A receipt is an attempt that did not fail."""
    receipts = (Attempt(at=one.known_from, code=None) for one in facts.deliveries)
    steps = (Attempt(at=one.at, code=one.code) for one in facts.stages)
    known = (one for one in chain(receipts, steps) if one.at <= at)
    return max(known, key=lambda one: (one.at, one.code is None), default=None)


def reported(node: Observed) -> Mapping[str, Attempt]:
    """By feed, what front-ends told of: most of it a centre never sees."""
    if not isinstance(node, ObservedCentre):
        return {}
    reports = (heard.report for heard in node.presence.all() if heard.report is not None)
    told = chain.from_iterable(report.attempts for report in reports)
    return {one.feed: Attempt(at=one.at, code=one.code) for one in told}


def points(feeds: Iterable[Feed], seen: Mapping[str, Attempt], told: Mapping[str, Attempt]) -> Iterator[Point]:
    """Each feed's last attempt, and the code while it is one that failed."""
    for feed in feeds:
        place, known = (feed.id, feed.department), [one[feed.id] for one in (told, seen) if feed.id in one]
        last = max(known, key=lambda one: one.at, default=None)
        if last is None:
            continue
        yield Point(LAST_ATTEMPT, place, last.at.timestamp())
        if last.code is not None:
            yield Point(LAST_ATTEMPT_FAILED, (*place, last.code), 1)
