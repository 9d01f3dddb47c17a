"""Oracle refusing, breaking off, or silent: each told as what to do next, and never waited for without an end."""

from __future__ import annotations

import re
import socket
import threading
import time
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.contract import Column, Secrets
from adapters.oracle import OracleConfig
from adapters.oracle.refusals import OTHER, REFUSALS, Kind, Refusal, meaning
from gateway.errors import (
    ClientUnfit,
    CollectingStopped,
    DatabaseDenied,
    LimitExceeded,
    SourceMalformed,
    SourceUnavailable,
    YizhanError,
)
from gateway.records.types import FieldType
from tests.adapters.oracle_cases import TABLE, adapter, config, read, request, wire
from tests.peers.oracle.running import Oracle, established
from tests.peers.processes import ROOT

__all__ = ["wire"]  # a fixture

WHO = Column(name="who", type=FieldType.PERSON_NAME)
CLASSES = {
    Kind.RETRY: SourceUnavailable,
    Kind.DENIED: DatabaseDenied,
    Kind.CLIENT: ClientUnfit,
    Kind.STATEMENT: SourceMalformed,
}
ORA = [(refusal, mark) for refusal in REFUSALS for mark in refusal.marks if mark.startswith("ORA-")]


def said(error: YizhanError) -> str:
    return error.message("zh") + error.message("en")


@pytest.mark.parametrize(
    ("changes", "error", "mark"),
    [
        ({"password": "env:WRONG"}, DatabaseDenied, "ORA-01017"),
        ({"user": "nobody_here"}, DatabaseDenied, "ORA-01017"),
        ({"user": "locked"}, DatabaseDenied, "ORA-28000"),
        ({"user": "expired"}, DatabaseDenied, "ORA-28001"),
        ({"service": "V19_10G"}, ClientUnfit, "DPY-3015"),
        ({"service": "V11"}, ClientUnfit, "DPY-3010"),
        ({"service": "NOBODYS"}, SourceUnavailable, "ORA-12514"),
        ({"dsn": "127.0.0.1:1/ORCL"}, SourceUnavailable, "DPY-6005"),
    ],
    ids=str,
)
def test_a_refused_log_in_says_whose_turn_it_is(
    wire: Oracle, secrets: Secrets, changes: dict[str, str], error: type[YizhanError], mark: str
) -> None:
    given = {**changes, **({"dsn": wire.service(changes["service"])} if "service" in changes else {})}
    given.pop("service", None)
    with pytest.raises(error) as refused:
        read(wire, config(wire, "SELECT dummy AS who FROM dual", **given), secrets, WHO)
    found, refusal = meaning((mark,))
    assert found == mark
    assert f"({mark})" in refused.value.message("zh")
    assert refusal.advice_zh in refused.value.message("zh")
    assert refusal.advice_en in refused.value.message("en")


@pytest.mark.parametrize(("refusal", "mark"), ORA, ids=[mark for _, mark in ORA])
def test_every_code_of_the_table_becomes_its_class_with_its_advice(
    wire: Oracle, secrets: Secrets, refusal: Refusal, mark: str
) -> None:
    sql = f"SELECT dummy AS who FROM dual /* wire: raise {int(mark[4:])} */"
    with pytest.raises(CLASSES[refusal.kind]) as raised:
        read(wire, config(wire, sql), secrets, WHO)
    assert mark in raised.value.message("zh")
    assert refusal.advice_zh in raised.value.message("zh")
    assert refusal.advice_en in raised.value.message("en")
    assert "as the statement asks" not in said(raised.value)


def test_a_code_that_nobody_has_met_is_tried_again_and_told_by_number_alone(wire: Oracle, secrets: Secrets) -> None:
    with pytest.raises(SourceUnavailable) as raised:
        read(wire, config(wire, "SELECT dummy AS who FROM dual /* wire: raise 4242 */"), secrets, WHO)
    assert OTHER.zh in raised.value.message("zh")
    assert "ORA-04242" in raised.value.message("zh")


def test_a_code_stands_in_one_row_of_the_table_alone() -> None:
    marks = [mark for refusal in REFUSALS for mark in refusal.marks]
    assert sorted(set(marks)) == sorted(marks)


def test_a_wrapping_code_gives_way_to_what_it_wraps() -> None:
    assert meaning(("DPY-6005", "DPY-3010"))[0] == "DPY-3010"
    assert meaning(("DPY-6005",))[0] == "DPY-6005"
    assert meaning(()) == ("ORA-?", OTHER)


def many(wire: Oracle, hint: str) -> OracleConfig:
    wire.make(TABLE, "who VARCHAR2(20)", [(f"{at:04d}",) for at in range(1_000)])
    return config(wire, f"SELECT who FROM {TABLE} ORDER BY who {hint}")


@pytest.mark.parametrize(
    "hint",
    ["/* wire: drop after 300 */", "/* wire: raise 1555 after 300 */", "/* wire: raise 3113 after 300 */",
     "/* wire: raise 28 after 300 */"],
)  # fmt: skip
def test_a_reading_broken_off_midway_is_tried_again_and_leaves_no_connection(
    wire: Oracle, secrets: Secrets, hint: str
) -> None:
    taken = 0
    reading = adapter(wire, many(wire, hint), secrets).extract(request(WHO, batch_rows=100))
    with reading, pytest.raises(SourceUnavailable):
        for batch in reading:
            taken += batch.num_rows
    assert taken == 300
    _await_none(wire)


def test_a_query_that_does_not_answer_ends_at_the_deadline(wire: Oracle, secrets: Secrets) -> None:
    given = config(wire, "SELECT dummy AS who FROM dual /* wire: sleep 30 */")
    started = time.monotonic()
    with pytest.raises(LimitExceeded):
        read(wire, given, secrets, WHO, seconds=1)
    assert time.monotonic() - started < 3
    _await_none(wire)


def test_a_query_that_does_not_answer_ends_when_somebody_cancels(wire: Oracle, secrets: Secrets) -> None:
    given = config(wire, "SELECT dummy AS who FROM dual /* wire: sleep 30 */")
    cancelled = threading.Event()
    threading.Timer(0.5, cancelled.set).start()
    started = time.monotonic()
    with pytest.raises(CollectingStopped):
        read(wire, given, secrets, WHO, cancelled=cancelled)
    assert time.monotonic() - started < 3
    _await_none(wire)


@pytest.mark.parametrize("seconds", [1, 60], ids=["the deadline", "login_seconds"])
def test_a_listener_that_never_speaks_is_given_up(wire: Oracle, secrets: Secrets, seconds: float) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        given = config(wire, dsn=f"127.0.0.1:{silent.getsockname()[1]}/ORCL", login_seconds=1)
        started = time.monotonic()
        with pytest.raises((LimitExceeded, SourceUnavailable)):
            read(wire, given, secrets, WHO, seconds=seconds)
        assert time.monotonic() - started < 5


def _await_none(wire: Oracle) -> None:
    until = time.monotonic() + 3
    while established(wire.port or 0):
        assert time.monotonic() < until, "a connection stays"
        time.sleep(0.02)


@pytest.mark.parametrize(
    "changes",
    [
        {"dsn": "scott/tiger@db:1521/ORCL"}, {"password": "tiger"}, {"mode": "thick"}, {"client": "/opt/instantclient"},
        {"sql": "DELETE FROM t"}, {"sql": "SELECT :who FROM t"}, {"sql": "SELECT q'[it's]' FROM t"},
        {"totals_sql": "SELECT 1; SELECT 2"}, {"charset": "gbk"}, {"unknown": 1},
    ],
    ids=str,
)  # fmt: skip
def test_a_configuration_that_cannot_be_right_is_refused_without_repeating_it(changes: dict[str, Any]) -> None:
    given = {
        "adapter": "oracle",
        "dsn": "db:1521/ORCL",
        "user": "reader",
        "password": "env:PASSWORD",
        "sql": "SELECT 1",
    }
    OracleConfig(**given)
    with pytest.raises(ValidationError) as refused:
        OracleConfig(**(given | changes))
    assert "tiger" not in str(refused.value)


def test_the_documents_table_is_this_one() -> None:
    document = (ROOT / "docs" / "oracle.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\| ((?:ORA|DPY|DPI)-.*) \|$", document, re.MULTILINE)
    assert shown == [
        f"{' '.join(row.marks)} | {row.kind} | {row.zh};{row.advice_zh} | {row.en}; {row.advice_en}" for row in REFUSALS
    ]
