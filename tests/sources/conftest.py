"""Front-ends on real sources: `yizhan run` is the real command, the sources are OpenSSH, SOAP services and an ODBC
driver. No centre runs: what a source does wrong must never get as far as one.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from ruamel.yaml import YAML

from gateway.calendar import ASIA_SHANGHAI
from gateway.demo.county import County, connect, found, place_secret
from gateway.demo.sources import dibao, generate, onecard, vouchers
from tests.peers.canaries import Canaries
from tests.peers.command import Ended, Yizhan
from tests.peers.processes import ROOT, announced, python
from tests.peers.sshd import Sshd, sshd

NOW = datetime(2025, 11, 22, 10, tzinfo=ASIA_SHANGHAI)
MONTH, QUARTER = date(2025, 10, 1), (date(2025, 7, 1), date(2025, 10, 1))
STARTS = {"finance.onecard": "2025-10", "civil.dibao": "2025-10", "agri.village_finance": "2025Q3"}
DEPARTMENT = {"finance.onecard": "finance", "civil.dibao": "civil", "agri.village_finance": "agri"}
ROWS = 1_200
USER, PASSWORD = "yizhan", "Canary-口令-7f3a"


@dataclass(frozen=True, kw_only=True)
class Office:
    """The front-end of the department that owes `feed`, and the command that runs there."""

    feed: str
    county: County
    yizhan: Yizhan

    @property
    def site(self) -> Path:
        return self.county.front_end(DEPARTMENT[self.feed])

    @property
    def period(self) -> str:
        return STARTS[self.feed]

    def connect(self, **connection: object) -> None:
        """Where the source is; a password is placed in a file and referred to."""
        password = connection.pop("password", None)
        if password is not None:
            connection["password"] = place_secret(self.county, DEPARTMENT[self.feed], "source", str(password))
        connect(self.county, DEPARTMENT[self.feed], self.feed, connection)

    def run(self, *options: str, **environ: str) -> Ended:
        return self.yizhan.run("run", self.feed, "--site", self.site, *options, **environ)

    def lines(self) -> list[dict[str, Any]]:
        return self.yizhan.run("ledger", "list", "--site", self.site, "--json").json["lines"]

    def board(self) -> Ended:
        return self.yizhan.run("status", "--site", self.site, "--json")

    def left(self) -> list[str]:
        """Every file that collecting can leave: in the spool, in whatever state, drafts too, and problem books."""
        made = [*(self.site / "spool").rglob("*"), *(self.site / "problems").rglob("*")]
        return [str(file.relative_to(self.site)) for file in made if file.is_file()]

    def expect_nothing_sent(self, code: str, event: str) -> None:
        """No batch, no draft; and the ledger says with its code what happened, each time it did.

        A problem book only of what does not balance: it tells the department where the difference may lie.
        """
        (period,) = {line["period"] for line in self.lines()}
        book = [f"problems/{self.feed}/{period}/r1.{kind}" for kind in ("csv", "rows")]
        assert sorted(self.left()) == (book if event == "unbalanced" else [])
        assert not [path for path in (self.site / "spool").glob("*/*")]
        lines = self.lines()
        assert {(line["event"], line["code"], line["feed"], line["period"]) for line in lines} == {
            (event, code, self.feed, self.period)
        }
        assert self.yizhan.run("ledger", "verify", "--site", self.site).code == 0
        assert self.yizhan.run("fsck", "--site", self.site).code == 0


@pytest.fixture(scope="session")
def offices(tmp_path_factory: pytest.TempPathFactory) -> County:
    """Sites without sources and without a centre's address, to be copied."""
    county = County(root=tmp_path_factory.mktemp("offices"))
    found(county, at=NOW, port=1, starts=STARTS)
    yaml = YAML()
    for site in (root / "site.yaml" for root in county.front_ends):
        yaml.dump(yaml.load(site) | {"centres": {}}, site)
    return county


@pytest.fixture
def office(offices: County, tmp_path: Path) -> Iterator[Callable[[str], Office]]:
    """The front-end for a feed; after the test no person's number is in anything that it wrote or said."""
    (tmp_path / "scratch").mkdir()
    yizhan = Yizhan(scratch=tmp_path / "scratch", environ={"YIZHAN_NOW": NOW.isoformat()})

    def opened(feed: str) -> Office:
        county = County(root=tmp_path / "county")
        shutil.copytree(offices.front_end(DEPARTMENT[feed]), county.front_end(DEPARTMENT[feed]))
        return Office(feed=feed, county=county, yizhan=yizhan)

    yield opened
    secrets = list((tmp_path / "county").glob("*/secrets"))
    assert list(_people().below(tmp_path / "county", but=secrets)) == []
    assert list(_people().below(tmp_path / "scratch")) == []
    assert [hit for said in yizhan.said for hit in _people().in_text(said)] == []


@pytest.fixture(scope="session")
def server() -> Iterator[Sshd]:
    """OpenSSH's sshd; each test puts its own files into a folder of its own.

    Not below pytest's directory: that is closed to the account sshd runs as, and closed again by every other pytest.
    """
    with TemporaryDirectory(prefix="yizhan-sshd-") as home:
        Path(home).chmod(0o711)
        with sshd(Path(home)) as running:
            yield running


@pytest.fixture
def folder(server: Sshd, request: pytest.FixtureRequest) -> Path:
    """What the department has placed: October's roster and its ready marker."""
    made = server.folder / str(abs(hash(request.node.nodeid)))
    made.mkdir(mode=0o755)
    generate.write_onecard(made / "onecard_202510.txt", ROWS, MONTH, generate.SEED)
    return made


@pytest.fixture
def finance(office: Callable[[str], Office], server: Sshd, folder: Path) -> Office:
    """The finance bureau's front-end on that folder."""
    opened = office("finance.onecard")
    opened.connect(**ssh(server, folder))
    return opened


@pytest.fixture
def agri(office: Callable[[str], Office], tmp_path: Path) -> Office:
    """The village-finance front-end on an SQLite file, through the ODBC driver."""
    opened = office("agri.village_finance")
    vouchers.write(tmp_path / "cwgl.db", ROWS, *QUARTER, generate.SEED)
    opened.connect(connection=f"Driver=SQLite3;Database={tmp_path / 'cwgl.db'};StepAPI=1;NoCreat=1")
    return opened


@pytest.fixture(scope="session")
def soap() -> Iterator[dict[str, Any]]:
    """The demonstration's SOAP service."""
    with soap_service(ROWS) as said:
        yield said


@pytest.fixture(scope="session")
def node_soap() -> Iterator[dict[str, Any]]:
    """A SOAP service that is not written in Python."""
    peer = ROOT / "tests" / "peers" / "soap" / "server.js"
    with announced(["node", str(peer), "2345"], {"PEER_USER": USER, "PEER_PASSWORD": PASSWORD}) as said:
        yield said


def soap_service(rows: int) -> Any:
    """The demonstration's SOAP service with so many rows."""
    command = python("gateway.demo.sources.soap", "--rows", rows, "--user", USER, "--password-env", "CANARY_PASSWORD")
    return announced(command, {"CANARY_PASSWORD": PASSWORD})


def ssh(server: Sshd, folder: Path) -> dict[str, object]:
    """The connection to OpenSSH, and where below its root the files lie."""
    path = f"{folder.name}/onecard_{{yyyymm}}"
    return {
        "host": "127.0.0.1", "port": server.port, "host_key": server.fingerprint, "user": server.user,
        "private_key": f"file:{server.key}", "path": f"{path}.txt",
        "ready": {"by": "marker", "path": f"{path}.ok", "seconds": 0.05},
    }  # fmt: skip


def messages(office: Office, code: str, exit_code: int) -> tuple[str, str]:
    """What a run says in Chinese and in English, and that both times it ends alike and JSON agrees."""
    said = []
    for lang in ("zh", "en"):
        ended = office.run("--lang", lang, "--json")
        assert (ended.code, ended.err.count("[YZ-")) == (exit_code, 1), ended.err
        assert ended.err.startswith(f"[{code}] ")
        message = ended.err.removeprefix(f"[{code}] ").rstrip("\n")
        collected = [{"feed": office.feed, "period": office.period, "batch": None, "code": code, "message": message}]
        nothing = {"state": None, "rows": None, "problem_rows": None, "problems": None}
        others = {"delivered": [], "receipts": [], "acknowledged": []}
        assert ended.json == {"collected": [collected[0] | nothing], **others}
        said.append(message)
    return said[0], said[1]


@lru_cache(maxsize=1)
def _people() -> Canaries:
    """The people of these sources."""
    roster = next(onecard.blocks(ROWS, MONTH, generate.SEED))
    register = dibao.block(0, ROWS, MONTH, generate.SEED)
    held = (
        (onecard.TITLES, roster, ("身份证号", "银行账号", "联系电话"), "姓名"),
        (dibao.ELEMENTS, register, ("holderIdCard", "bankAccount", "telephone"), "holderName"),
    )
    return Canaries.of(
        numbers=[row[titles.index(title)] for titles, rows, numbers, _ in held for row in rows for title in numbers],
        names=[row[titles.index(name)] for titles, rows, _, name in held for row in rows],
        secrets=[PASSWORD],
    )
