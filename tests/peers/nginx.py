"""The real nginx before receivers, with the configuration that is shipped; as an ordinary user, ended by its pid.

Only addresses and the places of its files are changed: what is tested is `docker/nginx.conf.example`.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.peers.daemons import Daemon, free_port, owned_home
from tests.peers.processes import ROOT

EXAMPLE = ROOT / "docker" / "nginx.conf.example"
_UNPACKED = ROOT / ".cache" / "nginx"
"""Debian's own package, unpacked by scripts/peers.sh and never installed."""
_PROGRAM = _UNPACKED / "usr" / "sbin" / "nginx"
_STREAM = _UNPACKED / "usr" / "lib" / "nginx" / "modules" / "ngx_stream_module.so"
_SERVER = re.compile(r"server 10\.10\.0\.\d+:8443 (.*;)")


@dataclass(frozen=True, kw_only=True)
class Nginx:
    """A running nginx on one loopback port."""

    port: int
    home: Path
    daemon: Daemon

    def lead_to(self, ports: Sequence[int]) -> None:
        """Reload with these receivers, as an operator does; connections that are open stay."""
        _configure(self.home, self.port, ports)
        self.daemon.send(signal.SIGHUP)


@contextmanager
def nginx(ports: Sequence[int]) -> Iterator[Nginx]:
    """Run it before the receivers on these ports."""
    if not (_PROGRAM.exists() and _STREAM.exists()):
        pytest.fail("nginx is not unpacked: sh scripts/peers.sh")
    with owned_home("yizhan-nginx-") as home:
        port = free_port()
        _configure(home, port, ports)
        command = [_PROGRAM, "-p", home, "-e", home / "error.log", "-c", home / "nginx.conf", "-g", "daemon off;"]
        daemon = Daemon(command=command, port=port, log=home / "out.log", ending=signal.SIGTERM)
        try:
            daemon.start()
            yield Nginx(port=port, home=home, daemon=daemon)
        finally:
            daemon.stop()


def _configure(home: Path, port: int, ports: Sequence[int]) -> None:
    """The example with other addresses; each of its `server` lines gives its own settings to ours."""
    text = EXAMPLE.read_text(encoding="utf-8")
    settings = _SERVER.findall(text)[0]
    servers = "\n".join(f"        server 127.0.0.1:{one} {settings}" for one in ports)
    first, *others = _SERVER.finditer(text)
    text = text[: first.start()] + servers.strip() + text[(others[-1] if others else first).end() :]
    changes = {
        "/usr/lib/nginx/modules/ngx_stream_module.so": str(_STREAM),
        "listen 8443": f"listen 127.0.0.1:{port}",
        "/run/nginx.pid": str(home / "nginx.pid"),
        "/var/log/nginx": str(home),
        "worker_processes auto": "worker_processes 1",
    }
    for old, new in changes.items():
        assert text.count(old), old
        text = text.replace(old, new)
    (home / "nginx.conf").write_text(text, encoding="utf-8")
