"""The contract suite on the wire-level Oracle server: in this process, and in the child process of thick mode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import ClassVar

import pytest

from adapters.contract import Adapter, Secrets
from adapters.oracle import OracleAdapter, OracleConfig
from adapters.testing import ContractSuite, Harness, Record
from tests.adapters.conftest import PASSWORD, USER
from tests.adapters.oracle_in_child import InChild
from tests.peers.oracle.running import Oracle, established, wire_oracle


class WireHarness(Harness):
    """The wire server on a database file; ending the server is the database going down."""

    adapter: type[Adapter] = OracleAdapter
    secret = PASSWORD
    lacks: ClassVar = {}

    def __init__(self, home: Path, running: ExitStack) -> None:
        self._database, self._running = home / "wire.db", running
        self._spoilt = False
        self.secrets = Secrets(root=home, environ={"PASSWORD": PASSWORD, "WRONG": "x" + PASSWORD})
        self._server: Oracle = running.enter_context(wire_oracle(self._database, USER, PASSWORD))

    def config(self) -> OracleConfig:
        return self._config("env:PASSWORD")

    def denied(self) -> OracleConfig:
        return self._config("env:WRONG")

    def _config(self, password: str) -> OracleConfig:
        service = "LIES" if self._spoilt else "ORCL"
        return OracleConfig(
            adapter="oracle", dsn=self._server.service(service), user=USER, password=password,
            sql="SELECT * FROM t WHERE :cursor IS NULL OR no > :cursor ORDER BY no", cursor_column="no",
        )  # fmt: skip

    def fill(self, records: Sequence[Record]) -> None:
        self._spoilt = False
        rows = [(one.no, one.holder, one.amount) for one in records]
        self._server.make("t", "no VARCHAR2(20), holder VARCHAR2(4000), amount VARCHAR2(30)", rows)

    def spoil(self, at: int) -> str:
        """The database says UTF-8, and one holder's name is in GBK. (Its client is told the bytes one for one.)"""
        with self._server.connected() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT no, holder, amount FROM t ORDER BY no")
            rows = [(no, holder.encode().decode("latin-1"), amount) for no, holder, amount in cursor.fetchall()]
        rows[at] = (rows[at][0], "王芳".encode("gb18030").decode("latin-1"), rows[at][2])
        self._server.make("t", "no VARCHAR2(20), holder VARCHAR2(4000), amount VARCHAR2(30)", rows)
        self._spoilt = True
        return str(at + 1)

    def stop(self) -> None:
        self._running.close()

    def start(self) -> None:
        self._server = self._running.enter_context(wire_oracle(self._database, USER, PASSWORD))

    def connections(self) -> int:
        return established(self._server.port or 0)


class ChildHarness(WireHarness):
    adapter: type[Adapter] = InChild


class TestOracle(ContractSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WireHarness]:
        with ExitStack() as running:
            yield WireHarness(tmp_path_factory.mktemp("oracle"), running)


class TestOracleInChild(ContractSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChildHarness]:
        with ExitStack() as running:
            yield ChildHarness(tmp_path_factory.mktemp("oracle-child"), running)
