"""The real MariaDB server of the system, on a loopback port with data of its own; ended by its pid.

SQL is given to it through its own ODBC driver, so that no other client library is needed. Knows no adapter.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyodbc

from tests.peers.daemons import Daemon, free_port, owned_home, run

HOST = "127.0.0.1"
ADMINISTRATOR = "administrator"
# Data that lives as long as a test run: nothing has to survive a power failure.
_SETTINGS = (
    "--no-defaults", f"--bind-address={HOST}", "--character-set-server=utf8mb4", "--skip-log-bin",
    "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=2", "--innodb-doublewrite=0",
    "--innodb-buffer-pool-size=64M", "--innodb-log-file-size=32M", "--performance-schema=off",
    "--default-time-zone=+08:00", "--max-allowed-packet=64M", "--plugin-maturity=stable",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class MariaDb:
    """A running server; `stop` and `start` keep what it holds. Accounts log in with a password, over TCP alone."""

    host: str
    port: int
    password: str
    daemon: Daemon

    def start(self) -> None:
        """Run it until it listens. Also after `stop` was never called."""
        self.daemon.start()

    def stop(self) -> None:
        """Down at once, as after a crash: open sessions break, what was committed comes back with `start`."""
        self.daemon.stop()

    def connect(self, database: str = "mysql") -> pyodbc.Connection:
        """The administrator's connection, in autocommit mode."""
        return pyodbc.connect(
            f"Driver=MariaDB Unicode;Server={self.host};Port={self.port};Database={database};CHARSET=utf8mb4;"
            f"UID={ADMINISTRATOR};PWD={{{self.password}}}",
            autocommit=True,
        )

    def execute(self, statements: Sequence[str], database: str = "mysql") -> None:
        """Each on its own, as the administrator. Raises: pyodbc.Error."""
        with closing(self.connect(database)) as connection:
            for statement in statements:
                connection.execute(statement)

    def create_database(self, name: str) -> None:
        """An empty one. Raises: pyodbc.Error: it exists."""
        self.execute([f"CREATE DATABASE `{name}`"])

    def create_reader(self, name: str, password: str, database: str) -> None:
        """An account that may log in and read everything in that database."""
        self.execute(
            [
                f"CREATE OR REPLACE USER '{name}'@'{HOST}' IDENTIFIED BY '{password}'",
                f"GRANT SELECT ON `{database}`.* TO '{name}'@'{HOST}'",
            ]
        )


@contextmanager
def mariadb(password: str = "admin-秘-2e") -> Iterator[MariaDb]:
    """Make its data in a temporary folder and run it until the end of the `with`."""
    with owned_home("yizhan-maria-") as home, TemporaryDirectory() as logs:
        data, port = home / "data", free_port()
        Path(logs).chmod(0o755)
        run([
            _program("mariadb-install-db"), "--no-defaults", f"--datadir={data}", f"--tmpdir={home}", "--skip-test-db",
            "--auth-root-authentication-method=normal", "--skip-name-resolve", "--innodb-log-file-size=32M",
        ])  # fmt: skip
        first = Path(logs, "first.sql")
        first.write_text(
            f"CREATE USER IF NOT EXISTS '{ADMINISTRATOR}'@'{HOST}' IDENTIFIED BY '{password}';\n"
            f"GRANT ALL ON *.* TO '{ADMINISTRATOR}'@'{HOST}' WITH GRANT OPTION;\n"
            "DROP USER IF EXISTS ''@'localhost';\n",
            encoding="utf-8",
        )
        daemon = Daemon(
            command=[
                _program("mariadbd"), *_SETTINGS, f"--datadir={data}", f"--port={port}", f"--socket={home}/socket",
                f"--pid-file={home}/pid", f"--init-file={first}",
                f"--tmpdir={home}",  # a server that starts removes what others keep in a directory they share
            ],
            port=port, log=Path(logs, "log"), ending=signal.SIGKILL,
        )  # fmt: skip
        running = MariaDb(host=HOST, port=port, password=password, daemon=daemon)
        try:
            running.start()
            yield running
        finally:
            daemon.stop()


def _program(name: str) -> str:
    """It may lie outside the PATH of an ordinary user. Raises: RuntimeError."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))
    if found is None:
        raise RuntimeError(f"no {name}: install mariadb-server-core (scripts/setup.sh names it)")
    return found
