"""The last attempt of each feed: the one this node saw, or the one that the front-end told of, whichever was later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from gateway import presence
from gateway.app.observing import ObservedCentre
from gateway.catalogue import Feed
from gateway.freshness import Attempt
from monitoring.exporter.metrics import LAST_ATTEMPT, LAST_ATTEMPT_FAILED
from monitoring.exporter.point import Point
from monitoring.exporter.watch import Observed


def reported(node: Observed) -> Mapping[str, presence.Attempt]:
    """By feed, what front-ends told of: most of it a centre never sees."""
    if not isinstance(node, ObservedCentre):
        return {}
    reports = (heard.report for heard in node.presence.all() if heard.report is not None)
    told = chain.from_iterable(report.attempts for report in reports)
    return {one.feed: one for one in told}


def points(feeds: Iterable[Feed], seen: Mapping[str, Attempt], told: Mapping[str, presence.Attempt]) -> Iterator[Point]:
    """Each feed's last attempt, and the code while it is one that failed."""
    for feed in feeds:
        place, known = (feed.id, feed.department), [one[feed.id] for one in (told, seen) if feed.id in one]
        last = max(known, key=lambda one: one.at, default=None)
        if last is None:
            continue
        yield Point(LAST_ATTEMPT, place, last.at.timestamp())
        if last.code is not None:
            yield Point(LAST_ATTEMPT_FAILED, (*place, last.code), 1)
