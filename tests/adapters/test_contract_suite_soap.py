"""The contract suite on node-soap with its pages, and on a service in Python with a cursor that lasts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from adapters.contract import Secrets
from adapters.soap import SoapAdapter, SoapConfig
from adapters.testing import COLUMNS, Ability, ContractSuite, Harness, Record, connections_to
from tests.adapters.conftest import PASSWORD, USER
from tests.peers.processes import ROOT, announced, python

NAMES = {"no": "familyNo", "holder": "holderName", "amount": "allowance"}
PAGE = 1_000


class SoapHarness(Harness):
    """A process that serves the rows of a file; ending it is the service going down."""

    adapter = SoapAdapter
    secret = PASSWORD
    lacks: ClassVar = {}
    command: ClassVar[list[str]]
    asking: ClassVar[dict[str, Any]]
    columns = tuple(replace(column, source=NAMES[column.name]) for column in COLUMNS)

    def __init__(self, home: Path, running: ExitStack) -> None:
        self._rows, self._running = home / "rows.json", running
        self._said: dict[str, Any] = {}
        self.secrets = Secrets(root=home, environ={"PASSWORD": PASSWORD, "WRONG": "x" + PASSWORD})
        self.start()

    def config(self) -> SoapConfig:
        return self._config("env:PASSWORD")

    def denied(self) -> SoapConfig:
        return self._config("env:WRONG")

    def _config(self, password: str) -> SoapConfig:
        return SoapConfig(
            adapter="soap", wsdl=self._said["wsdl"], user=USER, password=password, operation="queryDibao",
            params={"month": "{yyyymm}"}, rows="queryDibaoResponse/list/item", **self.asking,
        )  # fmt: skip

    def fill(self, records: Sequence[Record]) -> None:
        self._write([{"familyNo": one.no, "holderName": one.holder, "allowance": one.amount} for one in records])

    def spoil(self, at: int) -> str:
        rows = json.loads(self._rows.read_text(encoding="utf-8"))
        rows[at]["familyNo"] = [rows[at]["familyNo"], "2"]
        self._write(rows)
        return f"page {at // PAGE + 1} row {at % PAGE + 1}"

    def _write(self, rows: list[dict[str, Any]]) -> None:
        self._rows.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")

    def stop(self) -> None:
        self._running.close()

    def start(self) -> None:
        environ = {"PEER_USER": USER, "PEER_PASSWORD": PASSWORD}
        self._said = self._running.enter_context(announced([*self.command, str(self._rows)], environ))

    def connections(self) -> int:
        return connections_to(self._said["port"])


class NodeSoapHarness(SoapHarness):
    lacks: ClassVar = {Ability.CURSOR: "its pages have numbers, and a number is no place to go on from"}
    command: ClassVar = ["node", str(ROOT / "tests" / "peers" / "soap" / "rows.js")]
    asking: ClassVar = {
        "login": "token_text", "total": "queryDibaoResponse/total",
        "paging": {"page": "pageNo", "size": "pageSize", "rows": PAGE},
    }  # fmt: skip


class ChainedHarness(SoapHarness):
    command: ClassVar = python("tests.peers.soap.chained")
    asking: ClassVar = {
        "login": "basic",
        "paging": {
            "style": "cursor", "parameter": "lastId", "next": "queryDibaoResponse/next", "ends": "no_rows",
            "first": "0", "size": "pageSize", "rows": PAGE,
        },
    }  # fmt: skip


class TestPagesOfNodeSoap(ContractSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeSoapHarness]:
        with ExitStack() as running:
            yield NodeSoapHarness(tmp_path_factory.mktemp("soap"), running)


class TestCursorsOfAPythonService(ContractSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainedHarness]:
        with ExitStack() as running:
            yield ChainedHarness(tmp_path_factory.mktemp("chained"), running)
