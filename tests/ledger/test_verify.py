"""Whatever is done to the ledger's file behind the product's back is found, and its place is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime

import pytest

from gateway.database import open_database
from gateway.ledger import Anchor, Detail, Event, EventKind, Ledger, Line
from tests.peers.stores import Stranger, Where, stranger, unguard

AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
LINES = 9
Intruder = Callable[[Stranger], None]


@pytest.fixture
def ledger(where: Where) -> Iterator[Ledger]:
    engine = open_database(where)
    made = Ledger(engine, "changning")
    for n in range(LINES):
        made.append(Event(at=AT, kind=EventKind.LOADED, batch=f"civil.dibao/2026-10/r{n + 1}", detail=Detail(rows=n)))
    yield made
    engine.dispose()


def tamper(where: Where, act: Intruder) -> None:
    """Someone with every right, the schema and enough time: triggers off, change, triggers back on."""
    with stranger(where) as connection:
        triggers = unguard(connection, "ledger")
        act(connection)
        for statement in triggers:
            connection.execute(statement)


def line(connection: Stranger, seq: int) -> Line:
    cursor = connection.execute("SELECT * FROM ledger WHERE seq = ?", (seq,))
    return Line(**dict(zip((c[0] for c in cursor.description), cursor.fetchone(), strict=True)))


def write(connection: Stranger, made: Line) -> None:
    columns = asdict(made)
    names = ", ".join(f'"{name}"' for name in columns)
    connection.execute(f"INSERT INTO ledger ({names}) VALUES ({','.join('?' * len(columns))})", tuple(columns.values()))


def edit(connection: Stranger) -> None:
    connection.execute("UPDATE ledger SET detail = '{\"rows\":8}' WHERE seq = 4")


def edit_and_rehash(connection: Stranger) -> None:
    changed = replace(line(connection, 4), code="YZ-1")
    connection.execute("UPDATE ledger SET code = ?, hash = ? WHERE seq = 4", (changed.code, changed.computed_hash))


def delete(connection: Stranger) -> None:
    connection.execute("DELETE FROM ledger WHERE seq IN (4, 5)")


def swap(connection: Stranger) -> None:
    for now, then in ((4, -1), (5, 4), (-1, 5)):
        connection.execute("UPDATE ledger SET seq = ? WHERE seq = ?", (then, now))


def cut_tail(connection: Stranger) -> None:
    connection.execute("DELETE FROM ledger WHERE seq >= 8")


def add_behind(connection: Stranger) -> None:
    last = line(connection, LINES)
    made = replace(last, seq=LINES + 1, previous=last.hash)
    write(connection, replace(made, hash=made.computed_hash))


def add_within(connection: Stranger) -> None:
    for seq in range(LINES, 4, -1):
        connection.execute("UPDATE ledger SET seq = ? WHERE seq = ?", (seq + 1, seq))
    made = replace(line(connection, 4), seq=5, previous=line(connection, 4).hash, code="YZ-1")
    write(connection, replace(made, hash=made.computed_hash))
    connection.execute("UPDATE ledger_head SET seq = seq + 1")


def lose_head(connection: Stranger) -> None:
    connection.execute("UPDATE ledger_head SET hash = ?", ("f" * 64,))


@pytest.mark.parametrize(
    ("act", "codes"),
    [
        (edit, [("YZ-7101", 4)]),
        (edit_and_rehash, [("YZ-7105", 5)]),
        (delete, [("YZ-7102", 4)]),
        (swap, [("YZ-7103", 4), ("YZ-7103", 5)]),
        (cut_tail, [("YZ-7102", 8)]),
        (add_behind, [("YZ-7104", 10)]),
        (lose_head, [("YZ-7105", 9)]),
    ],
)
def test_a_changed_ledger_is_detected_and_the_line_named(
    ledger: Ledger, where: Where, act: Intruder, codes: list[tuple[str, int]]
) -> None:
    assert list(ledger.verify()) == []
    tamper(where, act)
    assert [(fault.code, fault.facts["seq"]) for fault in ledger.verify()] == codes


def test_a_line_slipped_in_between_is_named_and_so_are_those_it_moved(ledger: Ledger, where: Where) -> None:
    tamper(where, add_within)
    found = [(fault.code, fault.facts["seq"]) for fault in ledger.verify()]
    assert ("YZ-7104", 5) in found
    assert [seq for code, seq in found if code == "YZ-7103"] == [6, 7, 8, 9, 10]


def test_one_fault_does_not_hide_the_next(ledger: Ledger, where: Where) -> None:
    tamper(where, lambda c: (edit(c), c.execute("UPDATE ledger SET batch = 'x' WHERE seq = 7"), cut_tail(c)))
    assert [fault.facts["seq"] for fault in ledger.verify()] == [4, 7, 8]


def test_a_tail_cut_off_together_with_its_head_is_found_by_the_receipts(ledger: Ledger, where: Where) -> None:
    anchors = [Anchor(position=made.seq, head=made.hash) for made in ledger.lines()]

    def cut_both(connection: Stranger) -> None:
        cut_tail(connection)
        connection.execute("UPDATE ledger_head SET seq = 7, hash = ?", (line(connection, 7).hash,))

    tamper(where, cut_both)
    assert list(ledger.verify()) == []
    assert [(f.code, f.facts["seq"]) for f in ledger.verify(anchors)] == [("YZ-7107", 8), ("YZ-7107", 9)]


def test_a_ledger_written_anew_from_end_to_end_is_found_by_one_receipt(ledger: Ledger, where: Where) -> None:
    anchor = next(Anchor(position=made.seq, head=made.hash) for made in ledger.lines(after=5))

    def rewrite(connection: Stranger) -> None:
        previous = "0" * 64
        for seq in range(1, LINES + 1):
            made = replace(line(connection, seq), previous=previous, node="elsewhere")
            previous = made.computed_hash
            connection.execute(
                "UPDATE ledger SET node = 'elsewhere', previous = ?, hash = ? WHERE seq = ?",
                (made.previous, previous, seq),
            )
        connection.execute("UPDATE ledger_head SET hash = ?", (previous,))

    tamper(where, rewrite)
    assert list(ledger.verify()) == []
    assert [(f.code, f.facts["seq"]) for f in ledger.verify([anchor])] == [("YZ-7107", 6)]


def test_a_missing_trigger_is_a_fault(ledger: Ledger, where: Where, product: str) -> None:
    with stranger(where) as connection:
        connection.execute(f"DROP TRIGGER ledger_no_delete{' ON ledger' if product == 'postgresql' else ''}")
    assert [(f.code, f.facts["trigger"]) for f in ledger.verify()] == [("YZ-7106", "ledger_no_delete")]


def test_every_fault_speaks_both_languages(ledger: Ledger, where: Where) -> None:
    tamper(where, edit)
    (fault,) = ledger.verify()
    assert "4" in fault.message("zh") and "4" in fault.message("en")
