"""One answer parsed as it arrives: rows in slabs, the texts that steer the reading, or the fault in their place.

Must never expand an entity, load a DTD, keep a parsed row, or read on past what is not well-formed: recovery mode
silently drops the rest of a page (measured on GB2312 that was really GBK).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from lxml import etree

from adapters.soap.bodies import Body
from adapters.soap.refusals import NotSoap, PageError, SoapFault
from adapters.soap.slabs import Slab, slab

_ENVELOPES = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")
_DOCTYPE = b"<!doctype"
_DRAINED = 1 << 20
_SLICE = 1 << 18
Path = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where things stand in an answer: paths of local names, below the SOAP body or, with `embedded`, from the root
    of the document that is the text at `embedded`. `texts` are the elements whose text is wanted at the end.
    """

    rows: Path
    names: tuple[str, ...]
    texts: tuple[Path, ...] = ()
    embedded: Path | None = None


@dataclass(kw_only=True)
class Ends:
    """What is known when an answer ends: how many rows it held, and the wanted texts in the layout's order."""

    texts: list[str | None]
    rows: int = 0

    @classmethod
    def of(cls, layout: Layout) -> Self:
        return cls(texts=[None] * len(layout.texts))


def read(body: Body, layout: Layout, ends: Ends) -> Iterator[Slab]:
    """The rows of one answer; `ends` is filled in on the way and complete with the last of them.

    Raises: SoapFault; NotSoap: no SOAP at all; PageError: not to be read exactly.
    """
    document = _Carrier(layout, ends, body.encoding) if layout.embedded else _Envelope(layout, ends, body.encoding)
    try:
        for chunk in body.chunks:
            for one in document.feed(chunk):
                ends.rows += one.rows
                yield one
        for one in document.close():
            ends.rows += one.rows
            yield one
    except etree.XMLSyntaxError as error:
        raise _not_xml(error) from None


class _Document:
    """One XML document, fed piece by piece; its rows are taken out whenever enough has come."""

    def __init__(self, layout: Layout, ends: Ends, encoding: str | None, root: str, huge_tree: bool = False) -> None:
        self._layout, self._ends = layout, ends
        self._root: etree._Element | None = None
        self._fed, self._tail = 0, b""
        self._parser = etree.XMLPullParser(
            events=("start",),
            tag=f"{{*}}{root}",
            encoding=encoding,
            remove_comments=True,
            remove_pis=True,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=huge_tree,
            recover=False,
        )

    def feed(self, chunk: bytes) -> Iterator[Slab]:
        for start in range(0, len(chunk), _SLICE):
            self._take(chunk[start : start + _SLICE])
        self._fed += len(chunk)
        if self._fed >= _DRAINED and self._root is not None:
            self._fed = 0
            yield from self._passed(self._root)

    def close(self) -> Iterator[Slab]:
        root = self._parser.close()
        self._expect_root(root)
        yield from self._ended(root)

    def _take(self, piece: bytes) -> None:
        if self._root is None:
            self._expect_no_dtd(piece)
        self._parser.feed(piece)
        for _, element in self._parser.read_events():
            if self._root is None:
                self._root = element.getroottree().getroot()
                self._expect_root(self._root)

    def _passed(self, root: etree._Element) -> Iterator[Slab]:
        """The last row may still be under way, and the parser must find it where it left it."""
        yield from self._slab(self._at(root, self._layout.rows)[:-1])

    def _ended(self, root: etree._Element) -> Iterator[Slab]:
        yield from self._slab(self._at(root, self._layout.rows))
        self._ends.texts = [
            self._text(root, path, known) for path, known in zip(self._layout.texts, self._ends.texts, strict=True)
        ]

    def _slab(self, rows: list[etree._Element]) -> Iterator[Slab]:
        if rows:
            yield slab(rows, self._layout.names)

    def _text(self, root: etree._Element, path: Path, known: str | None) -> str | None:
        found = self._at(root, path)
        if len(found) + (known is not None) > 1 or any(len(one) for one in found):
            raise PageError("总数、游标或状态元素不止一个", "a total, cursor or status stands there more than once")
        return (found[0].text or "") if found else known

    def _at(self, root: etree._Element, path: Path) -> list[etree._Element]:
        """The elements at a path whose first name is the root's own."""
        return _below([root] if etree.QName(root).localname == path[0] else [], path[1:])

    def _expect_no_dtd(self, piece: bytes) -> None:
        """Before the parser sees it, so that nothing in it can be expanded."""
        seen = (self._tail + piece).lower()
        self._tail = seen[-len(_DOCTYPE) :]
        if _DOCTYPE in seen:
            raise _dtd()

    def _expect_root(self, root: etree._Element) -> None:
        if root.getroottree().docinfo.internalDTD is not None:
            raise _dtd()


class _Envelope(_Document):
    """The SOAP message; paths start below its body."""

    def __init__(self, layout: Layout, ends: Ends, encoding: str | None, huge_tree: bool = False) -> None:
        super().__init__(layout, ends, encoding, "Envelope", huge_tree)

    def _ended(self, root: etree._Element) -> Iterator[Slab]:
        for fault in self._at(root, ("Fault",)):
            raise SoapFault(_fault_code(fault))
        yield from super()._ended(root)

    def _at(self, root: etree._Element, path: Path) -> list[etree._Element]:
        return _below(list(root.iterchildren(f"{{{etree.QName(root).namespace}}}Body")), path)

    def _expect_root(self, root: etree._Element) -> None:
        super()._expect_root(root)
        if root.tag not in tuple(f"{{{namespace}}}Envelope" for namespace in _ENVELOPES):
            raise NotSoap("对方返回的不是SOAP报文", "it answered with something that is not SOAP")


class _Carrier(_Envelope):
    """A SOAP message in which the text of an element is a document with the rows; read as that text arrives.

    Several such elements are several documents. libxml2's limit of 10 MB for one text is lifted, for the text is let
    go of on the way; a DTD, the other thing that limit is good for, is refused before the parser sees it.
    """

    def __init__(self, layout: Layout, ends: Ends, encoding: str | None) -> None:
        if encoding is None:
            raise PageError("内嵌文档只支持 UTF-8 和国标编码", "a document in a text comes in UTF-8 or a GB encoding")
        super().__init__(layout, ends, encoding, huge_tree=True)
        self._inner: _Embedded | None = None

    def _passed(self, root: etree._Element) -> Iterator[Slab]:
        *whole, last = self._carriers(root) or [None]
        yield from self._read_whole(whole)
        if last is not None:
            yield from self._read_on(last)

    def _ended(self, root: etree._Element) -> Iterator[Slab]:
        for fault in self._at(root, ("Fault",)):
            raise SoapFault(_fault_code(fault))
        yield from self._read_whole(self._carriers(root))

    def _carriers(self, root: etree._Element) -> list[etree._Element]:
        return self._at(root, self._layout.embedded or ())

    def _read_whole(self, carriers: list[etree._Element]) -> Iterator[Slab]:
        for one in carriers:
            if len(one):
                raise PageError("内嵌文档不是文本", "what should be a document in a text has elements of its own")
            yield from self._read_on(one)
            if self._inner is not None:
                yield from self._inner.close()
            self._inner = None
            one.getparent().remove(one)

    def _read_on(self, carrier: etree._Element) -> Iterator[Slab]:
        arrived, carrier.text = carrier.text or "", None
        self._inner = self._inner or _Embedded(self._layout, self._ends)
        for start in range(0, len(arrived), _SLICE):
            yield from self._inner.feed(arrived[start : start + _SLICE].encode("utf-8"))


class _Embedded(_Document):
    """A document that is the text of an element. It is characters already: what it says of its encoding is void."""

    def __init__(self, layout: Layout, ends: Ends) -> None:
        super().__init__(layout, ends, "utf-8", layout.rows[0])
        self._begun = False

    def feed(self, chunk: bytes) -> Iterator[Slab]:
        if not self._begun:
            chunk = chunk.removeprefix(b"\xef\xbb\xbf").lstrip()
            self._begun = bool(chunk)
        yield from super().feed(chunk)

    def close(self) -> Iterator[Slab]:
        if self._begun:
            yield from super().close()


def _below(found: list[etree._Element], path: Path) -> list[etree._Element]:
    for name in path:
        found = [child for one in found for child in one.iterchildren(f"{{*}}{name}")]
    return found


def _dtd() -> PageError:
    return PageError("应答带有DTD,已拒绝", "the answer carries a DTD and is refused")


def _not_xml(error: etree.XMLSyntaxError) -> PageError:
    if any(words in (error.msg or "") for words in ("too long", "too big")):
        return PageError("有单个值超过 10 MB", "one value is longer than 10 MB")
    return PageError("应答不是完整正确的XML", "the answer is not well-formed XML")


def _fault_code(fault: etree._Element) -> str:
    for path in ("faultcode", "{*}Code/{*}Subcode/{*}Value", "{*}Code/{*}Value"):
        found = fault.findtext(path)
        if found:
            return found.strip().rpartition(":")[2]
    return ""
