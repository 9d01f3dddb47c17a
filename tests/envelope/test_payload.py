"""The payload stream: round trips at every edge, and nothing unauthentic ever comes out."""

from __future__ import annotations

import io
import os
import tracemalloc
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.envelope.payload import HEADER, MAX_SEGMENTS, SEGMENT, TAG, PayloadReader, PayloadWriter
from gateway.errors import PayloadHeaderWrong, PayloadNotEnded, PayloadSegmentInvalid
from tests.envelope.world import unseal

KEY = bytes(range(32))
FIRST = SEGMENT - HEADER - TAG
OTHER = SEGMENT - TAG
EDGES = (0, 1, FIRST - 1, FIRST, FIRST + 1, FIRST + OTHER - 1, FIRST + OTHER, FIRST + OTHER + 1, FIRST + 2 * OTHER + 7)


def seal(plain: bytes, piece: int = 1 << 30, key: bytes = KEY) -> bytes:
    sink = io.BytesIO()
    with PayloadWriter(sink, key, os.urandom) as writer:
        for start in range(0, len(plain), piece):
            writer.write(plain[start : start + piece])
    assert writer.size == len(sink.getvalue())
    return sink.getvalue()


def segments(payload: bytes) -> list[bytes]:
    cuts = [HEADER, *range(SEGMENT, len(payload), SEGMENT), len(payload)]
    return [payload[a:b] for a, b in pairwise(cuts)]


THREE = os.urandom(FIRST + OTHER + 1000)
SEALED = seal(THREE)
SCHEMA = pa.schema({"serial_no": pa.string(), "amount": pa.int64()})


@pytest.mark.parametrize("size", EDGES)
@pytest.mark.parametrize("piece", [1 << 30, 65_537, SEGMENT])
def test_what_goes_in_comes_out_at_every_segment_edge(size: int, piece: int) -> None:
    plain = os.urandom(size)
    assert unseal(seal(plain, piece), KEY) == plain


@pytest.mark.parametrize("size", EDGES)
def test_a_payload_is_as_long_as_its_segments(size: int) -> None:
    full = 0 if size <= FIRST else -(-(size - FIRST) // OTHER)
    assert len(seal(bytes(size))) == HEADER + size + TAG * (full + 1)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 700_000), max_size=6), st.lists(st.integers(1, 900_000), min_size=1, max_size=3))
def test_pieces_written_and_read_in_any_sizes_give_the_same_stream(written: list[int], read: list[int]) -> None:
    plain = (b"0123456789abcdef" * 262_500)[: sum(written)]
    sink, at = io.BytesIO(), 0
    with PayloadWriter(sink, KEY, os.urandom) as writer:
        for size in written:
            at += writer.write(memoryview(plain)[at : at + size])
    reader, got, turn = PayloadReader(io.BytesIO(sink.getvalue()), KEY), b"", 0
    while piece := reader.read(read[turn % len(read)]):
        got, turn = got + piece, turn + 1
    assert got == plain


def test_every_flipped_byte_of_a_small_payload_is_refused() -> None:
    payload = seal(b"three rows of records")
    for at in range(len(payload)):
        changed = bytearray(payload)
        changed[at] ^= 1 << at % 8
        with pytest.raises((PayloadHeaderWrong, PayloadSegmentInvalid)):
            unseal(bytes(changed), KEY)


@pytest.mark.parametrize("at", [HEADER, SEGMENT - 1, SEGMENT, SEGMENT + 777, 2 * SEGMENT - 1, 2 * SEGMENT, -17, -1])
def test_a_flipped_byte_in_any_segment_is_refused_and_only_what_came_before_is_released(at: int) -> None:
    changed = bytearray(SEALED)
    changed[at] ^= 0x10
    released = io.BytesIO()
    reader = PayloadReader(io.BytesIO(bytes(changed)), KEY)
    with pytest.raises(PayloadSegmentInvalid):
        while piece := reader.read(10_000):
            released.write(piece)
    assert THREE.startswith(released.getvalue())
    assert len(released.getvalue()) <= FIRST + OTHER * ((at % len(SEALED)) // SEGMENT)


def test_every_truncation_of_a_small_payload_is_refused() -> None:
    payload = seal(b"three rows of records")
    for size in range(len(payload)):
        with pytest.raises((PayloadHeaderWrong, PayloadSegmentInvalid)):
            unseal(payload[:size], KEY)


@pytest.mark.parametrize("size", [SEGMENT - 1, SEGMENT, SEGMENT + 1, SEGMENT + TAG, 2 * SEGMENT, len(SEALED) - 1])
def test_a_truncated_payload_is_refused_also_at_a_segment_edge(size: int) -> None:
    with pytest.raises(PayloadSegmentInvalid):
        unseal(SEALED[:size], KEY)


@pytest.mark.parametrize("extra", [b"\0", bytes(TAG), bytes(SEGMENT), SEALED[-1016:], SEALED[SEGMENT : 2 * SEGMENT]])
def test_an_extended_payload_is_refused(extra: bytes) -> None:
    with pytest.raises(PayloadSegmentInvalid):
        unseal(SEALED + extra, KEY)


def test_a_payload_that_ends_on_a_segment_edge_cannot_be_extended() -> None:
    with pytest.raises(PayloadSegmentInvalid):
        unseal(seal(bytes(FIRST)) + b"\0", KEY)


@pytest.mark.parametrize("order", [(1, 0, 2), (0, 2, 1), (2, 1, 0), (0, 2), (1, 2), (0, 1, 1, 2), (0, 0, 1, 2)])
def test_swapped_dropped_or_repeated_segments_are_refused(order: tuple[int, ...]) -> None:
    parts = segments(SEALED)
    with pytest.raises(PayloadSegmentInvalid):
        unseal(SEALED[:HEADER] + b"".join(parts[i] for i in order), KEY)


def test_a_segment_of_another_payload_under_the_same_key_is_refused() -> None:
    other = segments(seal(THREE))
    mixed = [segments(SEALED)[0], other[1], segments(SEALED)[2]]
    with pytest.raises(PayloadSegmentInvalid):
        unseal(SEALED[:HEADER] + b"".join(mixed), KEY)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(PayloadSegmentInvalid):
        unseal(SEALED, bytes(32))


def test_a_refused_stream_stays_refused() -> None:
    # a full last segment with a byte behind it: read again without the byte, that segment would open
    reader = PayloadReader(io.BytesIO(seal(bytes(FIRST)) + b"\0"), KEY)
    for _ in range(3):
        with pytest.raises(PayloadSegmentInvalid):
            reader.read(10)


def test_the_error_counts_segments_from_one() -> None:
    changed = bytearray(SEALED)
    changed[SEGMENT + 5] ^= 1
    with pytest.raises(PayloadSegmentInvalid) as refusal:
        unseal(bytes(changed), KEY)
    assert refusal.value.facts == {"segment": 2}


def test_finish_refuses_a_stream_that_was_not_read_to_its_end() -> None:
    reader = PayloadReader(io.BytesIO(seal(b"records and more")), KEY)
    assert reader.read(7) == b"records"
    with pytest.raises(PayloadNotEnded):
        reader.finish()


def test_finish_authenticates_segments_that_were_not_read() -> None:
    reader = PayloadReader(io.BytesIO(seal(bytes(FIRST + 50))[:-1]), KEY)
    with pytest.raises(PayloadSegmentInvalid):
        reader.read(FIRST)
        reader.finish()


def test_a_broken_off_writer_leaves_no_complete_payload() -> None:
    sink = io.BytesIO()
    with pytest.raises(ConnectionError), PayloadWriter(sink, KEY, os.urandom) as writer:
        writer.write(bytes(10))
        raise ConnectionError
    writer.close()
    with pytest.raises(PayloadSegmentInvalid):
        unseal(sink.getvalue(), KEY)


def test_closing_twice_writes_one_last_segment_and_nothing_can_follow() -> None:
    sink = io.BytesIO()
    writer = PayloadWriter(sink, KEY, os.urandom)
    writer.write(b"records")
    writer.close()
    writer.close()
    with pytest.raises(ValueError, match="closed"):
        writer.write(b"more")
    assert unseal(sink.getvalue(), KEY) == b"records"


def test_one_stream_sealed_twice_looks_different() -> None:
    assert seal(b"records") != seal(b"records")


class OneByteAtATime(io.RawIOBase):
    """An unbuffered file or socket that never takes or gives more than a few bytes."""

    def __init__(self, data: bytes = b"") -> None:
        self.inner = io.BytesIO(data)

    def write(self, data: bytes) -> int:
        return self.inner.write(bytes(data[:1000]))

    def readinto(self, buffer: memoryview) -> int:
        return self.inner.readinto(buffer[:1000])


def test_files_that_take_and_give_little_at_a_time_are_written_and_read_whole() -> None:
    sink = OneByteAtATime()
    with PayloadWriter(sink, KEY, os.urandom) as writer:
        writer.write(THREE)
    reader = PayloadReader(OneByteAtATime(sink.inner.getvalue()), KEY)
    assert reader.read(len(THREE) + 1) == THREE
    reader.finish()


def test_pyarrow_writes_to_and_reads_from_a_payload() -> None:
    columns = [[f"{i:08d}" for i in range(200_000)], list(range(200_000))]
    table = pa.table(columns, schema=SCHEMA)
    sink, options = io.BytesIO(), pa.ipc.IpcWriteOptions(compression="zstd")
    with PayloadWriter(sink, KEY, os.urandom) as writer, pa.ipc.new_stream(writer, SCHEMA, options=options) as out:
        out.write_table(table, max_chunksize=30_000)
    reader = PayloadReader(io.BytesIO(sink.getvalue()), KEY)
    with pa.ipc.open_stream(reader) as stream:
        assert stream.read_all().equals(table)
    reader.finish()


def test_a_refusal_passes_through_pyarrow_unchanged() -> None:
    table = pa.table({"noise": [os.urandom(1000) for _ in range(3000)]})
    sink = io.BytesIO()
    with PayloadWriter(sink, KEY, os.urandom) as writer, pa.ipc.new_stream(writer, table.schema) as out:
        out.write_table(table, max_chunksize=500)
    changed = bytearray(sink.getvalue())
    changed[-100] ^= 1
    rows = 0
    with pytest.raises(PayloadSegmentInvalid):
        for batch in pa.ipc.open_stream(PayloadReader(io.BytesIO(bytes(changed)), KEY)):
            rows += batch.num_rows
    assert 0 < rows < 3000


class Discard:
    def write(self, data: memoryview) -> int:
        return len(data)


def test_memory_stays_flat_however_long_the_stream(tmp_path: Path) -> None:
    path = tmp_path / "payload"
    piece = bytes(300_000)
    tracemalloc.start()
    try:
        with path.open("wb") as sink, PayloadWriter(sink, KEY, os.urandom) as writer:
            for _ in range(250):
                writer.write(piece)
        with path.open("rb") as source:
            reader = PayloadReader(source, KEY)
            while reader.read(300_000):
                pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 75_000_000
    assert peak < 8 * SEGMENT


def test_more_segments_than_the_nonce_can_count_are_refused() -> None:
    writer = PayloadWriter(Discard(), KEY, os.urandom)
    writer._number = MAX_SEGMENTS  # 4 PiB cannot be written in a test
    with pytest.raises(OverflowError):
        writer.close()
