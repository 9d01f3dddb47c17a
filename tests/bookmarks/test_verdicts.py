"""A row has a verdict if, and only if, it is still what was delivered and no later batch holds it."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.records.problems import Problem, Reason
from tests.bookmarks.shelves import COLUMNS, FEED, Rows, batch, entry, keep, shelf, verdicts

cells = st.tuples(st.none() | st.text(alphabet="王李'\"\\ x", max_size=3), st.none() | st.integers(0, 3))
rows = st.dictionaries(st.integers(0, 12), cells, max_size=12)


@settings(max_examples=60, deadline=None)
@given(delivered=rows, later=rows, now=rows, pieces=st.integers(1, 4))
def test_a_verdict_is_for_rows_that_are_unchanged_and_in_no_later_batch(
    tmp_path_factory: pytest.TempPathFactory, delivered: Rows, later: Rows, now: Rows, pieces: int
) -> None:
    books = shelf(tmp_path_factory.mktemp("site"))
    keep(books, 1, delivered, pieces=pieces)
    keep(books, 2, later)
    found = verdicts(books, 1, 2).of(batch(now)).to_pylist()
    expected = ["" if delivered.get(n) == cell and n not in later else None for n, cell in now.items()]
    assert found == expected


def test_a_refused_row_is_told_every_reason_in_chinese_and_no_value(tmp_path: Path) -> None:
    books = shelf(tmp_path)
    problems = (
        Problem(position="id=2", field="who", reason=Reason.REQUIRED, masked="王*"),
        Problem(position="id=2", field="no", reason=Reason.NUMBER_FORM),
        Problem(position="id=3", field=None, reason=Reason.LAYOUT),
    )
    given = {1: ("甲", 1), 2: ("王五", 2), 3: ("丙", 3)}
    keep(books, 1, given, *problems)
    assert verdicts(books, 1).of(batch(given)).to_pylist() == [
        "",
        "姓名:必填项为空,请补填[YZ-3001];序号:不是数字,请改为如 1234.50 的写法[YZ-3021]",
        "该条记录的栏目数或结构与约定不符,请改正后重报[YZ-3002]",
    ]


def test_a_null_an_empty_text_and_a_shifted_text_are_different_rows(tmp_path: Path) -> None:
    books = shelf(tmp_path)
    keep(books, 1, {1: (None, 1), 2: ("", 2), 3: ("a", None)})
    now = batch({1: ("", 1), 2: (None, 2), 3: ("a", 0)})
    assert verdicts(books, 1).of(now).to_pylist() == [None, None, None]


def test_two_rows_of_one_position_have_no_verdict(tmp_path: Path) -> None:
    books = shelf(tmp_path)
    twice = pa.concat_batches([batch({1: ("甲", 1)}), batch({1: ("甲", 1)})])
    with books.begin(FEED, COLUMNS, os.urandom) as writer:
        writer.add(twice, ())
        books.keep(entry(1), start=None, end=None, rows=writer)
    assert verdicts(books, 1).of(twice).to_pylist() == [None, None]


def test_the_same_rows_are_kept_as_other_bytes_for_each_batch_and_each_site(tmp_path: Path) -> None:
    given: Rows = {n: ("王", n) for n in range(20)}
    kept = []
    for site in ("a", "b"):
        (tmp_path / site).mkdir()
        books = shelf(tmp_path / site)
        for number in (1, 2):
            keep(books, number, given)
        kept += [path.read_bytes() for path in sorted((tmp_path / site / "bookmarks" / FEED).glob("*.rows"))]
    blocks = [{content[at : at + 16] for at in range(0, len(content), 34)} for content in kept]
    assert [len(one) for one in blocks] == [20] * 4
    assert len(set().union(*blocks)) == 80
