"""`yizhan healthcheck` against the real centre: alone, behind nginx, ill in several ways."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from ruamel.yaml import YAML

from gateway.demo.county import CENTRE, County, found
from gateway.errors import (
    CertificateRevoked,
    ConfigInvalid,
    ConfigMissing,
    KeyFileUnreadable,
    NothingToAsk,
    OwnCertificateRefused,
    PeerUnavailable,
)
from gateway.keys import Party, Purpose
from gateway.keys.issuing import Pki, Validity
from tests.peers.command import Yizhan
from tests.peers.daemons import Daemon, free_port
from tests.peers.edge import edge
from tests.peers.processes import ROOT

NOW = datetime.now(UTC)
STARTS = {"finance.onecard": "2026-10", "civil.dibao": "2026-10", "agri.village_finance": "2026Q3"}
YAML_SAFE = YAML(typ="safe", pure=True)


@dataclass(frozen=True, kw_only=True)
class Here:
    """A county whose centre serves."""

    county: County
    port: int
    yizhan: Yizhan

    def site(self, node: str) -> Path:
        return self.county.root / node


@contextmanager
def serving(site: Path, port: int) -> Iterator[None]:
    """`yizhan serve` in a process of its own."""
    daemon = Daemon(
        command=[sys.executable, "-m", "gateway", "--site", site, "serve"], port=port, log=site / "serve.out",
        ending=signal.SIGTERM, account=lambda: {"env": {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin"}},
    )  # fmt: skip
    daemon.start()
    try:
        yield
    finally:
        daemon.stop()


def make(root: Path) -> tuple[County, int]:
    county, port = County(root=root), free_port()
    found(county, at=NOW, port=port, starts=STARTS)
    return county, port


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    county, port = make(tmp_path_factory.mktemp("county"))
    with serving(county.centre, port):
        yield Here(county=county, port=port, yizhan=Yizhan(scratch=tmp_path_factory.mktemp("scratch")))


@pytest.fixture
def yizhan(tmp_path: Path) -> Yizhan:
    return Yizhan(scratch=tmp_path)


def change(site: Path, **keys: object) -> None:
    document = YAML_SAFE.load(site / "site.yaml") | keys
    with (site / "site.yaml").open("w", encoding="utf-8") as file:
        YAML_SAFE.dump(document, file)


def contents(site: Path) -> dict[str, bytes]:
    files = (path for path in site.rglob("*") if path.is_file() and "log" not in path.parts and path.suffix != ".out")
    return {str(path.relative_to(site)): path.read_bytes() for path in files if "-shm" not in path.name}


@pytest.mark.parametrize("node", ["centre", "finance"])
def test_a_node_that_is_well_says_so_and_writes_nothing(here: Here, node: str) -> None:
    before = contents(here.site(node))
    ended = here.yizhan.run("--site", here.site(node), "healthcheck")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"中心 {CENTRE} 正常:应答签名有效,台账至第 0 行\n"
    assert contents(here.site(node)) == before


def test_its_json_names_the_centre_and_what_it_said(here: Here) -> None:
    (one,) = here.yizhan.run("--site", here.site("agri"), "healthcheck", "--json").json["checks"]
    at = datetime.fromisoformat(one.pop("at"))
    assert abs(at - datetime.now(UTC)) < timedelta(minutes=1)
    assert one == {"centre": CENTRE, "ok": True, "code": None, "ledger": 0, "version": "0.1.0"}


def test_a_centre_that_does_not_answer_is_unwell_for_itself_and_for_its_front_ends(here: Here) -> None:
    site, nobody = here.county.root / "alone", free_port()
    shutil.copytree(here.site("finance"), site)
    change(site, centres={CENTRE: {"url": f"https://127.0.0.1:{nobody}"}})
    for arguments in (
        ("--site", site, "healthcheck"),
        ("--site", here.site("centre"), "healthcheck", "--port", nobody),
    ):
        ended = here.yizhan.run(*arguments)
        assert (ended.code, ended.out) == (1, "")
        assert ended.err.startswith(f"[{PeerUnavailable.code}]")
    (one,) = here.yizhan.run("--site", site, "healthcheck", "--json").json["checks"]
    assert (one["ok"], one["code"], one["at"]) == (False, PeerUnavailable.code, None)


def test_another_receiver_of_the_same_site_is_asked_at_its_port(here: Here) -> None:
    assert here.yizhan.run("--site", here.site("centre"), "healthcheck", "--port", here.port).code == 0


def test_a_site_that_cannot_be_read_ends_with_1_as_engines_want_it(here: Here, tmp_path: Path) -> None:
    ended = here.yizhan.run("--site", tmp_path, "healthcheck")
    assert ended.code == 1
    assert ended.err.startswith(f"[{ConfigMissing.code}]")


def test_a_front_end_without_feeds_has_nobody_to_ask(here: Here, tmp_path: Path) -> None:
    site = tmp_path / "idle"
    shutil.copytree(here.site("finance"), site)
    change(site, department="water")
    ended = here.yizhan.run("--site", site, "healthcheck")
    assert ended.code == 1
    assert ended.err.startswith(f"[{NothingToAsk.code}]")


def test_a_centre_whose_ledger_cannot_be_read_is_unwell(tmp_path: Path, yizhan: Yizhan) -> None:
    county, port = make(tmp_path / "county")
    with serving(county.centre, port):
        assert yizhan.run("--site", county.centre, "healthcheck").code == 0
        with sqlite3.connect(county.centre / "warehouse.db") as database:
            database.execute("ALTER TABLE ledger_head RENAME TO gone")
        for site in (county.centre, county.front_end("finance")):
            ended = yizhan.run("--site", site, "healthcheck")
            assert (ended.code, ended.out) == (1, "")
            assert "YZ-7" in ended.err


def test_a_front_end_whose_certificate_was_revoked_is_unwell_before_it_has_anything_to_send(
    tmp_path: Path, yizhan: Yizhan
) -> None:
    root = tmp_path / "county"
    county, port = make(root)
    pki = Pki.found(Validity(start=NOW - timedelta(hours=1), end=NOW + timedelta(days=9)))
    for site, write in ((county.centre, pki.write_centre), (county.front_end("finance"), None)):
        shutil.rmtree(site / "keys")
        if write:
            encryption = write(site / "keys", CENTRE)
    pki.write_department(county.front_end("finance") / "keys", "finance", {CENTRE: encryption})
    with serving(county.centre, port):
        assert yizhan.run("--site", county.front_end("finance"), "healthcheck").code == 0
        tls = x509.load_pem_x509_certificate((county.front_end("finance") / "keys" / "tls.crt").read_bytes())
        _, lists = pki.lists({tls.serial_number: NOW - timedelta(minutes=1)})
        (county.centre / "keys" / "crls" / "issuing.crl").write_bytes(lists.public_bytes(Encoding.PEM))
        ended = yizhan.run("--site", county.front_end("finance"), "healthcheck")
    assert ended.code == 1
    assert ended.err.startswith(f"[{OwnCertificateRefused.code}]")
    assert CertificateRevoked.code in ended.err


def proxied(root: Path) -> tuple[County, int, Path]:
    """A county whose centre names the certificate of a proxy in its site file."""
    county, port = make(root)
    pki = Pki.found(Validity(start=NOW - timedelta(hours=1), end=NOW + timedelta(days=9)))
    for site in (county.centre, county.front_end("finance")):
        shutil.rmtree(site / "keys")
    encryption = pki.write_centre(county.centre / "keys", CENTRE)
    pki.write_department(county.front_end("finance") / "keys", "finance", {CENTRE: encryption})
    issued = pki.centre(CENTRE, Purpose.TLS_SERVER)
    (root / "edge").mkdir()
    issued.write(root / "edge", "edge")
    shutil.copy(root / "edge" / "edge.crt", county.centre / "keys" / "edge.crt")
    pki.issuing.issue(Party.DEPARTMENT, "civil", Purpose.TLS_CLIENT, pki.validity).write(root / "edge", "civil")
    shutil.copy(root / "edge" / "civil.crt", county.centre / "keys" / "civil.crt")
    return county, port, root / "edge" / "edge.crt"


def test_behind_nginx_the_real_centre_knows_its_front_end_by_what_its_site_file_names(
    tmp_path: Path, yizhan: Yizhan
) -> None:
    county, port, certificate = proxied(tmp_path / "county")
    site = county.front_end("finance")
    change(county.centre, proxy={"certificates": ["keys/edge.crt"]})
    with serving(county.centre, port), edge(port, county.centre / "keys", certificate) as before:
        change(site, centres={CENTRE: {"url": f"https://127.0.0.1:{before.port}"}})
        for command in ("healthcheck", "heartbeat"):
            ended = yizhan.run("--site", site, command)
            assert (ended.code, ended.err) == (0, ""), command
        log = (county.centre / "log" / "centre.log").read_text(encoding="utf-8")
        assert "POST /v1/heartbeats 200 code=- party=department:finance" in log
        assert yizhan.run("--site", county.centre, "healthcheck").code == 0, "it asks itself without nginx"


def test_without_that_line_the_centre_takes_nginx_for_nobody(tmp_path: Path, yizhan: Yizhan) -> None:
    county, port, certificate = proxied(tmp_path / "county")
    site = county.front_end("finance")
    with serving(county.centre, port), edge(port, county.centre / "keys", certificate) as before:
        change(site, centres={CENTRE: {"url": f"https://127.0.0.1:{before.port}"}})
        ended = yizhan.run("--site", site, "healthcheck")
    assert ended.code == 1
    assert "YZ-8203" in ended.err


@pytest.mark.parametrize(("file", "code"), [("civil.crt", ConfigInvalid.code), ("absent.crt", KeyFileUnreadable.code)])
def test_a_centre_does_not_start_with_a_proxy_that_is_not_its_own(
    tmp_path: Path, yizhan: Yizhan, file: str, code: str
) -> None:
    county, _, _ = proxied(tmp_path / "county")
    change(county.centre, proxy={"certificates": [f"keys/{file}"]})
    ended = yizhan.run("--site", county.centre, "serve")
    assert ended.code != 0
    assert ended.err.startswith(f"[{code}]"), ended.err


def test_the_installed_command_answers_as_a_container_engine_calls_it(here: Here) -> None:
    command = [sys.executable, "-m", "gateway", "healthcheck"]
    environ = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin", "YIZHAN_SITE": str(here.site("centre"))}
    ended = subprocess.run(command, env=environ, cwd="/", capture_output=True, timeout=15, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
