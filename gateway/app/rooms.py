"""Builds the rooms of a node from its site directory. No decisions: what a room does is the room's own.

Everything a node writes lies below its site directory: `spool/`, `ledger.db` (a front-end) or `warehouse.db` (a centre,
its ledger inside), `problems/`, `bookmarks/`, `log/`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from sqlalchemy import Engine

from adapters.contract import Adapter
from adapters.registry import Registry
from adapters.secrets import Secrets
from gateway.acknowledge import Counter
from gateway.app.clock import Clock, clock
from gateway.app.site import CentreFile, FrontEndFile, Site, read_site
from gateway.bookmarks import Bookmarks
from gateway.catalogue import Catalogue, Feed, Mode, load
from gateway.collect import Desk
from gateway.deliver import Post
from gateway.envelope.sealed import Batch
from gateway.errors import ConfigInvalid, UnknownName, WrongRole
from gateway.keys import KeyRing, Stage, tls
from gateway.ledger import Anchor, Ledger, open_database
from gateway.problems import ProblemBooks
from gateway.receive import Reception
from gateway.receive import Rooms as ReceptionRooms
from gateway.spool import Claim, Spool
from gateway.transport import CentreClient
from gateway.warehouse import FeedShape, Reach, Warehouse

Watch = Callable[[str, int, int], None]
"""`watch(batch, offset, size)`: bytes of a batch handed to the connection so far."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """What front-ends and centres have in common; each room is opened when it is first asked for."""

    site: Site
    environ: Mapping[str, str]

    @cached_property
    def clock(self) -> Clock:
        """Raises: ClockRefused, MomentInvalid."""
        return clock(self.site.file.rehearsal, self.environ)

    @cached_property
    def adapters(self) -> Registry:
        """Every adapter installed, broken ones included."""
        return Registry.installed()

    @cached_property
    def catalogue(self) -> Catalogue:
        """Raises: what `gateway.catalogue.load` raises."""
        return load(self.site.catalogue, self.adapters.configs(), self.site.overrides)

    @cached_property
    def secrets(self) -> Secrets:
        """Reads references for this site."""
        return Secrets(root=self.site.root, environ=self.environ)

    @cached_property
    def keys(self) -> KeyRing:
        """Raises: SecretUnavailable."""
        reference = self.site.file.passphrase
        return KeyRing(
            directory=self.site.root / "keys",
            stage=Stage.REHEARSAL if self.site.file.rehearsal else Stage.PRODUCTION,
            policy=self.site.file.revocation,
            passphrase=self.secrets.read(reference).encode() if reference else None,
        )

    @cached_property
    def spool(self) -> Spool:
        """`spool/`."""
        return Spool(self.site.root / "spool")

    @cached_property
    def database(self) -> Engine:
        """The node's one database file."""
        return open_database(self.site.root / self._database_file)

    @cached_property
    def ledger(self) -> Ledger:
        """The node's ledger."""
        return Ledger(self.database, self.site.file.site)

    @property
    def _database_file(self) -> str:
        return "warehouse.db" if isinstance(self.site.file, CentreFile) else "ledger.db"


class FrontEnd(Node):
    """A department's front-end."""

    @property
    def file(self) -> FrontEndFile:
        """Raises: WrongRole: the site is a centre."""
        if not isinstance(self.site.file, FrontEndFile):
            raise WrongRole(site=self.site.file.site, needed_zh="前置机", needed_en="front-end")
        return self.site.file

    @property
    def feeds(self) -> tuple[Feed, ...]:
        """The department's own feeds."""
        return tuple(feed for feed in self.catalogue.feeds if feed.department == self.file.department)

    def source(self, feed: Feed) -> Adapter:
        """The feed's source, not yet connected. Raises: AdapterBroken, ConfigInvalid."""
        if feed.source_config is None:
            zh = f"sources: 下没有 {feed.id}:请写上其连接(docs/sources.md 中标 site 的键)"
            en = f"{feed.id} is not under sources:, where its connection stands (keys marked site in docs/sources.md)"
            raise ConfigInvalid(place=self.site.root / "site.yaml", problem_zh=zh, problem_en=en)
        return self.adapters.adapter(feed.source_config, self.secrets)

    def own_feed(self, name: str) -> Feed:
        """One of the department's own feeds. Raises: UnknownName."""
        feed = self.catalogue.feed(name)
        if feed in self.feeds:
            return feed
        near = ", ".join(own.id for own in self.feeds) or "-"
        raise UnknownName(kind_zh="本部门归集事项", kind_en="feed of this department", name=name, near=near)

    def anchors(self) -> tuple[Anchor, ...]:
        """Nobody quotes a front-end's ledger."""
        return ()

    @property
    def owed(self) -> Catalogue:
        """The catalogue as far as this department owes."""
        return replace(self.catalogue, feeds=self.feeds)

    @cached_property
    def books(self) -> ProblemBooks:
        """`problems/`."""
        return ProblemBooks(root=self.site.root / "problems")

    @cached_property
    def bookmarks(self) -> Bookmarks:
        """`bookmarks/`; the secret of its digests lies with the private keys."""
        return Bookmarks(root=self.site.root / "bookmarks", secret=self.site.root / "keys" / "bookmarks.secret")

    def counter(self) -> Counter:
        """What acknowledging needs."""
        return Counter(
            spool=self.spool, ledger=self.ledger, bookmarks=self.bookmarks, source=self.source, clock=self.clock
        )

    def desk(self, feed: Feed) -> Desk:
        """What collecting a feed needs. Raises: what `KeyRing` raises."""
        return Desk(
            spool=self.spool,
            ledger=self.ledger,
            books=self.books,
            bookmarks=self.bookmarks,
            signer=self.keys.signer(),
            recipients=tuple(self.keys.recipient(centre, self.clock()) for centre in feed.routes),
            clock=self.clock,
            entropy=os.urandom,
        )

    def post(self, watch: Watch) -> Post:
        """What delivering needs."""

        def carry(batch: Batch, claim: Claim) -> bytes:
            with self._connect(batch.manifest.recipients[0]) as client:
                name = batch.manifest.batch_id
                return client.deliver(
                    claim.manifest, claim.keys, claim.payload, lambda offset, size: watch(name, offset, size)
                )

        return Post(spool=self.spool, ledger=self.ledger, trust=self.keys.trust, courier=carry, clock=self.clock)

    def _connect(self, centre: str) -> CentreClient:
        address = self.file.centres.get(centre)
        if address is None:
            near = ", ".join(self.file.centres) or "-"
            raise UnknownName(kind_zh="中心地址", kind_en="centre address", name=centre, near=near)
        context = tls.client_context(self.keys, centre, self.clock)
        return CentreClient(centre=centre, url=address.url, tls=context)


class CentreNode(Node):
    """A centre."""

    @property
    def file(self) -> CentreFile:
        """Raises: WrongRole: the site is a front-end."""
        if not isinstance(self.site.file, CentreFile):
            raise WrongRole(site=self.site.file.site, needed_zh="中心", needed_en="centre")
        return self.site.file

    @cached_property
    def warehouse(self) -> Warehouse:
        """The warehouse, with a table for every feed of the catalogue. Raises: FeedShapeChanged."""
        warehouse = Warehouse(self.database, self.ledger)
        for feed in self.catalogue.feeds:
            reach = Reach.FEED if feed.mode is Mode.INCREMENT else Reach.PERIOD
            warehouse.prepare(FeedShape(feed=feed.id, columns=feed.fields, key=feed.key, reach=reach))
        return warehouse

    def anchors(self) -> tuple[Anchor, ...]:
        """The ledger lines that issued receipts quote."""
        return tuple(self.warehouse.anchors())

    @property
    def owed(self) -> Catalogue:
        """All of the catalogue."""
        return self.catalogue

    def reception(self) -> Reception:
        """The journey behind the wire. Raises: what `KeyRing` raises."""
        return Reception(
            ReceptionRooms(
                centre=self.file.centre,
                catalogue=self.catalogue,
                spool=self.spool,
                ledger=self.ledger,
                warehouse=self.warehouse,
                trust=self.keys.trust,
                signer=self.keys.signer(),
                decryptor=self.keys.decryptor(),
                clock=self.clock,
            )
        )


def open_node(root: Path, environ: Mapping[str, str]) -> FrontEnd | CentreNode:
    """The node whose site directory this is. Raises: what `read_site` raises."""
    site = read_site(root)
    kind = CentreNode if isinstance(site.file, CentreFile) else FrontEnd
    return kind(site=site, environ=environ)
