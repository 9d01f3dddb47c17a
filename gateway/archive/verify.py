"""Verifying archives: links, digests and the ledger's chain (`standalone`), then signatures and every sealed batch.

Needs no site and no network. Faults are values, so that one does not hide the next; each says its place. It must never
write anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from gateway.archive import index as indexes
from gateway.archive import standalone
from gateway.archive.index import Index
from gateway.archive.sealed import AtRest, check_sealed
from gateway.archive.standalone import Broken, Examined, Fault, Member
from gateway.envelope.parties import Trust
from gateway.errors import (
    ArchiveEntryUntrue,
    ArchiveFileAltered,
    ArchiveLedgerBroken,
    ArchiveLinkBroken,
    ArchiveSignatureInvalid,
    ArchiveUnreadable,
    YizhanError,
)
from gateway.spool import EntryName
from gateway.spool.entry import PAYLOAD

_ERRORS = {
    kind.code: kind for kind in (ArchiveUnreadable, ArchiveLinkBroken, ArchiveFileAltered, ArchiveLedgerBroken)
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Verified:
    """One archive, and what is wrong with it."""

    path: Path
    examined: Examined | None
    faults: tuple[YizhanError, ...]


def verify(paths: Sequence[Path], trust: Trust, now: datetime) -> Iterator[Verified]:
    """Each archive by itself, then the links between them (told of with the later one).

    Args:
        paths: files, or directories of them.
        trust: judges every signer as of the moment of signing.
    """
    found = [_verify(path, trust, now) for path in standalone.expand(paths)]
    broken = [fault for chain in standalone.by_node([one.examined for one in found if one.examined]) for fault in
              standalone.links(chain)]  # fmt: skip
    for one in found:
        links = tuple(told(fault) for fault in broken if fault.facts["place"] == one.path.name)
        yield Verified(path=one.path, examined=one.examined, faults=one.faults + links)


def told(fault: Fault) -> YizhanError:
    """What the standalone verifier found, as an error of the product."""
    return _ERRORS[fault.code](**fault.facts)


def _verify(path: Path, trust: Trust, now: datetime) -> Verified:
    try:
        examined = standalone.examine(path)
    except Broken as broken:
        return Verified(path=path, examined=None, faults=(told(broken.fault),))
    faults = [told(fault) for fault in examined.faults]
    with path.open("rb") as file:
        try:
            index = indexes.verify(*standalone.read_index(file, path.name), trust, now, path.name)
        except (ArchiveSignatureInvalid, ArchiveUnreadable) as fault:
            return Verified(path=path, examined=examined, faults=(*faults, fault))
        altered = {str(fault.facts.get("file")) for fault in examined.faults}
        faults += _entries(file, index, altered, trust, now)
    return Verified(path=path, examined=examined, faults=tuple(faults))


def _entries(
    file: BinaryIO, index: Index, altered: set[str], trust: Trust, now: datetime
) -> Iterator[YizhanError]:  # fmt: skip
    """Every sealed batch inside; one whose files are not those of the index was named already."""
    listed = {member.name: member for member in standalone.members(file, index.stem)}
    for held in index.batches:
        folder = f"entries/{held.entry}/"
        inside = {name.removeprefix(folder): member for name, member in listed.items() if name.startswith(folder)}
        if any(name.startswith(folder) for name in altered):
            continue
        try:
            declared = check_sealed(_at_rest(file, held.entry, inside), trust, now)
            same = (declared.digest, declared.manifest.batch_id) == (held.manifest, held.batch)
            cause = None if same else standalone.ALTERED
        except YizhanError as fault:
            cause = fault.code
        if cause is not None:
            yield ArchiveEntryUntrue(place=f"{index.stem}.tar", entry=held.entry, cause=cause)


def _at_rest(file: BinaryIO, entry: str, inside: Mapping[str, Member]) -> AtRest:
    small = {
        name: b"".join(standalone.content(file, member)) for name, member in inside.items() if name != PAYLOAD
    }  # fmt: skip
    payload = Window(file, inside[PAYLOAD]) if PAYLOAD in inside else None
    return AtRest(name=EntryName.parse(entry), small=small, payload=payload)


class Window:
    """One file inside an archive, as a stream of its own."""

    def __init__(self, file: BinaryIO, member: Member) -> None:
        self._file, self._member, self._at = file, member, 0

    def seek(self, offset: int, /) -> int:
        """To a place counted from the start of the content."""
        self._at = min(offset, self._member.size)
        return self._at

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most `size`; none at the end."""
        self._file.seek(self._member.offset + self._at)
        data = self._file.read(min(size, self._member.size - self._at))
        self._at += len(data)
        return data

    def readinto(self, buffer: memoryview, /) -> int:
        """The next bytes into a buffer; how many."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
