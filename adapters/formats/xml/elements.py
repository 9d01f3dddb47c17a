"""Record elements into columns of text. Knows no file: whoever parses hands in elements that are complete.

Must never take a value out of markup inside a field, or one of two fields of the same name.
"""

from __future__ import annotations

import pyarrow as pa
from lxml import etree

from adapters.contract import Fault
from adapters.formats.parsed import Parsed, numbered

_UNSEEN = -1
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


class Rows:
    """Rows taken so far. A field that is not there, or is xsi:nil, is null; an empty one is empty text.

    `sources` are the columns' own names of it, in order: of a child element, or `@` and that of an attribute.
    """

    def __init__(self, sources: tuple[str, ...], first: int = 1) -> None:
        self._width = len(sources)
        self._children = {name: at for at, name in enumerate(sources) if not name.startswith("@")}
        self._attributes = [(at, name[1:]) for at, name in enumerate(sources) if name.startswith("@")]
        self._places: dict[str, int | None] = {}
        self._first = first
        self._clear()

    def __len__(self) -> int:
        return len(self._lines) + len(self._faulty)

    @property
    def next(self) -> int:
        """The number of the record that would come next, counted from 1."""
        return self._first + len(self)

    def take(self, element: etree._Element) -> None:
        """One record; with other markup inside a field, or a field twice, it is a fault."""
        values: list[str | None] = [None] * self._width
        seen = 0
        for child in element:
            place = self._places.get(child.tag, _UNSEEN)
            if place == _UNSEEN:
                place = self._place(child.tag)
            if place is None:
                continue
            if len(child) or seen >> place & 1:
                self._faulty.append((self.next, Fault.LAYOUT))
                return
            seen |= 1 << place
            text = child.text
            values[place] = _empty(child) if text is None else text
        for place, name in self._attributes:
            values[place] = element.get(name)
        self._lines.append(self.next)
        self._cells += values

    def drain(self) -> Parsed:
        """The rows taken since the last time."""
        cells, width = self._cells, self._width
        columns = [pa.array(cells[at::width], pa.utf8()) for at in range(width)]
        parsed = numbered(self._lines, columns, self._faulty)
        self._first = self.next
        self._clear()
        return parsed

    def _clear(self) -> None:
        self._cells: list[str | None] = []
        self._lines: list[int] = []
        self._faulty: list[tuple[int, Fault]] = []

    def _place(self, tag: str) -> int | None:
        """Names repeat from record to record: each is looked at once."""
        place = self._places[tag] = self._children.get(_local(tag))
        return place


def _empty(child: etree._Element) -> str | None:
    return None if child.get(_NIL) in ("true", "1") else ""


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
