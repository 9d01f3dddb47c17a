"""Shelves of bookmarks for the tests of this room, and batches to keep on them."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa

from gateway.bookmarks import BatchVerdicts, Bookmarks
from gateway.records.problems import Problem
from gateway.records.types import FAULT, POSITION, Column, FieldType
from gateway.spool import EntryName

FEED = "agri.front"
COLUMNS = (
    Column(name="who", title="姓名", type=FieldType.PERSON_NAME),
    Column(name="no", title="序号", type=FieldType.INTEGER),
)
Rows = dict[int, tuple[str | None, int | None]]


def batch(given: Rows) -> pa.RecordBatch:
    """Rows by the number that identifies them."""
    values = [pa.array([f"id={n}" for n in given], pa.utf8()), pa.nulls(len(given), pa.utf8())]
    values += [pa.array([cell[0] for cell in given.values()], pa.utf8())]
    values += [pa.array([cell[1] for cell in given.values()], pa.int64())]
    return pa.record_batch(values, names=[POSITION, FAULT, "who", "no"])


def entry(number: int) -> EntryName:
    return EntryName.of(feed=FEED, period=f"{2000 + number}", revision=1, digest=f"{number:016x}".ljust(64, "0"))


def shelf(root: Path) -> Bookmarks:
    return Bookmarks(root=root / "bookmarks", secret=root / "bookmarks.secret")


def keep(books: Bookmarks, number: int, given: Rows, *problems: Problem, pieces: int = 1) -> None:
    whole = batch(given)
    size = max(1, -(-whole.num_rows // pieces))
    with books.begin(FEED, COLUMNS, os.urandom) as writer:
        for start in range(0, whole.num_rows, size):
            writer.add(whole.slice(start, size), problems)
        books.keep(entry(number), start=None, end=None, rows=writer)


def verdicts(books: Bookmarks, *numbers: int) -> BatchVerdicts:
    known = {one.name: one for one in books.of(FEED)}
    first, *later = (known[entry(number)] for number in numbers)
    return books.verdicts(first, later, COLUMNS)
