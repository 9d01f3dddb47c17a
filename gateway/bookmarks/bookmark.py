"""One bookmark, and the strict JSON it is kept in. Must never touch a disk."""

from __future__ import annotations

import json
from dataclasses import dataclass

from gateway.errors import BookmarkDamaged
from gateway.spool import EntryName

_FORMAT = "yizhan-bookmark/1"


@dataclass(frozen=True, kw_only=True)
class RowsFacts:
    """What is to be known of a file of row digests to read it.

    Attributes:
        count: rows in it, one for each the source gave.
        salt: 16 random bytes; with the site's secret they make the key of the digests.
        digest: SHA-256 (hex) of the file.
        reasons: why rows were refused, in Chinese; a row's verdict is 0 (taken) or the place in here, from 1.
    """

    count: int
    salt: bytes
    digest: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Bookmark:
    """Where the batch of this name started and ended; None for the source's beginning, or where it knows no cursor.

    Attributes:
        rows: of its row digests; None where the source wants no answer.
    """

    name: EntryName
    start: str | None
    end: str | None
    rows: RowsFacts | None

    def encode(self) -> bytes:
        """As it is kept."""
        said: dict[str, object] = {"format": _FORMAT, "start": self.start, "end": self.end, "rows": None}
        if self.rows is not None:
            facts = self.rows
            said["rows"] = {
                "count": facts.count,
                "salt": facts.salt.hex(),
                "digest": facts.digest,
                "reasons": list(facts.reasons),
            }
        return json.dumps(said, ensure_ascii=False, indent=1).encode()

    @classmethod
    def decode(cls, name: EntryName, content: bytes) -> Bookmark:
        """Read one back. Raises: BookmarkDamaged."""
        try:
            said = json.loads(content)
            if said.pop("format") != _FORMAT:
                raise BookmarkDamaged(name=str(name))
            rows = said.pop("rows")
            facts = rows and RowsFacts(
                count=rows["count"],
                salt=bytes.fromhex(rows["salt"]),
                digest=rows["digest"],
                reasons=tuple(rows["reasons"]),
            )
            return cls(name=name, rows=facts or None, **said)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise BookmarkDamaged(name=str(name)) from None
