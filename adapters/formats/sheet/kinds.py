"""What a file called xls or xlsx really is, by its first bytes.

Owns the refusal of everything that only has a spreadsheet's name, with the word for what it is. Must never read on.
"""

from __future__ import annotations

import re
from typing import Literal

from adapters.formats.sheet.faults import SheetError

Container = Literal["xls", "xlsx"]

_OLE, _ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
_HEAD = 4096
_REMEDY_ZH, _REMEDY_EN = "请用 Excel 或 WPS 打开后另存为 xlsx", "open it in a spreadsheet program and save it as xlsx"
_SIGNS = (
    (re.compile(rb"mime-version:", re.I), "MIME 网页归档", "a MIME web archive"),
    (re.compile(rb"urn:schemas-microsoft-com:office:spreadsheet"), "XML 表格 2003", "an XML spreadsheet of 2003"),
    (re.compile(rb"<\s*(!doctype\s+html|html|head|body|table|meta|style)\b", re.I), "HTML 网页", "an HTML page"),
    (re.compile(rb"^\s*<\?xml"), "XML 文件", "an XML file"),
    (re.compile(rb"^%PDF-"), "PDF 文件", "a PDF file"),
    (re.compile(rb"^\{\\rtf"), "RTF 文件", "an RTF file"),
)


def container(data: bytes) -> Container:
    """Raises: SheetError: it is neither, and what it is instead."""
    if data.startswith(_OLE):
        return "xls"
    if data.startswith(_ZIP):
        return "xlsx"
    raise not_a_workbook(*_told(data[:_HEAD]))


def not_a_workbook(zh: str, en: str) -> SheetError:
    """The refusal, with the remedy."""
    return SheetError(zh=f"不是 Excel 工作簿,实为{zh};{_REMEDY_ZH}", en=f"no workbook but {en}; {_REMEDY_EN}")


def _told(head: bytes) -> tuple[str, str]:
    if not head:
        return "空文件", "an empty file"
    plain = head.replace(b"\0", b"") if head.startswith((b"\xff\xfe", b"\xfe\xff")) else head
    for sign, zh, en in _SIGNS:
        if sign.search(plain):
            return zh, en
    if b"\0" in plain:
        return "其他格式的文件", "a file of another kind"
    delimited = b"\t" in plain or b"," in plain
    return ("分隔文本(TSV 或 CSV)", "delimited text (TSV or CSV)") if delimited else ("文本文件", "a text file")
