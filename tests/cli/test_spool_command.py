"""`yizhan spool`: what a person decides about a waiting batch is done, and stands in the ledger with who decided it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import edit_site
from tests.peers.command import Yizhan

FEED = "agri.village_finance"
CORRECTION = f"{FEED}/2025Q3/r2"


@pytest.fixture
def waiting(agri: Path, yizhan: Yizhan) -> Path:
    """A front-end whose correction is sealed and waits: nobody told it yet where its centre is."""
    edit_site(agri, lambda site: site.update(centres={}))
    with sqlite3.connect(agri.parent / "cwgl.db") as database:
        database.execute("UPDATE cw_pz SET zc = zc + 1 WHERE rowid = 1")
    ended = yizhan.run("run", "--site", agri, "--reason", "补记一分", "--by", "p001", "--json")
    assert ended.code == 2, ended.err
    assert ended.err.startswith("[YZ-1006] 没有这个中心地址:changning")
    assert ended.json["delivered"][0]["state"] == "ready"
    return agri


def test_states_are_listed_in_the_readers_language_and_as_they_are_in_json(agri: Path, yizhan: Yizhan) -> None:
    assert "已办结" in yizhan.run("spool", "list", "--site", agri).out
    assert "done" in yizhan.run("spool", "list", "--site", agri, "--lang", "en").out
    assert states(agri, yizhan) == {f"{FEED}/2025Q3/r1": "done"}


def test_a_correction_without_reason_and_person_is_refused(agri: Path, yizhan: Yizhan) -> None:
    with sqlite3.connect(agri.parent / "cwgl.db") as database:
        database.execute("UPDATE cw_pz SET zc = zc + 1 WHERE rowid = 1")
    ended = yizhan.run("run", "--site", agri)
    assert ended.code == 1
    assert ended.err.startswith("[YZ-2013] 更正缺少理由或责任人")
    assert states(agri, yizhan) == {f"{FEED}/2025Q3/r1": "done"}


def test_a_batch_is_buried_and_put_back_and_the_ledger_says_who_decided(waiting: Path, yizhan: Yizhan) -> None:
    assert states(waiting, yizhan)[CORRECTION] == "ready"

    buried = yizhan.run("spool", "bury", CORRECTION, "--by", "预算股", "--site", waiting)
    assert (buried.code, buried.out, buried.err) == (0, f"不再投递:{CORRECTION}\n", "")
    assert states(waiting, yizhan)[CORRECTION] == "dead"
    assert last_line(waiting, yizhan) == ("buried", "预算股")
    assert yizhan.run("deliver", "--site", waiting).code == 0

    back = yizhan.run("spool", "retry", CORRECTION, "--by", "信息中心", "--site", waiting, "--lang", "en")
    assert (back.code, back.out, back.err) == (0, f"ready again: {CORRECTION}\n", "")
    assert states(waiting, yizhan)[CORRECTION] == "ready"
    assert last_line(waiting, yizhan) == ("retried", "信息中心")
    assert yizhan.run("fsck", "--site", waiting).code == 0
    assert yizhan.run("ledger", "verify", "--site", waiting).code == 0


@pytest.mark.parametrize("command", ["bury", "retry"])
def test_a_batch_that_is_not_there_is_named(agri: Path, yizhan: Yizhan, command: str) -> None:
    ended = yizhan.run("spool", command, f"{FEED}/2025Q3/r9", "--by", "预算股", "--site", agri)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("[YZ-6005] 驿站中没有该批次")


def test_whoever_decides_cannot_be_named_by_a_number_of_a_person(waiting: Path, yizhan: Yizhan) -> None:
    ended = yizhan.run("spool", "bury", CORRECTION, "--by", "11010519491231002X", "--site", waiting)
    assert ended.code == 1
    assert "YZ-7008" in ended.err
    assert "1949" not in ended.err
    assert states(waiting, yizhan)[CORRECTION] == "ready"


def states(site: Path, yizhan: Yizhan) -> dict[str, str]:
    entries = yizhan.run("spool", "list", "--site", site, "--json").json["entries"]
    return {entry["batch"]: entry["state"] for entry in entries}


def last_line(site: Path, yizhan: Yizhan) -> tuple[str, str | None]:
    line = yizhan.run("ledger", "show", CORRECTION, "--site", site, "--json").json["lines"][-1]
    return line["event"], line["by"]
