"""How the records of one delimited file are read, once its head has been seen. Owns the shape alone."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.formats.charset import Charset

UNIT = "\x1f"
"""Stands for a delimiter that is longer than one byte while a block is split; a line that holds one is torn."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a record is read.

    Attributes:
        titles: of every field that a record has, in order.
        picks: for each of the feed's columns, in order, which field of the record it is (from 0).
        quote: the character around fields that hold delimiters or line breaks.
        line_end: `delimiter` where each record ends with one delimiter more.
        skip: what is passed over: `titles` again, `summaries`.
    """

    charset: Charset
    delimiter: str
    titles: tuple[str, ...]
    picks: tuple[int, ...]
    quote: str | None = None
    line_end: str = "plain"
    skip: tuple[str, ...] = ()

    @property
    def separator(self) -> str:
        """What stands for the delimiter while splitting."""
        return self.delimiter if len(self.delimiter) == 1 and self.delimiter.isascii() else UNIT

    @property
    def replaces(self) -> bool:
        """Whether that is another byte than the delimiter, which then must not stand in the text itself."""
        return self.separator != self.delimiter

    @property
    def names(self) -> list[str]:
        """One for each field of a line, the empty one after a last delimiter too."""
        return [str(at) for at in range(len(self.titles) + (self.line_end == "delimiter"))]
