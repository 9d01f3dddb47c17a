"""When a batch waited for a reviewer, as the ledger tells it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.app.facts import held_of
from gateway.calendar import ASIA_SHANGHAI
from gateway.database import open_database
from gateway.ledger import Event, EventKind, Ledger

START = datetime(2026, 11, 1, tzinfo=ASIA_SHANGHAI)
HELD, RELEASED, BURIED, RETRIED = EventKind.HELD, EventKind.RELEASED, EventKind.BURIED, EventKind.RETRIED


@pytest.mark.parametrize(
    ("happened", "waited"),
    [
        ([EventKind.SEALED], []),
        ([HELD], [(0, None)]),
        ([HELD, RELEASED], [(0, 1)]),
        ([HELD, RELEASED, EventKind.RECEIPTED], [(0, 1)]),
        ([HELD, RELEASED, HELD], [(0, 1), (2, None)]),
        ([HELD, BURIED], [(0, 1)]),
        ([HELD, BURIED, RETRIED], [(0, 1), (2, None)]),
        ([HELD, BURIED, RETRIED, RELEASED], [(0, 1), (2, 3)]),
        ([HELD, RELEASED, BURIED, RETRIED], [(0, 1)]),
        ([BURIED, RETRIED], []),
    ],
)
def test_a_batch_waits_from_its_hold_to_its_release_or_rejection(
    tmp_path: Path, happened: list[EventKind], waited: list[tuple[int, int | None]]
) -> None:
    ledger = Ledger(open_database(tmp_path / "ledger.db"), "agri")
    for day, kind in enumerate(happened):
        at = START + timedelta(days=day)
        ledger.append(Event(at=at, kind=kind, feed="agri.village_finance", period="2026Q3", digest="a" * 64))
        ledger.append(Event(at=at, kind=EventKind.SEALED, feed="agri.other", period="2026Q3", digest="b" * 64))
    found = [((one.since - START).days, one.until and (one.until - START).days) for one in held_of(ledger.lines())]
    assert found == waited
