"""Zip archives as departments send them: Chinese names, zips in zips; broken, hostile and locked ones."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.contract import Declared
from adapters.drops.window import Window
from adapters.files import FilesAdapter
from gateway.errors import LimitExceeded, SourceDenied, SourceMalformed, SourceNotReady
from tests.adapters.conftest import rows_of
from tests.adapters.test_drops import TOTALLED, Opened, drops, request

__all__ = ["drops"]  # the fixture

ROSTER = "姓名|金额\n王|1.00\n李|2.00\n".encode("gb18030")
TXT = {"kind": "zip", "members": "*.txt"}


@pytest.fixture
def zipped(drops: Opened, tmp_path: Path) -> Callable[..., FilesAdapter]:
    """The adapter on a zip with this content; further keys belong to the `archive:` block."""

    def build(content: bytes, changes: dict[str, Any] | None = None, **archive: Any) -> FilesAdapter:
        (tmp_path / "a.zip").write_bytes(content)
        return drops(**{"path": "a.zip", "archive": TXT | archive} | (changes or {}))

    return build


def packed(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, content in members:
            made.writestr(name, content)
    return out.getvalue()


def packed_in_gbk(name: str, content: bytes) -> bytes:
    """A zip as Chinese Windows writes it: the name's GBK bytes, and no flag that tells their encoding."""
    raw = name.encode("gbk")
    placeholder = "x" * len(raw)
    return packed((placeholder, content)).replace(placeholder.encode(), raw)


def encrypted(name: str, content: bytes, password: bytes) -> bytes:
    """A zip with one stored member in the traditional encryption (PKWARE APPNOTE 6.1)."""
    keys = [0x12345678, 0x23456789, 0x34567890]

    def crc(byte: int, old: int) -> int:
        return zlib.crc32(bytes([byte]), old ^ 0xFFFFFFFF) ^ 0xFFFFFFFF

    def update(byte: int) -> None:
        keys[0] = crc(byte, keys[0])
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = crc(keys[1] >> 24, keys[2])

    def cipher(byte: int) -> int:
        mixed = (keys[2] | 2) & 0xFFFF
        found = byte ^ (((mixed * (mixed ^ 1)) >> 8) & 0xFF)
        update(byte)
        return found

    for byte in password:
        update(byte)
    plain = packed((name, content), method=zipfile.ZIP_STORED)
    check = zlib.crc32(content) >> 24
    body = bytes(cipher(byte) for byte in bytes(11) + bytes([check]) + content)
    local, central = plain.index(b"PK\3\4"), plain.index(b"PK\1\2")
    start = local + 30 + len(name)
    head = bytearray(plain[local:start])
    head[6] |= 1
    head[18:22] = struct.pack("<I", len(body))
    tail = bytearray(plain[central:])
    tail[8] |= 1
    tail[20:24] = struct.pack("<I", len(body))
    end = tail.index(b"PK\5\6")
    tail[end + 16 : end + 20] = struct.pack("<I", len(head) + len(body))
    return bytes(head) + body + bytes(tail)


def unnamed() -> set[str]:
    """Files that this process has open and that have no name any more: how temporary files are hidden."""
    opened = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return {path for path in opened if "(deleted)" in path}


def refusal(adapter: FilesAdapter, kind: type = SourceMalformed) -> str:
    with pytest.raises(kind) as refused:
        rows_of(adapter.extract(request()))
    return str(refused.value.facts.get("reason_zh", refused.value.facts.get("limit_zh")))


@pytest.mark.parametrize("name", ["发放清册.txt", "億墊弢.txt"])
def test_a_gbk_name_without_the_utf8_flag_is_read(zipped: Callable[..., FilesAdapter], name: str) -> None:
    """The second bytes of some of these are those of `|` and of a backslash."""
    rows = rows_of(zipped(packed_in_gbk(name, ROSTER), members=name[0] + "*.txt").extract(request()))
    assert [row["_position"] for row in rows] == [f"a.zip/{name}:2", f"a.zip/{name}:3"]


def test_a_utf8_name_with_its_flag_is_read(zipped: Callable[..., FilesAdapter]) -> None:
    rows = rows_of(zipped(packed(("发放清册.txt", ROSTER)), members="发放*.txt").extract(request()))
    assert [row["_position"] for row in rows] == ["a.zip/发放清册.txt:2", "a.zip/发放清册.txt:3"]


def test_several_members_are_one_reading_with_totals_and_a_digest_of_each(zipped: Callable[..., FilesAdapter]) -> None:
    one, two = ("汇总|2|3.00\n".encode("gb18030") + ROSTER, "汇总|0|0\n姓名|金额\n".encode("gb18030"))
    content = packed(("b.txt", two), ("readme.doc", b"x"), ("sub/a.txt", one))
    reading = zipped(content, {"format": TOTALLED}).extract(request())
    assert [row["_position"] for row in rows_of(reading)] == ["a.zip/sub/a.txt:3", "a.zip/sub/a.txt:4"]
    assert reading.declared == Declared(rows=2, sums=(("amount", 300),))
    told = {name: said for name, said in reading.source_facts if name.startswith("file ")}
    assert told == {
        "file 1": f"a.zip/b.txt {len(two)} {hashlib.sha256(two).hexdigest()}",
        "file 2": f"a.zip/sub/a.txt {len(one)} {hashlib.sha256(one).hexdigest()}",
    }


def test_members_of_a_zip_in_the_zip_are_read_where_the_pattern_says_so(zipped: Callable[..., FilesAdapter]) -> None:
    inner = packed(("a.txt", ROSTER))
    content = packed(("430482.zip", inner), ("b.txt", ROSTER), method=zipfile.ZIP_STORED)
    rows = rows_of(zipped(content, members="*.zip/*.txt").extract(request()))
    assert [row["_position"] for row in rows] == ["a.zip/430482.zip/a.txt:2", "a.zip/430482.zip/a.txt:3"]
    assert len(rows_of(zipped(content).extract(request()))) == 2


def test_many_files_in_zips_in_a_zip_arrive_each_once(zipped: Callable[..., FilesAdapter]) -> None:
    """Two levels of compression are read at random and in order at once."""
    files = {
        f"{town}.zip": {f"{n}.txt": f"姓名|金额\n{town}{n}|1.00\n".encode("gb18030") * 999 for n in range(3)}
        for town in "甲乙丙"
    }
    content = packed(*((name, packed(*inside.items())) for name, inside in files.items()))
    rows = rows_of(zipped(content, members="*.zip/*.txt").extract(request()))
    people = [row["name"] for row in rows if row["amount"] == "1.00"]
    assert sorted(people) == sorted(f"{town}{n}" for town in "甲乙丙" for n in range(3) for _ in range(999))


@pytest.mark.parametrize("name", ["../../etc/cron.d/a.txt", "/a.txt", "C:\\temp\\a.txt", "..\\a.txt"])
def test_a_name_that_leads_out_is_only_a_name(zipped: Callable[..., FilesAdapter], tmp_path: Path, name: str) -> None:
    before = sorted(tmp_path.parent.iterdir())
    rows = rows_of(zipped(packed((name, ROSTER))).extract(request()))
    assert [row["_position"] for row in rows] == [f"a.zip/{name}:2", f"a.zip/{name}:3"]
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]
    assert sorted(tmp_path.parent.iterdir()) == before


def test_nothing_is_unpacked_to_disk(
    zipped: Callable[..., FilesAdapter], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Not even for a moment: the process may not make a file while it reads."""
    people = "".join(f"{number}|{number}.00\n" for number in range(200_000))
    adapter = zipped(packed(("a.txt", f"姓名|金额\n{people}".encode("gb18030"))))
    empty = tmp_path_factory.mktemp("temporary")
    before, tempfile.tempdir = tempfile.tempdir, str(empty)
    try:
        here = unnamed()
        with adapter.extract(request()) as reading:
            for _ in reading:
                assert unnamed() == here
                assert list(empty.iterdir()) == []
    finally:
        tempfile.tempdir = before
    assert list(empty.iterdir()) == []


def test_a_zip_that_inflates_to_too_much_is_refused(zipped: Callable[..., FilesAdapter]) -> None:
    content = packed(("a.txt", ROSTER * 100), ("b.txt", ROSTER * 100))
    assert "解开超过" in refusal(zipped(content, most_bytes=len(ROSTER) * 150), LimitExceeded)
    assert len(rows_of(zipped(content, most_bytes=len(ROSTER) * 200).extract(request()))) == 2 * (300 - 1)


def test_a_bomb_is_refused_by_its_ratio(zipped: Callable[..., FilesAdapter]) -> None:
    assert "压缩比" in refusal(zipped(packed(("a.txt", b"0" * (50 << 20)))), LimitExceeded)


def test_a_bomb_that_lies_about_its_size_is_refused(zipped: Callable[..., FilesAdapter]) -> None:
    """The header says a hundred bytes; what is inflated is counted, and does not agree with the checksum."""
    content = bytearray(packed(("a.txt", b"0" * (50 << 20))))
    for mark, at in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        place = content.index(mark) + at
        content[place : place + 4] = struct.pack("<I", 100)
    assert "损坏" in refusal(zipped(bytes(content)))


def test_a_bomb_inside_a_zip_inside_a_zip_is_refused(zipped: Callable[..., FilesAdapter]) -> None:
    bomb = packed(("a.txt", b"0" * (50 << 20)))
    assert "压缩比" in refusal(zipped(packed(("b.zip", bomb)), members="*.zip/*.txt"), LimitExceeded)
    layers = packed(("b.zip", packed(("c.zip", bomb))))
    assert "没有匹配" in refusal(zipped(layers, members="*.zip/*.txt"))


def test_a_zip_of_too_many_members_is_refused(zipped: Callable[..., FilesAdapter]) -> None:
    many = packed(*((f"{number}.txt", b"") for number in range(2_001)))
    assert "超过 2000" in refusal(zipped(many), LimitExceeded)


def test_a_directory_that_asks_for_all_memory_is_refused(zipped: Callable[..., FilesAdapter]) -> None:
    """The end record claims a directory of 32 MiB."""
    padding = b"\0" * (33 << 20)
    content = bytearray(padding + packed(("a.txt", ROSTER)))
    end = content.rindex(b"PK\5\6")
    content[end + 12 : end + 16] = struct.pack("<I", 32 << 20)
    assert "目录过大" in refusal(zipped(bytes(content)), LimitExceeded)


@pytest.mark.parametrize("keep", [0, 1, 100, 300, -1, -30])
def test_a_truncated_zip_is_refused(zipped: Callable[..., FilesAdapter], keep: int) -> None:
    content = packed(("a.txt", os.urandom(300)), ("b.txt", ROSTER))
    assert refusal(zipped(content[:keep])) == "压缩包损坏或不完整"


def test_a_flipped_bit_is_refused_by_the_checksum(zipped: Callable[..., FilesAdapter]) -> None:
    content = bytearray(packed(("a.txt", ROSTER), method=zipfile.ZIP_STORED))
    content[content.index(b"1.00")] ^= 8
    assert refusal(zipped(bytes(content))) == "压缩包损坏或不完整"


def test_every_flipped_byte_of_a_zip_is_the_same_rows_or_a_refusal(zipped: Callable[..., FilesAdapter]) -> None:
    """Names, times and comments may change; a value never, and no error but ours comes out."""
    right = packed(("a.txt", ROSTER))
    for place in range(len(right)):
        content = bytearray(right)
        content[place] ^= 0x21
        try:
            rows = rows_of(zipped(bytes(content), members="*").extract(request()))
        except (SourceMalformed, LimitExceeded, SourceDenied):
            continue
        assert [(row["name"], row["amount"]) for row in rows] == [("王", "1.00"), ("李", "2.00")], place


def test_a_file_that_is_no_zip_is_refused(zipped: Callable[..., FilesAdapter]) -> None:
    assert refusal(zipped(b"Rar!\x1a\x07\x00" + b"x" * 500)) == "压缩包损坏或不完整"


def test_a_zip_without_a_fitting_member_is_refused(zipped: Callable[..., FilesAdapter]) -> None:
    assert refusal(zipped(packed(("a.doc", b"")))) == "压缩包中没有匹配的文件"


def test_members_of_one_name_are_refused_not_chosen_between(zipped: Callable[..., FilesAdapter]) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = packed(("a.txt", ROSTER), ("a.txt", b""))
    assert refusal(zipped(twice)) == "两个文件同名或只差大小写"
    assert refusal(zipped(packed(("a.txt", ROSTER), ("A.TXT", ROSTER)))) == "两个文件同名或只差大小写"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_compression_that_is_not_read_is_refused_with_advice(
    zipped: Callable[..., FilesAdapter], method: int
) -> None:
    assert refusal(zipped(packed(("a.txt", ROSTER), method=method))) == "压缩方法不支持,请用 deflate"


def test_an_encrypted_member_needs_its_password_and_opens_with_it(zipped: Callable[..., FilesAdapter]) -> None:
    content = encrypted("a.txt", ROSTER, "开包-口令".encode("gb18030"))
    assert "已加密" in refusal(zipped(content))
    assert [row["name"] for row in rows_of(zipped(content, password="env:ZIP").extract(request()))] == ["王", "李"]


def test_a_wrong_password_is_denied(zipped: Callable[..., FilesAdapter]) -> None:
    """One byte of it is checked before anything is read; whatever passes that fails by its checksum."""
    content = encrypted("a.txt", ROSTER, b"another")
    with pytest.raises(SourceDenied) as refused:
        rows_of(zipped(content, password="env:ZIP").extract(request()))
    assert "口令-" not in refused.value.message("zh")
    garbled = encrypted("a.txt", ROSTER, b"179")  # has the one byte by chance
    assert refusal(zipped(garbled, password="env:ZIP")) == "压缩包损坏或不完整"


def test_a_literal_password_is_refused_and_not_repeated(zipped: Callable[..., FilesAdapter]) -> None:
    with pytest.raises(ValidationError) as refused:
        zipped(b"", password="Canary-91")
    assert refused.value.errors()[0]["type"] == "secret_literal"
    assert "Canary-91" not in str(refused.value)


def test_aes_encryption_is_refused_with_advice(zipped: Callable[..., FilesAdapter]) -> None:
    content = bytearray(encrypted("a.txt", ROSTER, b"x"))
    for mark, at in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        place = content.index(mark) + at
        content[place : place + 2] = struct.pack("<H", 99)
    assert "已加密" in refusal(zipped(bytes(content), password="env:ZIP"))


@given(
    st.binary(max_size=300),
    st.integers(1, 40),
    st.lists(st.tuples(st.integers(0, 2), st.integers(-50, 350), st.integers(-1, 350)), max_size=12),
)
def test_a_window_reads_as_a_file_does(content: bytes, piece: int, steps: list[tuple[int, int, int]]) -> None:
    """Whatever is sought and read, in whatever pieces the bytes arrive."""
    window, file = Window(Pieces(content, piece), request()), io.BytesIO(content)
    for whence, offset, size in steps:
        base = (0, file.tell(), len(content))[whence]
        if base + offset < 0:
            with pytest.raises(ValueError, match="before"):
                window.seek(offset, whence)
        else:
            assert window.seek(offset, whence) == file.seek(base + offset)
        assert window.read(size) == file.read(size)
        assert window.tell() == file.tell()


@dataclass(frozen=True)
class Pieces:
    """A content that arrives in pieces of one size."""

    raw: bytes
    piece: int
    name: str = "a.zip"

    @property
    def size(self) -> int:
        return len(self.raw)

    def stream(self, start: int = 0) -> Iterator[bytes]:
        yield from (self.raw[at : at + self.piece] for at in range(start, len(self.raw), self.piece))


def test_a_pattern_of_zips_is_one_reading_with_a_cursor(drops: Opened, tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"a_{number}.zip").write_bytes(packed(("x.txt", ROSTER)))
    reading = drops(path="a_*.zip", archive=TXT).extract(request())
    places = [row["_position"] for row in rows_of(reading)]
    assert places == ["a_1.zip/x.txt:2", "a_1.zip/x.txt:3", "a_2.zip/x.txt:2", "a_2.zip/x.txt:3"]
    assert rows_of(drops(path="a_*.zip", archive=TXT).extract(request(cursor=reading.cursor))) == []


def test_a_zips_own_digest_is_checked_before_its_members_are_read(
    zipped: Callable[..., FilesAdapter], tmp_path: Path
) -> None:
    content = packed(("a.txt", ROSTER))
    adapter = zipped(content, {"digest": {"path": "{name}.sm3"}})
    with pytest.raises(SourceNotReady):
        rows_of(adapter.extract(request()))
    (tmp_path / "a.zip.sm3").write_text(hashlib.new("sm3", content).hexdigest())
    assert len(rows_of(adapter.extract(request()))) == 2
    (tmp_path / "a.zip.sm3").write_text(hashlib.new("sm3", b"").hexdigest())
    assert refusal(adapter) == "摘要不符"
