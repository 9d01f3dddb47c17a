"""`yizhan demo`: three feeds from real servers to verified receipts, and every figure it shows is true."""

from __future__ import annotations

import csv
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from gateway.demo.rehearsal import MARK, prepare
from gateway.envelope.report import Files, inspect
from tests.cli.conftest import BATCHES, FEEDS, FRONT_ENDS, NODES, County, alive
from tests.peers.command import Yizhan
from tests.peers.processes import ROOT

AMOUNTS = {"finance": "amount", "civil": "allowance", "agri": "expense"}
FILES = {"manifest.p7s", "keys.p7m", "payload", "receipt.p7s"}


def test_the_demonstration_succeeds_well_within_its_ninety_seconds(county: County) -> None:
    assert county.ended.code == 0, county.ended.err
    assert county.seconds < 90


def test_it_ends_with_the_board_the_reconciliation_and_where_everything_lies(county: County) -> None:
    for shown in ("时效看板", "对账", *BATCHES.values(), "封装包与回执", "问题数据", "0 处问题"):
        assert shown in county.ended.out


def test_the_board_holds_the_three_feeds_with_what_their_due_rules_say(county: County, yizhan: Yizhan) -> None:
    board = yizhan.run("status", "--site", county.site("centre"), "--json").json["feeds"]
    assert {(row["feed"], row["period"]): (row["state"], row["due"]) for row in board} == {
        ("finance.onecard", "2025-10"): ("on_time", "2025-11-30T23:59:59+08:00"),
        ("finance.onecard", "2025-11"): ("not_due", "2025-12-31T23:59:59+08:00"),
        ("civil.dibao", "2025-10"): ("on_time", "2025-11-30T23:59:59+08:00"),
        ("civil.dibao", "2025-11"): ("not_due", "2025-12-31T23:59:59+08:00"),
        ("agri.village_finance", "2025Q3"): ("late", "2025-10-31T23:59:59+08:00"),
        ("agri.village_finance", "2025Q4"): ("not_due", "2026-01-31T23:59:59+08:00"),
    }


@pytest.mark.parametrize("department", FRONT_ENDS)
def test_sent_is_loaded_and_problem_and_duplicate_in_rows_and_fen(county: County, department: str) -> None:
    """Each of the four figures is counted here from where it lies: source, warehouse, problem book, source again."""
    source = {one.feed: one for one in county.sources()}[FEEDS[department]]
    problems = _problem_places(county, department)
    good = [at for at in range(len(source.rows)) if source.positions[at] not in problems]
    firsts = {source.rows[at]: at for at in reversed(good)}
    repeated = [at for at in good if firsts[source.rows[at]] != at]
    bad = [at for at in range(len(source.rows)) if source.positions[at] in problems]

    sent = len(source.rows), sum(source.fen)
    loaded = _in_warehouse(county, department)
    problem = len(bad), sum(source.fen[at] for at in bad)
    duplicate = len(repeated), sum(source.fen[at] for at in repeated)

    assert problem[0] > 0
    assert duplicate[0] > 0
    assert [sum(figures) for figures in zip(loaded, problem, duplicate, strict=True)] == list(sent)
    receipt = inspect(Files(receipt=(county.entry(department, department) / "receipt.p7s").read_bytes())).receipt
    assert receipt.balanced
    parts = (receipt.sent, receipt.loaded, receipt.problem, receipt.duplicate)
    assert [(part.rows, dict(part.sums)[AMOUNTS[department]]) for part in parts] == [sent, loaded, problem, duplicate]


def test_every_figure_of_the_reconciliation_table_is_printed(county: County) -> None:
    for source in county.sources():
        sent = sum(source.fen)
        line = next(line for line in county.ended.out.splitlines() if f"{source.feed}/{source.period}/r1" in line)
        assert f"{len(source.rows):,}" in line
        assert f"{sent // 100:,}.{sent % 100:02}" in line
        assert line.rstrip().endswith("是")


@pytest.mark.parametrize("node", NODES)
def test_a_settled_batch_holds_exactly_its_four_files_and_nothing_else_is_in_the_spool(
    county: County, node: str
) -> None:
    spool = county.site(node) / "spool"
    entries = sorted((spool / "done").iterdir())
    assert len(entries) == (3 if node == "centre" else 1)
    assert all({file.name for file in entry.iterdir()} == FILES for entry in entries)
    assert all(file.stat().st_size for entry in entries for file in entry.iterdir())
    assert [path for path in spool.rglob("*") if path.is_file() and path.parent.parent.name != "done"] == []


@pytest.mark.parametrize("department", FRONT_ENDS)
def test_both_ends_keep_the_same_sealed_bytes_and_receipt(county: County, department: str) -> None:
    sent, arrived = county.entry(department, department), county.entry("centre", department)
    assert [(sent / name).read_bytes() == (arrived / name).read_bytes() for name in sorted(FILES)] == [True] * 4


@pytest.mark.parametrize("command", ["fsck", "ledger verify"])
@pytest.mark.parametrize("node", NODES)
def test_every_node_checks_clean_in_one_line(county: County, yizhan: Yizhan, node: str, command: str) -> None:
    ended = yizhan.run("--site", county.site(node), *command.split())
    assert (ended.code, ended.err) == (0, "")
    assert len(ended.out.splitlines()) == 1


def test_no_process_is_left_and_no_port_is_open(county: County) -> None:
    assert len(county.processes) > len(NODES)
    assert [pid for pid in county.processes if alive(pid)] == []
    assert [port for port in _ports(county.root) if _answers(port)] == []


def test_nothing_is_left_in_the_temporary_directory(county: County) -> None:
    assert list(county.scratch.iterdir()) == []


def test_an_older_demonstration_gives_way_and_that_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    prepare(tmp_path / "D", lambda zh, en: told.append(en))
    (tmp_path / "D" / "old").touch()
    prepare(tmp_path / "D", lambda zh, en: told.append(en))
    assert told == [f"the demonstration there is made anew, all it held is gone: {tmp_path / 'D'}"]
    assert [path.name for path in (tmp_path / "D").iterdir()] == [MARK]


def test_told_to_stop_in_the_middle_it_takes_its_servers_with_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gateway", "demo", "--dir", str(tmp_path / "D")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as child:
        for line in child.stderr or ():
            if "前置机" in line or "front-end" in line:
                break
        ports = _ports(tmp_path / "D")
        assert [_answers(port) for port in ports] == [True] * len(ports)
        child.send_signal(signal.SIGTERM)
        assert child.wait(timeout=30) == 128 + signal.SIGTERM
    _until(lambda: not any(_answers(port) for port in ports))


def test_a_directory_that_holds_something_else_is_left_alone(tmp_path: Path, yizhan: Yizhan) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mine.txt").write_text("keep")
    ended = yizhan.run("demo", "--dir", tmp_path / "letters")
    assert ended.code == 2
    assert ended.err.startswith("[YZ-8001]")
    assert [file.name for file in (tmp_path / "letters").iterdir()] == ["mine.txt"]


def _problem_places(county: County, department: str) -> set[str]:
    book = next((county.site(department) / "problems").rglob("*.csv"))
    with book.open(encoding="utf-8-sig", newline="") as file:
        return {row[0] for row in list(csv.reader(file))[1:]}


def _in_warehouse(county: County, department: str) -> tuple[int, int]:
    table = f"current__{FEEDS[department].replace('.', '__')}"
    with sqlite3.connect(f"file:{county.site('centre') / 'warehouse.db'}?mode=ro", uri=True) as database:
        return database.execute(f'SELECT COUNT(*), SUM("{AMOUNTS[department]}") FROM "{table}"').fetchone()


def _ports(root: Path) -> list[int]:
    """Those that the site files name: the centre's, the SFTP server's, the SOAP server's."""
    sites = {node: YAML(typ="safe").load(root / node / "site.yaml") for node in ("centre", "finance", "civil")}
    wsdl = sites["civil"]["sources"]["civil.dibao"]["wsdl"]
    return [
        sites["centre"]["listen"]["port"],
        sites["finance"]["sources"]["finance.onecard"]["port"],
        int(wsdl.split(":")[2].split("/")[0]),
    ]


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _until(holds: object) -> None:
    for _ in range(100):
        if holds():  # type: ignore[operator]
            return
        time.sleep(0.05)
    raise AssertionError("it did not come true in five seconds")
