"""Canonical JSON of manifests, receipts and papers, and the value types they share.

One document has one form: RFC 8785 (sorted keys, no white space, minimal escapes, UTF-8), integers only, amounts as
yuan strings with two decimals, instants in ISO 8601 with an offset. `read` parses, then writes again and compares: this
refuses duplicate keys, other spellings of a number, and everything else that two readers might see differently.

This module must never know what a document means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, PlainSerializer, PlainValidator, TypeAdapter, ValidationError

from gateway.errors import EnvelopeRefused

T = TypeVar("T")

STRICT = ConfigDict(extra="forbid", strict=True)

MAX_COUNT = 10**15
_YUAN = re.compile(r"(-?)(0|[1-9][0-9]{0,15})\.([0-9]{2})")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{6})?[+-][0-9]{2}:[0-9]{2}")
# Controls, line separators and the marks that turn the direction of text: an operator must see what was signed.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")


def _visible(text: str) -> str:
    if _UNSEEN.search(text) or text != text.strip():
        raise ValueError("control characters or white space at the ends")
    return text


def _prefixed(prefix: str) -> tuple[PlainValidator, PlainSerializer]:
    """A digest: 64 hex digits inside, `prefix:` before them in JSON."""
    form = re.compile(rf"{prefix}:([0-9a-f]{{64}})")

    def read_digest(value: object) -> str:
        match = form.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise ValueError("not a digest")
        return match[1]

    return PlainValidator(read_digest), PlainSerializer(lambda digest: f"{prefix}:{digest}", return_type=str)


def _read_moment(value: object) -> datetime:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise ValueError("not an instant with an offset")
    return datetime.fromisoformat(value)


def fen(yuan: str) -> int:
    """`"1234.05"` -> 123405.

    Raises:
        ValueError: any other spelling; there is one for each amount.
    """
    match = _YUAN.fullmatch(yuan)
    if match is None or yuan == "-0.00":
        raise ValueError("not an amount in yuan")
    return int(match[1] + match[2] + match[3])


def yuan(amount: int) -> str:
    """123405 (fen) -> `"1234.05"`."""
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100}.{abs(amount) % 100:02d}"


def _read_yuan(value: object) -> int:
    return fen(value if isinstance(value, str) else "")


Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
"""A department's or centre's id."""
FeedId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}\.[a-z0-9][a-z0-9_-]{0,62}$")]
PeriodText = Annotated[str, Field(pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{4})?)?|-W[0-9]{2}|Q[1-4]|H[12])?$")]
"""A period as it is written. Two of one cadence are as long as each other, and sort as text the way they do in time."""
BatchId = Annotated[str, Field(pattern=r"^[a-z0-9._-]{3,127}/[0-9A-Z-]{4,15}/r[1-9][0-9]{0,3}$")]
"""`feed/period/rN`."""
FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Text = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_visible)]
Number = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_visible)]
"""A document's or a fiscal batch's number as it is written; "-" where the source states none."""
Sha256 = Annotated[str, *_prefixed("sha256")]
Commitment = Annotated[str, *_prefixed("hkdf-sha256")]
Yuan = Annotated[int, PlainValidator(_read_yuan), PlainSerializer(yuan, return_type=str)]
"""Fen inside, yuan in JSON."""
Moment = Annotated[datetime, PlainValidator(_read_moment), PlainSerializer(datetime.isoformat, return_type=str)]

_AMOUNTS = TypeAdapter(Annotated[dict[FieldName, str], Field(max_length=128)], config=ConfigDict(strict=True))
_COUNTS = TypeAdapter(
    Annotated[
        dict[Annotated[str, Field(pattern=r"^YZ-3[0-9]{3}$")], Annotated[int, Field(ge=1, le=MAX_COUNT)]],
        Field(max_length=100),
    ],
    config=ConfigDict(strict=True),
)


def _read_sums(value: object) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((name, fen(text)) for name, text in _AMOUNTS.validate_python(value).items()))


def _read_counts(value: object) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(_COUNTS.validate_python(value).items()))


def _write_sums(sums: tuple[tuple[str, int], ...]) -> dict[str, str]:
    return {name: yuan(amount) for name, amount in sums}


Sums = Annotated[
    tuple[tuple[str, int], ...], PlainValidator(_read_sums), PlainSerializer(_write_sums, return_type=dict[str, str])
]
Counts = Annotated[
    tuple[tuple[str, int], ...], PlainValidator(_read_counts), PlainSerializer(dict, return_type=dict[str, int])
]


@dataclass(frozen=True, kw_only=True)
class ControlTotals:
    """Row count and exact sums of the money fields.

    Attributes:
        rows: how many.
        sums: (field name, fen) for every money field of the feed; sorted by name, whatever order is given.
    """

    __pydantic_config__ = STRICT

    rows: Count
    sums: Sums = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "sums", tuple(sorted(self.sums)))

    def __add__(self, other: ControlTotals) -> ControlTotals:
        """Both must be over the same fields."""
        pairs = zip(self.sums, other.sums, strict=True)
        if self.names != other.names:
            raise ValueError("totals over different fields")
        return ControlTotals(rows=self.rows + other.rows, sums=tuple((n, a + b) for (n, a), (_, b) in pairs))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.sums)

    @property
    def is_zero(self) -> bool:
        return not self.rows and not any(amount for _, amount in self.sums)


def write(document: T, form: TypeAdapter[T]) -> bytes:
    """The one form of a document."""
    plain = form.dump_python(document, mode="json")
    return json.dumps(plain, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode()


def read(content: bytes, form: TypeAdapter[T], refused: Callable[..., EnvelopeRefused]) -> T:
    """Parse a document and check that it is in its one form.

    Raises:
        refused: with `place`, one of our own key names or "-": never a key or value out of the document.
    """
    try:
        document = form.validate_json(content)
        canonical = write(document, form) == content
    except ValidationError as error:
        raise refused(place=_place(error)) from None
    except (ValueError, RecursionError):
        raise refused(place="-") from None
    if not canonical:
        raise refused(place="-")
    return document


def read_head(content: bytes) -> Mapping[str, Any]:
    """`format` and `suite` of a document of any version; nothing if it is no JSON object."""
    try:
        return {k: v for k, v in json.loads(content).items() if k in ("format", "suite")}
    except (ValueError, AttributeError, RecursionError):
        return {}


def _place(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] in ("extra_forbidden", "unexpected_keyword_argument") or not first["loc"]:
        return "-"
    return str(first["loc"][0])
