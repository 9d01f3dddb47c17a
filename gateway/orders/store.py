"""The orders of a site: `orders/<first 16 digits of the paper's SHA-256>.p7s`.

Owns the files. A file is there whole or not at all, and nothing in it is believed before its signature was verified,
each time it is read: whoever can write here still cannot approve anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gateway.envelope.papers import Order, read_order
from gateway.envelope.papers.bundle import MAX_PAPER
from gateway.envelope.parties import Trust
from gateway.errors import OrderUnknown, YizhanError
from gateway.spool.disk import door, make_directory, write_whole

_NAME = 16


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A verified order and its DER bytes."""

    order: Order
    data: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the paper, 64 hex digits."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def file(self) -> str:
        """Its file's name below `orders/`."""
        return f"{self.digest[:_NAME]}.p7s"


@dataclass(frozen=True, kw_only=True)
class Unusable:
    """A file that is no order to rely on, and why."""

    file: str
    error: YizhanError


@dataclass(frozen=True, kw_only=True)
class Orders:
    """Every call may raise SpoolFull or SpoolUnavailable when the file system refuses."""

    root: Path

    def keep(self, kept: Kept) -> None:
        """Store a verified order; again: the same."""
        with door("保存整改单", "keep the order"):
            make_directory(self.root)
            write_whole(self.root / kept.file, kept.data)

    def find(self, number: str, trust: Trust, at: datetime) -> Kept:
        """The order of this number. Raises: OrderUnknown."""
        for one in self.all(trust, at):
            if isinstance(one, Kept) and one.order.number == number:
                return one
        raise OrderUnknown(number=number)

    def all(self, trust: Trust, at: datetime) -> Iterator[Kept | Unusable]:
        """Every file, verified at `at`: one that cannot be relied on hides no other."""
        with door("读取整改单", "read the orders"):
            papers = [(path, _bounded(path)) for path in sorted(self.root.glob("*.p7s"))]
        for path, data in papers:
            try:
                yield Kept(order=read_order(data, trust, at), data=data)
            except YizhanError as error:
                yield Unusable(file=path.name, error=error)


def _bounded(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_PAPER + 1)
