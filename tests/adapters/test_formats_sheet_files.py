"""Files that only look like a workbook, or would take all memory: refused before they are opened, by their name."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import LimitExceeded, SourceMalformed, SourceNotReady
from tests.adapters.held import asking, found
from tests.adapters.sheets import held, layout, patched, refused, xls, xlsx

ROWS = [["v"], ["甲"]]
SHEET = "xl/worksheets/sheet1.xml"


def zipped(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in parts.items():
            made.writestr(name.replace("__", "/"), data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b"<html><table><tr><td>v</td></tr></table></html>", "HTML 网页"),
        (b"\xef\xbb\xbf<!DOCTYPE html><html></html>", "HTML 网页"),
        (b"<meta charset=gb2312><table><tr><td>v", "HTML 网页"),
        ("<html><table>".encode("utf-16"), "HTML 网页"),
        (b'<?xml version="1.0"?>\n<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">', "XML 表格 2003"),
        (b'<?xml version="1.0"?><data/>', "XML 文件"),
        (b"MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\n", "MIME 网页归档"),
        ("成交时间\t证券代码\r\n".encode("gbk"), "分隔文本"),
        ("姓名,金额\r\n".encode("gbk"), "分隔文本"),
        ("姓名".encode("gbk"), "文本文件"),
        (b"%PDF-1.4", "PDF 文件"),
        (b"", "空文件"),
        (zipped(xl__workbook=b"", **{"xl/workbook.bin": b""}), "二进制工作簿 xlsb"),
        (zipped(**{"mimetype": b"", "content.xml": b""}), "ODF 表格"),
        (zipped(**{"a.txt": b""}), "其他 zip 文件"),
    ],
)
def test_what_is_no_workbook_is_called_by_its_name_with_the_remedy(raw: bytes, word: str) -> None:
    said = refused(raw, layout(), asking("v"), "名册.xls")
    assert word in said
    assert "另存为 xlsx" in said


def test_the_name_of_a_file_does_not_matter_and_its_bytes_do() -> None:
    for name, raw in (("a.xls", xlsx(ROWS)), ("a.xlsx", xls(ROWS)), ("a.et", xls(ROWS))):
        assert found(held(raw, name), layout(), asking("v")).rows == {"2": ("甲",)}


def test_the_lock_file_of_an_open_workbook_is_waited_for() -> None:
    with pytest.raises(SourceNotReady) as caught:
        found(held(b"\x05user", "~$名册.xlsx"), layout(), asking("v"))
    assert "锁定文件" in caught.value.message("zh")


def test_a_workbook_with_a_password_is_refused_as_one() -> None:
    encrypted = xls(ROWS)
    at = encrypted.index(b"\xe1\x00\x02\x00")  # INTERFACEHDR becomes FILEPASS
    marked = encrypted[:at] + b"\x2f\x00\x02\x00" + encrypted[at + 4 :]
    assert "设有密码" in refused(marked, layout(), asking("v"), "a.xls")
    assert "设有密码" in refused(_renamed(encrypted, "EncryptedPackage"), layout(), asking("v"))


def test_another_office_document_is_refused_as_one() -> None:
    assert "Word 文档" in refused(_renamed(xls(ROWS), "WordDocument"), layout(), asking("v"), "a.xls")
    assert "其他 Office 文件" in refused(_renamed(xls(ROWS), "Visio"), layout(), asking("v"), "a.xls")


def test_a_file_over_the_declared_size_is_refused_before_it_is_read() -> None:
    raw = xlsx(ROWS)
    with pytest.raises(LimitExceeded):
        found(held(raw), layout(most=len(raw) - 1), asking("v"))


def test_a_zip_bomb_is_refused_by_what_it_declares() -> None:
    filler = b"<row/>" + b" " * (2 << 20)
    assert "解压后过大" in refused(_with(xlsx(ROWS), "xl/extra.xml", filler), layout(), asking("v"))
    assert "解压后过大" in refused(_with(xlsx(ROWS), "xl/extra.xml", filler * 60), layout(), asking("v"))
    many = xlsx(ROWS)
    for_members = {f"xl/p{n}.xml": b"" for n in range(2001)}
    assert "解压后过大" in refused(_with(many, **for_members), layout(), asking("v"))


def test_a_zip_bomb_that_declares_a_small_size_is_refused_by_its_checksum() -> None:
    raw = bytearray(xlsx(ROWS))
    at = raw.index(b"PK\x01\x02")
    while raw[at + 46 : at + 46 + len(SHEET)] != SHEET.encode():
        at = raw.index(b"PK\x01\x02", at + 4)
    raw[at + 24 : at + 28] = (10).to_bytes(4, "little")
    assert "已损坏" in refused(bytes(raw), layout(), asking("v"))


def test_two_cells_far_apart_are_refused_before_the_reader_lays_them_out() -> None:
    far = '<row r="1048576"><c r="XFD1048576" t="n"><v>1</v></c></row></sheetData>'
    assert "表格范围过大" in refused(patched(xlsx(ROWS), SHEET, "</sheetData>", far), layout(), asking("v"))
    wide = xls([["v"], *(["甲"] for _ in range(20_000))], adjust=lambda sheet: sheet.write(60_000, 255, 1))
    assert "表格范围过大" in refused(wide, layout(), asking("v"), "a.xls")


def test_one_long_text_that_all_cells_share_is_refused_before_each_has_its_copy() -> None:
    for write in (_shared, xls):
        raw = write([["v"], *(["甲" * 30_000] for _ in range(2000))])
        assert "单元格文字过多" in refused(raw, layout(), asking("v"))
        few = write([["v"], ["甲" * 30_000], *(["乙"] for _ in range(2000))])
        assert len(found(held(few), layout(), asking("v")).rows) == 2001


def test_empty_formatted_cells_far_away_do_not_count() -> None:
    blank = '<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>'
    raw = patched(xlsx(ROWS), SHEET, "</sheetData>", blank)
    assert found(held(raw), layout(), asking("v")).rows == {"2": ("甲",)}


def test_cells_without_a_place_are_refused() -> None:
    raw = patched(xlsx(ROWS), SHEET, '<c r="A2"', "<c")
    assert "单元格没有坐标" in refused(raw, layout(), asking("v"))


@pytest.mark.parametrize("write", [xlsx, xls], ids=["xlsx", "xls"])
def test_a_workbook_cut_off_anywhere_is_refused_and_nothing_else(write: Any) -> None:
    raw = write(ROWS)
    for size in range(100, len(raw) - 600, 331):
        assert refused(raw[:size], layout(), asking("v"))


@given(st.sampled_from([xlsx(ROWS), xls(ROWS)]), st.lists(st.tuples(st.integers(0, 1 << 30), st.integers(0, 255))))
@settings(max_examples=300, deadline=None)
def test_a_damaged_workbook_is_read_or_refused_and_nothing_else(raw: bytes, damage: list[tuple[int, int]]) -> None:
    data = bytearray(raw)
    for at, byte in damage:
        data[at % len(data)] = byte
    with suppress(SourceMalformed, LimitExceeded):
        found(held(bytes(data)), layout(), asking("v"))


def test_an_xls_that_claims_more_cells_or_texts_than_it_holds_is_refused_before_room_is_made_for_them() -> None:
    raw = xls(ROWS)
    strings = raw.index(b"\xfc\x00", raw.index(b"\x85\x00"))
    assert "已损坏" in refused(raw[: strings + 8] + b"\xff\xff\xff\x7f" + raw[strings + 12 :], layout(), asking("v"))
    extent = raw.index(b"\x00\x02\x0e\x00")
    assert "已损坏" in refused(raw[: extent + 4] + b"\x00\x84\x00\x00" + raw[extent + 8 :], layout(), asking("v"))
    assert "已损坏" in refused(raw[: extent + 8] + b"\xff\xff\xff\x7f" + raw[extent + 12 :], layout(), asking("v"))


def _shared(rows: list[list[str]]) -> bytes:
    """As xlsxwriter writes it: each text once."""
    book = xlsxwriter.Workbook(out := io.BytesIO())
    book.add_worksheet().write_column(0, 0, [row[0] for row in rows])
    book.close()
    return out.getvalue()


def _with(raw: bytes, name: str = "", data: bytes = b"", **parts: bytes) -> bytes:
    out = io.BytesIO(raw)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as made:
        for part, content in ({name: data} if name else parts).items():
            made.writestr(part, content)
    return out.getvalue()


def _renamed(raw: bytes, name: str) -> bytes:
    """The compound file with its one stream called something else."""
    old = "Workbook".encode("utf-16-le")
    at = raw.index(old)
    entry = name.encode("utf-16-le").ljust(64, b"\0") + (2 * len(name) + 2).to_bytes(2, "little")
    return raw[:at] + entry + raw[at + 66 :]
