"""A centre of several receivers: one PostgreSQL, one inbox, a site directory for each receiver, nginx before them.

Every receiver is `yizhan serve` in a process of its own, entered into the database with a log-in that may only load.
"""

from __future__ import annotations

import itertools
import json
import shutil
import signal
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import sql
from ruamel.yaml import YAML

from gateway.app import open_node
from gateway.app.upgrading import script
from gateway.demo.county import CENTRE, County, found
from gateway.keys import KeyRing, Stage
from gateway.keys.tls import client_context
from gateway.transport import CentreClient, Patience
from tests.journeys.hatchery import Command, Ended, Hatchery
from tests.journeys.world import free_port, leave_years_open, wait_until
from tests.peers.nginx import Nginx, nginx
from tests.peers.objects import KEY, SECRET
from tests.peers.postgres import Postgres
from tests.scale.batches import Sown

PATIENCE = 60.0
KEEN = Patience(attempts=60, first=0.1, factor=1.2, most=0.5, connect=5, answer=20, receipt=60, hold=5)
FEEDS = {"finance.onecard": "2016-01", "civil.dibao": "2016-01", "agri.village_finance": "2016Q1"}
_numbers = itertools.count()


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Receiver:
    """One receiver: its site directory, the port it listens on, and the process while it runs."""

    site: Path
    port: int
    hatchery: Hatchery
    process: Command | None = None

    def start(self, killed: str | None = None) -> None:
        arguments = ["--site", str(self.site), "serve", "--port", str(self.port)]
        self.process = self.hatchery.start(arguments, killed)
        wait_until(lambda: self.ended() is not None or self._accepts())
        assert self.ended() is None, self.ended()

    def ended(self) -> Ended | None:
        return self.process.ended() if self.process else None

    def kill(self) -> None:
        """Without a word."""
        self.process.send(signal.SIGKILL)
        assert self.process.wait(PATIENCE).code == -signal.SIGKILL
        self.process = None

    def stop(self) -> None:
        if self.process is not None:
            self.process.send(signal.SIGTERM)
            ended, self.process = self.process.wait(PATIENCE), None
            assert ended.code in (0, -signal.SIGKILL), ended.err

    def _accepts(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def log(self) -> str:
        path = self.site / "log" / f"centre-{self.port}.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""


@dataclass
class Centre:
    """All of it; `stranger` enters the database as its superuser."""

    county: County
    database: str
    server: Postgres
    hatchery: Hatchery
    nginx: Nginx
    receivers: list[Receiver] = field(default_factory=list)

    @property
    def site(self) -> Path:
        return self.receivers[0].site

    def front_end(self, feed: str) -> Path:
        return self.county.front_end(feed.partition(".")[0])

    def yizhan(self, site: Path, *arguments: str) -> Command:
        return self.hatchery.start(["--site", str(site), *arguments], None)

    def ask(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """What a stranger reads in the database."""
        with psycopg.connect(self.server.dsn(self.database)) as connection:
            return connection.execute(query, values).fetchall()

    def client(self, feed: str, port: int | None = None, patience: Patience = KEEN) -> CentreClient:
        """A department's own client, through nginx or straight to a receiver."""
        ring = KeyRing(directory=self.front_end(feed) / "keys", stage=Stage.REHEARSAL)
        context = client_context(ring, CENTRE, _now)
        url = f"https://127.0.0.1:{port or self.nginx.port}"
        return CentreClient(centre=CENTRE, url=url, tls=context, clock=_now, patience=patience)

    def deliver(self, sown: Sown, port: int | None = None) -> bytes:
        """Deliver with the client alone; the front-end's spool does not hear of it."""
        with self.client(sown.feed, port) as client:
            return client.deliver(sown.manifest, sown.entry.keys, sown.payload)

    def sound(self) -> None:
        """`fsck`, `ledger verify` and `warehouse check` have nothing to say, and two receivers say the same."""
        sites = {receiver.site for receiver in self.receivers}
        commands = [("fsck",), ("ledger", "verify"), ("warehouse", "check")]
        started = [(command, self.yizhan(site, *command)) for site in sites for command in commands]
        for command, running in started:
            ended = running.wait(PATIENCE)
            assert ended.code == 0, (command, ended.out + ended.err)

    def assert_loaded_once(self, batches: Sequence[Sown]) -> None:
        """The warehouse holds exactly these batches, each once, and its rows and fen are those that were sent."""
        held = self.ask("SELECT digest FROM batches ORDER BY digest")
        assert [digest for (digest,) in held] == sorted(sown.digest for sown in batches)
        lines = self.ask("SELECT digest FROM ledger WHERE event = 'loaded' ORDER BY digest")
        assert lines == held
        for sown in batches:
            table = f"current__{sown.feed.replace('.', '__')}"
            sums = "".join(f", SUM({name})" for name, _ in sown.totals.sums)
            ((rows, *fen),) = self.ask(f"SELECT COUNT(*){sums} FROM {table} WHERE _period = %s", sown.period)
            assert (rows, [int(each) for each in fen]) == (sown.totals.rows, [each for _, each in sown.totals.sums])


@contextmanager
def centre(
    root: Path, server: Postgres, hatchery: Hatchery, inbox: Mapping[str, object], receivers: int = 3
) -> Iterator[Centre]:
    """Found it and start its receivers; the last two share one site directory."""
    with ExitStack() as stack:
        ports = [free_port() for _ in range(receivers)]
        front = stack.enter_context(nginx(ports))
        county = County(root=root)
        found(county, at=datetime.now(UTC), port=front.port, starts=FEEDS)
        for site in (county.centre, *county.front_ends):
            leave_years_open(site)
        database = f"centre_{next(_numbers)}"
        _connect(county.centre, database, server, inbox)
        ended = hatchery.start(["--site", str(county.centre), "warehouse", "upgrade"], None).wait(PATIENCE)
        assert ended.code == 0, ended.out + ended.err
        sites = [county.centre]
        for number in range(1, receivers - 1):
            sites.append(shutil.copytree(county.centre, root / f"centre-{number + 1}"))
        placed = zip([*sites, sites[-1]], ports, strict=False)
        made = [Receiver(site=site, port=port, hatchery=hatchery) for site, port in placed]
        made_centre = Centre(
            county=county, database=database, server=server, hatchery=hatchery, nginx=front, receivers=made
        )
        for receiver in made:
            stack.callback(receiver.stop)
            receiver.start()
        yield made_centre


def _connect(site: Path, database: str, server: Postgres, inbox: Mapping[str, object]) -> None:
    """Make the database, its roles and log-ins, and write down how the site enters it."""
    server.create_database(database)
    secrets = site / "secrets"
    secrets.mkdir(mode=0o700)
    for name, secret in {"key": KEY, "secret": SECRET}.items():
        (secrets / name).touch(mode=0o600)
        (secrets / name).write_text(secret, encoding="utf-8")
    logins = {"owner": f"{database}_owner", "loader": f"{database}_loader"}
    for name in logins:
        (secrets / name).touch(mode=0o600)
        (secrets / name).write_text(f"pass-{name}", encoding="utf-8")
    yaml = YAML(typ="safe", pure=True)
    path = site / "site.yaml"
    warehouse = {
        "host": server.host, "port": server.port, "database": database, "sslmode": "disable",
        "user": logins["loader"], "password": "file:secrets/loader",
        "owner": {"user": logins["owner"], "password": "file:secrets/owner"},
    }  # fmt: skip
    document = yaml.load(path) | {"warehouse": warehouse, "inbox": dict(inbox)}
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(json.loads(json.dumps(document)), file)
    make = "CREATE ROLE {} LOGIN PASSWORD {}"
    server.execute([
        sql.SQL(make).format(sql.Identifier(user), sql.Literal(f"pass-{name}")) for name, user in logins.items()
    ])  # fmt: skip
    server.execute(list(script(open_node(site, {})).administrator), database)
    server.execute([sql.SQL("GRANT yizhan_loader TO {}").format(sql.Identifier(logins["loader"]))])
