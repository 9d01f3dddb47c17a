"""The collector `board`: what is owed, what has come, each feed's last attempt, and how far the calendar is known.

The freshness room judges; here its rows are only put into numbers. It must never judge, and never leave a debt out.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.app.facts import Following
from gateway.calendar import ASIA_SHANGHAI
from gateway.catalogue import Catalogue
from gateway.freshness import unknown_years
from monitoring.exporter import attempts
from monitoring.exporter import metrics as m
from monitoring.exporter.point import Point
from monitoring.exporter.rows import Rows
from monitoring.exporter.watch import Observed, Watch

_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class _View:
    """What was made of one node, and is kept as long as its catalogue is the same."""

    node: Observed
    owed: Catalogue
    following: Following
    rows: Rows


class Board:
    """See `Source`. What was read and judged is kept; a scrape reads what is new."""

    name = "board"

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._view: _View | None = None

    def read(self) -> Iterator[Point]:
        """Raises: StoreAbsent, StoreUnavailable, StoreForbidden, ConfigInvalid and what else the catalogue raises."""
        self._watch.look()
        view = self._current(self._watch.node)
        at, facts = view.node.clock(), view.following.now()
        yield from feed_infos(view.owed, at)
        yield from view.rows.points(facts, at)
        yield from attempts.points(view.owed.feeds, view.rows.attempts, attempts.reported(view.node))
        yield from _calendar(view.owed, at)

    def _current(self, node: Observed) -> _View:
        if self._view is None or self._view.node is not node:
            self._view = _view(node)
        return self._view


def _view(node: Observed) -> _View:
    """All of a county's history stays: looking through it for garbage again and again took longer than a scrape."""
    gc.disable()
    try:
        owed, following = node.owed, Following(node)
        following.now()
    finally:
        gc.enable()
    gc.freeze()
    return _View(node=node, owed=owed, following=following, rows=Rows(owed))


def feed_infos(catalogue: Catalogue, at: datetime) -> Iterator[Point]:
    """Each feed with the version of its rule that rules on that day, or of its first period owed if that is later."""
    today = at.astimezone(ASIA_SHANGHAI).date()
    departments = {department.id: department for department in catalogue.departments}
    for feed in catalogue.feeds:
        department, rule = departments[feed.department], feed.schedule.rule_on(max(today, feed.starts.start))
        says = (feed.title, department.title, department.contact, rule.cadence, rule.judged_by, rule.article)
        yield Point(m.FEED_INFO, (feed.id, feed.department, *says), 1)


def _calendar(catalogue: Catalogue, at: datetime) -> Iterator[Point]:
    end = datetime.combine(catalogue.working_days.known_until + _DAY, datetime.min.time(), ASIA_SHANGHAI)
    rules = {feed.schedule.id for feed in catalogue.feeds if feed.schedule.needs_working_days}
    yield Point(m.CALENDAR_END, (), end.timestamp())
    yield Point(m.CALENDAR_RULES, (), len(rules))
    yield Point(m.CALENDAR_UNKNOWN, (), len(unknown_years(catalogue, at)))
