"""How this process holds memory: what was used for one batch goes back to the system before the next.

Must be imported before Arrow. With two million rows a front-end peaks 40 MB lower with the system's allocator than with
Arrow's own pools, which keep what they once held, and 40 MB lower again when that allocator maps each large piece alone
(measured, benchmarks/memory.py): glibc by itself stops doing so once it has seen some, and keeps them for the next.
"""

from __future__ import annotations

import ctypes
import os

_M_MMAP_THRESHOLD = -3  # mallopt(3): setting it also ends its own adjusting
_LARGE = 1 << 20


def hold_little() -> None:
    """Whoever has chosen another pool for Arrow, or this threshold, in the environment keeps it."""
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none, and need none
    if mallopt is not None and "MALLOC_MMAP_THRESHOLD_" not in os.environ:
        mallopt(_M_MMAP_THRESHOLD, _LARGE)
