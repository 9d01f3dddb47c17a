"""The inbox of a centre that has one receiver: the spool of its own machine.

Refusals are kept in memory, for the sender who asks next; after a restart the sender submits again and hears it again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import BinaryIO, Self

from gateway.envelope.papers import Papers
from gateway.errors import EntryDamaged, EntryUnknown, Refuse
from gateway.inbox.contract import Found, TakenUp
from gateway.spool import Arrival, Claim, Entry, EntryName, Spool, State, mark_of

MAX_REMEMBERED = 10_000


@dataclass(frozen=True, kw_only=True)
class _Refused:
    """What is remembered of a refused batch."""

    name: EntryName
    refusal: Refuse


@dataclass(frozen=True, kw_only=True)
class LocalInbox:
    """Over one spool; any number of threads of one process may use it at once."""

    spool: Spool
    _refused: dict[str, _Refused] = field(default_factory=dict)
    # Who hears of a refusal finds the batch gone, and may submit it again at once.
    _verdicts: threading.Lock = field(default_factory=threading.Lock)

    def arrive(self, name: EntryName, digest: str, size: int, manifest: bytes, keys: bytes, papers: Papers) -> Arrival:
        """See Inbox."""
        with self._verdicts:
            arrival = self.spool.arrive(name, digest, size, manifest, keys, papers)
            self._refused.pop(digest, None)
            return arrival

    def find(self, digest: str) -> Found:
        """See Inbox."""
        with self._verdicts:
            refused = self._refused.get(digest)
            if refused is not None:
                return Found(name=refused.name, upload=None, refusal=refused.refusal)
            arrival = self.spool.arrival(digest)
            return Found(name=arrival.name, upload=arrival, refusal=None)

    def complete(self, digest: str) -> None:
        """See Inbox."""
        self.spool.arrival(digest).complete()

    def ready(self) -> Sequence[str]:
        """See Inbox. None: what is ready here was uploaded to this very receiver, which knows."""
        return ()

    def claim(self, digest: str) -> LocalClaim | None:
        """See Inbox."""
        ready = [e.name for e in self.spool.entries(State.READY) if e.name.mark == mark_of(digest)]
        claim = self.spool.claim(ready[0]) if ready else None
        return LocalClaim(inbox=self, claim=claim, digest=digest) if claim else None

    def kept(self) -> Iterator[LocalKept]:
        """See Inbox."""
        entries = self.spool.entries(State.HELD, State.DONE)
        return (LocalKept(entry=entry) for entry in sorted(entries, key=lambda entry: entry.name))

    def receipts(self, digest: str) -> tuple[bytes, ...]:
        """See Inbox."""
        entry = self.spool.marked(digest, State.DONE)
        if entry is None or entry.receipt is None:  # one that lost it is for fsck to name
            return ()
        return entry.receipt, *(receipt for _, receipt in entry.further_receipts)

    def keep_receipt(self, digest: str, centre: str, receipt: bytes) -> None:
        """See Inbox."""
        entry = self.spool.marked(digest, State.HELD, State.DONE)
        if entry is None:
            raise EntryUnknown(name=digest)
        if entry.state is State.HELD:
            self.spool.answer(entry.name, receipt)
        elif entry.receipt != receipt:
            self.spool.add_receipt(entry.name, centre, receipt)

    def take_up(self, abandoned: datetime) -> TakenUp:
        """See Inbox."""
        self.spool.recover()
        self.spool.sweep()
        self.spool.expire(abandoned)
        waiting: list[str] = []
        damaged: list[LocalClaim] = []
        for entry in self.spool.entries(State.READY):
            try:
                waiting.append(entry.digest)
            except EntryDamaged:
                claim = self.spool.claim(entry.name)
                if claim is not None:
                    damaged.append(LocalClaim(inbox=self, claim=claim, digest=None))
        return TakenUp(waiting=tuple(waiting), damaged=tuple(damaged))

    def bury(self, claim: Claim, digest: str | None, refusal: Refuse) -> None:
        """Keep a refusal and move its batch among the dead, in one step for whoever asks."""
        with self._verdicts:
            if digest is not None:
                self._remember(digest, _Refused(name=claim.name, refusal=refusal))
            self.spool.bury(claim)

    def _remember(self, digest: str, refused: _Refused) -> None:
        while len(self._refused) >= MAX_REMEMBERED:
            self._refused.pop(next(iter(self._refused)))
        self._refused[digest] = refused


@dataclass(frozen=True, kw_only=True)
class LocalClaim:
    """An entry in `inflight`; `digest` is None where its manifest is gone."""

    inbox: LocalInbox
    claim: Claim
    digest: str | None

    @property
    def name(self) -> EntryName:
        """See Claimed."""
        return self.claim.name

    @property
    def manifest(self) -> bytes:
        """See Claimed."""
        return self.claim.manifest

    @property
    def keys(self) -> bytes:
        """See Claimed."""
        return self.claim.keys

    @property
    def papers(self) -> Papers:
        """See Claimed."""
        return self.claim.papers

    def open_payload(self) -> BinaryIO:
        """See Claimed."""
        return self.claim.open_payload()

    def require(self, name: EntryName) -> None:
        """See Claimed."""
        self.claim.require(name)

    def settle(self, receipt: bytes) -> None:
        """See Claimed."""
        self.inbox.spool.settle(self.claim, receipt)

    def carry(self) -> None:
        """See Claimed."""
        self.inbox.spool.hold(self.claim)

    def bury(self, refusal: Refuse) -> None:
        """See Claimed."""
        self.inbox.bury(self.claim, self.digest, refusal)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.claim.hold.release()


@dataclass(frozen=True, kw_only=True)
class LocalKept:
    """An entry in `held` or `done`."""

    entry: Entry

    @property
    def name(self) -> EntryName:
        """See Kept."""
        return self.entry.name

    @property
    def manifest(self) -> bytes:
        """See Kept."""
        return self.entry.manifest

    def put_into(self, spool: Spool) -> None:
        """See Kept."""
        spool.adopt(self.entry)
