"""Files on OpenSSH's sshd: read exactly, only when ready, only from the pinned host, and nothing is left open."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from adapters.contract import Declared, Fault, Request, Secrets
from adapters.sftp import SftpAdapter, SftpConfig
from gateway.demo.sources import onecard
from gateway.demo.sources.generate import write_onecard
from gateway.errors import (
    CollectingStopped,
    ConfigInvalid,
    HostKeyUnknown,
    LimitExceeded,
    SourceDenied,
    SourceMalformed,
    SourceNotReady,
    SourceUnavailable,
    YizhanError,
)
from gateway.records.types import Column, FieldType
from tests.adapters.conftest import rows_of
from tests.peers.sshd import Sshd, new_key

COLUMNS = (
    Column(name="name", type=FieldType.PERSON_NAME, source="姓名"),
    Column(name="amount", type=FieldType.MONEY, source="金额"),
)
AT_THE_END = {"line": "last", "mark": "合计", "rows": 2, "sums": {"amount": 3}}
STILL = {"by": "stable", "seconds": 0.0}
FORMAT = {"encoding", "delimiter", "columns", "totals"}
TOTALS = {"line": "first", "mark": "汇总", "rows": 2, "sums": {"amount": 3}}


@pytest.fixture
def folder(server: Sshd, request: pytest.FixtureRequest) -> Path:
    made = server.folder / request.node.name.replace("/", "_")
    made.mkdir(mode=0o755)
    return made


@pytest.fixture
def adapter(server: Sshd, folder: Path) -> Callable[..., SftpAdapter]:
    def build(**changes: Any) -> SftpAdapter:
        given = {
            "adapter": "sftp", "host": "127.0.0.1", "port": server.port, "host_key": server.fingerprint,
            "user": server.user, "private_key": f"file:{server.key}", "path": f"{folder.name}/a.txt",
            "ready": STILL,
        }  # fmt: skip
        layout = {"kind": "delimited"} | {key: changes.pop(key) for key in FORMAT & changes.keys()}
        return SftpAdapter(SftpConfig(**(given | changes), format=layout), Secrets(root=server.folder, environ={}))

    return build


@pytest.fixture
def small(ask: Callable[..., Request]) -> Callable[..., Request]:
    return lambda **changes: ask("finance.onecard", columns=COLUMNS, **changes)


@pytest.fixture(autouse=True)
def nothing_left_open(server: Sshd) -> Iterator[None]:
    """After each test the server has no session of ours, and this process no thread."""
    yield
    for _ in range(100):
        if server.sessions() == 0 and not [t for t in threading.enumerate() if "yizhan" in t.name]:
            return
        time.sleep(0.05)
    raise AssertionError("a connection was left open")


def put(folder: Path, text: str, name: str = "a.txt", encoding: str = "gb18030") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def test_the_departments_file_arrives_row_for_row_and_fen_for_fen(
    folder: Path, adapter: Callable[..., SftpAdapter], ask: Callable[..., Request]
) -> None:
    month = date(2026, 10, 1)
    fen = write_onecard(folder / "onecard_202610.txt", 12_000, month, 7)
    marker = {"by": "marker", "path": f"{folder.name}/onecard_{{yyyymm}}.ok"}
    path = f"{folder.name}/onecard_{{yyyymm}}.txt"
    reading = adapter(path=path, ready=marker, totals=TOTALS).extract(ask("finance.onecard"))
    rows = rows_of(reading)
    written = [row for block in onecard.blocks(12_000, month, 7) for row in block]
    places = [onecard.TITLES.index(column.source) for column in ask("finance.onecard").columns]
    assert [tuple(row.values())[2:] for row in rows] == [tuple(row[place] for place in places) for row in written]
    assert [row["_position"] for row in rows] == [str(line) for line in range(3, 12_003)]
    assert {row["_fault"] for row in rows} == {None}
    assert reading.declared == Declared(rows=12_000, sums=(("amount", fen),))
    assert fen == sum(int(Decimal(row["amount"]) * 100) for row in rows)
    assert dict(reading.source_facts).keys() == {"file", "bytes", "changed_at", "sha256"}


def test_characters_that_end_with_the_byte_of_the_delimiter_survive(
    folder: Path, adapter: Callable[..., SftpAdapter], small: Callable[..., Request]
) -> None:
    put(folder, "姓名|金额\r\n億墊|1.00\r\n弢亅|2.00\r\n䶮𠮷|3.00")
    assert [row["name"] for row in rows_of(adapter().extract(small()))] == ["億墊", "弢亅", "䶮𠮷"]


def test_an_unreadable_record_is_a_fault_with_its_line_and_the_others_go_on(
    folder: Path, adapter: Callable[..., SftpAdapter], small: Callable[..., Request]
) -> None:
    good, last = "姓名|金额\n王|1\n李\n".encode("gb18030"), "赵|3\n".encode("gb18030")
    (folder / "a.txt").write_bytes(good + b"\x81\xff|2\n" + last)
    found = [(row["_position"], row["_fault"], row["name"]) for row in rows_of(adapter().extract(small()))]
    assert sorted(found) == [
        ("2", None, "王"),
        ("3", Fault.LAYOUT, None),
        ("4", Fault.ENCODING, None),
        ("5", None, "赵"),
    ]


@pytest.mark.parametrize(
    ("text", "changes", "declared"),
    [
        ("汇总|2|3.50\n姓名|金额\n王|1.00\n李|2.50\n", {"totals": TOTALS}, Declared(rows=2, sums=(("amount", 350),))),
        ("王|1.00\n李|2.50\n合计|2|3.5\n\n\x1a", {"columns": ["姓名", "金额"], "totals": AT_THE_END},
         Declared(rows=2, sums=(("amount", 350),))),
        ("备注|金额|姓名|\nx|1.00|王|\ny|2.50|李|\n", {}, None),
        ("王|!1.00\n李|!2.50", {"columns": ["姓名", "金额"], "delimiter": "|!"}, None),
    ],
    ids=["totals first", "totals last", "other order and a trailing delimiter", "two-character delimiter"],
)  # fmt: skip
def test_layouts_found_in_practice_are_read(
    folder: Path, adapter: Callable[..., SftpAdapter], small: Callable[..., Request],
    text: str, changes: dict[str, Any], declared: Declared | None,
) -> None:  # fmt: skip
    put(folder, text)
    reading = adapter(**changes).extract(small())
    assert [(row["name"], row["amount"]) for row in rows_of(reading)] == [("王", "1.00"), ("李", "2.50")]
    assert reading.declared == declared


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "1"), ("汇总|2|3.50\n", "2"), ("姓名|金额\n王|1\n", "1"), ("汇总|两|3.50\n姓名|金额\n", "1"),
        ("汇总|2|3.505\n姓名|金额\n", "1"), ("汇总|2|1,000\n姓名|金额\n", "1"), ("汇总|2|3\n姓名|数额\n", "2"),
        ("汇总|2|3\n姓名|金额|金额\n", "2"), ("汇总|2\n姓名|金额\n", "1"), ("\ufeff汇总|2|3\n", "2"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_the_layout_says_is_refused_with_the_line(
    folder: Path, adapter: Callable[..., SftpAdapter], small: Callable[..., Request], text: str, where: str
) -> None:
    put(folder, text)
    with pytest.raises(SourceMalformed) as refused:
        rows_of(adapter(totals=TOTALS).extract(small()))
    assert refused.value.facts["where"] == f"a.txt:{where}"


def test_totals_of_a_field_that_is_not_there_is_a_mistake_of_the_configuration(
    folder: Path, adapter: Callable[..., SftpAdapter], small: Callable[..., Request]
) -> None:
    put(folder, "汇总|0|0\n姓名|金额\n")
    with pytest.raises(ConfigInvalid):
        rows_of(adapter(totals=TOTALS | {"sums": {"amuont": 3}}).extract(small()))


def test_a_file_in_another_encoding_is_refused_not_guessed(
    folder: Path, adapter: Callable[..., SftpAdapter], small: Callable[..., Request]
) -> None:
    put(folder, "姓名|金额\n王|1\n", encoding="utf-8-sig")
    with pytest.raises(SourceMalformed):
        rows_of(adapter().extract(small()))
    assert len(rows_of(adapter(encoding="utf-8").extract(small()))) == 1


def test_without_file_or_marker_the_source_is_not_ready_yet(
    folder: Path, adapter: Callable[..., SftpAdapter], small: Callable[..., Request]
) -> None:
    with pytest.raises(SourceNotReady):
        adapter().extract(small())
    put(folder, "姓名|金额\n王|1\n")
    marked = adapter(ready={"by": "marker", "path": f"{folder.name}/a.ok"})
    with pytest.raises(SourceNotReady) as waiting:
        marked.extract(small())
    assert waiting.value.facts["file"].endswith("a.ok")
    put(folder, "", "a.ok")
    assert len(rows_of(marked.extract(small()))) == 1


def test_a_file_that_grows_between_two_looks_is_not_ready(
    folder: Path, adapter: Callable[..., SftpAdapter], small: Callable[..., Request]
) -> None:
    path = put(folder, "姓名|金额\n")
    stop = threading.Event()

    def write() -> None:
        while not stop.wait(0.02):
            with path.open("ab") as file:
                file.write(b"x|1\n")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with pytest.raises(SourceNotReady):
            adapter(ready={"by": "stable", "seconds": 0.3}).extract(small())
    finally:
        stop.set()
        writer.join()


@pytest.mark.parametrize("change", ["grow", "shrink", "rewrite"])
def test_a_file_that_changes_while_it_is_read_is_not_ready(
    folder: Path, adapter: Callable[..., SftpAdapter], small: Callable[..., Request], change: str
) -> None:
    path = put(folder, "姓名|金额\n" + "王|1.00\n" * 1_000_000)
    with adapter().extract(small()) as reading:
        next(iter(reading))
        if change == "grow":
            with path.open("ab") as file:
                file.write(b"x|1\n")
        elif change == "shrink":
            os.truncate(path, 100)
        else:
            os.utime(path, (0, 1_000_000_000))
        with pytest.raises(SourceNotReady):
            list(reading)


def test_another_host_key_is_refused_before_anything_is_sent(
    server: Sshd, folder: Path, adapter: Callable[..., SftpAdapter], small: Callable[..., Request]
) -> None:
    put(folder, "姓名|金额\n")
    with pytest.raises(HostKeyUnknown) as refused:
        adapter(host_key="SHA256:" + "A" * 43).extract(small())
    assert refused.value.facts["presented"] == server.fingerprint
    assert server.fingerprint in refused.value.message("zh")


@pytest.mark.parametrize("shape", ["KEY", "the.host KEY", "KEY a comment"])
def test_the_pinned_key_may_be_a_line_of_known_hosts(
    server: Sshd, folder: Path, adapter: Callable[..., SftpAdapter], small: Callable[..., Request], shape: str
) -> None:
    put(folder, "姓名|金额\n王|1\n")
    assert len(rows_of(adapter(host_key=shape.replace("KEY", server.host_key)).extract(small()))) == 1


def test_a_key_that_may_not_log_in_is_denied(
    folder: Path, adapter: Callable[..., SftpAdapter], small: Callable[..., Request], tmp_path: Path
) -> None:
    new_key(tmp_path / "other")
    with pytest.raises(SourceDenied):
        adapter(private_key=f"file:{tmp_path / 'other'}").extract(small())


def test_a_file_that_may_not_be_read_is_denied_and_a_folder_is_no_file(
    folder: Path, adapter: Callable[..., SftpAdapter], small: Callable[..., Request]
) -> None:
    (folder / "a.txt").mkdir()
    with pytest.raises(SourceMalformed):
        adapter().extract(small())
    if os.geteuid() == 0:
        put(folder, "x", "locked.txt").chmod(0o600)
        with pytest.raises(SourceDenied):
            rows_of(adapter(path=f"{folder.name}/locked.txt").extract(small()))


def test_a_server_that_is_down_or_silent_or_no_ssh_server_can_be_tried_again(
    adapter: Callable[..., SftpAdapter], small: Callable[..., Request]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(LimitExceeded):
            adapter(port=port).extract(small(deadline=time.monotonic() + 0.3))
    with pytest.raises(SourceUnavailable):
        adapter(port=port).extract(small())


def test_limits_hold_before_and_while_reading(
    folder: Path, adapter: Callable[..., SftpAdapter], small: Callable[..., Request]
) -> None:
    put(folder, "姓名|金额\n" + "王|1.00\n" * 100_000)
    with pytest.raises(LimitExceeded):
        adapter().extract(small(max_bytes=1000))
    with pytest.raises(LimitExceeded):
        rows_of(adapter().extract(small(max_rows=99_999)))


def test_a_cancelled_reading_stops_within_a_second(
    folder: Path, adapter: Callable[..., SftpAdapter], small: Callable[..., Request]
) -> None:
    put(folder, "姓名|金额\n" + "王|1.00\n" * 1_000_000)
    request = small()
    with adapter().extract(request) as reading:
        next(iter(reading))
        request.cancelled.set()
        started = time.monotonic()
        with pytest.raises(CollectingStopped):
            list(reading)
    assert time.monotonic() - started < 1


def test_closing_early_frees_the_connection(
    server: Sshd, folder: Path, adapter: Callable[..., SftpAdapter], small: Callable[..., Request]
) -> None:
    put(folder, "姓名|金额\n" + "王|1.00\n" * 1_000_000)
    with adapter().extract(small()) as reading:
        next(iter(reading))
        assert server.sessions() == 1


def test_a_probe_gives_facts_and_a_few_rows(
    folder: Path, adapter: Callable[..., SftpAdapter], small: Callable[..., Request]
) -> None:
    put(folder, "姓名|金额\n" + "王|1.00\n" * 100)
    seen = adapter().probe(small())
    assert dict(seen.facts)["file"] == f"{folder.name}/a.txt"
    assert seen.sample is not None
    assert seen.sample.num_rows == 5
    assert "王" not in repr(seen)


def test_no_error_or_log_line_tells_a_secret_or_a_name(
    server: Sshd, folder: Path, adapter: Callable[..., SftpAdapter], small: Callable[..., Request],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level("DEBUG")
    put(folder, "姓名|金额\n王隐|1|2\n")
    key_text = server.key.read_text().splitlines()[2]
    told = []
    for changes in ({}, {"host_key": "SHA256:" + "A" * 43}, {"path": "absent"}, {"totals": TOTALS}, {"user": "nil"}):
        try:
            rows_of(adapter(**changes).extract(small()))
        except YizhanError as error:
            told += [error.message("zh"), error.message("en"), repr(error)]
    assert len(told) == 12
    everything = "\n".join([*told, caplog.text])
    assert "王隐" not in everything
    assert key_text not in everything


def test_memory_does_not_grow_with_the_file(
    folder: Path, adapter: Callable[..., SftpAdapter], small: Callable[..., Request]
) -> None:
    put(folder, "姓名|金额\n" + "王小明|1234567.00\n" * 1_500_000)
    pool = pa.default_memory_pool()
    most = 0
    with adapter().extract(replace(small(), max_rows=10**7)) as reading:
        for batch in reading:
            most = max(most, pool.bytes_allocated())
            del batch
    assert most < 32 << 20
