"""PostgreSQL: a connection that is lost at COMMIT, or a receiver killed around it: resolved, never guessed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
from sqlalchemy import exc, text

from gateway.database import PostgresAddress, open_database, writing
from gateway.errors import CommitUnresolved, StoreUnavailable
from tests.peers.postgres import Postgres, postgres
from tests.peers.proxy import Cut, Proxy, proxy
from tests.peers.stores import fresh, spell
from tests.warehouse import feeds
from tests.warehouse.feeds import Notary, batch, facts, open_warehouse, row

COMMIT = b"COMMIT\0"
ROWS = [row(n) for n in range(2_000)]


@pytest.fixture(scope="module")
def own_server() -> Iterator[Postgres]:
    """One that may be stopped."""
    with postgres() as running:
        yield running


@pytest.fixture
def direct(own_server: Postgres) -> PostgresAddress:
    return fresh(own_server, *feeds.SCHEMAS)


@pytest.fixture
def between(own_server: Postgres) -> Iterator[Proxy]:
    with proxy(own_server.port) as made:
        yield made


@pytest.fixture
def cut(direct: PostgresAddress, between: Proxy) -> PostgresAddress:
    """The same database through the proxy."""
    return replace(direct, port=between.port, patience=2.0)


@pytest.mark.parametrize("how", [Cut.BEFORE, Cut.HALF_OPEN])
def test_a_commit_that_never_arrived_is_a_retry_and_loaded_by_it(
    direct: PostgresAddress, cut: PostgresAddress, between: Proxy, how: Cut
) -> None:
    warehouse, _ = open_warehouse(cut)
    between.cut(COMMIT, how)
    with pytest.raises(StoreUnavailable) as lost:
        warehouse.load(facts(ROWS), [batch(ROWS)], Notary())
    assert (between.cuts, lost.value.code) == (1, "YZ-7001")
    assert cut.password not in str(lost.value)
    seen, ledger = open_warehouse(direct)
    assert (seen.deliveries(), ledger.head().position) == ([], 0)
    receipt = warehouse.load(facts(ROWS), [batch(ROWS)], Notary())
    assert receipt == seen.lookup(facts(ROWS).digest)
    assert [held.loaded.rows for held in seen.deliveries()] == [2_000]
    assert list(seen.fsck()) == []


def test_a_commit_whose_answer_is_lost_returns_the_receipt(
    direct: PostgresAddress, cut: PostgresAddress, between: Proxy
) -> None:
    warehouse, _ = open_warehouse(cut)
    between.cut(COMMIT, Cut.AFTER)
    receipt = warehouse.load(facts(ROWS), [batch(ROWS)], Notary())
    assert between.cuts == 1
    seen, ledger = open_warehouse(direct)
    assert receipt == seen.lookup(facts(ROWS).digest) == b"receipt 1 2000"
    assert ledger.head().position == 1
    assert warehouse.load(facts(ROWS), [], Notary()) == receipt


@pytest.mark.parametrize(("how", "committed"), [(Cut.BEFORE, False), (Cut.AFTER, True)])
def test_a_server_that_stops_at_commit_leaves_it_open_until_it_can_be_asked(
    own_server: Postgres, direct: PostgresAddress, cut: PostgresAddress, between: Proxy, how: Cut, committed: bool
) -> None:
    warehouse, _ = open_warehouse(cut)
    between.cut(COMMIT, how, own_server.stop)
    try:
        with pytest.raises(CommitUnresolved) as unresolved:
            warehouse.load(facts(ROWS), [batch(ROWS)], Notary())
        assert (unresolved.value.exit_code, cut.password in str(unresolved.value)) == (75, False)
        with pytest.raises(StoreUnavailable):
            warehouse.load(facts(ROWS), [batch(ROWS)], Notary())
    finally:
        own_server.start()
    seen, ledger = open_warehouse(direct)
    assert (len(seen.deliveries()), ledger.head().position) == (int(committed), int(committed))
    assert warehouse.load(facts(ROWS), [batch(ROWS)], Notary()) == b"receipt 1 2000"
    assert ledger.head().position == 1
    assert list(seen.fsck()) == []


@pytest.mark.parametrize(
    ("at", "how", "held"),
    [("备注29999".encode(), Cut.BEFORE, False), (COMMIT, Cut.BEFORE, False), (COMMIT, Cut.AFTER, True)],
    ids=["in the middle of COPY", "before COMMIT", "after COMMIT"],
)
def test_a_receiver_killed_there_has_loaded_all_or_nothing_and_run_again_it_is_loaded_once(
    direct: PostgresAddress, cut: PostgresAddress, between: Proxy, at: bytes, how: Cut, held: bool
) -> None:
    open_warehouse(direct)
    run = [sys.executable, feeds.__file__, spell(cut), "nowhere"]
    if at == COMMIT:  # not those of the connections it opens first
        run[-1] = "wait before commit"
    with subprocess.Popen(run, env=feeds.ENV, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        pid = child.pid
        if at == COMMIT:
            assert child.stdout is not None and child.stdin is not None
            assert child.stdout.readline() == b"ready\n"
        between.cut(at, how, lambda: os.kill(pid, signal.SIGKILL))
        if at == COMMIT:
            child.stdin.close()
        assert child.wait(timeout=60) == -9
    rows = [row(n) for n in range(30_000)]
    warehouse, ledger = open_warehouse(direct)
    assert (between.cuts, len(warehouse.deliveries())) == (1, int(held))
    assert warehouse.load(facts(rows), [batch(rows)], Notary()) == b"receipt 1 30000"
    assert (ledger.head().position, len(warehouse.deliveries())) == (1, 1)
    assert list(warehouse.fsck()) == []


def test_a_transaction_that_failed_inside_is_never_said_to_be_committed(direct: PostgresAddress) -> None:
    engine = open_database(direct)
    # whoever swallows the error inside must still not believe it written
    with pytest.raises(StoreUnavailable), writing(engine) as connection, suppress(exc.IntegrityError):
        connection.execute(text("INSERT INTO ledger_head VALUES (1, 0, '')"))
    engine.dispose()
