"""Outward copies: what is in force, exactly, under a grant, in the ledger before anyone has it, and signed for."""

from __future__ import annotations

import csv
import json
import subprocess
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

from gateway.errors import LedgerTextRefused, NoteInvalid, NotGranted, NothingToCopy, OutputRefused, RegionRequired
from gateway.subscribers import Order, copies_due, copy_out, read_note, stem_of
from gateway.subscribers.files import digest_of
from gateway.warehouse import Disclosure
from tests.subscribers.conftest import NEIGHBOUR, NOW, OWN, Office
from tests.subscribers.test_grants import APPROVER, FEED, PLATFORM, give
from tests.warehouse.feeds import PERIOD, Notary, batch, facts, row
from tests.warehouse.portions import PORTIONS, Row, Sender

FLAGGED = "finance.onecard"  # any feed of the catalogue will do: its rows here are of another shape


def order(**changes: object) -> Order:
    wanted = {
        "reader": PLATFORM,
        "feed": FEED,
        "period": PERIOD,
        "region": OWN,
        "disclosure": Disclosure.CLEAR,
        "by": "数据股",
        "reason": "低保比对",
    }
    return Order(**(wanted | changes))


def correct(office: Office, rows, revision: int = 2) -> None:
    earlier = facts([row(1)], content=OWN).digest if revision == 2 else facts([row(1)], revision - 1, OWN).digest
    again = facts(rows, revision, OWN, previous=earlier, accepted_at=office.now, reason="漏报", by="p001")
    office.warehouse.load(again, [batch(rows)], Notary())


def test_a_copy_holds_the_rows_in_force_exactly_and_says_where_each_came_from(office: Office, tmp_path: Path) -> None:
    give(office)
    correct(office, [row(1, amount=Decimal("7.50"), remark=""), row(2, remark=None), row(4)])
    copied = copy_out(order(), tmp_path / "a.csv", office.copyist)
    with copied.file.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert [(r["_region"], r["_batch"], r["_row"], r["id_number"], r["amount"], r["remark"]) for r in found] == [
        (OWN, f"{FEED}/{PERIOD}/r2", "1", row(1)["id_number"], "7.50", ""),
        (OWN, f"{FEED}/{PERIOD}/r2", "2", row(2)["id_number"], "2.01", ""),
        (OWN, f"{FEED}/{PERIOD}/r2", "3", row(4)["id_number"], "4.01", "备注4"),
    ]
    lines = copied.file.read_text(encoding="utf-8").splitlines()
    assert ',"",' in lines[1] and ",," in lines[2]  # an empty text is not a missing value


def test_a_parquet_copy_keeps_types_and_fen(office: Office, tmp_path: Path) -> None:
    give(office)
    copied = copy_out(order(), tmp_path / "a.parquet", office.copyist)
    table = parquet.read_table(copied.file)
    assert str(table.schema.field("amount").type) == "decimal128(20, 2)"
    assert table.column("amount").to_pylist() == [Decimal("1.01"), Decimal("2.01")]
    assert dict(copied.said.totals.sums) == {"amount": 302, "fee": -100}


def test_a_masked_copy_shows_no_number_of_a_person(office: Office, tmp_path: Path) -> None:
    give(office)
    copied = copy_out(order(disclosure=Disclosure.MASKED), tmp_path / "a.csv", office.copyist)
    text = copied.file.read_text(encoding="utf-8")
    assert copied.said.masked and str(row(1)["id_number"]) not in text and "430482" in text


def test_the_ledger_has_who_what_how_many_and_why(office: Office, tmp_path: Path) -> None:
    granted = give(office)
    copied = copy_out(order(), tmp_path / "a.csv", office.copyist)
    line = list(office.ledger.lines())[-1]
    said = line.said
    assert (line.event, line.by, line.feed, line.period, line.batch) == (
        "copied", "数据股", FEED, PERIOD, f"{FEED}/{PERIOD}/r1",
    )  # fmt: skip
    assert (said.subscriber, said.number, said.rows, said.reason, said.region) == (
        PLATFORM, granted.number, 2, "低保比对", OWN,
    )  # fmt: skip
    assert said.payload == digest_of(copied.file) == copied.said.sha256
    assert (copied.said.ledger.position, copied.said.ledger.head) == (line.seq, line.hash)


def test_the_note_is_the_centres_and_openssl_reads_it(office: Office, tmp_path: Path) -> None:
    give(office)
    copied = copy_out(order(), tmp_path / "a.csv", office.copyist)
    data = copied.note.read_bytes()
    assert read_note(data, office.ring.trust(), NOW) == copied.said
    for at in range(0, len(data), 97):
        with pytest.raises(NoteInvalid):
            read_note(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :], office.ring.trust(), NOW)
    shown = subprocess.run(
        ["openssl", "cms", "-verify", "-noverify", "-inform", "DER", "-in", copied.note],
        capture_output=True,
        check=True,
    )
    assert json.loads(shown.stdout)["reader"] == PLATFORM


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({}, NotGranted),
        ({"reader": NEIGHBOUR}, NotGranted),
        ({"region": None}, RegionRequired),
        ({"period": "2026-09"}, NothingToCopy),
        ({"reader": OWN, "reason": "430482195001010016"}, LedgerTextRefused),
    ],
)
def test_what_may_not_leave_leaves_no_file_and_no_line(office: Office, tmp_path: Path, changes, refusal) -> None:
    before = office.ledger.head()
    with pytest.raises(refusal):
        copy_out(order(**changes), tmp_path / "a.csv", office.copyist)
    assert (office.ledger.head(), list(tmp_path.glob("*.csv*"))) == (before, [])


def test_a_file_that_is_there_is_never_written_over(office: Office, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("mine", encoding="utf-8")
    for path in (tmp_path / "a.csv", tmp_path / "a.txt", tmp_path / "no" / "a.csv"):
        with pytest.raises(OutputRefused):
            copy_out(order(reader=OWN), path, office.copyist)
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "mine"
    assert not any(line.event == "copied" for line in office.ledger.lines())


def test_readers_of_the_own_region_get_a_copy_without_a_grant_and_it_is_ledgered_too(
    office: Office, tmp_path: Path
) -> None:
    copied = copy_out(order(reader="430400"), tmp_path / "a.csv", office.copyist)
    assert (copied.said.number, copied.said.totals.rows) == (None, 2)
    assert [line.said.subscriber for line in office.ledger.lines() if line.event == "copied"] == ["430400"]


def test_what_is_due_is_what_was_granted_and_is_new_to_the_reader(office: Office, tmp_path: Path) -> None:
    def due() -> list[tuple[str, str, str]]:
        return list(copies_due(PLATFORM, office.warehouse, office.ledger, office.now))

    assert due() == []
    give(office)
    assert due() == [(FEED, PERIOD, OWN)]
    copy_out(order(), tmp_path / "1.csv", office.copyist)
    assert due() == []
    correct(office, [row(1), row(5)])
    assert due() == [(FEED, PERIOD, OWN)]
    give(office, "第二号", region=NEIGHBOUR, by=APPROVER)
    assert due() == [(FEED, PERIOD, OWN), (FEED, PERIOD, NEIGHBOUR)]
    office.now = NOW + timedelta(days=31)
    assert due() == []


def test_a_copy_is_named_by_the_revision_it_holds_and_not_by_one_that_is_not_in_force_yet(
    office: Office, tmp_path: Path
) -> None:
    give(office)
    before = office.now
    office.now += timedelta(hours=1)  # the clock of the receiver that took the correction
    correct(office, [row(1)])
    for now, revision, rows in ((before, 1, 2), (office.now, 2, 1)):
        office.now = now
        assert due(office) == [(FEED, PERIOD, OWN)]
        stem = stem_of(order(), office.copyist)
        copied = copy_out(order(), tmp_path / f"{stem}.csv", office.copyist)
        assert (stem, copied.said.totals.rows) == (f"{FEED}_{PERIOD}_{OWN}_r{revision}", rows)
        assert due(office) == []


def due(office: Office) -> list[tuple[str, str, str]]:
    return list(copies_due(PLATFORM, office.warehouse, office.ledger, office.now))


def test_what_a_later_portion_removed_makes_the_period_it_was_removed_from_due_again(
    office: Office, tmp_path: Path
) -> None:
    """Else a subscriber would keep for good what the department has withdrawn."""
    sender = Sender(warehouse=office.warehouse, shape=replace(PORTIONS, feed=FLAGGED), region=OWN)
    give(office, feeds=[FLAGGED])
    sender.send([Row("1"), Row("2")], "2026-09")
    office.now = sender.at

    def handed_out() -> list[tuple[str, int]]:
        due = list(copies_due(PLATFORM, office.warehouse, office.ledger, office.now))
        names = (tmp_path / f"{office.now:%M}-{period}.csv" for _, period, _ in due)
        wanted = (order(feed=feed, period=period, region=region) for feed, period, region in due)
        copied = [copy_out(one, name, office.copyist).said for one, name in zip(wanted, names, strict=True)]
        return [(said.period, said.totals.rows) for said in copied]

    assert handed_out() == [("2026-09", 2)]
    sender.send([Row("3")], "2026-10")
    office.now = sender.at
    assert handed_out() == [("2026-10", 1)]
    sender.send([Row("1", op="D"), Row("4")], "2026-11")
    office.now = sender.at
    assert handed_out() == [("2026-09", 1), ("2026-11", 1)]
    assert handed_out() == []


def test_a_copy_begun_before_a_correction_holds_what_was_in_force_then(office: Office) -> None:
    held = office.warehouse.asof(FEED, PERIOD, NOW, OWN)
    correct(office, [row(2, remark="改"), row(5)])
    (copied,) = office.warehouse.rows(held, Disclosure.CLEAR)
    assert copied.column("id_number").to_pylist() == [row(1)["id_number"], row(2)["id_number"]]
    assert (copied.column("remark").to_pylist(), held.totals.rows) == ([row(1)["remark"], row(2)["remark"]], 2)
