"""Bytes to text, strictly, and what the GB 18030 editions disagree about.

Must never guess an encoding, replace a byte that is no character, or touch the user-defined areas.

Python's gb18030 codec follows the edition of 2000, which had no code points yet for 25 of its characters and parked
them in Unicode's private use area; they have had proper ones since Unicode 4.1 (GB 18030-2005 and -2022; listed in
https://github.com/whatwg/encoding/issues/27). The other 55 characters of that list are right in Python already. Each
entry here was compared with a second implementation, glibc 2.36's iconv, over all two-byte codes: no other code outside
the user-defined areas differs. Codes that no edition assigns, and the user-defined AAA1-AFFE, F8A1-FEFE and A140-A7A0,
stay private: what they show is known to the sending system alone.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from adapters.formats.refusal import Unreadable

PrivateUse = Literal["standard", "keep"]
"""Of gb18030 alone: `standard` reads those 25 as today's standard does; `keep` leaves them private."""

STANDARD: Mapping[int, int] = {
    # A6D9-A6F3: punctuation of vertical text; 2 and 3 stand the other way round in the standard
    0xE78D: 0xFE10, 0xE78E: 0xFE12, 0xE78F: 0xFE11, 0xE790: 0xFE13, 0xE791: 0xFE14,
    0xE792: 0xFE15, 0xE793: 0xFE16, 0xE794: 0xFE17, 0xE795: 0xFE18, 0xE796: 0xFE19,
    # A8BC: ḿ
    0xE7C7: 0x1E3F,
    # FE51 FE52 FE53 FE6C FE76 FE91: ideographs beyond the first plane
    0xE816: 0x20087, 0xE817: 0x20089, 0xE818: 0x200CC, 0xE831: 0x215D7, 0xE83B: 0x2298F, 0xE855: 0x241FE,
    # FE59 FE61 FE66 FE67 FE6D FE7E FE90 FEA0
    0xE81E: 0x9FB4, 0xE826: 0x9FB5, 0xE82B: 0x9FB6, 0xE82C: 0x9FB7,
    0xE832: 0x9FB8, 0xE843: 0x9FB9, 0xE854: 0x9FBA, 0xE864: 0x9FBB,
}  # fmt: skip

_PRIVATE_LEAD = b"\xee"  # of U+E000 to U+EFFF in UTF-8, and of nothing else
_IDEOGRAPH = re.compile(rb"[\xe4-\xe9][\x80-\xbf]{2}")
_NO_COINCIDENCE = 8
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, kw_only=True)
class Charset:
    """How the text of a file is read; lines and records can be cut out before, since 0A is a line feed in both."""

    encoding: Literal["gb18030", "utf-8"]
    private_use: PrivateUse = "standard"

    def text(self, raw: bytes) -> str:
        """Raises: UnicodeDecodeError."""
        return self.utf8(raw).decode()

    def utf8(self, raw: bytes) -> bytes:
        """The same text in UTF-8. Raises: UnicodeDecodeError."""
        text = raw.decode(self.encoding)
        return raw if self.encoding == "utf-8" else self.recoded(text)

    def recoded(self, text: str) -> bytes:
        """What Python's codec made of this encoding, in UTF-8 and with the code points that were asked for."""
        data = text.encode()
        if self.encoding == "gb18030" and self.private_use == "standard" and _PRIVATE_LEAD in data:
            return text.translate(STANDARD).encode()
        return data


def seems_utf8(head: bytes) -> bool:
    """Whether text that is said to be GB18030 is UTF-8 instead: then many Chinese characters, and nothing that UTF-8
    forbids. Read as GB18030 much of it would be characters all the same, only others (常宁 as 甯稿畞).
    """
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(head)
    except UnicodeDecodeError:
        return False
    return len(_IDEOGRAPH.findall(head)) >= _NO_COINCIDENCE


def expect_encoding(head: bytes, encoding: str) -> None:
    """Raises: Unreadable: the beginning of the file is UTF-8 and was declared as GB18030."""
    if encoding == "gb18030" and seems_utf8(head):
        zh, en = "登记为 GB18030 而内容是 UTF-8", "it is declared as GB18030 and is UTF-8"
        raise Unreadable(place=1, zh=zh, en=en)


def utf16_to_utf8(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """A UTF-16 file in UTF-8, its order of bytes told by the mark it has to begin with.

    Raises: Unreadable: no mark, half a character at the end, or half a surrogate pair.
    """
    decoder, head, line = codecs.getincrementaldecoder("utf-16")("strict"), b"", 1
    try:
        for chunk in chunks:
            head = head if len(head) >= 2 else head + chunk
            if len(head) >= 2 and not head.startswith(_UTF16_MARKS):
                zh, en = "UTF-16 文件缺少字节序标记(BOM)", "a UTF-16 file has to begin with its byte order mark"
                raise Unreadable(place=1, zh=zh, en=en)
            piece = decoder.decode(chunk).encode()
            line += piece.count(b"\n")
            yield piece
        decoder.decode(b"", final=True)
    except UnicodeError:
        zh, en = "含有不是 UTF-16 字符的字节", "holds bytes that are no UTF-16 character"
        raise Unreadable(place=line, zh=zh, en=en) from None
