"""The timetable of a feed: one run for each period, in Beijing time.

Owns the step from the calendar's periods to Airflow's runs: the data interval is the period itself, the logical date
its first moment, and the run starts when collecting first makes sense (`gateway.calendar.collect_from`). It must never
compute a period or a deadline by itself.
"""

from __future__ import annotations

import json
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, ClassVar

import pendulum
from airflow.plugins_manager import AirflowPlugin
from airflow.timetables.base import DagRunInfo, DataInterval, Timetable

from gateway.calendar import ASIA_SHANGHAI, Cadence, Period, Schedule, collect_from
from gateway.catalogue.compiled import ScheduleText

if TYPE_CHECKING:
    from airflow.timetables.base import TimeRestriction
    from airflow.utils.types import DagRunType

_CADENCES = {
    Cadence.DAILY: "每日",
    Cadence.WEEKLY: "每周",
    Cadence.MONTHLY: "每月",
    Cadence.QUARTERLY: "每季",
    Cadence.HALF_YEARLY: "每半年",
    Cadence.YEARLY: "每年",
    Cadence.EVENT: "按事件",
}


class FeedTimetable(Timetable):
    """The periods of one schedule. `morning`: `HH:MM`, when a day's runs begin."""

    def __init__(self, text: ScheduleText, morning: str) -> None:
        self.text = text
        self.morning = morning
        self.schedule = text.schedule()
        self.periodic = self.can_be_scheduled = not self.schedule.event_driven
        self.description = f"{self.schedule.newest.title}:{self.schedule.newest.article}"

    @property
    def rhythm(self) -> str:
        """How often, in one word: the DAG's tag."""
        return _CADENCES[self.schedule.newest.cadence]

    @property
    def summary(self) -> str:
        """How often and when, for the list of DAGs."""
        return self.rhythm if self.schedule.event_driven else f"{self.rhythm},期满后首个工作日 {self.morning}"

    def serialize(self) -> dict[str, Any]:
        """As `deserialize` takes it."""
        return {"schedule": self.text.model_dump(mode="json"), "morning": self.morning}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> FeedTimetable:
        """What `serialize` gave."""
        return cls(ScheduleText.model_validate_json(json.dumps(data["schedule"])), data["morning"])

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """The period after the last one that ran, or the first one allowed."""
        if self.schedule.event_driven:
            return None
        period = self._next(last_automated_data_interval, restriction)
        if period is None or (restriction.latest and period.start > _day(restriction.latest)):
            return None
        moment = collect_from(self.schedule, period, time.fromisoformat(self.morning))
        return DagRunInfo(run_after=pendulum.instance(moment), data_interval=interval(period))

    def infer_manual_data_interval(self, *, run_after: datetime) -> DataInterval:
        """The one rule for a run that a person starts: a moment that begins a period names that period (it is its
        logical date); any other moment names the newest period that had ended by then. Of events the minute counts.
        """
        if self.schedule.event_driven:
            return interval(Period.of_event(run_after))
        running = self.schedule.running(_day(run_after))
        return interval(running if running.moment == run_after else self.schedule.before(running))

    def generate_run_id(
        self, *, run_type: DagRunType, run_after: datetime, data_interval: DataInterval | None, **extra: Any
    ) -> str:
        """`scheduled__2026-10`: a run is named after its period."""
        if data_interval is None:
            return super().generate_run_id(run_type=run_type, run_after=run_after, data_interval=None, **extra)
        return f"{run_type.value}__{period_at(self.schedule, data_interval.start)}"

    def _next(self, last: DataInterval | None, restriction: TimeRestriction) -> Period | None:
        after = self.schedule.after(period_at(self.schedule, last.start)) if last else None
        first = self._first(restriction.earliest) if restriction.earliest else None
        latest = None if restriction.catchup else self.schedule.last_complete(_day(pendulum.now()))
        known = [period for period in (after, first, latest) if period is not None]
        return max(known, key=lambda period: period.start) if known else None

    def _first(self, earliest: datetime) -> Period:
        """By days of Beijing: a range given from 1 August 00:00 of any other zone begins with August."""
        running = self.schedule.running(_day(earliest))
        return running if running.start == _day(earliest) else self.schedule.after(running)


def period_at(schedule: Schedule, start: datetime) -> Period:
    """The period whose data interval begins at `start`."""
    return Period.of_event(start) if schedule.event_driven else schedule.running(_day(start))


def interval(period: Period) -> DataInterval:
    """From the first moment of the period to the first one after it; of an event its minute alone."""
    return DataInterval(pendulum.instance(period.moment), pendulum.instance(period.complete_at))


def _day(moment: datetime) -> date:
    return moment.astimezone(ASIA_SHANGHAI).date()


class YizhanPeriods(AirflowPlugin):
    """Makes the timetable known to the scheduler."""

    name = "yizhan_periods"
    timetables: ClassVar = [FeedTimetable]
