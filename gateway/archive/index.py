"""The index of an archive: what it holds, and the node's signature over it.

Owns the shape of `index.json` (canonical JSON, as manifests and receipts are written) and of `index.p7s` (a detached
SignedData in the one form of ENVELOPE.md section 2). Pure: it must never touch a disk.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from gateway.archive.standalone import FORMAT
from gateway.envelope import signed
from gateway.envelope.canonical import STRICT, Count, Moment, Name, Sha256, read, write
from gateway.envelope.parties import Signer, Trust
from gateway.errors import ArchiveSignatureInvalid, ArchiveUnreadable, EnvelopeRefused, YizhanError

_File = Annotated[str, Field(pattern=r"^[A-Za-z0-9._/-]{1,256}$")]
Month = Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """One file of an archive; `sha256` is hex inside."""

    __pydantic_config__ = STRICT

    name: _File
    size: Count
    sha256: Sha256


@dataclass(frozen=True, kw_only=True)
class Held:
    """One sealed batch in it: its entry's name in the spool, its manifest's digest, when its receipt was accepted."""

    __pydantic_config__ = STRICT

    entry: Annotated[str, Field(max_length=200)]
    batch: Annotated[str, Field(max_length=200)]
    manifest: Sha256
    accepted_at: Moment


@dataclass(frozen=True, kw_only=True)
class LedgerPart:
    """The ledger's lines `first` to `last` (none when `last` is before `first`), and the chain's hash on either side.

    Attributes:
        before: hash of line `first` - 1, zeros for the first line. head: hash of line `last`.
    """

    __pydantic_config__ = STRICT

    first: Count
    last: Count
    before: Sha256
    head: Sha256


@dataclass(frozen=True, kw_only=True)
class Index:
    """What one archive holds.

    Attributes:
        node: the site's name. party, id: who signs: a department or a centre of the catalogue.
        month: when the receipts in it were accepted (Beijing time). number: 1, or 2... for a supplement to the month.
        sequence: place among all archives of the node, from 1. previous: SHA-256 of the archive before, hex.
    """

    __pydantic_config__ = STRICT

    format: Literal["yizhan-archive/1"] = FORMAT
    node: Name
    party: Literal["department", "centre"]
    id: Name
    month: Month
    number: Annotated[int, Field(ge=1)]
    sequence: Annotated[int, Field(ge=1)]
    previous: Sha256 | None
    written_at: Moment
    ledger: LedgerPart
    batches: tuple[Held, ...]
    files: tuple[FileFacts, ...]

    @property
    def stem(self) -> str:
        """The archive's file name without its ending: names sort as the chain goes."""
        return f"{self.sequence:06d}-{self.month}"


_FORM = TypeAdapter(Index)


class _Unfit(EnvelopeRefused):
    """Never leaves this module: it becomes an archive's own error."""


_STEPS = signed.Steps(
    not_cms=_Unfit, not_canonical=_Unfit, digest=_Unfit, certificates=_Unfit, signature=_Unfit
)  # fmt: skip


def encode(index: Index) -> bytes:
    """`index.json`."""
    return write(index, _FORM)


def decode(data: bytes, place: str) -> Index:
    """`index.json` read back, whoever wrote it. Raises ArchiveUnreadable."""
    try:
        return read(data, _FORM, _Unfit)
    except _Unfit:
        zh, en = "目录不合格式", "its index is not in form"
        raise ArchiveUnreadable(place=place, reason_zh=zh, reason_en=en) from None


def sign(data: bytes, signer: Signer) -> bytes:
    """`index.p7s` over the bytes of `index.json`. Raises SealRefused."""
    return replace(signed.sign(data, signer), content=None).encode()


def verify(data: bytes, signature: bytes, trust: Trust, now: datetime, place: str) -> Index:
    """The index, if its own node signed it while its certificate held.

    Raises:
        ArchiveUnreadable, ArchiveSignatureInvalid
    """
    index = decode(data, place)
    try:
        message = signed.parse(signature, _STEPS)
        signer = signed.verify(message, data, _STEPS, trust, min(index.written_at, now))
    except _Unfit:
        raise ArchiveSignatureInvalid(place=place, cause="CMS") from None
    except YizhanError as refused:
        raise ArchiveSignatureInvalid(place=place, cause=refused.code) from None
    if (signer.party, signer.id) != (index.party, index.id):
        raise ArchiveSignatureInvalid(place=place, cause=f"{signer.party}:{signer.id}")
    return index
