"""One reading in a process of its own: how memory grows, and what happens without the driver.

A process is the only honest measure: a driver's C memory is invisible from Python, and a driver once imported cannot be
made missing again. Adapter, configuration and secrets are pickled, so they must live in importable modules.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from adapters.contract import Adapter, AdapterConfig, Column, Secrets
from adapters.specimens import asked
from gateway.errors import DriverMissing

_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)
_BATCH_ROWS = 500
Answer = TypeVar("Answer")


@dataclass(frozen=True, kw_only=True)
class Task:
    """What the child reads."""

    adapter: type[Adapter]
    config: AdapterConfig
    secrets: Secrets
    columns: tuple[Column, ...]


@dataclass(frozen=True, kw_only=True)
class Peak:
    """How a reading went: the rows it gave, and the most memory the process ever held, in bytes."""

    rows: int
    held: int


def peak(task: Task) -> Peak:
    """Read the whole source. Raises: as `Adapter.extract`."""
    return _alone((), _read_all, task)


def without_drivers(task: Task) -> str | None:
    """The extra that the adapter names when its drivers are not installed; None when it says anything else, or when
    its module or its configuration cannot even be imported without them.
    """
    try:
        return _alone(task.adapter.drivers, _named_extra, task)
    except BrokenProcessPool:
        return None


def _alone(blocked: tuple[str, ...], work: Callable[..., Answer], *arguments: object) -> Answer:
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_block, initargs=(blocked,))
    with pool:
        return pool.submit(work, *arguments).result()


class _Blocked:
    """A finder that finds the named packages missing."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name.partition(".")[0] in self._names:
            raise ModuleNotFoundError(name)
        return None


def _block(names: tuple[str, ...]) -> None:
    """Runs before anything of the adapter is imported in the child."""
    sys.meta_path.insert(0, _Blocked(names))


def _named_extra(task: Task) -> str | None:
    try:
        task.adapter(task.config, task.secrets).extract(asked(task.columns)).close()
    except DriverMissing as missing:
        return str(missing.facts["extra"])
    except ImportError:
        return None
    return None


def _read_all(task: Task) -> Peak:
    with task.adapter(task.config, task.secrets).extract(asked(task.columns, batch_rows=_BATCH_ROWS)) as extraction:
        rows = sum(batch.num_rows for batch in extraction)
    return Peak(rows=rows, held=_high_water())


def _high_water() -> int:
    """Unlike what `getrusage` says, this does not count the memory of the parent."""
    found = _PEAK.search(Path("/proc/self/status").read_text())
    return int(found[1]) * 1024 if found else 0
