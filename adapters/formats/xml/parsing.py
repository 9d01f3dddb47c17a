"""An XML document as it arrives: record elements handed on and freed, totals picked up on the way.

Must never expand an entity, load a DTD, reach the network, keep a record, or read on past what is not well-formed.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from adapters.formats.xml.config import TotalsPlaces, Xml
from adapters.formats.xml.elements import Rows

_PIECE = 1 << 18
_MOST_BYTES = 1 << 25
"""Without the end of a record; all that is no record is kept until the next one, and a record until its end."""


class NotWellFormed(ValueError):
    """Facts: `zh`, `en`."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


class Document:
    """One document under way. `totals` holds the texts found at the places asked for, by path."""

    def __init__(self, config: Xml, rows: Rows) -> None:
        self._path = config.rows.split("/")
        self._wanted = _wanted(config.totals)
        self._rows = rows
        self.totals: dict[str, str] = {}
        self._found = False
        self._since, self._last = 0, rows.next
        names = {*self._path[-2:], self._path[0], *(path.split("/@")[0].rpartition("/")[2] for path in self._wanted)}
        self._parser = etree.XMLPullParser(
            events=("start", "end"),
            tag=tuple(f"{{*}}{name}" for name in sorted(names)),
            encoding="utf-8",
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=False,
            recover=False,
            remove_comments=True,
            remove_pis=True,
        )

    def feed(self, data: bytes) -> None:
        """Raises: NotWellFormed, also of a DTD and of another root element than the path's."""
        try:
            self._parser.feed(data)
        except etree.XMLSyntaxError:
            self._take()  # what came before: it may say more, and tells how far the document could be read
            raise _broken() from None
        self._take()
        self._since = self._since + len(data) if self._rows.next == self._last else 0
        self._last = self._rows.next
        if self._since > _MOST_BYTES:
            path = "/".join(self._path)
            raise NotWellFormed(f"很长一段没有 {path} 记录", f"megabytes without a record at {path}")

    def close(self) -> None:
        """Raises: NotWellFormed: the document is not complete."""
        try:
            root = self._parser.close()
        except etree.XMLSyntaxError:
            raise _broken() from None
        self._take()
        _expect_plain(root, self._path[0])
        if not self._found:
            path = "/".join(self._path[:-1])
            raise NotWellFormed(f"没有元素 {path}", f"it has no element {path}")

    def _take(self) -> None:
        for event, element in self._parser.read_events():
            name = _local(element)
            if event == "start":
                if element.getparent() is None:
                    _expect_plain(element, self._path[0])
                self._found = self._found or _path(element) in (self._path[:-1], self._path)
                continue
            if name == self._path[-1] and _path(element) == self._path:
                self._rows.take(element)
                _forget(element)
            elif self._wanted:
                self._total(element)

    def _total(self, element: etree._Element) -> None:
        path = "/".join(_path(element))
        for wanted in self._wanted:
            place, _, attribute = wanted.partition("/@")
            if place != path:
                continue
            text = element.get(attribute) if attribute else "".join(element.itertext())
            if wanted in self.totals:
                raise NotWellFormed("合计出现多次", "a total stands there twice")
            if text is not None:
                self.totals[wanted] = text.strip()


def _wanted(totals: TotalsPlaces | None) -> tuple[str, ...]:
    return () if totals is None else tuple(sorted({totals.rows, *totals.sums.values()}))


def _broken() -> NotWellFormed:
    return NotWellFormed("不是完整正确的XML", "it is not well-formed XML, or ends too early")


def _expect_plain(root: etree._Element, name: str) -> None:
    if root.getroottree().docinfo.internalDTD is not None:
        raise NotWellFormed("带有DTD,已拒绝", "it carries a DTD and is refused")
    if _local(root) != name:
        raise NotWellFormed(f"根元素不是 {name}", f"its root element is not {name}")


def _local(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2]


def _path(element: etree._Element) -> list[str]:
    """Local names from the root element down."""
    down = [_local(element), *(_local(above) for above in element.iterancestors())]
    return down[::-1]


def _forget(element: etree._Element) -> None:
    """Free the record and all that stands before it; the parser only needs the way down to where it is."""
    element.clear()
    here = element
    while (above := here.getparent()) is not None:
        while (earlier := here.getprevious()) is not None:
            above.remove(earlier)
        here = above


def drained(document: Document, chunks: Iterator[bytes]) -> Iterator[None]:
    """Feed it all, pausing often enough for the records to be taken away."""
    for chunk in chunks:
        for start in range(0, len(chunk), _PIECE):
            document.feed(chunk[start : start + _PIECE])
            yield
    document.close()
    yield
