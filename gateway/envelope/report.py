"""The files of a sealed batch, given in any order: what they are, what they say, and whether they are genuine.

For `yizhan envelope inspect` and `verify`, offline and without a private key. Each file is known by its content. A
report says what was not checked, so that nobody takes a partial answer for a whole one.

This module must never open a file or decrypt anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.envelope import der, manifest, payload, receipt, sealed
from gateway.envelope.catalogue import MAX_PUBLISHED, PublishedCatalogue, read_catalogue
from gateway.envelope.catalogue import peek as peek_catalogue
from gateway.envelope.findings import Finding, Part, checked, unchecked
from gateway.envelope.instruction import Instruction, read_instruction_at_any_time
from gateway.envelope.instruction import peek as peek_instruction
from gateway.envelope.manifest import Manifest
from gateway.envelope.papers.bundle import MAX_PAPER
from gateway.envelope.papers.endorsement import NIL, RELEASE, Endorsed, Endorsement, check_nil, check_release
from gateway.envelope.papers.form import peek
from gateway.envelope.papers.order import ORDER, Order, check_order, read_order
from gateway.envelope.parties import Identity, Trust
from gateway.envelope.receipt import Answer, Receipt
from gateway.envelope.sealed import Declared
from gateway.envelope.suite import INTL
from gateway.errors import FilesIncomplete, FileUnknown


class Stream(Protocol):
    """A binary file that can be read from its start again."""

    def read(self, size: int, /) -> bytes: ...
    def readinto(self, buffer: memoryview, /) -> int | None: ...
    def seek(self, offset: int, /) -> int: ...


@dataclass(frozen=True, kw_only=True)
class Given:
    """A file as the operator names it."""

    name: str
    stream: Stream


_LIMITS = {
    Part.MANIFEST: sealed.MAX_MANIFEST,
    Part.KEYS: sealed.MAX_KEYS,
    Part.NIL: MAX_PAPER,
    Part.RELEASE: MAX_PAPER,
    Part.ORDER: MAX_PAPER,
    Part.RECEIPT: receipt.MAX_RECEIPT,
    Part.INSTRUCTION: MAX_PAPER,
    Part.CATALOGUE: MAX_PUBLISHED,
}
_LONGEST = max(_LIMITS.values())
_HEAD = 32
# Canonical JSON says its format so and only so: a quotation mark inside of a text is escaped.
_MARKS = {
    b'"format":"yizhan-nil/': Part.NIL,
    b'"format":"yizhan-release/': Part.RELEASE,
    b'"format":"yizhan-order/': Part.ORDER,
    b'"format":"yizhan-receipt/': Part.RECEIPT,
    b'"format":"yizhan-instruction/': Part.INSTRUCTION,
    b'"format":"yizhan-catalogue/': Part.CATALOGUE,
}


@dataclass(frozen=True, kw_only=True)
class Files:
    """The files told apart; None for each that was not given. Nothing is verified.

    `further` are receipts beside the first: each centre on a batch's way gives its own.
    """

    manifest: bytes | None = None
    keys: bytes | None = None
    payload: Stream | None = None
    nil: bytes | None = None
    release: bytes | None = None
    order: bytes | None = None
    receipt: bytes | None = None
    further: tuple[bytes, ...] = ()
    instruction: bytes | None = None
    catalogue: bytes | None = None

    @property
    def given(self) -> frozenset[Part]:
        """The kinds that were given."""
        return frozenset(part for part in Part if getattr(self, part.name.lower()) is not None)


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What the files say, whoever wrote them: for looking, never for deciding.

    Attributes:
        manifest_digest: SHA-256 of manifest.p7s. recipients: subjectKeyIdentifiers in keys.p7m, hex.
        declared_by, released_by, order: what the papers say.
    """

    manifest: Manifest | None
    manifest_digest: str | None
    recipients: tuple[str, ...]
    declared_by: Endorsement | None
    released_by: Endorsement | None
    order: Order | None
    receipt: Receipt | None
    further: tuple[Receipt, ...]
    instruction: Instruction | None
    catalogue: PublishedCatalogue | None


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything that was given is authentic and consistent; an exception would have said otherwise.

    Attributes:
        declared, sealer, declared_by, released_by, order, answer: what was verified; None where the file was not given.
        further: the receipts beside the first, verified.
        instruction: verified; whether it was in time when it was begun no file can tell.
        catalogue: verified; what its files say is judged where it is taken.
        checked, unchecked: what this report rests on, and what it does not say.
    """

    declared: Declared | None
    sealer: Identity | None
    declared_by: Endorsed | None
    released_by: Endorsed | None
    order: Order | None
    answer: Answer | None
    further: tuple[Answer, ...]
    instruction: Instruction | None
    catalogue: PublishedCatalogue | None
    checked: tuple[Finding, ...]
    unchecked: tuple[Finding, ...]


def identify(given: Iterable[Given]) -> Files:
    """Tell the files apart by their content. Step 1.

    Raises:
        FileTooLong, FileUnknown, FilesIncomplete (two of a kind, but for receipts)
    """
    found: dict[Part, bytes | Stream] = {}
    further: list[bytes] = []
    for one in given:
        part, content = _identify(one)
        if part not in found:
            found[part] = content
        elif part is Part.RECEIPT and isinstance(content, bytes) and content not in (found[part], *further):
            further.append(content)
        else:
            raise _twice(part)  # ENVELOPE 1.3
    return Files(**{part.name.lower(): content for part, content in found.items()}, further=tuple(further))


def _twice(what: str) -> FilesIncomplete:
    return FilesIncomplete(reason_zh=f"给出了两个 {what}", reason_en=f"two files are a {what}")


def _identify(given: Given) -> tuple[Part, bytes | Stream]:
    head = given.stream.read(_HEAD)
    given.stream.seek(0)
    if head[:1] == bytes([payload.HEADER]):
        return Part.PAYLOAD, given.stream
    if der.encode(der.ID_ENVELOPED_DATA) in head:
        part, data = Part.KEYS, given.stream.read(_LONGEST + 1)
    elif der.encode(der.ID_SIGNED_DATA) in head:
        data = given.stream.read(_LONGEST + 1)
        part = next((part for mark, part in _MARKS.items() if mark in data), Part.MANIFEST)
    else:
        raise FileUnknown(file=given.name)  # ENVELOPE 1.2
    der.bounded(data, part, _LIMITS[part])
    return part, data


def inspect(files: Files) -> Contents:
    """Read what the files say without verifying any of it.

    Raises:
        EnvelopeRefused: a file is not even in form.
    """
    message = sealed.parse_manifest(files.manifest) if files.manifest else None
    keys = sealed.parse_keys(files.keys)[0] if files.keys else None
    return Contents(
        manifest=manifest.decode(message.content or b"") if message else None,
        manifest_digest=INTL.digest(files.manifest).hex() if files.manifest else None,
        recipients=tuple(key_id.hex() for key_id, _ in keys.recipients) if keys else (),
        declared_by=peek(files.nil, NIL) if files.nil else None,
        released_by=peek(files.release, RELEASE) if files.release else None,
        order=peek(files.order, ORDER) if files.order else None,
        receipt=receipt.peek(files.receipt) if files.receipt else None,
        further=tuple(receipt.peek(one) for one in files.further),
        instruction=peek_instruction(files.instruction) if files.instruction else None,
        catalogue=peek_catalogue(files.catalogue) if files.catalogue else None,
    )


def verify_files(files: Files, trust: Trust, at: datetime) -> Report:
    """Verify all that was given, each file by itself and against the manifest.

    Raises:
        FilesIncomplete: nothing is given that the rest could be checked against.
        EnvelopeRefused: the step that failed; YZ-5xxx from `trust`.
    """
    if files.manifest is None:
        return _verify_alone(files, trust, at)
    sealer = None
    if files.keys is None:
        declared = sealed.verify_manifest(files.manifest, trust, at)
    else:
        batch = sealed.verify(sealed.Sealed.parse(files.manifest, files.keys), trust, at)
        declared, sealer = Declared(manifest=batch.manifest, signer=batch.signer, digest=batch.digest), batch.sealer
    if files.payload is not None:
        sealed.check_payload(declared, files.payload)
    answers = [receipt.check_receipt(one, declared, trust, at) for one in _receipts(files)]
    _require_each_centre_once(answers)
    instruction = _instruction(files, trust, at)
    if instruction is not None:
        _require_about(instruction, declared)
    return Report(
        declared=declared,
        sealer=sealer,
        declared_by=None if files.nil is None else check_nil(files.nil, declared, trust, at),
        released_by=None if files.release is None else check_release(files.release, declared, trust, at),
        order=None if files.order is None else check_order(files.order, declared, trust, at),
        answer=next(iter(answers), None),
        further=tuple(answers[1:]),
        instruction=instruction,
        catalogue=_catalogue(files, trust, at),
        checked=checked(files.given),
        unchecked=unchecked(files.given, declared.manifest),
    )


def _receipts(files: Files) -> tuple[bytes, ...]:
    return files.further if files.receipt is None else (files.receipt, *files.further)


def _require_each_centre_once(answers: Iterable[Answer]) -> None:
    """One centre answers a batch once; receipts without their manifest may be about several."""
    seen: set[tuple[str, str]] = set()
    for answer in answers:
        said = (answer.receipt.manifest_digest, answer.receipt.centre)
        if said in seen:
            raise _twice(f"{Part.RECEIPT} ({answer.receipt.centre})")  # ENVELOPE 1.3
        seen.add(said)


def _verify_alone(files: Files, trust: Trust, at: datetime) -> Report:
    """A receipt, an order, an instruction and a catalogue say something by themselves; all else is about a manifest."""
    others = (files.keys, files.payload, files.nil, files.release)
    alone = (files.receipt, files.order, files.instruction, files.catalogue)
    if not any(alone) or any(file is not None for file in others):
        raise FilesIncomplete(
            reason_zh="没有清单可供核对", reason_en="there is no manifest to check against"
        )  # ENVELOPE 1.3
    answers = [receipt.read_receipt(one, trust, at) for one in _receipts(files)]
    _require_each_centre_once(answers)
    order = None if files.order is None else read_order(files.order, trust, at)
    instruction = _instruction(files, trust, at)
    if order is not None and instruction is not None and instruction.order != order.number:
        raise _stranger("整改单不是指令所称的", "the order is not the one that the instruction names")
    return Report(
        declared=None,
        sealer=None,
        declared_by=None,
        released_by=None,
        order=order,
        answer=next(iter(answers), None),
        further=tuple(answers[1:]),
        instruction=instruction,
        catalogue=_catalogue(files, trust, at),
        checked=checked(files.given),
        unchecked=unchecked(files.given, None),
    )


def _instruction(files: Files, trust: Trust, at: datetime) -> Instruction | None:
    return None if files.instruction is None else read_instruction_at_any_time(files.instruction, trust, at)


def _catalogue(files: Files, trust: Trust, at: datetime) -> PublishedCatalogue | None:
    return None if files.catalogue is None else read_catalogue(files.catalogue, trust, at)


def _require_about(said: Instruction, declared: Declared) -> None:
    """Raise unless an instruction given beside a manifest is about its batch."""
    batch = declared.manifest
    same = (said.department, said.feed, said.period) == (batch.sender, batch.feed, batch.period)
    if not same or said.batch not in (None, batch.batch_id) or said.digest not in (None, declared.digest):
        raise _stranger("指令不是对本批次下达的", "the instruction is not about this batch")


def _stranger(zh: str, en: str) -> FilesIncomplete:
    return FilesIncomplete(reason_zh=zh, reason_en=en)  # ENVELOPE 1.3
