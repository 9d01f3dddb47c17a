"""The note beside an outward copy: what it holds, for whom, under which grant, who handed it out and why.

CMS SignedData over canonical JSON by the centre, in the one form of ENVELOPE.md section 2, so that
`openssl cms -verify` reads it too. Pure; it must never touch a disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from gateway.envelope import signed
from gateway.envelope.canonical import STRICT, ControlTotals, Count, Moment, Name, Sha256, Text, read, write
from gateway.envelope.parties import Signer, Trust
from gateway.envelope.receipt import LedgerPlace
from gateway.errors import EnvelopeRefused, NoteInvalid, YizhanError

FORMAT = "yizhan-copy/1"


@dataclass(frozen=True, kw_only=True)
class Note:
    """What one copy is.

    Attributes:
        reader: a subscriber's id or a region's code. number: of the grant; None where the reader's own region is read.
        batch, manifest: the newest revision in it, and its manifest's SHA-256 (hex).
        totals: rows and exact sums of the file. sha256, size: of the file.
        ledger: the line in which the centre entered the copy.
    """

    __pydantic_config__ = STRICT

    format: Literal["yizhan-copy/1"] = FORMAT
    centre: Name
    reader: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
    number: Text | None
    feed: Annotated[str, Field(max_length=127)]
    period: Annotated[str, Field(max_length=15)]
    region: Annotated[str, Field(pattern=r"^[0-9]{6}([0-9]{3}){0,2}$")]
    batch: Annotated[str, Field(max_length=160)]
    manifest: Sha256
    masked: bool
    totals: ControlTotals
    sha256: Sha256
    size: Count
    by: Text
    reason: Text
    ledger: LedgerPlace
    at: Moment


_FORM = TypeAdapter(Note)


class _Unfit(EnvelopeRefused):
    """Never leaves this module: it becomes NoteInvalid."""


_STEPS = signed.Steps(not_cms=_Unfit, not_canonical=_Unfit, digest=_Unfit, certificates=_Unfit, signature=_Unfit)


def sign_note(note: Note, signer: Signer) -> bytes:
    """The bytes of `<file>.p7s`. Raises SealRefused."""
    return signed.sign(write(note, _FORM), signer).encode()


def read_note(data: bytes, trust: Trust, now: datetime) -> Note:
    """A note that the centre it names has signed. Raises NoteInvalid."""
    try:
        message = signed.parse(data, _STEPS)
        content = message.content or b""
        note = read(content, _FORM, _Unfit)
        signer = signed.verify(message, content, _STEPS, trust, min(note.at, now))
    except YizhanError:
        raise NoteInvalid() from None
    if (signer.party, signer.id) != ("centre", note.centre):
        raise NoteInvalid()
    return note
