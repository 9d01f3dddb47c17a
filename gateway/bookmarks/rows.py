"""Row digests: which rows a batch held and what became of each, in 34 bytes a row and without a value.

A row is two digests: of its position, by which it is found again, and of all its cells, by which a change is seen. Each
is the keyed multilinear digest of `gateway.records.digests` put through `gateway.records.permutation`: without the key
it says nothing of the row, and cannot be tried out. The key is made of the site's secret, which lies with its private
keys, and of a salt for each batch.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from gateway.bookmarks.bookmark import RowsFacts
from gateway.records.digests import Digester
from gateway.records.permutation import Permutation
from gateway.records.problems import Problem
from gateway.records.types import FAULT, POSITION, Column, FieldType
from gateway.spool.disk import create, write_all

ROW = np.dtype([("place", "<u8", 2), ("content", "<u8", 2), ("verdict", "<u2")])
Rows = npt.NDArray[np.void]

_TAKEN = 0
_MOST_REASONS = 60_000
_MANY = "多项不符,见问题数据"
_MARKS = (Column(name=POSITION, type=FieldType.TEXT), Column(name=FAULT, type=FieldType.TEXT))


class RowDigester:
    """Digests the rows of an adapter's batches under the key of one sealed batch."""

    def __init__(self, columns: Sequence[Column], secret: bytes, salt: bytes) -> None:
        key = hashlib.blake2b(salt, key=secret, person=b"yizhan rows", digest_size=64).digest()
        self._digester = Digester((*_MARKS, *columns), (POSITION,), key[32:])
        self._permutation = Permutation(key[:32])

    def rows(self, batch: pa.RecordBatch) -> Rows:
        """The batch's rows, in order, all taken as far as is known here."""
        found = self._digester.rows(batch.columns, batch.num_rows)
        rows = np.zeros(batch.num_rows, ROW)
        rows["place"], rows["content"] = self._permutation.of(found.key), self._permutation.of(found.content)
        return rows


class RowsWriter:
    """A file of row digests being written: `add` batch by batch, then `close`; leaving the block removes the draft."""

    def __init__(self, path: Path, columns: Sequence[Column], secret: bytes, salt: bytes) -> None:
        self.path = path
        self._titles = {column.name: column.title or column.name for column in columns}
        self._digester = RowDigester(columns, secret, salt)
        self._salt = salt
        self._hash = hashlib.sha256()
        self._count = 0
        self._reasons: dict[str, int] = {}
        self._handle = create(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self._handle)
        self.path.unlink(missing_ok=True)

    def add(self, batch: pa.RecordBatch, problems: Iterable[Problem]) -> None:
        """Note every row of a batch, and why some of them were set aside; positions tell which."""
        rows = self._digester.rows(batch)
        told = self._told(problems)
        if told:
            at = pc.index_in(batch.column(POSITION), value_set=pa.array(list(told), pa.utf8())).fill_null(-1)
            numbers = np.array([*(self._number(text) for text in told.values()), _TAKEN], "<u2")
            rows["verdict"] = numbers[at.to_numpy(zero_copy_only=False)]
        content = rows.tobytes()
        self._hash.update(content)
        self._count += len(rows)
        write_all(self._handle, content)

    def finish(self) -> RowsFacts:
        """Force it to the disk; what the bookmark has to say of it."""
        os.fsync(self._handle)
        return RowsFacts(
            count=self._count, salt=self._salt, digest=self._hash.hexdigest(), reasons=tuple(self._reasons)
        )

    def _told(self, problems: Iterable[Problem]) -> dict[str, str]:
        """Position -> all its reasons in Chinese; our own words and the fields' titles, never a value."""
        told: dict[str, list[str]] = {}
        for problem in problems:
            title = f"{self._titles[problem.field]}:" if problem.field else ""
            told.setdefault(problem.position, []).append(f"{title}{problem.zh}[{problem.code}]")
        return {position: ";".join(reasons) for position, reasons in told.items()}

    def _number(self, text: str) -> int:
        if text not in self._reasons and len(self._reasons) >= _MOST_REASONS:
            text = _MANY
        return self._reasons.setdefault(text, len(self._reasons) + 1)
