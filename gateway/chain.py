"""The chain of receipts: those of the centres behind the one that answered first, fetched from there and verified.

A department's front-end completes the chain of what it delivered, a centre that of what it sent upward. A receipt is
kept only when it is genuine, about this very batch, and of a centre that was still to answer; a false one is ledgered
and kept out. That a centre further up refused is told and ledgered, once, and stands until a receipt comes after all:
it is not signed, so nothing but people goes by it. What is still missing is asked for again next time. Must never open
a connection or a key itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from gateway.carriage import code_of, kind_of, receipted
from gateway.envelope.parties import Trust
from gateway.envelope.receipt import Answer, check_receipt
from gateway.envelope.report import Files, inspect
from gateway.envelope.sealed import Declared, verify_manifest
from gateway.errors import ReceiptNotAwaited, ReceiptRefused, Refuse, RefusedAbove, Retry, YizhanError
from gateway.journal import Clock, about
from gateway.ledger import Detail, Event, EventKind, Ledger, Line
from gateway.spool import Entry, Spool, State, mark_of

_OF_A_RECEIPT = frozenset({ReceiptNotAwaited.code, *(kind.code for kind in (ReceiptRefused, *ReceiptRefused.all()))})
"""A false receipt was refused, not the batch: it is asked for again."""
_OVERTAKING = frozenset({EventKind.RELAYED, EventKind.RETRIED, EventKind.RECEIPTED, EventKind.FORWARDED})
"""After these a refusal is over: the batch was taken up anew, or there is a receipt."""


class RefusedThere(Protocol):
    """That a centre above the one asked refused the batch, and with which code."""

    @property
    def centre(self) -> str: ...

    @property
    def code(self) -> str: ...


class Known(Protocol):
    """What a centre knows of a batch: receipts (DER, unverified), and the refusal that stands above it, if one does."""

    @property
    def receipts(self) -> tuple[bytes, ...]: ...

    @property
    def refused(self) -> RefusedThere | None: ...


@dataclass(frozen=True, kw_only=True)
class Chain:
    """The rooms of completing chains.

    Attributes:
        spool: where the batches lie that a first centre answered: `spool/` of a front-end, `upward/` of a centre.
        kind: how the ledger calls a receipt: receipted, or forwarded.
        next: of a feed (id): the centre that is asked. behind: the centres whose receipts are awaited, it included.
        above: of a feed: the centres that its batches pass after the one that answered, those that only carry included.
        ask: what a centre knows for a manifest's digest.
        keep: where a verified receipt of a centre goes.
    """

    spool: Spool
    ledger: Ledger
    trust: Callable[[], Trust]
    clock: Clock
    kind: EventKind
    next: Callable[[str], str]
    behind: Callable[[str], tuple[str, ...]]
    above: Callable[[str], tuple[str, ...]]
    ask: Callable[[str, str], Known]
    keep: Callable[[Entry, str, bytes], None]


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What came of asking about one batch: a further centre's verified receipt, an error, or who has not answered yet.

    Attributes:
        awaited: the centres whose receipts the centre that was asked does not know yet; not one that refused.
    """

    batch: str
    answer: Answer | None = None
    error: YizhanError | None = None
    awaited: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Gap:
    """A batch whose chain is not complete, and the centres that are missing."""

    entry: Entry
    declared: Declared
    missing: frozenset[str]


def complete(chain: Chain) -> Iterator[Fetched]:
    """Ask for every receipt that is missing; a centre that does not answer is not asked again in this pass."""
    silent: set[str] = set()
    for entry, missing in _incomplete(chain):
        centre = chain.next(entry.name.feed)
        if centre in silent:
            continue
        for fetched in _complete(entry, missing, centre, chain):
            if isinstance(fetched.error, Retry):
                silent.add(centre)
            yield fetched


def enter_once(ledger: Ledger, line: Event) -> None:
    """Enter what keeps a batch, unless that is the last word about it already: a line that is down is tried often."""
    last = None
    for known in ledger.lines(batch=line.batch):
        last = known if known.digest == line.digest else last
    said = (line.kind.value, line.code, line.detail.centre)
    if last is None or (last.event, last.code, last.said.centre) != said:
        ledger.append(line)


def refusals(lines: Iterable[Line]) -> dict[str, RefusedAbove]:
    """By the digest of its manifest, each batch whose last word from above is that a centre there refused it."""
    standing: dict[str, RefusedAbove] = {}
    for line in lines:
        if line.digest is None or line.batch is None:
            continue
        if line.event == EventKind.REFUSED and line.said.centre is not None and line.code not in _OF_A_RECEIPT:
            standing[line.digest] = RefusedAbove(batch=line.batch, centre=line.said.centre, peer_code=line.code)
        elif line.event in _OVERTAKING:
            standing.pop(line.digest, None)
    return standing


def _incomplete(chain: Chain) -> Iterator[tuple[Entry, frozenset[str]]]:
    """Those without a line for each centre of their feed's path; what they are addressed to is read only of these."""
    held: dict[str, set[str | None]] = {}
    for line in chain.ledger.lines(kind=chain.kind):
        held.setdefault(mark_of(line.digest or ""), set()).add(line.said.centre)
    for entry in chain.spool.entries(State.DONE):
        missing = frozenset(chain.behind(entry.name.feed)) - held.get(entry.name.mark, set())
        if missing:
            yield entry, missing


def _complete(entry: Entry, missing: frozenset[str], centre: str, chain: Chain) -> Iterator[Fetched]:
    try:
        gap = _gap(entry, missing, chain)
        known = chain.ask(centre, gap.declared.digest) if gap.missing else None
    except YizhanError as error:
        yield Fetched(batch=entry.name.batch, error=error)
        return
    if known is None:
        return
    came: set[str] = set()
    for receipt in known.receipts:
        fetched = _take(receipt, gap, centre, chain)
        if fetched is not None:
            came |= {fetched.answer.receipt.centre} if fetched.answer else set()
            yield fetched
    left = gap.missing - came
    refused = _refused(known.refused, replace(gap, missing=left), chain) if left else None
    awaited = tuple(sorted(left - {str(refused.facts["centre"])} if refused else left))
    if left:
        yield Fetched(batch=entry.name.batch, error=refused, awaited=awaited)


def _gap(entry: Entry, missing: frozenset[str], chain: Chain) -> _Gap:
    """Our own manifest is judged as of its signature: it was verified when it was sealed or admitted."""
    manifest = entry.manifest
    said = inspect(Files(manifest=manifest)).manifest
    at = min(said.created_at, chain.clock()) if said else chain.clock()
    declared = verify_manifest(manifest, chain.trust(), at)
    return _Gap(entry=entry, declared=declared, missing=missing & set(declared.manifest.recipients))


def _take(receipt: bytes, gap: _Gap, centre: str, chain: Chain) -> Fetched | None:
    """Keep a receipt that was missing; None for one that was not. The file is there before the line says so."""
    at = chain.clock()
    try:
        answer = check_receipt(receipt, gap.declared, chain.trust(), at)
        if answer.receipt.centre not in gap.missing:
            return None
        chain.keep(gap.entry, answer.receipt.centre, receipt)
    except YizhanError as error:
        if isinstance(error, Refuse):
            enter_once(chain.ledger, _kept_out(error, gap, centre, at))
        return Fetched(batch=gap.entry.name.batch, error=error)
    line = about(gap.entry, gap.declared.digest, at, chain.kind, detail=receipted(answer))
    chain.ledger.append(line)
    return Fetched(batch=gap.entry.name.batch, answer=answer)


def _refused(said: RefusedThere | None, gap: _Gap, chain: Chain) -> RefusedAbove | None:
    """Believed of a centre on the feed's way up that has not answered; ledgered unless it is what the ledger says."""
    name, digest = gap.entry.name, gap.declared.digest
    answered = set(gap.declared.manifest.recipients) - gap.missing
    if said is None or said.centre in answered or said.centre not in chain.above(name.feed):
        return None
    refused = RefusedAbove(batch=name.batch, centre=said.centre, peer_code=said.code)
    standing = refusals(chain.ledger.lines(batch=name.batch)).get(digest)
    if standing is None or standing.facts != refused.facts:
        detail = Detail(centre=said.centre)
        line = about(gap.entry, digest, chain.clock(), EventKind.REFUSED, detail=detail, code=said.code)
        chain.ledger.append(line)
    return refused


def _kept_out(error: YizhanError, gap: _Gap, centre: str, at: datetime) -> Event:
    """Who forged it is not known; who handed it over is."""
    detail = Detail(centre=centre if error.code in _OF_A_RECEIPT else None)  # else the fault is this node's own
    return about(gap.entry, gap.declared.digest, at, kind_of(error), detail=detail, code=code_of(error))
