"""A centre's book of instructions on both database products, opened as often as it has receivers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from gateway.app import CentreNode, open_node
from gateway.database import open_database
from gateway.demo.county import County, found
from gateway.errors import OrderUnknown
from gateway.instructions import SCHEMA, Bureau, InstructionBook, Wanted
from gateway.ledger import SCHEMA as LEDGER
from gateway.ledger import EventKind, Ledger, Line
from tests.peers.products import product, server
from tests.peers.stores import Where, drop, fresh

__all__ = ["product", "server"]
NOW = datetime.now(UTC).replace(microsecond=0)
ORDER, PAPER = "常数整改〔2026〕7号", b"an order's bytes"


@dataclass
class Clock:
    """A clock that a test sets."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> None:
        self.now += by


@dataclass(frozen=True, kw_only=True)
class Centre:
    """One database of a centre, and the books that receivers opened on it."""

    node: CentreNode
    clock: Clock
    engines: list[Engine]
    where: Where

    def book(self, centre: str = "changning") -> InstructionBook:
        """As one more receiver opens it."""
        self.engines.append(open_database(self.where))
        bureau = Bureau(
            centre=centre,
            catalogue=self.node.catalogue,
            ledger=Ledger(self.engines[-1], "changning"),
            signer=self.node.keys.signer,
            paper=paper,
            clock=self.clock,
            entropy=os.urandom,
        )
        return InstructionBook(self.engines[-1], bureau)

    def lines(self, kind: EventKind) -> list[Line]:
        return list(Ledger(self.engines[-1], "changning").lines(kind=kind))


def paper(number: str) -> bytes:
    if number != ORDER:
        raise OrderUnknown(number=number)
    return PAPER


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> CentreNode:
    county = County(root=tmp_path_factory.mktemp("county"))
    found(county, at=NOW, port=8443, starts={"finance.onecard": "2016-01", "civil.dibao": "2016-01"})
    node = open_node(county.centre, {})
    assert isinstance(node, CentreNode)
    return node


@pytest.fixture
def where(product: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Where]:
    if product == "sqlite":
        yield tmp_path / "warehouse.db"
    else:
        server = request.getfixturevalue("server")
        made = fresh(server, LEDGER, SCHEMA)
        yield made
        drop(server, made)


@pytest.fixture
def centre(node: CentreNode, where: Where) -> Iterator[Centre]:
    made = Centre(node=node, clock=Clock(), engines=[], where=where)
    yield made
    for engine in made.engines:
        engine.dispose()


@pytest.fixture
def collect() -> Callable[..., Wanted]:
    """To collect finance.onecard 2026-10, changed as a test wants it."""

    def wanted(request: str = "run-1", **changes: object) -> Wanted:
        said: dict[str, object] = {"action": "collect", "feed": "finance.onecard", "period": "2026-10"}
        return Wanted(request=request, **(said | changes))

    return wanted
