"""Bytes to text: what GB 18030 says today, nothing repaired, the user-defined areas left alone."""

from __future__ import annotations

import unicodedata

import pytest

from adapters.formats.charset import STANDARD, Charset, seems_utf8, utf16_to_utf8
from adapters.formats.refusal import Unreadable

GB = Charset(encoding="gb18030")
# the bytes and their characters: GB 18030-2005 and -2022; whatwg/encoding issue 27; glibc 2.36's iconv agrees on each
PROPER = {
    "a6d9": "\ufe10", "a6da": "\ufe12", "a6db": "\ufe11", "a6dc": "\ufe13", "a6dd": "\ufe14", "a6de": "\ufe15",
    "a6df": "\ufe16", "a6ec": "\ufe17", "a6ed": "\ufe18", "a6f3": "\ufe19", "a8bc": "\u1e3f",
    "fe51": "\U00020087", "fe52": "\U00020089", "fe53": "\U000200cc", "fe59": "\u9fb4", "fe61": "\u9fb5",
    "fe66": "\u9fb6", "fe67": "\u9fb7", "fe6c": "\U000215d7", "fe6d": "\u9fb8", "fe76": "\U0002298f",
    "fe7e": "\u9fb9", "fe90": "\u9fba", "fe91": "\U000241fe", "fea0": "\u9fbb",
}  # fmt: skip


@pytest.mark.parametrize(("code", "character"), PROPER.items())
def test_a_character_that_python_leaves_private_gets_its_standard_code_point(code: str, character: str) -> None:
    raw = bytes.fromhex(code)
    assert GB.text(b"a" + raw + b"|") == f"a{character}|"
    assert unicodedata.category(character) != "Co"
    assert unicodedata.category(Charset(encoding="gb18030", private_use="keep").text(raw)) == "Co"


def test_every_entry_of_the_table_is_reached_by_one_code_and_shows_one_character() -> None:
    assert {ord(bytes.fromhex(code).decode("gb18030")) for code in PROPER} == set(STANDARD)
    assert len(set(STANDARD.values())) == len(PROPER) == 25


def test_all_other_two_byte_codes_read_as_python_reads_them() -> None:
    codes = [bytes((a, b)) for a in range(0x81, 0xFF) for b in range(0x40, 0xFF) if b != 0x7F]
    changed = {raw.hex() for raw in codes if GB.text(raw) != raw.decode("gb18030")}
    assert changed == set(PROPER)


@pytest.mark.parametrize(
    ("code", "character"), [("aaa1", "\ue000"), ("fefe", "\ue4c5"), ("a140", "\ue4c6"), ("a2ab", "\ue766")]
)
def test_user_defined_and_unassigned_codes_stay_private(code: str, character: str) -> None:
    assert GB.text(bytes.fromhex(code)) == character


@pytest.mark.parametrize(
    ("code", "character"), [("fe9f", "䶮"), ("a3a0", "\ue5e5"), ("8139ef30", "㐁"), ("fe50", "⺁")]
)
def test_codes_that_the_gbk_codec_refuses_are_read(code: str, character: str) -> None:
    assert GB.text(bytes.fromhex(code)) == character


@pytest.mark.parametrize("raw", [b"\x80", b"\xff", b"\xb0", b"\xb0\n"])
def test_bytes_that_are_no_character_are_never_replaced(raw: bytes) -> None:
    with pytest.raises(UnicodeDecodeError):
        GB.text(raw)


def test_private_characters_of_a_utf8_file_are_what_it_says() -> None:
    assert Charset(encoding="utf-8").text("\ue816".encode()) == "\ue816"


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("cut", [1, 3, 100])
def test_utf16_is_read_in_the_order_of_its_mark(order: str, cut: int) -> None:
    raw = "\ufeff王𠮷|1\n".encode(order)
    pieces = [raw[at : at + cut] for at in range(0, len(raw), cut)]
    assert b"".join(utf16_to_utf8(pieces)).decode() == "王𠮷|1\n"


@pytest.mark.parametrize("raw", [b"a\0|\0", b"\xff\xfea", b"\xff\xfe\x42\xd8\n\0", b"\xff\xfea\0\n\0\xb7\xdf"])
def test_utf16_without_mark_or_with_half_a_character_is_refused(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        list(utf16_to_utf8([raw]))


def test_utf8_is_told_from_gb18030_only_when_it_cannot_be_anything_else() -> None:
    assert seems_utf8("常宁市宜阳街道办事处".encode())
    assert not seems_utf8("常宁市宜阳街道办事处".encode("gb18030"))
    assert not seems_utf8("联通".encode("gb18030") * 100)  # valid UTF-8 of two bytes each, the notorious one
    assert not seems_utf8("常宁市".encode())
    assert not seems_utf8(b"6217|100.00\n" * 100)
