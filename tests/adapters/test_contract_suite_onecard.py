"""The contract suite on one-card payments: roster and returns on OpenSSH's sshd, and both in SQLite through ODBC."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import ClassVar

import pytest

from adapters.contract import Secrets
from adapters.onecard import OnecardAdapter, OnecardConfig
from adapters.testing import COLUMNS, Ability, ContractSuite, Harness, Record, connections_to
from tests.adapters.away import InAFolder
from tests.adapters.conftest import PASSWORD
from tests.adapters.onecard import configured, layout
from tests.peers.sshd import Sshd, enterable_home, new_key, sshd

COLUMNS_HERE = tuple(replace(column, source=f"列{column.name}") for column in COLUMNS)
ROSTER = {"title": "清册", "found": "测试", "holds": "roster", "roles": {"serial": "列no", "amount": "列amount"}}
RETURNS = {
    "title": "回盘", "found": "测试", "holds": "returns", "match": ["serial"],
    "roles": {"serial": "序号", "amount": "金额", "state": "状态"}, "states": {"1": "success", "2": "failure"},
}  # fmt: skip
TEXT = {"format": {"kind": "delimited", "delimiter": "|"}}
LACKS = {Ability.CURSOR: "a roster is reconciled as a whole"}


class SshdHarness(Harness):
    """A server with a roster and a file of returns."""

    adapter = OnecardAdapter
    lacks: ClassVar = LACKS
    columns = COLUMNS_HERE

    def __init__(self, home: Path, running: ExitStack) -> None:
        self._home, self._running = home, running
        self._roster = self._returns = ""
        self._spoilt: int | None = None
        self._homes = count()
        self.start()
        new_key(home / "other")

    @property
    def secret(self) -> str:
        return self._server.key.read_text().splitlines()[2]

    @property
    def secrets(self) -> Secrets:
        return Secrets(root=self._home, environ={})

    def config(self) -> OnecardConfig:
        return self._config(self._server.key)

    def denied(self) -> OnecardConfig:
        return self._config(self._home / "other")

    def _config(self, key: Path) -> OnecardConfig:
        place = {
            "adapter": "sftp", "host": "127.0.0.1", "port": self._server.port, "host_key": self._server.fingerprint,
            "user": self._server.user, "private_key": f"file:{key}", **READY,
        }  # fmt: skip
        return configured(
            roster={"layout": layout(self._home, {**ROSTER, **TEXT}), "source": {**place, "path": "roster.txt"}},
            returns={"layout": layout(self._home, {**RETURNS, **TEXT}), "source": {**place, "path": "returns.txt"}},
        )

    def fill(self, records: Sequence[Record]) -> None:
        lines = [f"{one.no}|{one.holder}|{one.amount}\n" for one in records]
        answers = [f"{one.no}|{one.amount}|{1 + at % 2}\n" for at, one in enumerate(records)]
        self._put(["列no|列holder|列amount\n", *lines], ["序号|金额|状态\n", *answers])

    def spoil(self, at: int) -> str:
        """An entry that cannot be read has no return yet: what the bank says of it would be a fault of its own."""
        roster, returns = (text.splitlines(keepends=True) for text in (self._roster, self._returns))
        self._spoilt = at + 1
        self._put(roster, returns[: at + 1] + returns[at + 2 :])
        return str(at + 2)

    def _put(self, roster: Sequence[str], returns: Sequence[str]) -> None:
        self._roster, self._returns = "".join(roster), "".join(returns)
        self._place()
        self._spoilt = None

    def _place(self) -> None:
        raw = [line.encode("gb18030") for line in self._roster.splitlines(keepends=True)]
        if self._spoilt is not None:
            raw[self._spoilt] = b"\x81\xff" + raw[self._spoilt]
        (self._server.folder / "roster.txt").write_bytes(b"".join(raw))
        (self._server.folder / "returns.txt").write_bytes(self._returns.encode("gb18030"))

    def stop(self) -> None:
        for session in list(_below(self._server.pid)):
            with suppress(ProcessLookupError):  # it has just ended by itself
                os.kill(session, signal.SIGKILL)
        self._running.close()

    def start(self) -> None:
        home = self._home / str(next(self._homes))
        home.mkdir(mode=0o711)
        self._server: Sshd = self._running.enter_context(sshd(home))
        self._place()

    def connections(self) -> int:
        return connections_to(self._server.port)


READY = {"ready": {"by": "stable", "seconds": 0.0}}


def _below(pid: int) -> Iterator[int]:
    with suppress(FileNotFoundError, ProcessLookupError):  # likewise
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from _below(int(child))
            yield int(child)


class SqliteHarness(InAFolder):
    """A database with a table of entries and one of returns."""

    adapter = OnecardAdapter
    secret = PASSWORD
    lacks: ClassVar = {
        **LACKS,
        Ability.LOGIN: "SQLite has no accounts",
        Ability.BAD_RECORD: "a result row of a database is always whole",
    }
    columns = COLUMNS_HERE

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self._home = home
        self.secrets = Secrets(root=home, environ={"PASSWORD": PASSWORD})

    def config(self) -> OnecardConfig:
        place = {
            "adapter": "odbc", "connection": f"Driver=SQLite3;Database={self._folder / 'a.db'};StepAPI=1;NoCreat=1",
            "user": "reader", "password": "env:PASSWORD",
        }  # fmt: skip
        return configured(
            roster={"layout": layout(self._home, ROSTER), "source": {**place, "sql": "SELECT * FROM t ORDER BY 列no"}},
            returns={
                "layout": layout(self._home, RETURNS),
                "source": {**place, "sql": "SELECT 列no AS 序号, 列amount AS 金额, '1' AS 状态 FROM t ORDER BY 列no"},
            },
        )

    def fill(self, records: Sequence[Record]) -> None:
        with closing(sqlite3.connect(self._folder / "a.db")) as opened, opened:
            opened.execute("DROP TABLE IF EXISTS t")
            opened.execute("CREATE TABLE t (列no VARCHAR(20), 列holder VARCHAR(2000), 列amount VARCHAR(30))")
            rows = [(one.no, one.holder, one.amount) for one in records]
            opened.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)


class TestOnecardOverSftp(ContractSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls) -> Iterator[SshdHarness]:
        with enterable_home() as home, ExitStack() as running:
            yield SshdHarness(home, running)


class TestOnecardOverOdbc(ContractSuite):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> SqliteHarness:
        return SqliteHarness(tmp_path)
