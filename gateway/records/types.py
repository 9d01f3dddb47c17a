"""Semantic field types and the Arrow types they travel as.

Owns the words every other room and every adapter shares about a column. It must never parse, check or print a value,
and it must never import anything of the product, so that an adapter can depend on it alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

POSITION = "_position"
"""First column of every batch an adapter yields: utf8, never null, where the record stands in its source."""

FAULT = "_fault"
"""Second column of every batch an adapter yields: utf8, null, or a `Fault` word when the record could not be read."""

BATCH_ROWS = 65_536
"""Rows a batch holds unless a feed says otherwise; memory is bounded by this, never by a feed's size."""

TIMESTAMP = pa.timestamp("us", tz="Asia/Shanghai")
MONEY_PRECISION, MONEY_SCALE = 20, 2
MONEY_DIGITS = 18
"""Digits of an amount in fen that the checks let through: fewer than the type holds, so that any 64-bit store does."""

MAX_PRECISION = 38


class FieldType(StrEnum):
    """What a column means. The value is the word used in the catalogue, the manifest and the schema digest."""

    TEXT = "text"
    PERSON_NAME = "person_name"
    CODE = "code"
    INTEGER = "integer"
    DECIMAL = "decimal"
    MONEY = "money"
    DATE = "date"
    MONTH = "month"
    TIMESTAMP = "timestamp"
    BOOLEAN = "boolean"
    ID_NUMBER = "id_number"  # 公民身份号码, GB 11643
    CREDIT_CODE = "credit_code"  # 统一社会信用代码, GB 32100
    ORGANIZATION_CODE = "organization_code"  # 组织机构代码, GB 11714
    REGION_CODE = "region_code"  # 行政区划代码, GB/T 2260 (6) or with 乡 (9) and 村 (12)
    BANK_ACCOUNT = "bank_account"
    PHONE = "phone"


class Fault(StrEnum):
    """Why a record could not be read at all; its fields are then null and the checks give it its problem code."""

    LAYOUT = "layout"
    """Not the declared number or nesting of fields, or a control character that only a torn record holds."""
    ENCODING = "encoding"
    """Bytes that are no character in the declared encoding."""
    FORMULA = "formula"
    """A spreadsheet's cell with an error (#N/A), or with a formula that was never calculated."""
    CONVERTED = "converted"
    """A spreadsheet holds something else than was typed: over 15 digits, a date or a time instead of a code."""
    SUMMARY = "summary"
    """A total among the records (合计, 小计): it is nobody's."""
    UNMATCHED = "unmatched"
    """A bank's answer about an entry that the roster does not hold."""
    DISAGREES = "disagrees"
    """A bank's answer of another amount than the roster's, or one that another answer contradicts."""
    REPEATED = "repeated"
    """A bank's answer that was given before."""


class Unit(StrEnum):
    """The unit a source states money in. The target is always yuan with two decimals; the conversion is exact."""

    FEN = "fen"
    YUAN = "yuan"
    WAN_YUAN = "wan_yuan"


SENSITIVE = frozenset({FieldType.PERSON_NAME, FieldType.ID_NUMBER, FieldType.BANK_ACCOUNT, FieldType.PHONE})

_FIXED: dict[FieldType, pa.DataType] = {
    FieldType.INTEGER: pa.int64(),
    FieldType.MONEY: pa.decimal128(MONEY_PRECISION, MONEY_SCALE),
    FieldType.DATE: pa.date32(),
    FieldType.TIMESTAMP: TIMESTAMP,
    FieldType.BOOLEAN: pa.bool_(),
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """All that adapters, checks and the stream need to know of a feed's field.

    Attributes:
        name: the column's name in batches and in the warehouse.
        source: the source's own name of it; empty means the same as `name`.
        required: a missing value is a problem. Key columns are required whatever this says.
        unit: of money only; the unit the source states, as text or as typed numbers (`None` means yuan).
        values: of a code only; the codes allowed, empty for any.
        precision, scale: of a decimal only.
        allow_15: of an id_number only; 15-digit numbers (no check digit) are taken as they stand, never lengthened.
    """

    name: str
    type: FieldType
    title: str = ""
    required: bool = False
    source: str = ""
    unit: Unit | None = None
    values: tuple[str, ...] = ()
    precision: int = MAX_PRECISION
    scale: int = 10
    allow_15: bool = False

    @property
    def arrow(self) -> pa.DataType:
        """The Arrow type this column has after the checks."""
        return arrow_type(self.type, precision=self.precision, scale=self.scale)


def arrow_type(kind: FieldType, *, precision: int = MAX_PRECISION, scale: int = 10) -> pa.DataType:
    """The Arrow type of checked values; `precision` and `scale` matter to `decimal` alone. All else is utf8."""
    if kind is FieldType.DECIMAL:
        return pa.decimal128(precision, scale)
    return _FIXED.get(kind, pa.utf8())


def sensitive(kind: FieldType) -> bool:
    """Whether values of this type are a person's data: never in a log, message, metric or problem row in clear."""
    return kind in SENSITIVE


def target_schema(columns: Iterable[Column]) -> pa.Schema:
    """Schema of checked records, of the payload and of what the warehouse loads: the feed's columns alone."""
    return pa.schema([pa.field(c.name, c.arrow, nullable=not c.required) for c in columns])


def source_schema(columns: Iterable[Column]) -> pa.Schema:
    """Schema of an adapter that gives every column as text, still to be parsed."""
    text = [pa.field(c.name, pa.utf8()) for c in columns]
    return pa.schema([pa.field(POSITION, pa.utf8(), nullable=False), pa.field(FAULT, pa.utf8()), *text])
