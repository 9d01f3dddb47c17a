"""How much memory processes need at their worst: the proportional share (PSS) of each and of all that it has started.

A sum of resident sizes would count what forked processes share once for each of them. Must never touch a process.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

_PROC = Path("/proc")
_EVERY = 2.0


class Peaks:
    """Looks every two seconds from entry to exit; `kib` holds the most that was seen, by the names given."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self.kib: dict[str, int] = dict.fromkeys([*pids, "all"], 0)
        self._pids = pids
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_EVERY):
            children = _children()
            now = {name: sum(map(_share, _tree(pid, children))) for name, pid in self._pids.items()}
            now["all"] = sum(now.values())
            self.kib = {name: max(most, now[name]) for name, most in self.kib.items()}


def _children() -> Mapping[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for path in _PROC.glob("[0-9]*/stat"):
        if text := _read(path):
            found[int(text.rpartition(")")[2].split()[1])].append(int(path.parent.name))
    return found


def _tree(pid: int, children: Mapping[int, list[int]]) -> Iterator[int]:
    yield pid
    for child in children.get(pid, ()):
        yield from _tree(child, children)


def _share(pid: int) -> int:
    lines = _read(_PROC / str(pid) / "smaps_rollup").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _read(path: Path) -> str:
    """Empty where the process has ended meanwhile."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
