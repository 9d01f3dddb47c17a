"""What a front-end says of itself: the document `yizhan-heartbeat/1` (gateway/server/WIRE.md).

Counts, bytes, moments, catalogue ids and error codes, nothing else. What cannot be true is refused here; whether the
feeds it names are the sender's is for `gateway.receive` to say. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, PlainSerializer, TypeAdapter, ValidationError
from pydantic import PlainValidator as Reads

from gateway.calendar import Period
from gateway.envelope.canonical import STRICT, Count, FeedId, Moment, write
from gateway.errors import HeartbeatMalformed, PeriodInvalid

FORMAT = "yizhan-heartbeat/1"
MAX_REPORT = 512 * 1024
"""Bytes of one heartbeat."""
MAX_LISTED = 1_000
"""Attempts, held periods and certificates of one heartbeat; whoever has more says the newest, the longest held."""


def _read_period(value: object) -> Period:
    try:
        return Period.parse(value if isinstance(value, str) else "")
    except PeriodInvalid:
        raise ValueError("not a period") from None


PeriodOfFeed = Annotated[Period, Reads(_read_period), PlainSerializer(str, return_type=str)]
CertificateName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,99}$")]
Code = Annotated[str, Field(pattern=r"^YZ-[0-9]{4}$")]
Version = Annotated[str, Field(pattern=r"^[0-9][0-9A-Za-z.+!-]{0,39}$")]


@dataclass(frozen=True, kw_only=True)
class SpoolFacts:
    """What waits in a spool, or in a centre's inbox; what is done is not counted.

    Attributes:
        ready, inflight, held, dead: entries in each state.
        bytes: of the payloads of all of these.
        oldest_at: since when the oldest of those ready or in flight has been here; None: there is none.
        held_since: since when the longest held has been held; None: there is none.
    """

    __pydantic_config__ = STRICT

    ready: Count
    inflight: Count
    held: Count
    dead: Count
    bytes: Count
    oldest_at: Moment | None
    held_since: Moment | None

    def __post_init__(self) -> None:
        """Raises ValueError: counts and moments that contradict each other."""
        if (self.oldest_at is None) != (self.ready + self.inflight == 0):
            raise ValueError("oldest_at is the oldest entry's")
        if (self.held_since is None) != (self.held == 0):
            raise ValueError("held_since is a held entry's")


@dataclass(frozen=True, kw_only=True)
class DiskFacts:
    """Bytes of the file system that the site directory lies on; `free` is what this node may still use."""

    __pydantic_config__ = STRICT

    free: Count
    total: Count

    def __post_init__(self) -> None:
        """Raises ValueError."""
        if self.free > self.total:
            raise ValueError("more is free than there is")


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """The last valid instant of a certificate file of `keys/`: of the one in it that ends first."""

    __pydantic_config__ = STRICT

    name: CertificateName
    not_after: Moment


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """The last attempt to collect or deliver a feed; `code` says why it failed, None that it did not."""

    __pydantic_config__ = STRICT

    feed: FeedId
    period: PeriodOfFeed
    at: Moment
    code: Code | None


@dataclass(frozen=True, kw_only=True)
class HeldPeriod:
    """A feed's period of which a batch waits for a reviewer, and since when."""

    __pydantic_config__ = STRICT

    feed: FeedId
    period: PeriodOfFeed
    since: Moment


@dataclass(frozen=True, kw_only=True)
class Report:
    """How a front-end fares.

    Attributes:
        version: of the product it runs.
        certificates: by name, each once.
        attempts: the last one of each feed that was ever attempted.
    """

    __pydantic_config__ = STRICT

    format: Literal["yizhan-heartbeat/1"] = FORMAT
    version: Version
    spool: SpoolFacts
    disk: DiskFacts
    certificates: Annotated[tuple[Certificate, ...], Field(max_length=MAX_LISTED)]
    attempts: Annotated[tuple[Attempt, ...], Field(max_length=MAX_LISTED)]
    held: Annotated[tuple[HeldPeriod, ...], Field(max_length=MAX_LISTED)]

    def __post_init__(self) -> None:
        """Raises ValueError: a certificate, a feed's last attempt or a held period stands there twice."""
        _require_once([one.name for one in self.certificates])
        _require_once([one.feed for one in self.attempts])
        _require_once([(one.feed, one.period) for one in self.held])


_FORM = TypeAdapter(Report)


def encode(report: Report) -> bytes:
    """The document, JSON with sorted keys."""
    return write(report, _FORM)


def parse(content: bytes) -> Report:
    """Read a document.

    Raises:
        HeartbeatMalformed: it is none, or says what cannot be; `place` is a key of ours or "-", never a value of it.
    """
    try:
        return _FORM.validate_json(content)
    except ValidationError as error:
        raise HeartbeatMalformed(place=_place(error)) from None


def _place(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    known = first["loc"] and first["loc"][0] in Report.__dataclass_fields__
    return str(first["loc"][0]) if known else "-"


def _require_once(names: list[object]) -> None:
    if len(set(names)) != len(names):
        raise ValueError("twice the same")
