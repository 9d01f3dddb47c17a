"""What an adapter is: a configuration, a probe, and one reading of a source as a stream of Arrow batches.

Owns the shapes that cross between a journey and a source. Must never import a driver, know one kind of source,
or bend a value: an adapter hands over what the source holds, and the records room judges it.

A batch's columns, in this order:

* `_position`  utf8, never null: where the row stands in its source, for a person to find it ("12", "page 3 row 5");
* `_fault`     utf8: null, or a `Fault` word when the row itself could not be read; its fields are then all null;
* one column for every `Column` of the request, in order, named by its `name`: either of the field's own Arrow type,
  or utf8 holding the text still to be parsed. A column keeps its type through one extraction. Missing is null.

The rules every adapter keeps (a third party's too):

* each record exactly once, in a stable order; the same request gives the same rows;
* one unreadable record is a row with a fault, never dropped, never logged; a source that cannot be read exactly as a
  whole is `SourceMalformed`;
* a source that is down is `Retry`, a refused log-in is `Refuse`; no driver exception leaves the adapter;
* memory depends on `batch_rows`, never on the size of the source;
* `close()` frees the connection at any moment; no secret and no person's data in a repr, message or log line.
"""

from __future__ import annotations

import importlib
from typing import ClassVar, Protocol, runtime_checkable

import pyarrow as pa
from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from adapters.extraction import Declared, Extraction, Outcome, Probe, assemble, glance
from adapters.figures import Figure, Measure
from adapters.request import Request, cut_off
from adapters.secrets import SecretRef, Secrets
from gateway.errors import DriverMissing
from gateway.records.types import FAULT, POSITION, Column, Fault

__all__ = [
    "FAULT",
    "POSITION",
    "Acknowledges",
    "Adapter",
    "AdapterConfig",
    "Column",
    "Declared",
    "Extraction",
    "Fault",
    "Figure",
    "Measure",
    "Outcome",
    "Probe",
    "Request",
    "SecretRef",
    "Secrets",
    "Verdicts",
    "assemble",
    "config_error",
    "cut_off",
    "expect_drivers",
    "glance",
]


class AdapterConfig(BaseModel):
    """A feed's `source:` block. Subclasses add `adapter: Literal[...]` and their keys.

    `connection_keys` are the department's own (host, account, references to secrets): they come from the site's
    overrides, so the catalogue may lack them; every other key is the feed's layout and belongs to the catalogue.

    Of the layout, a catalogue that came from a centre may not change what reaches beyond reading (dotted paths):
    `file_keys` may name a file of this machine by its absolute path; a block that holds one of `writing_keys` says what
    is written at the source.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    connection_keys: ClassVar[frozenset[str]] = frozenset()
    file_keys: ClassVar[frozenset[str]] = frozenset()
    writing_keys: ClassVar[frozenset[str]] = frozenset()

    adapter: str


def config_error(kind: str, zh: str, en: str) -> PydanticCustomError:
    """What a configuration's validator raises: both languages, and never a part of the value."""
    return PydanticCustomError(kind, "{en}", {"zh": zh, "en": en})


class Adapter(Protocol):
    """One kind of source.

    Class attributes:
        kind: the name in the catalogue's `adapter:` key and of the entry point.
        extra: the extra of the distribution that brings the drivers (`pip install 'yizhan[extra]'`).
        drivers: the modules that have to be importable; they are imported when a source is opened, not before.
        Config: the `source:` block.
    """

    kind: ClassVar[str]
    extra: ClassVar[str]
    drivers: ClassVar[tuple[str, ...]]
    Config: ClassVar[type[AdapterConfig]]

    def __init__(self, config: AdapterConfig, secrets: Secrets) -> None: ...

    def probe(self, request: Request) -> Probe:
        """Connect and look at the first rows. Raises: as `extract`."""
        ...

    def extract(self, request: Request) -> Extraction:
        """Open the source.

        Raises:
            SourceUnavailable, SourceNotReady: try again later.
            SourceDenied, HostKeyUnknown, SourceMalformed, LimitExceeded, DriverMissing: somebody has to act.
        """
        ...


class Driven(Protocol):
    """What needs drivers: an adapter, or one of the file formats' blocks."""

    @property
    def kind(self) -> str: ...

    @property
    def extra(self) -> str: ...

    @property
    def drivers(self) -> tuple[str, ...]: ...


class Verdicts(Protocol):
    """What became of a delivered batch's rows, asked with the rows as the source shows them now."""

    def of(self, batch: pa.RecordBatch) -> pa.Array:
        """One utf8 cell a row: null when this row, as it now stands, is not what was delivered (it changed since, or is
        new) and must stay as it is; empty when it was taken; else why it was refused, in Chinese, without a value.

        Args:
            batch: in the contract's shape, its columns as `extract` gives them.
        """
        ...


@runtime_checkable
class Acknowledges(Protocol):
    """An adapter whose source can be told what became of its rows, once the centre's receipt has been verified.

    Its positions identify: a row has the same position in every reading, and no other row has it.
    """

    @property
    def marking(self) -> str | None:
        """Where the marks go, as configured ("table inf_punish"); None when this source is not to be told."""
        ...

    def acknowledge(self, request: Request, verdicts: Verdicts) -> int:
        """Read what `extract` would give now, and mark each row that has a verdict; how many were marked.

        A row that changes meanwhile is not marked. To be called again after a crash at any point.

        Raises:
            SourceUnavailable: try again later; what is marked already stays marked.
            SourceDenied, SourceMalformed, LimitExceeded: somebody has to act.
        """
        ...


def expect_drivers(needing: Driven | type[Driven]) -> None:
    """To be called before the driver's own import. Raises: DriverMissing, naming the extra that brings it."""
    for module in needing.drivers:
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise DriverMissing(adapter=needing.kind, extra=needing.extra, package=module) from error
