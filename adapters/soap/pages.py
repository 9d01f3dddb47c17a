"""One answer parsed as it arrives: rows into columns of text, the declared total, or the fault in its place.

Must never expand an entity, load a DTD, keep a parsed row, or read on past what is not well-formed: recovery mode
silently drops the rest of a page (measured on GB2312 that was really GBK).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import pyarrow as pa
from lxml import etree

from adapters.contract import Fault

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_ENVELOPES = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding=["']([A-Za-z0-9_-]+)["']""")
_SUBSETS = {b"gb2312": "gb18030", b"gbk": "gb18030", b"cp936": "gb18030"}
_SNIFFED = 200


class PageError(ValueError):
    """The answer is not a page. Facts: `zh`, `en`."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


class NotSoap(PageError):
    """Something else than SOAP was sent: a web page, mostly."""


class SoapFault(PageError):
    """The service answered with a fault; `code` is the local part of its code (Client, Server, Sender, Receiver)."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__("对方服务报错", "the service reported a fault")


@dataclass(kw_only=True)
class Page:
    """What one answer held: a list of texts for each column, in step with `faults`."""

    columns: list[list[str | None]]
    faults: list[str | None] = field(default_factory=list)
    total: str | None = None

    def arrays(self) -> list[pa.Array]:
        return [pa.array(column, pa.utf8()) for column in self.columns]

    @property
    def rows(self) -> int:
        return len(self.faults)


class PageReader:
    """Reads pages of one layout: `rows` and `total` are paths of local names below the SOAP body."""

    def __init__(self, *, rows: str, total: str | None, names: tuple[str, ...]) -> None:
        self._rows = rows.split("/")
        self._total = total.split("/") if total else None
        self._places = {name: place for place, name in enumerate(names)}
        wanted = {self._rows[-1], "Fault", *(self._total or [])[-1:]}
        self._tags = tuple(f"{{*}}{name}" for name in sorted(wanted))

    def read(self, chunks: Iterable[bytes]) -> Page:
        """Raises: SoapFault; NotSoap: no SOAP at all; PageError: not well-formed, or with a DTD."""
        page = Page(columns=[[] for _ in self._places])
        parser: etree.XMLPullParser | None = None
        try:
            for chunk in chunks:
                parser = parser or self._parser(chunk)
                parser.feed(chunk)
                self._take(parser, page)
            if parser is None:
                raise NotSoap("对方没有答复内容", "the answer is empty")
            _expect_envelope(parser.close())
        except etree.XMLSyntaxError:
            raise PageError("应答不是完整正确的XML", "the answer is not well-formed XML") from None
        return page

    def _parser(self, head: bytes) -> etree.XMLPullParser:
        if head.lstrip()[:_SNIFFED].lower().startswith((b"<!doctype html", b"<html")):
            raise NotSoap("对方返回的是网页", "it answered with a web page")
        declared = _DECLARED.match(head[:_SNIFFED])
        encoding = _SUBSETS.get(declared[1].lower()) if declared else None
        return etree.XMLPullParser(
            events=("start", "end"),
            tag=("{*}Envelope", *self._tags),
            encoding=encoding,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=False,
            recover=False,
        )

    def _take(self, parser: etree.XMLPullParser, page: Page) -> None:
        for event, element in parser.read_events():
            name = etree.QName(element).localname
            if event == "start":
                if element.getparent() is None:
                    _expect_envelope(element)
            elif name == "Fault" and _path(element) == ["Fault"]:
                raise SoapFault(_fault_code(element))
            elif name == self._rows[-1] and _path(element) == self._rows:
                self._row(element, page)
                _forget(element)
            elif self._total and name == self._total[-1] and _path(element) == self._total:
                page.total = element.text or ""

    def _row(self, element: etree._Element, page: Page) -> None:
        values: list[str | None] = [None] * len(self._places)
        seen: set[int] = set()
        fault: str | None = None
        for child in element.iterchildren(etree.Element):
            place = self._places.get(child.tag.rpartition("}")[2])
            if place is None:
                continue
            if place in seen or len(child):
                fault = Fault.LAYOUT.value
            seen.add(place)
            values[place] = None if child.get(_NIL) in ("true", "1") else child.text or ""
        for column, value in zip(page.columns, values, strict=True):
            column.append(None if fault else value)
        page.faults.append(fault)


def _path(element: etree._Element) -> list[str]:
    """Local names from below the SOAP body down to the element."""
    above = [etree.QName(parent).localname for parent in element.iterancestors()]
    return [*above[-3::-1], etree.QName(element).localname]


def _expect_envelope(root: etree._Element) -> None:
    if root.getroottree().docinfo.internalDTD is not None:
        raise PageError("应答带有DTD,已拒绝", "the answer carries a DTD and is refused")
    if root.tag not in tuple(f"{{{namespace}}}Envelope" for namespace in _ENVELOPES):
        raise NotSoap("对方返回的不是SOAP报文", "it answered with something that is not SOAP")


def _fault_code(fault: etree._Element) -> str:
    for path in ("faultcode", "{*}Code/{*}Subcode/{*}Value", "{*}Code/{*}Value"):
        found = fault.findtext(path)
        if found:
            return found.strip().rpartition(":")[2]
    return ""


def _forget(element: etree._Element) -> None:
    """Free the row and those before it; the parser only needs the way down to where it stands."""
    parent = element.getparent()
    element.clear()
    if parent is not None:
        while (earlier := element.getprevious()) is not None:
            parent.remove(earlier)
