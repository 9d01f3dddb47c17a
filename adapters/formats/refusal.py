"""How a format says that a file as a whole cannot be read exactly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.contract import Request
from adapters.formats.content import Content
from gateway.errors import SourceMalformed


class Unreadable(ValueError):
    """Raised inside a format; `refusing` makes it the product's own.

    Facts: `place` (in the file; empty: all of it), `zh`, `en`.
    """

    def __init__(self, *, place: int | str, zh: str, en: str) -> None:
        self.place, self.zh, self.en = place, zh, en
        super().__init__(en)


@contextmanager
def refusing(content: Content, request: Request) -> Iterator[None]:
    """Raises: SourceMalformed in place of Unreadable; `where` is the file's name and the place."""
    try:
        yield
    except Unreadable as error:
        where = f"{content.name}:{error.place}" if error.place else content.name
        raise SourceMalformed(feed=request.feed, where=where, reason_zh=error.zh, reason_en=error.en) from None
