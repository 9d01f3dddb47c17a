"""What must hold between the entries of a catalogue: unique ids, references that exist, periods that fit their rule.

Owns no written form (that is `entries.py`), and of the rules about time only who refers to them (`timing.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.calendar import Period
from gateway.catalogue.bind import unknown
from gateway.catalogue.entries import CentreEntry, DepartmentEntry, FeedEntry, PersonEntry
from gateway.catalogue.holidays import holiday_faults
from gateway.catalogue.regions import within
from gateway.catalogue.timing import schedule_of, version_faults
from gateway.catalogue.tree import Level
from gateway.catalogue.written import Item, Written
from gateway.catalogue.yaml import Step
from gateway.errors import ConfigInvalid, PeriodInvalid, YizhanError
from gateway.records.types import FieldType

_KINDS = {
    "centres": ("中心", "centre"),
    "departments": ("部门", "department"),
    "due_rules": ("时限规则", "due rule"),
    "working_days": ("工作日安排", "working-day arrangement"),
    "year_freeze": ("年度封账规则", "year freeze"),
    "subscribers": ("订阅方", "subscriber"),
    "feeds": ("归集事项", "feed"),
}


def reference_faults(written: Written) -> Iterator[YizhanError]:
    """Every fault between entries that are each in order themselves."""
    yield from _one_region(written)
    for kind, items in written.items.items():
        if kind != "due_rules":  # there one id may stand for several versions
            yield from _unique_ids(kind, items)
    yield from version_faults(written.items["due_rules"])
    yield from holiday_faults(written.items["working_days"])
    for item in written.items["departments"]:
        if isinstance(item.entry, DepartmentEntry):
            yield from _inside_region(item, item.entry, written)
    for item in (*written.items["departments"], *written.items["centres"]):
        if isinstance(item.entry, DepartmentEntry | CentreEntry):
            yield from _people(item, item.entry.people)
    for item in written.items["feeds"]:
        if isinstance(item.entry, FeedEntry):
            yield from _feed(item, item.entry, written)


def _one_region(written: Written) -> Iterator[YizhanError]:
    for again in written.regions[1:]:
        first = written.regions[0].place
        problem_zh, problem_en = f"region 重复,已见于 {first}", f"region is given twice, first at {first}"
        yield ConfigInvalid(place=again.place, problem_zh=problem_zh, problem_en=problem_en)


def _unique_ids(kind: str, items: Sequence[Item]) -> Iterator[YizhanError]:
    first: dict[str, Item] = {}
    for item in items:
        if item.id is None:
            continue
        if seen := first.get(item.id):
            place = seen.located.place_of(["id"])
            zh, en = _KINDS[kind]
            yield item.fault(
                ["id"], f"{zh} {item.id} 重复,已见于 {place}", f"duplicate {en} {item.id}, first at {place}"
            )
        first.setdefault(item.id, item)


def _inside_region(item: Item, entry: DepartmentEntry, written: Written) -> Iterator[YizhanError]:
    if not written.regions or not isinstance(whole := written.regions[0].value, str):
        return
    if not within(entry.region, whole):
        yield item.fault(
            ["region"], f"区划 {entry.region} 不在 {whole} 内", f"region {entry.region} is not inside {whole}"
        )


def _people(item: Item, people: Sequence[PersonEntry]) -> Iterator[YizhanError]:
    names = [one.id for one in people]
    for i, name in enumerate(names):
        if name in names[:i]:
            yield item.fault(["people", i, "id"], f"人员 {name} 重复", f"person {name} stands twice")


def _feed(item: Item, entry: FeedEntry, written: Written) -> Iterator[YizhanError]:
    if entry.id.partition(".")[0] != entry.department:
        zh = f"编号应以部门开头:{entry.department}.…"
        yield item.fault(["id"], zh, f"the id must begin with the department: {entry.department}.…")
    yield from _known(item, "departments", written, [(("department",), entry.department)])
    yield from _known(item, "due_rules", written, [(("due",), entry.due)])
    yield from _known(item, "centres", written, [(("routes", i), route) for i, route in enumerate(entry.routes)])
    yield from _known(item, "centres", written, [(("relays", i), relay) for i, relay in enumerate(entry.relays)])
    yield from _repeated(item, "routes", entry.routes)
    yield from _path(item, entry, written)
    yield from _starts(item, entry, written)
    yield from _fields(item, entry)


def _known(
    item: Item, kind: str, written: Written, named: Sequence[tuple[Sequence[Step], str]]
) -> Iterator[YizhanError]:
    for path, name in named:
        if name not in written.ids(kind):
            yield unknown(item.located.place_of(path), _KINDS[kind], name, written.ids(kind))


def _repeated(item: Item, key: str, names: Sequence[str]) -> Iterator[YizhanError]:
    for i, name in enumerate(names):
        if name in names[:i]:
            yield item.fault([key, i], f"{key} 中 {name} 重复", f"{name} stands twice in {key}")


def _path(item: Item, entry: FeedEntry, written: Written) -> Iterator[YizhanError]:
    """A batch goes up, one centre at each level; a relay is one that it is not sealed for."""
    entries = [centre.entry for centre in written.items["centres"]]
    levels = {centre.id: centre.level for centre in entries if isinstance(centre, CentreEntry)}
    passed: dict[Level, str] = {}
    for key, names in (("routes", entry.routes), ("relays", entry.relays)):
        for i, name in enumerate(names):
            other = passed.setdefault(levels[name], name) if name in levels else name
            if other != name:
                zh, en = f"{name} 与 {other} 同级", f"{name} stands at the level of {other}"
                yield item.fault([key, i], zh, en)
            elif key == "relays" and name in entry.routes:
                zh, en = f"{name} 已是接收中心", f"{name} is addressed already"
                yield item.fault([key, i], zh, en)


def _starts(item: Item, entry: FeedEntry, written: Written) -> Iterator[YizhanError]:
    try:
        period = Period.parse(entry.starts)
    except PeriodInvalid as error:
        expected = error.facts["expected"]
        yield item.fault(
            ["starts"], f"starts 不是数据期,应写作 {expected}", f"starts is not a period: write {expected}"
        )
        return
    schedule = schedule_of(written, entry.due)
    if schedule is not None and not schedule.fits(period):
        cadence = schedule.cadence_on(period.start)
        wanted = Period.beginning(cadence, period.start)
        zh = f"starts 与时限规则 {entry.due} 的周期({cadence.zh})不符,应写作 {wanted}"
        en = f"starts does not fit due rule {entry.due}, which is {cadence.en}: write {wanted}"
        yield item.fault(["starts"], zh, en)


def _fields(item: Item, entry: FeedEntry) -> Iterator[YizhanError]:
    types = {field.name: field.type for field in entry.fields}
    yield from _operation(item, entry)
    yield from _distinct(item, "name", [field.name for field in entry.fields])
    yield from _distinct(item, "source", [field.source or field.name for field in entry.fields])
    yield from _repeated(item, "key", entry.key)
    for i, name in enumerate(entry.key):
        if name not in types:
            yield unknown(item.located.place_of(["key", i]), ("数据元", "field"), name, types)
    if entry.amount is not None and entry.amount not in types:
        yield unknown(item.located.place_of(["amount"]), ("数据元", "field"), entry.amount, types)
    elif entry.amount is not None and types[entry.amount] is not FieldType.MONEY:
        yield item.fault(["amount"], f"{entry.amount} 不是 money 类型", f"{entry.amount} is not of type money")


def _operation(item: Item, entry: FeedEntry) -> Iterator[YizhanError]:
    if entry.operation is None:
        return
    fields = {field.name: field for field in entry.fields}
    named = fields.get(entry.operation.field)
    if named is None:
        yield unknown(item.located.place_of(["operation", "field"]), ("数据元", "field"), entry.operation.field, fields)
        return
    if named.type not in (FieldType.CODE, FieldType.TEXT):
        zh, en = f"{named.name} 应为 code 或 text 类型", f"{named.name} must be of type code or text"
        yield item.fault(["operation", "field"], zh, en)
    for i, value in enumerate(entry.operation.delete):
        if named.values is not None and value not in named.values:
            zh, en = f"{value} 不在 {named.name} 的 values 中", f"{value} is not among the values of {named.name}"
            yield item.fault(["operation", "delete", i], zh, en)


def _distinct(item: Item, key: str, names: Sequence[str]) -> Iterator[YizhanError]:
    for i, name in enumerate(names):
        if name in names[:i]:
            place = ["fields", i, key]
            yield item.fault(place, f"两个数据元的 {key} 都是 {name}", f"two fields have the {key} {name}")
