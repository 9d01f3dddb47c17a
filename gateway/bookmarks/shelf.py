"""The shelf: where bookmarks lie, and the order in which they become durable and go.

Everything is written beside its place, forced to the disk and renamed. A bookmark without a batch in the ledger is
what a crash left behind; the next collecting of its feed sweeps it away.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.bookmarks.bookmark import Bookmark
from gateway.bookmarks.rows import ROW, RowsWriter
from gateway.bookmarks.verdicts import BatchVerdicts, KnownRows, known_rows, read_rows
from gateway.errors import BookmarkDamaged, SpoolNameInvalid
from gateway.records.types import Column
from gateway.spool import EntryName
from gateway.spool.disk import Hold, door, made_once, make_directory, sync, write_whole

Entropy = Callable[[int], bytes]

_PART, _KEPT, _ROWS = ".part", ".json", ".rows"
_SECRET_BYTES, _SALT_BYTES = 32, 16


@dataclass(frozen=True, kw_only=True)
class Bookmarks:
    """All bookmarks of a site.

    Attributes:
        root: `bookmarks/`. secret: the file that holds the secret of the digests, with the site's private keys; it is
            made when it is first needed.

    Every call may raise SpoolFull or SpoolUnavailable when the file system refuses.
    """

    root: Path
    secret: Path

    def alone(self, feed: str) -> Hold:
        """Wait until nobody else collects this feed, or tells its source about it."""
        with door("锁定书签", "hold the bookmarks"):
            return Hold.wait_on(self._place(feed))

    def try_alone(self, feed: str) -> Hold | None:
        """The same, or None if somebody does."""
        with door("锁定书签", "hold the bookmarks"):
            return Hold.try_on(self._place(feed))

    def of(self, feed: str) -> tuple[Bookmark, ...]:
        """Every bookmark of a feed, by period and revision. Raises: BookmarkDamaged."""
        with door("读取书签", "read the bookmarks"):
            found = sorted((_name(path), path) for path in (self.root / feed).glob(f"*{_KEPT}"))
            return tuple(Bookmark.decode(name, path.read_bytes()) for name, path in found)

    def faults(self) -> Iterator[BookmarkDamaged]:
        """Bookmarks that are not in form, and row digests that are not those their bookmark names. For fsck."""
        with door("核对书签", "inspect the bookmarks"):
            for path in sorted(self.root.glob(f"*/*{_KEPT}")):
                try:
                    bookmark = Bookmark.decode(_name(path), path.read_bytes())
                    _require_rows(bookmark, self._rows(bookmark.name))
                except BookmarkDamaged as damaged:
                    yield damaged

    def begin(self, feed: str, columns: Sequence[Column], entropy: Entropy) -> RowsWriter:
        """Start the row digests of a batch that has no name yet."""
        with door("新建书签", "begin a bookmark"):
            path = self._place(feed) / f"{secrets.token_hex(8)}{_PART}"
            return RowsWriter(path, columns, self._secret(entropy), entropy(_SALT_BYTES))

    def keep(self, name: EntryName, *, start: str | None, end: str | None, rows: RowsWriter | None) -> Bookmark:
        """Make a batch's bookmark durable; to be called before the spool shows the batch."""
        with door(f"保存书签 {name}", f"keep the bookmark {name}"):
            place = self._place(name.feed)
            facts = rows.finish() if rows else None
            if rows is not None:
                rows.path.rename(self._rows(name))
                sync(place)
            bookmark = Bookmark(name=name, start=start, end=end, rows=facts)
            write_whole(place / f"{name}{_KEPT}", bookmark.encode())
        return bookmark

    def holds_rows(self, feed: str) -> bool:
        """Whether there is anything to tell this feed's source about; takes no lock."""
        with door("读取书签", "read the bookmarks"):
            return any((self.root / feed).glob(f"*{_ROWS}"))

    def awaiting(self, feed: str) -> tuple[Bookmark, ...]:
        """Those whose rows the source has not been told about. Raises: BookmarkDamaged."""
        return tuple(one for one in self.of(feed) if one.rows is not None and self._rows(one.name).exists())

    def verdicts(self, bookmark: Bookmark, later: Sequence[Bookmark], columns: Sequence[Column]) -> BatchVerdicts:
        """What to say of a batch's rows, given those sealed after it. Raises: BookmarkDamaged."""
        reasons = bookmark.rows.reasons if bookmark.rows else ()
        return BatchVerdicts(
            rows=self._known(bookmark, columns),
            reasons=reasons,
            later=tuple(self._known(other, columns) for other in later),
        )

    def forget_rows(self, name: EntryName) -> None:
        """Drop the row digests of a batch; a second call does nothing."""
        with door(f"清除书签 {name}", f"drop the rows of {name}"):
            self._rows(name).unlink(missing_ok=True)
            sync(self._place(name.feed))

    def sweep(self, feed: str, sealed: Collection[str]) -> None:
        """Remove what belongs to no batch; `sealed` are the marks the ledger knows. Only while `alone`."""
        with door("清理书签", "sweep the bookmarks"):
            for path in self._place(feed).iterdir():
                if path.suffix not in (_KEPT, _ROWS) or _name(path).mark not in sealed:
                    path.unlink()

    def _known(self, bookmark: Bookmark, columns: Sequence[Column]) -> KnownRows:
        facts = bookmark.rows
        with door(f"读取书签 {bookmark.name}", f"read the bookmark {bookmark.name}"):
            content, secret = self._rows(bookmark.name).read_bytes(), self._stored_secret()
        whole = facts and len(content) == facts.count * ROW.itemsize
        if facts is None or secret is None or not whole or hashlib.sha256(content).hexdigest() != facts.digest:
            raise BookmarkDamaged(name=str(bookmark.name))
        return known_rows(read_rows(content), columns, secret, facts.salt)

    def _place(self, feed: str) -> Path:
        make_directory(self.root)
        make_directory(self.root / feed)
        return self.root / feed

    def _rows(self, name: EntryName) -> Path:
        return self.root / name.feed / f"{name}{_ROWS}"

    def _secret(self, entropy: Entropy) -> bytes:
        return made_once(self.secret, lambda: entropy(_SECRET_BYTES))

    def _stored_secret(self) -> bytes | None:
        return self.secret.read_bytes() if self.secret.exists() else None


def _name(path: Path) -> EntryName:
    try:
        return EntryName.parse(path.stem)
    except SpoolNameInvalid:
        raise BookmarkDamaged(name=path.name) from None


def _require_rows(bookmark: Bookmark, rows: Path) -> None:
    """Once the source was told, the rows are gone. Raises BookmarkDamaged."""
    if bookmark.rows is None or not rows.exists():
        return
    if hashlib.sha256(rows.read_bytes()).hexdigest() != bookmark.rows.digest:
        raise BookmarkDamaged(name=str(bookmark.name))
