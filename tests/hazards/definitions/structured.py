"""Hazards of fixed-width files, XML, zip archives and of files being written while they are read."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from tests.hazards.case import Hazard
from tests.hazards.definitions.text import delimited, file

PAIR = (
    {"name": "a", "title": "甲", "type": "text", "source": "a"},
    {"name": "b", "title": "乙", "type": "text", "source": "b"},
)
PEOPLE = (
    {"name": "a", "title": "姓名", "type": "person_name", "source": "a"},
    {"name": "b", "title": "金额", "type": "money", "source": "b"},
)


def _fixed(**options: Any) -> dict[str, Any]:
    fields = [{"name": "a", "length": 6}, {"name": "b", "length": 4}]
    return delimited() | {"format": {"kind": "fixed", "record_bytes": 10, "fields": fields, **options}}


def _xml(**options: Any) -> dict[str, Any]:
    return delimited() | {"format": {"kind": "xml", "rows": "list/row", **options}}


def _gbk(text: str) -> bytes:
    return text.encode("gb18030")


def _document(encoding: str, inner: str, written: str = "gb18030") -> bytes:
    return f'<?xml version="1.0" encoding="{encoding}"?><list>{inner}</list>'.encode(written)


def _row(a: str, b: str = "1") -> str:
    return f"<row><a>{a}</a><b>{b}</b></row>"


FIXED = (
    ("widths_in_bytes", "widths are bytes, not characters: 王芳 is four", _gbk("王芳  12.5\n李娜娜1.00\n"), {"fields": PEOPLE, "rows": (("王芳", "12.50"), ("李娜娜", "1.00"))}),
    ("half_character_at_the_edge", "a name cut in the middle of a character at its field's edge", _gbk("王芳李")[:5] + b" 1.00\n" + _gbk("张三李")[:6] + b"2.00\n", {"fields": PEOPLE, "rows": (("张三李", "2.00"),), "problems": (("1", "YZ-3003"),)}),
    ("zeros_are_no_padding", "padding is taken off, zeros never", b"000001" + b"0002" + b"\n", {"rows": (("000001", "0002"),)}),
    ("wide_space_padding", "a full-width space fills the field", _gbk("王芳　") + b"1.00\n", {"fields": PEOPLE, "rows": (("王芳", "1.00"),)}),
    ("short_record", "a record that lost bytes", b"abcdef12\nabcdef1234\n", {"rows": (("abcdef", "1234"),), "problems": (("1", "YZ-3002"),)}),
    ("long_record", "a record with a byte too many", b"abcdef12345\nabcdef1234\n", {"rows": (("abcdef", "1234"),), "problems": (("1", "YZ-3002"),)}),
)  # fmt: skip

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE list [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<list><row><a>&b;</a><b>1</b></row></list>"
)
OUTSIDE = (
    b'<?xml version="1.0"?><!DOCTYPE list [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    b"<list><row><a>&x;</a><b>1</b></row></list>"
)

DOCUMENTS = (
    ("gb2312_that_is_gbk", "declared gb2312, holds 镕, which GB2312 lacks: a recovering parser drops all that follows", _document("gb2312", _row("朱镕基") + _row("王芳")), {"rows": (("朱镕基", "1"), ("王芳", "1"))}),
    ("gbk_declared", "declared gbk", _document("GBK", _row("王芳")), {"rows": (("王芳", "1"),)}),
    ("gb18030_declared", "declared gb18030, with a character of four bytes", _document("gb18030", _row("𠮷田")), {"rows": (("𠮷田", "1"),)}),
    ("utf8_that_is_gbk", "declared UTF-8, holds GBK bytes", _document("utf-8", _row("王芳")), {"refused": "YZ-2005"}),
    ("utf8_that_is_gbk_declared", "the same where the feed declares what the bytes are", _document("utf-8", _row("王芳")), {"source": _xml(encoding="gb18030"), "rows": (("王芳", "1"),)}),
    ("entity_bomb", "entities that grow", BOMB, {"refused": "YZ-2005"}),
    ("external_entity", "an entity that reads a file of the machine", OUTSIDE, {"refused": "YZ-2005"}),
    ("truncated", "a document that ends in its middle", _document("gb18030", _row("王芳"))[:-12], {"refused": "YZ-2005"}),
    ("child_twice", "a record with one child twice", _document("gb18030", "<row><a>1</a><a>2</a><b>3</b></row>" + _row("x")), {"rows": (("x", "1"),), "problems": (("1", "YZ-3002"),)}),
    ("nested_child", "a record's child holds elements", _document("gb18030", "<row><a><i>1</i></a><b>3</b></row>" + _row("x")), {"rows": (("x", "1"),), "problems": (("1", "YZ-3002"),)}),
    ("child_absent", "a child that is not there is missing, not empty", _document("gb18030", "<row><a>1</a></row>"), {"rows": (("1", None),)}),
    ("cdata", "CDATA is text", _document("gb18030", "<row><a><![CDATA[<王>&]]></a><b>1</b></row>"), {"rows": (("<王>&", "1"),)}),
    ("totals_wrong", "the document counts one more record than it holds", _document("gb18030", "<n>2</n>" + _row("x")), {"source": _xml(totals={"rows": "list/n"}), "refused": "YZ-2008"}),
)  # fmt: skip


class _Entry(zipfile.ZipInfo):
    """A member whose name is written as given, without the flag that says UTF-8."""

    def __init__(self, raw: bytes) -> None:
        super().__init__(raw.decode("cp437"), (2026, 11, 1, 0, 0, 0))
        self.compress_type = zipfile.ZIP_DEFLATED
        self._raw = raw

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self._raw, self.flag_bits & ~0x800


def _zip(*members: tuple[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, content in members:
            archive.writestr(_Entry(name.encode("gbk")), content)
    return sink.getvalue()


ZIPPED = delimited() | {"archive": {"kind": "zip", "members": "*.txt"}}
INNER = _gbk("甲|乙\n1|2\n")
NAMED = (("a.txt/清册.txt:2", "YZ-3003"),)
ARCHIVES = (
    ("gbk_member_name", "a member's name in GBK without the flag", _zip(("清册.txt", INNER)), {"rows": (("1", "2"),)}),
    ("bad_row_names_its_member", "the position says in which member", _zip(("清册.txt", _gbk("甲|乙\n") + b"\xff|1\n")), {"problems": NAMED}),
    ("other_members_stay", "members of other names are not read", _zip(("说明.doc", b"x"), ("清册.txt", INNER)), {"rows": (("1", "2"),)}),
    ("no_such_member", "no member of that name", _zip(("说明.doc", b"x")), {"refused": "YZ-2005"}),
    ("truncated", "an archive cut off", _zip(("清册.txt", INNER))[:-30], {"refused": "YZ-2005"}),
    ("bomb", "ten mebibytes of one character", _zip(("清册.txt", b"0" * (10 << 20))), {"refused": "YZ-2007"}),
    ("path_in_a_name", "a member's name that leads out of the folder is only a name", _zip(("../../清册.txt", INNER)), {"rows": (("1", "2"),)}),
    ("no_zip", "a text file named as a zip", INNER, {"refused": "YZ-2005"}),
)  # fmt: skip


def _corrupt(archive: bytes) -> bytes:
    """One bit of the compressed content turned over."""
    at = archive.index(zlib.compress(INNER)[2:6]) + 4
    return archive[:at] + bytes([archive[at] ^ 1]) + archive[at + 1 :]


READINESS = (
    ("marker_missing", "the marker has not been placed", {"by": "marker", "path": "a.ok"}, {}, "YZ-2002"),
    ("partial_beside", "the part file of an upload lies beside the final name", {"by": "rename", "partial": ".part"}, {"a.txt.part": b"x"}, "YZ-2002"),
    ("marker_placed", "the marker is there", {"by": "marker", "path": "a.txt.ok"}, {"a.txt.ok": b""}, None),
)  # fmt: skip

DIGESTS = (
    ("digest_wrong", "the control file has another digest", b"0" * 64, "YZ-2005"),
    ("digest_no_digest", "the control file holds no digest", b"", "YZ-2005"),
)


def hazards() -> Iterator[Hazard]:
    """All of them."""
    for name, shows, content, given in FIXED:
        yield file(
            f"fixed_{name}", "layout", shows, "domain 6.10", content, **{"fields": PAIR, "source": _fixed()} | given
        )
    for name, shows, content, given in DOCUMENTS:
        yield file(
            f"xml_{name}", "encoding", shows, "domain 6.11", content, **{"fields": PAIR, "source": _xml()} | given
        )
    for name, shows, content, given in ARCHIVES:
        yield file(f"zip_{name}", "transport", shows, "domain 6.14", content, **{"source": ZIPPED} | given)
    broken = _corrupt(_zip(("清册.txt", INNER)))
    yield file(
        "zip_bit_turned",
        "transport",
        "a bit of a member turned over",
        "domain 6.14",
        broken,
        source=ZIPPED,
        refused="YZ-2005",
    )
    for name, shows, ready, beside, refused in READINESS:
        yield file(
            f"drop_{name}", "transport", shows, "domain 6.14", b"", given={"a.txt": INNER, **beside},
            source=delimited() | {"ready": ready}, refused=refused, rows=() if refused else (("1", "2"),),
        )  # fmt: skip
    for name, shows, said, refused in DIGESTS:
        yield file(
            f"drop_{name}", "transport", shows, "domain 6.14", b"", given={"a.txt": INNER, "a.txt.sha256": said},
            source=delimited() | {"digest": {"path": "{name}.sha256"}}, refused=refused,
        )  # fmt: skip
    yield file(
        "drop_no_file", "transport", "the file is not there yet", "domain 6.14", b"", given={}, refused="YZ-2002",
    )  # fmt: skip
