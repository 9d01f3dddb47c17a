"""An outward copy: rows in force into a file, the copy into the ledger, a signed note beside it.

The order is fixed: the file is whole and on the disk under a name nobody looks for, then the ledger has the copy, then
the file and its note get their names. A crash in between leaves a line for a copy that nobody got, never the reverse;
and it leaves the file under its hidden name, by which the next copy into that directory knows that it is still owed.
"""

from __future__ import annotations

import glob
import secrets
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gateway.envelope.parties import Signer
from gateway.envelope.receipt import LedgerPlace
from gateway.errors import NothingToCopy, OutputRefused
from gateway.ledger import Detail, Event, EventKind, Ledger, Line
from gateway.spool.disk import alone_in, sync, write_new
from gateway.subscribers.files import Written, digest_of, write_rows
from gateway.subscribers.grants import Grant, grants_in, require_readable
from gateway.subscribers.note import Note, sign_note
from gateway.terms import control_totals
from gateway.warehouse import Belief, Disclosure, Warehouse

_MARK = 8  # hex digits behind a hidden name


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be copied for whom, and who answers for it.

    Attributes:
        reader: a subscriber's id, or a region's code. region: whose data; None where the period has one only.
    """

    reader: str
    feed: str
    period: str
    region: str | None
    disclosure: Disclosure
    by: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Copyist:
    """The rooms that copying needs; `centre` is its own id."""

    centre: str
    warehouse: Warehouse
    ledger: Ledger
    signer: Callable[[], Signer]
    clock: Callable[[], datetime]


@dataclass(frozen=True, kw_only=True)
class Copied:
    """A copy that was handed out. `note` is the path of the signed note."""

    file: Path
    note: Path
    said: Note


def copy_out(order: Order, target: Path, copyist: Copyist) -> Copied:
    """Write what is in force now to `target` (`.csv` or `.parquet`), and its note to `<target>.p7s`.

    Raises:
        NotGranted: no grant in force covers it, and it is not the reader's own region.
        NothingToCopy: nothing is held of the period.
        RegionRequired, OutputRefused (`target` is there already, or cannot be written), LedgerTextRefused.
    """
    now = copyist.clock()
    held = copyist.warehouse.asof(order.feed, order.period, now, order.region)
    if held.newest is None or held.region is None:
        raise NothingToCopy(feed=order.feed, period=order.period)
    grants = grants_in(copyist.ledger.lines())
    grant = require_readable(order.reader, order.feed, held.region, grants, now)
    note = target.with_name(f"{target.name}.p7s")
    with _hidden(target) as hidden:
        remains = _remains(target.parent, target.name)
        if target.exists() or (note.exists() and not remains):
            raise OutputRefused(path=target)
        written = _written(hidden, target, order, held, copyist.warehouse)
        line = copyist.ledger.append(_event(order, held, grant, written, now))
        said = _note(order, held, grant, written, line, copyist.centre, now)
        signed = sign_note(said, copyist.signer())
        for cut_off in (*remains, note):
            cut_off.unlink(missing_ok=True)
        write_new(note, signed)
        hidden.rename(target)
        sync(target.parent)
    return Copied(file=target, note=note, said=said)


def stem_of(order: Order, copyist: Copyist) -> str:
    """A file's name without its ending, with the revision that is in force now, whatever came last. As `copy_out`."""
    held = copyist.warehouse.asof(order.feed, order.period, copyist.clock(), order.region)
    if held.newest is None:
        raise NothingToCopy(feed=order.feed, period=order.period)
    return f"{order.feed}_{order.period}_{held.region}_r{held.newest.facts.revision}"


def left_behind(directory: Path) -> frozenset[str]:
    """SHA-256 (hex) of the files that copies which were cut off left in a directory. Raises OutputRefused."""
    with alone_in(directory):
        return frozenset(map(digest_of, _remains(directory, "*")))


def copies_due(
    reader: str, warehouse: Warehouse, ledger: Ledger, at: datetime, cut_off: Set[str] = frozenset()
) -> Iterator[tuple[str, str, str]]:
    """(feed, period, region) of all that a reader's grants in force cover and that is not what it has got.

    That is a new revision; or fewer rows of the one it has, because a later portion ordered some of them removed.

    Args:
        cut_off: see `left_behind`; the lines of these tell of copies that nobody got.
    """
    lines = list(ledger.lines())
    grants = [one for one in grants_in(lines) if one.reader == reader and one.holds(at)]
    copies = [line for line in lines if line.event == EventKind.COPIED and line.said.subscriber == reader]
    given = {(line.feed, line.period, line.said.region): line for line in copies if line.said.payload not in cut_off}
    places = {(one.facts.feed, one.facts.period, one.facts.region) for one in warehouse.deliveries()}
    for feed, period, region in sorted(places):
        covered = any(grant.covers(reader, feed, region) for grant in grants)
        if covered and _is_owed(given.get((feed, period, region)), warehouse.asof(feed, period, at, region)):
            yield feed, period, region


def _is_owed(copy: Line | None, held: Belief) -> bool:
    """Whether the copy handed out last holds something else than is in force. Only a revision adds to a period."""
    if held.newest is None:
        return False
    return copy is None or (copy.digest, copy.said.rows) != (held.newest.facts.digest, held.totals.rows)


def _written(hidden: Path, target: Path, order: Order, held: Belief, warehouse: Warehouse) -> Written:
    batches = warehouse.rows(held, order.disclosure)
    return write_rows(hidden, target.suffix, warehouse.row_schema(order.feed, order.disclosure), batches)


def _event(order: Order, held: Belief, grant: Grant | None, written: Written, at: datetime) -> Event:
    facts = held.newest.facts
    return Event(
        at=at,
        kind=EventKind.COPIED,
        batch=facts.batch,
        feed=held.feed,
        period=held.period,
        revision=facts.revision,
        digest=facts.digest,
        by=order.by,
        detail=Detail(
            subscriber=order.reader,
            region=held.region,
            number=grant.number if grant else None,
            reason=order.reason,
            rows=written.rows,
            size=written.size,
            payload=written.sha256,
        ),
    )


def _note(
    order: Order, held: Belief, grant: Grant | None, written: Written, line: Line, centre: str, at: datetime
) -> Note:
    facts = held.newest.facts
    return Note(
        centre=centre,
        reader=order.reader,
        number=grant.number if grant else None,
        feed=held.feed,
        period=held.period,
        region=facts.region,
        batch=facts.batch,
        manifest=facts.digest,
        masked=order.disclosure is Disclosure.MASKED,
        totals=control_totals(held.totals),
        sha256=written.sha256,
        size=written.size,
        by=order.by,
        reason=order.reason,
        ledger=LedgerPlace(position=line.seq, head=line.hash),
        at=at,
    )


@contextmanager
def _hidden(target: Path) -> Iterator[Path]:
    """A name in the same directory that nobody looks for; gone if it was not renamed. One copy at a time in each."""
    path = target.with_name(f".{target.name}.{secrets.token_hex(_MARK // 2)}")
    with alone_in(target.parent):
        try:
            yield path
        except OSError:
            raise OutputRefused(path=target) from None
        finally:
            path.unlink(missing_ok=True)


def _remains(directory: Path, name: str) -> list[Path]:
    """Hidden files of copies that were cut off, since nobody is writing one now. `name`: of the file, or `*`."""
    pattern = "*" if name == "*" else glob.escape(name)
    return sorted(directory.glob(f".{pattern}.{'[0-9a-f]' * _MARK}"))
