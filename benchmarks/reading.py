"""One reading in a process of its own: what an adapter takes for a whole source, and the most memory it ever held.

`read` starts `python -m benchmarks.reading`, which takes the task as JSON on its standard input: nothing about the
source stands in the arguments. Seconds are from `extract` to the last row, without the start of the interpreter.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from adapters.contract import Column, Request, Secrets
from adapters.registry import Registry
from benchmarks.rows import COLUMNS

_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Read:
    """How a reading went; `peak` in bytes."""

    rows: int
    seconds: float
    peak: int


def read(source: dict[str, Any], secrets: dict[str, str], titles: dict[str, str]) -> Read:
    """Read the source to its end; `titles` gives its own names of our columns, where they have others.

    Raises: CalledProcessError, with the child's words on stderr.
    """
    task = json.dumps({"source": source, "secrets": secrets, "titles": titles})
    command = [sys.executable, "-m", "benchmarks.reading"]
    ended = subprocess.run(command, input=task, stdout=subprocess.PIPE, encoding="utf-8", check=True)
    return Read(**json.loads(ended.stdout))


def _read(source: dict[str, Any], secrets: dict[str, str], titles: dict[str, str]) -> Read:
    registry = Registry.installed()
    config = registry.configs()[source["adapter"]].model_validate(source)
    adapter = registry.adapter(config, Secrets(root=Path("/"), environ=secrets))
    started = time.monotonic()
    columns = tuple(replace(column, source=titles.get(column.name, column.source)) for column in COLUMNS)
    with adapter.extract(_asked(columns, started + 3600)) as reading:
        rows = sum(batch.num_rows for batch in reading)
    return Read(rows=rows, seconds=time.monotonic() - started, peak=_peak())


def _asked(columns: tuple[Column, ...], deadline: float) -> Request:
    return Request(
        feed="benchmark.rows", columns=columns, period="2026-10", start=date(2026, 10, 1), end=date(2026, 11, 1),
        deadline=deadline, max_rows=100_000_000, max_bytes=1 << 40,
    )  # fmt: skip


def _peak() -> int:
    """The kernel's own, of this process and of the children it has waited for."""
    found = _PEAK.search(Path("/proc/self/status").read_text(encoding="utf-8"))
    return int(found[1]) * 1024 if found else 0


if __name__ == "__main__":
    print(json.dumps(vars(_read(**json.load(sys.stdin)))))
