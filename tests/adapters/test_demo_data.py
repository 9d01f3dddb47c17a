"""The generated data: the same every time, true to its own totals, and bad only where and how it is meant to be."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from adapters.contract import Extraction, Request, Secrets
from adapters.odbc import OdbcAdapter
from adapters.sftp import SftpAdapter
from adapters.soap import SoapAdapter
from gateway.catalogue import Feed, load, read
from gateway.demo.sources import dibao, onecard, vouchers
from gateway.demo.sources.generate import SEED, write_onecard
from gateway.records.check import Checker
from tests.adapters.conftest import PASSWORD, USER
from tests.peers.processes import ROOT, announced, python

OCTOBER = date(2026, 10, 1)
QUARTER = (date(2026, 7, 1), date(2026, 10, 1))


def test_the_same_arguments_give_the_same_file_and_another_seed_another(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        onecard.write(tmp_path / name, 500, OCTOBER, seed)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() != (tmp_path / "c").read_bytes()


def test_a_short_list_is_the_beginning_of_a_long_one() -> None:
    long = [row for block in onecard.blocks(20_000, OCTOBER, 1) for row in block]
    assert len(long) == 20_000
    assert dibao.block(1, 10_000, OCTOBER, 1) == dibao.block(1, 99_999, OCTOBER, 1)


def configured(name: str, own: dict[str, Any], tmp_path: Path) -> Feed:
    """A feed of the sample catalogue with the department's own keys laid over its source, as a site does it."""
    (tmp_path / "sources.yaml").write_text(json.dumps(own))
    kinds = {"sftp": SftpAdapter.Config, "soap": SoapAdapter.Config, "odbc": OdbcAdapter.Config}
    return load(ROOT / "sample" / "catalogue", kinds, {name: read(tmp_path / "sources.yaml")}).feed(name)


def outcome(extraction: Extraction, feed: Feed) -> tuple[int, int, Counter[str]]:
    """Rows, rows that are good, and how often each problem code occurs."""
    checker = Checker(feed.fields, key=feed.key, salt=b"0123456789abcdef", adapter=feed.adapter)
    rows = good = 0
    codes: Counter[str] = Counter()
    with extraction:
        for batch in extraction:
            checked = checker.check(batch)
            rows, good = rows + batch.num_rows, good + checked.good.num_rows
            codes.update(problem.code for problem in checked.problems)
    assert extraction.declared is not None
    assert extraction.declared.rows == rows
    return rows, good, codes


def test_the_sample_catalogue_reads_the_roster(tmp_path: Path, ask: Callable[..., Request], secrets: Secrets) -> None:
    (tmp_path / "out").mkdir()
    write_onecard(tmp_path / "out" / "onecard_202610.txt", 12_000, OCTOBER, SEED)
    command = python(
        "gateway.demo.sources.sftp", "--root", tmp_path, "--host-key", tmp_path / "key", "--user", USER,
        "--password-env", "DEMO_PASSWORD",
    )  # fmt: skip
    with announced(command, {"DEMO_PASSWORD": PASSWORD}) as said:
        own = {"host": "127.0.0.1", "port": said["port"], "host_key": said["host_key"], "user": USER}
        feed = configured("finance.onecard", own | {"password": "env:PASSWORD"}, tmp_path)
        found = outcome(SftpAdapter(feed.source_config, secrets).extract(ask(feed.id)), feed)
    # check digit, Excel, impossible day, no account, unknown state, key repeated: 4 each; the exact duplicate passes
    codes = {"YZ-3055": 4, "YZ-3016": 4, "YZ-3032": 4, "YZ-3001": 4, "YZ-3074": 4, "YZ-3091": 4}
    assert found == (12_000, 12_000 - 24, Counter(codes))


def test_the_sample_catalogue_reads_the_list(
    demo_soap: dict[str, Any], ask: Callable[..., Request], secrets: Secrets, tmp_path: Path
) -> None:
    own = {"wsdl": demo_soap["wsdl"], "login": "token_text", "user": USER, "password": "env:PASSWORD"}
    feed = configured("civil.dibao", own, tmp_path)
    found = outcome(SoapAdapter(feed.source_config, secrets).extract(ask(feed.id)), feed)
    codes = {"YZ-3055": 2, "YZ-3016": 1, "YZ-3032": 2, "YZ-3001": 2, "YZ-3074": 2, "YZ-3091": 1}
    assert found == (5000, 5000 - 10, Counter(codes))


def test_the_sample_catalogue_reads_the_vouchers(tmp_path: Path, ask: Callable[..., Request], secrets: Secrets) -> None:
    vouchers.write(tmp_path / "agri.db", 3000, *QUARTER, SEED)
    own = {"connection": f"Driver=SQLite3;Database={tmp_path / 'agri.db'};StepAPI=1;NoCreat=1"}
    feed = configured("agri.village_finance", own, tmp_path)
    found = outcome(OdbcAdapter(feed.source_config, secrets).extract(ask(feed.id)), feed)
    codes = {"YZ-3032": 1, "YZ-3001": 1, "YZ-3071": 1, "YZ-3091": 1}
    assert found == (3000, 3000 - 4, Counter(codes))


@pytest.mark.parametrize("rows", [0, 1, 2, 599])
def test_a_small_list_is_whole(tmp_path: Path, rows: int) -> None:
    fen = onecard.write(tmp_path / "a.txt", rows, OCTOBER, 1)
    lines = (tmp_path / "a.txt").read_bytes().decode("gb18030").splitlines()
    assert len(lines) == rows + 2
    assert [field.strip() for field in lines[0].split("|")] == ["汇总", str(rows), f"{fen // 100}.{fen % 100:02d}"]
