"""Later revisions: what changed is replaced and kept in the history, what did not is a duplicate."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.warehouse import LoadResult, Warehouse
from tests.peers.postgres import Postgres
from tests.peers.stores import Stranger, drop, fresh, stranger
from tests.warehouse.feeds import SCHEMAS, Notary, batch, facts, number, open_warehouse, row

FIRST = [row(n) for n in range(6)]


def load(warehouse: Warehouse, rows: list[dict[str, object]], revision: int) -> LoadResult:
    notary = Notary()
    warehouse.load(facts(rows, revision), [batch(rows)], notary)
    return notary.results[0]


def test_changed_rows_are_superseded_unchanged_ones_duplicates_new_ones_added_and_absent_ones_removed(
    warehouse: Warehouse, outside: Stranger
) -> None:
    load(warehouse, FIRST, 1)
    revision = [row(0), row(1), row(2, amount=Decimal("7.77")), row(3, remark=None), row(4), row(9)]
    result = load(warehouse, revision, 2)
    assert (result.loaded.rows, result.duplicate.rows, result.effect.changed.rows) == (3, 3, 2)
    assert result.loaded.sums == (("amount", 777 + 301 + 901), ("fee", -150))
    current = "SELECT item, amount, remark, _batch FROM current__civil__dibao ORDER BY item"
    assert outside.execute(current).fetchall() == [
        (0, 1, "备注0", number(1)),
        (1, 101, "备注1", number(1)),
        (2, 777, "备注2", number(2)),
        (3, 301, None, number(2)),
        (4, 401, "备注4", number(1)),
        (9, 901, "备注9", number(2)),
    ]
    history = "SELECT item, amount, remark, _batch, _row, _superseded_by FROM history__civil__dibao ORDER BY item"
    assert outside.execute(history).fetchall() == [
        (2, 201, "备注2", number(1), 3, number(2)),
        (3, 301, "备注3", number(1), 4, number(2)),
        (5, 501, "备注5", number(1), 6, number(2)),
    ]
    assert list(warehouse.fsck()) == []


def test_a_correction_that_changes_nothing_says_so(warehouse: Warehouse) -> None:
    load(warehouse, FIRST, 1)
    result = load(warehouse, FIRST, 2)
    assert (result.loaded.rows, result.duplicate.rows, result.effect.changed.rows) == (0, 6, 0)
    assert result.balanced
    assert list(warehouse.fsck()) == []


def test_a_correction_of_a_correction_keeps_every_version(warehouse: Warehouse, outside: Stranger) -> None:
    for revision, fee in enumerate(("-0.50", "1.00", "2.00"), 1):
        load(warehouse, [row(1, fee=Decimal(fee))], revision)
    found = outside.execute("SELECT fee, _batch, _superseded_by FROM history__civil__dibao ORDER BY fee").fetchall()
    assert found == [(-50, number(1), number(2)), (100, number(2), number(3))]
    assert [d.facts.revision for d in warehouse.deliveries()] == [1, 2, 3]
    assert list(warehouse.fsck()) == []


def test_repeated_and_contradicting_rows_of_a_correction_are_not_loaded(warehouse: Warehouse) -> None:
    load(warehouse, FIRST, 1)
    rows = [row(1), row(1, remark="x"), row(2, remark="y"), row(2, remark="y"), row(2, remark="z"), row(7), row(7)]
    result = load(warehouse, rows, 2)
    assert (result.loaded.rows, result.duplicate.rows, result.problem.rows, result.effect.changed.rows) == (2, 3, 2, 1)
    assert result.balanced
    assert list(warehouse.fsck()) == []


def test_a_correction_in_the_other_spelling_reaches_the_same_person(warehouse: Warehouse, outside: Stranger) -> None:
    load(warehouse, [row(1)], 1)
    result = load(warehouse, [row(1, id_number="43048219000000001x", remark="新")], 2)
    assert result.effect.changed.rows == 1
    stored = outside.execute("SELECT id_number, remark FROM current__civil__dibao").fetchall()
    assert stored == [("43048219000000001x", "新")]
    assert list(warehouse.fsck()) == []


cells = st.builds(
    row,
    st.integers(0, 5),
    remark=st.sampled_from([None, "", "甲"]),
    amount=st.sampled_from([None, Decimal("0.00"), Decimal("1.10")]),
)


@pytest.mark.parametrize("product", ["sqlite", "postgresql"])
@settings(max_examples=25, deadline=None)
@given(payloads=st.lists(st.lists(cells, max_size=12), min_size=1, max_size=4))
def test_the_tables_hold_what_a_dictionary_would_hold(
    server: Postgres, product: str, payloads: list[list[dict[str, object]]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder) / "warehouse.db" if product == "sqlite" else fresh(server, *SCHEMAS)
        warehouse, ledger = open_warehouse(where)
        model: dict[object, dict[str, object]] = {}
        for revision, rows in enumerate(payloads, 1):
            firsts = {one["item"]: one for one in reversed(rows)}
            new = {k: v for k, v in firsts.items() if model.get(k) != v}
            problems = sum(1 for one in rows if one != firsts[one["item"]])
            result = load(warehouse, rows, revision)
            assert (result.loaded.rows, result.problem.rows) == (len(new), problems)
            assert result.duplicate.rows == len(rows) - len(new) - problems
            assert result.effect.changed.rows == len(new.keys() & model.keys())
            assert result.effect.removed.rows == len(model.keys() - firsts.keys())
            model = {key: new.get(key, model.get(key)) for key in firsts}
        with stranger(where) as outside:
            found = outside.execute("SELECT item, remark, amount FROM current__civil__dibao").fetchall()
        assert sorted(found, key=str) == sorted(
            ((k, v["remark"], None if v["amount"] is None else int(v["amount"] * 100)) for k, v in model.items()),
            key=str,
        )
        assert list(warehouse.fsck()) == []
        assert list(ledger.verify(warehouse.anchors())) == []
        if not isinstance(where, Path):
            drop(server, where)
