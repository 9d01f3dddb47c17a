"""Three levels of government on one machine: a department's front-end, and the centres of county, city and province.

Each node has a site directory, a catalogue copy and certificates of its own; every command is a process of its own. The
source holds quarters enough that each test has some that nobody else touches, and no year of them is ever closed.
"""

from __future__ import annotations

import re
import signal
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from shutil import copytree

import httpx
from ruamel.yaml import YAML

from gateway.demo.county import sample_catalogue
from gateway.demo.sources import vouchers
from gateway.envelope.receipt import Receipt, peek
from gateway.keys import KeyRing, Party, Stage
from gateway.keys.issuing import Pki, Validity
from gateway.keys.tls import client_context
from tests.journeys.hatchery import Command, Ended, Hatchery
from tests.journeys.wire import Line
from tests.journeys.world import PATIENCE, _accepts, free_port, wait_until

COUNTY, CITY, PROVINCE = "changning", "hengyang", "hunan"
CENTRES = {COUNTY: ("county", "430482"), CITY: ("city", "430400"), PROVINCE: ("province", "430000")}
UP = {COUNTY: CITY, CITY: PROVINCE}
DEPARTMENT = "agri"
TO_ALL, PAST_THE_CITY, PAST_THE_COUNTY = "agri.village_finance", "agri.provincial", "agri.municipal"
FEEDS = {
    TO_ALL: ((COUNTY, CITY, PROVINCE), ()),
    PAST_THE_CITY: ((COUNTY, PROVINCE), (CITY,)),
    PAST_THE_COUNTY: ((CITY,), (COUNTY,)),
}
_APPROVER = {"id": "p101", "post": "审批岗"}
_YEARS = range(2000, 2025)
_ROWS = 3_000


@dataclass(frozen=True, kw_only=True)
class Written:
    """A ledger line, as far as the tests ask; `centre` is the one its detail names."""

    event: str
    code: str | None
    centre: str | None
    by: str | None = None


@dataclass(kw_only=True)
class Realm:
    """All nodes below one directory; `running` are the centres that serve."""

    root: Path
    ports: Mapping[str, int]
    hatchery: Hatchery
    quarters: Iterator[str] = field(default_factory=lambda: (f"{y}Q{q}" for y in _YEARS for q in (1, 2, 3, 4)))
    running: dict[str, Command] = field(default_factory=dict)

    def site(self, node: str) -> Path:
        return self.root / node

    # --- commands -----------------------------------------------------------------------------------------------------

    def yizhan(self, *arguments: str, at: str = DEPARTMENT, killed: str | None = None) -> Ended:
        """Run a command at a node to its end, or to its death at a moment."""
        return self.hatchery.start(["--site", str(self.site(at)), *arguments], killed).wait(PATIENCE)

    def begin(self, *arguments: str, at: str = DEPARTMENT) -> Command:
        return self.hatchery.start(["--site", str(self.site(at)), *arguments], None)

    def run(self, feed: str, period: str, codes: tuple[int, ...] = (0,)) -> None:
        """Collect and deliver, which has to go well.

        Args:
            codes: with 1 among them where a centre above refuses the batch: the department may hear of it at once.
        """
        ended = self.yizhan("run", feed, "--period", period)
        assert ended.code in codes, ended.out + ended.err

    def serve(self, *centres: str, killed: str | None = None) -> None:
        """Have these centres accept connections; one that runs already will do, unless it is to be killed."""
        for centre in centres:
            if killed is not None:
                self.stop(centre)
            if centre not in self.running:
                self.running[centre] = self.hatchery.start(["--site", str(self.site(centre)), "serve"], killed)
                wait_until(lambda centre=centre: self.died(centre) or _accepts(self.ports[centre]))

    def stop(self, *centres: str) -> None:
        """Have these told to stop, which they have to."""
        for centre in centres:
            if (command := self.running.pop(centre, None)) is not None:
                command.send(signal.SIGTERM)
                ended = command.wait(PATIENCE)
                assert ended.code == 0, ended.err

    def died(self, centre: str) -> bool:
        ended = self.running[centre].ended()
        assert ended is None or ended.code == -signal.SIGKILL, ended.err
        return ended is not None

    def bury_process(self, centre: str) -> None:
        """Wait until a centre has killed itself."""
        wait_until(lambda: self.died(centre))
        del self.running[centre]

    def seal(self, feed: str, period: str) -> Path:
        """A batch that lies sealed at the department: its command was killed before it could deliver."""
        assert self.yizhan("run", feed, "--period", period, killed="call:gateway.deliver:drain:1").code == -9
        return self.entry(DEPARTMENT, feed, period)

    @contextmanager
    def line(self, centre: str, holder: str) -> Iterator[Line]:
        """A connection to a centre with the certificate of any node, for saying what that node never would."""
        ring = KeyRing(directory=self.site(holder) / "keys", stage=Stage.REHEARSAL)
        context = client_context(ring, centre, lambda: datetime.now(UTC))
        address = f"https://127.0.0.1:{self.ports[centre]}"
        with httpx.Client(base_url=address, verify=context, timeout=30, trust_env=False) as http:
            yield Line(http)

    # --- what the nodes hold ------------------------------------------------------------------------------------------

    def lines(self, node: str, batch: str) -> list[Written]:
        query = "SELECT event, code, json_extract(detail, '$.centre'), by FROM ledger WHERE batch = ? ORDER BY seq"
        with self.database(node) as database:
            return [Written(event=e, code=c, centre=w, by=b) for e, c, w, b in database.execute(query, (batch,))]

    def events(self, node: str, batch: str) -> list[str]:
        return [line.event for line in self.lines(node, batch)]

    def rows(self, centre: str, feed: str, period: str) -> int:
        table = f"current__{feed.replace('.', '__')}"
        with self.database(centre) as database:
            return database.execute(f"SELECT COUNT(*) FROM {table} WHERE _period = ?", (period,)).fetchone()[0]

    def loads(self, centre: str, batch: str) -> int:
        with self.database(centre) as database:
            return database.execute("SELECT COUNT(*) FROM batches WHERE batch = ?", (batch,)).fetchone()[0]

    def entry(self, node: str, feed: str, period: str, spool: str = "spool") -> Path:
        (path,) = self.entries(node, feed, period, spool)
        return path

    def entries(self, node: str, feed: str, period: str, spool: str = "spool") -> list[Path]:
        return sorted(path for path in (self.site(node) / spool).glob("*/*") if f"{feed}_{period}_" in path.name)

    def state(self, node: str, feed: str, period: str, spool: str = "spool") -> list[str]:
        return [path.parent.name for path in self.entries(node, feed, period, spool)]

    def receipts(self, node: str, feed: str, period: str, spool: str = "spool") -> list[Receipt]:
        """What the receipts beside a batch say, the first one first."""
        entry = self.entry(node, feed, period, spool)
        files = [entry / "receipt.p7s", *sorted(entry.glob("receipt-*.p7s"))]
        return [peek(file.read_bytes()) for file in files if file.exists()]

    def answered_by(self, node: str, feed: str, period: str, spool: str = "spool") -> list[str]:
        return [receipt.centre for receipt in self.receipts(node, feed, period, spool)]

    @contextmanager
    def database(self, node: str) -> Iterator[sqlite3.Connection]:
        path = self.site(node) / ("ledger.db" if node == DEPARTMENT else "warehouse.db")
        with closing(sqlite3.connect(path, timeout=PATIENCE)) as connection, connection:
            yield connection

    # --- what has to hold ---------------------------------------------------------------------------------------------

    def complete(self, feed: str, period: str, centres: Sequence[str]) -> list[Receipt]:
        """The department gets every receipt; to be asked for as often as it takes."""

        def fetched() -> bool:
            assert self.yizhan("deliver").code in (0, 75)
            return len(self.answered_by(DEPARTMENT, feed, period)) == len(centres)

        wait_until(fetched)
        receipts = self.receipts(DEPARTMENT, feed, period)
        assert [receipt.centre for receipt in receipts] == list(centres)
        return receipts

    def arrived(self, feed: str, period: str, centres: Sequence[str]) -> None:
        """Loaded once at each centre it is addressed to, with one sum everywhere; settled wherever it passed."""
        batch = f"{feed}/{period}/r1"
        said = self.complete(feed, period, centres)
        assert len({(receipt.loaded, receipt.manifest_digest, receipt.payload_digest) for receipt in said}) == 1
        for receipt in said:
            assert self.loads(receipt.centre, batch) == 1
            assert self.events(receipt.centre, batch).count("loaded") == 1
            assert self.rows(receipt.centre, feed, period) == receipt.loaded.rows > 0
        for centre in (COUNTY, CITY):
            assert self.state(centre, feed, period) in (["done"], [])

    def sound(self) -> None:
        """`fsck` and `ledger verify` have nothing to say at any node."""
        for node in (*CENTRES, DEPARTMENT):
            for command in (("fsck",), ("ledger", "verify")):
                ended = self.yizhan(*command, at=node)
                assert ended.code == 0, f"{node} {command}: {ended.out}{ended.err}"


def found_realm(root: Path, hatchery: Hatchery, feeds: Mapping[str, tuple[Sequence[str], Sequence[str]]]) -> Realm:
    """Nodes where nothing has happened yet; `feeds` gives the routes and relays of each."""
    now = datetime.now(UTC)
    pki = Pki.found(Validity(start=now - timedelta(hours=1), end=now + timedelta(days=3650)))
    ports: dict[str, int] = {}
    encryption = {}
    for centre in CENTRES:
        while (port := free_port()) in ports.values():
            pass
        ports[centre] = port
        encryption[centre] = pki.write_centre(root / centre / "keys", centre)
        pki.write_persons(root / centre / "keys", Party.CENTRE, centre, ("p101",))
    pki.write_department(root / DEPARTMENT / "keys", DEPARTMENT, encryption)
    pki.write_persons(root / DEPARTMENT / "keys", Party.DEPARTMENT, DEPARTMENT, ("p003", "p004"))
    source = root / "cwgl.db"
    vouchers.write(source, _ROWS, date(_YEARS[0], 1, 1), date(_YEARS[-1] + 1, 1, 1), 7)
    for node in (*CENTRES, DEPARTMENT):
        write_catalogue(root / node / "catalogue", feeds)
    for centre, port in ports.items():
        write_site(root / centre, _centre_site(centre, port, ports))
    connection = f"Driver=SQLite3;Database={source};StepAPI=1;ReadOnly=1"
    write_site(root / DEPARTMENT, {
        "site": DEPARTMENT, "role": "front-end", "rehearsal": True, "department": DEPARTMENT,
        "centres": {centre: {"url": f"https://127.0.0.1:{port}"} for centre, port in ports.items()},
        "sources": {feed: {"connection": connection} for feed in feeds},
    })  # fmt: skip
    return Realm(root=root, ports=ports, hatchery=hatchery)


def _centre_site(centre: str, port: int, ports: Mapping[str, int]) -> dict[str, object]:
    site: dict[str, object] = {
        "site": centre, "role": "centre", "rehearsal": True, "centre": centre,
        "listen": {"host": "127.0.0.1", "port": port},
    }  # fmt: skip
    above = UP.get(centre)
    return site | ({"upward": {"centre": above, "url": f"https://127.0.0.1:{ports[above]}"}} if above else {})


def write_catalogue(directory: Path, feeds: Mapping[str, tuple[Sequence[str], Sequence[str]]]) -> None:
    """The sample's departments and rules, three centres, and the one feed as often as it is asked for."""
    copytree(sample_catalogue(), directory)
    _rewrite(directory / "departments.yaml", {
        "region": "430000",
        "centres": [
            {"id": i, "title": i, "level": level, "region": r, "people": [_APPROVER | {"duties": ["approve"]}]}
            for i, (level, r) in CENTRES.items()
        ],
    })  # fmt: skip
    _rewrite(directory / "due_rules.yaml", {
        "year_freeze": [{"id": "never", "effective": "2100-01-01", "closes": "04-01", "article": "测试"}]
    })  # fmt: skip
    template = (directory / "feeds" / f"{TO_ALL}.yaml").read_text(encoding="utf-8")
    for other in (directory / "feeds").iterdir():
        other.unlink()
    for feed, (routes, relays) in feeds.items():
        (directory / "feeds" / f"{feed}.yaml").write_text(_feed(template, feed, routes, relays), encoding="utf-8")


def _rewrite(path: Path, changes: Mapping[str, object]) -> None:
    yaml = YAML(typ="safe", pure=True)
    held = yaml.load(path) | dict(changes)
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(held, file)


def _feed(template: str, feed: str, routes: Sequence[str], relays: Sequence[str]) -> str:
    carried = f"\n    relays: [{', '.join(relays)}]" if relays else ""
    text = template.replace(f"id: {TO_ALL}", f"id: {feed}")
    text = text.replace("routes: [changning]", f"routes: [{', '.join(routes)}]{carried}")
    return re.sub(r"^(\s+starts:).*$", rf"\g<1> {_YEARS[0]}Q1", text, flags=re.MULTILINE)


def read_site(root: Path) -> dict[str, object]:
    return YAML(typ="safe").load(root / "site.yaml")


def write_site(root: Path, site: Mapping[str, object]) -> None:
    with (root / "site.yaml").open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(dict(site), file)
