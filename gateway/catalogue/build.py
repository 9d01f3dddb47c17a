"""Entries whose references hold, into the frozen tree.

Owns the translation and the digest. It must never refuse anything: what can be wrong was found before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from gateway.calendar import Period, Schedule, YearFreeze
from gateway.catalogue import timing
from gateway.catalogue.entries import (
    CentreEntry,
    DepartmentEntry,
    Entry,
    FeedEntry,
    FieldEntry,
    PersonEntry,
    SubscriberEntry,
    YearFreezeEntry,
)
from gateway.catalogue.tree import (
    Catalogue,
    Centre,
    Department,
    Feed,
    Field,
    Level,
    Limits,
    Operation,
    Person,
    Subscriber,
)
from gateway.catalogue.written import Written

STATUTE = YearFreeze.of(
    id="statute",
    effective="2018-01-01",
    closes="04-01",
    article='《湖南省"互联网+监督"平台运行管理办法》第十八条:每年4月1日起,平台将不再更新上年度数据',
)
"""The freeze where a catalogue writes none: a year is never left open by an omission."""

_UPWARD = (Level.COUNTY, Level.CITY, Level.PROVINCE)


def catalogue(written: Written, configs: Mapping[str, BaseModel | None]) -> Catalogue:
    """The tree; `configs` holds each feed's validated source, by feed id."""
    region = str(written.regions[0].value)
    entries = {kind: [item.entry for item in items if item.entry] for kind, items in written.items.items()}
    working = timing.working_days(entries["working_days"])
    schedules = timing.schedules(entries["due_rules"], working)
    centres = tuple(
        Centre(**dict(entry) | {"people": _people(entry.people)})
        for entry in entries["centres"]
        if isinstance(entry, CentreEntry)
    )
    return Catalogue(
        region=region,
        centres=centres,
        departments=tuple(
            Department(**dict(entry) | {"people": _people(entry.people)})
            for entry in entries["departments"]
            if isinstance(entry, DepartmentEntry)
        ),
        schedules=tuple(schedules.values()),
        working_days=working,
        year_freeze=_freezes(entries["year_freeze"]),
        subscribers=tuple(
            Subscriber(**dict(entry)) for entry in entries["subscribers"] if isinstance(entry, SubscriberEntry)
        ),
        feeds=tuple(
            _feed(entry, schedules[entry.due], centres, configs[entry.id])
            for entry in entries["feeds"]
            if isinstance(entry, FeedEntry)
        ),
        digest=_digest(region, entries),
    )


def _freezes(entries: Sequence[Entry]) -> tuple[YearFreeze, ...]:
    return tuple(timing.year_freeze(one) for one in entries if isinstance(one, YearFreezeEntry)) or (STATUTE,)


def _people(entries: tuple[PersonEntry, ...]) -> tuple[Person, ...]:
    return tuple(Person(id=one.id, post=one.post, duties=frozenset(one.duties)) for one in entries)


def _path(entry: FeedEntry, centres: tuple[Centre, ...]) -> tuple[str, ...]:
    passed = [centre for centre in centres if centre.id in (*entry.routes, *entry.relays)]
    return tuple(centre.id for centre in sorted(passed, key=lambda one: _UPWARD.index(one.level)))


def _feed(entry: FeedEntry, schedule: Schedule, centres: tuple[Centre, ...], config: BaseModel | None) -> Feed:
    return Feed(
        id=entry.id,
        title=entry.title,
        department=entry.department,
        schedule=schedule,
        starts=Period.parse(entry.starts),
        mode=entry.mode,
        routes=entry.routes,
        path=_path(entry, centres),
        key=entry.key,
        operation=Operation(**dict(entry.operation)) if entry.operation else None,
        amount=entry.amount,
        fields=tuple(_field(field) for field in entry.fields),
        limits=Limits(**dict(entry.limits)),
        review=entry.review,
        adapter=str(entry.source["adapter"]),
        source_config=config,
    )


def _field(entry: FieldEntry) -> Field:
    """Options that are not written keep the column's own defaults."""
    given = {key: value for key, value in entry if value is not None and key != "values"}
    meanings = entry.values or {}
    return Field(**given, values=tuple(meanings), meanings=tuple(meanings.items()))


def _digest(region: str, entries: Mapping[str, list[Entry]]) -> str:
    """Over ids in order and defaults filled in: the same whatever the files, comments and order of entries."""
    content = {kind: sorted((e.model_dump(mode="json") for e in of_kind), key=_id) for kind, of_kind in entries.items()}
    text = json.dumps({"region": region, **content}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _id(entry: Mapping[str, object]) -> tuple[str, str]:
    """Versions of one rule differ in the day they take effect."""
    return str(entry["id"]), str(entry.get("effective"))
