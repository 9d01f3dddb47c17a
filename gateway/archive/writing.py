"""Writing a month's archive: what was chosen, and the ledger's lines since the archive before.

The order in which it becomes safe: contents, index and signature into a file without a name, forced to the disk, then
its name, then the ledger's line `archived`. Cut off before the name, nothing has happened; cut off after it, the next
run enters the line. It must never rewrite an archive: what comes late for a month goes into a supplement.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gateway.archive import index as indexes
from gateway.archive import standalone
from gateway.archive.choosing import Archivist, Resting, Settled, choose, inside, month_of
from gateway.archive.index import FileFacts, Index, LedgerPart
from gateway.archive.shelf import Archived, Sink
from gateway.envelope.parties import Signer
from gateway.errors import ArchiveMissing, ArchiveUnledgered, MonthOpen, YizhanError
from gateway.ledger import Detail, Event, EventKind, Line
from gateway.ledger.chain import GENESIS
from gateway.spool.entry import PAYLOAD


@dataclass(frozen=True, kw_only=True)
class Written:
    """What archiving did: the archives it wrote, and what it left out and why."""

    archives: tuple[Archived, ...]
    faults: tuple[YizhanError, ...]


def write(archivist: Archivist, month: str | None) -> Written:
    """Archive what is settled and not archived yet, a month at a time, oldest first; again: nothing more to do.

    Args:
        month: only this one; else every month that is over.

    Raises:
        MonthOpen, ArchiveUnreadable, ArchiveUnledgered, ArchiveMissing, SealRefused; SpoolFull, SpoolUnavailable.
    """
    current = month_of(archivist.clock())
    if month is not None and month >= current:
        raise MonthOpen(month=month)
    with archivist.archives.alone():
        _complete(archivist)
        settled, faults = choose(archivist)
        due = sorted({one.month for one in settled if one.month < current and month in (None, one.month)})
        made = [_write_month(archivist, each, [one for one in settled if one.month == each]) for each in due]
    return Written(archives=tuple(made), faults=tuple(faults))


def _complete(archivist: Archivist) -> None:
    """The last archive may have got its name and not its line; every other stands in the ledger, and is there."""
    lines, there = list(archivist.ledger.lines(kind=EventKind.ARCHIVED)), archivist.archives.all()
    if len(there) == len(lines) + 1:
        _enter_unnamed(archivist, there[-1])
        return
    missing = {one.index.sequence for one in there} ^ set(range(1, len(lines) + 1))
    if missing:
        lost = lines[min(*missing, len(lines)) - 1]
        raise ArchiveMissing(seq=lost.seq, month=lost.period)
    if there and not there[-1].purged and there[-1].digest != lines[-1].digest:
        raise ArchiveUnledgered(place=there[-1].place)


def _enter_unnamed(archivist: Archivist, last: Archived) -> None:
    with last.path.open("rb") as file:
        signed = standalone.read_index(file, last.place)
    indexes.verify(*signed, archivist.trust(), archivist.clock(), last.place)
    if last.index.previous != _last_digest(archivist):
        raise ArchiveUnledgered(place=last.place)
    _enter(archivist, last.index, last.digest, last.path.stat().st_size)


def _write_month(archivist: Archivist, month: str, settled: Sequence[Settled]) -> Archived:
    earlier, now, signer = archivist.archives.all(), archivist.clock(), archivist.signer()
    lines = _lines(archivist, earlier, month)
    with archivist.archives.new() as (sink, path):
        files = (*_put_entries(sink, settled), *_put_own(sink, lines, now))
        index = Index(
            node=archivist.node,
            party=archivist.party,
            id=archivist.id,
            month=month,
            number=1 + sum(one.index.month == month for one in earlier),
            sequence=len(earlier) + 1,
            previous=_last_digest(archivist),
            written_at=now,
            ledger=_part(lines, earlier),
            batches=tuple(one.held for one in settled),
            files=files,
        )
        _put_index(sink, index, signer)
    shown = archivist.archives.show(path, index)
    _enter(archivist, index, sink.digest, sink.size)
    return Archived(index=index, path=shown, purged=False)


def _last_digest(archivist: Archivist) -> str | None:
    """What the ledger says of the archive before, which need not be there any more."""
    lines = list(archivist.ledger.lines(kind=EventKind.ARCHIVED))
    return lines[-1].digest if lines else None


def _put_entries(sink: Sink, settled: Sequence[Settled]) -> Iterator[FileFacts]:
    for one in settled:
        at, name = one.held.accepted_at, one.entry.name
        for file in sorted((*one.small, *((PAYLOAD,) if one.payload else ()))):
            if file == PAYLOAD:
                yield _copy(sink, inside(name, PAYLOAD), at, one.entry)
            else:
                yield _put(sink, inside(name, file), at, one.small[file])


def _put_own(sink: Sink, lines: Sequence[Line], now: datetime) -> Iterator[FileFacts]:
    text = "".join(f"{line.export()}\n" for line in lines).encode()
    yield _put(sink, standalone.LEDGER, now, text)
    yield _put(sink, standalone.VERIFIER, now, Path(standalone.__file__).read_bytes())


def _put_index(sink: Sink, index: Index, signer: Signer) -> None:
    data = indexes.encode(index)
    _put(sink, standalone.INDEX, index.written_at, data)
    _put(sink, standalone.SIGNATURE, index.written_at, indexes.sign(data, signer))
    sink.write(b"\0" * 2 * standalone.BLOCK)


def _put(sink: Sink, name: str, at: datetime, content: bytes) -> FileFacts:
    sink.write(standalone.header(name, len(content), int(at.timestamp())))
    sink.write(content)
    sink.write(standalone.padding(len(content)))
    return FileFacts(name=name, size=len(content), sha256=hashlib.sha256(content).hexdigest())


def _copy(sink: Sink, name: str, at: datetime, entry: Resting) -> FileFacts:
    size, digest = entry.size or 0, hashlib.sha256()
    sink.write(standalone.header(name, size, int(at.timestamp())))
    with entry.open_payload() as file:
        while piece := file.read(standalone.PIECE):
            digest.update(piece)
            sink.write(piece)
    sink.write(standalone.padding(size))
    return FileFacts(name=name, size=size, sha256=digest.hexdigest())


def _lines(archivist: Archivist, earlier: Sequence[Archived], month: str) -> list[Line]:
    """From where the archive before ended, to the last line that was written before the month was over."""
    after = earlier[-1].index.ledger.last if earlier else 0
    lines = list(archivist.ledger.lines(after=after))
    within = [place for place, line in enumerate(lines) if month_of(line.moment) <= month]
    return lines[: within[-1] + 1] if within else []


def _part(lines: Sequence[Line], earlier: Sequence[Archived]) -> LedgerPart:
    last, head = (earlier[-1].index.ledger.last, earlier[-1].index.ledger.head) if earlier else (0, GENESIS)
    ended = lines[-1].hash if lines else head
    return LedgerPart(first=last + 1, last=last + len(lines), before=head, head=ended)


def _enter(archivist: Archivist, index: Index, digest: str, size: int) -> None:
    event = Event(
        at=archivist.clock(),
        kind=EventKind.ARCHIVED,
        period=index.month,
        revision=index.number,
        digest=digest,
        detail=Detail(size=size, files=len(index.files)),
    )
    archivist.ledger.append(event)
