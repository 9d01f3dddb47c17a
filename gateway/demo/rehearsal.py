"""The rehearsal: one county's three feeds, from real sources to verified receipts, on one machine.

    sources filled -> servers started -> each front-end: `yizhan run` -> board, reconciliation, checks

The nodes run as they would in an office: every front-end is a process of its own and reaches the centre over mutual TLS
only. This module must never reach into a node: it starts commands and reads what they answer.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from gateway.calendar import Cadence, Period
from gateway.demo.county import CENTRE, DEPARTMENTS, County, connect, found, open_office, place_secret
from gateway.demo.servers import Servers, free_port, new_password
from gateway.demo.sources import generate, vouchers
from gateway.errors import DemoDirOccupied, Lang

MARK = ".yizhan-demo"
Tell = Callable[[str, str], None]


@dataclass(frozen=True, kw_only=True)
class Volume:
    """How many rows each source holds."""

    onecard: int = 12_000
    dibao: int = 5_000
    vouchers: int = 3_000


def prepare(root: Path, tell: Tell) -> County:
    """An empty directory for a new demonstration; an older one there gives way, and that is told.

    Raises:
        DemoDirOccupied: something else is there.
    """
    if root.exists() and any(root.iterdir()):
        if not (root / MARK).is_file():
            raise DemoDirOccupied(path=root)
        tell(
            f"原有演示重建,其中内容全部删除:{root}",
            f"the demonstration there is made anew, all it held is gone: {root}",
        )
        shutil.rmtree(root)
    root.mkdir(parents=True, exist_ok=True)
    (root / MARK).touch()
    return County(root=root.resolve())


@dataclass(frozen=True, kw_only=True)
class OfficeDoor:
    """Where the centre's office interface listens on loopback, and the token it asks for."""

    port: int
    token: str


def set_up(county: County, servers: Servers, *, at: datetime, volume: Volume, tell: Tell) -> None:
    """Write the sites, fill the sources with the last complete period, start every server."""
    port = lay_out(county, servers, at=at, volume=volume, tell=tell)
    servers.centre(county.centre, port)


def lay_out(county: County, servers: Servers, *, at: datetime, volume: Volume, tell: Tell) -> int:
    """All but the centre's start; the port it will listen on."""
    month = Period.last_complete(Cadence.MONTHLY, at.date())
    quarter = Period.last_complete(Cadence.QUARTERLY, at.date())
    port = free_port()
    starts = {"finance.onecard": str(month), "civil.dibao": str(month), "agri.village_finance": str(quarter)}
    found(county, at=at, port=port, starts=starts)
    tell("部门业务系统:SFTP、SOAP、ODBC", "departmental systems: SFTP, SOAP, ODBC")
    _onecard(county, servers, volume.onecard, month.start)
    _dibao(county, servers, volume.dibao)
    _vouchers(county, volume.vouchers, quarter)
    tell(f"中心 {CENTRE}:https://127.0.0.1:{port}", f"centre {CENTRE}: https://127.0.0.1:{port}")
    return port


def start_with_office(county: County, servers: Servers, port: int, office: OfficeDoor) -> None:
    """The centre with its office interface, and every front-end's agent."""
    open_office(county, office.port, office.token)
    servers.centre(county.centre, port)
    for department in DEPARTMENTS:
        servers.agent(department, county.front_end(department))


def play(county: County, tell: Tell, lang: Lang) -> dict[str, int]:
    """Every front-end collects and delivers, one after the other; what each department's `yizhan run` exited with."""
    exit_codes = {}
    for department in DEPARTMENTS:
        tell(f"前置机 {department}:采集、核对、封装、送达", f"front-end {department}: collect, check, seal, deliver")
        site = str(county.front_end(department))
        command = [sys.executable, "-m", "gateway", "--lang", lang, "--site", site, "run"]
        ended = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)  # noqa: S603 - our own command
        exit_codes[department] = ended.returncode
    return exit_codes


def _onecard(county: County, servers: Servers, rows: int, month: date) -> None:
    folder = county.sources / "finance" / "out"
    folder.mkdir(parents=True)
    generate.write_onecard(folder / f"onecard_{month:%Y%m}.txt", rows, month, generate.SEED)
    password = new_password()
    key = county.sources / "finance" / "host_key"
    arguments = ("--root", str(folder.parent), "--host-key", str(key), "--user", "yizhan")
    said = servers.source("sftp", *arguments, password=password)
    connect(county, "finance", "finance.onecard", {
        "host": "127.0.0.1", "port": said["port"], "host_key": said["host_key"], "user": "yizhan",
        "password": place_secret(county, "finance", "onecard", password),
    })  # fmt: skip


def _dibao(county: County, servers: Servers, rows: int) -> None:
    password = new_password()
    said = servers.source("soap", "--rows", str(rows), "--user", "yizhan", password=password)
    connect(county, "civil", "civil.dibao", {
        "wsdl": said["wsdl"], "login": "token_text", "user": "yizhan",
        "password": place_secret(county, "civil", "dibao", password),
    })  # fmt: skip


def _vouchers(county: County, rows: int, quarter: Period) -> None:
    path = county.sources / "agri" / "cwgl.db"
    path.parent.mkdir(parents=True)
    vouchers.write(path, rows, quarter.start, quarter.end, generate.SEED)
    connection = f"Driver=SQLite3;Database={path};StepAPI=1;NoCreat=1"
    connect(county, "agri", "agri.village_finance", {"connection": connection})
