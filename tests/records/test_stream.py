"""The record stream refuses whatever is not exactly the feed's records, whole."""

from __future__ import annotations

from io import BytesIO

import pyarrow as pa
import pytest

from gateway.errors import RecordsMalformed
from gateway.records.stream import RecordWriter, read_records, schema_digest
from gateway.records.types import BATCH_ROWS, Column, FieldType, target_schema

COLUMNS = (Column(name="no", type=FieldType.INTEGER, required=True), Column(name="remark", type=FieldType.TEXT))


def rows(count: int) -> pa.RecordBatch:
    return pa.record_batch(
        [pa.array(range(count), pa.int64()), pa.array(["文"] * count)], schema=target_schema(COLUMNS)
    )


def written(*batches: pa.RecordBatch) -> bytes:
    file = BytesIO()
    with RecordWriter(file, COLUMNS) as writer:
        for batch in batches:
            writer.write(batch)
    return file.getvalue()


def read(data: bytes) -> list[pa.RecordBatch]:
    return list(read_records(BytesIO(data), COLUMNS))


def raw(schema: pa.Schema, *batches: pa.RecordBatch) -> bytes:
    """A stream of another writer."""
    file = BytesIO()
    with pa.ipc.new_stream(file, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return file.getvalue()


def test_an_empty_stream_is_a_whole_stream() -> None:
    assert read(written()) == []


def test_large_batches_are_cut_so_that_a_reader_never_holds_more() -> None:
    assert [batch.num_rows for batch in read(written(rows(BATCH_ROWS + 1)))] == [BATCH_ROWS, 1]


def test_the_same_records_are_the_same_bytes() -> None:
    assert written(rows(10)) == written(rows(10))


@pytest.mark.parametrize("cut", [1, 8, 9, 100])
def test_a_stream_that_lost_its_end_is_refused(cut: int) -> None:
    with pytest.raises(RecordsMalformed):
        read(written(rows(3))[:-cut])


def test_every_truncation_and_every_extension_is_refused() -> None:
    data = written(rows(3))
    for length in range(len(data)):
        with pytest.raises(RecordsMalformed):
            read(data[:length])
    for extra in (b"\0", b"\xff\xff\xff\xff\0\0\0\0", data):
        with pytest.raises(RecordsMalformed):
            read(data + extra)


class Dripping:
    """A source that gives a few bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self._file = BytesIO(data)

    def read(self, size: int) -> bytes:
        return self._file.read(min(size, 7))


class Failing:
    """A source whose disk fails after some bytes."""

    def __init__(self, data: bytes) -> None:
        self._file = BytesIO(data)

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) < size:
            raise OSError(5, "Input/output error")
        return data


def test_short_reads_are_not_taken_for_the_end() -> None:
    assert [batch.num_rows for batch in read_records(Dripping(written(rows(3))), COLUMNS)] == [3]


def test_a_failing_source_is_not_called_a_malformed_stream() -> None:
    with pytest.raises(OSError, match="Input/output"):
        list(read_records(Failing(written(rows(3))[:-20]), COLUMNS))


def test_a_stream_broken_off_by_an_error_has_no_end() -> None:
    file = BytesIO()
    with pytest.raises(RuntimeError), RecordWriter(file, COLUMNS) as writer:
        writer.write(rows(3))
        raise RuntimeError
    with pytest.raises(RecordsMalformed):
        read(file.getvalue())


def test_the_writer_leaves_the_file_open() -> None:
    file = BytesIO()
    with RecordWriter(file, COLUMNS) as writer:
        writer.write(rows(1))
    del writer
    assert not file.closed


@pytest.mark.parametrize(
    "schema",
    [
        pa.schema([("no", pa.int64()), ("remark", pa.utf8())]),
        pa.schema([pa.field("no", pa.int32(), nullable=False), ("remark", pa.utf8())]),
        pa.schema([("remark", pa.utf8()), pa.field("no", pa.int64(), nullable=False)]),
        target_schema(COLUMNS).with_metadata({"a": "b"}),
    ],
)
def test_another_schema_is_refused(schema: pa.Schema) -> None:
    with pytest.raises(RecordsMalformed):
        read(raw(schema))


def test_nulls_in_a_required_column_are_refused() -> None:
    nulls = pa.record_batch([pa.nulls(1, pa.int64()), pa.array(["a"])], schema=target_schema(COLUMNS))
    with pytest.raises(RecordsMalformed):
        read(raw(target_schema(COLUMNS), nulls))


def test_text_that_is_not_utf8_is_refused() -> None:
    gbk = pa.array([b"\xcd\xf5"])
    remark = pa.StringArray.from_buffers(1, gbk.buffers()[1], gbk.buffers()[2])
    batch = pa.record_batch([pa.array([1]), remark], schema=target_schema(COLUMNS))
    with pytest.raises(RecordsMalformed):
        read(raw(target_schema(COLUMNS), batch))


def test_a_batch_over_the_limit_is_refused() -> None:
    with pytest.raises(RecordsMalformed):
        read(raw(target_schema(COLUMNS), rows(BATCH_ROWS + 1)))


def test_a_batch_of_another_schema_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="schema"):
        written(rows(1).select(["no"]))


def test_the_schema_digest_tells_names_meanings_types_order_and_nulls_apart() -> None:
    no, remark = COLUMNS
    variants = [
        COLUMNS,
        (remark, no),
        (no,),
        (no, Column(name="note", type=FieldType.TEXT)),
        (no, Column(name="remark", type=FieldType.CODE)),
        (no, Column(name="remark", type=FieldType.TEXT, required=True)),
        (no, Column(name="remark", type=FieldType.DECIMAL, precision=10, scale=2)),
        (no, Column(name="remark", type=FieldType.DECIMAL, precision=10, scale=3)),
    ]
    digests = {schema_digest(columns) for columns in variants}
    assert len(digests) == len(variants)
    assert all(digest.startswith("sha256:") and len(digest) == 71 for digest in digests)
    titled = (no, Column(name="remark", type=FieldType.TEXT, title="备注", source="BZ"))
    assert schema_digest(titled) == schema_digest(COLUMNS)
