"""An XML file's bytes as UTF-8, strictly, whatever its declaration says.

Owns what a declaration is worth: `gb2312` is mostly GBK in truth, `utf-8` sometimes. Must never replace or drop a byte:
the parser's own recovery drops everything after the first one that it cannot read (measured).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from adapters.formats.charset import Charset, seems_utf8
from adapters.formats.xml.config import Xml

_SNIFFED = 1 << 16
_DECLARED = re.compile(rb"""\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_UTF8 = b"\xef\xbb\xbf"
_GB = {"gb2312", "gbk", "cp936", "gb18030", "gb_2312-80", "x-gbk"}


class NotText(ValueError):
    """The bytes are not what the layout or the document says. Facts: `zh`, `en`."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


def as_utf8(chunks: Iterable[bytes], config: Xml) -> Iterator[bytes]:
    """Raises: NotText."""
    remaining, head = iter(chunks), b""
    while len(head) < _SNIFFED and (chunk := next(remaining, None)) is not None:
        head += chunk
    charset = _charset(head, config)
    head = head.removeprefix(_UTF8) if charset.encoding == "utf-8" else head
    if charset.encoding == "gb18030" and config.encoding is None and seems_utf8(head):
        zh = "声明为 GBK 而内容是 UTF-8;核实后请在 format 中声明 encoding: utf-8"
        raise NotText(zh, "it says GBK and is UTF-8: check it, then declare encoding: utf-8")
    return _decoded(chain([head], remaining), charset)


def _charset(head: bytes, config: Xml) -> Charset:
    if config.encoding is not None:
        return Charset(encoding=config.encoding, private_use=config.private_use)
    declared = _DECLARED.match(head.removeprefix(_UTF8))
    name = declared[1].decode().lower() if declared else "utf-8"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or (name != "utf-8" and name not in _GB):
        raise NotText(
            "声明的编码不受支持,请导出为 UTF-8 或 GB18030", "its encoding is not supported: export UTF-8 or GB18030"
        )
    if name != "utf-8" and head.startswith(_UTF8):
        raise NotText("声明的编码与字节序标记不符", "its declared encoding is not that of its byte order mark")
    return Charset(encoding="utf-8" if name == "utf-8" else "gb18030", private_use=config.private_use)


def _decoded(chunks: Iterable[bytes], charset: Charset) -> Iterator[bytes]:
    """The text in UTF-8; a character may lie across two chunks."""
    decoder = codecs.getincrementaldecoder(charset.encoding)("strict")
    try:
        for chunk in chunks:
            yield charset.recoded(decoder.decode(chunk))
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as wrong:
        yield charset.recoded(wrong.object[: wrong.start].decode(charset.encoding))  # for the place in the message
        if charset.encoding == "utf-8":
            zh = "含有不是 UTF-8 的字节;若确为 GBK,请在 format 中声明 encoding: gb18030"
            raise NotText(zh, "bytes that are no UTF-8; if they are GBK, declare encoding: gb18030") from None
        raise NotText("含有无法解码的字节", "holds bytes that are no character in GB18030") from None
