"""What the contract demands of any reading, judged from outside: shape, positions, sameness, secrets, open resources.

Owns the judgements that the contract suite (`adapters.testing`) and `yizhan adapter check` have in common. A breach is
`AdapterBroken`; its words are ours and never hold a value of the source. Must never know a kind of source.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel

from adapters.contract import FAULT, POSITION, AdapterConfig, Extraction, Fault, SecretRef, Secrets
from gateway.errors import AdapterBroken
from gateway.records.types import Column

_FAULTS = pa.array([fault.value for fault in Fault], pa.utf8())
_MANY_LINES = 1 << 20


def breach(adapter: str, zh: str, en: str) -> AdapterBroken:
    """How a broken promise is told."""
    return AdapterBroken(adapter=adapter, reason_zh=zh, reason_en=en)


@dataclass(kw_only=True)
class Witness:
    """Watches the batches of one reading go by; keeps a digest, the counts and the positions, and no value."""

    adapter: str
    columns: tuple[Column, ...]
    rows: int = 0
    faults: int = 0
    _schema: pa.Schema | None = None
    _positions: list[pa.Array] = field(default_factory=list, repr=False)
    _hashes: list[hashlib.blake2b] = field(default_factory=list, repr=False)

    def take(self, batch: pa.RecordBatch) -> None:
        """Raises: AdapterBroken: the batch is not in the contract's shape."""
        self._expect_columns(batch.schema)
        self._expect_positions(batch.column(0))
        self._expect_faults(batch)
        self.rows += batch.num_rows
        self.faults += batch.num_rows - batch.column(1).null_count
        self._positions.append(batch.column(0))
        self._digest(batch)

    def expect_unique_positions(self) -> None:
        """Raises: AdapterBroken: two rows claim one place."""
        if pc.count_distinct(pa.chunked_array(self._positions, pa.utf8())).as_py() != self.rows:
            raise breach(self.adapter, "同一位置出现两次", "two rows have the same position")

    @property
    def digest(self) -> str:
        """Of every row in order, whatever the size of the batches they came in."""
        return hashlib.blake2b(b"".join(one.digest() for one in self._hashes), digest_size=16).hexdigest()

    def _expect_columns(self, schema: pa.Schema) -> None:
        if schema.names != [POSITION, FAULT, *(column.name for column in self.columns)]:
            raise breach(self.adapter, "批的列与归集事项不符", "a batch does not have the feed's columns")
        types = [(pa.utf8(),), (pa.utf8(),), *((pa.utf8(), column.arrow) for column in self.columns)]
        for name, found, allowed in zip(schema.names, schema.types, types, strict=True):
            if found not in allowed:
                raise breach(self.adapter, f"列 {name} 类型不对", f"column {name} has a type of its own")
        if self._schema is not None and not schema.equals(self._schema):
            raise breach(self.adapter, "各批的列类型不一致", "the columns' types changed between batches")
        self._schema = schema

    def _expect_positions(self, positions: pa.Array) -> None:
        if positions.null_count or pc.any(pc.equal(pc.binary_length(positions), 0)).as_py():
            raise breach(self.adapter, "有的行没有位置", "a row has no position")

    def _expect_faults(self, batch: pa.RecordBatch) -> None:
        faulty = batch.filter(pc.is_valid(batch.column(1)))
        if not pc.all(pc.is_in(faulty.column(1), _FAULTS)).as_py() and faulty.num_rows:
            raise breach(self.adapter, "故障列有约定之外的词", "the fault column holds a word that is no Fault")
        if any(column.null_count != faulty.num_rows for column in faulty.columns[2:]):
            raise breach(self.adapter, "读不出的记录仍带有字段值", "a row with a fault still holds values")

    def _digest(self, batch: pa.RecordBatch) -> None:
        """Two hashes a column, of lengths (null is -1) and of characters: neither depends on where batches end."""
        self._hashes = self._hashes or [hashlib.blake2b(digest_size=16) for _ in range(2 * batch.num_columns)]
        for place, column in enumerate(batch.columns):
            text = column.cast(pa.utf8())
            lengths = pc.fill_null(pc.binary_length(text), -1)
            whole = pa.ListArray.from_arrays([0, len(text)], pc.fill_null(text, ""))
            self._hashes[2 * place].update(lengths.to_numpy().astype("<i4").tobytes())
            self._hashes[2 * place + 1].update(pc.binary_join(whole, "")[0].as_py().encode())


def watched(extraction: Extraction, witness: Witness) -> Iterator[pa.RecordBatch]:
    """The extraction's batches, each shown to the witness first. Raises: as the extraction; AdapterBroken."""
    for batch in extraction:
        witness.take(batch)
        yield batch


def secrets_of(config: AdapterConfig, secrets: Secrets) -> frozenset[str]:
    """The values of every reference in a configuration, nested ones too; long ones line by line as well.

    Raises: SecretUnavailable.
    """
    values = {secrets.read(ref) for ref in _references(config)}
    lines = {line for value in values for line in value[:_MANY_LINES].splitlines() if len(line) > 40}
    return frozenset(values | lines)


def _references(model: BaseModel) -> Iterator[SecretRef]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, SecretRef):
            yield value
        elif isinstance(value, BaseModel):
            yield from _references(value)


def open_here() -> tuple[int, int]:
    """How many descriptors and threads this process has: what a reading leaves open shows here. Linux only."""
    return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()


def connections_to(port: int) -> int:
    """For a harness: how many TCP connections of this process lead to that port, on whatever host. Linux only."""
    ours = {str(link) for link in _links()}
    rows = [line.split() for name in ("tcp", "tcp6") for line in _table(name)]
    peers = [(row[2].rpartition(":")[2], f"socket:[{row[9]}]") for row in rows]
    return sum(1 for peer, socket in peers if int(peer, 16) == port and socket in ours)


def handles_on(path: Path) -> int:
    """For a harness: how many descriptors of this process are open on that file, or below that folder."""
    return sum(1 for link in _links() if link == path or path in link.parents)


def _table(name: str) -> list[str]:
    table = Path("/proc/self/net", name)
    return table.read_text().splitlines()[1:] if table.exists() else []


def _links() -> Iterator[Path]:
    for entry in Path("/proc/self/fd").iterdir():
        try:
            yield entry.readlink()
        except FileNotFoundError:  # the descriptor with which this folder is being listed
            continue
