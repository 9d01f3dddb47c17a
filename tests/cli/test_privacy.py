"""No ID number, account, telephone number, name or password of the sources is anywhere but in the sources and the
warehouse's tables: not in a log, an answer, an error, a problem book, a ledger, the spool, a temporary file or a
command line. The sets searched for are all that the generated sources hold, some 50,000.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import sqlite3
import zipfile
from pathlib import Path

import pytest

from tests.cli.conftest import FEEDS, FRONT_ENDS, MONTH, NODES, PERIODS, County
from tests.peers.canaries import Canaries
from tests.peers.command import Yizhan

LATER = "2025-12-02T10:00:00+08:00"
FEED_TABLES = ("current__", "history__")


@pytest.fixture(scope="module")
def canaries(county: County) -> Canaries:
    return county.canaries()


@pytest.fixture
def finance(county: County, tmp_path: Path) -> Path:
    """A copy of the finance bureau's front-end; its source and its centre are gone."""
    return shutil.copytree(county.site("finance"), tmp_path / "finance")


def test_the_search_would_find_what_it_looks_for(county: County, canaries: Canaries, tmp_path: Path) -> None:
    """Nothing below is worth anything without this."""
    assert len(canaries.numbers) > 45_000
    assert len(canaries.names) > 5_000
    assert len(canaries.secrets) == 2
    roster = county.root / "sources/finance/out" / f"onecard_{MONTH:%Y%m}.txt"
    assert len(canaries.in_bytes(roster.read_bytes())) > 1
    assert canaries.in_bytes((county.site("centre") / "warehouse.db").read_bytes())
    number, name, secret = (next(iter(one)) for one in (canaries.numbers, canaries.names, canaries.secrets))
    for planted in (f"x{number}0", f"的{name}的", f"pwd={secret};"):
        for encoding in ("utf-8", "gb18030", "utf-16-le"):
            (tmp_path / "log").write_bytes(b"2025-11-22 INFO " + planted.encode(encoding))
            assert len(list(canaries.below(tmp_path))) == 1


def test_no_file_of_the_demonstration_holds_one_but_the_sources_and_the_warehouse(
    county: County, canaries: Canaries
) -> None:
    held_by_right = [county.root / "sources" / "finance" / "out", county.root / "sources" / "agri"]
    held_by_right += [county.site("centre") / "warehouse.db", *county.root.glob("*/secrets")]
    assert list(canaries.below(county.root, but=held_by_right)) == []
    assert [path.name for path in (county.root / "sources" / "log").iterdir()] != []


def test_in_the_warehouse_only_the_feeds_own_tables_hold_one(county: County, canaries: Canaries) -> None:
    with sqlite3.connect(f"file:{county.site('centre') / 'warehouse.db'}?mode=ro", uri=True) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        others = [name for name in tables if not name.startswith(FEED_TABLES)]
        assert {"ledger", "batches"} <= set(others)
        for name in others:
            cells = (cell for row in database.execute(f'SELECT * FROM "{name}"') for cell in row)
            text = "\n".join(cell.decode("latin-1") if isinstance(cell, bytes) else str(cell) for cell in cells)
            assert canaries.in_text(text) == set(), name


def test_the_answers_and_remarks_of_the_demonstration_hold_none(county: County, canaries: Canaries) -> None:
    assert canaries.in_text(county.ended.out) == set()
    assert canaries.in_text(county.ended.err) == set()


def test_no_command_line_of_any_of_its_processes_held_one(county: County, canaries: Canaries) -> None:
    seen = "\n".join(county.command_lines)
    for program in (
        "gateway.demo.sources.sftp",
        "gateway.demo.sources.soap",
        "serve",
        f"--site {county.site('civil')} run",
    ):
        assert program in seen
    assert canaries.in_text(seen) == set()


def test_every_way_of_looking_at_a_node_shows_none(county: County, canaries: Canaries, yizhan: Yizhan) -> None:
    for node in NODES:
        for command in ("status", "ledger list", "spool list", "fsck", "catalogue list"):
            yizhan.run(*command.split(), "--site", county.site(node))
    for department in FRONT_ENDS:
        given = FEEDS[department], "--period", PERIODS[department], "--site", county.site(department)
        outs = [yizhan.scratch / f"{department}.{kind}" for kind in ("csv", "xlsx")]
        for options in ((), ("--json",), ("--lang", "en"), *(("--out", out) for out in outs)):
            assert yizhan.run("problems", *given, *options).code == 0
        with zipfile.ZipFile(outs[1]) as parts:
            parts.extractall(outs[1].with_suffix(""))
        entry = county.entry(department, department)
        for command in ("inspect", "verify"):
            yizhan.run("envelope", command, *entry.iterdir(), "--json")
    assert sum(len(said) for said in yizhan.said) > 20_000
    assert [hit for said in yizhan.said for hit in canaries.in_text(said)] == []
    assert list(canaries.below(yizhan.scratch)) == []


def test_what_lies_beside_a_problem_book_is_no_hash_that_could_be_tried_out(county: County, canaries: Canaries) -> None:
    """18 digits can be enumerated: a plain hash of a number is the number."""
    files = [file for file in county.root.glob("*/problems/*/*/r1.rows") if '"key"' in file.read_text()]
    assert {file.parents[3].name for file in files} == set(FRONT_ENDS)
    held = {digest for file in files for digest in re.findall(r"[0-9a-f]{32}", file.read_text())}
    assert len(held) > 2 * len(FRONT_ENDS)
    for name in ("md5", "sha1", "sha256"):
        tried = {hashlib.new(name, number.encode()).hexdigest()[:32] for number in canaries.numbers}
        assert tried & held == set(), name


def test_a_run_whose_source_is_gone_leaves_none(finance: Path, canaries: Canaries, yizhan: Yizhan) -> None:
    for lang in ("zh", "en"):
        assert yizhan.run("run", "--site", finance, "--lang", lang).code == 75
    _expect_none(finance, canaries, yizhan)


def test_a_batch_altered_in_the_spool_is_told_without_one(agri: Path, canaries: Canaries, yizhan: Yizhan) -> None:
    entry = next((agri / "spool" / "done").iterdir())
    (entry / "payload").write_bytes((entry / "payload").read_bytes()[:-1])
    ended = yizhan.run("fsck", "--site", agri)
    assert ended.code == 1
    assert "YZ-7301" in ended.out
    _expect_none(agri, canaries, yizhan)


def test_archives_backups_orders_and_masked_copies_hold_none(
    county: County, canaries: Canaries, tmp_path: Path
) -> None:
    """The rows are where they belong: in the backup's database, and in the copy that was asked for unmasked."""
    later = Yizhan(scratch=tmp_path / "scratch", environ={"YIZHAN_NOW": LATER})
    later.scratch.mkdir()
    handed = tmp_path / "handed"
    handed.mkdir()
    for node in NODES:
        site = shutil.copytree(county.site(node), tmp_path / node)
        for command in (("archive", "write"), ("purge", "--dry-run"), ("backup", "--out", handed / f"backup-{node}")):
            assert later.run(*command, "--site", site).code == 0
    centre = tmp_path / "centre"
    for department, feed in FEEDS.items():
        of = feed, "--period", PERIODS[department], "--site", centre
        to = "--to", "430482", "--by", "数据股", "--reason", "低保比对"
        for ending in ("csv", "parquet"):
            assert (
                later.run("copy", "write", *of, *to, "--masked", "--out", handed / f"{department}.{ending}").code == 0
            )
        assert later.run("copy", "write", *of, *to, "--out", handed / f"clear-{department}.csv").code == 0
        assert later.run("asof", *of, "--rows", 20, "--json").code == 0
    held_by_right = [handed / "backup-centre" / "database.sqlite", *handed.glob("clear-*.csv")]
    assert all(canaries.in_bytes(file.read_bytes()) for file in held_by_right)
    assert len(list(tmp_path.glob("*/archive/*.tar"))) == len(NODES)
    assert list(canaries.below(handed, but=held_by_right)) == []
    for node in NODES:
        allowed = [tmp_path / node / name for name in ("secrets", "warehouse.db", "warehouse.db-wal")]
        assert list(canaries.below(tmp_path / node, but=allowed)) == []
    assert [hit for said in later.said for hit in canaries.in_text(said)] == []


def _expect_none(site: Path, canaries: Canaries, yizhan: Yizhan) -> None:
    assert [hit for said in yizhan.said for hit in canaries.in_text(said)] == []
    assert list(canaries.below(site, but=[site / "secrets"])) == []
    assert list(canaries.below(yizhan.scratch)) == []
