"""The workbook that goes home, read back by another library: every cell, comment and count is what the book says."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from gateway.catalogue import Mode
from gateway.errors import OutputRefused, ProblemBookDamaged
from gateway.problems import Book
from gateway.problems.pages import Limits
from gateway.problems.words import Words
from gateway.problems.workbook import Subject, write
from tests.problems.shop import PEOPLE, PERIOD, Shop, feed, row

ID, DIGIT, AMOUNT, NAME, TORN = "430482199111047046", "YZ-3055", "YZ-3021", "YZ-3001", "YZ-3002"
TORN_ZH = "该条记录的栏目数或结构与约定不符,请改正后重报"
DIGIT_ZH = "身份证号校验位不符,请核对证件"
AMOUNT_ZH = "不是数字,请改为如 1234.50 的写法"
NAME_ZH = "必填项为空,请补填"
FIRST = [row(0, amount="1,5"), row(1, amount="x"), row(2, amount="x"), row(3)]
SECOND = [row(0), row(ID, name=""), row(1, amount="=1+1"), {"_fault": "layout"}]
HEADER = "civil.relief  临时救助  2026-10  第2版  批次 civil.relief/2026-10/r2  读取于 2026-11-22T10:30:00+08:00"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(root=tmp_path)


@pytest.fixture
def second(shop: Shop) -> Book:
    """The second revision: one cured, one remaining, one gone; two new problem rows."""
    shop.book(1, FIRST)
    return shop.book(2, SECOND)


def opened(
    shop: Shop, book: Book | None, lang: Any = "zh", limits: Limits | None = None, batch: str | None = ""
) -> Any:
    out = shop.root / "out.xlsx"
    sealed = f"{shop.feed.id}/{PERIOD}/r{book.revision}" if book and batch == "" else None
    subject = Subject(period=PERIOD, book=book, batch=sealed)
    write(subject, Words(lang=lang, feed=shop.feed), out, limits or Limits())
    assert sorted(path.name for path in shop.root.glob("*out*")) == ["out.xlsx"]
    return openpyxl.load_workbook(out)


def texts(sheet: Worksheet) -> list[list[Any]]:
    return [[cell.value for cell in cells] for cells in sheet.iter_rows()]


def filled(sheet: Worksheet) -> list[list[Any]]:
    """Without the empty cells at the end of each line."""
    rows = []
    for line in texts(sheet):
        while line and line[-1] is None:
            line.pop()
        rows.append(line)
    return rows


def test_the_first_sheet_has_a_line_for_each_row_with_its_failing_cells_masked(shop: Shop, second: Book) -> None:
    book = opened(shop, second)
    assert book.sheetnames == ["问题数据", "汇总", "上版整改情况"]
    lines = filled(book["问题数据"])
    assert lines[0] == [HEADER]
    assert lines[1][0].startswith("着色单元格为不合格的栏目,其中的值已遮蔽")
    assert lines[2] == ["前 10000 个着色单元格以批注说明原因;所有原因都在“原因”一栏。"]
    assert lines[3:] == [
        ["源位置", "身份证号", "姓名", "金额", "备注", "原因", "代码", "与上版比较"],
        [2, "430482********7046", None, None, None,
         f"身份证号:{DIGIT_ZH};姓名:{NAME_ZH}", f"{DIGIT};{NAME}", "新出现"],
        [3, None, None, "*1+1", None, f"金额:{AMOUNT_ZH}", AMOUNT, "上版已有(源位置 2)"],
        [4, None, None, None, None, TORN_ZH, TORN, "新出现"],
    ]  # fmt: skip


def test_failing_cells_are_coloured_and_say_why_and_no_other_is(shop: Shop, second: Book) -> None:
    sheet = opened(shop, second)["问题数据"]
    red, said = {}, {}
    for cells in sheet.iter_rows(min_row=5):
        for cell in cells:
            if cell.fill.fgColor.rgb == "FFFFC7CE":
                red[cell.coordinate] = cell.value
            if cell.comment:
                said[cell.coordinate] = cell.comment.text
    assert red == {"B5": "430482********7046", "C5": None, "D6": "*1+1", "A7": 4}
    assert said == {
        "B5": f"{DIGIT_ZH} [{DIGIT}]", "C5": f"{NAME_ZH} [{NAME}]", "D6": f"{AMOUNT_ZH} [{AMOUNT}]",
        "A7": f"{TORN_ZH} [{TORN}]",
    }  # fmt: skip
    assert {cell.comment.author for cells in sheet.iter_rows() for cell in cells if cell.comment} == {"yizhan"}


def test_the_summary_counts_by_code_and_by_field_and_says_what_to_do(shop: Shop, second: Book) -> None:
    lines = filled(opened(shop, second)["汇总"])
    assert lines[:2] == [[HEADER], ["问题数据 3 行,原因 4 条"]]
    assert lines[3] == ["2. 改正后重新归集:yizhan run civil.relief --period 2026-10 --reason 更正理由 --by 责任人"]
    assert lines[5:] == [
        [],
        ["按原因代码"],
        ["代码", "条数", "原因及处理办法"],
        [NAME, 1, NAME_ZH], [TORN, 1, TORN_ZH], [AMOUNT, 1, AMOUNT_ZH], [DIGIT, 1, DIGIT_ZH],
        [],
        ["按字段"],
        ["名称", "条数", "代码及条数", "字段"],
        ["身份证号", 1, f"{DIGIT} × 1", "id_number"],
        ["姓名", 1, f"{NAME} × 1", "name"],
        ["金额", 1, f"{AMOUNT} × 1", "amount"],
        ["(整行)", 1, f"{TORN} × 1"],
    ]  # fmt: skip


def test_the_third_sheet_says_of_every_earlier_row_what_became_of_it(shop: Shop, second: Book) -> None:
    lines = filled(opened(shop, second)["上版整改情况"])
    assert lines[:2] == [[HEADER], ["上版 r1 共 3 行问题数据:已整改 1,仍有问题 1,已不在源中 1"]]
    why = f"金额:{AMOUNT_ZH}"
    assert lines[3:] == [
        ["上版源位置", "整改情况", "现源位置", "认定依据", "原因", "代码"],
        [1, "已整改", None, "主键", why, AMOUNT],
        [2, "仍有问题", 3, "主键", why, AMOUNT],
        [3, "已不在源中", None, "主键", why, AMOUNT],
    ]


def test_in_english_all_of_it_is_english(shop: Shop, second: Book) -> None:
    book = opened(shop, second, "en")
    assert book.sheetnames == ["Problem rows", "Summary", "Revision before"]
    rows, summary, past = (filled(sheet) for sheet in book)
    assert rows[0] == [
        "civil.relief  临时救助  2026-10  revision 2  batch civil.relief/2026-10/r2  read 2026-11-22T10:30:00+08:00"
    ]
    assert rows[3] == [
        "position", "id_number", "name", "amount", "remark", "reason", "code", "since the revision before",
    ]  # fmt: skip
    assert rows[5][5:] == [
        "amount: not a number: write it like 1234.50", AMOUNT, "was there before (position 2)",
    ]  # fmt: skip
    assert past[1] == ["of the 3 problem rows of r1 before: 1 cured, 1 still a problem, 1 no longer in the source"]
    assert [line[1:4] for line in past[-3:]] == [
        ["cured", None, "key"], ["still a problem", 3, "key"], ["no longer in the source", None, "key"],
    ]  # fmt: skip
    title = "临时救助"
    for line in (cell for sheet in (rows, summary, past) for cells in sheet for cell in cells if cell):
        assert str(line).replace(title, "").replace("×", "x").isascii(), line


def test_an_increment_says_that_gone_means_not_read(tmp_path: Path) -> None:
    for mode, words in ((Mode.INCREMENT, 1), (Mode.SNAPSHOT, 0)):
        shop = Shop(root=tmp_path / mode, feed=feed(mode=mode))
        shop.root.mkdir()
        told = filled(opened(shop, shop.book(1, FIRST))["上版整改情况"])
        assert sum("本事项为增量" in str(line) for line in told) == words


def test_a_first_revision_and_a_period_without_a_book_say_so(shop: Shop) -> None:
    book = opened(shop, shop.book(1, FIRST))
    assert [line[7:] for line in filled(book["问题数据"])[4:]] == [[]] * 3
    assert filled(book["上版整改情况"])[1] == ["没有可比较的上一版。"]
    nothing = opened(shop, None)
    assert filled(nothing["问题数据"])[0] == ["civil.relief  临时救助  2026-10"]
    assert filled(nothing["问题数据"])[4:] == [["没有问题数据"]]
    assert filled(nothing["汇总"])[1] == ["问题数据 0 行,原因 0 条"]


def test_a_reading_that_was_not_sealed_is_not_called_a_batch(shop: Shop) -> None:
    said = filled(opened(shop, shop.book(1, FIRST), batch=None)["问题数据"])[0][0]
    assert "  未封装(读取后未发出)  " in said
    assert "批次" not in said


@pytest.mark.parametrize("place", ["=1+1", "+1", "-1", "@SUM(A1)", "http://x/", "007", "第3页 第5行", "1" * 16])
def test_no_cell_is_ever_a_formula_a_link_or_a_number_that_loses_digits(shop: Shop, place: str) -> None:
    bad = row(0, amount="=+-@1", remark="-2 \x00", name="=\ufffd")
    sheet = opened(shop, shop.book(1, [bad], places=[place]))["问题数据"]
    cells: list[Cell] = list(sheet[5])
    assert cells[0].value == place
    assert (cells[2].value, cells[3].value) == ("=*", "*+-*1")
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}
    assert {cell.number_format for cell in cells[2:5]} == {"@"}
    assert [cell.hyperlink for cell in cells if cell.hyperlink] == []
    assert [cell.quotePrefix for cell in cells[2:4]] == [True, True]


def test_two_fields_of_one_title_are_told_apart(tmp_path: Path) -> None:
    fields = (*Shop(root=tmp_path).feed.fields[:3], replace(Shop(root=tmp_path).feed.fields[3], title="金额"))
    shop = Shop(root=tmp_path, feed=feed(fields=fields))
    assert filled(opened(shop, shop.book(1, FIRST))["问题数据"])[3][3:5] == ["金额(amount)", "金额(remark)"]


def test_a_field_that_the_catalogue_no_longer_has_keeps_its_reasons(shop: Shop) -> None:
    book = shop.book(1, [row(0, amount="x")])
    later = Shop(root=shop.root, feed=feed(fields=shop.feed.fields[:2]))
    sheets = opened(later, book)
    assert filled(sheets["问题数据"])[4] == [1, None, None, f"amount:{AMOUNT_ZH}", AMOUNT]
    assert filled(sheets["汇总"])[-1] == ["amount", 1, f"{AMOUNT} × 1", "amount"]


def test_a_full_sheet_is_followed_by_another_and_nothing_is_lost(shop: Shop) -> None:
    bad = [row(person, amount="x") for person in range(5)]
    shop.book(1, bad)
    book = opened(shop, shop.book(2, bad), limits=Limits(rows=6))
    assert book.sheetnames == [
        "问题数据", "汇总", "上版整改情况", "问题数据 (2)", "问题数据 (3)", "上版整改情况 (2)", "上版整改情况 (3)",
    ]  # fmt: skip
    for name in ("问题数据", "上版整改情况"):
        sheets = [book[name], book[f"{name} (2)"], book[f"{name} (3)"]]
        assert [line[0] for sheet in sheets for line in filled(sheet)[4:]] == [1, 2, 3, 4, 5]
        assert [filled(sheet)[:4] for sheet in sheets] == [filled(sheets[0])[:4]] * 3
        assert [sheet.max_row for sheet in sheets] == [6, 6, 5]
    assert filled(book["汇总"])[1] == ["问题数据 5 行,原因 5 条"]


def test_no_more_comments_than_a_spreadsheet_can_bear_and_the_sheet_says_so(shop: Shop) -> None:
    bad = [row(person, amount="x", name="") for person in range(3)]
    sheet = opened(shop, shop.book(1, bad), limits=Limits(comments=4))["问题数据"]
    said = [cell.coordinate for cells in sheet.iter_rows() for cell in cells if cell.comment]
    assert said == ["C5", "D5", "C6", "D6"]
    assert filled(sheet)[2][0].startswith("前 4 个着色单元格")
    assert [line[-2] for line in filled(sheet)[4:]] == [f"姓名:{NAME_ZH};金额:{AMOUNT_ZH}"] * 3


def test_the_parts_of_the_file_hold_no_value_in_clear(shop: Shop, second: Book) -> None:
    opened(shop, second)
    with zipfile.ZipFile(shop.root / "out.xlsx") as parts:
        contents = {name: parts.read(name).decode() for name in parts.namelist()}
    assert {"xl/comments1.xml", "xl/worksheets/sheet1.xml", "xl/worksheets/sheet3.xml"} <= set(contents)
    for value in (*PEOPLE, ID, "王芳"):
        assert [name for name, content in contents.items() if value in content] == []


def test_a_workbook_that_cannot_be_written_leaves_what_was_there(shop: Shop, second: Book) -> None:
    with pytest.raises(OutputRefused):
        write(
            Subject(period=PERIOD, book=second, batch=None),
            Words(lang="zh", feed=shop.feed),
            shop.root / "no" / "o.xlsx",
        )
    out = shop.root / "out.xlsx"
    out.write_bytes(b"the one before")
    second.path.write_text(second.path.read_text() + "torn")
    with pytest.raises(ProblemBookDamaged):
        write(Subject(period=PERIOD, book=second, batch=None), Words(lang="zh", feed=shop.feed), out)
    assert out.read_bytes() == b"the one before"
    assert sorted(path.name for path in shop.root.iterdir()) == ["out.xlsx", "problems", "problems.secret"]
