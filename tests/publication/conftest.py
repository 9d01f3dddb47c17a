"""A centre's book of catalogues on both database products, and a front-end that takes what it publishes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from gateway.app import CentreNode, FrontEnd, open_node
from gateway.catalogue import texts_of
from gateway.database import open_database
from gateway.demo.county import County, connect, found
from gateway.envelope.catalogue import CatalogueFile, PublishedCatalogue, sign_catalogue
from gateway.ledger import SCHEMA as LEDGER
from gateway.ledger import EventKind, Ledger, Line
from gateway.publication import SCHEMA, CatalogueBook, Ground, Press, Shelf, Taker
from gateway.publication.connections import Consent
from tests.peers.products import product, server
from tests.peers.stores import Where, drop, fresh

__all__ = ["product", "server"]
NOW = datetime.now(UTC).replace(microsecond=0)
FEED = "agri.village_finance"
FILE = f"feeds/{FEED}.yaml"


@pytest.fixture(scope="session")
def county(tmp_path_factory: pytest.TempPathFactory) -> County:
    made = County(root=tmp_path_factory.mktemp("county"))
    found(made, at=NOW, port=8443, starts={})
    connect(made, "agri", FEED, {"connection": "Driver=SQLite3;Database=/data/agri.db", "user": "reader"})
    return made


@pytest.fixture(scope="session")
def node(county: County) -> CentreNode:
    opened = open_node(county.centre, {})
    assert isinstance(opened, CentreNode)
    return opened


@pytest.fixture(scope="session")
def front_end(county: County) -> FrontEnd:
    opened = open_node(county.front_end("agri"), {})
    assert isinstance(opened, FrontEnd)
    return opened


@pytest.fixture(scope="session")
def files(node: CentreNode) -> tuple[CatalogueFile, ...]:
    """The catalogue of the county."""
    return tuple(CatalogueFile(path=path, text=text) for path, text in texts_of(node.site.catalogue))


def changed(files: tuple[CatalogueFile, ...], old: str, new: str, path: str = FILE) -> tuple[CatalogueFile, ...]:
    assert [one.text.count(old) for one in files if one.path == path] == [1]
    return tuple(replace(one, text=one.text.replace(old, new)) if one.path == path else one for one in files)


# --- the centre -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Centre:
    """One database of a centre, and the books that receivers opened on it."""

    node: CentreNode
    engines: list[Engine]
    where: Where

    def book(self) -> CatalogueBook:
        """As one more receiver opens it."""
        self.engines.append(open_database(self.where))
        ledger = Ledger(self.engines[-1], "changning")
        press = Press(centre="changning", ledger=ledger, signer=self.node.keys.signer, clock=lambda: NOW)
        return CatalogueBook(self.engines[-1], press)

    def lines(self) -> list[Line]:
        return list(Ledger(self.engines[-1], "changning").lines(kind=EventKind.CATALOGUED))


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
    made = Centre(node=node, engines=[], where=where)
    yield made
    for engine in made.engines:
        engine.dispose()


# --- the front-end ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Department:
    """A front-end's rooms as far as taking needs them, with a shelf and a ledger of the test's own."""

    taker: Taker
    files: tuple[CatalogueFile, ...]
    centre: CentreNode

    @property
    def shelf(self) -> Shelf:
        return self.taker.shelf

    def paper(self, version: int, files: tuple[CatalogueFile, ...] | None = None, **more: object) -> bytes:
        """Of the county's centre, signed."""
        said: dict[str, object] = {"centre": "changning", "issued_at": NOW, "by": "p101"} | more
        published = PublishedCatalogue(version=version, files=files or self.files, **said)
        return sign_catalogue(published, self.centre.keys.signer())

    def lines(self, kind: EventKind) -> list[Line]:
        return list(self.taker.ledger.lines(kind=kind))


@pytest.fixture
def department(
    node: CentreNode, front_end: FrontEnd, files: tuple[CatalogueFile, ...], tmp_path: Path
) -> Iterator[Department]:
    engine, shelf = open_database(tmp_path / "ledger.db"), Shelf(root=tmp_path / "catalogues" / "changning")
    consent = Consent(department="agri", adapters=front_end.adapters.configs(), overrides=front_end.site.overrides)
    taker = Taker(
        centre="changning",
        shelf=shelf,
        ledger=Ledger(engine, "agri"),
        ground=Ground(consent=consent, in_force=lambda: texts_of(front_end.site.catalogue), under="5f" * 32),
        trust=front_end.keys.trust,
        clock=lambda: NOW,
    )
    yield Department(taker=taker, files=files, centre=node)
    engine.dispose()
