"""A child process that prints one JSON line when it is ready, and is ended by its own pid."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def announced(command: Sequence[str], environ: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
    """What the child said when it was ready; it is told to stop at the end, and has to."""
    environment = {**os.environ, **(environ or {})}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as child:
        try:
            line = child.stdout.readline() if child.stdout else ""
            if not line:
                raise RuntimeError(f"{command[-1]} ended with {child.wait()} before it was ready")
            yield json.loads(line)
        finally:
            child.terminate()
            child.wait(timeout=10)


def python(module: str, *arguments: object) -> list[str]:
    return [sys.executable, "-m", module, *map(str, arguments)]
