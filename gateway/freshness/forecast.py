"""The forecast: when a period will probably be reported, from how the feed did before.

Medians and nothing else, told in a line that anybody can check. It must never decide what is late: what is not yet due
is not late, however it looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import islice
from statistics import median
from typing import Self

from gateway.calendar import ASIA_SHANGHAI, Cadence, JudgedBy, Period
from gateway.catalogue import Feed
from gateway.freshness.facts import Facts, Stage, Step
from gateway.freshness.judging import corrected, decisive, first_of
from gateway.freshness.row import Forecast, Row

PERIODS = 6
"""How many past periods count: the newest with a receipt."""
FEWEST = 3
"""With fewer, nothing is foretold."""

_NONE = timedelta(0)
_TWO_DAYS = timedelta(days=2)
_ON_THE_WAY = {
    Step.LANDED: ("已落地前置机", "landed"),
    Step.SEALED: ("已封装", "sealed"),
    Step.RELEASED: ("已放行", "released"),
    Step.RETRIED: ("已重新排队", "queued again"),
    Step.DEFERRED: ("待重试", "to be tried again"),
    Step.ADMITTED: ("已到中心", "admitted at the centre"),
}


@dataclass(frozen=True, kw_only=True)
class Habit:
    """How the newest periods of one cadence were reported, each by its first accepted revision.

    Attributes:
        lags: from the end of a period (an event's own moment) to what decided its judgement, shortest first.
        duration: the median from landing on the front-end machine to acceptance.
    """

    lags: tuple[timedelta, ...]
    duration: timedelta

    @classmethod
    def of(cls, feed: Feed, known: Facts, cadence: Cadence) -> Self | None:
        """From all that is known of the feed; None where too few periods have a receipt."""
        reported = (period for period in reversed(known.receipted) if period.cadence is cadence)
        past = tuple(islice(filter(feed.schedule.fits, reported), PERIODS))
        if len(past) < FEWEST:
            return None
        firsts = [first_of(known.receipted[period]) for period in past]
        took = (max(one.accepted_at - (corrected(one) or one.landed_at), _NONE) for one in firsts)
        return cls(
            lags=tuple(sorted(decisive(feed, one) - _end(one.period) for one in firsts)),
            duration=median(took),
        )

    @property
    def usual(self) -> timedelta:
        """The median lag."""
        return median(self.lags)


def foresee(feed: Feed, row: Row, habit: Habit, at: datetime) -> Forecast:
    """The forecast of a period that has no receipt and is not overdue."""
    if row.stage is not None and row.stage.step in _ON_THE_WAY:
        expected, zh, en = _by_stage(feed, row.stage, habit, at)
    else:
        expected, zh, en = _by_habit(row.period, habit, at)
    late = expected > row.due
    day = f"{expected.astimezone(ASIA_SHANGHAI):%m-%d %H:%M}"
    return Forecast(
        expected_at=expected,
        late=late,
        zh=f"{zh};预计 {day} 报送,{'晚于' if late else '早于'}时限",
        en=f"{en}; expected {day}, {'after' if late else 'before'} the due",
    )


def _by_stage(feed: Feed, stage: Stage, habit: Habit, at: datetime) -> tuple[datetime, str, str]:
    """It is on its way: what decides by landing has happened, what decides by acceptance is a usual duration away."""
    zh, en = _ON_THE_WAY[stage.step]
    when = f"{stage.at.astimezone(ASIA_SHANGHAI):%m-%d %H:%M}"
    if feed.schedule.rule_of(stage.period).judged_by is JudgedBy.LANDED:
        return stage.at, f"本期{zh}({when})", f"{en} {when}"
    expected = max(stage.at + habit.duration, at)
    took_zh, took_en = _span(habit.duration)
    return (
        expected,
        f"本期{zh}({when}),落地到入库通常 {took_zh}",
        f"{en} {when}, usually {took_en} from landing to load",
    )


def _by_habit(period: Period, habit: Habit, at: datetime) -> tuple[datetime, str, str]:
    """As usual; once that is past, the median of the later ones; later than ever, as much later again."""
    end = _end(period)
    to_come = [lag for lag in habit.lags if end + lag > at]
    expected = end + median(to_come) if to_come else at + (at - end - habit.usual)
    zh, en = _told(habit)
    if to_come:
        return expected, zh, en
    later_zh, later_en = _span(at - end - habit.usual)
    return expected, f"{zh};本期已比通常晚 {later_zh}", f"{en}; by now {later_en} later than usual"


def _told(habit: Habit) -> tuple[str, str]:
    (first_zh, first_en), (last_zh, last_en), (usual_zh, usual_en) = map(
        _span, (habit.lags[0], habit.lags[-1], habit.usual)
    )
    return (
        f"近 {len(habit.lags)} 期在期末后 {first_zh}至 {last_zh}报送,中位 {usual_zh}",
        f"the last {len(habit.lags)} periods came {first_en} to {last_en} after their end, median {usual_en}",
    )


def _span(span: timedelta) -> tuple[str, str]:
    """In days from two days on, else in hours."""
    unit, zh, en = (timedelta(days=1), "天", "d") if abs(span) >= _TWO_DAYS else (timedelta(hours=1), "小时", "h")
    return f"{span / unit:.1f} {zh}", f"{span / unit:.1f} {en}"


def _end(period: Period) -> datetime:
    """The moment from which a lag is counted."""
    if period.minute:
        return period.moment
    return datetime.combine(period.end, time(), ASIA_SHANGHAI)
