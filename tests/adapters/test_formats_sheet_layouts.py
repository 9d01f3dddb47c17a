"""Tables as departments draw them: headings of two levels, 单位:万元, 合计, signatures; nothing left out in silence."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from adapters.contract import Declared, Fault
from adapters.formats.sheet.config import Sheet
from gateway.records.types import Column, FieldType, Unit
from tests.adapters.held import Found, asking, found
from tests.adapters.sheets import held, layout, patched, refused, rows_of, typed, xls, xlsx

WAN = Unit.WAN_YUAN
T = FieldType


def request(unit: Unit | None = None, **kinds: tuple[str, FieldType]) -> Any:
    """Columns by name: what the sheet calls them, and their type."""
    columns = tuple(
        Column(name=name, source=source, type=kind, unit=unit if kind is T.MONEY else None)
        for name, (source, kind) in kinds.items()
    )
    return asking(columns=columns)


# 低保 monthly statistic form: two levels of heading, merged both ways; the unit line above; signatures below.
DIBAO = [
    ["2023年1月城乡居民最低生活保障情况统计表"],
    ["填报单位:某县民政局", None, None, None, None, None, None, "单位:户、人、万元"],
    ["序号", "乡镇", "户数", None, "人数", None, "低保金", None],
    [None, None, "城市", "农村", "城市", "农村", "城市", "农村"],
    [1, "宜阳街道", 210, 35, 305, 61, 18.345678, 1.92],
    [2, "荫田镇", 12, 480, 17, 903, 0.95, 30.000001],
    ["合计", None, 222, 515, 322, 964, 19.295678, 31.920001],
    ["领导签批人:", None, "分管审核人:", None, "填表人:", None, "填表日期:2023年2月3日"],
]
DIBAO_MERGED = ["A1:H1", "A3:A4", "B3:B4", "C3:D3", "E3:F3", "G3:H3"]
DIBAO_KEYS = {
    "header": {"rows": [3, 4]},
    "unit": {"cell": "H2"},
    "totals": {"row": "last", "mark": "合 计", "sums": {"urban": "G", "rural": "H"}},
    "footer": ["领导签批人", "填表人"],
}
DIBAO_ASKED = {
    "town": ("乡镇", T.TEXT),
    "households": ("户数/农村", T.INTEGER),
    "urban": ("低保金/城市", T.MONEY),
    "rural": ("低保金/农村", T.MONEY),
}


def dibao(rows: list[list[Any]], **keys: Any) -> Found:
    raw = xlsx(rows, merged=DIBAO_MERGED)
    return found(held(raw), layout(**(DIBAO_KEYS | keys)), request(WAN, **DIBAO_ASKED))


def test_the_monthly_form_of_minimum_allowances_is_read_to_the_fen() -> None:
    seen = dibao(DIBAO)
    assert seen.rows == {"5": ("宜阳街道", "35", "18.345678", "1.92"), "6": ("荫田镇", "480", "0.95", "30.000001")}
    assert seen.declared == Declared(sums=(("rural", 31_920_001), ("urban", 19_295_678)))
    assert seen.faults == {}


def test_the_same_form_in_xls_is_read_alike() -> None:
    def merge(sheet: Any) -> None:
        for top, bottom, left, right in (
            (0, 0, 0, 7),
            (2, 3, 0, 0),
            (2, 3, 1, 1),
            (2, 2, 2, 3),
            (2, 2, 4, 5),
            (2, 2, 6, 7),
        ):
            sheet.merge(top, bottom, left, right)

    seen = found(held(xls(DIBAO, adjust=merge)), layout(**DIBAO_KEYS), request(WAN, **DIBAO_ASKED))
    assert seen == dibao(DIBAO)


def test_the_allocation_table_of_a_city_states_its_sum_last() -> None:
    rows = [
        ["益阳市2017年财政专项扶贫资金分配表"],
        [None, None, "单位:万元"],
        ["序号", "县(市、区)", "金额"],
        *(
            [n + 1, name, sum_]
            for n, (name, sum_) in enumerate([("资阳区", 356.5), ("赫山区", 412), ("安化县", 2890.12)])
        ),
        ["合    计", None, 3658.62],
    ]
    keys = {"header": {"rows": [3]}, "unit": {"cell": "C2"}, "totals": {"sums": {"sum": "C"}}}
    asked = request(WAN, place=("县(市、区)", T.TEXT), sum=("金额", T.MONEY))
    seen = found(held(xlsx(rows, merged=["A1:C1", "A7:B7"])), layout(**keys), asked)
    assert list(seen.rows.values()) == [("资阳区", "356.5"), ("赫山区", "412"), ("安化县", "2890.12")]
    assert seen.declared == Declared(rows=None, sums=(("sum", 3_658_620_000),))


def test_the_published_accounts_of_a_village_are_read_by_their_letters() -> None:
    rows = [
        ["村财务公开榜"],
        ["序号", "开支项目", "金额(元)", None, "资金来源", "使用部门", "负责人", "审核意见"],
        [None, None, "小写", "大写", None, None, None, None],
        [1, "路灯维修", 1280.5, "壹仟贰佰捌拾元伍角", "村集体", "村委会", "甲某", "同意"],
        [2, "清淤", "2,000.00", "贰仟元整", "上级拨款", "村委会", "乙某", "同意"],
        ["注:公示期七日"],
    ]
    keys: dict[str, Any] = {"header": None, "first": 4, "footer": ["注"]}
    keys["columns"] = {"no": "A", "item": "B", "sum": "C", "capitals": "D"}
    asked = request(no=("", T.CODE), item=("", T.TEXT), sum=("", T.MONEY), capitals=("", T.TEXT))
    assert rows_of(xlsx(rows), layout(**keys), asked) == {
        "4": ("1", "路灯维修", "1280.5", "壹仟贰佰捌拾元伍角"),
        "5": ("2", "清淤", "2,000.00", "贰仟元整"),
    }


@pytest.mark.parametrize("word", ["合计", "小 计", "总计", "合　计:", "本页小计"])
@pytest.mark.parametrize("place", [0, 1])
def test_a_total_among_the_records_is_a_problem_row_and_never_a_person(word: str, place: int) -> None:
    total = [None, None, 222, 515, 322, 964, 1, 2]
    total[place] = word
    seen = dibao([*DIBAO[:5], total, *DIBAO[5:]])
    assert (seen.faults, list(seen.rows)) == ({"6": Fault.SUMMARY}, ["5", "7"])


@pytest.mark.parametrize("unit", ["单位:元", "单位：元", "(单位:人、元)", "单位:万元、元", "单位:户、人", ""])
def test_another_unit_or_none_is_refused_and_never_rescaled(unit: str) -> None:
    rows = [DIBAO[0], [*DIBAO[1][:7], unit], *DIBAO[2:]]
    assert ":H2:" in refused(xlsx(rows, merged=DIBAO_MERGED), layout(**DIBAO_KEYS), request(WAN, **DIBAO_ASKED))


def test_a_unit_line_that_nobody_declared_still_has_to_agree() -> None:
    raw = xlsx([["单位:万元"], ["金额"], [1]])
    assert "单位与登记的不符" in refused(raw, layout(header={"rows": [2]}), typed(金额=T.MONEY))
    assert rows_of(raw, layout(header={"rows": [2]}), typed(unit=WAN, 金额=T.MONEY)) == {"3": ("1",)}


def test_a_unit_in_the_columns_own_title_has_to_agree() -> None:
    asked = request(sum=("金额(万元)", T.MONEY))
    assert "单位与登记的不符" in refused(xlsx([["金额(万元)"], [1]]), layout(), asked)


@pytest.mark.parametrize("broken", ["甲", None, "1,000", 1.0000001])
def test_a_total_that_is_no_exact_number_is_refused(broken: Any) -> None:
    rows = [*DIBAO[:6], [*DIBAO[6][:6], broken, 31.920001], DIBAO[7]]
    said = refused(xlsx(rows, merged=DIBAO_MERGED), layout(**DIBAO_KEYS), request(WAN, **DIBAO_ASKED))
    assert "合计行G列" in said


def test_a_total_that_is_a_formula_never_calculated_is_refused() -> None:
    rows = [*DIBAO[:6], [*DIBAO[6][:6], "=SUM(G5:G6)", 31.920001], DIBAO[7]]
    said = refused(xlsx(rows, merged=DIBAO_MERGED), layout(**DIBAO_KEYS), request(WAN, **DIBAO_ASKED))
    assert "尚未计算的公式" in said


@pytest.mark.parametrize("without", [[*DIBAO[:6], DIBAO[7]], DIBAO[:4]], ids=["no total", "no rows"])
def test_a_table_that_does_not_end_with_its_declared_total_is_refused(without: list[list[Any]]) -> None:
    said = refused(xlsx(without, merged=DIBAO_MERGED), layout(**DIBAO_KEYS), request(WAN, **DIBAO_ASKED))
    assert "末行不是合 计行" in said


def test_whatever_stands_under_the_signatures_is_refused_and_never_left_out() -> None:
    rows = [*DIBAO, [], [3, "遗漏镇", 1, 1, 1, 1, 1, 1]]
    said = refused(xlsx(rows, merged=DIBAO_MERGED), layout(**DIBAO_KEYS), request(WAN, **DIBAO_ASKED))
    assert ":10:表格结束之后还有内容" in said


def test_a_blank_row_is_passed_over_or_ends_the_table_as_declared() -> None:
    raw = xlsx([["v"], ["甲"], [None], ["  "], ["乙"]])
    assert rows_of(raw, layout(), typed(v=T.TEXT)) == {"2": ("甲",), "5": ("乙",)}
    assert ":5:表格结束之后还有内容" in refused(raw, layout(blank="end"), typed(v=T.TEXT))
    ended = xlsx([["v"], ["甲"], [None], ["填表人:某某"]])
    assert rows_of(ended, layout(blank="end", footer=["填表人"]), typed(v=T.TEXT)) == {"2": ("甲",)}


def test_a_merged_area_among_the_records_is_a_problem_row_unless_it_is_declared_to_fill() -> None:
    raw = xlsx([["乡镇", "姓名"], ["荫田镇", "甲"], [None, "乙"], ["板桥镇", "丙"]], merged=["A2:A3"])
    asked = typed(乡镇=T.TEXT, 姓名=T.PERSON_NAME)
    seen = found(held(raw), layout(), asked)
    assert (seen.faults, list(seen.rows)) == ({"3": Fault.LAYOUT}, ["2", "4"])
    assert rows_of(raw, layout(merged="fill"), asked)["3"] == ("荫田镇", "乙")


def test_a_filled_area_may_reach_over_the_stretches_in_which_a_sheet_is_read() -> None:
    rows = [["乡镇", "姓名"], ["荫田镇", "0"], *([None, str(n)] for n in range(1, 50))]
    raw = xlsx(rows, merged=["A2:A51"])
    columns = typed(乡镇=T.TEXT, 姓名=T.TEXT).columns
    seen = rows_of(raw, layout(merged="fill"), asking(columns=columns, batch_rows=7))
    assert seen == {str(n + 2): ("荫田镇", str(n)) for n in range(50)}


def test_titles_are_taken_whole_without_their_line_breaks_and_a_similar_one_is_not_taken() -> None:
    raw = xlsx([[" 身份证\n号码 ", "身份证号"], ["1", "2"]])
    assert rows_of(raw, layout(), asking("身份证号码")) == {"2": ("1",)}
    assert "缺少列 身份证" in refused(raw, layout(), asking("身份证"))
    assert "重复出现列 v" in refused(xlsx([["v", "v"], [1, 2]]), layout(), asking("v"))


def test_a_sheet_is_found_by_its_name_or_its_number_and_never_guessed() -> None:
    raw = patched(xlsx([["v"], ["甲"]]), "xl/workbook.xml", 'name="Sheet"', 'name="10月"')
    assert rows_of(raw, layout(sheet="10月"), asking("v")) == rows_of(raw, layout(sheet=1), asking("v"))
    assert "没有这张表" in refused(raw, layout(sheet="11月"), asking("v"))
    assert "没有这张表" in refused(raw, layout(sheet=2), asking("v"))


def test_a_table_that_begins_away_from_the_corner_keeps_its_own_places() -> None:
    raw = xlsx([[], [], [None, None, "v"], [None, None, "甲"]])
    assert rows_of(raw, layout(header={"rows": [3]}), asking("v")) == {"4": ("甲",)}
    letters = layout(header=None, columns={"c0": "C"}, first=4)
    assert rows_of(raw, letters, asking("v")) == {"4": ("甲",)}


@pytest.mark.parametrize(
    "keys",
    [
        {"header": None},
        {"columns": {"a": "A"}},
        {"header": None, "columns": {"a": "A"}},
        {"first": 1},
        {"header": {"rows": []}},
        {"unit": {"cell": "2H"}},
        {"totals": {"row": 5}},
        {"most": 1 << 30},
    ],
)
def test_a_template_that_contradicts_itself_is_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Sheet.model_validate({"kind": "sheet", "header": {"rows": [1]}} | keys)
