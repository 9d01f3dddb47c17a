"""The contract suite on SQLite through its real ODBC driver."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import ClassVar

import pytest

from adapters.contract import Secrets
from adapters.odbc import OdbcAdapter, OdbcConfig
from adapters.testing import Ability, ContractSuite, Record
from tests.adapters.away import InAFolder
from tests.adapters.conftest import PASSWORD


class SqliteHarness(InAFolder):
    """A database file."""

    adapter = OdbcAdapter
    secret = PASSWORD
    lacks: ClassVar = {
        Ability.LOGIN: "SQLite has no accounts",
        Ability.BAD_RECORD: "a result row of a database is always whole",
    }

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.secrets = Secrets(root=home, environ={"PASSWORD": PASSWORD})

    def config(self) -> OdbcConfig:
        return OdbcConfig(
            adapter="odbc", connection=f"Driver=SQLite3;Database={self._folder / 'a.db'};StepAPI=1;NoCreat=1",
            user="reader", password="env:PASSWORD",
            sql="SELECT * FROM t WHERE :cursor IS NULL OR no > :cursor ORDER BY no", cursor_column="no",
        )  # fmt: skip

    def fill(self, records: Sequence[Record]) -> None:
        with closing(sqlite3.connect(self._folder / "a.db")) as opened, opened:
            opened.execute("DROP TABLE IF EXISTS t")
            opened.execute("CREATE TABLE t (no VARCHAR(20), holder VARCHAR(2000), amount VARCHAR(30))")
            rows = [(one.no, one.holder, one.amount) for one in records]
            opened.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)


class TestOdbc(ContractSuite):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> SqliteHarness:
        return SqliteHarness(tmp_path)
