"""Where the compiled catalogue lies: a file that others read at any moment, replaced whole.

Must never decide what stands in it; that is `gateway.catalogue.compiled`.
"""

from __future__ import annotations

import os
from pathlib import Path

from gateway.errors import OutputRefused

_READABLE = 0o644  # it holds nothing that Airflow's own user may not see


def place_whole(path: Path, content: bytes) -> None:
    """Write or replace a file so that at every instant it is absent, old, or new. Raises: OutputRefused."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), _READABLE)
            os.fsync(file.fileno())
        temporary.rename(path)
        _sync(path.parent)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise OutputRefused(path=path) from None


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
