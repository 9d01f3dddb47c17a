"""What a node knows of each feed and period: receipts, attempts, steps on the way, decisions and events.

Owns the shape in which `app` hands over what the ledger, the spool and the warehouse hold. It must never judge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import chain
from typing import Self, TypeVar

from gateway.calendar import Period
from gateway.envelope.manifest import Kind


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One revision with a receipt. A receipt exists only for a committed load whose totals agree, so it is balanced.

    Attributes:
        batch: its id, `<feed>/<period>/r<revision>`.
        kind: what it is; a nil return states that there is nothing.
        landed_at: when the data reached the front-end machine (signed in the manifest); aware, by the sender's clock.
        accepted_at: when the centre committed the load (signed in the receipt); aware, by the centre's clock.
        rows: of a snapshot, the rows of the payload as the centre counted them: they are the whole period. Of an
            increment, by how many rows this portion changed what the centre holds: added less removed.
        amount: the same of the sum of the feed's `amount` field, in fen; None where the feed has none.
        problem_rows: rows set aside at the front-end and at the centre.
        offered_rows: rows the department had for this revision: counted at the centre and set aside at the front-end.
        net_rows: by how many rows the load changed what the centre holds, whatever the feed's mode.
        skew: by how much the sender's clock was ahead of the centre's when it was sent; None: nobody measured it.
        heard_at: when this node came to know of it, by its own clock; None: at `accepted_at`. Known from then on.
    """

    feed: str
    period: Period
    revision: int
    batch: str
    kind: Kind
    landed_at: datetime
    accepted_at: datetime
    rows: int
    amount: int | None
    problem_rows: int
    offered_rows: int
    net_rows: int
    skew: timedelta | None = None
    heard_at: datetime | None = None

    @property
    def known_from(self) -> datetime:
        """The moment from which this node could have told of it."""
        return self.heard_at or self.accepted_at


@dataclass(frozen=True, kw_only=True)
class Imbalance:
    """An attempt whose declared and counted totals differ; nothing of it was sent, or nothing of it was loaded.

    `at` (aware): when this node found it out.
    """

    feed: str
    period: Period
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Held:
    """A batch that waited for a reviewer from `since` on, up to `until` (both aware); None: it still does.

    `heard_at`: when this node came to know of it, where another one holds the batch; None: at once.
    """

    feed: str
    period: Period
    since: datetime
    until: datetime | None
    heard_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Occurrence:
    """An event of an event-driven feed, made known to this node at `at` (aware): its period is owed."""

    feed: str
    period: Period
    at: datetime


class WaiverKind(StrEnum):
    """What was decided about a period."""

    EXEMPT = "exempt"
    """免报: it need not be reported."""
    EXTENDED = "extended"
    """延期: it has until another moment."""


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """A decision about one period, entered at `at`.

    Attributes:
        until: the new due of an extension, its last second; None of an exemption.
        number: of the approval. by: who approved. reason: why.
        position: its line in the ledger; of two of one moment the later line counts.
        withdrawn_at, withdrawn_by, withdrawn_reason: when it was taken back, by whom and why; None while it was not.
    """

    feed: str
    period: Period
    at: datetime
    kind: WaiverKind
    until: datetime | None
    number: str
    by: str
    reason: str
    position: int
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None
    withdrawn_reason: str | None = None

    def stands(self, at: datetime) -> bool:
        """Whether it was entered by then and not taken back."""
        return self.at <= at and (self.withdrawn_at is None or at < self.withdrawn_at)

    def not_withdrawn(self) -> Self:
        """As it was known before anybody took it back."""
        return replace(self, withdrawn_at=None, withdrawn_by=None, withdrawn_reason=None)


class Step(StrEnum):
    """How far a batch was seen to come; the words of the ledger's events."""

    LANDED = "landed"
    SEALED = "sealed"
    HELD = "held"
    RELEASED = "released"
    DEFERRED = "deferred"
    UNBALANCED = "unbalanced"
    REFUSED = "refused"
    CONFLICT = "conflict"
    BURIED = "buried"
    RETRIED = "retried"
    ADMITTED = "admitted"
    RECEIPTED = "receipted"
    LOADED = "loaded"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A step of a period at this node, at `at` (aware); `code`: of the error, where the step was one."""

    feed: str
    period: Period
    at: datetime
    step: Step
    code: str | None = None


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """The last that was tried for a feed, at `at` (aware); `code`: why it failed, None: it did not."""

    feed: str
    period: Period
    at: datetime
    code: str | None


Fact = Delivery | Imbalance | Held | Occurrence | Waiver | Stage
Key = TypeVar("Key", str, Period)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that is known, or all of one feed and period: in any order, but steps of one moment as they were taken."""

    deliveries: tuple[Delivery, ...] = ()
    imbalances: tuple[Imbalance, ...] = ()
    held: tuple[Held, ...] = ()
    occurrences: tuple[Occurrence, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    stages: tuple[Stage, ...] = ()

    def known_at(self, at: datetime) -> Facts:
        """Without what became known only after `at`: a board for a past moment never uses hindsight."""
        if self._unchanging_from is not None and self._unchanging_from <= at:
            return self
        return Facts(
            deliveries=tuple(one for one in self.deliveries if one.known_from <= at),
            imbalances=tuple(one for one in self.imbalances if one.at <= at),
            held=tuple(one for one in self.held if _waiting(one, at)),
            occurrences=tuple(one for one in self.occurrences if one.at <= at),
            waivers=tuple(one.not_withdrawn() for one in self.waivers if one.stands(at)),
            stages=tuple(one for one in self.stages if one.at <= at),
        )

    @cached_property
    def by_feed(self) -> Mapping[str, Facts]:
        """The same, for each feed; made once, however often a board asks for it."""
        return _grouped(self, lambda one: one.feed)

    @cached_property
    def by_period(self) -> Mapping[Period, Facts]:
        """The same of one feed, for each period; made once."""
        return _grouped(self, lambda one: one.period)

    @cached_property
    def receipted(self) -> Mapping[Period, Facts]:
        """Of `by_period` those with a receipt, oldest first; made once."""
        found = sorted((period for period, facts in self.by_period.items() if facts.deliveries), key=_moment)
        return {period: self.by_period[period] for period in found}

    @cached_property
    def last_attempt(self) -> Attempt | None:
        """The newest step or receipt of one feed; of two of one moment the receipt, else the step taken last."""
        came = (Attempt(feed=one.feed, period=one.period, at=one.known_from, code=None) for one in self.deliveries)
        last = self.last_stage
        steps = () if last is None else (Attempt(feed=last.feed, period=last.period, at=last.at, code=last.code),)
        return max(chain(came, steps), key=lambda one: one.at, default=None)

    @property
    def last_stage(self) -> Stage | None:
        """The newest step; of two of one moment the one taken last."""
        return max(reversed(self.stages), key=lambda one: one.at, default=None)

    @classmethod
    def of_feeds(cls, by_feed: Mapping[str, Facts]) -> Facts:
        """All feeds' facts in one; what each of them has worked out already is kept."""
        whole = cls(**{name: tuple(chain.from_iterable(_each(by_feed, name))) for name in _NAMES})
        vars(whole)["by_feed"] = by_feed
        return whole

    @cached_property
    def _unchanging_from(self) -> datetime | None:
        """From when on all of it is known and stays so; None: something in it has an end."""
        if self.held or any(one.withdrawn_at for one in self.waivers):
            return None
        told = (one.at for one in (*self.imbalances, *self.occurrences, *self.waivers, *self.stages))
        return max(chain(told, (one.known_from for one in self.deliveries)), default=_EVER)


_EVER = datetime.min.replace(tzinfo=UTC)
_NAMES = tuple(field.name for field in fields(Facts))


def _moment(period: Period) -> datetime:
    return period.moment


def _each(by_feed: Mapping[str, Facts], name: str) -> Iterator[tuple[Fact, ...]]:
    return (getattr(facts, name) for facts in by_feed.values())


def _grouped(facts: Facts, key: Callable[[Fact], Key]) -> dict[Key, Facts]:
    heaps: dict[Key, dict[str, list[Fact]]] = {}
    for name in _NAMES:
        for one in getattr(facts, name):
            heaps.setdefault(key(one), {}).setdefault(name, []).append(one)
    return {each: Facts(**{name: tuple(ones) for name, ones in heap.items()}) for each, heap in heaps.items()}


def _waiting(one: Held, at: datetime) -> bool:
    return (one.heard_at or one.since) <= at and (one.until is None or at < one.until)
