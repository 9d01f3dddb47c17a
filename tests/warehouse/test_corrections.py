"""Corrections: what a revision adds, changes, replaces and removes, in rows and in fen, and what was believed when."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.errors import Conflict, RegionRequired, YizhanError
from gateway.ledger import EventKind, Ledger
from gateway.records.totals import Totals
from gateway.warehouse import FeedShape, LoadResult, Warehouse
from tests.warehouse.feeds import Notary
from tests.warehouse.portions import (
    BEGAN,
    FLAGGED,
    INCREMENT,
    PORTIONS,
    SHAPES,
    SNAPSHOT,
    Model,
    Row,
    Sender,
    Values,
    batch,
)

MINUTE = timedelta(minutes=1)
FLAGS = pytest.mark.parametrize("shape", [FLAGGED, PORTIONS], ids=["snapshot", "increment"])


def figures(result: LoadResult) -> dict[str, tuple[int, int]]:
    """Rows and fen of `amount` that were added, changed, replaced and removed."""
    effect = result.effect
    parts = {"added": effect.added, "changed": effect.changed, "replaced": effect.replaced, "removed": effect.removed}
    return {name: (part.rows, dict(part.sums)["amount"]) for name, part in parts.items() if part.rows}


# --- a snapshot -----------------------------------------------------------------------------------------------------


def test_what_a_snapshots_revision_does_not_contain_is_removed_and_stays_in_the_history(warehouse: Warehouse) -> None:
    sender = Sender(warehouse=warehouse, shape=SNAPSHOT)
    first = sender.send([Row("1", amount=100), Row("2", amount=200), Row("3", amount=300)])
    assert figures(first) == {"added": (3, 600)}
    second = sender.send([Row("2", amount=250), Row("3", amount=300), Row("4", amount=400)])
    assert figures(second) == {"added": (1, 400), "changed": (1, 250), "replaced": (1, 200), "removed": (1, 100)}
    assert second.effect.net == (0, (("amount", 350), ("fee", 0)))
    assert (second.loaded.rows, second.duplicate.rows) == (2, 1)
    assert sender.believed().keys() == {"2", "3", "4"}
    assert sender.believed(at=sender.at - MINUTE)["1"] == (None, "A", 100, 1)
    assert list(warehouse.fsck()) == []


def test_a_correction_of_a_correction_may_bring_back_what_was_removed(warehouse: Warehouse) -> None:
    sender = Sender(warehouse=warehouse, shape=SNAPSHOT)
    sender.send([Row("1"), Row("2")])
    assert figures(sender.send([Row("2")])) == {"removed": (1, 100)}
    assert figures(sender.send([Row("1"), Row("2", amount=90)])) == {
        "added": (1, 100),
        "changed": (1, 90),
        "replaced": (1, 100),
    }
    moments = [sender.believed(at=BEGAN + n * MINUTE) for n in range(4)]
    assert [sorted((no, values[2]) for no, values in moment.items()) for moment in moments] == [
        [],
        [("1", 100), ("2", 100)],
        [("2", 100)],
        [("1", 100), ("2", 90)],
    ]
    assert list(warehouse.fsck()) == []


def test_a_correction_that_changes_nothing_has_no_effect_and_is_on_record(warehouse: Warehouse) -> None:
    sender = Sender(warehouse=warehouse, shape=SNAPSHOT)
    sender.send([Row("1"), Row("2")])
    result = sender.send([Row("2"), Row("1")])
    assert (figures(result), result.loaded.rows, result.duplicate.rows) == ({}, 0, 2)
    assert result.effect.net == (0, (("amount", 0), ("fee", 0)))
    held = warehouse.asof(SNAPSHOT.feed, "2026-10", sender.at, sender.region)
    assert (held.newest.facts.revision, [one.revision for one in held.contributions]) == (2, [1])


def test_a_revision_without_rows_removes_them_all(warehouse: Warehouse) -> None:
    sender = Sender(warehouse=warehouse, shape=SNAPSHOT)
    sender.send([Row("1"), Row("2")])
    assert figures(sender.send([])) == {"removed": (2, 200)}
    assert sender.believed() == {}
    assert list(warehouse.fsck()) == []


def test_other_periods_and_regions_of_a_snapshot_are_not_touched(warehouse: Warehouse) -> None:
    ours, theirs = (Sender(warehouse=warehouse, shape=SNAPSHOT) for _ in range(2))
    for sender in (ours, theirs):
        for period in ("2026-09", "2026-10"):
            sender.send([Row("1"), Row("2")], period)
    ours.send([Row("1")])
    assert [len(sender.believed(period)) for sender in (ours, theirs) for period in ("2026-09", "2026-10")] == [
        2,
        1,
        2,
        2,
    ]


# --- an increment ---------------------------------------------------------------------------------------------------


def test_a_later_portion_of_the_same_period_adds_and_its_silence_removes_nothing(warehouse: Warehouse) -> None:
    sender = Sender(warehouse=warehouse, shape=INCREMENT)
    sender.send([Row("1"), Row("2")])
    assert figures(sender.send([Row("3", amount=300)])) == {"added": (1, 300)}
    assert sender.believed().keys() == {"1", "2", "3"}


def test_an_ordered_removal_reaches_the_record_in_every_period_up_to_its_own(warehouse: Warehouse) -> None:
    sender = Sender(warehouse=warehouse, shape=PORTIONS)
    sender.send([Row("1", amount=100), Row("2")], "2026-08")
    sender.send([Row("1", amount=150)], "2026-09")
    sender.send([Row("1", amount=175)], "2026-11")
    assert figures(sender.send([Row("1", op="D", amount=None)], "2026-10")) == {"removed": (2, 250)}
    assert [sorted(sender.believed(f"2026-{month}")) for month in ("08", "09", "10", "11")] == [["2"], [], [], ["1"]]
    again = sender.send([Row("1", amount=150)], "2026-10")
    assert (figures(again), again.duplicate.rows) == ({"added": (1, 150)}, 0)
    assert list(warehouse.fsck()) == []


# --- orders to remove -----------------------------------------------------------------------------------------------


@FLAGS
@pytest.mark.parametrize("flag", ["D", "3"])
def test_a_record_that_orders_its_removal_is_loaded_as_a_tombstone(
    warehouse: Warehouse, shape: FeedShape, flag: str
) -> None:
    sender = Sender(warehouse=warehouse, shape=shape)
    sender.send([Row("1", amount=100), Row("2", amount=200)])
    result = sender.send([Row("1", op=flag, amount=40), Row("2", amount=200)])
    assert figures(result) == {"removed": (1, 100)}
    assert (result.loaded.rows, dict(result.loaded.sums)["amount"], result.duplicate.rows) == (1, 40, 1)
    assert sender.believed() == {"2": (None, "A", 200, 1)}
    assert sender.believed(at=sender.at - MINUTE).keys() == {"1", "2"}
    assert list(warehouse.fsck()) == []


@FLAGS
def test_an_order_to_remove_what_is_not_there_is_a_duplicate_first_and_later(
    warehouse: Warehouse, shape: FeedShape
) -> None:
    sender = Sender(warehouse=warehouse, shape=shape)
    for rows in ([Row("1", op="D"), Row("2")], [Row("1", op="D"), Row("2")], [Row("9", op="D"), Row("2")]):
        result = sender.send(rows)
        assert (result.loaded.rows + result.duplicate.rows, result.problem.rows) == (2, 0)
        assert result.duplicate.rows >= 1
        assert sender.believed().keys() == {"2"}
    assert list(warehouse.fsck()) == []


@FLAGS
def test_a_record_that_was_removed_may_come_again_and_go_again(warehouse: Warehouse, shape: FeedShape) -> None:
    sender = Sender(warehouse=warehouse, shape=shape)
    told = [figures(sender.send([Row("1", op=op), Row("2")])) for op in (None, "D", None, "D")]
    assert told == [{"added": (2, 200)}, {"removed": (1, 100)}, {"added": (1, 100)}, {"removed": (1, 100)}]
    assert [len(sender.believed(at=BEGAN + n * MINUTE)) for n in range(5)] == [0, 2, 1, 2, 1]
    assert list(warehouse.fsck()) == []


@FLAGS
@pytest.mark.parametrize(("ops", "kept"), [((None, "D"), {"1", "2"}), (("D", None), {"2"})], ids=["insert", "delete"])
@pytest.mark.parametrize("held", [True, False], ids=["held", "unknown"])
def test_of_two_statements_on_one_record_the_first_counts_and_the_other_is_a_problem(
    warehouse: Warehouse, shape: FeedShape, ops: tuple[str | None, ...], kept: set[str], held: bool
) -> None:
    sender = Sender(warehouse=warehouse, shape=shape)
    if held:
        sender.send([Row("1"), Row("2")])
    result = sender.send([Row("2"), *(Row("1", op=op) for op in ops)])
    assert result.problem.rows == 1
    assert result.balanced
    assert sender.believed().keys() == kept
    assert list(warehouse.fsck()) == []


# --- races ----------------------------------------------------------------------------------------------------------


def at_once(tasks: Iterable) -> list[YizhanError | None]:
    """Run all, begun together; the error of each, where it had one."""
    tasks = list(tasks)
    gate, errors = threading.Barrier(len(tasks)), [None] * len(tasks)

    def run(place: int) -> None:
        gate.wait()
        try:
            tasks[place]()
        except YizhanError as error:
            errors[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(tasks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_of_two_corrections_that_race_one_is_loaded_and_the_other_a_conflict(warehouse: Warehouse) -> None:
    sender = Sender(warehouse=warehouse, shape=SNAPSHOT)
    sender.send([Row("1"), Row("2")])
    rivals = [[Row("1", amount=11)], [Row("2", amount=22)]]
    facts = [replace(sender.facts(rows), digest=f"{n}" * 64) for n, rows in enumerate(rivals, 1)]
    errors = at_once(
        lambda f=f, rows=rows: warehouse.load(f, [batch(rows)], Notary()) for f, rows in zip(facts, rivals, strict=True)
    )
    assert sorted(type(error) for error in errors if error) == [Conflict]
    winner = rivals[errors.index(None)]
    assert {no: values[2] for no, values in sender.believed().items()} == {winner[0].no: winner[0].amount}
    assert len([d for d in warehouse.deliveries(SNAPSHOT.feed) if d.facts.region == sender.region]) == 2
    assert list(warehouse.fsck()) == []


# --- on record ------------------------------------------------------------------------------------------------------


def test_who_corrected_what_and_why_is_on_record_and_in_the_ledger(warehouse: Warehouse, ledger: Ledger) -> None:
    sender = Sender(warehouse=warehouse, shape=FLAGGED)
    sender.send([Row("1", amount=100), Row("2")])
    sender.send([Row("2", op="D"), Row("1", amount=70), Row("3")], reason="漏报一户", by="p001", released_by="p003")
    held = [d for d in warehouse.deliveries(FLAGGED.feed) if d.facts.region == sender.region]
    assert [(d.facts.reason, d.facts.by, d.facts.released_by) for d in held] == [
        (None, None, None),
        ("漏报一户", "p001", "p003"),
    ]
    assert figures(held[1]) == {"added": (1, 100), "changed": (1, 70), "replaced": (1, 100), "removed": (1, 100)}
    line = [line for line in ledger.lines(kind=EventKind.LOADED) if line.digest == held[1].facts.digest][-1]
    said = line.said
    assert (line.by, said.reason, said.rows, said.added, said.changed, said.replaced, said.removed, said.net) == (
        "p001",
        "漏报一户",
        3,
        1,
        1,
        1,
        1,
        -30,
    )


# --- what was believed ----------------------------------------------------------------------------------------------


def test_before_the_first_batch_nothing_was_believed(warehouse: Warehouse) -> None:
    sender = Sender(warehouse=warehouse, shape=SNAPSHOT)
    never = warehouse.asof(SNAPSHOT.feed, "2026-10", BEGAN)
    assert (never.region, never.newest, never.totals.rows, never.contributions) == (None, None, 0, ())
    sender.send([Row("1")])
    early = warehouse.asof(SNAPSHOT.feed, "2026-10", sender.at - timedelta(microseconds=1), sender.region)
    assert (early.newest, early.totals, list(warehouse.masked_rows(early))) == (None, Totals.zero(SNAPSHOT.columns), [])
    assert warehouse.asof(SNAPSHOT.feed, "2026-10", sender.at, sender.region).totals.rows == 1


def test_each_row_in_force_is_told_by_the_batch_it_came_with(warehouse: Warehouse) -> None:
    sender = Sender(warehouse=warehouse, shape=SNAPSHOT)
    sender.send([Row("1", amount=100), Row("2", amount=200)])
    sender.send([Row("1", amount=100), Row("2", amount=250), Row("3", amount=300)])
    held = warehouse.asof(SNAPSHOT.feed, "2026-10", sender.at, sender.region)
    told = [(one.batch[-2:], one.totals.rows, dict(one.totals.sums)["amount"]) for one in held.contributions]
    assert told == [("r1", 1, 100), ("r2", 2, 550)]
    assert (held.newest.facts.reason, held.newest.facts.by) == ("更正2", "p001")
    assert [row.batch[-2:] for row in warehouse.masked_rows(held)] == ["r1", "r2", "r2"]
    assert [row.values[0] for row in warehouse.masked_rows(held, 2)] == ["1", "2"]


def test_a_clock_set_back_never_shows_a_correction_without_what_it_corrects(warehouse: Warehouse) -> None:
    sender = Sender(warehouse=warehouse, shape=SNAPSHOT)
    sender.send([Row("1"), Row("2")])
    sender.send([Row("1", amount=5), Row("2")], accepted_at=BEGAN)
    assert sender.believed(at=BEGAN) == {}
    assert sender.believed()["1"][2] == 5


def test_where_several_regions_are_held_one_must_be_named(warehouse: Warehouse) -> None:
    senders = [Sender(warehouse=warehouse, shape=SNAPSHOT) for _ in range(2)]
    for sender in senders:
        sender.send([Row("1")], "2031-01")
    with pytest.raises(RegionRequired) as refused:
        warehouse.asof(SNAPSHOT.feed, "2031-01", senders[1].at)
    assert refused.value.facts["regions"] == " ".join(sorted(sender.region for sender in senders))


# --- against an independent computation -----------------------------------------------------------------------------

rows = st.lists(
    st.builds(
        Row,
        st.sampled_from("12345"),
        op=st.sampled_from([None, None, "I", "D"]),
        grade=st.sampled_from(["A", None]),
        amount=st.sampled_from([None, 0, 100, -7]),
        fee=st.sampled_from([1, 2]),
    ),
    max_size=7,
)
loads = st.lists(st.tuples(st.sampled_from(["2026-09", "2026-10", "2026-11"]), rows), min_size=1, max_size=6)


def difference(before: dict, after: dict) -> dict[str, tuple[int, int]]:
    """The effect, by comparing what was held before with what is held after."""
    parts: dict[str, list[Values]] = {
        "added": [values for key, values in after.items() if key not in before],
        "changed": [values for key, values in after.items() if key in before and before[key] != values],
        "replaced": [values for key, values in before.items() if key in after and after[key] != values],
        "removed": [values for key, values in before.items() if key not in after],
    }
    return {name: (len(found), sum(values[2] or 0 for values in found)) for name, found in parts.items() if found}


@pytest.mark.parametrize("shape", SHAPES, ids=[shape.feed for shape in SHAPES])
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(loads=loads)
def test_every_effect_and_every_moment_are_those_of_a_dictionary(
    warehouse: Warehouse, shape: FeedShape, loads: list[tuple[str, list[Row]]]
) -> None:
    sender, model = Sender(warehouse=warehouse, shape=shape), Model(shape=shape)
    moments = [(BEGAN, {})]
    for period, sent in loads:
        before = dict(model.held)
        after = model.load(sent, period)
        result = sender.send(sent, period)
        assert result.balanced
        assert figures(result) == difference(before, after)
        assert (result.duplicate.rows, result.problem.rows) == (model.duplicate, model.problem)
        moments.append((sender.at, after))
    for moment, held in moments:
        for period in {period for period, _ in loads}:
            expected = {no: values for (of, no), values in held.items() if of == period}
            assert sender.believed(period, moment) == expected
            assert sender.believed(period, moment + MINUTE / 2) == expected
    assert list(warehouse.fsck()) == []
