"""The real nginx that ends mutual TLS before a centre, with the configuration that is shipped (`docker/edge.conf`).

Only addresses, the places of its files and the name of the centre's host are changed.
"""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.peers.daemons import ACCOUNT, Daemon, as_account, free_port, owned_home, run
from tests.peers.processes import ROOT

CONFIGURATION = ROOT / "docker" / "edge.conf"
_PROGRAM = ROOT / ".cache" / "nginx" / "usr" / "sbin" / "nginx"


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A running nginx on one loopback port."""

    port: int
    home: Path
    daemon: Daemon

    def kept(self) -> list[Path]:
        """Every file in the directories where nginx would put what it buffers on disk."""
        places = (self.home / name for name in ("body", "proxy", "fastcgi", "uwsgi", "scgi"))
        return [path for place in places for path in place.rglob("*") if path.is_file()]

    def log(self) -> str:
        """Its access lines."""
        return (self.home / "access.log").read_text(encoding="utf-8")

    def workers(self) -> list[int]:
        """The process ids of its workers."""
        children = Path(f"/proc/{self.daemon.pid}/task/{self.daemon.pid}/children").read_text()
        return [int(number) for number in children.split()]

    def check(self) -> None:
        """What the image's health check runs. Raises RuntimeError: nginx could not be started again as it lies here."""
        run([*_command(self.home), "-t", "-q"])

    def revoke(self, lists: bytes) -> None:
        """Put other revocation lists in place and reload, as an operator does."""
        _place(self.home / "yizhan" / "revoked.pem", lists)
        before = set(self.workers())
        self.daemon.send(signal.SIGHUP)
        _wait_for_other_workers(self, before)


@contextmanager
def edge(centre: int, keys: Path, certificate: Path) -> Iterator[Edge]:
    """Run it before the centre on port `centre`.

    Args:
        keys: the centre's `keys/`: whom to trust and what is revoked are taken from there.
        certificate: `edge.crt`, with `edge.key` beside it.
    """
    if not _PROGRAM.exists():
        pytest.fail("nginx is not unpacked: sh scripts/peers.sh")
    with owned_home("yizhan-edge-") as home:
        port = free_port()
        _configure(home, port, centre)
        _furnish(home / "yizhan", keys, certificate)
        command = _command(home)
        run([*command, "-t"])
        daemon = Daemon(command=[*command, "-g", "daemon off;"], port=port, log=home / "out.log", ending=signal.SIGTERM)
        try:
            daemon.start()
            yield Edge(port=port, home=home, daemon=daemon)
        finally:
            daemon.stop()


def _command(home: Path) -> list[str | Path]:
    return [_PROGRAM, "-p", home, "-e", home / "error.log", "-c", home / "nginx.conf"]


def _configure(home: Path, port: int, centre: int) -> None:
    text = CONFIGURATION.read_text(encoding="utf-8")
    changes = {
        "/etc/nginx/yizhan": str(home / "yizhan"),
        "/run/nginx": str(home),
        "/dev/stderr": str(home / "error.log"),
        "/dev/stdout": str(home / "access.log"),
        "listen 8443": f"listen 127.0.0.1:{port}",
        "server centre:8443": f"server 127.0.0.1:{centre}",
        "proxy_ssl_name centre": "proxy_ssl_name localhost",
        "worker_processes auto": "worker_processes 1",
    }
    for old, new in changes.items():
        assert text.count(old), old
        text = text.replace(old, new)
    (home / "nginx.conf").write_text(text, encoding="utf-8")


def _furnish(place: Path, keys: Path, certificate: Path) -> None:
    place.mkdir()
    authorities = [*sorted((keys / "anchors").glob("*.crt")), *sorted((keys / "intermediates").glob("*.crt"))]
    _place(place / "authorities.pem", b"".join(path.read_bytes() for path in authorities))
    _place(place / "revoked.pem", b"".join(path.read_bytes() for path in sorted((keys / "crls").glob("*.crl"))))
    _place(place / "edge.crt", certificate.read_bytes())
    _place(place / "edge.key", certificate.with_suffix(".key").read_bytes())


def _place(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)
    if as_account():
        shutil.chown(path, ACCOUNT)


def _wait_for_other_workers(running: Edge, before: set[int]) -> None:
    until = time.monotonic() + 10
    while not (now := set(running.workers())) or now & before:
        assert time.monotonic() < until, "nginx did not reload"
        time.sleep(0.02)
