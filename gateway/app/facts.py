"""What a node knows for the freshness board: its receipts, and what its ledger tells of attempts, decisions and events.

A centre asks its warehouse, a front-end the receipts in its spool; both ask their ledger for the rest. Must never
judge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from gateway.app.deliveries import Receipt, Receipts, period_of, receipts_of
from gateway.app.rooms import CentreNode, FrontEnd
from gateway.calendar import Period
from gateway.errors import LoadUnbalanced, PeriodInvalid, Unbalanced
from gateway.freshness import Delivery, Facts, Held, Imbalance, Stage, Step
from gateway.ledger import EventKind, Line
from gateway.waivers import DECISIONS, occurrences_in, waivers_in

_IMBALANCES = (Unbalanced.code, LoadUnbalanced.code)
_STEPS = frozenset(step.value for step in Step)
_HOLDING = (EventKind.HELD, EventKind.RELEASED, EventKind.BURIED, EventKind.RETRIED)
_KEPT = (*DECISIONS, *_HOLDING, EventKind.OCCURRED)  # read whole whenever one of a feed is new


def facts_of(node: FrontEnd | CentreNode) -> Facts:
    """All that the node's own stores say of the feeds in its catalogue. Raises: what reading them raises."""
    return Following(node).now()


@dataclass
class _Feed:
    """What was read of one feed."""

    receipts: list[Receipt] = field(default_factory=list)
    imbalances: list[Imbalance] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    kept: list[Line] = field(default_factory=list)


class Following:
    """A node's facts, kept up to date: each `now` reads only what has come since the one before.

    For whoever asks again and again. A ledger that was put back to an earlier state is read anew. Not for two threads.
    """

    def __init__(self, node: FrontEnd | CentreNode) -> None:
        self._node = node
        feeds = node.catalogue.feeds if isinstance(node, CentreNode) else node.feeds
        self._known = frozenset(feed.id for feed in feeds)
        self._measured_by = EventKind.ADMITTED if isinstance(node, CentreNode) else EventKind.RECEIPTED
        self._begin()

    def now(self) -> Facts:
        """All that is known now; the same object while nothing is new. Raises: what reading the node's stores raises.

        After an error, the next call goes on where this one was stopped.
        """
        if not self._goes_on():
            self._begin()
        self._read_receipts()
        self._read_lines()  # after the receipts: whatever the ledger adds to one of them was written before it
        if self._touched:
            for feed in self._touched:
                self._by_feed[feed] = self._facts(feed)
            self._facts_now = Facts.of_feeds(dict(self._by_feed))
            self._touched = set()
        return self._facts_now

    def _begin(self) -> None:
        self._last: Line | None = None
        self._feeds: defaultdict[str, _Feed] = defaultdict(_Feed)
        self._heard: dict[str, datetime] = {}
        self._skews: dict[str, timedelta] = {}
        self._receipts: Receipts = receipts_of(self._node)
        self._by_feed: dict[str, Facts] = {}
        self._facts_now = Facts()
        self._touched: set[str] = set()

    def _goes_on(self) -> bool:
        """Whether the last line read still stands in the ledger where it stood."""
        if self._last is None:
            return True
        return next(self._node.ledger.lines(after=self._last.seq - 1), None) == self._last

    def _read_lines(self) -> None:
        for line in self._node.ledger.lines(after=self._last.seq if self._last else 0):
            self._last = line
            if line.digest is not None:
                self._tell(line, line.digest)
            if line.feed in self._known and (period := _period_of(line)) is not None:
                self._take(line, line.feed, period)

    def _take(self, line: Line, name: str, period: Period) -> None:
        feed = self._feeds[name]
        if line.event in _STEPS and (line.digest or line.code):  # else a heartbeat's word: no step was taken here
            step = Stage(feed=name, period=period, at=line.moment, step=Step(line.event), code=line.code)
            feed.stages.append(step)
        if line.code in _IMBALANCES:
            feed.imbalances.append(Imbalance(feed=name, period=period, at=line.moment))
        if line.event in _KEPT:
            feed.kept.append(line)
        self._touched.add(name)

    def _read_receipts(self) -> None:
        for one in self._receipts.new():
            self._feeds[one.delivery.feed].receipts.append(one)
            self._touched.add(one.delivery.feed)

    def _tell(self, line: Line, digest: str) -> None:
        """When a front-end had a receipt, and how far its clock was off: the first word of each batch counts, so that
        nothing said later changes what was judged. What a centre above, or below, says of clocks is of other ones."""
        if line.event != self._measured_by:
            return
        said = line.said
        if line.event == EventKind.RECEIPTED:
            self._heard.setdefault(digest, line.moment)
        elif said.department is None:
            return
        if said.skew is not None:
            self._skews.setdefault(digest, timedelta(milliseconds=said.skew))

    def _facts(self, name: str) -> Facts:
        feed = self._feeds[name]
        return Facts(
            deliveries=tuple(map(self._delivery, feed.receipts)),
            imbalances=tuple(feed.imbalances),
            held=tuple(held_of(feed.kept)),
            occurrences=occurrences_in(feed.kept),
            waivers=waivers_in(feed.kept),
            stages=tuple(feed.stages),
        )

    def _delivery(self, one: Receipt) -> Delivery:
        heard, skew = self._heard.get(one.digest), self._skews.get(one.digest)
        return one.delivery if heard is skew is None else replace(one.delivery, heard_at=heard, skew=skew)


def _period_of(line: Line) -> Period | None:
    """None where there is none, or what a refused batch gave as one is none: nobody owes that."""
    try:
        return period_of(line.period) if line.period else None
    except PeriodInvalid:
        return None


def held_of(lines: Iterable[Line]) -> Iterator[Held]:
    """When each batch waited for a reviewer, as the ledger tells it: held, until it was released or given up.

    One that was given up while it was held and is taken up again, is held again. A centre knows of a period, not of a
    batch: its lines have no digest.
    """
    since: dict[str, Line] = {}
    rejected: set[str] = set()
    for line in lines:
        batch = line.digest or f"{line.feed} {line.period}"
        match line.event:
            case EventKind.HELD:
                since.setdefault(batch, line)
            case EventKind.RETRIED if batch in rejected:
                since.setdefault(batch, line)
            case EventKind.RELEASED if batch in since:
                rejected.discard(batch)
                yield _waited(since.pop(batch), line)
            case EventKind.BURIED if batch in since:
                rejected.add(batch)
                yield _waited(since.pop(batch), line)
    yield from (_waited(line, None) for line in since.values())


def _waited(line: Line, ended: Line | None) -> Held:
    until = ended.moment if ended else None
    return Held(feed=line.feed or "", period=Period.parse(line.period or ""), since=line.moment, until=until)
