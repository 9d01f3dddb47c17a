"""Rules about time: entries into the calendar's values, and what must hold between the versions of a due rule.

Owns which entries make up one schedule. It must never compute a deadline: that is the calendar's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

from gateway.calendar import (
    Arrangement,
    DueRule,
    Holiday,
    Schedule,
    WorkingDays,
    YearFreeze,
    require_succession,
    versions,
)
from gateway.catalogue.entries import DueRuleEntry, WorkingDaysEntry, YearFreezeEntry
from gateway.catalogue.written import Item, Written
from gateway.errors import ConfigInvalid, DueRuleInvalid


def due_rule(entry: DueRuleEntry) -> DueRule:
    """Raises: DueRuleInvalid: its parts do not name one day."""
    effective = date.fromisoformat(entry.effective) if entry.effective else None
    return DueRule(**dict(entry) | {"effective": effective})


def year_freeze(entry: YearFreezeEntry) -> YearFreeze:
    """Raises: FreezeInvalid: it names no day."""
    return YearFreeze.of(**dict(entry))


def arrangement(entry: WorkingDaysEntry) -> Arrangement:
    """What an entry says of its year."""
    return Arrangement(
        year=entry.year,
        complete=entry.complete,
        holidays=tuple(
            Holiday(first=date.fromisoformat(one.first), last=date.fromisoformat(one.last), title=one.title)
            for one in entry.holidays
        ),
        workdays=tuple(date.fromisoformat(day) for day in entry.workdays),
        article=entry.article,
    )


def working_days(entries: Sequence[object]) -> WorkingDays:
    """What the entries of `working_days` lay over the official arrangements."""
    return WorkingDays(arrangements=tuple(arrangement(one) for one in entries if isinstance(one, WorkingDaysEntry)))


def schedules(entries: Sequence[object], working: WorkingDays) -> dict[str, Schedule]:
    """By id; entries of one id are versions of one rule. Raises: DueRuleInvalid."""
    by_id: dict[str, list[DueRule]] = {}
    for entry in entries:
        if isinstance(entry, DueRuleEntry):
            by_id.setdefault(entry.id, []).append(due_rule(entry))
    return {name: Schedule(id=name, rules=versions(rules), working=working) for name, rules in by_id.items()}


def schedule_of(written: Written, name: str) -> Schedule | None:
    """The schedule of an id; None where an entry of it is at fault, which is told elsewhere."""
    entries = [item.entry for item in written.items["due_rules"] if item.id == name]
    if not entries or None in entries:
        return None
    try:
        return schedules(entries, WorkingDays())[name]
    except DueRuleInvalid:
        return None


def version_faults(items: Sequence[Item]) -> Iterator[ConfigInvalid]:
    """Entries of one id that cannot follow each other; `items` are those of `due_rules`."""
    by_id: dict[str, list[Item]] = {}
    for item in items:
        if isinstance(item.entry, DueRuleEntry):
            by_id.setdefault(item.entry.id, []).append(item)
    for several in by_id.values():
        distinct: dict[str | None, Item] = {}
        for item in several:
            first = distinct.setdefault(_effective(item), item)
            if first is not item:
                yield _repeated(item, first)
        yield from _succession_faults(list(distinct.values()))


def _repeated(item: Item, first: Item) -> ConfigInvalid:
    """Two versions of one rule that begin on the same day."""
    place, name = first.located.place_of(["id"]), item.id
    if effective := _effective(item):
        zh, en = f"时限规则 {name} 自 {effective} 起", f"due rule {name} from {effective} on"
        return item.fault(["effective"], f"{zh}的版本重复,已见于 {place}", f"duplicate {en}, first at {place}")
    zh = f"时限规则 {name} 重复,已见于 {place};同一规则的新版本须写 effective"
    return item.fault(["id"], zh, f"duplicate due rule {name}, first at {place}; a new version needs effective")


def _succession_faults(items: Sequence[Item]) -> Iterator[ConfigInvalid]:
    found = {rule: item for item in items if (rule := _rule(item))}
    for older, newer in pairwise(versions(tuple(found))):
        try:
            require_succession(older, newer)
        except DueRuleInvalid as error:
            facts = error.facts
            yield found[newer].fault([str(facts["key"])], str(facts["problem_zh"]), str(facts["problem_en"]))


def _rule(item: Item) -> DueRule | None:
    """None where the entry's own parts are at fault, which is told where it is read."""
    try:
        return due_rule(item.entry) if isinstance(item.entry, DueRuleEntry) else None
    except DueRuleInvalid:
        return None


def _effective(item: Item) -> str | None:
    return item.entry.effective if isinstance(item.entry, DueRuleEntry) else None
