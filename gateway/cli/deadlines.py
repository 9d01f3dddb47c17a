"""How a feed's coming deadlines are told: the moment, the rule's day, what moved it, both readings, the reminders.

Must never compute one: that is the calendar's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from gateway.calendar import ASIA_SHANGHAI, Deadline, DueRule, Period, Shift, WorkingDays, readings, until
from gateway.catalogue import Feed
from gateway.cli.shell import Heading, Shell, answer

HEADINGS = (
    Heading("数据期", "period"),
    Heading("应报时限", "due"),
    Heading("规则日", "the rule's day"),
    Heading("顺延", "shift", "prose"),
    Heading("含当日", "including"),
    Heading("不含当日", "excluding"),
    Heading("提醒", "reminders", "prose"),
)
_SHOWN = 3
_SATURDAY = 5
_SHIFTS = {
    Shift.NEXT_WORKDAY: ("顺延至下一工作日", "to the next working day"),
    Shift.PREVIOUS_WORKDAY: ("提前至上一工作日", "to the working day before"),
    Shift.HOLIDAY_ONLY: ("节假日顺延", "past the holiday"),
    Shift.TAX_STYLE: ("按节假日天数顺延", "by the days of the holiday"),
}
_WEEKDAYS = tuple(zip("一二三四五六日", ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), strict=True))


@dataclass(frozen=True, kw_only=True)
class Coming:
    """One period's deadline, with what the rule says of it.

    Attributes:
        readings: the last day including the number the rule names, and excluding it; None where it names none.
        reminders: days before the deadline, and the moment, farthest first.
    """

    period: Period
    rule: DueRule
    deadline: Deadline
    readings: tuple[date, date] | None
    reminders: tuple[tuple[int, datetime], ...]


def rule_in_force(feed: Feed, now: datetime) -> DueRule:
    """The version that rules the period that runs at `now`, or the first one owed where that lies ahead."""
    today = now.astimezone(ASIA_SHANGHAI).date()
    return feed.schedule.rule_on(max(today, feed.starts.start))


def coming(feed: Feed, now: datetime) -> tuple[Coming, ...]:
    """The running period and the two after it, or the first three owed; none of an event-driven feed."""
    schedule = feed.schedule
    if schedule.event_driven:
        return ()
    today = now.astimezone(ASIA_SHANGHAI).date()
    first = max(schedule.running(today), feed.starts, key=lambda period: period.start)
    return tuple(
        Coming(
            period=period,
            rule=schedule.rule_of(period),
            deadline=schedule.deadline(period),
            readings=readings(schedule.rule_of(period), period),
            reminders=schedule.reminders(period),
        )
        for period in islice(schedule.periods(first, date.max), _SHOWN)
    )


def show(feed: Feed, periods: Sequence[Coming], shell: Shell) -> None:
    """On stdout: a table, or how soon after an event."""
    if feed.schedule.event_driven:
        answer(_after_events(feed.schedule.newest, shell))
        return
    rows = [_row(one, feed.schedule.working, shell) for one in periods]
    shell.table(("应报时限(北京时间)", "Deadlines, Beijing time"), HEADINGS, rows)


def to_json(one: Coming) -> dict[str, object]:
    """`due` is the last whole second in time; `named` the rule's day, `shift` what moved it from there, or null."""
    including, excluding = one.readings or (None, None)
    return {
        "period": str(one.period),
        "due": one.deadline.at.isoformat(),
        "named": one.deadline.named.isoformat(),
        "shift": one.deadline.shift.value if one.deadline.shift else None,
        "unknown_year": one.deadline.unknown_year,
        "including": including.isoformat() if including else None,
        "excluding": excluding.isoformat() if excluding else None,
        "reminders": [{"days": days, "at": at.isoformat()} for days, at in one.reminders],
        "article": one.rule.article,
    }


def version_json(rule: DueRule) -> dict[str, object]:
    """A version of a rule: from when on, its rhythm, and what it rests on."""
    return {
        "effective": rule.effective.isoformat() if rule.effective else None,
        "title": rule.title,
        "cadence": rule.cadence.value,
        "shift": rule.shift.value,
        "judged_by": rule.judged_by.value,
        "article": rule.article,
    }


def _row(one: Coming, working: WorkingDays, shell: Shell) -> tuple[str, ...]:
    including, excluding = one.readings or ("", "")
    reminders = ", ".join(f"{at:%m-%d}" for _, at in one.reminders)
    named = _day(one.deadline.named, working, shell)
    return (
        str(one.period),
        until(one.deadline.at),
        named,
        _moved(one, shell),
        str(including),
        str(excluding),
        reminders,
    )


def _day(day: date, working: WorkingDays, shell: Shell) -> str:
    """With its weekday, and whether it is worked where that is not what the weekday says."""
    zh, en = _WEEKDAYS[day.weekday()]
    told = shell.say(f"{day} 周{zh}", f"{day} {en}")
    if not working.knows(day.year) or working.works(day) is (day.weekday() < _SATURDAY):
        return told
    return told + (shell.say("(上班)", " (worked)") if working.works(day) else shell.say("(放假)", " (holiday)"))


def _moved(one: Coming, shell: Shell) -> str:
    year, moved = one.deadline.unknown_year, _SHIFTS[one.deadline.shift] if one.deadline.shift else ("", "")
    if year is None:
        return shell.say(*moved)
    if one.rule.workdays_after is not None:
        moved = "每天按工作日计", "every day counts as worked"
    elif not one.deadline.shift:
        moved = "未顺延", "not shifted"
    return shell.say(f"{year} 年工作日未知,{moved[0]}", f"{year} is not known: {moved[1]}")


def _after_events(rule: DueRule, shell: Shell) -> str:
    after, cutoff = shell.say("事件发生后", "after the event"), rule.cutoff
    if rule.hours_after is not None:
        return shell.say(f"{after} {rule.hours_after} 小时内", f"within {rule.hours_after} hours of the event")
    if (n := rule.workdays_after) is not None:
        return shell.say(
            f"{after} {n} 个工作日内,当日 {cutoff} 止", f"within {n} working days of the event, until {cutoff}"
        )
    if (n := rule.days_after) is not None:
        return shell.say(f"{after}第 {n} 日 {cutoff} 止", f"until {cutoff} of day {n} {after}")
    last = rule.day == "last"
    zh, en = ("月底", "the last day") if last else (f" {rule.day} 日", f"day {rule.day}")
    month = rule.months_after
    return shell.say(f"{after}第 {month} 个月{zh} {cutoff} 止", f"until {cutoff} of {en}, month {month} {after}")
