"""Which periods of a feed are owed, and which of them a board shows.

Must never judge whether one is late: that is `judging`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from gateway.calendar import ASIA_SHANGHAI, Period
from gateway.catalogue import Feed
from gateway.freshness.facts import Facts, WaiverKind
from gateway.freshness.judging import over, unsettled


class Owing:
    """The periods that feeds owe up to a moment; those of feeds with one rule and one beginning are the same."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._today = at.astimezone(ASIA_SHANGHAI).date()
        self._rhythms: dict[tuple[str, Period], tuple[Period, ...]] = {}

    def listed(self, feed: Feed, known: Facts) -> tuple[Period, ...]:
        """The periods of a feed that a board shows, oldest first; `known`: all that was known of the feed then.

        * every period that has ended, from `feed.starts` on, with neither a receipt nor an exemption: it is owed,
          however old;
        * every period with a receipt whose newest attempt did not balance;
        * the newest period with a receipt, and the newest that ended exempt without one;
        * the running period, or `feed.starts` where that lies ahead: so each feed is on the board. A feed that is
          driven by events has none.
        """
        receipted, waived = known.receipted, _waived(known)
        awaited = [period for period in self.ended(feed, known) if period not in receipted]
        shown = {period for period in awaited if period not in waived}
        shown.update(period for period in _failed(known) if period in receipted and feed.schedule.fits(period))
        shown.update(_last_of(feed, receipted), newest(period for period in awaited if period in waived))
        if not feed.schedule.event_driven:
            shown.add(max(feed.schedule.running(self._today), feed.starts, key=begin))
        return tuple(sorted(shown, key=begin))

    def ended(self, feed: Feed, known: Facts) -> tuple[Period, ...]:
        """What was owed by then: the ended periods from `feed.starts` on, or the events that were made known."""
        if feed.schedule.event_driven:
            return tuple(period for period in events(feed, known) if over(period, self._at))
        place = feed.schedule.id, feed.starts
        if place not in self._rhythms:
            begun = feed.schedule.periods(feed.starts, self._today)
            self._rhythms[place] = tuple(period for period in begun if period.end <= self._today)
        return self._rhythms[place]

    def whole(self, feed: Feed, known: Facts) -> tuple[Period, ...]:
        """All that `listed` shows, and every period that was ever owed or reported."""
        reported = filter(feed.schedule.fits, known.receipted)
        return tuple(sorted({*self.listed(feed, known), *self.ended(feed, known), *reported}, key=begin))


def within(feed: Feed, known: Facts, span: Period) -> tuple[Period, ...]:
    """The periods a feed owes whose last day (an event's own day) lies in `span`, oldest first."""
    if feed.schedule.event_driven:
        return tuple(period for period in events(feed, known) if span.start <= period.start < span.end)
    first = max(feed.schedule.running(span.start), feed.starts, key=begin)
    begun = feed.schedule.periods(first, span.end)
    return tuple(period for period in begun if period.end <= span.end)


def events(feed: Feed, known: Facts) -> tuple[Period, ...]:
    """The events of a feed that were made known, or reported unasked, from `feed.starts` on, in order."""
    happened = (period for period, facts in known.by_period.items() if feed.schedule.fits(period) and _happened(facts))
    return tuple(sorted((period for period in happened if begin(period) >= begin(feed.starts)), key=begin))


def newest(periods: Iterable[Period]) -> tuple[Period, ...]:
    """The newest of them, or nothing."""
    last = max(periods, key=begin, default=None)
    return () if last is None else (last,)


def begin(period: Period) -> datetime:
    """Orders periods in time."""
    return period.moment


def _last_of(feed: Feed, receipted: Mapping[Period, Facts]) -> tuple[Period, ...]:
    """The newest of the receipted periods (oldest first) that is one of the feed's."""
    return next(((period,) for period in reversed(receipted) if feed.schedule.fits(period)), ())


def _waived(known: Facts) -> set[Period]:
    return {one.period for one in known.waivers if one.kind is WaiverKind.EXEMPT}


def _failed(known: Facts) -> set[Period]:
    return {one.period for one in known.imbalances if unsettled(known.by_period[one.period])}


def _happened(facts: Facts) -> bool:
    return bool(facts.occurrences or facts.deliveries or facts.imbalances or facts.held)
