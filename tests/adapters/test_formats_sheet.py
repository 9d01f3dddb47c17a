"""Cells of spreadsheets: the same values, exactly, or a problem row, or a refusal; in xls and xlsx alike."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl
import pytest
import xlsxwriter
import xlwt
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from adapters.contract import Fault
from gateway.records.types import FieldType as T
from tests.adapters.held import asking, found
from tests.adapters.sheets import checked, held, layout, patched, rows_of, saved, typed, xls, xlsx

BOTH = pytest.mark.parametrize("write", [xlsx, xls], ids=["xlsx", "xls"])
Write = Callable[..., bytes]
PLAIN = layout()


def column(write: Write, cells: list[Any], kind: T, **keys: Any) -> list[str | None]:
    """One column of cells read as one type."""
    raw = write([["v", "row"], *([cell, f"r{n}"] for n, cell in enumerate(cells))])
    return [row[0] for row in rows_of(raw, layout(**keys), typed(v=kind, row=T.TEXT)).values()]


@BOTH
def test_twenty_thousand_rows_equal_what_was_written_value_by_value(write: Write) -> None:
    rows = [[f"张{chr(0x4E00 + n % 20000)}", f"{n:018d}", n / 100, date(2026, 10, n % 30 + 1)] for n in range(20_000)]
    raw = write([["姓名", "身份证号", "金额", "日期"], *rows])
    request = asking("姓名", "身份证号", "金额", "日期", batch_rows=3000)
    assert rows_of(raw, PLAIN, request) == {
        str(n + 2): (name, number, f"{money:.2f}".rstrip("0").rstrip("."), day.isoformat())
        for n, (name, number, money, day) in enumerate(rows)
    }


@BOTH
def test_an_identity_number_that_excel_turned_into_a_number_is_a_problem_that_says_so(write: Write) -> None:
    raw = write([["身份证号", "账号"], [430482195001010016, "6222020000000000017"], ["430482195001010016", 6.22202e18]])
    seen = checked(raw, PLAIN, typed(身份证号=T.ID_NUMBER, 账号=T.BANK_ACCOUNT))
    told = [(p.position, p.field, p.code, p.zh.split(",")[0]) for p in seen.problems if p.code == "YZ-3016"]
    assert told == [
        ("2", "身份证号", "YZ-3016", "号码被Excel转为数值"),
        ("3", "账号", "YZ-3016", "号码被Excel转为数值"),
    ]
    assert all("430482195001" not in p.masked and "6222020000" not in p.masked for p in seen.problems)


@BOTH
@pytest.mark.parametrize("kind", [T.CODE, T.ID_NUMBER, T.CREDIT_CODE, T.ORGANIZATION_CODE, T.REGION_CODE, T.PHONE])
def test_no_identifier_of_over_15_digits_passes_the_checks_as_a_number(write: Write, kind: T) -> None:
    raw = write([["v"], [430482195001010016], [1e15], [1e17]])
    assert checked(raw, PLAIN, typed(v=kind)).good.num_rows == 0


@BOTH
def test_in_text_and_amounts_a_number_of_over_15_digits_spoils_its_row(write: Write) -> None:
    raw = write([["备注", "金额"], [430482195001010016, 1], ["", 1e15], ["好", 123456789012345]])
    seen = found(held(raw), PLAIN, typed(备注=T.TEXT, 金额=T.MONEY))
    assert seen.faults == {"2": Fault.CONVERTED, "3": Fault.CONVERTED}
    assert seen.rows == {"4": ("好", "123456789012345")}
    assert [p.code for p in checked(raw, PLAIN, typed(备注=T.TEXT, 金额=T.MONEY)).problems] == ["YZ-3005"] * 2


@BOTH
def test_a_number_of_up_to_15_digits_is_its_exact_digits(write: Write) -> None:
    numbers = [5, 5.0, 0.1, 1234.5, 0.35, 12000.0, 100000000, 1e-06, 0.000005, -0.01, 12345678901.25, 999999999999999]
    assert column(write, numbers, T.DECIMAL) == [
        "5", "5", "0.1", "1234.5", "0.35", "12000", "100000000", "0.000001", "0.000005", "-0.01", "12345678901.25",
        "999999999999999",
    ]  # fmt: skip


def test_a_computed_number_that_excel_shows_rounded_spoils_its_row_and_is_not_rounded() -> None:
    book = xlsxwriter.Workbook(out := io.BytesIO())
    sheet = book.add_worksheet()
    sheet.write(0, 0, "金额")
    sheet.write(1, 0, 0.25)
    book.close()
    raw = patched(out.getvalue(), "xl/worksheets/sheet1.xml", "<v>0.25</v>", "<v>0.30000000000000004</v>")
    assert found(held(raw), PLAIN, typed(金额=T.MONEY)).faults == {"2": Fault.CONVERTED}


def test_percent_and_scientific_display_do_not_change_the_value() -> None:
    def styles(sheet: Any) -> None:
        for place, style in (("A2", "0%"), ("A3", "0.00E+00"), ("A4", "#,##0.00"), ("A5", "@"), ("A6", '0.00"万元"')):
            sheet[place].number_format = style

    raw = xlsx([["v"], [0.35], [12345], [1234.5], [7], [1.5]], adjust=styles)
    assert [row[0] for row in rows_of(raw, PLAIN, typed(v=T.DECIMAL)).values()] == [
        "0.35",
        "12345",
        "1234.5",
        "7",
        "1.5",
    ]


@BOTH
def test_a_code_that_lost_its_zeros_keeps_its_digits_and_the_checks_find_it(write: Write) -> None:
    raw = write([["v"], [30482], ["030482"]])
    assert rows_of(raw, PLAIN, typed(v=T.REGION_CODE)) == {"2": ("30482",), "3": ("030482",)}
    assert [p.code for p in checked(raw, PLAIN, typed(v=T.REGION_CODE)).problems] == ["YZ-3071", "YZ-3071"]


@BOTH
def test_text_stays_text_however_much_it_looks_like_a_number(write: Write) -> None:
    cells = ["1,234.50", "0012345", "12.00", " 7 ", "1e5", "2018.1.1", "—", "NA", "null", "TRUE", "=1+1 是公式", "１２"]
    assert column(write, ["'" + cell if cell.startswith("=") else cell for cell in cells], T.TEXT) == [
        "'" + cell if cell.startswith("=") else cell for cell in cells
    ]
    told = checked(write([["v"], ["1,234.50"], ["—"], ["壹佰元整"]]), PLAIN, typed(v=T.MONEY))
    assert [p.code for p in told.problems] == ["YZ-3022", "YZ-3026", "YZ-3024"]


@BOTH
def test_yes_and_no_are_words_and_spoil_an_identifier(write: Write) -> None:
    raw = write([["v"], [True], [False]])
    assert checked(raw, PLAIN, typed(v=T.BOOLEAN)).good.column(0).to_pylist() == [True, False]
    assert found(held(raw), PLAIN, typed(v=T.CODE)).faults == {"2": Fault.CONVERTED, "3": Fault.CONVERTED}


@BOTH
def test_dates_are_dates_whatever_their_format_shows(write: Write) -> None:
    days = [date(2018, 1, 1), date(2024, 2, 29), date(1949, 10, 1), date(1900, 3, 1)]
    assert column(write, days, T.DATE) == ["2018-01-01", "2024-02-29", "1949-10-01", "1900-03-01"]
    assert column(write, [date(2018, 1, 1), date(2018, 1, 2)], T.MONTH) == ["2018-01", "2018-01-02"]
    assert column(write, [datetime(2018, 1, 1, 8, 30, 15)], T.TIMESTAMP) == ["2018-01-01 08:30:15"]


def test_a_chinese_date_format_is_a_date() -> None:
    def style(sheet: Any) -> None:
        sheet["A2"].number_format = 'yyyy"年"m"月"d"日"'

    assert rows_of(xlsx([["v"], [43101]], adjust=style), PLAIN, typed(v=T.DATE)) == {"2": ("2018-01-01",)}


@pytest.mark.parametrize("epoch", ["1900", "1904"])
def test_a_serial_number_is_a_day_of_the_workbooks_own_calendar_where_declared(epoch: str) -> None:
    book = openpyxl.Workbook()
    for value in ("v", 43101, 1, 59, 60, 61, 20180101, "2018-01-01", 43101.5):
        book.active.append([value])
    book.epoch = CALENDAR_MAC_1904 if epoch == "1904" else book.epoch
    days = [row[0] for row in rows_of(saved(book), layout(serials="days"), typed(v=T.DATE)).values()]
    expected = {
        "1900": ["2018-01-01", "1900-01-01", "1900-02-28", "1900-02-29", "1900-03-01"],
        "1904": ["2022-01-02", "1904-01-02", "1904-02-29", "1904-03-01", "1904-03-02"],
    }
    assert days == [*expected[epoch], "20180101", "2018-01-01", "43101.5"]


@BOTH
def test_a_serial_number_that_is_not_declared_is_a_problem_and_never_a_guessed_day(write: Write) -> None:
    raw = write([["v"], [43101], [20180101]])
    seen = checked(raw, PLAIN, typed(v=T.DATE))
    assert ([p.code for p in seen.problems], seen.good.column(0).to_pylist()) == (["YZ-3037"], [date(2018, 1, 1)])


def test_the_calendar_of_1904_moves_every_formatted_date() -> None:
    book = openpyxl.Workbook()
    book.active.append(["v"])
    book.active.append([43101])
    book.active["A2"].number_format = "yyyy-mm-dd"
    book.epoch = CALENDAR_MAC_1904
    assert rows_of(saved(book), PLAIN, typed(v=T.DATE)) == {"2": ("2022-01-02",)}


def test_the_calendar_of_1904_is_kept_in_xls_too() -> None:
    book = xlwt.Workbook()
    book.dates_1904 = True
    book.add_sheet("a").write(0, 0, "v")
    book.get_sheet(0).write(1, 0, 43101)
    book.save(out := io.BytesIO())
    assert rows_of(out.getvalue(), layout(serials="days"), typed(v=T.DATE)) == {"2": ("2022-01-02",)}


def test_the_day_in_february_1900_that_excel_invented_spoils_its_row() -> None:
    def style(sheet: Any) -> None:
        for place in ("A2", "A3", "A4"):
            sheet[place].number_format = "yyyy-mm-dd"

    seen = found(held(xlsx([["v"], [59], [60], [61]], adjust=style)), PLAIN, typed(v=T.TEXT))
    assert seen.faults == {"2": Fault.CONVERTED, "3": Fault.CONVERTED}
    assert seen.rows == {"4": ("1900-03-01",)}


@BOTH
def test_a_code_that_excel_turned_into_a_date_spoils_its_row(write: Write) -> None:
    raw = write([["v"], [date(2018, 3, 1)], ["3-1"]])
    seen = found(held(raw), PLAIN, typed(v=T.CODE))
    assert (seen.faults, seen.rows) == ({"2": Fault.CONVERTED}, {"3": ("3-1",)})


def test_a_time_of_day_spoils_its_row() -> None:
    seen = found(held(xlsx([["v"], [time(8, 30)], [timedelta(hours=30)]])), PLAIN, typed(v=T.TEXT))
    assert seen.faults == {"2": Fault.CONVERTED, "3": Fault.CONVERTED}


def test_an_error_cell_is_a_problem_row_in_xlsx_and_never_an_empty_value() -> None:
    def errors(sheet: Any) -> None:
        for place, word in (("B3", "#N/A"), ("B5", "#DIV/0!"), ("C4", "#REF!")):
            sheet[place] = word
            sheet[place].data_type = "e"

    raw = xlsx([["姓名", "金额", "别的"], *(["甲", 1, 2] for _ in range(4))], adjust=errors)
    seen = found(held(raw), PLAIN, typed(姓名=T.PERSON_NAME, 金额=T.MONEY))
    assert seen.faults == {"3": Fault.FORMULA, "5": Fault.FORMULA}
    assert seen.rows == {"2": ("甲", "1"), "4": ("甲", "1")}
    told = checked(raw, PLAIN, typed(姓名=T.PERSON_NAME, 金额=T.MONEY))
    assert [(p.position, p.code) for p in told.problems] == [("3", "YZ-3004"), ("5", "YZ-3004")]


def test_an_error_cell_is_a_problem_row_in_xls_and_never_an_empty_value() -> None:
    raw = xls([["v"], [1], [None], [3]], adjust=lambda sheet: sheet.row(2).set_cell_error(0, 0x2A))
    seen = found(held(raw), PLAIN, typed(v=T.TEXT))
    assert (seen.faults, seen.rows) == ({"3": Fault.FORMULA}, {"2": ("1",), "4": ("3",)})


@BOTH
def test_a_formula_that_was_never_calculated_is_a_problem_row_even_in_the_last_row(write: Write) -> None:
    formula = "=1+1" if write is xlsx else xlwt.Formula("1+1")
    raw = write([["v"], [1], [formula]])
    seen = found(held(raw), PLAIN, typed(v=T.MONEY))
    assert (seen.faults, seen.rows) == ({"3": Fault.FORMULA}, {"2": ("1",)})


def test_a_cached_result_counts_only_in_a_workbook_that_does_not_ask_to_be_calculated_again() -> None:
    book = xlsxwriter.Workbook(out := io.BytesIO())
    sheet = book.add_worksheet()
    sheet.write(0, 0, "v")
    for at, (formula, result) in enumerate([("=1+1", 2), ('="甲"', "甲"), ('=""', "Z")]):
        sheet.write_formula(at + 1, 0, formula, None, result)
        sheet.write(at + 1, 1, "x")
    book.close()
    asked = found(held(out.getvalue()), PLAIN, typed(v=T.TEXT))
    assert asked.faults == {"2": Fault.FORMULA, "3": Fault.FORMULA, "4": Fault.FORMULA}
    calculated = patched(out.getvalue(), "xl/workbook.xml", ' fullCalcOnLoad="1"', "")
    calculated = patched(calculated, "xl/worksheets/sheet1.xml", "<v>Z</v>", "<v></v>")
    assert rows_of(calculated, PLAIN, typed(v=T.TEXT)) == {"2": ("2",), "3": ("甲",), "4": (None,)}


@pytest.mark.parametrize("shared", [False, True])
def test_rich_inline_and_shared_text_are_the_same_text(shared: bool) -> None:
    book = xlsxwriter.Workbook(out := io.BytesIO(), {"constant_memory": not shared})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["v"])
    sheet.write_rich_string(1, 0, book.add_format({"bold": True}), "欧阳", "娜娜 ")
    sheet.write_string(2, 0, "  两端空格  ")
    sheet.write_string(3, 0, "换\n行")
    book.close()
    assert [row[0] for row in rows_of(out.getvalue(), PLAIN, typed(v=T.TEXT)).values()] == [
        "欧阳娜娜 ",
        "  两端空格  ",
        "换\n行",
    ]


def test_phonetic_guides_are_no_part_of_a_name() -> None:
    book = xlsxwriter.Workbook(out := io.BytesIO())
    book.add_worksheet().write_column(0, 0, ["v", "张三"])
    book.close()
    guide = '<t>张三</t><rPh sb="0" eb="2"><t>ZHANGSAN</t></rPh>'
    raw = patched(out.getvalue(), "xl/sharedStrings.xml", "<t>张三</t>", guide)
    assert rows_of(raw, PLAIN, typed(v=T.PERSON_NAME)) == {"2": ("张三",)}


def test_hidden_rows_and_columns_are_data() -> None:
    def hide(sheet: Any) -> None:
        sheet.row_dimensions[2].hidden = True
        sheet.column_dimensions["A"].hidden = True

    assert rows_of(xlsx([["v"], ["甲"], ["乙"]], adjust=hide), PLAIN, typed(v=T.TEXT)) == {"2": ("甲",), "3": ("乙",)}
