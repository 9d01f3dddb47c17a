"""The child process of thick mode: what can be shown without the vendor's client library.

The child runs the driver's thin mode here; its life, its pipe and its errors are the same. That a real Instant Client
is loaded, and what it fetches, is not shown.
"""

from __future__ import annotations

import os
import pickle
import signal
import time
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.contract import Column, Secrets
from adapters.oracle import OracleAdapter
from adapters.oracle.messages import Task
from gateway.errors import ClientUnfit, DatabaseDenied, LimitExceeded, SourceUnavailable
from gateway.records.types import FieldType
from tests.adapters.conftest import PASSWORD, rows_of
from tests.adapters.oracle_cases import TABLE, config, read, request, wire
from tests.adapters.oracle_in_child import InChild
from tests.peers.oracle.running import Oracle, established

__all__ = ["wire"]  # a fixture

WHO = Column(name="who", type=FieldType.PERSON_NAME)
AMOUNT = Column(name="amount", type=FieldType.MONEY)


def children() -> set[int]:
    """Processes of the child's module that this process has started."""
    tasks = Path("/proc/self/task").iterdir()
    pids = [int(pid) for task in tasks for pid in (task / "children").read_text().split()]
    return {pid for pid in pids if b"adapters.oracle.child" in Path(f"/proc/{pid}/cmdline").read_bytes()}


@pytest.fixture
def table(wire: Oracle) -> Oracle:
    rows = [(f"王{at:04d}", Decimal(at) / 100) for at in range(2_000)]
    wire.make(TABLE, "who VARCHAR2(20), amount NUMBER(18,2)", rows)
    return wire


def test_the_child_gives_the_same_rows_and_totals_as_this_process(table: Oracle, secrets: Secrets) -> None:
    totals = f'SELECT COUNT(*) AS "rows", SUM(amount) AS amount FROM {TABLE}'
    given = config(table, f"SELECT * FROM {TABLE} ORDER BY who", totals_sql=totals, cursor_column="who")
    here = OracleAdapter(given, secrets).extract(request(WHO, AMOUNT, batch_rows=300))
    there = InChild(given, secrets).extract(request(WHO, AMOUNT, batch_rows=300))
    assert here.source_facts == there.source_facts
    rows = rows_of(here)
    assert len(rows) == 2_000
    assert rows_of(there) == rows
    assert (there.declared, there.cursor) == (here.declared, here.cursor)
    assert children() == set()


def test_a_missing_instant_client_is_told_with_which_one_to_install(
    table: Oracle, secrets: Secrets, tmp_path: Path
) -> None:
    given = config(table, mode="thick", client=str(tmp_path))
    with pytest.raises(ClientUnfit) as refused:
        read(table, given, secrets, WHO)
    assert "(DPI-1047)" in refused.value.message("zh")
    assert "请安装 64 位 Instant Client" in refused.value.message("zh")
    assert "19 for 11.2 to 21c" in refused.value.message("en")
    assert children() == set()


def test_this_process_still_reads_thin_after_thick_mode_was_tried(
    table: Oracle, secrets: Secrets, tmp_path: Path
) -> None:
    with pytest.raises(ClientUnfit):
        read(table, config(table, mode="thick", client=str(tmp_path)), secrets, WHO)
    assert len(read(table, config(table), secrets, WHO)) == 2_000


def test_the_password_is_in_no_argument_environment_or_repr(table: Oracle, secrets: Secrets) -> None:
    given = config(table)
    task = Task.of(given, PASSWORD, request(WHO))
    assert PASSWORD not in repr(task)
    assert pickle.loads(pickle.dumps(task)).password == PASSWORD
    with InChild(given, secrets).extract(request(WHO, batch_rows=100)):
        (child,) = children()
        shown = Path(f"/proc/{child}/cmdline").read_bytes() + Path(f"/proc/{child}/environ").read_bytes()
        assert b"adapters.oracle.child" in shown
        assert PASSWORD.encode() not in shown


def test_the_childs_refusal_arrives_as_it_is(table: Oracle, secrets: Secrets) -> None:
    with pytest.raises(DatabaseDenied) as denied:
        InChild(config(table, user="locked"), secrets).extract(request(WHO))
    assert denied.value.facts["mark"] == "ORA-28000"


def test_a_child_that_dies_is_a_reading_to_be_tried_again(table: Oracle, secrets: Secrets) -> None:
    given = config(table, f"SELECT * FROM {TABLE} ORDER BY who")
    with InChild(given, secrets).extract(request(WHO, batch_rows=10)) as reading:
        next(iter(reading))
        (child,) = children()
        os.kill(child, signal.SIGKILL)
        with pytest.raises(SourceUnavailable, match="process with the Oracle client"):
            for _ in reading:
                pass
    assert children() == set()
    assert _free(table)


def test_a_child_whose_query_does_not_answer_ends_with_the_deadline(table: Oracle, secrets: Secrets) -> None:
    given = config(table, "SELECT dummy AS who FROM dual /* wire: sleep 30 */")
    started = time.monotonic()
    with InChild(given, secrets).extract(request(WHO, seconds=2)) as reading, pytest.raises(LimitExceeded):
        next(iter(reading))
    assert time.monotonic() - started < 5
    assert children() == set()
    assert _free(table)


def _free(at: Oracle) -> bool:
    until = time.monotonic() + 3
    while established(at.port or 0) and time.monotonic() < until:
        time.sleep(0.02)
    return established(at.port or 0) == 0
