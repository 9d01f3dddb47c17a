"""From files to a catalogue, or to every fault they hold at once.

Owns the order of the work: read, look for literal secrets, bind each entry, check references, bind each source. It
must never stop at the first fault where the rest can still be judged, and never let a faulty catalogue through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

from pydantic import BaseModel

from gateway.catalogue import build, timing
from gateway.catalogue.bind import attempt, raise_faults, unknown
from gateway.catalogue.entries import ENTRIES, DueRuleEntry, FeedEntry, Outline, YearFreezeEntry
from gateway.catalogue.literals import literals
from gateway.catalogue.references import reference_faults
from gateway.catalogue.tree import Catalogue
from gateway.catalogue.written import Item, Written
from gateway.catalogue.yaml import Located, overlay, parse, parse_text, read_text
from gateway.errors import ConfigInvalid, ConfigMissing, DueRuleInvalid, FreezeInvalid, YizhanError

Adapters = Mapping[str, type[BaseModel]]
Overrides = Mapping[str, Located]
Configs = dict[str, BaseModel | None]
Texts = Sequence[tuple[str, str]]
"""(path below the catalogue's directory, text) of each of its files."""

NO_OVERRIDES: Overrides = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class OwnedSource:
    """A feed's `source:` block as it is written, the department that owes the feed, and the centres it goes to."""

    department: str
    centres: frozenset[str]
    source: Located


Sources = Mapping[str, OwnedSource]
"""By feed id."""


def load(path: Path, adapters: Adapters, overrides: Overrides = NO_OVERRIDES) -> Catalogue:
    """The catalogue in a file, or in all `*.yaml` files of a directory and those below it.

    Args:
        adapters: the model of each adapter's `source:` block, by kind. A class attribute `connection_keys` names the
            top-level keys that a catalogue may leave to the site; all other required keys must be there.
        overrides: by feed id, what this site lays over the feed's `source:` block (`sources:` of the site file). A
            feed with an override must be complete.

    Raises:
        ConfigMissing: nothing is there.
        ConfigInvalid, SecretLiteral: the one fault there is.
        ConfigFaults: there are several; all of them, in the order of files and lines.
    """
    return _built(*gathered(path), adapters, overrides)


def read_texts(texts: Texts, adapters: Adapters, overrides: Overrides = NO_OVERRIDES) -> tuple[Catalogue, Sources]:
    """The catalogue in the texts of files that `texts_of` gave, here or at another node, and its feeds' sources.

    Raises:
        ConfigInvalid, SecretLiteral, ConfigFaults: as `load`; places are paths below the catalogue's directory.
    """
    written, faults = _gathered_texts(texts)
    return _built(written, faults, adapters, overrides), _sources(written)


def texts_of(path: Path) -> Texts:
    """Every file of a catalogue by its path below the directory, in their order; of a single file, by its name.

    Raises:
        ConfigMissing, ConfigInvalid: nothing is there, or it is no text.
    """
    root = path if path.is_dir() else path.parent
    return tuple(sorted((file.relative_to(root).as_posix(), read_text(file)) for file in _files(path)))


def sources_of(texts: Texts) -> Sources:
    """The feeds' sources in the texts; what cannot be read is left out."""
    return _sources(_gathered_texts(texts)[0])


def gathered(path: Path) -> tuple[Written, list[YizhanError]]:
    """What the files hold, and what is wrong with a file or an entry by itself. Raises: ConfigMissing."""
    return _gathered(((file, partial(parse, file)) for file in _files(path)), path)


def judged(written: Written, adapters: Adapters, overrides: Overrides) -> tuple[Configs, list[YizhanError]]:
    """Each feed's validated source, by feed id, and what is wrong between the entries or in a source."""
    faults = list(reference_faults(written))
    return _configs(written, adapters, overrides, faults), faults


def in_order(faults: Sequence[YizhanError]) -> list[YizhanError]:
    """By file and line."""
    return sorted(faults, key=_order)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(p for p in path.rglob("*") if p.suffix in (".yaml", ".yml") and not p.name.startswith("."))
    if not found:
        raise ConfigMissing(path=path / "*.yaml")
    return found


def _built(written: Written, faults: list[YizhanError], adapters: Adapters, overrides: Overrides) -> Catalogue:
    configs, found = judged(written, adapters, overrides)
    told = [*faults, *found]
    return raise_faults(None if told else build.catalogue(written, configs), in_order(told))


def _sources(written: Written) -> Sources:
    return {
        item.id: OwnedSource(
            department=item.entry.department,
            centres=frozenset((*item.entry.routes, *item.entry.relays)),
            source=item.located.child("source"),
        )
        for item in written.items["feeds"]
        if item.id is not None and isinstance(item.entry, FeedEntry)
    }


def _gathered_texts(texts: Texts) -> tuple[Written, list[YizhanError]]:
    return _gathered(((Path(path), partial(parse_text, text, Path(path))) for path, text in texts), Path())


def _gathered(files: Iterable[tuple[Path, Callable[[], Located]]], root: Path) -> tuple[Written, list[YizhanError]]:
    faults: list[YizhanError] = []
    found = (_document(file, parsed, faults) for file, parsed in files)
    written = _written([document for document in found if document is not None], faults)
    if not written.regions and not faults:
        faults.append(ConfigInvalid(place=root, problem_zh="缺少键 region", problem_en="key region is missing"))
    return written, faults


def _document(file: Path, parsed: Callable[[], Located], faults: list[YizhanError]) -> Located | None:
    """A file's content if its outline is that of a catalogue file."""
    if file.suffix == ".yml":
        problem_zh, problem_en = "目录文件名须以 .yaml 结尾,否则会被漏读", "name it .yaml, so that it is not overlooked"
        faults.append(ConfigInvalid(place=file, problem_zh=problem_zh, problem_en=problem_en))
        return None
    try:
        document = parsed()
    except (ConfigInvalid, ConfigMissing) as fault:
        faults.append(fault)
        return None
    _, found = attempt(document, Outline)
    faults += [*literals(document), *found]
    return document


def _written(documents: list[Located], faults: list[YizhanError]) -> Written:
    tops = [dict(document.items()) for document in documents]
    return Written(
        regions=tuple(top["region"] for top in tops if "region" in top and isinstance(top["region"].value, str)),
        items={kind: tuple(_items(kind, tops, faults)) for kind in ENTRIES},
    )


def _items(kind: str, tops: list[dict[str | int, Located]], faults: list[YizhanError]) -> Iterator[Item]:
    for top in tops:
        if kind not in top or not isinstance(top[kind].value, tuple):
            continue
        for _, located in top[kind].items():
            entry, found = attempt(located, ENTRIES[kind])
            faults += found
            item = Item(located=located, entry=entry)
            faults += _rule_faults(item)
            yield item


def _rule_faults(item: Item) -> Iterator[YizhanError]:
    """What a rule's parts come to only together."""
    try:
        if isinstance(item.entry, DueRuleEntry):
            timing.due_rule(item.entry)
        elif isinstance(item.entry, YearFreezeEntry):
            timing.year_freeze(item.entry)
    except DueRuleInvalid as error:
        yield item.fault([str(error.facts["key"])], str(error.facts["problem_zh"]), str(error.facts["problem_en"]))
    except FreezeInvalid as error:
        yield item.fault([], error.zh_next, error.en_next)


def _configs(written: Written, adapters: Adapters, overrides: Overrides, faults: list[YizhanError]) -> Configs:
    for name, over in overrides.items():
        faults += literals(over)
        if name not in written.ids("feeds"):
            faults.append(unknown(over.place, ("归集事项", "feed"), name, written.ids("feeds")))
    configs: Configs = {}
    for item in written.items["feeds"]:
        source = dict(item.located.items()).get("source")
        if item.id is not None and source is not None:
            configs[item.id], found = _config(source, adapters, overrides.get(item.id))
            faults += found
    return configs


def _config(source: Located, adapters: Adapters, over: Located | None) -> tuple[BaseModel | None, list[YizhanError]]:
    """The source alone first, so that a fault of the catalogue is told at its own line; then with the site's part."""
    kind = dict(source.items()).get("adapter")
    if kind is None:
        return None, [
            ConfigInvalid(place=source.place, problem_zh="source 缺少键 adapter", problem_en="source lacks key adapter")
        ]
    name = kind.value if isinstance(kind.value, str) else "-"
    if name not in adapters:
        return None, [unknown(kind.place, ("适配器", "adapter"), name, adapters)]
    model = adapters[name]
    config, faults = attempt(source, model, absent=getattr(model, "connection_keys", frozenset()))
    if over is None or faults:
        return config, faults
    return attempt(replace(overlay(source, over), place=over.place), model)


def _order(fault: YizhanError) -> tuple[str, int]:
    place = fault.facts.get("place", fault.facts.get("path"))
    return str(getattr(place, "file", place)), getattr(place, "line", 0)
