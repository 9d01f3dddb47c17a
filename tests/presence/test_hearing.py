"""Who was heard and what they said, on both products, whichever receiver heard it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.calendar import ASIA_SHANGHAI
from gateway.database import open_database, reading, writing
from gateway.errors import SchemaBehind
from gateway.presence import SCHEMA, Heard, Presence
from tests.peers.postgres import Postgres
from tests.peers.stores import Where, drop, fresh
from tests.wire.reports import REPORT

AT = datetime(2026, 12, 1, 8, 0, 0, 123_000, ASIA_SHANGHAI)
LATER = AT + timedelta(minutes=5)
SKEW = timedelta(milliseconds=-1000)
Opens = Callable[[], Presence]


@pytest.fixture
def where(product: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Where]:
    if product == "sqlite":
        yield tmp_path / "warehouse.db"
    else:
        server = request.getfixturevalue("server")
        made = fresh(server, SCHEMA)
        yield made
        drop(server, made)


@pytest.fixture
def receiver(where: Where) -> Iterator[Opens]:
    """Opens the table anew, as each receiver of a centre does."""
    engines = []

    def make() -> Presence:
        engines.append(open_database(where))
        return Presence(engines[-1])

    yield make
    for engine in engines:
        engine.dispose()


def test_nobody_was_heard_of_before_the_first(receiver: Opens) -> None:
    assert receiver().all() == ()


def test_a_heartbeat_is_seen_by_every_receiver_as_it_was_said(receiver: Opens) -> None:
    receiver().hear("finance", AT, SKEW, REPORT)
    heard = Heard(department="finance", at=AT, skew=SKEW, reported_at=AT, report=REPORT)
    assert receiver().all() == (heard,)


def test_a_submission_counts_as_heard_and_leaves_the_last_report(receiver: Opens) -> None:
    here, there = receiver(), receiver()
    here.hear("finance", AT, SKEW, REPORT)
    there.hear("finance", LATER, timedelta(seconds=3))
    assert here.all() == (
        Heard(department="finance", at=LATER, skew=timedelta(seconds=3), reported_at=AT, report=REPORT),
    )


def test_who_only_ever_submitted_has_no_report(receiver: Opens) -> None:
    here = receiver()
    here.hear("civil", AT, None)
    assert here.all() == (Heard(department="civil", at=AT, skew=None, reported_at=None, report=None),)


def test_the_newest_heartbeat_takes_the_place_of_the_one_before_and_an_unknown_skew_is_unknown(receiver: Opens) -> None:
    here, idle = receiver(), replace(REPORT, attempts=(), held=())
    here.hear("finance", AT, SKEW, REPORT)
    here.hear("finance", LATER, None, idle)
    assert here.all() == (Heard(department="finance", at=LATER, skew=None, reported_at=LATER, report=idle),)


def test_departments_stand_in_the_order_of_their_ids_and_a_skew_may_be_any(receiver: Opens) -> None:
    here = receiver()
    for department, days in (("water", 3_000_000), ("agri", -3_000_000), ("civil", 0)):
        here.hear(department, AT, timedelta(days=days))
    assert [(one.department, one.skew) for one in here.all()] == [
        ("agri", timedelta(days=-3_000_000)),
        ("civil", timedelta(0)),
        ("water", timedelta(days=3_000_000)),
    ]


def test_receivers_that_hear_one_department_at_once_leave_one_row(receiver: Opens) -> None:
    receivers = [receiver() for _ in range(4)]
    with ThreadPoolExecutor(len(receivers)) as threads:
        said = [
            threads.submit(one.hear, "finance", AT + timedelta(seconds=n), SKEW, REPORT)
            for n in range(5)
            for one in receivers
        ]
        assert [one.result(30) for one in said] == [None] * 20
    (heard,) = receivers[0].all()
    assert (heard.department, heard.report) == ("finance", REPORT)


def test_a_report_that_another_version_wrote_counts_as_none_and_hides_nobody(receiver: Opens, where: Where) -> None:
    here = receiver()
    here.hear("finance", AT, SKEW, REPORT)
    engine = open_database(where)
    with writing(engine) as connection:
        connection.execute(text("UPDATE presence SET report = replace(report, 'heartbeat/1', 'heartbeat/9')"))
    engine.dispose()
    assert here.all() == (Heard(department="finance", at=AT, skew=SKEW, reported_at=AT, report=None),)


def test_what_is_stored_names_nothing_but_ids_counts_codes_and_moments(receiver: Opens, where: Where) -> None:
    receiver().hear("finance", AT.astimezone(UTC), SKEW, REPORT)
    engine = open_database(where)
    with reading(engine) as connection:
        (row,) = connection.execute(text("SELECT * FROM presence")).mappings().all()
    engine.dispose()
    assert {**row, "report": "…"} == {
        "department": "finance",
        "at": "2026-12-01T00:00:00.123000+00:00",
        "skew_ms": -1000,
        "reported_at": "2026-12-01T00:00:00.123000+00:00",
        "report": "…",
    }


def test_a_server_that_was_not_upgraded_is_named_and_not_touched(server: Postgres) -> None:
    made = fresh(server)
    engine = open_database(made)
    with pytest.raises(SchemaBehind) as behind:
        Presence(engine)
    assert (behind.value.facts["schema"], behind.value.facts["needed"]) == ("presence", "0001")
    engine.dispose()
    drop(server, made)
