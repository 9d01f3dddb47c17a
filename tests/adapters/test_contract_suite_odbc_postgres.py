"""The contract suite on PostgreSQL through its real ODBC driver, with and without the accelerator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import psycopg
import pytest

from adapters.contract import Secrets
from adapters.odbc import OdbcAdapter, OdbcConfig
from adapters.testing import Ability, ContractSuite, Harness, Record
from tests.adapters.conftest import PASSWORD
from tests.peers.postgres import Postgres, postgres

SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'reader'"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        running.create_database("county")
        running.create_reader("reader", PASSWORD)
        yield running


class PostgresHarness(Harness):
    """A database whose server is ended at once, as by a crash, and started again."""

    adapter = OdbcAdapter
    secret = PASSWORD
    lacks: ClassVar = {Ability.BAD_RECORD: "a result row of a database is always whole"}
    extra: ClassVar[dict[str, str]] = {}

    def __init__(self, home: Path, server: Postgres) -> None:
        self._server = server
        self.secrets = Secrets(root=home, environ={"PASSWORD": PASSWORD, "WRONG": "not-" + PASSWORD})

    def config(self, password: str = "env:PASSWORD") -> OdbcConfig:
        return OdbcConfig(
            adapter="odbc", user="reader", password=password,
            connection=f"Driver=PostgreSQL Unicode;Server={self._server.host};Port={self._server.port};Database=county",
            sql="SELECT * FROM t WHERE :cursor IS NULL OR no > :cursor ORDER BY no", cursor_column="no", **self.extra,
        )  # fmt: skip

    def denied(self) -> OdbcConfig:
        return self.config("env:WRONG")

    def fill(self, records: Sequence[Record]) -> None:
        with psycopg.connect(self._server.dsn("county")) as opened:
            opened.execute("DROP TABLE IF EXISTS t")
            opened.execute("CREATE TABLE t (no varchar(20), holder text, amount numeric)")
            opened.execute("GRANT SELECT ON t TO reader")
            with opened.cursor().copy("COPY t FROM STDIN") as copy:
                for one in records:
                    copy.write_row((one.no, one.holder, one.amount))

    def stop(self) -> None:
        self._server.stop()

    def start(self) -> None:
        self._server.start()

    def connections(self) -> int:
        """As the server counts them: the accelerator's are another process's."""
        with psycopg.connect(self._server.dsn()) as opened:
            row = opened.execute(SESSIONS).fetchone()
            return row[0] if row else 0


class TestPostgres(ContractSuite):
    @pytest.fixture
    def harness(self, tmp_path: Path, server: Postgres) -> PostgresHarness:
        return PostgresHarness(tmp_path, server)


class AcceleratedHarness(PostgresHarness):
    """The rows come through a child process."""

    extra: ClassVar[dict[str, str]] = {"accelerator": "arrow-odbc"}


class TestAccelerated(ContractSuite):
    @pytest.fixture
    def harness(self, tmp_path: Path, server: Postgres) -> AcceleratedHarness:
        return AcceleratedHarness(tmp_path, server)
