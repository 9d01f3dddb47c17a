"""`yizhan template`: a workbook that a person fills in, and that the same feed reads back exactly."""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from ruamel.yaml import YAML

from adapters.contract import Declared, Request
from adapters.files.config import FilesConfig
from adapters.formats import records
from adapters.registry import Registry
from gateway.catalogue import Feed, load
from gateway.errors import SourceMalformed
from gateway.records.check import Checked, Checker
from tests.adapters.held import Found, Held, found
from tests.peers.command import Yizhan
from tests.peers.processes import ROOT

FEED = "civil.relief"
SITE = "site: civil\nrole: front-end\nrehearsal: true\ndepartment: civil\ncentres: {changning: {url: https://127.0.0.1:1}}\n"
CATALOGUE = """
feeds:
  - id: civil.relief
    title: 临时救助发放清册
    department: civil
    due: livelihood_funds
    starts: 2026-10
    mode: snapshot
    routes: [changning]
    key: [number]
    amount: amount
    fields:
      - {name: number, title: 序号, type: integer, required: true}
      - {name: name, title: 姓名, type: person_name, required: true, source: xm}
      - {name: id_number, title: 身份证号, type: id_number, required: true, source: sfzh}
      - {name: account, title: 银行账号, type: bank_account}
      - {name: kind, title: 救助类别, type: code, required: true, values: {"01": 支出型, "02": 急难型, "A B": 其他}}
      - {name: region, title: 行政区划, type: region_code}
      - {name: amount, title: 金额, type: money, required: true}
      - {name: paid_on, title: 发放日期, type: date}
      - {name: month, title: 所属月份, type: month}
      - {name: urgent, title: 是否紧急, type: boolean}
      - {name: decided, title: 审批时间, type: timestamp}
      - {name: area, title: 面积, type: decimal, precision: 10, scale: 3}
      - {name: credit, title: 单位代码, type: credit_code}
      - {name: phone, title: 电话, type: phone}
      - {name: remark, title: 备注, type: text}
    source: {adapter: odbc, sql: SELECT 1}
"""
GOOD = [1, "张三", "11010519491231002X", "6222020000000000017", "01 支出型", "430482", 1234.5, date(2026, 10, 8),
        "2026-10", "是", datetime(2026, 10, 8, 9, 30), 1.125, "91110000600037341L", "0734-7212345", "0012"]  # fmt: skip
TYPED = [
    2,
    "欧阳䶮",
    "110105194912310021",
    None,
    "A B 其他",
    None,
    0.01,
    None,
    None,
    None,
    None,
    None,
    None,
    None,
    None,
]
Fill = Callable[..., bytes]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A front-end whose catalogue holds the feed."""
    site = tmp_path_factory.mktemp("template") / "site"
    shutil.copytree(ROOT / "sample" / "catalogue", site / "catalogue")
    (site / "catalogue" / "feeds" / "civil.relief.yaml").write_text(CATALOGUE, encoding="utf-8")
    (site / "site.yaml").write_text(SITE, encoding="utf-8")
    return site


@pytest.fixture(scope="module")
def feed(home: Path) -> Feed:
    return load(home / "catalogue", Registry.installed().configs()).feed(FEED)


@pytest.fixture
def made(home: Path, tmp_path: Path, yizhan: Yizhan) -> tuple[Path, dict[str, Any]]:
    """The workbook, and the source block that the command printed."""
    file = tmp_path / "采集表.xlsx"
    ended = yizhan.run("template", FEED, "--out", file, "--period", "2026-10", "--site", home)
    assert (ended.code, f"已生成 {file}" in ended.err) == (0, True)
    return file, YAML(typ="safe").load(ended.out)["source"]


def filled(file: Path, *rows: list[Any], totals: tuple[Any, Any] | None = None, **cells: Any) -> bytes:
    """As a person does it, with a writer that is not the product's; None is a cell left alone."""
    book = openpyxl.load_workbook(file)
    sheet = book["数据"]
    for number, row in enumerate(rows, 6):
        for column, value in enumerate(row, 2):
            if value is not None:
                sheet.cell(number, column).value = value
    sums = [row[6] for row in rows if not isinstance(row[6], str)]
    sheet["H3"], sheet["Q3"] = totals or (sum(sums), len(rows))
    for place, value in cells.items():
        sheet[place] = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def request(feed: Feed, /, **changes: Any) -> Request:
    given: dict[str, Any] = {
        "feed": feed.id,
        "columns": feed.fields,
        "period": "2026-10",
        "start": date(2026, 10, 1),
        "end": date(2026, 11, 1),
        "deadline": time.monotonic() + 60,
        "max_rows": 1000,
        "max_bytes": 1 << 30,
    }
    return Request(**(given | changes))


def read(raw: bytes, source: dict[str, Any], asked: Request) -> Found:
    config = FilesConfig.model_validate(source | {"root": "/srv"})
    return found(Held(raw=raw, name="采集表.xlsx"), config.format, asked)


def checked(raw: bytes, source: dict[str, Any], feed: Feed) -> Checked:
    config = FilesConfig.model_validate(source | {"root": "/srv"})
    batches = list(records(Held(raw=raw, name="采集表.xlsx"), config.format, request(feed)))
    batch = pa.Table.from_batches(batches).combine_chunks().to_batches()[0]
    return Checker(feed.fields, key=feed.key, salt=bytes(16)).check(batch)


def test_what_a_person_typed_is_read_back_exactly(made: tuple[Path, dict[str, Any]], feed: Feed) -> None:
    seen = read(filled(made[0], GOOD, TYPED), made[1], request(feed))
    assert seen.rows == {
        "6": ("1", "张三", "11010519491231002X", "6222020000000000017", "01", "430482", "1234.5", "2026-10-08",
              "2026-10", "是", "2026-10-08 09:30:00", "1.125", "91110000600037341L", "0734-7212345", "0012"),
        "7": ("2", "欧阳䶮", "110105194912310021", None, "A B", None, "0.01", *[None] * 8),
    }  # fmt: skip
    assert (seen.faults, seen.declared) == ({}, Declared(rows=2, sums=(("amount", 123_451),)))


def test_the_first_row_passes_every_check_and_a_mistyped_identity_number_is_its_problem(
    made: tuple[Path, dict[str, Any]], feed: Feed
) -> None:
    ruined = [3, "李四", 430482195001010016, 6222020000000000017, *GOOD[4:]]
    seen = checked(filled(made[0], GOOD, ruined), made[1], feed)
    assert seen.good.num_rows == 1
    told = [(p.position, p.field, p.code) for p in seen.problems]
    assert told == [("7", "id_number", "YZ-3016"), ("7", "account", "YZ-3016")]
    assert seen.problems[0].zh.startswith("号码被Excel转为数值")


def test_every_identifier_is_text_from_the_start_and_nothing_is_a_formula(made: tuple[Path, dict[str, Any]]) -> None:
    book = openpyxl.load_workbook(made[0])
    sheet = book["数据"]
    formats = {sheet.cell(5, at).value: sheet.column_dimensions[_letter(at)].number_format for at in range(2, 17)}
    text = {"姓名", "身份证号", "银行账号", "救助类别", "行政区划", "所属月份", "是否紧急", "单位代码", "电话", "备注"}
    assert {title for title, style in formats.items() if style == "@"} == text
    assert (formats["金额"], formats["发放日期"]) == ("0.00", "yyyy-mm-dd")
    cells = [cell for one in book for row in one.iter_rows() for cell in row]
    assert [cell.coordinate for cell in cells if cell.data_type == "f"] == []


def test_drop_downs_checks_and_notes_are_there(made: tuple[Path, dict[str, Any]]) -> None:
    book = openpyxl.load_workbook(made[0])
    sheet = book["数据"]
    rules = {str(rule.sqref).split(":")[0]: rule for rule in sheet.data_validations.dataValidation}
    lists = {place: rule.formula1 for place, rule in rules.items() if rule.type == "list"}
    assert lists == {"F6": "'_yizhan'!$D$1:$D$3", "K6": '"是,否"'}
    assert [cell.value for cell in book["_yizhan"]["D"]] == ["01 支出型", "02 急难型", "A B 其他"]
    assert rules["D6"].formula1 == "AND(ISTEXT(D6),LEN(D6)=18)"
    assert rules["H6"].formula1 == "AND(ISNUMBER(H6),ROUND(H6,2)=H6)"
    assert str(rules["D6"].sqref) == "D6:D1048576"
    assert (sheet["C4"].value, sheet["E4"].value) == ("* 必填", "选填")
    assert "18位公民身份号码" in sheet["D5"].comment.text
    assert book["_yizhan"].sheet_state == "veryHidden"
    assert "01 支出型;02 急难型;A B 其他" in [cell.value for cell in book["填表说明"]["D"]]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"B2": "2026-09"}, "数据期应为 2026-10"),
        ({"B2": None}, "数据期应为 2026-10"),
        ({"C2": "单位:万元"}, "单位与登记的不符"),
        ({"H3": None}, "合计行H列不是数字"),
        ({"H3": "=SUM(H6:H7)"}, "尚未计算的公式"),
        ({"Q3": "两条"}, "合计行Q列不是数字"),
        ({"D5": "身份证"}, "缺少列 身份证号"),
    ],
)
def test_a_workbook_that_was_changed_or_left_unfinished_is_refused_with_its_place(
    made: tuple[Path, dict[str, Any]], feed: Feed, change: dict[str, Any], word: str
) -> None:
    with pytest.raises(SourceMalformed) as caught:
        read(filled(made[0], GOOD, **change), made[1], request(feed))
    assert word in caught.value.message("zh")


def test_totals_are_the_departments_own_word_and_not_counted_from_the_rows(
    made: tuple[Path, dict[str, Any]], feed: Feed
) -> None:
    seen = read(filled(made[0], GOOD, totals=(9999.99, 8)), made[1], request(feed))
    assert seen.declared == Declared(rows=8, sums=(("amount", 999_999),))


def test_another_feeds_workbook_and_one_of_older_fields_are_refused(
    made: tuple[Path, dict[str, Any]], feed: Feed
) -> None:
    raw = filled(made[0], GOOD)
    for asked, word in (
        (request(feed, feed="civil.other"), "不是本归集事项的模板"),
        (request(feed, columns=feed.fields[:-1]), "模板已过期"),
    ):
        with pytest.raises(SourceMalformed) as caught:
            read(raw, made[1], asked)
        assert word in caught.value.message("zh")


def test_a_total_row_that_a_person_added_is_a_problem_row(made: tuple[Path, dict[str, Any]], feed: Feed) -> None:
    seen = read(filled(made[0], GOOD, A7="合计", H7=1234.5), made[1], request(feed))
    assert (seen.faults, list(seen.rows)) == ({"7": "summary"}, ["6"])


def test_every_feed_of_the_sample_catalogue_has_a_workbook_that_reads_back_empty(
    home: Path, tmp_path: Path, yizhan: Yizhan
) -> None:
    catalogue = load(home / "catalogue", Registry.installed().configs())
    for number, feed in enumerate(catalogue.feeds):
        file = tmp_path / f"{number}.xlsx"
        ended = yizhan.run("template", feed.id, "--out", file, "--site", home, "--lang", "en")
        assert (ended.code, "is written" in ended.err) == (0, True)
        source = YAML(typ="safe").load(ended.out)["source"]
        book = openpyxl.load_workbook(file)
        sheet = book["数据"]
        sheet["B2"] = "2026-10"
        for cell in sheet[3]:
            if cell.column > 1 and cell.fill.fill_type:
                cell.value = 0
        book.save(file)
        assert read(file.read_bytes(), source, request(feed)).rows == {}


def test_nothing_is_written_over_and_only_an_xlsx_is_written(home: Path, tmp_path: Path, yizhan: Yizhan) -> None:
    there = tmp_path / "a.xlsx"
    there.write_bytes(b"mine")
    for file in (there, tmp_path / "a.xls", tmp_path / "none" / "a.xlsx"):
        ended = yizhan.run("template", FEED, "--out", file, "--site", home)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith("[YZ-1015] ")
    assert there.read_bytes() == b"mine"


def test_an_unknown_feed_or_period_is_refused_before_anything_is_written(
    home: Path, tmp_path: Path, yizhan: Yizhan
) -> None:
    file = tmp_path / "a.xlsx"
    assert yizhan.run("template", "civil.relieve", "--out", file, "--site", home).err.startswith("[YZ-1006] ")
    told = yizhan.run("template", FEED, "--out", file, "--period", "2026-13", "--site", home)
    assert told.err.startswith("[YZ-1007] ")
    told = yizhan.run("template", FEED, "--out", file, "--period", "2026Q3", "--site", home)
    assert told.err.startswith("[YZ-1007] ")  # a period, but none of a monthly feed
    assert not file.exists()


def test_without_its_driver_the_extra_is_named(home: Path, tmp_path: Path, yizhan: Yizhan) -> None:
    import sysconfig

    packages = tmp_path / "packages"
    packages.mkdir()
    for installed in Path(sysconfig.get_path("purelib")).iterdir():
        if not installed.name.lower().startswith("xlsxwriter"):
            (packages / installed.name).symlink_to(installed)
    given = ("template", FEED, "--out", tmp_path / "a.xlsx", "--site", home)
    ended = yizhan.spawn(*given, options=["-S"], PYTHONPATH=f"{ROOT}:{packages}")
    assert ended.code == 2
    assert "[YZ-2006] 适配器 template 缺少组件 xlsxwriter。 请安装:pip install 'yizhan[files]'。" in ended.err


def _letter(column: int) -> str:
    return openpyxl.utils.get_column_letter(column)
