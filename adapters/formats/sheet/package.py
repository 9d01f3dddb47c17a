"""The zip package of an xlsx workbook: bounded before anything opens it, and the parts that belong to one sheet.

Owns the limits on what is unpacked. Every part is unpacked once here, piece by piece, so that a size declared falsely
is found by its checksum before the reader, which has no limit, sees the file.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator

from lxml import etree

from adapters.formats.sheet.faults import SheetError
from adapters.formats.sheet.kinds import not_a_workbook
from adapters.formats.sheet.shared import lengths

MOST_UNPACKED = 96 << 20
"""Bytes of all parts together: with the reader's own tables this stays under 300 MB of memory."""

_MOST_PARTS, _MOST_RATIO, _SMALL = 2000, 250, 1 << 20
_WORKBOOK, _TEXTS = "xl/workbook.xml", "xl/sharedStrings.xml"
_PIECE = 1 << 20
_OTHERS = (
    ("xl/workbook.bin", "二进制工作簿 xlsb", "a binary workbook (xlsb)"),
    ("content.xml", "ODF 表格", "an OpenDocument file"),
    ("word/document.xml", "Word 文档", "a Word document"),
)


class Package:
    """Raises: SheetError: no workbook, damaged, or larger than allowed.

    Attributes:
        texts: the bytes of each text that cells share.
    """

    def __init__(self, data: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, NotImplementedError, ValueError):
            raise _damaged() from None
        self._bound()
        self._expect_workbook()
        self._workbook = self._tree(_WORKBOOK)
        held = _TEXTS in self._zip.namelist()
        self.texts = lengths(b"".join(self.pieces(_TEXTS))) if held else lengths(b"")

    @property
    def from_1904(self) -> bool:
        """Whether its calendar counts from 1904."""
        return self._flag("workbookPr", "date1904")

    @property
    def uncalculated(self) -> bool:
        """Whether its formulas are to be calculated when it is opened: what is cached is then no result."""
        return self._flag("calcPr", "fullCalcOnLoad")

    def check_parts(self) -> None:
        """Unpack every part, for its true size and its checksum. Raises: SheetError."""
        for part in self._zip.namelist():
            for _ in self.pieces(part):
                pass

    def pieces(self, part: str) -> Iterator[bytes]:
        """One part, unpacked piece by piece; the checksum is compared at its end. Raises: SheetError."""
        try:
            with self._zip.open(part) as opened:
                while piece := opened.read(_PIECE):
                    yield piece
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError, ValueError, KeyError):
            raise _damaged() from None

    def sheet_part(self, name: str) -> str:
        """The part that holds the sheet of that name. Raises: SheetError: there is none."""
        wanted = {
            value
            for sheet in _named(self._workbook, "sheet")
            if sheet.get("name") == name
            for key, value in sheet.attrib.items()
            if etree.QName(key).localname == "id"
        }
        for relation in _named(self._tree("xl/_rels/workbook.xml.rels"), "Relationship"):
            target = relation.get("Target", "")
            part = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
            if relation.get("Id") in wanted and part in self._zip.namelist():
                return part
        raise SheetError(place=name, zh="工作簿中缺少该表的内容", en="the workbook does not hold this sheet's part")

    def _bound(self) -> None:
        parts = self._zip.infolist()
        names = {part.filename.lower() for part in parts}
        large = [p for p in parts if p.file_size > _SMALL and p.file_size > _MOST_RATIO * max(p.compress_size, 1)]
        if len(parts) > _MOST_PARTS or large or sum(part.file_size for part in parts) > MOST_UNPACKED:
            zh, en = "解压后过大,请拆分或改交文本文件", "it unpacks to too much: split it, or deliver a text file"
            raise SheetError(zh=zh, en=en)
        if len(names) < len(parts) or any(part.flag_bits & 1 for part in parts):
            raise _damaged()

    def _expect_workbook(self) -> None:
        names = set(self._zip.namelist())
        for part, zh, en in _OTHERS:
            if part in names and _WORKBOOK not in names:
                raise not_a_workbook(f" {zh} ", en)
        if _WORKBOOK not in names:
            raise not_a_workbook("其他 zip 文件", "another zip file")

    def _tree(self, part: str) -> etree._Element:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        try:
            return etree.fromstring(b"".join(self.pieces(part)), parser)
        except (etree.XMLSyntaxError, KeyError):
            raise _damaged() from None

    def _flag(self, element: str, attribute: str) -> bool:
        return any(found.get(attribute) in ("1", "true") for found in _named(self._workbook, element))


def _named(tree: etree._Element, name: str) -> Iterator[etree._Element]:
    """Elements of that name in whatever namespace: the strict and the transitional form have different ones."""
    return tree.iter(f"{{*}}{name}")


def _damaged() -> SheetError:
    return SheetError(zh="xlsx 文件已损坏,请重新导出", en="the xlsx file is damaged: export it again")
