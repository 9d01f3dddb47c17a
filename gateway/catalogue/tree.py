"""The catalogue as the rest of the house sees it: a frozen tree in which every reference is known to hold.

Built by `load` only. This file must never read a file or know what a catalogue looks like on disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeVar

from pydantic import BaseModel

from gateway.calendar import Period, Schedule, WorkingDays, YearFreeze
from gateway.catalogue.bind import nearest
from gateway.catalogue.regions import within
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


class Review(StrEnum):
    """Which revisions of a feed stop until a reviewer has signed their release (Art. 20: 审核把关)."""

    NONE = "none"
    CORRECTIONS = "corrections"
    REQUIRED = "required"


class Duty(StrEnum):
    """What a person answers for, with a certificate of their own."""

    COLLECT = "collect"
    """Collections, and the reasons of corrections."""
    REVIEW = "review"
    """The release of a batch."""
    DECLARE = "declare"
    """A nil return."""
    APPROVE = "approve"
    """Rectification orders and read grants; people of a centre."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody with duties, by staff number and post; never by name."""

    id: str
    post: str
    duties: frozenset[Duty]


@dataclass(frozen=True, kw_only=True)
class Centre:
    """One that receives. `region`: GB/T 2260 code of the area it answers for."""

    id: str
    title: str
    level: Level
    region: str
    people: tuple[Person, ...] = ()

    def person(self, name: str) -> Person:
        """Raises: UnknownName, with the nearest id."""
        return _named(name, self.people, _PERSON)

    def answers_for(self, region: str) -> bool:
        """Whether a region is this centre's own, or lies inside it."""
        return within(region, self.region)


@dataclass(frozen=True, kw_only=True)
class Department:
    """One that owes data. `contact`: an office or post, empty when not given; never a person.

    `real_names`: only its own `people` answer for its corrections, on every feed.
    """

    id: str
    title: str
    region: str
    contact: str
    people: tuple[Person, ...] = ()
    real_names: bool = False

    def person(self, name: str) -> Person:
        """Raises: UnknownName, with the nearest id."""
        return _named(name, self.people, _PERSON)


@dataclass(frozen=True, kw_only=True)
class Subscriber:
    """One outside the exchange who is given data: a supervision platform, an audit office. `contact`: a post."""

    id: str
    title: str
    contact: str


@dataclass(frozen=True, kw_only=True)
class Operation:
    """The field that says what is to be done with a record, and the values of it that remove one."""

    field: str
    delete: tuple[str, ...]


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
        starts: the first period owed, one of the schedule's; of an event-driven feed the minute it counts from.
        routes: ids of the centres a batch is sealed for, in order.
        path: the centres a batch passes, from the lowest level to the highest: its routes, and the relays between them.
        key: names of the fields that tell records apart.
        operation: what says that a record is to be removed; None where only a whole period says so.
        amount: name of the money field shown on boards; None where money is not what the feed is about.
        review: which revisions wait for a reviewer.
        adapter: the kind of source.
        source_config: the adapter's validated configuration; None where the site does not hold this department's
            connection (any site but its front-end).
    """

    id: str
    title: str
    department: str
    schedule: Schedule
    starts: Period
    mode: Mode
    routes: tuple[str, ...]
    path: tuple[str, ...]
    key: tuple[str, ...]
    operation: Operation | None
    amount: str | None
    fields: tuple[Field, ...]
    limits: Limits
    review: Review
    adapter: str
    source_config: BaseModel | None = field(repr=False)

    def reviewed(self, revision: int) -> bool:
        """Whether this revision waits for a reviewer."""
        return self.review is Review.REQUIRED or (self.review is Review.CORRECTIONS and revision > 1)

    def above(self, centre: str) -> tuple[str, ...]:
        """The centres that a batch passes after this one, the next one first; none if it does not pass here."""
        return self.path[self.path.index(centre) + 1 :] if centre in self.path else ()

    def below(self, centre: str) -> str | None:
        """The centre from which this one gets a batch; None: from the department itself."""
        place = self.path.index(centre) if centre in self.path else 0
        return self.path[place - 1] if place else None


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All of it. `region`: the area it is kept for. `digest`: SHA-256 (hex) of the content, whatever its files."""

    region: str
    centres: tuple[Centre, ...]
    departments: tuple[Department, ...]
    schedules: tuple[Schedule, ...]
    working_days: WorkingDays
    year_freeze: tuple[YearFreeze, ...]
    subscribers: tuple[Subscriber, ...]
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

    def subscriber(self, name: str) -> Subscriber:
        """Raises: UnknownName, with the nearest id."""
        return _named(name, self.subscribers, ("订阅方", "subscriber"))

    def schedule(self, name: str) -> Schedule:
        """Raises: UnknownName, with the nearest id."""
        return _named(name, self.schedules, ("时限规则", "due rule"))


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=_HasId)
_PERSON = ("人员", "person")


def _named(name: str, among: Sequence[T], kind: tuple[str, str]) -> T:
    for one in among:
        if one.id == name:
            return one
    near = nearest(name, [one.id for one in among])
    raise UnknownName(kind_zh=kind[0], kind_en=kind[1], name=name, near=near)
