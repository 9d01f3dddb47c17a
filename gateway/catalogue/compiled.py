"""The compiled catalogue: what a planner of runs needs of each feed, in one JSON file that is always a good one.

Owns the file's shape (`yizhan-compiled/1`) and what becomes of a feed that does not hold just now: its last good entry
stays, with a remark. It must never hold a connection, a credential or a field list, and never write a file.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, time
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.calendar import ASIA_SHANGHAI, Arrangement, DueRule, Period, Schedule, versions
from gateway.catalogue import timing
from gateway.catalogue.entries import DueRuleEntry, HolidayEntry, WorkingDaysEntry
from gateway.catalogue.salvage import Salvaged
from gateway.catalogue.tree import Catalogue, Duty, Feed, Mode, Review
from gateway.errors import CompiledInvalid

FORMAT: Literal["yizhan-compiled/1"] = "yizhan-compiled/1"
_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class ScheduleText(_Strict):
    """A schedule as it is written down: a rule's versions, and what the office laid over the working days."""

    rules: Annotated[tuple[DueRuleEntry, ...], Field(min_length=1)]
    working_days: tuple[WorkingDaysEntry, ...] = ()

    @classmethod
    def of(cls, schedule: Schedule) -> Self:
        """The text of a schedule; arrangements only where a deadline or a run can depend on them."""
        return cls(
            rules=tuple(_rule_entry(rule) for rule in schedule.rules),
            working_days=tuple(_arrangement_entry(i, one) for i, one in enumerate(schedule.working.arrangements)),
        )

    def schedule(self) -> Schedule:
        """Raises: DueRuleInvalid: the versions do not make one schedule."""
        working = timing.working_days(self.working_days)
        return Schedule(
            id=self.rules[0].id, rules=versions([timing.due_rule(rule) for rule in self.rules]), working=working
        )


class CompiledFeed(_Strict):
    """One feed.

    Attributes:
        first: the first period that is run by itself; those before it only when somebody asks for them.
        reviewers: staff numbers of those who may release for the department; none where the catalogue names nobody.
        mode: of an increment no period can be read that later ones have gone past.
        remark: why this is an older entry, in Chinese and English; None where it is what the catalogue says.
    """

    feed: str
    title: str
    department: str
    department_title: str
    review: Review
    reviewers: tuple[str, ...]
    first: str
    schedule: ScheduleText
    mode: Mode = Mode.SNAPSHOT
    remark: tuple[str, str] | None = None


class Compiled(_Strict):
    """The whole file. `digest`: of the catalogue it comes from, None where that had faults. `morning`: `HH:MM`."""

    format: Literal["yizhan-compiled/1"] = FORMAT
    at: str
    digest: str | None
    morning: Annotated[str, Field(pattern=_CLOCK)]
    feeds: tuple[CompiledFeed, ...]

    @classmethod
    def parse(cls, document: bytes) -> Self:
        """Raises: CompiledInvalid: it is not such a file."""
        try:
            return cls.model_validate_json(document)
        except ValidationError:
            raise CompiledInvalid from None

    def document(self) -> bytes:
        """UTF-8 JSON, a feed a line."""
        head = self.model_dump_json(exclude={"feeds"}, indent=None)
        feeds = ",\n".join(feed.model_dump_json() for feed in self.feeds)
        return f'{head[:-1]},"feeds":[\n{feeds}\n]}}\n'.encode()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Since when and at what time of day runs are planned. `at`: now (aware)."""

    at: datetime
    morning: time


def compile_catalogue(found: Salvaged, before: Compiled | None, plan: Plan) -> Compiled:
    """The feeds that hold as they are now, and the last good entry of those that do not; sorted by id.

    A feed's `first` is the last complete period on the day it is first compiled (or its own first one, where that lies
    ahead) and stays so: whatever is missed from then on is caught up with, and nothing before it starts by itself.
    """
    old = {feed.feed: feed for feed in before.feeds} if before else {}
    fresh = {feed.id: _compiled(found.catalogue, feed, old.get(feed.id), plan) for feed in _feeds(found.catalogue)}
    lost = {name: _kept(feed, before) for name, feed in old.items() if name not in fresh and _stays(name, found)}
    return Compiled(
        at=plan.at.isoformat(timespec="seconds"),
        digest=found.catalogue.digest if found.catalogue and not found.faults else None,
        morning=plan.morning.strftime("%H:%M"),
        feeds=tuple(feed for _, feed in sorted((fresh | lost).items())),
    )


def _feeds(catalogue: Catalogue | None) -> tuple[Feed, ...]:
    return catalogue.feeds if catalogue else ()


def _stays(name: str, found: Salvaged) -> bool:
    """A feed goes only where the catalogue, read whole, no longer has it."""
    return name in found.broken or not found.whole


def _kept(feed: CompiledFeed, before: Compiled | None) -> CompiledFeed:
    if feed.remark or before is None:
        return feed
    zh = f"目录中的这一事项有误,沿用 {before.at} 的内容"
    return feed.model_copy(update={"remark": (zh, f"the catalogue's entry has faults: as it was at {before.at}")})


def _compiled(catalogue: Catalogue | None, feed: Feed, old: CompiledFeed | None, plan: Plan) -> CompiledFeed:
    department = catalogue.department(feed.department) if catalogue else None
    people = department.people if department else ()
    return CompiledFeed(
        feed=feed.id,
        title=feed.title,
        department=feed.department,
        department_title=department.title if department else feed.department,
        review=feed.review,
        reviewers=tuple(person.id for person in people if Duty.REVIEW in person.duties),
        first=_first(feed, old, plan),
        schedule=ScheduleText.of(feed.schedule),
        mode=feed.mode,
    )


def _first(feed: Feed, old: CompiledFeed | None, plan: Plan) -> str:
    if feed.schedule.event_driven:
        return str(feed.starts)
    if old is not None and feed.schedule.fits(known := Period.parse(old.first)):
        return str(max(known, feed.starts, key=lambda period: period.start))
    complete = feed.schedule.last_complete(plan.at.astimezone(ASIA_SHANGHAI).date())
    return str(max(complete, feed.starts, key=lambda period: period.start))


def _rule_entry(rule: DueRule) -> DueRuleEntry:
    effective = rule.effective.isoformat() if rule.effective else None
    return DueRuleEntry(**asdict(rule) | {"effective": effective})


def _arrangement_entry(position: int, one: Arrangement) -> WorkingDaysEntry:
    return WorkingDaysEntry(
        id=f"y{one.year}_{position}",
        year=one.year,
        complete=one.complete,
        holidays=tuple(
            HolidayEntry(first=each.first.isoformat(), last=each.last.isoformat(), title=each.title)
            for each in one.holidays
        ),
        workdays=tuple(day.isoformat() for day in one.workdays),
        article=one.article,
    )
