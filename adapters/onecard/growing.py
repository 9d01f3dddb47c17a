"""An array that grows in pages of its own, outside the heap: joined lists of small arrays would leave holes in that.

What is reserved and not yet written takes no memory, and growing copies nothing (mremap).
"""

from __future__ import annotations

import mmap
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

_FIRST = 1 << 16
_FLAGS = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS  # shared pages cannot grow: touching those beyond the first kills
Item = TypeVar("Item", bound=np.generic)


class Growing(Generic[Item]):
    """Takes parts in order; `whole` is a view of all so far, and while one is held nothing can be added."""

    def __init__(self, item: npt.DTypeLike) -> None:
        self._item = np.dtype(item)
        self._reserved, self._count = _FIRST, 0
        self._pages = mmap.mmap(-1, self._reserved * self._item.itemsize, flags=_FLAGS)

    def extend(self, part: npt.NDArray[Item]) -> None:
        """Raises: BufferError: a view is held."""
        start, end = self._count, self._count + len(part)
        if end > self._reserved:
            reserved = max(end, 2 * self._reserved)
            self._pages.resize(reserved * self._item.itemsize)
            self._reserved = reserved
        self._count = end
        self.whole[start:] = part

    @property
    def whole(self) -> npt.NDArray[Item]:
        return np.frombuffer(self._pages, self._item, count=self._count)

    def __len__(self) -> int:
        return self._count
