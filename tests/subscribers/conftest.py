"""A centre with its own catalogue, keys and warehouse, on each product; two counties have sent something."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from adapters.registry import Registry
from gateway.app.clock import moment
from gateway.catalogue import Catalogue, load
from gateway.database import open_database
from gateway.keys import KeyRing, Stage
from gateway.ledger import Ledger
from gateway.subscribers import Copyist, GrantBook
from gateway.warehouse import Warehouse
from tests.keys.conftest import sample
from tests.peers.stores import Where
from tests.warehouse.conftest import opened, product, server, where
from tests.warehouse.feeds import Notary, batch, facts, row

__all__ = ["opened", "product", "sample", "server", "where"]

ROOT = Path(__file__).parents[2]
OWN, NEIGHBOUR = "430482", "430724"
NOW = moment("2026-11-22T17:00:00+08:00")


class Office:
    """The centre, and a clock that can be turned."""

    def __init__(self, where: Where, keys: Path, warehouse: Warehouse, ledger: Ledger, catalogue: Catalogue) -> None:
        self.now = NOW
        self.ledger, self.warehouse, self.where = ledger, warehouse, where
        self.ring = KeyRing(directory=keys, stage=Stage.REHEARSAL)
        self.grants = GrantBook(
            centre=catalogue.centre("changning"),
            catalogue=catalogue,
            ledger=ledger,
            engine=open_database(where),
            clock=self.clock,
        )
        self.copyist = Copyist(
            centre="changning", warehouse=warehouse, ledger=ledger, signer=self.ring.signer, clock=self.clock
        )

    def clock(self) -> datetime:
        return self.now


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load(ROOT / "sample" / "catalogue", Registry.installed().configs())


@pytest.fixture
def office(where: Where, sample: Path, opened: tuple[Warehouse, Ledger], catalogue: Catalogue) -> Office:
    warehouse, ledger = opened
    made = Office(where, sample / "changning", warehouse, ledger, catalogue)
    for region, rows in ((OWN, [row(1), row(2)]), (NEIGHBOUR, [row(3)])):
        one = facts(rows, content=region, region=region, accepted_at=NOW)
        warehouse.load(one, [batch(rows)], Notary())
    return made
