"""The rehearsal: nodes at work are backed up and restored on new machines, and nothing receipted is missing."""

from __future__ import annotations

import shutil
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.demo.county import County
from gateway.envelope.receipt import peek
from tests.journeys.account import written
from tests.journeys.hatchery import Hatchery
from tests.journeys.keeping import in_days
from tests.journeys.restoring import back_up, restore
from tests.journeys.stores import found_on_postgres, where_of
from tests.journeys.world import CURRENT, PATIENCE, World, found_world, new_hatchery, wait_until
from tests.peers.postgres import Postgres
from tests.peers.stores import stranger

SUMS = f"SELECT count(*), coalesce(sum(income), 0), coalesce(sum(expense), 0) FROM {CURRENT} WHERE _period = '{{}}'"


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Postgres | None:
    """The server of a centre's warehouse; None for SQLite."""
    return None if request.param == "sqlite" else request.getfixturevalue("server")


@pytest.fixture
def busy(store: Postgres | None, tmp_path: Path, source: Path, hatchery: Hatchery) -> Iterator[World]:
    """A county of the test's own, its centre serving."""
    world = found_world(tmp_path / "county", source, hatchery)
    if store is not None:
        found_on_postgres(world.county, store, f"t{uuid.uuid4().hex}")
    world.serve()
    yield world
    if world.centre is not None:
        world.stop()


def receipts(site: Path) -> dict[str, bytes]:
    """Period -> receipt, of everything that is done."""
    done = (site / "spool" / "done").iterdir()
    return {path.name.split("_")[-3]: (path / "receipt.p7s").read_bytes() for path in done}


def held(site: Path, store: Postgres | None, period: str) -> tuple[int, int, int]:
    with stranger(where_of(site, store)) as connection:
        rows, income, expense = connection.execute(SUMS.format(period)).fetchone()
    return int(rows), int(income), int(expense)


def assert_accounted(world: World, store: Postgres | None) -> int:
    """Every receipt of the front-end is for what the centre holds, row for row and fen for fen; how many there are."""
    found = receipts(world.front_end)
    for period, receipt in found.items():
        loaded = peek(receipt).loaded
        assert (loaded.rows, *(dict(loaded.sums)[n] for n in ("income", "expense"))) == held(
            world.centre_site, store, period
        )
    return len(found)


def test_a_county_at_work_is_backed_up_and_restored_with_nothing_lost(
    busy: World, store: Postgres | None, tmp_path: Path
) -> None:
    stop, own = threading.Event(), new_hatchery()

    def work() -> None:
        department = replace(busy, hatchery=own)
        while not stop.is_set():
            ended = department.yizhan("run", "--period", next(busy.quarters))
            assert ended.code == 0, ended.out + ended.err

    at_work = threading.Thread(target=work)
    at_work.start()
    wait_until(lambda: len(receipts_or_none(busy.front_end)) > 1)
    front_end = back_up(busy, busy.front_end, tmp_path / "b" / "agri")
    centre = back_up(busy, busy.centre_site, tmp_path / "b" / "centre")
    stop.set()
    at_work.join(PATIENCE)
    own.close()
    busy.stop()
    restored = replace(busy, county=County(root=tmp_path / "new"))
    for backup, site in ((front_end, busy.front_end), (centre, busy.centre_site)):
        restore(busy, backup, tmp_path / "new" / site.name, store, site / "keys")
    restored.sound()
    before = assert_accounted(restored, store)
    assert before > 1
    originals = receipts(busy.front_end)
    assert {period: originals[period] for period in receipts(restored.front_end)} == receipts(restored.front_end)
    restored.serve()  # and it goes on from there: what was on its way then arrives now
    assert restored.yizhan("deliver").code == 0
    restored.stop()
    assert not list((restored.front_end / "spool" / "ready").iterdir())
    restored.sound()
    assert assert_accounted(restored, store) >= before


def receipts_or_none(site: Path) -> dict[str, bytes]:
    return receipts(site) if (site / "spool" / "done").exists() else {}


def test_a_front_end_of_an_older_backup_sends_again_and_is_answered_with_the_same_receipt(
    busy: World, store: Postgres | None, tmp_path: Path
) -> None:
    sealed = "call:gateway.deliver:drain:1"
    assert busy.yizhan("run", "--period", next(busy.quarters), killed=sealed).code == -9
    backup = back_up(busy, busy.front_end, tmp_path / "older")
    assert busy.yizhan("deliver").code == 0
    restored = replace(busy, county=County(root=tmp_path / "new"))
    restore(busy, backup, restored.front_end, store, busy.front_end / "keys")
    assert receipts_or_none(restored.front_end) == {}
    assert restored.yizhan("deliver").code == 0
    assert receipts(restored.front_end) == receipts(busy.front_end) != {}
    busy.sound(restored.front_end)


def test_a_centre_of_an_older_backup_gets_again_what_it_lost_and_what_it_has_stays_as_it_is(
    busy: World, store: Postgres | None, tmp_path: Path
) -> None:
    since = in_days(0)
    assert busy.yizhan("run", "--period", next(busy.quarters)).code == 0
    backup = back_up(busy, busy.centre_site, tmp_path / "older")
    kept = receipts(busy.front_end)
    assert busy.yizhan("run", "--period", next(busy.quarters)).code == 0
    lost = receipts(busy.front_end).keys() - kept.keys()
    busy.stop()
    restored = replace(busy, county=County(root=tmp_path / "new"))
    restore(busy, backup, restored.centre_site, store, busy.centre_site / "keys")
    shutil.move(busy.front_end, restored.front_end)
    restored.serve()
    ended = restored.yizhan("deliver", "--again", since)
    assert ended.code == 0, ended.out + ended.err
    restored.stop()
    after = receipts(restored.front_end)
    assert {period: after[period] for period in kept} == kept
    assert assert_accounted(restored, store) == len(kept) + len(lost) == 2
    restored.sound()
    assert [line.event for line in written(restored.front_end)].count("receipted") == 3
