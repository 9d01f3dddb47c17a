"""The bundle: which papers travel with a batch, as bytes.

Owns their names on the wire and on the disk, and their order. It must never look inside one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Self

MAX_PAPER = 16 * 1024
"""Bytes of one paper."""


@dataclass(frozen=True, kw_only=True)
class Papers:
    """DER bytes of each paper, unverified; most batches have none.

    Attributes:
        nil: the declaration of a nil return. release: the reviewer's. order: the rectification order for a frozen year.
    """

    nil: bytes | None = None
    release: bytes | None = None
    order: bytes | None = None

    def files(self) -> tuple[tuple[str, bytes], ...]:
        """(name, DER) of those present, in the order in which they travel."""
        return tuple((name, paper) for name in PAPERS if (paper := getattr(self, name)) is not None)

    @classmethod
    def of(cls, files: Iterable[tuple[str, bytes]]) -> Self:
        """The bundle of these files. Raises TypeError for a name that is none of ours."""
        return cls(**dict(files))


PAPERS = tuple(field.name for field in fields(Papers))
"""The names, in the order in which the papers travel."""
