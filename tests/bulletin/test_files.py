"""The files: what people open. Nothing in them is ever taken for a formula or for markup."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from gateway.bulletin import Bulletin, Column, Standing, Words, differences, render, write
from gateway.errors import OutputRefused
from tests.bulletin.county import DAY, DEPARTMENTS, NOW, approval, owed, preview, worded

EVIL = '=HYPERLINK("http://x","财政局")'
WORSE = "@SUM(1+1)*cmd|' /C calc'!A0"
HTML = "<script>alert(1)</script>&"
OWED = (
    owed("finance", Standing.ON_TIME, sent=1_234_567, returned=64, held=1_234_503),
    owed("finance", Standing.LATE, delay=DAY),
    owed("civil", Standing.EXEMPT, approvals=(approval("+免〔2026〕1号"),)),
    owed("police", Standing.MISSING, delay=10 * DAY, held=-5),
)


def issued(**changes: object) -> Bulletin:
    return replace(preview(*OWED), number=1, by="p101", **changes)


def named(*titles: str) -> tuple:
    return tuple(replace(one, title=title) for one, title in zip(DEPARTMENTS, titles, strict=True))


def corrected(titles: tuple[str, ...] = ("财政局", "民政局", "公安局", "国土资源局"), lang: str = "zh") -> Words:
    after = preview(*OWED[:3], owed("police", Standing.LATE, delay=12 * DAY, sent=9, held=9))
    bulletin = replace(after, number=2, by="p101", reason="=1+1 补报", at=NOW + 3 * DAY)
    changes = differences(issued().entries, bulletin.entries)
    return worded(bulletin, lang, departments=named(*titles), changes=changes)


def rows_of_csv(words: Words) -> list[list[str]]:
    data = render(words, ".csv")
    assert data.startswith(b"\xef\xbb\xbf") and b"\r\n" in data
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def book(words: Words) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(render(words, ".xlsx")))


@pytest.mark.parametrize("evil", [EVIL, WORSE, "-2+3", "+1", "\t=1", "\r=1", "＝1+1"])
def test_no_text_in_a_csv_begins_like_a_formula(evil: str) -> None:
    words = worded(issued(), departments=named(evil, "民政局", "公安局", "国土资源局"))
    rows = rows_of_csv(words)
    titles = {row[3 + list(Column).index(Column.DEPARTMENT)] for row in rows[1:]}
    assert f"'{evil}" in titles and evil not in titles
    numbers = re.compile(r"-?[0-9]+(\.[0-9]+)?%?")
    for cell in (cell for row in rows for cell in row):
        assert not cell.startswith(("=", "+", "@", "\t", "\r", "＝")), cell
        assert not cell.startswith("-") or numbers.fullmatch(cell), cell


@pytest.mark.parametrize("evil", [EVIL, WORSE, "-2+3", "+1", "=1"])
def test_a_workbook_holds_such_text_as_text_for_every_reader(evil: str) -> None:
    words = corrected((evil, "民政局", "@公安局", "国土资源局"))
    data = render(words, ".xlsx")
    opened = openpyxl.load_workbook(io.BytesIO(data))
    cells = [cell for sheet in opened for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n"}
    found = [cell for cell in cells if cell.value == evil]
    assert found and all(cell.data_type == "s" and cell.quotePrefix for cell in found)
    assert all(cell.hyperlink is None for cell in cells)
    for name in opened.sheetnames:
        read = [
            value
            for row in CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_name(name).to_python()
            for value in row
        ]
        assert sum(value == evil for value in read) == sum(c.value == evil for c in cells if c.parent.title == name)
    formulas = CalamineWorkbook.from_filelike(io.BytesIO(data))
    assert formulas.sheet_names == ["通报", "更正明细"]


def test_a_page_shows_markup_as_text_and_fetches_nothing() -> None:
    words = corrected((HTML, "民政局", EVIL, "国土资源局"))
    text = render(words, ".html").decode()
    assert "<script" not in text and "&lt;script&gt;alert(1)&lt;/script&gt;&amp;" in text
    assert not re.search(r"(src|href|url)\s*[=(]", text)
    seen: list[str] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: seen.append(tag)
    parser.feed(text)
    assert set(seen) <= {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "table", "thead", "tbody",
                         "tfoot", "tr", "th", "td"}  # fmt: skip


def test_a_workbook_reads_like_a_bulletin() -> None:
    sheet = book(worded(issued()))["通报"]
    assert sheet["A1"].value == "2026年10月数据归集报送情况通报"
    assert sheet["A2"].value == ("发布单位:常宁市政务数据中心  期号:2026年第10期  发布日期:2026年12月5日  更正号:—")
    texts = [row[0].value for row in sheet.iter_rows(min_row=3, max_row=8) if row[0].value]
    assert texts[0] == ("2026年10月,2个单位应报数据3期,按时1期,迟报1期,未报1期,按时率33.33%,迟报率33.33%。")
    assert texts[1] == (
        "各单位报送1,234,567条,入库1,234,498条,退回64条,合规率99.99%;更正0次,催报0次,免报1期,延期0期,零报送0期。"
    )
    assert texts[2:5] == [
        "需重点关注(无一按时):公安局。",
        "无应报任务的单位:民政局、国土资源局。",
        "排名",
    ]
    assert sheet.freeze_panes == "C8" and sheet.print_title_rows == "$7:$7"
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert sheet.print_area == f"'通报'!$A$1:$P${sheet.max_row}"
    assert sheet.column_dimensions["B"].width > 20
    heads = [cell.value for cell in sheet[7]]
    assert heads == [
        "排名", "单位", "应报(期)", "按时", "迟报", "未报", "按时率", "报送(条)", "入库(条)", "退回(条)", "合规率",
        "更正(次)", "催报(次)", "平均延迟(天)", "较上期(百分点)", "备注",
    ]  # fmt: skip
    finance = [cell.value for cell in sheet[8]]
    assert finance[:14] == [1, "财政局", 2, 1, 1, 0, 0.5, 1_234_567, 1_234_503, 64, 0.9999, 0, 0, 1]
    idle = [cell.value for cell in sheet[10]]
    assert idle[:3] == ["—", "民政局", 0] and idle[6] == "无应报任务"
    assert idle[15] == "免报1期;批准文号:免报 +免〔2026〕1号"


def test_a_correction_notice_says_its_number_its_reason_and_what_changed_from_and_to() -> None:
    words = corrected()
    sheets = book(words)
    assert sheets["通报"]["A1"].value == "2026年10月数据归集报送情况通报(更正通报第1号)"
    assert sheets["通报"]["A2"].value.endswith("发布日期:2026年12月8日  更正号:1")
    assert sheets["通报"]["A3"].value.startswith("更正事由:=1+1 补报。")
    changes = [tuple(cell.value for cell in row) for row in sheets["更正明细"].iter_rows()]
    assert changes == [
        ("单位", "项目", "原", "现"),
        ("公安局", "迟报", "0", "1"),
        ("公安局", "未报", "1", "0"),
        ("公安局", "报送(条)", "0", "9"),
        ("公安局", "入库(条)", "-5", "9"),
        ("公安局", "合规率", "—", "100.00%"),
        ("公安局", "平均延迟(天)", "10.0", "12.0"),
    ]
    text = render(words, ".html").decode()
    assert "<td>公安局</td><td>平均延迟(天)</td><td>10.0</td><td>12.0</td>" in text
    assert rows_of_csv(words)[1][:3] == ["2026-10", "更正通报第1号", "2026-12-08"]


def test_a_preview_says_that_it_is_one_in_every_file() -> None:
    words = worded(preview(*OWED))
    assert "本表为预览,尚未发布" in render(words, ".html").decode()
    assert book(words)["通报"]["A1"].value.endswith("通报(预览)")
    assert {row[1] for row in rows_of_csv(words)[1:]} == {"预览"}


def test_a_page_prints_on_a4_with_its_headings_on_every_sheet() -> None:
    text = render(worded(issued()), ".html").decode()
    assert "@page { size: A4 landscape;" in text and "thead { display: table-header-group; }" in text
    assert '<html lang="zh-CN">' in text and '<meta charset="utf-8">' in text


def test_english_has_no_chinese_but_the_names_of_things() -> None:
    words = worded(issued(), "en", departments=named("a", "b", "c", "d"))
    chinese = re.compile(r"[\u4e00-\u9fff]+")
    names = {"常宁市政务数据中心", "免"}
    assert set(chinese.findall(re.sub(r"font: [^;]*;", "", render(words, ".html").decode()))) <= {*names, "号"}
    rows = rows_of_csv(words)
    assert rows[0][:5] == ["period", "kind", "date", "rank", "department"]
    assert [row[9] for row in rows[1:]] == ["50.00%", "0.00%", "nothing due", "nothing due"]
    assert set(chinese.findall("".join(map("".join, rows)))) <= {*names, "号"}


@pytest.mark.parametrize("ending", [".csv", ".html", ".xlsx"])
def test_the_same_bulletin_gives_the_same_bytes(tmp_path: Path, ending: str) -> None:
    write(corrected(), tmp_path / f"a{ending}")
    write(corrected(), tmp_path / f"a{ending}")
    assert (tmp_path / f"a{ending}").read_bytes() == render(corrected(), ending)
    assert [path.name for path in tmp_path.iterdir()] == [f"a{ending}"]


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "a.pdf", tmp_path / "none" / "a.csv", tmp_path / "a"):
        with pytest.raises(OutputRefused):
            write(corrected(), path)
    assert list(tmp_path.iterdir()) == []


def test_counts_are_grouped_where_people_read_them_and_numbers_where_programs_do() -> None:
    words, place = worded(issued()), list(Column).index(Column.SENT)
    assert next(words.lines())[place].text == "1,234,567"
    assert '<td class="number">1,234,567</td>' in render(words, ".html").decode()
    assert next(row for row in rows_of_csv(words) if row[4] == "财政局")[3 + place] == "1234567"
    cell = next(row for row in book(words)["通报"].iter_rows() if row[1].value == "财政局")[place]
    assert (cell.value, cell.number_format, cell.data_type) == (1_234_567, "#,##0", "n")


@pytest.mark.parametrize(
    ("owing", "words"),
    [
        ([owed("finance", Standing.ON_TIME)], "2026-10: 1 department owed 1 period; on time 1,"),
        ([owed("finance", Standing.ON_TIME)] * 2, "2026-10: 1 department owed 2 periods; on time 2,"),
        ([owed(name, Standing.ON_TIME) for name in ("finance", "civil")], "2026-10: 2 departments owed 2 periods;"),
    ],
)
def test_one_is_one_in_english(owing: list, words: str) -> None:
    assert any(text.startswith(words) for text in worded(preview(*owing), "en").paragraphs())
