"""The chain: a ledger line as it is stored, and the hash that ties it to the line before it.

Pure. `hash` is the SHA-256 of the canonical JSON of all other columns, the previous line's hash among them; anyone can
recompute it from an exported line with a JSON library and SHA-256.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from gateway.ledger.events import Detail, Event, encode_moment

GENESIS = "0" * 64
"""What the first line has for a previous hash."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line, its columns exactly as stored: times and details stay text, so that what is hashed is what is there."""

    seq: int
    at: str
    node: str
    event: str
    batch: str | None
    feed: str | None
    period: str | None
    revision: int | None
    digest: str | None
    code: str | None
    by: str | None
    detail: str
    previous: str
    hash: str

    @classmethod
    def after(cls, seq: int, previous: str, node: str, event: Event) -> Line:
        """The line for `event` that follows line `seq`, whose hash is `previous`."""
        line = cls(
            seq=seq + 1,
            at=encode_moment(event.at),
            node=node,
            event=event.kind.value,
            batch=event.batch,
            feed=event.feed,
            period=event.period,
            revision=event.revision,
            digest=event.digest,
            code=event.code,
            by=event.by,
            detail=event.detail.encode(),
            previous=previous,
            hash="",
        )
        return replace(line, hash=line.computed_hash)

    @property
    def moment(self) -> datetime:
        """`at` as an aware datetime."""
        return datetime.fromisoformat(self.at)

    @property
    def said(self) -> Detail:
        """`detail` read back."""
        return Detail.decode(self.detail)

    @property
    def computed_hash(self) -> str:
        """The hash these columns should have."""
        columns = {name: value for name, value in vars(self).items() if name != "hash"}
        return hashlib.sha256(_canonical(columns)).hexdigest()

    def fits_at(self, seq: int) -> bool:
        """Whether this very line, untouched, once stood at `seq`."""
        return replace(self, seq=seq).computed_hash == self.hash

    def export(self) -> str:
        """All columns as one line of JSON."""
        return _canonical(asdict(self)).decode()


def _canonical(columns: dict[str, object]) -> bytes:
    """JSON, keys sorted, no spaces, UTF-8 (RFC 8785 for the strings, integers and nulls a line has)."""
    return json.dumps(columns, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
