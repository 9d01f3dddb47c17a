"""Events: what may be written into the ledger, and the guard that keeps people's data out of it.

An event is a closed set of columns and a closed set of details: counts, identifiers, digests, moments, and one short
`reason`, which is refused where it looks as if it named a person by number. It must never grow another free text.
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
_NUMBER_IN_WORDS = re.compile(  # and a mobile phone, as masking has it: no text of a person's needs 11 digits in a run
    rf"{_NUMBER_OF_A_PERSON.pattern}|\d{{11}}|1[3-9]\d[\s-]\d{{4}}[\s-]\d{{4}}"
)
_MAX_NAME, _MAX_REASON = 60, 200


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
    HELD = "held"  # it waits for a reviewer, by the feed's rule or because a person held it
    RELEASED = "released"  # a reviewer signed its release
    ORDERED = "ordered"  # a rectification order was issued here, or first seen here
    RELAYED = "relayed"  # a batch that is not addressed to this centre was taken to be carried on
    FORWARDED = "forwarded"  # the next centre has it, with the receipt of the centre named
    GRANTED = "granted"  # somebody outside may read: number, subscriber or region, who approved, why
    REVOKED = "revoked"
    COPIED = "copied"  # an outward copy: number, subscriber, rows, who, why
    ARCHIVED = "archived"
    PURGED = "purged"
    BACKED_UP = "backed_up"
    RESTORED = "restored"
    MIGRATED = "migrated"
    OCCURRED = "occurred"  # an event of an event-driven feed was made known: its period is owed from then on
    EXEMPTED = "exempted"  # a period need not be reported: number of the approval, who, why
    EXTENDED = "extended"  # a period has until another moment: number of the approval, who, why
    WITHDRAWN = "withdrawn"  # the exemption or extension of a period no longer holds
    DUNNED = "dunned"  # a department was reminded in writing of what is overdue: one line a feed and period
    PUBLISHED = "published"  # one department's figures of a bulletin, as issued
    INSTRUCTED = "instructed"  # the office told a department's front-end to do something: number, who, why
    CONCLUDED = "concluded"  # that came to an end: carried out, or with the code why not
    CATALOGUED = "catalogued"  # a version of the catalogue was published here, or taken into force: number, who, why


@dataclass(frozen=True, kw_only=True)
class Detail:
    """Counts and identifiers of one step; what a step has nothing to say about stays `None`.

    Attributes:
        rows, problem, duplicate, changed: rows counted, set aside, already there, replacing older ones.
        added, replaced, removed: rows of a load's net effect; `replaced` are old rows that new ones took the place of.
        fen: a sum of money in fen. net: by how much a load changed what is believed of the feed's amount, in fen.
        size: bytes. files: how many were archived, purged, backed up or restored.
        centre, department, subscriber: ids of the catalogue. region: GB/T 2260 code.
        number: of an order, a read grant, an approval, a notice, a bulletin, an instruction or a version of the
            catalogue, at most 10 digits in a run.
        reason: why, as the person said.
        released_by: the reviewer who signed the release.
        skew: by how many milliseconds the sender's clock was ahead of this node's (behind: below zero).
        figures: of a bulletin, in the order that the bulletin's own room names.
        until: ISO 8601 moment up to which something holds.
        position, head: a line of another node's ledger, as its receipt quotes it.
        payload, content: SHA-256 in hex: of the ciphertext; of the plaintext (front-end) or the warehouse record.
    """

    rows: int | None = None
    problem: int | None = None
    duplicate: int | None = None
    changed: int | None = None
    added: int | None = None
    replaced: int | None = None
    removed: int | None = None
    fen: int | None = None
    net: int | None = None
    size: int | None = None
    files: int | None = None
    centre: str | None = None
    department: str | None = None
    subscriber: str | None = None
    region: str | None = None
    number: str | None = None
    reason: str | None = None
    released_by: str | None = None
    skew: int | None = None
    figures: tuple[int, ...] | None = None
    until: str | None = None
    position: int | None = None
    head: str | None = None
    payload: str | None = None
    content: str | None = None

    def __post_init__(self) -> None:
        for digest in ("head", "payload", "content"):
            _require_digest(digest, getattr(self, digest))
        for name in ("centre", "department", "subscriber", "region", "released_by", "until"):
            _require_identifier(name, getattr(self, name))
        _require_words("number", self.number, _MAX_NAME)
        _require_words("reason", self.reason, _MAX_REASON)

    def encode(self) -> str:
        """Flat JSON, keys sorted, only what was said."""
        said = {key: value for key, value in asdict(self).items() if value is not None}
        return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def decode(cls, text: str) -> Detail:
        """Read a line's details back."""
        said = json.loads(text)
        if "figures" in said:
            said["figures"] = tuple(said["figures"])
        return cls(**said)


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
        _require_words("by", self.by, _MAX_NAME)
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


def _require_words(column: str, value: str | None, longest: int) -> None:
    if value is None:
        return
    if not value.isprintable() or not 0 < len(value) <= longest or _NUMBER_IN_WORDS.search(value):
        raise LedgerTextRefused(column=column)
