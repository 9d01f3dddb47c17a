"""First loads: what is stored, what is counted, what is refused, and that refused means nothing remains."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

import pyarrow as pa
import pytest

from gateway.errors import (
    Conflict,
    CorrectsUnknown,
    FeedShapeChanged,
    FeedUnprepared,
    LoadUnbalanced,
    PayloadShapeInvalid,
    RevisionOutOfOrder,
    YizhanError,
)
from gateway.ledger import EventKind, Head, Ledger
from gateway.records.keys import MAX_KEY
from gateway.records.types import Column, FieldType
from gateway.warehouse import FeedShape, LoadResult, Warehouse
from tests.peers.stores import Stranger
from tests.warehouse.feeds import AT, COLUMNS, FEED, PERIOD, SHAPE, Notary, batch, digest_of, facts, number, row

ROWS = [row(n) for n in range(5)]


def nothing_remains(outside: Stranger, ledger: Ledger) -> bool:
    tables = ("current__civil__dibao", "history__civil__dibao", "batches", "ledger")
    counts = [outside.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]
    return counts == [0, 0, 0, 0] and ledger.head().position == 0


def test_every_kind_of_value_is_stored_exactly(warehouse: Warehouse, outside: Stranger) -> None:
    rows = [row(1, id_number="43048219000000001x"), row(2, remark="", rural=False), row(3, remark=None, amount=None)]
    warehouse.load(facts(rows), [batch(rows)], Notary())
    found = outside.execute("SELECT * FROM current__civil__dibao ORDER BY _row").fetchall()
    common = ("2026-10-31", "2026-11-22T17:00:00.000000+08:00", "1.5000")
    place, (first, second, third) = ("430482", "2026-10", number(1)), (row(n)["id_number"] for n in (1, 2, 3))
    assert found == [
        (*place, 1, first, "43048219000000001x", 1, 101, "备注1", *common, 1, -50),
        (*place, 2, second, second, 2, 201, "", *common, 0, -50),
        (*place, 3, third, third, 3, None, None, *common, 1, -50),
    ]


def test_the_receipt_is_made_of_what_was_counted_and_of_the_ledger_line(warehouse: Warehouse, ledger: Ledger) -> None:
    notary = Notary()
    receipt = warehouse.load(facts(ROWS), [batch(ROWS[:2]), batch(ROWS[2:])], notary)
    (result,), (head,) = notary.results, notary.heads
    assert result.counted == result.loaded == facts(ROWS).sent
    assert result.counted.sums == (("amount", 1005), ("fee", -250))
    assert (result.duplicate.rows, result.problem.rows, result.effect.changed.rows, result.balanced) == (0, 0, 0, True)
    (line,) = ledger.lines(kind=EventKind.LOADED)
    assert (head.position, head.hash) == (line.seq, line.hash)
    assert (line.batch, line.digest, line.moment) == ("civil.dibao/2026-10/r1", digest_of(1), AT)
    assert warehouse.lookup(digest_of(1)) == receipt == b"receipt 1 5"
    assert warehouse.lookup(digest_of(2)) is None


def test_the_same_batch_again_gives_the_same_receipt_and_reads_nothing(warehouse: Warehouse, ledger: Ledger) -> None:
    first = warehouse.load(facts(ROWS), [batch(ROWS)], Notary())

    def untouched() -> Iterator[pa.RecordBatch]:
        raise AssertionError("the payload was read")
        yield

    notary = Notary()
    assert warehouse.load(facts(ROWS), untouched(), notary) == first
    assert notary.results == []
    assert ledger.head().position == 1
    warehouse.require_next(facts(ROWS))


def test_deliveries_say_what_the_board_needs(warehouse: Warehouse) -> None:
    warehouse.load(facts(ROWS), [batch(ROWS)], Notary())
    (held,) = warehouse.deliveries(FEED, PERIOD)
    assert held.facts == facts(ROWS)
    assert (held.counted.rows, held.problem_rows, held.balanced, held.position) == (5, 2, True, 1)
    assert warehouse.deliveries("finance.onecard") == warehouse.deliveries(FEED, "2026-09") == []


def test_a_batch_without_rows_is_loaded_like_any_other(warehouse: Warehouse) -> None:
    warehouse.load(facts([], kind="nil"), [], Notary())
    (held,) = warehouse.deliveries()
    assert (held.counted.rows, held.facts.kind) == (0, "nil")
    assert list(warehouse.fsck()) == []


@pytest.mark.parametrize("apart", [1, 9_000])
def test_repeated_rows_are_duplicates_and_contradicting_ones_problems_wherever_they_stand(
    warehouse: Warehouse, apart: int
) -> None:
    rows = [row(0), *(row(n) for n in range(1, apart)), row(0), row(0, amount=Decimal("9.99"))]
    notary = Notary()
    warehouse.load(facts(rows), [batch(rows[i : i + 8_500]) for i in range(0, len(rows), 8_500)], notary)
    (result,) = notary.results
    assert (result.loaded.rows, result.duplicate.rows, result.problem.rows) == (apart, 1, 1)
    assert result.duplicate.sums == (("amount", 1), ("fee", -50))
    assert result.problem.sums == (("amount", 999), ("fee", -50))
    assert result.balanced
    assert list(warehouse.fsck()) == []


def test_the_two_spellings_of_a_check_character_are_one_person(warehouse: Warehouse) -> None:
    rows = [row(1, id_number="43048219000000001x"), row(1)]
    notary = Notary()
    warehouse.load(facts(rows), [batch(rows)], notary)
    assert (notary.results[0].loaded.rows, notary.results[0].duplicate.rows) == (1, 1)


def test_the_longest_key_is_kept_and_a_longer_one_is_a_problem_row(warehouse: Warehouse) -> None:
    long = random.Random(7).choices("甲乙丙丁戊己庚辛壬癸ABCDEFGHIJ0123456789", k=4_000)  # nothing can compress it
    fits = next("".join(long[:n]) for n in range(4_000) if len("".join(long[: n + 1]).encode()) > MAX_KEY)
    rows = [row(1), row(2, id_number=fits), row(3, id_number=f"{fits}甲")]
    notary = Notary()
    warehouse.load(facts(rows), [batch(rows)], notary)
    assert (notary.results[0].loaded.rows, notary.results[0].problem.rows) == (2, 1)
    again = [row(1, remark="改"), row(2, id_number=fits, remark="改"), row(3, id_number=f"{fits}甲")]
    warehouse.load(facts(again, 2), [batch(again)], notary)
    assert (notary.results[1].effect.changed.rows, notary.results[1].problem.rows) == (2, 1)
    assert list(warehouse.fsck()) == []


def test_a_row_without_its_key_is_a_problem_row(warehouse: Warehouse) -> None:
    rows = [row(1), row(2, item=None), row(3)]
    notary = Notary()
    warehouse.load(facts(rows), [batch(rows)], notary)
    assert (notary.results[0].loaded.rows, notary.results[0].problem.rows) == (2, 1)
    assert list(warehouse.fsck()) == []


def failing(error: Exception) -> Iterator[pa.RecordBatch]:
    yield batch(ROWS[:3])
    raise error


def refusing(_result: LoadResult, _head: Head) -> bytes:
    raise KeyError("no signing key")


def test_an_unauthenticated_segment_half_way_leaves_nothing(
    warehouse: Warehouse, ledger: Ledger, outside: Stranger
) -> None:
    with pytest.raises(CorrectsUnknown):  # any error of the envelope does as well as this one
        warehouse.load(facts(ROWS), failing(CorrectsUnknown(batch="x")), Notary())
    assert nothing_remains(outside, ledger)
    warehouse.load(facts(ROWS), [batch(ROWS)], Notary())


def test_a_receipt_that_cannot_be_signed_leaves_nothing(
    warehouse: Warehouse, ledger: Ledger, outside: Stranger
) -> None:
    with pytest.raises(KeyError):
        warehouse.load(facts(ROWS), [batch(ROWS)], refusing)
    assert nothing_remains(outside, ledger)


@pytest.mark.parametrize("came", [ROWS[:4], [*ROWS, row(9)], [*ROWS[:4], row(4, amount=Decimal("4.02"))]])
def test_other_rows_or_sums_than_the_manifest_states_leave_nothing(
    warehouse: Warehouse, ledger: Ledger, outside: Stranger, came: list[dict[str, object]]
) -> None:
    with pytest.raises(LoadUnbalanced) as refused:
        warehouse.load(facts(ROWS), [batch(came)], Notary())
    assert refused.value.facts["sent"] == "5 amount=10.05 fee=-2.50"
    assert nothing_remains(outside, ledger)


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (lambda b: b.drop_columns(["fee"]), "8/9"),
        (lambda b: b.rename_columns(["id_number", "item", "amount", "note", *b.schema.names[4:]]), "remark"),
        (lambda b: b.set_column(1, "item", b.column("item").cast(pa.int32())), "item"),
        (lambda b: b.set_column(2, "amount", pa.array([Decimal(10) ** 17] * 5, pa.decimal128(20, 2))), "amount"),
    ],
)
def test_a_payload_that_is_not_the_feeds_leaves_nothing(
    warehouse: Warehouse,
    ledger: Ledger,
    outside: Stranger,
    spoil: Callable[[pa.RecordBatch], pa.RecordBatch],
    field: str,
) -> None:
    with pytest.raises(PayloadShapeInvalid) as refused:
        warehouse.load(facts(ROWS), [spoil(batch(ROWS))], Notary())
    assert refused.value.facts["field"] == field
    assert nothing_remains(outside, ledger)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"revision": 1, "content": "sealed again"}, Conflict),
        ({"revision": 3}, RevisionOutOfOrder),
        ({"revision": 2, "previous": "f" * 64}, CorrectsUnknown),
        ({"revision": 2, "previous": None}, CorrectsUnknown),
    ],
)
def test_a_batch_out_of_its_place_is_refused_early_and_at_the_load(
    warehouse: Warehouse, ledger: Ledger, changes: dict[str, object], error: type[YizhanError]
) -> None:
    warehouse.load(facts(ROWS), [batch(ROWS)], Notary())
    wrong = facts(ROWS, **changes)
    with pytest.raises(error):
        warehouse.require_next(wrong)
    with pytest.raises(error):
        warehouse.load(wrong, [batch(ROWS)], Notary())
    assert ledger.head().position == 1


def test_the_first_revision_comes_first(warehouse: Warehouse) -> None:
    with pytest.raises(RevisionOutOfOrder) as refused:
        warehouse.load(facts(ROWS, revision=2), [batch(ROWS)], Notary())
    assert refused.value.facts["expected"] == 1


def test_regions_and_periods_are_apart(warehouse: Warehouse) -> None:
    warehouse.load(facts(ROWS), [batch(ROWS)], Notary())
    for region, period in (("430481", PERIOD), ("430482", "2026-11")):
        other = facts(ROWS, content=region + period, region=region, period=period, batch=f"{FEED}/{period}/r1")
        notary = Notary()
        warehouse.load(other, [batch(ROWS)], notary)
        assert notary.results[0].loaded.rows == 5
    assert list(warehouse.fsck()) == []


def test_readers_go_on_during_a_load_and_see_none_of_it(warehouse: Warehouse, outside: Stranger) -> None:
    seen = []

    def source() -> Iterator[pa.RecordBatch]:
        yield batch(ROWS[:3])
        seen.append(outside.execute("SELECT count(*) FROM current__civil__dibao").fetchone()[0])
        seen.append(len(warehouse.deliveries()))
        yield batch(ROWS[3:])

    warehouse.load(facts(ROWS), source(), Notary())
    assert seen == [0, 0]
    assert outside.execute("SELECT count(*) FROM current__civil__dibao").fetchone()[0] == 5


def test_text_with_a_nul_which_not_every_database_can_hold_is_refused_by_all(
    warehouse: Warehouse, ledger: Ledger, outside: Stranger
) -> None:
    rows = [row(1, remark="a\0b")]
    with pytest.raises(PayloadShapeInvalid) as refused:
        warehouse.load(facts(rows), [batch(rows)], Notary())
    assert refused.value.facts["field"] == "remark"
    assert nothing_remains(outside, ledger)


def test_a_feed_without_tables_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(FeedUnprepared):
        warehouse.load(facts(ROWS, feed="finance.onecard"), [], Notary())


def test_preparing_again_changes_nothing(warehouse: Warehouse) -> None:
    warehouse.load(facts(ROWS), [batch(ROWS)], Notary())
    warehouse.prepare(SHAPE)
    assert list(warehouse.fsck()) == []


@pytest.mark.parametrize(
    ("shape", "field"),
    [
        (replace(SHAPE, columns=(*COLUMNS, Column(name="extra", type=FieldType.TEXT))), "extra"),
        (replace(SHAPE, columns=COLUMNS[:-1]), "fee"),
        (replace(SHAPE, columns=(*COLUMNS[:3], Column(name="remark", type=FieldType.MONEY), *COLUMNS[4:])), "remark"),
        (replace(SHAPE, key=("id_number",)), "key"),
        (FeedShape(feed="civil.di__bao", columns=COLUMNS, key=("item",)), "id"),
        (FeedShape(feed='civil.x"; drop table batches; --', columns=COLUMNS, key=("item",)), "id"),
    ],
)
def test_tables_that_are_not_the_catalogues_are_never_altered(
    warehouse: Warehouse, shape: FeedShape, field: str
) -> None:
    with pytest.raises(FeedShapeChanged) as refused:
        warehouse.prepare(shape)
    assert refused.value.facts["field"] == field
