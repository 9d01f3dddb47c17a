"""Notices: what the office should know of the calendar before a deadline depends on it.

It must never stop anything: in a year nobody knows, deadlines stand where the rule names them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.calendar import ASIA_SHANGHAI, Deadline
from gateway.catalogue import Catalogue, Feed
from gateway.errors import CalendarEnding, CalendarUnknown, YizhanError

EARLY = timedelta(days=60)
"""How long before the known years end somebody is told."""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A remark about the whole board, with a stable code and its words."""

    code: str
    zh: str
    en: str


def notices(catalogue: Catalogue, at: datetime) -> tuple[Notice, ...]:
    """What to tell beside a board at `at` (aware); nothing while no rule asks which days are worked.

    * a year that the rule of a running or adjoining period needs, and nobody knows;
    * the known years end within 60 days, or have ended.
    """
    needing = [feed for feed in catalogue.feeds if feed.schedule.needs_working_days]
    return tuple(_notice(told) for told in _told(catalogue, needing, at)) if needing else ()


def unknown_years(catalogue: Catalogue, at: datetime) -> tuple[int, ...]:
    """The years that deadlines of running or adjoining periods need and nobody knows, in order."""
    found = (one.unknown_year for feed in catalogue.feeds for one in _deadlines(feed, at))
    return tuple(sorted({year for year in found if year is not None}))


def _told(catalogue: Catalogue, needing: list[Feed], at: datetime) -> Iterator[YizhanError]:
    for year in unknown_years(catalogue, at):
        yield CalendarUnknown(year=year)
    until = catalogue.working_days.known_until
    if until - at.astimezone(ASIA_SHANGHAI).date() <= EARLY:
        rules = sorted({feed.schedule.id for feed in needing})
        yield CalendarEnding(until=until, year=until.year + 1, rules=", ".join(rules))


def _deadlines(feed: Feed, at: datetime) -> Iterator[Deadline]:
    """Of the period that runs at `at`, the one before and the one after; an event's may begin now."""
    schedule = feed.schedule
    if not schedule.needs_working_days:
        return
    if schedule.event_driven:
        yield schedule.deadline(type(feed.starts).of_event(at))
        return
    running = schedule.running(at.astimezone(ASIA_SHANGHAI).date())
    for period in (schedule.before(running), running, schedule.after(running)):
        yield schedule.deadline(period)


def _notice(told: YizhanError) -> Notice:
    return Notice(code=told.code, zh=told.message("zh"), en=told.message("en"))
