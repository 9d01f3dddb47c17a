"""`yizhan exporter` as a process: what it answers, to whom, what it refuses, and how it ends."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from prometheus_client.parser import text_string_to_metric_families

from gateway.keys import Purpose
from gateway.keys.issuing import Issued, Pki, Validity
from tests.monitoring.exporter_county import ENVIRON, at, make_centre
from tests.monitoring.exporter_world import World, files, wait_until
from tests.peers.command import Yizhan
from tests.peers.processes import ROOT

_PATIENCE = 30


@dataclass
class Running:
    """An exporter, the port it took, and the lines it said before it was ready."""

    process: subprocess.Popen[str]
    port: int

    def ask(self, path: str, method: str = "GET", tls: ssl.SSLContext | None = None) -> http.client.HTTPResponse:
        if tls is None:
            line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE)
        else:
            line = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=_PATIENCE, context=tls)
        line.request(method, path)
        return line.getresponse()

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """The exit code, and what it said on stderr since it was ready."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=_PATIENCE)
        return self.process.returncode, said


@contextmanager
def exporting(site: Path, *options: object, listen: str = "127.0.0.1:0") -> Iterator[Running]:
    arguments = ["--site", site, "--lang", "en", "exporter", "--listen", listen, *options]
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", *map(str, arguments)], cwd=ROOT, env={**os.environ, **ENVIRON},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    try:
        assert process.stderr is not None
        ready = process.stderr.readline()
        assert ready.startswith("metrics ready: http"), ready + process.stderr.read()
        yield Running(process, int(ready.rpartition(":")[2].partition("/")[0]))
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_centre(tmp_path_factory.mktemp("county") / "centre")


@pytest.fixture
def yizhan(tmp_path: Path) -> Yizhan:
    return Yizhan(scratch=tmp_path, environ=ENVIRON)


def test_it_serves_metrics_alone_ends_with_the_signal_and_leaves_the_site_as_it_was(site: Path) -> None:
    before = files(site)
    with exporting(site) as running:
        answer = running.ask("/metrics")
        assert (answer.status, answer.getheader("Content-Type")) == (200, "text/plain; version=0.0.4; charset=utf-8")
        said = {family.name: family for family in text_string_to_metric_families(answer.read().decode())}
        assert {s.labels["source"]: s.value for s in said["yizhan_exporter_source_success"].samples} == {
            name: 1.0 for name in ("board", "ledger", "presence", "certificates", "disk", "spool")
        }
        assert (running.ask("/").status, running.ask("/").read()) == (200, b"yizhan exporter: /metrics\n")
        assert [running.ask(path).status for path in ("/metrics/", "/site.yaml", "/../etc/passwd")] == [404] * 3
        assert [running.ask("/metrics", method).status for method in ("POST", "PUT", "DELETE")] == [405] * 3
        assert (running.ask("/metrics", "HEAD").status, running.ask("/metrics", "HEAD").read()) == (200, b"")
        assert running.end(signal.SIGTERM) == (0, "")
    assert files(site) == before


def test_it_ends_as_cleanly_when_a_person_interrupts_it(site: Path) -> None:
    with exporting(site) as running:
        assert running.end(signal.SIGINT) == (0, "")


def test_it_verifies_the_ledger_in_the_background_as_often_as_it_is_told(site: Path) -> None:
    with exporting(site, "--verify-every", "1s") as running:
        until = time.monotonic() + _PATIENCE
        while b"\nyizhan_ledger_verified_timestamp_seconds" not in running.ask("/metrics").read():
            assert time.monotonic() < until
            time.sleep(0.05)


def test_the_first_verification_leaves_the_first_readings_their_time(site: Path) -> None:
    """Beside them it took half of the processor, and the first board of a large county came that much later."""
    world, held, begun = World(site), threading.Event(), threading.Thread(target=lambda: held.wait(_PATIENCE))
    begun.start()
    world.verification.start(after=[begun])
    time.sleep(0.3)
    assert world.verification.found is None
    held.set()
    wait_until(lambda: world.verification.found is not None)
    world.verification.stop(_PATIENCE)


def test_a_broken_source_is_told_on_stderr_once_with_its_code(site: Path, tmp_path: Path) -> None:
    made = make_centre(tmp_path / "centre")
    (made / "warehouse.db").unlink()
    with exporting(made) as running:
        assert b'yizhan_exporter_source_success{source="ledger"} 0.0' in running.ask("/metrics").read()
        assert running.ask("/metrics").status == 200
        code, said = running.end(signal.SIGTERM)
    assert (code, said.count("source=ledger code=YZ-8124")) == (0, 1)


# --- beyond this machine ----------------------------------------------------------------------------------------------

VALID = Validity(start=at("2020-01-01"), end=at("2036-01-01"))


@dataclass(frozen=True)
class Papers:
    """A monitoring office's PKI: the exporter's own certificate, and a reader's."""

    folder: Path

    def make(self) -> Papers:
        pki = Pki.found(VALID)
        self.write(pki.centre("changning", Purpose.TLS_SERVER), "exporter")
        self.write(pki.department("prometheus", Purpose.TLS_CLIENT), "reader")
        self.write(Pki.found(VALID).department("stranger", Purpose.TLS_CLIENT), "stranger")
        (self.folder / "ca.crt").write_bytes(pki.root.certificate.public_bytes(Encoding.PEM))
        return self

    def write(self, issued: Issued, name: str) -> None:
        issued.write(self.folder, name)

    @property
    def options(self) -> list[object]:
        folder = self.folder
        return [
            "--tls-certificate", folder / "exporter.crt", "--tls-key", folder / "exporter.key",
            "--client-ca", folder / "ca.crt",
        ]  # fmt: skip

    def reader(self, name: str | None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.folder / "ca.crt")
        context.check_hostname = False
        if name is not None:
            context.load_cert_chain(self.folder / f"{name}.crt", self.folder / f"{name}.key")
        return context


@pytest.fixture
def papers(tmp_path: Path) -> Papers:
    return Papers(tmp_path).make()


def test_beyond_this_machine_a_reader_with_a_certificate_is_answered_and_nobody_else(
    site: Path, papers: Papers
) -> None:
    with exporting(site, *papers.options, listen="0.0.0.0:0") as running:
        for _ in range(20):  # each goes away without having read the answer
            assert running.ask("/metrics", tls=papers.reader("reader")).status == 200
        for nobody in (None, "stranger"):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                running.ask("/metrics", tls=papers.reader(nobody)).read()
        old = papers.reader("reader")
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises((ssl.SSLError, ConnectionError)):
            running.ask("/metrics", tls=old)
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            running.ask("/metrics")
        code, said = running.end(signal.SIGTERM)
    assert (code, said.count("Traceback")) == (0, 0), said


def test_a_client_that_connects_and_says_nothing_keeps_nobody_waiting(site: Path, papers: Papers) -> None:
    with (
        exporting(site, *papers.options, listen="0.0.0.0:0") as running,
        socket.create_connection(("127.0.0.1", running.port)),
        socket.create_connection(("127.0.0.1", running.port)),
    ):
        assert running.ask("/metrics", tls=papers.reader("reader")).status == 200


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0", "192.0.2.7:9464"])
def test_an_address_beyond_this_machine_is_refused_without_mutual_tls(site: Path, yizhan: Yizhan, listen: str) -> None:
    ended = yizhan.run("--site", site, "exporter", "--listen", listen)
    assert (ended.code, ended.err[:9], listen in ended.err) == (2, "[YZ-8120]", True)


@pytest.mark.parametrize("given", ["--tls-certificate", "--tls-key", "--client-ca"])
def test_part_of_mutual_tls_is_refused_as_wrong_usage(site: Path, yizhan: Yizhan, given: str) -> None:
    ended = yizhan.run("--site", site, "exporter", given, site / "site.yaml")
    assert (ended.code, "--tls-key" in ended.err) == (2, True)


@pytest.mark.parametrize(
    "listen",
    ["9464", ":9464", "127.0.0.1", "127.0.0.1:65536", "127.0.0.1:-1", "example.org:80", "::1:9464", "[127.0.0.1]:80"],
)
def test_what_is_no_address_is_refused(site: Path, yizhan: Yizhan, listen: str) -> None:
    ended = yizhan.run("--site", site, "exporter", f"--listen={listen}")
    assert (ended.code, ended.err[:9]) == (2, "[YZ-8121]")


@pytest.mark.parametrize("every", ["0s", "24", "1w", "-1h"])
def test_what_is_no_length_of_time_is_refused(site: Path, yizhan: Yizhan, every: str) -> None:
    ended = yizhan.run("--site", site, "exporter", f"--verify-every={every}")
    assert (ended.code, "--verify-every" in ended.err) == (2, True)


def test_a_port_that_is_taken_is_told_as_something_to_try_again(site: Path, yizhan: Yizhan) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = yizhan.run("--site", site, "exporter", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    assert (ended.code, ended.err[:9], "EADDRINUSE" in ended.err) == (75, "[YZ-8122]", True)


def locked(papers: Papers) -> None:
    issued = Pki.found(VALID).centre("changning", Purpose.TLS_SERVER)
    wrapped = issued.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"geheim"))
    (papers.folder / "exporter.key").write_bytes(wrapped)


SPOILT = {
    "a key under a passphrase": (locked, "YZ-8125", "exporter.key"),
    "a key that others can read": (lambda p: (p.folder / "exporter.key").chmod(0o644), "YZ-5011", "exporter.key"),
    "no key": (lambda p: (p.folder / "exporter.key").unlink(), "YZ-8125", "exporter.key"),
    "no certificate": (lambda p: (p.folder / "exporter.crt").write_text("-"), "YZ-8125", "exporter.crt"),
    "another's key": (
        lambda p: (p.folder / "exporter.key").write_bytes((p.folder / "stranger.key").read_bytes()),
        "YZ-8125",
        "exporter.crt",
    ),
    "no authority": (lambda p: (p.folder / "ca.crt").write_text("-"), "YZ-8125", "ca.crt"),
}


@pytest.mark.parametrize("what", SPOILT)
def test_files_that_make_no_mutual_tls_are_refused_by_name_before_anybody_is_served(
    what: str, site: Path, papers: Papers, yizhan: Yizhan
) -> None:
    spoil, code, file = SPOILT[what]
    spoil(papers)
    ended = yizhan.run("--site", site, "exporter", "--listen", "0.0.0.0:0", *papers.options)
    assert (ended.code, ended.err[:9], file in ended.err) == (2, f"[{code}]", True)
    assert "PRIVATE KEY" not in ended.err
