"""Which characters the bytes of an answer are, as far as the parser has to be told.

What is certain is the feed's own `encoding`; without it, the XML declaration. The HTTP header lies too often to be
asked (a GBK body under `charset=utf-8`), and nothing is ever guessed. GB2312 and GBK are read as GB18030, which holds
both: a body that calls itself gb2312 has the rare characters of people's names all the same. Decoding is Python's own
and strict, so private-use characters stay what they are and a byte that is no character refuses the page.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from adapters.soap.refusals import NotSoap, PageError

_DECLARED = re.compile(rb"""^(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_CHINESE = frozenset({"gb2312", "gbk", "gb18030", "cp936", "gb_2312-80"})
_HEAD = 512


@dataclass(frozen=True, kw_only=True)
class Body:
    """An answer to be parsed: `encoding` for the parser (None: libxml2 knows the declared one), and its bytes."""

    encoding: str | None
    chunks: Iterator[bytes] = field(repr=False)


def body(chunks: Iterable[bytes], encoding: str | None) -> Body:
    """`encoding` is the feed's own word and overrides whatever the answer says.

    Raises: NotSoap: a web page, or nothing. Reading `chunks` raises PageError: a byte that is no character.
    """
    arriving = iter(chunks)
    head = _head(arriving)
    if not head.strip():
        raise NotSoap("对方没有答复内容", "the answer is empty")
    if head.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        raise NotSoap("对方返回的是网页", "it answered with a web page")
    whole = chain((head,), arriving)
    meant = encoding or _declared(head)
    if meant in _CHINESE:
        checked = whole if encoding else _not_utf8(whole)
        return Body(encoding="utf-8", chunks=_recoded(checked))
    return Body(encoding="utf-8" if meant == "utf-8" else None, chunks=whole)


def _declared(head: bytes) -> str:
    """The XML declaration's word; without one UTF-8, or what the first bytes show to be UTF-16."""
    found = _DECLARED.match(head)
    if found:
        return found[1].decode("ascii").lower()
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in head[:4]
    return "utf-16" if wide else "utf-8"


def _head(arriving: Iterator[bytes]) -> bytes:
    head = b""
    while len(head) < _HEAD and (chunk := next(arriving, b"")):
        head += chunk
    return head


def _recoded(chunks: Iterable[bytes]) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("gb18030")("strict")
    try:
        for chunk in chunks:
            yield decoder.decode(chunk).encode("utf-8")
        decoder.decode(b"", final=True)
    except UnicodeError:
        raise PageError("有不是 GB18030 编码的字节", "it has bytes that are no character of GB18030") from None


def _not_utf8(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes; a page whose every byte is UTF-8 is not GB18030, whatever it says: it would come out as other
    characters (王芳 as 鐜嬭姵), and nobody would be told.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    doubtful, foreign = True, False
    for chunk in chunks:
        if doubtful:
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                doubtful = False
            foreign = foreign or not chunk.isascii()
        yield chunk
    if doubtful and foreign and not decoder.getstate()[0]:
        zh, en = (
            "声明为国标编码,内容却是 UTF-8;请声明 encoding",
            "it calls itself GB but is UTF-8: declare its encoding",
        )
        raise PageError(zh, en)
