"""How the contract suite asks a harness: one adapter made, one reading taken and watched, one source stopped.

Every batch that the suite sees goes past a `Witness` first, so its shape is judged in every test. Must never judge a
reading's content: that is what the suite is for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from adapters.conformance import Witness, watched
from adapters.contract import Adapter, AdapterConfig, Extraction, Probe
from adapters.harness import Harness
from adapters.isolation import Task
from adapters.specimens import asked

Row = dict[str, Any]


def adapter_of(harness: Harness, config: AdapterConfig | None = None) -> Adapter:
    """The adapter on the harness's source, with its own credentials unless a configuration is given."""
    return harness.adapter(config or harness.config(), harness.secrets)


def task_of(harness: Harness) -> Task:
    """The same, for another process."""
    return Task(
        adapter=harness.adapter, config=harness.config(), secrets=harness.secrets, columns=tuple(harness.columns)
    )


def extract(harness: Harness, **changes: Any) -> Extraction:
    """A reading under way. Raises: as `Adapter.extract`."""
    return adapter_of(harness).extract(asked(harness.columns, **changes))


def probe(harness: Harness) -> Probe:
    """A probe of the source. Raises: as `Adapter.probe`."""
    return adapter_of(harness).probe(asked(harness.columns))


def witness_of(harness: Harness) -> Witness:
    """A witness of one reading."""
    return Witness(adapter=harness.adapter.kind, columns=tuple(harness.columns))


def witnessed(harness: Harness) -> Witness:
    """A reading to its end, in several batches, of which the witness remains. Raises: AdapterBroken."""
    witness = witness_of(harness)
    with extract(harness, batch_rows=500) as reading:
        for _ in watched(reading, witness):
            pass
    return witness


def read(harness: Harness, config: AdapterConfig | None = None, **changes: Any) -> list[Row]:
    """All rows of one reading, each batch in the contract's shape. Raises: AdapterBroken."""
    with adapter_of(harness, config).extract(asked(harness.columns, **changes)) as reading:
        return [row for batch in watched(reading, witness_of(harness)) for row in batch.to_pylist()]


@contextmanager
def stopped(harness: Harness) -> Iterator[None]:
    """The source is down inside the `with`."""
    try:
        harness.stop()
        yield
    finally:
        harness.start()
