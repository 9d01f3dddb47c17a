"""The files of a sealed batch, given in any order: what they are, what they say, and whether they are genuine.

For `yizhan envelope inspect` and `verify`, offline and without a private key. Each file is known by its content. A
report says what was not checked, so that nobody takes a partial answer for a whole one.

This module must never open a file or decrypt anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from gateway.envelope import der, manifest, payload, receipt, sealed
from gateway.envelope.manifest import Manifest
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


class Part(StrEnum):
    """The kinds of files in a sealed batch, by their names in its directory."""

    MANIFEST = "manifest.p7s"
    KEYS = "keys.p7m"
    PAYLOAD = "payload"
    RECEIPT = "receipt.p7s"


_LIMITS = {Part.MANIFEST: sealed.MAX_MANIFEST, Part.KEYS: sealed.MAX_KEYS, Part.RECEIPT: receipt.MAX_RECEIPT}
_LONGEST = max(_LIMITS.values())
_HEAD = 32
_RECEIPT_MARK = b'"format":"yizhan-receipt/'


@dataclass(frozen=True, kw_only=True)
class Files:
    """The files told apart; None for each that was not given. Nothing is verified."""

    manifest: bytes | None = None
    keys: bytes | None = None
    payload: Stream | None = None
    receipt: bytes | None = None


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What the files say, whoever wrote them: for looking, never for deciding.

    Attributes:
        manifest_digest: SHA-256 of manifest.p7s. recipients: subjectKeyIdentifiers in keys.p7m, hex.
    """

    manifest: Manifest | None
    manifest_digest: str | None
    recipients: tuple[str, ...]
    receipt: Receipt | None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of a report: steps of ENVELOPE.md, and what was or was not checked."""

    steps: str
    zh: str
    en: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything that was given is authentic and consistent; an exception would have said otherwise.

    Attributes:
        declared, sealer, answer: what was verified; None where the file was not given.
        checked, unchecked: what this report rests on, and what it does not say.
    """

    declared: Declared | None
    sealer: Identity | None
    answer: Answer | None
    checked: tuple[Finding, ...]
    unchecked: tuple[Finding, ...]


_MANIFEST = Finding(steps="2.1-2.10", zh="清单:签名、证书、内容", en="manifest: signature, certificates, content")
_KEYS = Finding(
    steps="3.1-3.7", zh="密钥封:签名、证书、属于本清单", en="key envelope: signature, certificates, its manifest"
)
_PAYLOAD = Finding(steps="4.1-4.3", zh="数据:长度与摘要", en="payload: length and digest")
_RECEIPT = Finding(steps="5.1-5.10", zh="回执:签名、证书、内容", en="receipt: signature, certificates, content")
_MATCH = Finding(steps="5.11-5.14", zh="回执:对应本批次且对账平", en="receipt: answers this batch and balances")
_OPENING = Finding(
    steps="3.8-3.11, 4.4-4.5", zh="解密数据(需要中心的私钥)", en="decrypting the payload (needs a centre's private key)"
)


def identify(given: Iterable[Given]) -> Files:
    """Tell the files apart by their content. Step 1.

    Raises:
        FileTooLong, FileUnknown, FilesIncomplete (two of a kind)
    """
    found: dict[Part, bytes | Stream] = {}
    for one in given:
        part, content = _identify(one)
        if part in found:
            raise FilesIncomplete(reason_zh=f"给出了两个 {part}", reason_en=f"two files are a {part}")  # ENVELOPE 1.3
        found[part] = content
    return Files(**{part.name.lower(): content for part, content in found.items()})


def _identify(given: Given) -> tuple[Part, bytes | Stream]:
    head = given.stream.read(_HEAD)
    given.stream.seek(0)
    if head[:1] == bytes([payload.HEADER]):
        return Part.PAYLOAD, given.stream
    if der.encode(der.ID_ENVELOPED_DATA) in head:
        part, data = Part.KEYS, given.stream.read(_LONGEST + 1)
    elif der.encode(der.ID_SIGNED_DATA) in head:
        data = given.stream.read(_LONGEST + 1)
        part = Part.RECEIPT if _RECEIPT_MARK in data else Part.MANIFEST
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
        receipt=receipt.peek(files.receipt) if files.receipt else None,
    )


def verify_files(files: Files, trust: Trust, at: datetime) -> Report:
    """Verify all that was given, each file by itself and against the manifest.

    Raises:
        FilesIncomplete: nothing is given that the rest could be checked against.
        EnvelopeRefused: the step that failed; YZ-5xxx from `trust`.
    """
    if files.manifest is None:
        return _verify_receipt_alone(files, trust, at)
    sealer = None
    if files.keys is None:
        declared = sealed.verify_manifest(files.manifest, trust, at)
    else:
        batch = sealed.verify(sealed.Sealed.parse(files.manifest, files.keys), trust, at)
        declared, sealer = Declared(manifest=batch.manifest, signer=batch.signer, digest=batch.digest), batch.sealer
    if files.payload is not None:
        sealed.check_payload(declared, files.payload)
    answer = None if files.receipt is None else receipt.check_receipt(files.receipt, declared, trust, at)
    given = {_KEYS: files.keys, _PAYLOAD: files.payload, _RECEIPT: files.receipt, _MATCH: files.receipt}
    return Report(
        declared=declared,
        sealer=sealer,
        answer=answer,
        checked=(_MANIFEST, *(finding for finding, file in given.items() if file is not None)),
        unchecked=(*(finding for finding, file in given.items() if file is None), _OPENING),
    )


def _verify_receipt_alone(files: Files, trust: Trust, at: datetime) -> Report:
    if files.receipt is None or files.keys is not None or files.payload is not None:
        raise FilesIncomplete(
            reason_zh="没有清单可供核对", reason_en="there is no manifest to check against"
        )  # ENVELOPE 1.3
    answer = receipt.read_receipt(files.receipt, trust, at)
    return Report(
        declared=None,
        sealer=None,
        answer=answer,
        checked=(_RECEIPT,),
        unchecked=(_MANIFEST, _KEYS, _PAYLOAD, _MATCH, _OPENING),
    )
