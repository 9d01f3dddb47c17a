"""A real centre with its office interface, on either product: `yizhan serve`, asked by HTTP and over mutual TLS."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ruamel.yaml import YAML

from gateway.demo.county import CENTRE, County, found, place_secret
from gateway.instructions import (
    Given,
    Heard,
    InstructionReport,
    encode_report,
    parse_given,
    parse_heard,
)
from gateway.keys import KeyRing, Stage
from tests.journeys.hatchery import Command, Ended, Hatchery
from tests.journeys.stores import found_on_postgres
from tests.journeys.world import free_port, wait_until
from tests.peers.postgres import Postgres
from tests.wire.world import Answer, ask, raw_connection

TOKEN = secrets.token_hex(32)
FEED = "finance.onecard"
PATIENCE = 60.0
STARTS = {FEED: "2016-01", "civil.dibao": "2016-01", "agri.village_finance": "2016Q1"}


@dataclass
class Receiver:
    """One `yizhan serve` of the centre, with both its ports."""

    site: Path
    county: County
    hatchery: Hatchery
    port: int = field(default_factory=free_port)
    office_port: int = field(default_factory=free_port)
    process: Command | None = None

    def start(self) -> None:
        ports = ("--port", str(self.port), "--office-port", str(self.office_port))
        self.process = self.hatchery.start(["--site", str(self.site), "serve", *ports], None)
        wait_until(lambda: self.process.ended() is not None or self._ready())
        assert self.process.ended() is None, self.process.ended()

    def stop(self) -> Ended:
        self.process.send(15)
        ended, self.process = self.process.wait(PATIENCE), None
        return ended

    def kill(self) -> None:
        self.process.send(9)
        self.process.wait(PATIENCE)
        self.process = None

    def office(self, method: str, path: str, said: object = None, token: str | None = TOKEN) -> Answer:
        """Ask the office interface."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        body = None
        if said is not None:
            headers["Content-Type"], body = "application/json", json.dumps(said).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.office_port, timeout=60)
        try:
            return ask(connection, method, f"/office/v1{path}", headers, body)
        finally:
            connection.close()

    def instruct(self, request: str, **said: object) -> Mapping[str, object]:
        wanted = {"request": request, "action": "collect", "feed": FEED, "period": "2026-10"} | said
        answer = self.office("POST", "/instructions", wanted)
        told = json.loads(answer.body)
        assert answer.status == (201 if told.get("fresh") else 200), answer.body
        return told

    def show(self, number: str, query: str = "") -> Mapping[str, object]:
        answer = self.office("GET", f"/instructions/{number}{query}")
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    def agent(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        department: str = "finance",
        kind: str = "application/json",
    ) -> Answer:
        """Ask the wire as a department's agent does."""
        ring = KeyRing(directory=self.county.front_end(department) / "keys", stage=Stage.REHEARSAL)
        headers = {} if body is None else {"Content-Type": kind}
        with raw_connection(ring, self.port) as connection:
            return ask(connection, method, f"/v1/instructions{path}", headers, body)

    def fetch(self, query: str = "", department: str = "finance") -> tuple[Given, ...]:
        answer = self.agent("GET", query, department=department)
        assert answer.status == 200, answer.body
        return parse_given(answer.body)

    def report(self, number: str, report: InstructionReport) -> Heard:
        answer = self.agent("POST", f"/{number}/reports", encode_report(report))
        assert answer.status == 200, answer.body
        return parse_heard(answer.body)

    def log(self) -> str:
        return (self.site / "log" / f"centre-{self.port}.log").read_text(encoding="utf-8")

    def _ready(self) -> bool:
        try:
            return self.office("GET", "/instructions/20260101-bcdfghjklm").status == 404
        except OSError:
            return False


@dataclass(frozen=True)
class Centre:
    """A county, and what opens receivers of its centre."""

    county: County
    hatchery: Hatchery
    receiver: Callable[[], Receiver]

    def yizhan(self, *arguments: str) -> Ended:
        return self.hatchery.start(["--site", str(self.county.centre), *arguments], None).wait(PATIENCE)


@contextmanager
def centre_on(root: Path, server: Postgres | None, hatchery: Hatchery) -> Iterator[Centre]:
    """A centre on SQLite, or on a database of this server; whatever was started is stopped."""
    county = County(root=root)
    found(county, at=datetime.now(UTC), port=8443, starts=STARTS)
    if server is not None:
        found_on_postgres(county, server, f"office_{secrets.token_hex(6)}")
    open_office(county)
    started: list[Receiver] = []

    def receiver() -> Receiver:
        site = county.centre
        if server is not None and started:
            site = shutil.copytree(county.centre, root / f"receiver-{len(started)}", ignore=_data)
        started.append(Receiver(site=site, county=county, hatchery=hatchery))
        started[-1].start()
        return started[-1]

    try:
        yield Centre(county, hatchery, receiver)
    finally:
        for one in started:
            if one.process is not None:
                one.kill()


def open_office(county: County, **changes: object) -> None:
    """Write `office:` into the centre's site file."""
    reference = place_secret(county, county.centre.name, "office", TOKEN)
    path, yaml = county.centre / "site.yaml", YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    said = yaml.load(path) | {"office": {"token": reference} | changes}
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(said, file)


def _data(directory: str, names: list[str]) -> list[str]:
    return [name for name in names if name in ("log", "spool")]


def environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("YIZHAN_")} | {"PYTHONUTF8": "1"}


__all__ = ["CENTRE", "FEED", "TOKEN", "Centre", "Receiver", "centre_on", "environ", "open_office"]
