"""One batch through the checks: the adapter's contract, every reason of a row, and the control totals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from gateway.errors import AdapterBroken
from gateway.records.check import Checker
from gateway.records.problems import Reason, Tally, reason
from gateway.records.totals import Totals
from gateway.records.types import FAULT, POSITION, Column, FieldType, target_schema
from tests.records.batches import SALT, batch_of, column

COLUMNS = (
    Column(name="batch_no", type=FieldType.CODE),
    Column(name="id_number", type=FieldType.ID_NUMBER, required=True),
    Column(name="amount", type=FieldType.MONEY, required=True),
    Column(name="paid", type=FieldType.DATE),
)
GOOD = {"batch_no": "B1", "id_number": "11010519491231002X", "amount": "12.30", "paid": "20261001"}
OTHER = {"batch_no": "B1", "id_number": "440524188001010014", "amount": "0.05", "paid": "2026-10-02"}


def checker() -> Checker:
    return Checker(COLUMNS, key=("batch_no", "id_number"), salt=SALT, adapter="sftp")


def test_good_rows_come_out_in_order_in_the_target_schema() -> None:
    checked = checker().check(batch_of(COLUMNS, [GOOD, OTHER]))
    assert checked.good.schema == target_schema(COLUMNS)
    assert checked.good.to_pylist() == [
        {"batch_no": "B1", "id_number": "11010519491231002X", "amount": Decimal("12.30"), "paid": date(2026, 10, 1)},
        {"batch_no": "B1", "id_number": "440524188001010014", "amount": Decimal("0.05"), "paid": date(2026, 10, 2)},
    ]
    assert checked.problems == ()
    assert checked.extracted == checked.accepted == Totals.of(checked.good, COLUMNS)
    assert checked.accepted.sums == (("amount", 1235),)


def test_every_reason_of_a_row_is_reported_in_column_order() -> None:
    bad = {"batch_no": None, "id_number": "110105194902300022", "amount": "1,234.50", "paid": "20170230"}
    checked = checker().check(batch_of(COLUMNS, [GOOD, bad], first=41))
    assert [(p.position, p.field, p.reason, p.masked) for p in checked.problems] == [
        ("42", "batch_no", Reason.REQUIRED, ""),  # a key column is required whatever the field says
        ("42", "id_number", Reason.ID_BIRTH_DATE, "110105********0022"),
        ("42", "id_number", Reason.ID_CHECK_DIGIT, "110105********0022"),
        ("42", "amount", Reason.THOUSANDS, "1,234.50"),
        ("42", "paid", Reason.DATE_IMPOSSIBLE, "20170230"),
    ]
    assert checked.problem == Totals(rows=1, sums=(("amount", 0),), unreadable=(("amount", 1),))
    assert checked.extracted == checked.accepted + checked.problem


def test_a_problem_row_whose_amount_can_be_read_keeps_it_in_the_problem_total() -> None:
    checked = checker().check(batch_of(COLUMNS, [GOOD, {**OTHER, "id_number": "1"}]))
    assert checked.problem == Totals(rows=1, sums=(("amount", 5),), unreadable=(("amount", 0),))
    assert checked.accepted.sums == (("amount", 1230),)


def test_a_repeated_key_with_other_content_sets_the_later_row_aside() -> None:
    checked = checker().check(batch_of(COLUMNS, [GOOD, {**GOOD, "amount": "12.31"}]))
    assert checked.good.num_rows == 1
    assert [(p.position, p.field, p.reason) for p in checked.problems] == [("2", None, Reason.KEY_REPEATED)]
    assert checked.problem.sums == (("amount", 1231),)


def test_a_repeated_key_with_equal_content_passes_for_the_centre_to_count() -> None:
    same = {**GOOD, "amount": "012.3", "paid": "2026/10/1"}
    assert checker().check(batch_of(COLUMNS, [GOOD, same])).good.num_rows == 2


def test_a_lower_case_x_is_the_same_key_and_stays_as_it_came() -> None:
    lower = {**GOOD, "id_number": "11010519491231002x"}
    checked = checker().check(batch_of(COLUMNS, [GOOD, lower, {**lower, "amount": "1"}]))
    assert checked.good.column("id_number").to_pylist() == ["11010519491231002X", "11010519491231002x"]
    assert [p.reason for p in checked.problems] == [Reason.KEY_REPEATED]


def test_a_key_that_no_database_could_index_is_a_problem_row_and_one_byte_less_is_not() -> None:
    fits = "号" * 660 + "B" * 2  # 1,982 bytes, and 18 of the ID number
    checked = checker().check(batch_of(COLUMNS, [{**GOOD, "batch_no": fits}, {**GOOD, "batch_no": f"{fits}B"}]))
    assert checked.good.column("batch_no").to_pylist() == [fits]
    assert [(p.position, p.field, p.reason) for p in checked.problems] == [("2", None, Reason.KEY_LONG)]


def test_a_repeat_is_found_across_batches() -> None:
    run = checker()
    assert run.check(batch_of(COLUMNS, [GOOD])).problems == ()
    [problem] = run.check(batch_of(COLUMNS, [{**GOOD, "amount": "1"}], first=2)).problems
    assert problem.position == "2" and problem.reason is Reason.KEY_REPEATED


def test_a_bad_row_does_not_stand_in_the_way_of_its_corrected_successor() -> None:
    checked = checker().check(batch_of(COLUMNS, [{**GOOD, "amount": "-"}, GOOD]))
    assert checked.good.num_rows == 1
    assert [p.reason for p in checked.problems] == [Reason.DASH]


def test_a_bad_row_that_also_repeats_a_good_key_says_both() -> None:
    checked = checker().check(batch_of(COLUMNS, [GOOD, {**GOOD, "amount": "-"}]))
    assert [p.reason for p in checked.problems] == [Reason.DASH, Reason.KEY_REPEATED]


def test_a_feed_without_a_key_has_no_repeats() -> None:
    checked = Checker(COLUMNS, salt=SALT).check(batch_of(COLUMNS, [GOOD, {**GOOD, "amount": "1"}]))
    assert checked.good.num_rows == 2


@pytest.mark.parametrize(("word", "expected"), [("layout", Reason.LAYOUT), ("encoding", Reason.ENCODING)])
def test_an_unreadable_record_is_one_problem_and_its_amount_is_unreadable(word: str, expected: Reason) -> None:
    checked = checker().check(batch_of(COLUMNS, [{FAULT: word}, GOOD]))
    assert [(p.position, p.field, p.reason) for p in checked.problems] == [("1", None, expected)]
    assert checked.problem == Totals(rows=1, sums=(("amount", 0),), unreadable=(("amount", 1),))
    assert checked.good.num_rows == 1


def test_an_empty_batch_is_no_rows() -> None:
    checked = checker().check(batch_of(COLUMNS, []))
    assert checked.good.schema == target_schema(COLUMNS)
    assert checked.extracted == Totals.zero(COLUMNS)


def test_a_slice_of_a_batch_is_checked_as_what_it_shows() -> None:
    batch = batch_of(COLUMNS, [GOOD, {**OTHER, "amount": "-"}, OTHER]).slice(1)
    checked = checker().check(batch)
    assert checked.good.column("id_number").to_pylist() == [OTHER["id_number"]]
    assert [(p.position, p.reason) for p in checked.problems] == [("2", Reason.DASH)]


Spoil = Callable[[pa.RecordBatch], pa.RecordBatch]


def _renamed(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.rename_columns([POSITION, FAULT, "batch_no", "id_number", "total", "paid"])


def _reordered(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.select([POSITION, FAULT, "id_number", "batch_no", "amount", "paid"])


def _without_position(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.set_column(0, POSITION, pa.nulls(batch.num_rows, pa.utf8()))


def _unknown_fault(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.set_column(1, FAULT, pa.array(["torn"] * batch.num_rows))


def _of_nulls(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.set_column(2, "batch_no", pa.nulls(batch.num_rows))


def _not_utf8(batch: pa.RecordBatch) -> pa.RecordBatch:
    raw = pa.array([b"\xcd\xf5"] * batch.num_rows)
    return batch.set_column(2, "batch_no", pa.StringArray.from_buffers(len(raw), raw.buffers()[1], raw.buffers()[2]))


@pytest.mark.parametrize("spoil", [_renamed, _reordered, _without_position, _unknown_fault, _of_nulls, _not_utf8])
def test_a_batch_outside_the_contract_is_a_broken_adapter(spoil: Spoil) -> None:
    with pytest.raises(AdapterBroken) as caught:
        checker().check(spoil(batch_of(COLUMNS, [GOOD])))
    assert caught.value.code == "YZ-2010"
    assert "sftp" in caught.value.message("zh") and "sftp" in caught.value.message("en")


def test_a_key_that_is_no_column_or_a_short_salt_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="key column"):
        Checker(COLUMNS, key=("nowhere",), salt=SALT)
    with pytest.raises(ValueError, match="salt"):
        Checker(COLUMNS, salt=b"short")


def test_reason_codes_are_unique_stable_and_have_both_languages() -> None:
    codes = [item.code for item in Reason]
    assert codes == sorted(set(codes))
    assert all(reason(item.code) is item and item.zh and item.en.isascii() for item in Reason)
    assert (Reason.REQUIRED.code, Reason.EXCEL_NUMBER.code, Reason.KEY_REPEATED.code) == (
        "YZ-3001",
        "YZ-3016",
        "YZ-3091",
    )


def test_tallies_count_reasons_by_code_and_add_up() -> None:
    problems = (
        checker().check(batch_of(COLUMNS, [{**GOOD, "amount": "-"}, {**OTHER, "amount": "-", "paid": "x"}])).problems
    )
    tally = Tally.of(problems)
    assert tally.counts == (("YZ-3026", 2), ("YZ-3031", 1))
    assert (tally + Tally() + tally).counts == (("YZ-3026", 4), ("YZ-3031", 2))


def test_totals_of_other_columns_do_not_add() -> None:
    with pytest.raises(ValueError, match="different columns"):
        Totals.zero(COLUMNS) + Totals.zero([column(FieldType.MONEY)])
