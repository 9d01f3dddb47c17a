"""The words and Arrow types that adapters, checks, stream and warehouse agree on."""

from __future__ import annotations

import pyarrow as pa
import pytest

from gateway.records.types import (
    FAULT,
    POSITION,
    Column,
    FieldType,
    arrow_type,
    sensitive,
    source_schema,
    target_schema,
)

OTHER_THAN_TEXT = {
    FieldType.INTEGER: pa.int64(),
    FieldType.DECIMAL: pa.decimal128(38, 10),
    FieldType.MONEY: pa.decimal128(20, 2),
    FieldType.DATE: pa.date32(),
    FieldType.TIMESTAMP: pa.timestamp("us", tz="Asia/Shanghai"),
    FieldType.BOOLEAN: pa.bool_(),
}


@pytest.mark.parametrize("kind", list(FieldType))
def test_each_field_type_has_its_arrow_type(kind: FieldType) -> None:
    assert arrow_type(kind) == OTHER_THAN_TEXT.get(kind, pa.utf8())


def test_what_identifies_or_reaches_a_person_is_sensitive() -> None:
    assert {kind.value for kind in FieldType if sensitive(kind)} == {
        "person_name",
        "id_number",
        "bank_account",
        "phone",
    }


def test_the_target_has_the_feeds_columns_alone_and_the_source_adds_position_and_fault() -> None:
    columns = (Column(name="a", type=FieldType.MONEY, required=True), Column(name="b", type=FieldType.DATE))
    target = target_schema(columns)
    assert target.names == ["a", "b"]
    assert [field.nullable for field in target] == [False, True]
    source = source_schema(columns)
    assert source.names == [POSITION, FAULT, "a", "b"]
    assert set(source.types) == {pa.utf8()} and not source.field(POSITION).nullable
