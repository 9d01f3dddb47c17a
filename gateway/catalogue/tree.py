"""The catalogue as the rest of the house sees it: a frozen tree in which every reference is known to hold.

Built by `load` only. This file must never read a file or know what a catalogue looks like on disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeVar

from pydantic import BaseModel

from gateway.calendar import DueRule, Period
from gateway.catalogue.bind import nearest
from gateway.errors import UnknownName
from gateway.records.types import Column


class Level(StrEnum):
    """Where a centre stands."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"


class Mode(StrEnum):
    """What one batch holds: everything there is for the period, or what changed in it."""

    SNAPSHOT = "snapshot"
    INCREMENT = "increment"


@dataclass(frozen=True, kw_only=True)
class Centre:
    """One that receives. `region`: GB/T 2260 code of the area it answers for."""

    id: str
    title: str
    level: Level
    region: str


@dataclass(frozen=True, kw_only=True)
class Department:
    """One that owes data. `contact`: an office or post, empty when not given; never a person."""

    id: str
    title: str
    region: str
    contact: str


@dataclass(frozen=True, kw_only=True)
class Field(Column):
    """A feed's column; `meanings` gives each allowed code (`values`) with its title, in the catalogue's order."""

    meanings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one collection may take: rows, bytes of Arrow data uncompressed, and seconds."""

    rows: int
    bytes: int
    seconds: int


@dataclass(frozen=True, kw_only=True)
class Feed:
    """One data set a department owes.

    Attributes:
        starts: the first period owed, of the rule's cadence.
        routes: ids of the centres a batch is sealed for, in order.
        key: names of the fields that tell records apart.
        amount: name of the money field shown on boards; None where money is not what the feed is about.
        adapter: the kind of source.
        source_config: the adapter's validated configuration; None where the site does not hold this department's
            connection (any site but its front-end).
    """

    id: str
    title: str
    department: str
    rule: DueRule
    starts: Period
    mode: Mode
    routes: tuple[str, ...]
    key: tuple[str, ...]
    amount: str | None
    fields: tuple[Field, ...]
    limits: Limits
    adapter: str
    source_config: BaseModel | None = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All of it. `region`: the area it is kept for. `digest`: SHA-256 (hex) of the content, whatever its files."""

    region: str
    centres: tuple[Centre, ...]
    departments: tuple[Department, ...]
    due_rules: tuple[DueRule, ...]
    feeds: tuple[Feed, ...]
    digest: str

    def feed(self, name: str) -> Feed:
        """Raises: UnknownName, with the nearest id."""
        return _named(name, self.feeds, ("归集事项", "feed"))

    def department(self, name: str) -> Department:
        """Raises: UnknownName, with the nearest id."""
        return _named(name, self.departments, ("部门", "department"))

    def centre(self, name: str) -> Centre:
        """Raises: UnknownName, with the nearest id."""
        return _named(name, self.centres, ("中心", "centre"))

    def rule(self, name: str) -> DueRule:
        """Raises: UnknownName, with the nearest id."""
        return _named(name, self.due_rules, ("时限规则", "due rule"))


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=_HasId)


def _named(name: str, among: Sequence[T], kind: tuple[str, str]) -> T:
    for one in among:
        if one.id == name:
            return one
    near = nearest(name, [one.id for one in among]) or "-"
    raise UnknownName(kind_zh=kind[0], kind_en=kind[1], name=name, near=near)
