"""Append and read, by many processes, in and out of transactions."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from gateway.database import open_database, reading, writing
from gateway.errors import StoreDamaged, StoreUnavailable
from gateway.ledger import Detail, Event, EventKind, Ledger
from tests.peers.stores import REFUSED, Where, spell, stranger

AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
ENV = {"PYTHONPATH": str(Path(__file__).parents[2])}


@pytest.fixture
def engine(where: Where) -> Iterator[Engine]:
    opened = open_database(where)
    yield opened
    opened.dispose()


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    return Ledger(engine, "finance")


def event(kind: EventKind = EventKind.SEALED, batch: str = "finance.onecard/2026-10/r1") -> Event:
    return Event(at=AT, kind=kind, batch=batch, by="预算股", detail=Detail(rows=7))


def test_lines_read_back_in_order_and_by_batch_kind_and_position(ledger: Ledger) -> None:
    first = ledger.append(event())
    second = ledger.append(event(EventKind.RECEIPTED))
    third = ledger.append(event(batch="civil.dibao/2026-10/r1"))
    assert list(ledger.lines()) == [first, second, third]
    assert list(ledger.lines(batch="civil.dibao/2026-10/r1")) == [third]
    assert list(ledger.lines(kind=EventKind.RECEIPTED)) == [second]
    assert list(ledger.lines(after=2)) == [third]
    assert (ledger.head().position, ledger.head().hash) == (3, third.hash)
    assert (first.moment, first.by, first.seq) == (AT, "预算股", 1)


def test_an_empty_ledger_is_whole(ledger: Ledger) -> None:
    assert list(ledger.verify()) == []
    assert ledger.head().position == 0


def test_an_exported_line_can_be_checked_with_json_and_sha256_alone(ledger: Ledger) -> None:
    ledger.append(event())
    columns = json.loads(ledger.append(event()).export())
    stated = columns.pop("hash")
    canonical = json.dumps(columns, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert hashlib.sha256(canonical).hexdigest() == stated


def test_a_line_of_a_transaction_that_fails_was_never_written(engine: Engine, ledger: Ledger) -> None:
    ledger.append(event())
    with pytest.raises(KeyError), writing(engine) as connection:
        ledger.append(event(), connection)
        raise KeyError
    assert ledger.head().position == 1
    assert list(ledger.verify()) == []


def test_four_processes_appending_at_once_make_one_unbroken_chain(ledger: Ledger, where: Where) -> None:
    code = (
        "import sys\nfrom datetime import UTC, datetime\nfrom pathlib import Path\nfrom gateway.ledger import *\n"
        "from gateway.database import open_database\nfrom tests.peers.stores import read\n"
        "ledger = Ledger(open_database(read(sys.argv[1])), 'n')\n"
        "for _ in range(25): ledger.append(Event(at=datetime.now(UTC), kind=EventKind.DEFERRED))"
    )
    run = [sys.executable, "-c", code, spell(where)]
    children = [subprocess.Popen(run, env=ENV) for _ in range(4)]
    assert [child.wait() for child in children] == [0] * 4
    assert [line.seq for line in ledger.lines()] == list(range(1, 101))
    assert list(ledger.verify()) == []


def test_reading_does_not_wait_for_a_writer(engine: Engine, ledger: Ledger) -> None:
    ledger.append(event())
    with writing(engine) as connection:
        ledger.append(event(), connection)
        assert ledger.head().position == 1
        assert len(list(ledger.lines())) == 1
    assert ledger.head().position == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET by = 'x' WHERE seq = 1",
        "DELETE FROM ledger WHERE seq = 1",
        "INSERT INTO ledger SELECT * FROM ledger WHERE true ON CONFLICT (seq) DO UPDATE SET by = 'x'",
    ],
)
def test_the_database_itself_refuses_to_change_a_line_whoever_asks(
    ledger: Ledger, where: Where, statement: str
) -> None:
    ledger.append(event())
    with stranger(where) as someone, pytest.raises(REFUSED, match="append-only"):
        someone.execute(statement)


@pytest.mark.parametrize("product", ["sqlite"])
def test_sqlites_own_way_to_replace_a_line_is_refused_too(ledger: Ledger, where: Where) -> None:
    ledger.append(event())
    with stranger(where) as someone, pytest.raises(REFUSED, match="append-only"):
        someone.execute("INSERT OR REPLACE INTO ledger SELECT * FROM ledger WHERE seq = 1")


@pytest.mark.parametrize("product", ["postgresql"])
def test_postgresqls_way_to_empty_a_table_is_refused_too(ledger: Ledger, where: Where) -> None:
    ledger.append(event())
    with stranger(where) as someone, pytest.raises(REFUSED, match="append-only"):
        someone.execute("TRUNCATE ledger")


@pytest.mark.parametrize("product", ["postgresql"])
@pytest.mark.parametrize(
    "meddling",
    [
        "ALTER TABLE ledger DISABLE TRIGGER ledger_no_update",
        "ALTER TABLE ledger ENABLE TRIGGER ledger_no_update",
        "DROP TRIGGER ledger_no_update ON ledger",
    ],
)
def test_a_guard_switched_off_or_weakened_is_a_fault(ledger: Ledger, where: Where, meddling: str) -> None:
    with stranger(where) as someone:
        someone.execute(meddling)
    assert [(fault.code, fault.facts["trigger"]) for fault in ledger.verify()] == [("YZ-7106", "ledger_no_update")]


@pytest.mark.parametrize("product", ["postgresql"])
def test_a_guard_whose_function_was_emptied_is_a_fault(ledger: Ledger, where: Where) -> None:
    with stranger(where) as someone:
        someone.execute(
            "CREATE OR REPLACE FUNCTION yizhan_refuse_change() RETURNS trigger LANGUAGE plpgsql"
            " AS 'BEGIN RETURN NULL; END'"
        )
    assert [fault.facts["trigger"] for fault in ledger.verify()] == [
        "ledger_no_update", "ledger_no_delete", "ledger_no_truncate",
    ]  # fmt: skip


def test_a_file_that_is_no_database_is_named_without_the_drivers_words(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"not a database at all" * 100)
    engine = open_database(tmp_path / "ledger.db")
    with pytest.raises(StoreDamaged) as refused:
        Ledger(engine, "finance")
    assert refused.value.facts == {"file": "ledger.db"}
    assert refused.value.__suppress_context__
    engine.dispose()


def test_a_database_in_no_directory_is_a_retry(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        open_database(tmp_path / "nowhere" / "ledger.db")


def test_driver_errors_become_ours_and_hide_their_parameters(engine: Engine, ledger: Ledger, where: Where) -> None:
    secret = "430482195001010016"
    with pytest.raises(StoreUnavailable) as refused, reading(engine) as connection:
        connection.execute(text("SELECT :value FROM missing"), {"value": secret})
    assert secret not in str(refused.value)
    file = "ledger.db" if isinstance(where, Path) else f"{where.host}:{where.port}/{where.database}"
    assert refused.value.facts["file"] == file


@pytest.mark.parametrize("product", ["sqlite"])
def test_the_file_is_private(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append(event())
    assert {p.stat().st_mode & 0o077 for p in tmp_path.glob("ledger.db*")} == {0}
