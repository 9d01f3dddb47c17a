"""What a manifest says of a source that reconciles itself: people and yuan of each fiscal batch.

Owns the shape and the laws that hold between its figures. Must never judge one batch against another's manifest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from gateway.envelope.canonical import STRICT, Count, Number, Yuan, yuan

MAX_FISCAL_BATCHES = 1_000
MEASURES = ("roster", "succeeded", "failed", "pending", "refunded", "reissued", "duplicates")


@dataclass(frozen=True, kw_only=True)
class People:
    """Entries of a roster (人次) and their sum in fen."""

    __pydantic_config__ = STRICT

    people: Count
    amount: Yuan

    def __add__(self, other: People) -> People:
        return People(people=self.people + other.people, amount=self.amount + other.amount)


@dataclass(frozen=True, kw_only=True)
class FiscalBatch:
    """One document number and batch. ENVELOPE.md gives each figure's meaning."""

    __pydantic_config__ = STRICT

    document: Number
    batch: Number
    roster: People
    declared: People | None
    succeeded: People
    failed: People
    pending: People
    refunded: People
    reissued: People
    duplicates: People

    @property
    def place(self) -> tuple[str, str]:
        return self.document, self.batch

    @property
    def returned(self) -> People:
        """All three outcomes together."""
        return self.succeeded + self.failed + self.pending

    @property
    def balanced(self) -> bool:
        """The three ways agree, in people and to the fen; what is not yet returned is no difference."""
        return self.roster == self.returned and self.declared in (None, self.roster)


def broken_rule(batches: tuple[FiscalBatch, ...]) -> tuple[str, str] | None:
    """The first law that does not hold, in Chinese and English."""
    return next(((zh, en) for holds, zh, en in _rules(batches) if not holds), None)


def _rules(batches: tuple[FiscalBatch, ...]) -> Iterator[tuple[bool, str, str]]:
    places = [one.place for one in batches]
    yield places == sorted(set(places)), "对账批次重复或次序不对", "fiscal batches repeated or out of order"
    yield all(one.balanced for one in batches), "清册、批次、回盘三方不平", "roster, batch and returns do not agree"
    yield (
        all(one.refunded.people <= one.succeeded.people for one in batches),
        "退汇多于成功",
        "more refunded than succeeded",
    )
    yield (
        all(max(one.reissued.people, one.duplicates.people) <= one.roster.people for one in batches),
        "补发或疑似重复多于清册",
        "more re-issued or suspected than the roster holds",
    )


def totals(batches: Sequence[FiscalBatch]) -> tuple[tuple[str, People], ...]:
    """Every measure over all fiscal batches; what they declare is left out, since not all of them do."""
    nobody = People(people=0, amount=0)
    return tuple((name, sum((getattr(one, name) for one in batches), nobody)) for name in MEASURES)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One value for a metrics exporter. `labels` never hold a document number: there would be one series for each."""

    name: str
    labels: tuple[tuple[str, str], ...]
    value: Decimal


def samples(feed: str, period: str, batches: Sequence[FiscalBatch]) -> tuple[Sample, ...]:
    """People and yuan of every measure."""
    found = []
    for measure, figure in totals(batches):
        labels = (("feed", feed), ("period", period), ("measure", measure))
        found.append(Sample(name="feed_reconciled_people", labels=labels, value=Decimal(figure.people)))
        found.append(Sample(name="feed_reconciled_yuan", labels=labels, value=Decimal(yuan(figure.amount))))
    return tuple(found)
