"""What holds for any input: nothing is lost, nothing leaks, and batches may be cut anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from io import BytesIO
from itertools import pairwise

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.records.check import Checked, Checker
from gateway.records.problems import Problem
from gateway.records.stream import RecordWriter, read_records
from gateway.records.totals import Totals, to_yuan
from gateway.records.types import FAULT, Column, FieldType, sensitive
from tests.records.batches import SALT, batch_of

COLUMNS = (
    Column(name="serial", type=FieldType.CODE),
    Column(name="person", type=FieldType.PERSON_NAME, required=True),
    Column(name="id_number", type=FieldType.ID_NUMBER),
    Column(name="account", type=FieldType.BANK_ACCOUNT),
    Column(name="phone", type=FieldType.PHONE),
    Column(name="amount", type=FieldType.MONEY, required=True),
    Column(name="standard", type=FieldType.MONEY),
    Column(name="paid", type=FieldType.DATE),
    Column(name="remark", type=FieldType.TEXT),
)
_MESSY = st.none() | st.text(max_size=25)
ROWS = st.fixed_dictionaries(
    {
        "serial": st.sampled_from(["1", "2", "3", "", " 4"]),
        "person": _MESSY | st.sampled_from(["王芳", "李小明", "合计", "欧阳娜娜"]),
        "id_number": _MESSY | st.sampled_from(["11010519491231002X", "440524188001010014", "4.3048219500101e17"]),
        "account": _MESSY | st.sampled_from(["6222021202041701419", "6222 0212 0204 1701", "6.22202E+18"]),
        "phone": _MESSY | st.sampled_from(["13800138000", "138-0013-8000 "]),
        "amount": _MESSY
        | st.decimals(-(10**9), 10**9, places=2).map(str)
        | st.sampled_from(["1,234.50", "-", "12.345"]),
        "standard": st.sampled_from([None, "", "125.00", "0.01", "一百"]),
        "paid": _MESSY | st.sampled_from(["20261001", "20170230", "99991231"]),
        "remark": _MESSY,
        FAULT: st.sampled_from([None] * 9 + ["layout"]),
    }
)
FEEDS = st.lists(ROWS, max_size=25)


def check_in(rows: Sequence[dict[str, str | None]], cuts: Sequence[int]) -> list[Checked]:
    """Check rows cut into batches at the given places."""
    run = Checker(COLUMNS, key=("serial",), salt=SALT)
    edges = sorted({0, len(rows), *(cut % (len(rows) + 1) for cut in cuts)})
    return [run.check(batch_of(COLUMNS, rows[begin:end], first=begin + 1)) for begin, end in pairwise(edges)]


def together(parts: Sequence[Checked]) -> tuple[list[dict[str, object]], list[Problem], Totals, Totals, Totals]:
    zero = Totals.zero(COLUMNS)
    return (
        [row for part in parts for row in part.good.to_pylist()],
        [problem for part in parts for problem in part.problems],
        sum((part.extracted for part in parts), zero),
        sum((part.accepted for part in parts), zero),
        sum((part.problem for part in parts), zero),
    )


@given(FEEDS)
def test_extracted_is_good_plus_problem_in_rows_and_fen(rows: list[dict[str, str | None]]) -> None:
    good, problems, extracted, accepted, problem = together(check_in(rows, []))
    assert extracted == accepted + problem
    assert extracted.rows == len(rows)
    assert accepted.rows == len(good)
    assert problem.rows == len({p.position for p in problems})
    for name, fen in accepted.sums:
        assert to_yuan(fen) == str(sum((row[name] for row in good if row[name] is not None), Decimal("0.00")))


@given(FEEDS, st.lists(st.integers(0, 25), max_size=6))
def test_results_do_not_depend_on_how_rows_are_cut_into_batches(
    rows: list[dict[str, str | None]], cuts: list[int]
) -> None:
    assert together(check_in(rows, cuts)) == together(check_in(rows, []))


@given(FEEDS)
def test_no_sensitive_value_is_clear_in_a_problem(rows: list[dict[str, str | None]]) -> None:
    for problem in together(check_in(rows, []))[1]:
        row = rows[int(problem.position) - 1]
        for item in COLUMNS:
            value = row[item.name] or ""
            if sensitive(item.type) and value.strip("*"):
                assert problem.field != item.name or problem.masked != value
                assert len(value) < 11 or not value.isascii() or value not in problem.masked
        # Everything else a problem says is fixed text or the adapter's own position.
        assert (problem.code, problem.zh, problem.en) == problem.reason.value


@given(FEEDS)
def test_good_rows_are_what_the_source_said(rows: list[dict[str, str | None]]) -> None:
    good, problems, *_ = together(check_in(rows, []))
    bad = {int(problem.position) - 1 for problem in problems}
    said = [row for at, row in enumerate(rows) if at not in bad]
    for kept, row in zip(good, said, strict=True):
        assert kept["person"] == row["person"] and kept["remark"] == row["remark"]
        assert kept["id_number"] in (row["id_number"], None)
        assert kept["amount"] == Decimal(row["amount"].strip(" \t\u00a0\u3000"))


@given(FEEDS, st.lists(st.integers(0, 25), max_size=4))
@settings(max_examples=50)
def test_the_stream_gives_back_what_was_written(rows: list[dict[str, str | None]], cuts: list[int]) -> None:
    parts = check_in(rows, cuts)
    file = BytesIO()
    with RecordWriter(file, COLUMNS) as writer:
        for part in parts:
            writer.write(part.good)
    file.seek(0)
    batches = list(read_records(file, COLUMNS))
    written = pa.Table.from_batches([part.good for part in parts], writer.schema)
    assert pa.Table.from_batches(batches, writer.schema).equals(written)
    counted = sum((Totals.of(batch, COLUMNS) for batch in batches), Totals.zero(COLUMNS))
    assert counted == together(parts)[3]
