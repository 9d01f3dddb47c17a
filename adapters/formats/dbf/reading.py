"""A DBF table as batches, block by block: its header, its records that are not deleted.

A record marked as deleted is no data: whoever worked with the table no longer saw it. How many there are is told with
what the table declares. Must never hold more than a block.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adapters.contract import Declared, Request, assemble
from adapters.formats.charset import Charset
from adapters.formats.content import Content
from adapters.formats.dbf.config import Dbf
from adapters.formats.dbf.header import DbfField, DbfHeader, header_size, read_header
from adapters.formats.dbf.texts import Bytes
from adapters.formats.dbf.values import CONVERTED, WIDTHS, values
from adapters.formats.refusal import Unreadable, refusing
from gateway.records.types import Column

_BLOCK_BYTES, _LEAST = 4 << 20, 64
_DELETED = ord("*")


def read(content: Content, config: Dbf, request: Request) -> Generator[pa.RecordBatch, None, Declared | None]:
    """Raises: SourceMalformed: damaged, cut off, or a field that stands in another file."""
    with refusing(content, request):
        return (yield from _records(content, config, request))


def _records(content: Content, config: Dbf, request: Request) -> Generator[pa.RecordBatch, None, Declared]:
    charset = Charset(encoding=config.encoding, private_use=config.private_use)
    stream = _Stream(content.stream())
    prefix = stream.take(32)
    raw = prefix + stream.take(header_size(prefix) - 32)
    header = read_header(raw, content.size, charset)
    picks = tuple(_pick(column, header) for column in request.columns)
    rows = min(request.batch_rows, max(_BLOCK_BYTES // header.length, _LEAST))
    deleted = 0
    for first in range(0, header.records, rows):
        wanted = min(rows, header.records - first)
        block = np.frombuffer(stream.take(wanted * header.length), np.uint8).reshape(wanted, header.length)
        numbers = np.arange(first + 1, first + wanted + 1)
        kept = block[:, 0] != _DELETED
        deleted += wanted - int(kept.sum())
        yield _batch(block[kept], numbers[kept], picks, header, charset, request)
    return Declared(rows=header.records - deleted, facts=(("deleted_records", str(deleted)),))


def _pick(column: Column, header: DbfHeader) -> DbfField:
    """The field a column is read from; a table's names know no case. Raises: Unreadable."""
    wanted = (column.source or column.name).upper()
    found = [field for field in header.fields if field.name.upper() == wanted]
    if len(found) != 1:
        zh = f"{'缺少' if not found else '重复出现'}列 {column.source or column.name}"
        en = f"the column {column.source or column.name} stands there {len(found)} times"
        raise Unreadable(place="", zh=zh, en=en)
    field = found[0]
    readable = field.kind in ("C", *CONVERTED) and field.width == WIDTHS.get(field.kind, field.width)
    if not readable or (field.kind == "B" and not header.foxpro):
        zh = f"字段 {field.name} 为 {field.kind} 型(备注等),不能读取,请改为字符型导出"
        en = f"the field {field.name} of type {field.kind} (a memo or the like) is not read: export it as characters"
        raise Unreadable(place="", zh=zh, en=en)
    return field


def _batch(
    block: Bytes,
    numbers: npt.NDArray[np.int64],
    picks: tuple[DbfField, ...],
    header: DbfHeader,
    charset: Charset,
    request: Request,
) -> pa.RecordBatch:
    """Some records in the contract's shape; those that could not be read have their fault."""
    faults = np.full(len(block), None, object)
    columns = []
    for field in picks:
        found = values(block[:, field.start : field.start + field.width], field, charset)
        absent = _absent(block, field, header)
        faults[found.spoiled & ~absent] = found.fault.value
        columns.append(pc.if_else(pa.array(absent), None, found.text) if absent.any() else found.text)
    told = pa.array(faults, pa.utf8())
    if told.null_count < len(told):
        columns = [pc.if_else(pc.is_valid(told), None, column) for column in columns]
    return assemble(request.columns, pa.array(numbers).cast(pa.utf8()), told, columns)


def _absent(block: Bytes, field: DbfField, header: DbfHeader) -> npt.NDArray[np.bool_]:
    """The records in which the hidden flags say that the field holds nothing, whatever its bytes are."""
    if field.null_bit is None or header.flags is None:
        return np.zeros(len(block), np.bool_)
    byte, bit = divmod(field.null_bit, 8)
    return (block[:, header.flags.start + byte] >> bit & 1).astype(np.bool_)


class _Stream:
    """Exactly so many bytes at a time, out of pieces of any size."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = bytearray()

    def take(self, size: int) -> bytes:
        """Raises: Unreadable: the file ends before."""
        while len(self._held) < size:
            piece = next(self._pieces, None)
            if piece is None:
                raise Unreadable(place="", zh="DBF 文件不完整", en="the DBF file is cut off")
            self._held += piece
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken
