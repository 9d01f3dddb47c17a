"""A small county for the journeys: one centre and the village-finance front-end, whose source is a database over ODBC.

Every command is a process of its own. The source holds a hundred ordinary quarters, so that each test has quarters that
nobody else touches, and a few heavy ones whose payload is longer than the centre takes to its disk in one piece.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from gateway.calendar import Period
from gateway.demo.county import County, connect, found
from gateway.demo.sources import vouchers
from tests.journeys.hatchery import Command, Ended, Hatchery

ROOT = Path(__file__).resolve().parents[2]
FEED, DEPARTMENT = "agri.village_finance", "agri"
CURRENT = "current__agri__village_finance"
PATIENCE = 60.0
_YEARS = range(2000, 2025)
_HEAVY_YEAR = 1999
_ROWS, _HEAVY_ROWS, _HEAVY_TEXT = 20_000, 3_600, 5_500
_CONTACT = "contact: 农村财务管理站"
_EFFECTIVE = 'effective: "2018-01-01"'
_ENVIRON = {k: v for k, v in os.environ.items() if not k.startswith("YIZHAN_")} | {"PYTHONUTF8": "1"}


@dataclass(kw_only=True)
class World:
    """One county below one directory; `centre` is None while nothing serves."""

    county: County
    port: int
    source: Path
    hatchery: Hatchery
    quarters: Iterator[str] = field(default_factory=lambda: (f"{y}Q{q}" for y in _YEARS for q in (1, 2, 3, 4)))
    heavy: Iterator[str] = field(default_factory=lambda: (f"{_HEAVY_YEAR}Q{q}" for q in (1, 2, 3, 4)))
    centre: Command | None = None

    @property
    def front_end(self) -> Path:
        return self.county.front_end(DEPARTMENT)

    @property
    def centre_site(self) -> Path:
        return self.county.centre

    @property
    def pristine(self) -> Path:
        """The front-end's site as it was founded."""
        return self.county.root / "pristine"

    # --- commands -----------------------------------------------------------------------------------------------------

    def yizhan(self, *arguments: str, site: Path | None = None, killed: str | None = None) -> Ended:
        """Run a command at a site, the front-end's if none is named, to its end or to its death at a moment."""
        return self.begin(*arguments, site=site, killed=killed).wait(PATIENCE)

    def begin(self, *arguments: str, site: Path | None = None, killed: str | None = None) -> Command:
        """Start a command and do not wait for it."""
        return self.hatchery.start(["--site", str(site or self.front_end), *arguments], killed)

    def serve(self, killed: str | None = None) -> None:
        """Have a centre that accepts connections; one that runs already will do, unless it is to be killed."""
        if self.centre is not None and killed is not None:
            self.stop()
        if self.centre is None:
            self.centre = self.begin("serve", site=self.centre_site, killed=killed)
            wait_until(lambda: self.centre.ended() is not None or _accepts(self.port))
            assert self.centre.ended() is None, self.centre.ended()

    def stop(self) -> None:
        """Have none: it is told to stop, and has to."""
        if self.centre is not None:
            centre, self.centre = self.centre, None
            centre.send(signal.SIGTERM)
            assert centre.wait(PATIENCE).code == 0

    def kill(self) -> None:
        """Have none, without a word."""
        centre, self.centre = self.centre, None
        centre.send(signal.SIGKILL)
        assert centre.wait(PATIENCE).code == -signal.SIGKILL

    def has_died(self, over: Callable[[], bool]) -> bool:
        """Whether the centre killed itself before it was all over."""
        wait_until(lambda: self.centre.ended() is not None or over())
        ended = self.centre.ended()
        if ended is None:
            return False
        assert ended.code == -signal.SIGKILL, ended.err
        self.centre = None
        return True

    def sound(self, *more: Path) -> None:
        """`fsck` and `ledger verify` have nothing to say at either node, nor at `more` sites."""
        self.sound_at(self.centre_site, self.front_end, *more)

    def sound_at(self, *sites: Path) -> None:
        """The same, of these sites."""
        commands = (("fsck",), ("ledger", "verify"))
        for asked in [self.begin(*command, site=site) for site in sites for command in commands]:
            ended = asked.wait(PATIENCE)
            assert ended.code == 0, ended.out + ended.err


def found_world(root: Path, source: Path, hatchery: Hatchery) -> World:
    """A county where nothing has happened yet."""
    county, port = County(root=root), free_port()
    found(county, at=datetime.now(UTC), port=port, starts={FEED: f"{_HEAVY_YEAR}Q1"})
    for site in (county.centre, *county.front_ends):
        leave_years_open(site)
        use_real_names(site)
    read_from(county, source)
    world = World(county=county, port=port, source=source, hatchery=hatchery)
    copy_site(world.front_end, world.pristine)
    return world


def use_real_names(site: Path) -> None:
    """Only people of the catalogue answer for the village accounts' corrections."""
    departments = site / "catalogue" / "departments.yaml"
    text = departments.read_text(encoding="utf-8")
    assert text.count(_CONTACT) == 1
    departments.write_text(text.replace(_CONTACT, f"{_CONTACT}\n    real_names: true"), encoding="utf-8")


def leave_years_open(site: Path) -> None:
    """Let the year freeze begin when nobody will see it: the quarters of these tests are of years long closed."""
    rules = site / "catalogue" / "due_rules.yaml"
    text = rules.read_text(encoding="utf-8")
    assert text.count(_EFFECTIVE) == 1
    rules.write_text(text.replace(_EFFECTIVE, 'effective: "2999-01-01"'), encoding="utf-8")


def new_hatchery() -> Hatchery:
    return Hatchery(ROOT, _ENVIRON)


def read_from(county: County, source: Path) -> None:
    """Connect the front-end to a database."""
    connect(county, DEPARTMENT, FEED, {"connection": f"Driver=SQLite3;Database={source};StepAPI=1;ReadOnly=1"})


def own_source(world: World, period: str, path: Path) -> Path:
    """A database that holds this period alone, to be changed by one test."""
    days = Period.parse(period)
    with outside(world.source) as database:
        database.execute("ATTACH ? AS own", (str(path),))
        schema = database.execute("SELECT sql FROM main.sqlite_master WHERE name = 'cw_pz'").fetchone()[0]
        database.execute(schema.replace("cw_pz", "own.cw_pz", 1))
        query = "INSERT INTO own.cw_pz SELECT * FROM main.cw_pz WHERE pz_rq >= ? AND pz_rq < ?"
        database.execute(query, (days.start.isoformat(), days.end.isoformat()))
    return path


def copy_site(site: Path, target: Path) -> Path:
    """A second machine with the same keys and the same past; file modes are kept, so the private keys stay private."""
    return shutil.copytree(site, target)


@contextmanager
def outside(database: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a database from outside the product; it commits."""
    with closing(sqlite3.connect(database, timeout=PATIENCE)) as connection, connection:
        yield connection


def wait_until(holds: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Ask again and again until it holds."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it never came to pass"
        time.sleep(0.01)


def free_port() -> int:
    """A port nobody listens on, below those the kernel gives to outgoing connections: a centre comes back to it."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        if not _accepts(port):
            return port


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def fill(source: Path) -> None:
    """Make the database of the village-finance software."""
    vouchers.write(source, _ROWS, date(_YEARS[0], 1, 1), date(_YEARS[-1] + 1, 1, 1), 7)
    heavy, chance = source.with_name("heavy.db"), random.Random(7)
    vouchers.write(heavy, _HEAVY_ROWS, date(_HEAVY_YEAR, 1, 1), date(_HEAVY_YEAR + 1, 1, 1), 7)
    with outside(heavy) as database:
        database.create_function("noise", 0, lambda: chance.randbytes(_HEAVY_TEXT).hex())
        database.execute("UPDATE cw_pz SET zy = zy || noise() WHERE zy <> ''")
    with outside(source) as database:
        database.execute("ATTACH ? AS heavy", (str(heavy),))
        database.execute("INSERT INTO cw_pz SELECT * FROM heavy.cw_pz")
