"""Events: what may be written into the ledger, and the guard that keeps people's data out of it.

An event is a closed set of columns and a closed set of details: counts, identifiers, digests, moments. It must never
grow a free text column.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.errors import LedgerTextRefused

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:+-]{0,199}", re.ASCII)
_NUMBER_OF_A_PERSON = re.compile(r"(?:\d[\s-]?){15}")  # an ID or an account, in whatever digits, however it is grouped
_MAX_NAME = 60


class EventKind(StrEnum):
    """Every step a batch can take at a node."""

    LANDED = "landed"
    SEALED = "sealed"
    UNBALANCED = "unbalanced"
    REFUSED = "refused"
    RECEIPTED = "receipted"
    DEFERRED = "deferred"
    BURIED = "buried"
    ADMITTED = "admitted"
    LOADED = "loaded"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    RETRIED = "retried"
    ACKNOWLEDGED = "acknowledged"  # the source was told what became of the batch's rows; `rows` counts those marked
    UNACKNOWLEDGED = "unacknowledged"  # it could not be told, with the code


@dataclass(frozen=True, kw_only=True)
class Detail:
    """Counts and identifiers of one step; what a step has nothing to say about stays `None`.

    Attributes:
        rows, problem, duplicate, changed: rows counted, set aside, already there, replacing older ones.
        fen: a sum of money in fen.
        size: bytes.
        centre, department: ids of the catalogue.
        position, head: a line of another node's ledger, as its receipt quotes it.
        payload, content: SHA-256 in hex: of the ciphertext; of the plaintext (front-end) or the warehouse record.
    """

    rows: int | None = None
    problem: int | None = None
    duplicate: int | None = None
    changed: int | None = None
    fen: int | None = None
    size: int | None = None
    centre: str | None = None
    department: str | None = None
    position: int | None = None
    head: str | None = None
    payload: str | None = None
    content: str | None = None

    def __post_init__(self) -> None:
        for digest in ("head", "payload", "content"):
            _require_digest(digest, getattr(self, digest))
        for name in ("centre", "department"):
            _require_identifier(name, getattr(self, name))

    def encode(self) -> str:
        """Flat JSON, keys sorted, only what was said."""
        said = {key: value for key, value in asdict(self).items() if value is not None}
        return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def decode(cls, text: str) -> Detail:
        """Read a line's details back."""
        return cls(**json.loads(text))


@dataclass(frozen=True, kw_only=True)
class Event:
    """One step, to be appended.

    Attributes:
        at: when, aware; the caller's clock.
        batch, feed, period, revision: which batch, as far as it is known and admitted.
        digest: SHA-256 of the manifest in hex.
        code: the error's stable code, for refusals and deferrals.
        by: the person or office that answers for the step.
    """

    at: datetime
    kind: EventKind
    batch: str | None = None
    feed: str | None = None
    period: str | None = None
    revision: int | None = None
    digest: str | None = None
    code: str | None = None
    by: str | None = None
    detail: Detail = field(default_factory=Detail)

    def __post_init__(self) -> None:
        """Raises LedgerTextRefused, ValueError (a naive moment)."""
        for name in ("batch", "feed", "period", "code"):
            _require_identifier(name, getattr(self, name))
        _require_digest("digest", self.digest)
        _require_person("by", self.by)
        encode_moment(self.at)


def encode_moment(moment: datetime) -> str:
    """ISO 8601 with offset and microseconds: one spelling of each moment and offset."""
    if moment.utcoffset() is None:
        raise ValueError("a ledger's moments carry their offset")
    return moment.isoformat(timespec="microseconds")


def _require_digest(column: str, value: str | None) -> None:
    if value is not None and not _DIGEST.fullmatch(value):
        raise LedgerTextRefused(column=column)


def _require_identifier(column: str, value: str | None) -> None:
    if value is not None and (not _IDENTIFIER.fullmatch(value) or _NUMBER_OF_A_PERSON.search(value)):
        raise LedgerTextRefused(column=column)


def _require_person(column: str, value: str | None) -> None:
    if value is None:
        return
    if not value.isprintable() or not 0 < len(value) <= _MAX_NAME or _NUMBER_OF_A_PERSON.search(value):
        raise LedgerTextRefused(column=column)
