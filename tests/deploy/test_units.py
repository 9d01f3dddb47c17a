"""docker/systemd: checked by systemd itself, without running anything; and the script that hands lists to nginx."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from gateway.cli.main import app
from tests.peers.processes import ROOT

UNITS = ROOT / "docker" / "systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
NODES = [name for name in SERVICES if name != "yizhan-edge-lists.service"]
FRONT_END = (
    "yizhan-agent",
    "yizhan-run",
    "yizhan-heartbeat",
    "yizhan-healthcheck-front-end",
    "yizhan-backup-front-end",
)
ANALYZE = shutil.which("systemd-analyze")
with_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units as they would lie in /etc/systemd/system, with programs that are there."""
    place = tmp_path_factory.mktemp("units") / "system"
    shutil.copytree(UNITS, place)
    for path in place.glob("*.service"):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"/opt/yizhan/(bin/yizhan|share/edge-lists\.sh)", "/bin/true", text)
        path.write_text(text, encoding="utf-8")
    return place


def analyze(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "SYSTEMD_UNIT_PATH": f"{place}:", "LC_ALL": "C"}
    command = [str(ANALYZE), *arguments]
    return subprocess.run(command, cwd=place, env=environ, capture_output=True, text=True, timeout=60, check=False)


class _Unit(configparser.ConfigParser):
    def optionxform(self, optionstr: str) -> str:
        """As it is written: systemd tells capitals from small letters."""
        return optionstr


def settings(name: str) -> configparser.ConfigParser:
    """A unit's own settings; of one that is given several times, the last."""
    found = _Unit(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    found.read(UNITS / name, encoding="utf-8")
    return found


@with_systemd
def test_systemd_accepts_every_unit_without_a_word(installed: Path) -> None:
    units = sorted(str(path) for kind in ("service", "timer", "path") for path in installed.glob(f"*.{kind}"))
    assert len(units) == 18
    checked = analyze(installed, "verify", "--man=no", *units)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


@with_systemd
def test_systemd_would_say_what_is_wrong(installed: Path, tmp_path: Path) -> None:
    """The control of the test above."""
    shutil.copytree(installed, tmp_path / "system")
    unit = tmp_path / "system" / "yizhan-agent.service"
    unit.write_text(unit.read_text(encoding="utf-8").replace("SocketBindDeny=any", "SocketBindDeny=anything"))
    checked = analyze(tmp_path / "system", "verify", "--man=no", str(unit))
    assert "SocketBindDeny" in checked.stderr


@with_systemd
@pytest.mark.parametrize("name", SERVICES)
def test_systemd_finds_little_exposed(installed: Path, name: str) -> None:
    rated = analyze(installed, "security", "--offline=yes", "--threshold=20", "--no-pager", name)
    assert rated.returncode == 0, rated.stdout[-200:]


@pytest.mark.parametrize("name", NODES)
def test_a_service_is_an_ordinary_user_who_writes_to_its_site_alone(name: str) -> None:
    service = settings(name)["Service"]
    assert "User" not in service, "hardening.conf says who"
    site = "front-end" if name.removesuffix(".service") in FRONT_END else "centre"
    assert f"--site /srv/yizhan/{site} " in service["ExecStart"]
    writes = set(service.get("ReadWritePaths", "").split())
    assert writes <= {f"/srv/yizhan/{site}", "/srv/backup"} or name == "yizhan-catalogue.service"


def test_the_catalogue_is_compiled_again_and_again_and_its_unit_fails_with_the_command() -> None:
    service, timer = settings("yizhan-catalogue.service")["Service"], settings("yizhan-catalogue.timer")["Timer"]
    assert service["Type"] == "oneshot"
    assert service["ReadWritePaths"] == "/srv/yizhan/compiled"
    assert service["ExecStart"].endswith("catalogue compile --out /srv/yizhan/compiled/catalogue.json")
    assert "SuccessExitStatus" not in service, "1 is a feed that is broken: systemctl --failed has to show it"
    assert timer["OnUnitActiveSec"] == "10min"


def test_the_hardening_holds_for_every_service_by_its_name() -> None:
    hardening = settings("yizhan-.service.d/hardening.conf")["Service"]
    for name, value in {
        "User": "yizhan", "UMask": "0077", "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes",
        "PrivateTmp": "yes", "CapabilityBoundingSet": "",
    }.items():  # fmt: skip
        assert hardening[name] == value
    assert all(name.startswith("yizhan-") for name in SERVICES)


@pytest.mark.parametrize("name", [f"{name}.service" for name in FRONT_END])
def test_a_front_end_cannot_open_a_port(name: str) -> None:
    service = settings(name)["Service"]
    assert service["SocketBindDeny"] == "any"
    assert "SocketBindAllow" not in service


def test_every_timer_and_path_starts_a_service_that_is_there() -> None:
    for path in (*UNITS.glob("*.timer"), *UNITS.glob("*.path")):
        assert path.with_suffix(".service").exists(), path.name
        assert settings(path.name).has_section("Install")


def test_the_commands_are_the_products() -> None:
    known = set(get_command(app).commands)
    text = "".join(path.read_text(encoding="utf-8") for path in UNITS.glob("*.service"))
    called = set(re.findall(r"yizhan --site \S+ ([a-z]+)", text))
    assert called == {"agent", "run", "heartbeat", "serve", "exporter", "healthcheck", "backup", "catalogue"}
    assert called <= known


@pytest.fixture
def handing(tmp_path: Path) -> Iterator[tuple[Path, Path, dict[str, str]]]:
    """The script's two places, and an nginx that accepts lists which do not say `bad`."""
    crls, target = tmp_path / "crls", tmp_path / "revoked.pem"
    crls.mkdir()
    nginx, reload = tmp_path / "nginx", tmp_path / "reload"
    nginx.write_text(f'#!/bin/sh\n[ "$*" = "-t -q" ] && ! grep -q bad {target}\n')
    reload.write_text(f"#!/bin/sh\necho reloaded >>{tmp_path}/reloads\n")
    for program in (nginx, reload):
        program.chmod(0o755)
    yield crls, target, {**os.environ, "NGINX": str(nginx), "RELOAD": str(reload)}


def test_new_lists_reach_nginx_and_bad_ones_do_not(handing: tuple[Path, Path, dict[str, str]], tmp_path: Path) -> None:
    crls, target, environ = handing
    command = [UNITS / "edge-lists.sh", crls, target]

    def hand() -> int:
        return subprocess.run(command, env=environ, capture_output=True, timeout=10, check=False).returncode

    (crls / "issuing.crl").write_text("one\n")
    (crls / "root.crl").write_text("two\n")
    assert hand() == 0
    assert target.read_text() == "one\ntwo\n"
    (crls / "issuing.crl").write_text("bad\n")
    assert hand() == 1
    assert target.read_text() == "one\ntwo\n"
    assert (tmp_path / "reloads").read_text() == "reloaded\n"
    assert sorted(path.name for path in tmp_path.glob("revoked*")) == ["revoked.pem"]
