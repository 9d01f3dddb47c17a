"""Onward: where an increment's reading starts, and what is kept of it so that the next one knows.

A reading starts where the last batch of an earlier period that the centre has receipted ended: what never arrived is
read again. A period that was read before starts where its first revision did, so that a rerun sees the same rows. A
snapshot knows nothing of all this. Must never read the source.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from adapters.contract import Acknowledges, Adapter
from gateway.bookmarks import Bookmark, RowsWriter
from gateway.calendar import Period
from gateway.catalogue import Feed, Mode
from gateway.collect.desk import Desk
from gateway.errors import ConfigInvalid
from gateway.journal import dead_marks
from gateway.ledger import EventKind, Ledger
from gateway.spool import EntryName, mark_of


class From(StrEnum):
    """Where to start: after what has arrived, or at the source's beginning because a person asks for it."""

    BOOKMARK = "bookmark"
    BEGINNING = "beginning"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where one reading starts, and where the digests of its rows go, if its source is to be told of them."""

    mode: Mode
    start: str | None
    rows: RowsWriter | None


@contextmanager
def placed(feed: Feed, period: Period, wanted: From, source: Adapter, desk: Desk) -> Iterator[Place]:
    """The place of a reading; nobody else collects this feed, or tells its source, until the block is left.

    Raises:
        ConfigInvalid: a source that is marked gives what is new to it, which is no snapshot.
        BookmarkDamaged
    """
    marking = source.marking if isinstance(source, Acknowledges) else None
    with desk.bookmarks.alone(feed.id), ExitStack() as stack:
        if feed.mode is Mode.SNAPSHOT:
            _require_unmarked(feed, marking)
            yield Place(mode=feed.mode, start=None, rows=None)
            return
        desk.bookmarks.sweep(feed.id, _marks(desk.ledger, EventKind.SEALED))
        start = _start(feed, period, desk) if wanted is From.BOOKMARK else None
        rows = desk.bookmarks.begin(feed.id, feed.fields, desk.entropy) if marking else None
        yield Place(mode=feed.mode, start=start, rows=stack.enter_context(rows) if rows else None)


def keep(place: Place, name: EntryName, end: str | None, desk: Desk) -> None:
    """Keep the place of what was sealed under this name, before the spool shows it; a snapshot has none."""
    if place.mode is Mode.INCREMENT and (end is not None or place.rows is not None):
        desk.bookmarks.keep(name, start=place.start, end=end, rows=place.rows)


def _start(feed: Feed, period: Period, desk: Desk) -> str | None:
    dead = dead_marks(desk.spool)
    known = [one for one in desk.bookmarks.of(feed.id) if one.name.mark not in dead]
    own = [one for one in known if one.name.period == str(period)]
    if own:
        return min(own, key=_order).start
    receipted = _marks(desk.ledger, EventKind.RECEIPTED)
    earlier = [
        one for one in known if one.name.mark in receipted and one.end is not None and _begins(one) < period.moment
    ]
    return max(earlier, key=_order).end if earlier else None


def _order(bookmark: Bookmark) -> tuple[datetime, int]:
    return _begins(bookmark), bookmark.name.revision


def _begins(bookmark: Bookmark) -> datetime:
    return Period.parse(bookmark.name.period).moment


def _marks(ledger: Ledger, kind: EventKind) -> set[str]:
    return {mark_of(line.digest) for line in ledger.lines(kind=kind) if line.digest}


def _require_unmarked(feed: Feed, marking: str | None) -> None:
    if marking:
        zh = "有 handshake 的事项应为 mode: increment(只读取未取走的数据)"
        en = "a feed with a handshake is mode: increment (only what was not taken is read)"
        raise ConfigInvalid(place=feed.id, problem_zh=zh, problem_en=en)
