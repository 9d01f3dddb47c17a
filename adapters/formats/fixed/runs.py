"""A file's bytes as runs of records of one length, with or without line ends, less the record of its totals.

Must never decode, and never hold more than a block.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from adapters.contract import Fault
from adapters.formats.charset import expect_encoding
from adapters.formats.delimited.lines import BLOCK_BYTES, Block, WithoutLast, blocks
from adapters.formats.parsed import Numbers
from adapters.formats.refusal import Unreadable

Matrix = npt.NDArray[np.uint8]
Totals = Literal["first", "last"] | None
_FEED = 10
_FILLER = b"\r\n\x1a"


@dataclass(frozen=True, kw_only=True)
class Run:
    """Records of the right length, one a row of the matrix, with their places; and the places of the others."""

    records: Matrix
    numbers: Numbers
    faulty: list[tuple[int, Fault]] = field(default_factory=list)


@dataclass(kw_only=True)
class Apart:
    """The record of the file's totals, known once all runs were read; None where the file has none."""

    record: bytes | None = None
    number: int = 1


def ended(chunks: Iterable[bytes], encoding: str, length: int, totals: Totals, apart: Apart) -> Iterator[Run]:
    """Records with line ends. Raises: Unreadable: not one of the first block has the declared length."""
    lines = blocks(chunks, encoding)
    if totals == "first":
        lines = _without_first(lines, apart)
    body = WithoutLast(lines) if totals == "last" else None
    sound = False
    for block in lines if body is None else body:
        run = _run(block, length)
        if not sound and run.faulty and not len(run.numbers):
            zh, en = f"没有一条记录是 {length} 字节", f"no record has {length} bytes"
            raise Unreadable(place=run.faulty[0][0], zh=zh, en=en)
        sound = True
        yield run
    if body is not None:
        apart.record, apart.number = body.line, body.number


def unended(chunks: Iterable[bytes], encoding: str, length: int, totals: Totals, apart: Apart) -> Iterator[Run]:
    """Records one after another. Raises: Unreadable: the file's size is no multiple of their length."""
    number, held = 1, b""
    for raw in _multiples(chunks, length):
        if number == 1:
            expect_encoding(raw, encoding)
        if totals == "first" and number == 1:
            apart.record, apart.number = raw[:length], 1
            raw, number = raw[length:], 2
        if totals == "last":
            whole = held + raw
            raw, held = whole[:-length], whole[-length:]
        records = np.frombuffer(raw, np.uint8).reshape(-1, length)
        yield Run(records=records, numbers=np.arange(number, number + len(records), dtype=np.int64))
        number += len(records)
    if held:
        apart.record, apart.number = held, number


def _without_first(lines: Iterator[Block], apart: Apart) -> Iterator[Block]:
    for block in lines:
        if apart.record is None:
            apart.record, block = block.pop_line()
        yield block


def _run(block: Block, length: int) -> Run:
    raw = block.raw.replace(b"\r\n", b"\n")
    data = np.frombuffer(raw, np.uint8)
    ends = np.flatnonzero(data == _FEED)
    lengths = np.diff(ends, prepend=-1) - 1
    numbers = np.arange(block.first, block.first + len(ends), dtype=np.int64)
    right = lengths == length
    if not right.all():
        data = data[np.repeat(right, lengths + 1)]
    faulty = [(int(number), Fault.LAYOUT) for number in numbers[~right & (lengths > 0)]]
    return Run(records=data.reshape(-1, length + 1)[:, :-1], numbers=numbers[right], faulty=faulty)


def _multiples(chunks: Iterable[bytes], length: int) -> Iterator[bytes]:
    """Whole records, about a block of them at a time."""
    number, gathered = 0, bytearray()
    for chunk in chunks:
        gathered += chunk
        if len(gathered) >= max(BLOCK_BYTES, length):
            whole = bytes(gathered[: len(gathered) // length * length])
            number += len(whole) // length
            del gathered[: len(whole)]
            yield whole
    whole = bytes(gathered[: len(gathered) // length * length])
    if gathered[len(whole) :].strip(_FILLER):
        zh, en = f"文件长度不是记录长度 {length} 的整数倍", f"the file is no multiple of {length} bytes"
        raise Unreadable(place=number + len(whole) // length + 1, zh=zh, en=en)
    if whole:
        yield whole
