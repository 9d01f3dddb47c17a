"""What still holds of a catalogue with faults: the feeds that no fault touches.

For whoever must go on with the others while one feed is corrected. Owns which entries a fault takes with it: the entry
it stands in, all versions of a due rule, and every feed that refers to what is gone. It must never hide a fault: all
that `load` tells is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.catalogue import build
from gateway.catalogue.load import NO_OVERRIDES, Adapters, Configs, gathered, in_order, judged
from gateway.catalogue.tree import Catalogue
from gateway.catalogue.written import Item, Written
from gateway.catalogue.yaml import Located, Place
from gateway.errors import YizhanError


@dataclass(frozen=True, kw_only=True)
class Salvaged:
    """A catalogue of the feeds that hold.

    Attributes:
        catalogue: None where not even its region can be read.
        broken: ids of the feeds that are written but do not hold.
        whole: every file was read to its end and every feed is named; where not, a feed that is missing need not have
            been removed.
        faults: all of them, by file and line; none of a catalogue that `load` takes.
    """

    catalogue: Catalogue | None
    broken: frozenset[str]
    whole: bool
    faults: tuple[YizhanError, ...]


def salvage(path: Path, adapters: Adapters) -> Salvaged:
    """The feeds of a file or directory that hold, without a site's own connections.

    Raises:
        ConfigMissing: nothing is there.
    """
    written, faults = gathered(path)
    _, between = judged(written, adapters, NO_OVERRIDES)
    faults = in_order([*faults, *between])
    catalogue = _rest(written, adapters, faults) if written.regions else None
    kept = {feed.id for feed in catalogue.feeds} if catalogue else set()
    return Salvaged(
        catalogue=catalogue,
        broken=frozenset(written.ids("feeds")) - kept,
        whole=None not in _ids(written)
        and all(any(_at(item, place) for item in _all(written)) for place in _places(faults)),
        faults=tuple(faults),
    )


def _rest(written: Written, adapters: Adapters, faults: Sequence[YizhanError]) -> Catalogue:
    """Without what the faults take with them, and without what then refers to nothing."""
    rest, found = written, list(faults)
    configs: Configs = {}
    while True:
        gone = list(_touched(rest, found))
        rest = _without(rest, gone)
        configs, found = judged(rest, adapters, NO_OVERRIDES)
        if not any(True for _ in _touched(rest, found)):
            return build.catalogue(rest, configs)


def _touched(written: Written, faults: Sequence[YizhanError]) -> Iterator[tuple[str, Item]]:
    """The entries, with the key of their list, that a fault stands in or that could not be read."""
    places = list(_places(faults))
    for kind, items in written.items.items():
        for item in items:
            if item.entry is None or any(_at(item, place) for place in places):
                yield kind, item


def _without(written: Written, gone: Sequence[tuple[str, Item]]) -> Written:
    """A rule goes with all its versions: what is left of them would set other deadlines than anybody wrote. For the
    same reason an arrangement of working days takes along every rule that needs them."""
    taken = {id(item) for _, item in gone}
    items = {kind: [item for item in of_kind if id(item) not in taken] for kind, of_kind in written.items.items()}
    rules = {item.id for kind, item in gone if kind == "due_rules"}
    if any(kind == "working_days" for kind, _ in gone):
        rules |= {item.id for item in written.items["due_rules"] if _needs_working_days(item)}
    items["due_rules"] = [item for item in items["due_rules"] if item.id not in rules]
    return Written(regions=written.regions[:1], items={kind: tuple(of_kind) for kind, of_kind in items.items()})


def _needs_working_days(item: Item) -> bool:
    keys = dict(item.located.items())
    return "workdays_after" in keys or "shift" in keys


def _ids(written: Written) -> list[str | None]:
    return [item.id for item in written.items["feeds"]]


def _all(written: Written) -> Iterator[Item]:
    return (item for items in written.items.values() for item in items)


def _places(faults: Iterable[YizhanError]) -> Iterator[Place | None]:
    for fault in faults:
        place = fault.facts.get("place")
        yield place if isinstance(place, Place) else None


def _at(item: Item, place: Place | None) -> bool:
    """Whether a place lies within an entry."""
    first = item.located.place
    return place is not None and place.file == first.file and first.line <= place.line <= _last_line(item.located)


def _last_line(located: Located) -> int:
    return max([located.place.line, *(_last_line(child) for _, child in located.items())])
