"""What goes over the wire between a centre and an agent beside the reports (gateway/server/WIRE.md). Pure.

`Given` is what the centre hands out: the instruction and the paper it needs, as bytes. Nothing in it is believed before
its signatures were verified (`gateway.envelope.instruction`, `gateway.orders`).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, PlainSerializer, PlainValidator, TypeAdapter, ValidationError

from gateway.envelope.canonical import STRICT, write
from gateway.envelope.instruction import InstructionNumber
from gateway.envelope.papers.bundle import MAX_PAPER
from gateway.errors import InstructionsUnreadable
from gateway.instructions.report import MAX_SEQ
from gateway.instructions.state import State

MAX_GIVEN = 32
"""Instructions in one answer; whoever is given so many asks again."""
MAX_KNOWN = 256
"""Instructions of one department that may be open at a time, and that one request may say it has."""
MAX_ANSWER = 2 * 1024 * 1024
"""Bytes of one answer."""


def _read_bytes(value: object) -> bytes:
    try:
        data = base64.b64decode(value if isinstance(value, str) else "", validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None
    if not 0 < len(data) <= MAX_PAPER:
        raise ValueError("too long, or nothing")
    return data


def _write_bytes(data: bytes) -> str:
    return base64.b64encode(data).decode()


Paper = Annotated[bytes, PlainValidator(_read_bytes), PlainSerializer(_write_bytes, return_type=str)]


@dataclass(frozen=True, kw_only=True)
class Given:
    """Handed out, unverified: `document` is instruction.p7s, `order` is order.p7s where it names one; DER."""

    __pydantic_config__ = STRICT

    number: InstructionNumber
    document: Paper
    order: Paper | None = None


@dataclass(frozen=True, kw_only=True)
class _Answer:
    __pydantic_config__ = STRICT

    instructions: Annotated[tuple[Given, ...], Field(max_length=MAX_GIVEN)]


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What a centre answers to a report: the state it is in there now, and the last report that it knows."""

    __pydantic_config__ = STRICT

    number: InstructionNumber
    state: State
    seq: Annotated[int, Field(ge=0, le=MAX_SEQ)]


_ANSWER, _HEARD = TypeAdapter(_Answer), TypeAdapter(Heard)


def encode_given(given: Iterable[Given]) -> bytes:
    """The answer to `GET /v1/instructions`."""
    return write(_Answer(instructions=tuple(given)), _ANSWER)


def parse_given(content: bytes) -> tuple[Given, ...]:
    """Read that answer. Raises: InstructionsUnreadable."""
    try:
        return _ANSWER.validate_json(content).instructions
    except ValidationError:
        raise InstructionsUnreadable() from None


def encode_heard(heard: Heard) -> bytes:
    """The answer to a report."""
    return write(heard, _HEARD)


def parse_heard(content: bytes) -> Heard:
    """Read that answer. Raises: InstructionsUnreadable."""
    try:
        return _HEARD.validate_json(content)
    except ValidationError:
        raise InstructionsUnreadable() from None
