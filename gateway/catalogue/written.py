"""What the files of a catalogue hold, entry by entry, each with its place.

Ids are taken from what is written, even of an entry that is itself at fault, so that one mistake is reported once and
not again by everything that refers to it. This file must never judge an entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.catalogue.entries import Entry
from gateway.catalogue.yaml import Located, Step
from gateway.errors import ConfigInvalid


@dataclass(frozen=True, kw_only=True)
class Item:
    """One entry as written, and as bound; `entry` is None when it is at fault itself."""

    located: Located
    entry: Entry | None

    @property
    def id(self) -> str | None:
        written = dict(self.located.items()).get("id")
        return written.value if written is not None and isinstance(written.value, str) else None

    def fault(self, path: Sequence[Step], zh: str, en: str) -> ConfigInvalid:
        return ConfigInvalid(place=self.located.place_of(path), problem_zh=zh, problem_en=en)


@dataclass(frozen=True, kw_only=True)
class Written:
    """Everything the files hold: the regions given (one is right) and the items of each list, by its key."""

    regions: tuple[Located, ...]
    items: dict[str, tuple[Item, ...]]

    def ids(self, kind: str) -> list[str]:
        return [item.id for item in self.items[kind] if item.id is not None]
