"""What must hold of `working_days`: days that exist in their year, each said once, and changes that change something.

Owns faults only. It must never decide which day is worked: that is the calendar's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from gateway.calendar import DayKind, WorkingDays
from gateway.catalogue.entries import WorkingDaysEntry
from gateway.catalogue.timing import arrangement
from gateway.catalogue.written import Item
from gateway.catalogue.yaml import Step
from gateway.errors import ConfigInvalid

Path = tuple[Step, ...]
Named = tuple[Path, date]


def holiday_faults(items: Sequence[Item]) -> Iterator[ConfigInvalid]:
    """Every fault of the entries of `working_days` that are each well formed."""
    bound = [(item, item.entry) for item in items if isinstance(item.entry, WorkingDaysEntry)]
    whole: dict[int, Item] = {}
    for item, entry in bound:
        first = whole.setdefault(entry.year, item) if entry.complete else item
        if first is not item:
            place = first.located.place_of(["complete"])
            zh, en = f"{entry.year} 年的全年安排重复", f"the whole arrangement of {entry.year} is given twice"
            yield item.fault(["complete"], f"{zh},已见于 {place}", f"{en}, first at {place}")
    known = WorkingDays(arrangements=tuple(arrangement(entry) for _, entry in bound if entry.complete))
    for item, entry in bound:
        yield from _says_something(item, entry, known)
        yield from _outside(item, entry)
        yield from _not_resting(item, entry, known)
    yield from _said_twice([item for item, entry in bound if not entry.complete])
    for item, entry in bound:
        if entry.complete:
            yield from _said_twice([item])


def _says_something(item: Item, entry: WorkingDaysEntry, known: WorkingDays) -> Iterator[ConfigInvalid]:
    named = sum(1 for path, _ in _days(item) if path[0] == "holidays")
    if entry.complete and named < _STATUTORY:
        zh = f"complete: true 须列出全年的 holidays:一年至少 {_STATUTORY} 天,这里只有 {named} 天"
        en = f"complete: true needs all holidays of the year: there are at least {_STATUTORY} days of them, not {named}"
        yield item.fault(["complete"], zh, en)
    if not entry.complete and not entry.holidays and not entry.workdays:
        yield item.fault([], "holidays 和 workdays 至少写一项", "give holidays or workdays")
    if not entry.complete and not known.knows(entry.year):
        zh = f"{entry.year} 年的安排尚不可知,须先以 complete: true 给出全年安排"
        yield item.fault(["year"], zh, f"nobody knows {entry.year} yet: give the whole year first, complete: true")


def _outside(item: Item, entry: WorkingDaysEntry) -> Iterator[ConfigInvalid]:
    """Days of another year, and holidays that end before they begin."""
    for path, day in _written_days(entry):
        if day.year != entry.year:
            yield item.fault(path, f"{day} 不在 {entry.year} 年", f"{day} is not in {entry.year}")
    for i, one in enumerate(entry.holidays):
        if one.last < one.first:
            zh, en = f"{one.title} 的 last 早于 first", "last is before first"
            yield item.fault(["holidays", i, "last"], zh, en)


def _not_resting(item: Item, entry: WorkingDaysEntry, known: WorkingDays) -> Iterator[ConfigInvalid]:
    """A rest day that is worked must be one."""
    for i, text in enumerate(entry.workdays):
        day = date.fromisoformat(text)
        worked = day.weekday() < _SATURDAY if entry.complete else known.kind(day) is DayKind.WORKDAY
        if worked and known.knows(entry.year):
            yield item.fault(["workdays", i], f"{day} 本来就上班", f"{day} is a working day already")


def _said_twice(items: Sequence[Item]) -> Iterator[ConfigInvalid]:
    seen: set[date] = set()
    for item in items:
        for path, day in _days(item):
            if day in seen:
                yield item.fault(path, f"{day} 写了两次", f"{day} is given twice")
            seen.add(day)


def _days(item: Item) -> Iterator[Named]:
    """Every day that an entry names, and where; a holiday's once for each of its days."""
    if not isinstance(item.entry, WorkingDaysEntry):
        return
    for i, holiday in enumerate(item.entry.holidays):
        first, last = date.fromisoformat(holiday.first), date.fromisoformat(holiday.last)
        if first.year == last.year:
            yield from ((("holidays", i), first + timedelta(days=n)) for n in range((last - first).days + 1))
    yield from ((("workdays", i), date.fromisoformat(text)) for i, text in enumerate(item.entry.workdays))


def _written_days(entry: WorkingDaysEntry) -> Iterator[Named]:
    for i, holiday in enumerate(entry.holidays):
        yield ("holidays", i, "first"), date.fromisoformat(holiday.first)
        yield ("holidays", i, "last"), date.fromisoformat(holiday.last)
    yield from ((("workdays", i), date.fromisoformat(text)) for i, text in enumerate(entry.workdays))


_SATURDAY = 5
_STATUTORY = 11  # days off in a year since 2008, 13 since 2025 (全国年节及纪念日放假办法第二条)
