"""What all papers have in common: a SignedData over canonical JSON of one format.

Owns the steps up to a document whose signature holds, and the way back. It must never decide whom to trust: a paper is
judged at the instant written in it, so its reader asks about the certificate once it knows that instant.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from pydantic import TypeAdapter

from gateway.envelope import der, signed
from gateway.envelope.canonical import read, read_head, write
from gateway.envelope.papers.bundle import MAX_PAPER
from gateway.envelope.parties import Signer
from gateway.errors import EnvelopeRefused, SealRefused

T = TypeVar("T")

CLOCK_SKEW = timedelta(minutes=5)
"""How far the clocks of two nodes may lie apart: what Kerberos allows (RFC 4120 5.2.9), enough for a node that has lost
its time server for a while. Nobody gains by it: a paper names what it is about by digest or by number, not by time."""


@dataclass(frozen=True, kw_only=True)
class Form(Generic[T]):
    """One kind of paper.

    Attributes:
        file: its name in a sealed batch. format, shape: its JSON. rules: raises if it contradicts itself.
        steps, unsupported, malformed: the errors of its steps; `malformed` takes `place`.
        longest: bytes of the paper at most.
    """

    file: str
    format: str
    shape: TypeAdapter[T]
    steps: signed.Steps
    unsupported: Callable[[], EnvelopeRefused]
    malformed: Callable[..., EnvelopeRefused]
    rules: Callable[[T], None] = lambda _: None
    longest: int = MAX_PAPER


def encode(document: T, form: Form[T]) -> bytes:
    """Canonical JSON."""
    return write(document, form.shape)


def sign_paper(document: T, form: Form[T], signer: Signer) -> bytes:
    """The paper's DER.

    Raises:
        SealRefused: it would be refused by whoever reads it.
    """
    content = encode(document, form)
    try:
        same = _decode(content, form) == document
    except EnvelopeRefused as error:
        raise signed.seal_refused(error) from None
    data = signed.sign(content, signer).encode()
    if not same or len(data) > form.longest:
        raise SealRefused(
            reason_zh="文书不能原样写出,或过长",
            reason_en="the paper cannot be written without a change, or is too long",
        )
    return data


def open_paper(data: bytes, form: Form[T]) -> tuple[T, tuple[bytes, ...]]:
    """A paper whose signature holds, and the certificates in it, the signer's own first. Nobody is trusted yet.

    Raises:
        FileTooLong; form.steps, form.unsupported, form.malformed, and what form.rules raises.
    """
    message, content = _parse(data, form)
    chain = signed.check(message, content, form.steps)
    return _decode(content, form), chain


def peek(data: bytes, form: Form[T]) -> T:
    """What a paper says, whoever wrote it: for looking, never for deciding.

    Raises:
        As `open_paper`, but for the digest, the certificates and the signature.
    """
    return _decode(_parse(data, form)[1], form)


def _parse(data: bytes, form: Form[T]) -> tuple[signed.SignedMessage, bytes]:
    der.bounded(data, form.file, form.longest)
    message = signed.parse(data, form.steps)
    if message.content is None:
        raise form.steps.not_canonical()  # ENVELOPE 6.2, 7.2, 8.2, 9.2
    return message, message.content


def _decode(content: bytes, form: Form[T]) -> T:
    head = read_head(content)
    if head and head.get("format") != form.format:
        raise form.unsupported()  # ENVELOPE 6.6, 7.6, 8.6, 9.6
    document = read(content, form.shape, form.malformed)  # ENVELOPE 6.7, 7.7, 8.7, 9.7
    form.rules(document)
    return document
