"""The contract suite on MariaDB through its real ODBC driver."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import ClassVar

import pytest

from adapters.contract import Secrets
from adapters.odbc import OdbcAdapter, OdbcConfig
from adapters.testing import Ability, ContractSuite, Harness, Record, connections_to
from tests.adapters.conftest import PASSWORD
from tests.peers.mariadb import MariaDb, mariadb


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDb]:
    with mariadb() as running:
        running.create_database("county")
        running.create_reader("reader", PASSWORD, "county")
        yield running


class MariaDbHarness(Harness):
    """A database whose server is killed, and started again."""

    adapter = OdbcAdapter
    secret = PASSWORD
    lacks: ClassVar = {Ability.BAD_RECORD: "a result row of a database is always whole"}

    def __init__(self, home: Path, server: MariaDb) -> None:
        self._server = server
        self.secrets = Secrets(root=home, environ={"PASSWORD": PASSWORD, "WRONG": "not-" + PASSWORD})

    def config(self, password: str = "env:PASSWORD") -> OdbcConfig:
        return OdbcConfig(
            adapter="odbc", user="reader", password=password,
            connection=f"Driver=MariaDB Unicode;Server={self._server.host};Port={self._server.port};Database=county",
            sql="SELECT * FROM t WHERE :cursor IS NULL OR no > :cursor ORDER BY no", cursor_column="no",
        )  # fmt: skip

    def denied(self) -> OdbcConfig:
        return self.config("env:WRONG")

    def fill(self, records: Sequence[Record]) -> None:
        with closing(self._server.connect("county")) as opened:
            opened.execute("CREATE OR REPLACE TABLE t (no varchar(20), holder varchar(2000), amount decimal(18,2))")
            opened.autocommit = False
            rows = [(one.no, one.holder, one.amount) for one in records]
            if rows:
                opened.cursor().executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
            opened.commit()

    def stop(self) -> None:
        self._server.stop()

    def start(self) -> None:
        self._server.start()

    def connections(self) -> int:
        return connections_to(self._server.port)


class TestMariaDb(ContractSuite):
    @pytest.fixture
    def harness(self, tmp_path: Path, server: MariaDb) -> MariaDbHarness:
        return MariaDbHarness(tmp_path, server)
