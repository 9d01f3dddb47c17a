"""A line that two processes find missing at the same moment is entered by one of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from gateway.database import open_database
from gateway.ledger import Event, EventKind, Ledger

AT = datetime(2026, 11, 23, tzinfo=UTC)


def line(digest: str, kind: EventKind = EventKind.SEALED) -> Event:
    return Event(at=AT, kind=kind, batch="a.b/2026-10/r1", feed="a.b", period="2026-10", revision=1, digest=digest)


def test_of_many_at_once_one_enters_the_line_and_another_batch_or_kind_is_another_line(tmp_path: Path) -> None:
    ledgers = [Ledger(open_database(tmp_path / "ledger.db"), "agri") for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda one: one.append_once(line("a" * 64)), ledgers * 5))
    ledger = ledgers[0]
    ledger.append_once(line("b" * 64))
    ledger.append_once(line("a" * 64, EventKind.HELD))
    assert [(one.event, one.digest) for one in ledger.lines()] == [
        ("sealed", "a" * 64), ("sealed", "b" * 64), ("held", "a" * 64),
    ]  # fmt: skip
    assert list(ledger.verify()) == []
