"""Nobody can change unseen what was corrected, removed or believed, when, by whom or why."""

from __future__ import annotations

import pytest

from gateway.warehouse import Warehouse
from tests.peers.stores import Stranger, unguard
from tests.warehouse.portions import FLAGGED, SNAPSHOT, Row, Sender, order

CURRENT, HISTORY = "current__civil__whole_flagged", "history__civil__whole_flagged"
R1, R2, R3 = (f"civil.whole_flagged/2026-10/r{n}" for n in (1, 2, 3))
COLUMNS = "_region, _period, _batch, _row, no, op, grade, amount, fee"
NUMBER = "(SELECT number FROM batches WHERE revision = {})"


@pytest.fixture
def corrected(warehouse: Warehouse) -> Warehouse:
    """r2 replaces 1, removes 2 by order and 4 by absence; r3 replaces 1 again and removes 3; 5 stays from the first."""
    sender = Sender(warehouse=warehouse, shape=FLAGGED)
    sender.send([Row(no) for no in "12345"])
    sender.send([Row("1", amount=90), Row("2", op="D"), Row("3"), Row("5")], order=order())
    sender.send([Row("1", amount=80), Row("5")], released_by="p003")
    assert list(warehouse.fsck()) == []
    return warehouse


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        pytest.param(
            [f"UPDATE {HISTORY} SET amount = 0 WHERE no = '4'"],
            {("YZ-7202", R1, CURRENT)},
            id="a removed row is edited",
        ),
        pytest.param(
            [f"UPDATE {HISTORY} SET fee = 0 WHERE op = 'D'"], {("YZ-7202", R2, CURRENT)}, id="a tombstone is edited"
        ),
        pytest.param(
            [f"DELETE FROM {HISTORY} WHERE no = '4'"],
            {("YZ-7201", R1, CURRENT), ("YZ-7202", R1, CURRENT), ("YZ-7201", R2, HISTORY)},
            id="a removed row is lost",
        ),
        pytest.param(
            [f"DELETE FROM {HISTORY} WHERE op = 'D'"],
            {("YZ-7201", R2, CURRENT), ("YZ-7202", R2, CURRENT), ("YZ-7201", R2, HISTORY)},
            id="a tombstone is lost",
        ),
        pytest.param(
            [
                f"INSERT INTO {CURRENT} ({COLUMNS}) SELECT {COLUMNS} FROM {HISTORY} WHERE no = '4'",
                f"DELETE FROM {HISTORY} WHERE no = '4'",
            ],
            {("YZ-7201", R2, HISTORY)},
            id="a removed row is believed again",
        ),
        pytest.param(
            [
                f"INSERT INTO {HISTORY} ({COLUMNS}, _superseded_by) SELECT {COLUMNS}, {NUMBER.format(3)} FROM {CURRENT}"
                " WHERE no = '5'",
                f"DELETE FROM {CURRENT} WHERE no = '5'",
            ],
            {("YZ-7201", R3, HISTORY)},
            id="a row is no longer believed",
        ),
        pytest.param(
            [f"UPDATE {HISTORY} SET _superseded_by = {NUMBER.format(3)} WHERE no = '4'"],
            {("YZ-7201", R2, HISTORY), ("YZ-7201", R3, HISTORY)},
            id="a row is believed longer than it was",
        ),
        pytest.param(
            [
                f"UPDATE {HISTORY} SET _superseded_by = {NUMBER.format(3)} + {NUMBER.format(2)} - _superseded_by"
                " WHERE no IN ('3', '4')"
            ],
            {("YZ-7072", R2, HISTORY), ("YZ-7072", R3, HISTORY)},
            id="two rows exchange the batches that superseded them",
        ),
        pytest.param(
            [f"UPDATE {CURRENT} SET _batch = {NUMBER.format(2)} WHERE no = '5'"],
            {("YZ-7201", R1, CURRENT), ("YZ-7202", R1, CURRENT), ("YZ-7201", R2, CURRENT), ("YZ-7202", R2, CURRENT)},
            id="a row is moved to another batch",
        ),
    ],
)
def test_a_history_that_was_meddled_with_names_the_batches(
    corrected: Warehouse, outside: Stranger, statements: list[str], found: set[tuple[str, str, str]]
) -> None:
    for statement in statements:
        outside.execute(statement)
    assert {(fault.code, fault.facts["batch"], fault.facts["table"]) for fault in corrected.fsck()} == found


@pytest.mark.parametrize(
    ("statements", "table"),
    [
        pytest.param(
            [
                f"INSERT INTO {HISTORY} ({COLUMNS}, _superseded_by) SELECT {COLUMNS}, {{stranger}} FROM {CURRENT}"
                " WHERE no = '5'",
                f"DELETE FROM {CURRENT} WHERE no = '5'",
            ],
            HISTORY,
            id="no longer believed",
        ),
        pytest.param(
            [
                f"INSERT INTO {CURRENT} (_region, _period, _batch, _row, no)"
                f" SELECT _region, _period, {{stranger}}, 9, 'x' FROM {CURRENT} WHERE no = '5'"
            ],
            CURRENT,
            id="believed",
        ),
        pytest.param(
            [
                f"INSERT INTO {CURRENT} (_region, _period, _batch, _row, no)"
                f" SELECT _region, '2026-11', _batch, 9, 'x' FROM {CURRENT} WHERE no = '5'"
            ],
            CURRENT,
            id="believed of another period",
        ),
    ],
)
def test_a_row_that_came_or_went_with_another_feeds_batch_is_found(
    corrected: Warehouse, outside: Stranger, statements: list[str], table: str
) -> None:
    Sender(warehouse=corrected, shape=SNAPSHOT).send([Row("1")])
    for statement in statements:
        outside.execute(statement.format(stranger=f"(SELECT number FROM batches WHERE feed = '{SNAPSHOT.feed}')"))
    assert [(fault.code, fault.facts["table"]) for fault in corrected.fsck()] == [("YZ-7203", table)]


@pytest.mark.parametrize(
    "edit",
    [
        "reason = 'x'",
        '"by" = reason',
        "released_by = 'p009'",
        "order_number = NULL",
        "order_uses = 9",
        "added = removed",
        "changed = removed",
        "replaced = removed",
        "removed = added",
        "superseded = content",
    ],
)
def test_an_effect_a_reason_or_a_person_edited_disagrees_with_the_ledger(
    corrected: Warehouse, outside: Stranger, edit: str
) -> None:
    guards = unguard(outside, "batches")
    outside.execute(f"UPDATE batches SET {edit} WHERE revision = 2")
    for statement in guards:
        outside.execute(statement)
    assert ("YZ-7204", R2) in [(fault.code, fault.facts["batch"]) for fault in corrected.fsck()]
