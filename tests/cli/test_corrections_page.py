"""docs/corrections.md: its commands run, in their order, and do what the page says they do."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from gateway.demo.county import County, connect, found
from gateway.demo.servers import free_port
from gateway.demo.sources import vouchers
from gateway.errors import YizhanError
from tests.cli.conftest import FEEDS
from tests.peers.command import Yizhan
from tests.peers.pages import blocks, environ, page, served

NOW = "2026-11-22T10:00:00+08:00"
FEED, ORDER = FEEDS["agri"], "常整改〔2026〕3号"
PAGE = page("corrections.md")
BLOCKS = blocks(PAGE)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A county whose centre serves, at the page's own moment; its village finance has three quarters of vouchers."""
    county, port = County(root=tmp_path_factory.mktemp("page")), free_port()
    found(county, at=datetime.fromisoformat(NOW), port=port, starts={FEED: "2025Q4"})
    for site in (county.centre, county.front_end("agri")):
        feed = site / "catalogue" / "feeds" / f"{FEED}.yaml"
        text = feed.read_text(encoding="utf-8")
        feed.write_text(text.replace("    mode: snapshot\n", "    mode: snapshot\n    review: corrections\n"), "utf-8")
    _write(county.root / "cwgl.db")
    driver = f"Driver=SQLite3;Database={county.root / 'cwgl.db'};StepAPI=1;NoCreat=1"
    connect(county, "agri", FEED, {"connection": driver})
    with served(county.centre, port, NOW):
        yield county.root


@pytest.fixture(scope="module")
def walked(place: Path) -> Path:
    """The page walked through, from its first command to its last."""
    assert [hook for hook, _ in BLOCKS] == ["", "corrected", "", "emptied", "last year"]
    for hook, text in BLOCKS:
        if hook == "corrected":
            _change(place / "cwgl.db", "UPDATE cw_pz SET zc = zc + 1 WHERE rowid = 1")
        for line in text.splitlines():
            ended = _shell(line, place)
            assert ended.returncode == 0, f"{line}\n{ended.stdout}{ended.stderr}"
    return place


def test_the_page_names_only_codes_there_are() -> None:
    named = set(re.findall(r"YZ-\d{4}", PAGE))
    assert len(named) > 5
    assert named <= {error.code for error in YizhanError.all()}


def test_the_walk_ends_where_the_page_says(walked: Path, tmp_path: Path) -> None:
    yizhan = Yizhan(scratch=tmp_path, environ={"YIZHAN_NOW": NOW})
    agri, centre = walked / "agri", walked / "centre"
    entries = yizhan.run("--site", agri, "spool", "list", "--json").json["entries"]
    told = {one["batch"].removeprefix(f"{FEED}/"): (one["state"], one["by"], one["released_by"]) for one in entries}
    assert told == {
        "2025Q4/r1": ("done", None, None),
        "2026Q2/r1": ("done", "p004", None),
        "2026Q3/r1": ("done", None, None),
        "2026Q3/r2": ("done", "p001", "p003"),
    }
    for site in (agri, centre):
        (order,) = yizhan.run("--site", site, "order", "list", "--json").json["orders"]
        assert (order["number"], order["person"], order["uses"], order["left"]) == (ORDER, "p101", 1, 0)
        assert yizhan.run("--site", site, "ledger", "verify").code == 0
        assert yizhan.run("--site", site, "fsck").code == 0


@pytest.mark.parametrize(
    ("command", "code", "zh", "en"),
    [
        (("run", FEED, "--period", "2025Q4"), "YZ-2070", "年度已封账", "the year is closed"),
        (("run", FEED, "--period", "2025Q4", "--order", "无"), "YZ-2072", "没有整改单", "holds no rectification order"),
        (("run", FEED, "--period", "2026Q3", "--order", ORDER), "YZ-2071", "无需整改单", "no order is needed"),
        (("nil", FEED, "--period", "2026Q3", "--by", "p004"), "YZ-2076", "不能零报送", "no nil return"),
        (("nil", FEED, "--period", "2026Q4", "--by", "p004"), "YZ-2077", "尚未结束", "is not over"),
        (("nil", FEED, "--period", "2026Q1", "--by", "p001"), "YZ-5040", "没有 declare 职责", "the duty declare"),
        (("release", f"{FEED}/2026Q3/r2", "--by", "p003"), "YZ-2079", "已经放行", "was released before"),
        (("hold", f"{FEED}/2026Q3/r2", "--by", "p003", "--reason", "x"), "YZ-6005", "没有该批次", "no such entry"),
    ],
)  # fmt: skip
def test_what_is_refused_is_refused_in_both_languages(
    walked: Path, tmp_path: Path, command: tuple[str, ...], code: str, zh: str, en: str
) -> None:
    yizhan = Yizhan(scratch=tmp_path, environ={"YIZHAN_NOW": NOW})
    for lang, words in (("zh", zh), ("en", en)):
        ended = yizhan.run("--site", walked / "agri", "--lang", lang, *command)
        assert ended.code == (0 if code == "YZ-2079" else 1)
        assert ended.err.startswith(f"[{code}]") and words in ended.err, ended.err


def test_a_locked_key_is_opened_by_reference_and_never_by_a_literal(walked: Path, tmp_path: Path) -> None:
    keys = tmp_path / "stick"
    keys.mkdir()
    shutil.copy(walked / "agri/keys/persons/p004.crt", keys)
    _lock(walked / "agri/keys/persons/p004.key", keys / "p004.key", b"opens")
    yizhan = Yizhan(scratch=tmp_path, environ={"YIZHAN_NOW": NOW})
    command = ("--site", walked / "agri", "nil", FEED, "--period", "2026Q2", "--by", "p004", "--keys", keys)
    assert "[YZ-5" in yizhan.run(*command).err
    literal = yizhan.run(*command, YIZHAN_PERSON_PASSPHRASE="opens")
    assert literal.code == 2 and literal.err.startswith("[YZ-1003]") and "opens" not in literal.err
    opened = yizhan.run(*command, YIZHAN_PERSON_PASSPHRASE="env:PIN", PIN="opens")
    assert opened.code == 0 and opened.err.startswith("[YZ-2012]"), opened.err


def _lock(plain: Path, locked: Path, passphrase: bytes) -> None:
    key = load_pem_private_key(plain.read_bytes(), None)
    locked.touch(mode=0o600)
    encryption = BestAvailableEncryption(passphrase)
    locked.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))


def _write(path: Path) -> None:
    """2026Q3 and 2025Q4 have vouchers; 2026Q2 has none."""
    vouchers.write(path, 200, date(2026, 7, 1), date(2026, 10, 1), 7)
    other = path.with_name("other.db")
    vouchers.write(other, 100, date(2025, 10, 1), date(2026, 1, 1), 8)
    with sqlite3.connect(path) as database:
        database.execute("ATTACH ? AS other", (str(other),))
        database.execute("INSERT INTO cw_pz SELECT * FROM other.cw_pz")


def _change(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as database:
        database.execute(statement)


def _shell(line: str, directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-ec", line],
        cwd=directory,
        env=environ(NOW),
        capture_output=True,
        encoding="utf-8",
        timeout=90,
        check=False,
    )


def test_an_altered_order_is_not_taken_in_and_one_altered_here_is_named(walked: Path, tmp_path: Path) -> None:
    yizhan = Yizhan(scratch=tmp_path, environ={"YIZHAN_NOW": NOW})
    altered = bytearray((walked / "order.p7s").read_bytes())
    altered[-1] ^= 1
    (tmp_path / "altered.p7s").write_bytes(altered)
    agri = walked / "agri"
    refused = yizhan.run("--site", agri, "order", "import", tmp_path / "altered.p7s")
    assert refused.code == 1 and refused.err.startswith("[YZ-47"), refused.err
    (agri / "orders" / "foreign.p7s").write_bytes(altered)
    listed = yizhan.run("--site", agri, "--lang", "en", "order", "list", "--json")
    (agri / "orders" / "foreign.p7s").unlink()
    assert listed.code == 1
    assert [one["number"] for one in listed.json["orders"]] == [ORDER]
    assert [(one["file"], one["code"][:5]) for one in listed.json["unusable"]] == [("foreign.p7s", "YZ-47")]
    assert yizhan.run("--site", agri, "order", "import", tmp_path / "none.p7s").err.startswith("[YZ-1002]")


def test_an_order_that_cannot_be_handed_out_stands_all_the_same(walked: Path, tmp_path: Path) -> None:
    yizhan = Yizhan(scratch=tmp_path, environ={"YIZHAN_NOW": NOW})
    site = shutil.copytree(walked / "centre", tmp_path / "centre")
    said = (
        "--site", site, "order", "issue", "--feed", FEED, "--first", "2025Q1", "--last", "2025Q4", "--uses", "3",
        "--until", "2026-12-31", "--reason", "审计整改", "--by", "p101",
    )  # fmt: skip
    refused = yizhan.run(*said, "--number", "五", "--out", tmp_path / "no" / "order.p7s")
    assert refused.code == 2 and refused.err.startswith("[YZ-2080]"), refused.err
    shown = yizhan.run("--site", site, "order", "show", "五", "--json").json
    assert (shown["uses"], shown["left"], shown["expires_at"]) == (3, 3, "2026-12-31T23:59:59+08:00")
    assert (site / "orders" / f"{shown['digest'][:16]}.p7s").is_file()
    again = yizhan.run(*said, "--number", "五", "--out", tmp_path / "order.p7s", "--lang", "en")
    assert again.code == 1 and again.err.startswith("[YZ-2078] another rectification order"), again.err
    for arguments, code in (
        (("--number", "六", "--until", "2026-01-01"), "YZ-4001"),
        (("--number", "七", "--by", "p001"), "YZ-5"),
        (("--number", "八", "--feed", "finance.nothing"), "YZ-1006"),
    ):
        assert f"[{code}" in yizhan.run(*said, "--out", tmp_path / "x.p7s", *arguments).err
    lines = [line for line in yizhan.run("--site", site, "ledger", "list", "--json").json["lines"]]
    assert [one["by"] for one in lines if one["event"] == "ordered"] == ["p101", "p101"]


def test_an_order_is_issued_at_a_centre_and_imported_at_a_front_end(walked: Path, tmp_path: Path) -> None:
    yizhan = Yizhan(scratch=tmp_path, environ={"YIZHAN_NOW": NOW})
    assert "YZ-1010" in yizhan.run("--site", walked / "centre", "order", "import", walked / "order.p7s").err
    for command in (("release", "x", "--by", "p003"), ("hold", "x", "--by", "p003", "--reason", "y")):
        assert "YZ-1010" in yizhan.run("--site", walked / "centre", *command).err
