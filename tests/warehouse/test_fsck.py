"""Whatever is done to the warehouse's file behind the product's back is found, and its place is named."""

from __future__ import annotations

import pytest

from gateway.ledger import Ledger
from gateway.warehouse import Warehouse
from tests.peers.stores import REFUSED, Stranger, Where, unguard
from tests.warehouse.feeds import Notary, batch, facts, open_warehouse, row

ROWS = [row(n) for n in range(3_000)]
CURRENT, HISTORY = "current__civil__dibao", "history__civil__dibao"


@pytest.fixture
def loaded(warehouse: Warehouse) -> Warehouse:
    """r1 of three thousand rows, r2 changes two of them."""
    warehouse.load(facts(ROWS), [batch(ROWS)], Notary())
    second = [row(n, remark="改") if n in (10, 2_500) else row(n) for n in range(3_000)]
    warehouse.load(facts(second, 2), [batch(second)], Notary())
    assert list(warehouse.fsck()) == []
    return warehouse


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (f"UPDATE {CURRENT} SET amount = amount + 1 WHERE item = 1500", [("YZ-7202", 1025, 2048)]),
        (f"UPDATE {CURRENT} SET remark = '' WHERE item = 1500", [("YZ-7202", 1025, 2048)]),
        (f"UPDATE {CURRENT} SET _fold_id_number = 'x' WHERE item = 1500", [("YZ-7202", 1025, 2048)]),
        (f"UPDATE {HISTORY} SET fee = 0 WHERE item = 2500", [("YZ-7202", 2049, 3072)]),
        (
            f"UPDATE {CURRENT} SET amount = CASE item WHEN 1 THEN 201 ELSE 101 END WHERE item IN (1, 2)",
            [("YZ-7202", 1, 1024)],
        ),
    ],
)
def test_a_row_edited_in_place_is_found_and_located(
    loaded: Warehouse, outside: Stranger, statement: str, found: list[tuple[str, int, int]]
) -> None:
    outside.execute(statement)
    faults = list(loaded.fsck())
    assert [(f.code, f.facts["first"], f.facts["last"]) for f in faults] == found
    assert faults[0].facts["batch"] == "civil.dibao/2026-10/r1"


@pytest.mark.parametrize("product", ["sqlite"])
@pytest.mark.parametrize("foreign", ["amount = 'much'", "amount = 9e999", "area = x'ff'"])
def test_a_value_of_another_kind_which_only_sqlite_would_take_is_located(
    loaded: Warehouse, outside: Stranger, foreign: str
) -> None:
    outside.execute(f"UPDATE {CURRENT} SET {foreign} WHERE item = 1500")
    assert [(f.code, f.facts["first"], f.facts["last"]) for f in loaded.fsck()] == [("YZ-7202", 1025, 2048)]


def test_a_row_removed_is_counted_and_located(loaded: Warehouse, outside: Stranger) -> None:
    outside.execute(f"DELETE FROM {CURRENT} WHERE item = 5")
    missing, where = loaded.fsck()
    assert (missing.code, missing.facts["expected"], missing.facts["found"]) == ("YZ-7201", 3000, 2999)
    assert (where.code, where.facts["first"]) == ("YZ-7202", 1)


def test_a_superseded_row_removed_or_said_to_be_superseded_by_another_is_found(
    loaded: Warehouse, outside: Stranger
) -> None:
    outside.execute(f"UPDATE {HISTORY} SET _superseded_by = 1 WHERE item = 10")
    assert {(f.code, f.facts["table"], f.facts["found"]) for f in loaded.fsck()} == {
        ("YZ-7201", HISTORY, 1),
        ("YZ-7203", HISTORY, 1),
    }


def test_rows_nobody_delivered_are_found(loaded: Warehouse, outside: Stranger) -> None:
    outside.execute(
        f"INSERT INTO {CURRENT} (_region, _period, _batch, _row, _fold_id_number, item) VALUES ('a','b',77,1,'x',1)"
    )
    (fault,) = loaded.fsck()
    assert (fault.code, fault.facts["number"], fault.facts["found"]) == ("YZ-7203", 77, 1)


@pytest.mark.parametrize(
    "edit",
    [
        "accepted_at = '2026-11-01T00:00:00.000000+08:00'",
        """loaded = '[3000,["amount",0]]'""",
        "sender = 'finance'",
        "content = superseded",
        "set_aside = 0",
    ],
)
def test_a_record_edited_disagrees_with_the_ledger(loaded: Warehouse, outside: Stranger, edit: str) -> None:
    guards = unguard(outside, "batches")
    outside.execute(f"UPDATE batches SET {edit} WHERE revision = 1")
    for statement in guards:
        outside.execute(statement)
    first = next(loaded.fsck())
    assert (first.code, first.facts["batch"]) == ("YZ-7204", "civil.dibao/2026-10/r1")


def test_a_receipt_or_a_whole_record_removed_is_found(loaded: Warehouse, outside: Stranger) -> None:
    unguard(outside, "batches", "ledger")
    outside.execute("UPDATE batches SET receipt = '' WHERE revision = 1")
    outside.execute("DELETE FROM batches WHERE revision = 2")
    faults = [(f.code, f.facts.get("batch")) for f in loaded.fsck() if f.code != "YZ-7106"]
    assert ("YZ-7205", "civil.dibao/2026-10/r1") in faults
    assert ("YZ-7205", "civil.dibao/2026-10/r2") in faults


def test_the_database_itself_refuses_to_change_a_record(loaded: Warehouse, outside: Stranger, product: str) -> None:
    with pytest.raises(REFUSED, match="append-only"):
        outside.execute("UPDATE batches SET accepted_at = landed_at")
    unguard(outside, "batches", "ledger")
    third = {"sqlite": "batches_no_replace", "postgresql": "batches_no_truncate"}[product]
    assert [f.facts["trigger"] for f in loaded.fsck()] == ["batches_no_update", "batches_no_delete", third]


def test_a_ledger_cut_back_behind_a_load_is_found_from_both_sides(
    loaded: Warehouse, ledger: Ledger, outside: Stranger
) -> None:
    unguard(outside, "batches", "ledger")
    outside.execute("DELETE FROM ledger WHERE seq = 2")
    outside.execute("UPDATE ledger_head SET seq = 1, hash = (SELECT hash FROM ledger WHERE seq = 1)")
    assert ("YZ-7204", "civil.dibao/2026-10/r2") in [(f.code, f.facts.get("batch")) for f in loaded.fsck()]
    assert ("YZ-7107", 2) in [(f.code, f.facts["seq"]) for f in ledger.verify(loaded.anchors())]


def test_a_clean_warehouse_is_clean_after_a_restart(loaded: Warehouse, where: Where) -> None:
    again, ledger = open_warehouse(where)
    assert list(again.fsck()) == []
    assert list(ledger.verify(again.anchors())) == []
