"""The real Prometheus and Alertmanager with the configuration that is shipped, on free ports, ended by their pid.

Only addresses, the places of files and the clockwork are changed. A county may wait minutes before it is told; a test
may not: `hurried` makes every `for`, `keep_firing_for` and interval of a copy one or two seconds long, and nothing
else. What the rules say of days and of real waiting times is `promtool test rules`' affair, on the rules as they are.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from tests.peers.daemons import ACCOUNT, Daemon, free_port, owned_home
from tests.peers.processes import ROOT

MONITORING = ROOT / "monitoring"
RULES = MONITORING / "prometheus" / "rules"
RULE_TESTS = MONITORING / "prometheus" / "tests"
PROMETHEUS_YML = MONITORING / "prometheus" / "prometheus.yml"
ALERTMANAGER_YML = MONITORING / "alertmanager" / "alertmanager.yml"
TEMPLATES = MONITORING / "alertmanager" / "templates"

_BIN = {
    "prometheus": ROOT / ".cache" / "prometheus" / "usr" / "bin",
    "promtool": ROOT / ".cache" / "prometheus" / "usr" / "bin",
    "prometheus-alertmanager": ROOT / ".cache" / "alertmanager" / "usr" / "bin",
    "amtool": ROOT / ".cache" / "alertmanager" / "usr" / "bin",
}
"""Debian's own packages, unpacked by scripts/peers.sh and never installed."""
_SHARE = b"/usr/share/prometheus/alertmanager"
_WAIT = re.compile(r"(?m)^(\s+(?:for|keep_firing_for|interval|group_wait|group_interval): )\S+$")
_CLOCK = re.compile(r"(?m)^(\s+(?:scrape_interval|scrape_timeout|evaluation_interval): )\S+$")
_PATIENCE = 60.0


def program(name: str) -> Path:
    """One of the packages' programs; without it the test fails: `make test` unpacks them, and a skip would hide it."""
    path = _BIN[name] / name
    if not path.exists():
        pytest.fail(f"{name} is not unpacked: sh scripts/peers.sh")
    return path


def tool(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """`promtool` or `amtool`, to its end."""
    return subprocess.run(
        [program(name), *map(str, arguments)], capture_output=True, text=True, check=False, timeout=_PATIENCE
    )


def hurried(text: str) -> str:
    """The same configuration or rules with every waiting time a second long, and scraped and evaluated every two."""
    return _CLOCK.sub(r"\g<1>2s", _WAIT.sub(r"\g<1>1s", text))


def changed(text: str, changes: Mapping[str, str]) -> str:
    """Every one of these strings replaced, and each of them has to be there."""
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


@dataclass(frozen=True, kw_only=True)
class Prometheus:
    """A running Prometheus."""

    port: int

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The instant vector now."""
        return self._ask("query", query=expression)["result"]

    def query_range(self, expression: str, first: datetime, last: datetime, step: timedelta) -> list[dict[str, Any]]:
        """The matrix between two aware moments."""
        seconds = f"{step.total_seconds():g}"
        asked = {"query": expression, "start": str(first.timestamp()), "end": str(last.timestamp()), "step": seconds}
        return self._ask("query_range", **asked)["result"]

    def firing(self) -> set[tuple[str, str]]:
        """(alert, severity) of all that fire now."""
        alerts = self._ask("alerts")["alerts"]
        return {(one["labels"]["alertname"], one["labels"]["severity"]) for one in alerts if one["state"] == "firing"}

    def broken(self) -> dict[str, str]:
        """By rule, the error of its last evaluation: none is expected, ever."""
        groups = self._ask("rules")["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        return {rule["name"]: rule["lastError"] for rule in rules if rule.get("lastError")}

    def _ask(self, what: str, **parameters: str) -> Any:
        return got(f"http://127.0.0.1:{self.port}/api/v1/{what}?{urlencode(parameters)}")["data"]


@contextmanager
def prometheus(
    *, targets: Sequence[str] = (), alerts_to: int | None = None, blocks: Path | None = None
) -> Iterator[Prometheus]:
    """Run it over these exporters, telling the Alertmanager on this port; over blocks made by promtool, if given."""
    with owned_home("yizhan-prometheus-") as home:
        port = free_port()
        _configure_prometheus(home, targets, alerts_to)
        if blocks is not None:
            _give(shutil.copytree(blocks, home / "data"))
        command = [
            program("prometheus"), f"--config.file={home}/prometheus.yml", f"--web.listen-address=127.0.0.1:{port}",
            f"--storage.tsdb.path={home}/data", "--storage.tsdb.retention.time=10y",
            "--rules.alert.resend-delay=2s", "--log.level=warn",
        ]  # fmt: skip
        daemon = Daemon(command=command, port=port, log=home / "log", ending=signal.SIGTERM)
        try:
            daemon.start()
            _await(f"http://127.0.0.1:{port}/-/ready")
            yield Prometheus(port=port)
        finally:
            daemon.stop()


def _give(folder: Path) -> None:
    """To the account that the server runs as."""
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, ACCOUNT)


def _configure_prometheus(home: Path, targets: Sequence[str], alerts_to: int | None) -> None:
    rules = home / "rules"
    rules.mkdir()
    for path in RULES.glob("*.yml"):
        (rules / path.name).write_text(hurried(path.read_text(encoding="utf-8")), encoding="utf-8")
    changes = {
        "/etc/prometheus/yizhan/": f"{rules}/",
        "['127.0.0.1:9464']": json.dumps(list(targets)),
        "['127.0.0.1:9093']": json.dumps([f"127.0.0.1:{alerts_to}"] if alerts_to else []),
    }
    text = changed(hurried(PROMETHEUS_YML.read_text(encoding="utf-8")), changes)
    (home / "prometheus.yml").write_text(text, encoding="utf-8")


@dataclass(frozen=True, kw_only=True)
class Alertmanager:
    """A running Alertmanager."""

    port: int

    def send(self, alerts: Sequence[Mapping[str, Any]]) -> None:
        """Alerts as Prometheus sends them."""
        head = {"Content-Type": "application/json"}
        request = Request(f"{self._api}/alerts", data=json.dumps(list(alerts)).encode(), headers=head)
        with urlopen(request, timeout=10) as answer:
            assert answer.status == 200

    def heard(self) -> list[dict[str, str]]:
        """The labels of what is active and not inhibited."""
        alerts = got(f"{self._api}/alerts?active=true&inhibited=false&silenced=false")
        return [one["labels"] for one in alerts]

    @property
    def _api(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v2"


@contextmanager
def alertmanager(*, http: int, smtp: int) -> Iterator[Alertmanager]:
    """Run it with the shipped routes; webhook and WeCom lead to one local port, mail to another."""
    with owned_home("yizhan-alertmanager-") as home, _relocated(home) as program_of_its_own:
        port = free_port()
        changes = {
            "'MAIL.example:587'": f"'127.0.0.1:{smtp}'",
            "smtp_require_tls: true": "smtp_require_tls: false",
            "  smtp_auth_username: 'yizhan'\n": "",
            "  smtp_auth_password_file: /etc/prometheus/secrets/smtp_password\n": "",
            "https://qyapi.weixin.qq.com/cgi-bin/": f"http://127.0.0.1:{http}/cgi-bin/",
            "http://127.0.0.1:9095/": f"http://127.0.0.1:{http}/",
            "/etc/prometheus/alertmanager_templates/": f"{TEMPLATES}/",
        }
        text = changed(hurried(ALERTMANAGER_YML.read_text(encoding="utf-8")), changes)
        (home / "alertmanager.yml").write_text(text, encoding="utf-8")
        command = [
            program_of_its_own, f"--config.file={home}/alertmanager.yml",
            f"--web.listen-address=127.0.0.1:{port}", f"--storage.path={home}/data", "--cluster.listen-address=",
            "--log.level=warn",
        ]  # fmt: skip
        daemon = Daemon(command=command, port=port, log=home / "log", ending=signal.SIGTERM)
        try:
            daemon.start()
            _await(f"http://127.0.0.1:{port}/-/ready")
            yield Alertmanager(port=port)
        finally:
            daemon.stop()


@contextmanager
def _relocated(home: Path) -> Iterator[Path]:
    """Debian's program reads its default templates from a path that is compiled into it, and the package is unpacked,
    not installed: in this copy, the path is another one of the same length, which leads to the unpacked templates."""
    original = program("prometheus-alertmanager")
    link = Path("/tmp", token_hex(len(_SHARE))[: len(_SHARE) - len("/tmp/")])
    link.symlink_to(original.parents[2] / _SHARE.decode().lstrip("/"))
    try:
        copy = home / "alertmanager"
        copy.write_bytes(original.read_bytes().replace(_SHARE, str(link).encode()))
        copy.chmod(0o755)
        yield copy
    finally:
        link.unlink()


def got(url: str) -> Any:
    """A JSON document."""
    with urlopen(url, timeout=10) as answer:
        return json.load(answer)


def wait_until(holds: Callable[[], object], seconds: float = _PATIENCE) -> None:
    """Ask again and again until it holds."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it never came to pass"
        time.sleep(0.1)


def _await(url: str) -> None:
    wait_until(lambda: _answers(url), 30)


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except (URLError, ConnectionError):
        return False
