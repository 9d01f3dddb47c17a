"""Text, names, codes and booleans: stored exactly as they came, or refused as damaged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.records.types import FieldType
from tests.records.batches import check_one, column, reasons, values

TEXT = column(FieldType.TEXT)
NAME = column(FieldType.PERSON_NAME)
CODE = column(FieldType.CODE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  两端有空格  ",
        "第一行\r\n第二行\t完",
        "䶮 𠮷 \ue816",  # private-use characters are names in old systems; the file readers decide on them
        "是否到账?",
        "１２３",
        "=1+1",
        "null",
        "a" * 5000,
    ],
)
def test_free_text_is_kept_to_the_character(text: str) -> None:
    assert values(TEXT, text) == [text]


@pytest.mark.parametrize("kind", [FieldType.TEXT, FieldType.PERSON_NAME, FieldType.CODE])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("王\x00芳", ("CONTROL",)),
        ("王\x1a", ("CONTROL",)),
        ("王\x85", ("CONTROL",)),
        ("王\ufffd", ("LOST",)),
        ("锟斤拷锟斤拷", ("LOST",)),
        ("烫烫烫烫", ("LOST",)),
        ("\x07锟斤拷", ("CONTROL", "LOST")),
    ],
)
def test_damage_is_refused_in_every_kind_of_text(kind: FieldType, text: str, expected: tuple[str, ...]) -> None:
    assert reasons(column(kind), text) == expected


def test_text_of_question_marks_alone_is_lost() -> None:
    assert reasons(TEXT, "????") == ("LOST",)


@pytest.mark.parametrize("text", ["王芳", "王　芳", "阿依古丽·买买提", "欧阳娜娜", "䶮", "计合", "John Smith"])
def test_names_as_people_bear_them_pass_unchanged(text: str) -> None:
    assert values(NAME, text) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("王?", ("LOST",)),
        ("王□", ("LOST",)),
        ("王\n芳", ("INVISIBLE",)),
        ("王\u200b芳", ("INVISIBLE",)),
        ("?\u200b", ("LOST", "INVISIBLE")),
        ("合计", ("SUMMARY_ROW",)),
        ("合　 计", ("SUMMARY_ROW",)),
        ("本页小计:", ("SUMMARY_ROW",)),
    ],
)
def test_names_that_lost_something_or_are_a_total_line_are_refused(text: str, expected: tuple[str, ...]) -> None:
    assert reasons(NAME, text) == expected


def test_codes_keep_leading_zeros_and_are_not_trimmed() -> None:
    assert values(CODE, "0012345", "湘财农〔2026〕12号") == ["0012345", "湘财农〔2026〕12号"]
    assert reasons(CODE, "0012345 ") == ("PADDED",)
    assert reasons(CODE, "1.2345E+17") == ("EXCEL_NUMBER",)
    assert reasons(CODE, "Ａ01") == ("FULL_WIDTH",)
    assert reasons(CODE, "A\t01") == ("INVISIBLE",)


def test_a_code_outside_its_list_is_refused() -> None:
    listed = column(FieldType.CODE, values=("1", "2"))
    assert values(listed, "1", "2") == ["1", "2"]
    assert reasons(listed, "3") == ("CODE_UNKNOWN",)
    assert reasons(listed, "1 ") == ("PADDED",)


@pytest.mark.parametrize(
    ("text", "expected"), [("1", True), ("TRUE", True), ("是", True), ("n", False), (" 否 ", False)]
)
def test_booleans_of_the_fixed_set_are_taken(text: str, expected: bool) -> None:
    assert values(column(FieldType.BOOLEAN), text) == [expected]


@pytest.mark.parametrize("text", ["2", "√", "有", "t"])
def test_other_words_are_no_boolean(text: str) -> None:
    assert reasons(column(FieldType.BOOLEAN), text) == ("BOOLEAN_FORM",)


@pytest.mark.parametrize("kind", list(FieldType))
@pytest.mark.parametrize("text", [None, "", " ", "\u3000"])
def test_blank_cells_are_missing_and_a_problem_only_where_required(kind: FieldType, text: str | None) -> None:
    kept = text if kind in (FieldType.TEXT, FieldType.PERSON_NAME) else None
    assert values(column(kind), text) == [kept]
    required = check_one(column(kind, required=True), text)
    assert [problem.reason.name for problem in required.problems] == ["REQUIRED"]
    assert required.good.num_rows == 0


@given(st.text(max_size=30))
def test_text_is_never_changed(text: str) -> None:
    checked = check_one(TEXT, text)
    assert checked.good.column(0).to_pylist() == ([text] if not checked.problems else [])


@given(st.sampled_from(list(FieldType)), st.text(max_size=20))
def test_whatever_is_refused_has_a_reason_and_whatever_passes_has_none(kind: FieldType, text: str) -> None:
    checked = check_one(column(kind), text)
    assert bool(checked.problems) is (checked.good.num_rows == 0)
