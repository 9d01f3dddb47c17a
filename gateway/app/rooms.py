"""Builds the rooms of a node from its site directory. No decisions: what a room does is the room's own.

Everything a node writes lies below its site directory: `spool/`, `ledger.db` (a front-end) or `warehouse.db` (a centre,
its ledger inside), `problems/`, `bookmarks/`, `catalogues/`, `log/`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sqlalchemy import Engine

from adapters.contract import Adapter
from adapters.registry import Registry
from adapters.secrets import Secrets
from gateway.acknowledge import Counter
from gateway.app.clock import Clock, clock
from gateway.app.site import CentreFile, DatabaseOwner, FrontEndFile, InboxFile, Site, WarehouseFile, read_site
from gateway.bookmarks import Bookmarks
from gateway.carriage import Carried
from gateway.catalogue import Catalogue, Centre, Feed, Mode, load
from gateway.collect import Desk
from gateway.database import PostgresAddress, open_database
from gateway.deliver import Post
from gateway.envelope.sealed import Batch
from gateway.errors import ConfigInvalid, UnknownName, WrongRole
from gateway.inbox import LocalInbox, Objects, Register, Service, SharedInbox, bucket, shared_folder
from gateway.instructions import Bureau, InstructionBook
from gateway.journal import dead_marks
from gateway.keys import KeyRing, Party, Signatory, Stage, open_signatory, tls
from gateway.ledger import Anchor, EventKind, Ledger
from gateway.orders import Office, Orders, used
from gateway.presence import Presence
from gateway.problems import ProblemBooks
from gateway.publication import CatalogueBook, Press, Shelf
from gateway.receive import Reception
from gateway.receive import Rooms as ReceptionRooms
from gateway.release import Gate
from gateway.spool import Entry, Spool
from gateway.subscribers import Copyist, GrantBook
from gateway.transport import PATIENCE, CentreClient, Patience
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
        return load(self.catalogue_place, self.adapters.configs(), self.site.overrides)

    @property
    def catalogue_place(self) -> Path:
        """The file or directory of the catalogue in force when this node was opened."""
        return self.site.catalogue

    def catalogue_now(self) -> Path:
        """The same at this moment."""
        return self.site.catalogue

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
        """The node's one database."""
        return open_database(self._database_place)

    @cached_property
    def ledger(self) -> Ledger:
        """The node's ledger."""
        return Ledger(self.database, self.site.file.site)

    @property
    def kept(self) -> Spool | SharedInbox:
        """Where the node's sealed batches lie, as archive and fsck read them."""
        return self.spool

    @property
    def _database_place(self) -> Path | PostgresAddress:
        return self.site.root / "ledger.db"

    @cached_property
    def orders(self) -> Orders:
        """`orders/`."""
        return Orders(root=self.site.root / "orders")

    def office(self) -> Office:
        """What issuing and taking in orders need."""
        return Office(
            orders=self.orders, ledger=self.ledger, catalogue=self.catalogue, trust=self.keys.trust, clock=self.clock
        )

    def signatory(self, name: str, directory: Path | None, passphrase: bytes | None) -> Signatory:
        """A person about to sign; see `gateway.keys.open_signatory`."""
        return open_signatory(self.keys, name, directory, passphrase, self.clock())


class FrontEnd(Node):
    """A department's front-end."""

    @property
    def file(self) -> FrontEndFile:
        """Raises: WrongRole: the site is a centre."""
        if not isinstance(self.site.file, FrontEndFile):
            raise WrongRole(site=self.site.file.site, needed_zh="前置机", needed_en="front-end")
        return self.site.file

    @property
    def shelf(self) -> Shelf | None:
        """`catalogues/`, what came from the centre whose catalogue this site takes; None: it takes nobody's."""
        centre = self.file.agent.catalogue_from
        return None if centre is None else Shelf(root=self.site.root / "catalogues" / centre)

    @cached_property
    def catalogue_version(self) -> int | None:
        """The centre's version that is in force here since this node was opened; None: the site's own catalogue is."""
        return None if self.shelf is None else self.shelf.newest()

    @property
    def catalogue_place(self) -> Path:
        """The version in force when this node was opened, else what the site began with."""
        return self._catalogue_of(self.catalogue_version)

    def catalogue_now(self) -> Path:
        """The same at this moment."""
        return self._catalogue_of(None if self.shelf is None else self.shelf.newest())

    def _catalogue_of(self, version: int | None) -> Path:
        return self.site.catalogue if self.shelf is None or version is None else self.shelf.place(version)

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
        near = ", ".join(own.id for own in self.feeds)
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
        """`problems/`; the secret of its digests lies with the private keys."""
        return ProblemBooks(root=self.site.root / "problems", secret=self.site.root / "keys" / "problems.secret")

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
            orders=self.orders,
            catalogue=self.catalogue,
            trust=self.keys.trust,
            signer=self.keys.signer(),
            recipients=tuple(self.keys.recipient(centre, self.clock()) for centre in feed.routes),
            clock=self.clock,
            entropy=os.urandom,
        )

    def orders_used(self, number: str) -> int:
        """How many batches were sealed here under an order; what was refused for good used none of it."""
        return used(number, self.ledger, EventKind.SEALED, dead_marks(self.spool))

    def gate(self) -> Gate:
        """What releasing and holding need."""
        return Gate(
            spool=self.spool, ledger=self.ledger, catalogue=self.catalogue, trust=self.keys.trust, clock=self.clock
        )

    def post(self, watch: Watch, patience: Patience = PATIENCE) -> Post:
        """What delivering needs."""

        def carry(batch: Batch, claim: Entry) -> Carried:
            with self.connect(self.catalogue.feed(batch.manifest.feed).path[0], patience) as client:
                name = batch.manifest.batch_id
                receipt = client.deliver(
                    claim.manifest,
                    claim.keys,
                    claim.payload,
                    lambda offset, size: watch(name, offset, size),
                    papers=claim.papers,
                )
                return Carried(receipt=receipt, skew=client.skew)

        return Post(spool=self.spool, ledger=self.ledger, trust=self.keys.trust, courier=carry, clock=self.clock)

    def connect(self, centre: str, patience: Patience = PATIENCE) -> CentreClient:
        """A line to one of the centres. Raises: UnknownName: it has no address here; what `tls` raises."""
        address = self.file.centres.get(centre)
        if address is None:
            near = ", ".join(self.file.centres)
            raise UnknownName(kind_zh="中心地址", kind_en="centre address", name=centre, near=near)
        context = tls.client_context(self.keys, centre, self.clock)
        return CentreClient(centre=centre, url=address.url, tls=context, clock=self.clock, patience=patience)


class CentreNode(Node):
    """A centre."""

    @property
    def file(self) -> CentreFile:
        """Raises: WrongRole: the site is a front-end."""
        if not isinstance(self.site.file, CentreFile):
            raise WrongRole(site=self.site.file.site, needed_zh="中心", needed_en="centre")
        return self.site.file

    @property
    def _database_place(self) -> Path | PostgresAddress:
        if self.file.warehouse is None:
            return self.site.root / "warehouse.db"
        return self.address(self.file.warehouse, self.file.warehouse)

    def address(self, server: WarehouseFile, login: WarehouseFile | DatabaseOwner) -> PostgresAddress:
        """Where `server` is, entered as `login`. Raises: SecretUnavailable."""
        return PostgresAddress(
            host=server.host,
            port=server.port,
            database=server.database,
            user=login.user,
            password=self.secrets.read(login.password),
            sslmode=server.sslmode.value,
            sslrootcert=self.site.root / server.sslrootcert if server.sslrootcert else None,
        )

    def orders_used(self, number: str) -> int:
        """How many batches were loaded here under an order."""
        return used(number, self.ledger, EventKind.LOADED)

    @cached_property
    def warehouse(self) -> Warehouse:
        """The warehouse, with a table for every feed of the catalogue. Raises: FeedShapeChanged."""
        warehouse = Warehouse(self.database, self.ledger)
        for shape in self.shapes:
            warehouse.prepare(shape)
        return warehouse

    @property
    def shapes(self) -> Iterator[FeedShape]:
        """What the warehouse must know of each feed."""
        for feed in self.catalogue.feeds:
            yield FeedShape(
                feed=feed.id,
                columns=feed.fields,
                key=feed.key,
                reach=Reach.FEED if feed.mode is Mode.INCREMENT else Reach.PERIOD,
                operation=feed.operation,
                amount=feed.amount,
            )

    def anchors(self) -> tuple[Anchor, ...]:
        """The ledger lines that issued receipts quote."""
        return tuple(self.warehouse.anchors())

    @property
    def owed(self) -> Catalogue:
        """The catalogue as far as it is addressed to this centre; what only passes it is owed to others."""
        feeds = tuple(feed for feed in self.catalogue.feeds if self.file.centre in feed.routes)
        return replace(self.catalogue, feeds=feeds)

    @cached_property
    def inbox(self) -> LocalInbox | SharedInbox:
        """`spool/`, or what several receivers share. Raises: InboxDriverMissing, SchemaBehind."""
        if self.file.inbox is None:
            return LocalInbox(spool=self.spool)
        region = self.catalogue.centre(self.file.centre).region
        return SharedInbox(Register(engine=self.database, region=region), self.objects(self.file.inbox))

    def objects(self, file: InboxFile) -> Objects:
        """Where payloads lie that several receivers share. Raises: InboxDriverMissing, SecretUnavailable."""
        url, options = urlsplit(file.url), file.options
        if url.scheme == "file":
            return shared_folder(Path(unquote(url.path)))
        service = Service(
            endpoint_url=options.endpoint_url,
            region=options.region,
            key=self.secrets.read(options.key) if options.key else None,
            secret=self.secrets.read(options.secret) if options.secret else None,
            certificates=self.site.root / options.certificates if options.certificates else None,
        )
        return bucket(url.netloc, url.path.strip("/"), service)

    @property
    def kept(self) -> Spool | SharedInbox:
        """Where the node's sealed batches lie, as archive and fsck read them."""
        return self.inbox if isinstance(self.inbox, SharedInbox) else self.spool

    @cached_property
    def upward(self) -> Spool | None:
        """`upward/`, where the site names a centre above."""
        return Spool(self.site.root / "upward") if self.file.upward is not None else None

    @property
    def own(self) -> Centre:
        """This centre, as the catalogue knows it. Raises: UnknownName."""
        return self.catalogue.centre(self.file.centre)

    @cached_property
    def presence(self) -> Presence:
        """When each department was last heard of. Raises: SchemaBehind."""
        return Presence(self.database)

    @cached_property
    def instructions(self) -> InstructionBook:
        """What front-ends were told to do. Raises: SchemaBehind."""
        bureau = Bureau(
            centre=self.file.centre,
            catalogue=self.catalogue,
            ledger=self.ledger,
            signer=cache(self.keys.signer),
            paper=lambda number: self.orders.find(number, self.keys.trust(), self.clock()).data,
            clock=self.clock,
            entropy=os.urandom,
        )
        return InstructionBook(self.database, bureau)

    @cached_property
    def published(self) -> CatalogueBook:
        """The versions of the catalogue that were published. Raises: SchemaBehind."""
        press = Press(centre=self.file.centre, ledger=self.ledger, signer=cache(self.keys.signer), clock=self.clock)
        return CatalogueBook(self.database, press)

    def grants(self) -> GrantBook:
        """The book of read grants. Raises: UnknownName."""
        return GrantBook(
            centre=self.own, catalogue=self.catalogue, ledger=self.ledger, engine=self.database, clock=self.clock
        )

    def copyist(self) -> Copyist:
        """What copying outward needs."""
        return Copyist(
            centre=self.file.centre,
            warehouse=self.warehouse,
            ledger=self.ledger,
            signer=self.keys.signer,
            clock=self.clock,
        )

    def proxies(self) -> frozenset[str]:
        """SHA-256 of the certificates of this centre's own proxies; cheap to ask, a new file counts at once.

        Raises: KeyFileUnreadable, IdentityMissing; ConfigInvalid: one of them does not name this centre.
        """
        named = self.file.proxy.certificates if self.file.proxy else ()
        return frozenset(self._proxy(self.site.root / path) for path in named)

    def _proxy(self, path: Path) -> str:
        identity = self.keys.named(path)
        if str(identity) != f"{Party.CENTRE}:{self.file.centre}":
            zh = f"proxy.certificates 中的 {path.name} 不是本中心的证书({identity})"
            en = f"{path.name} of proxy.certificates is not a certificate of this centre ({identity})"
            raise ConfigInvalid(place=self.site.root / "site.yaml", problem_zh=zh, problem_en=en)
        return identity.fingerprint

    def reception(self) -> Reception:
        """The journey behind the wire. Raises: what `KeyRing` raises, unless nothing is addressed to this centre."""
        signer, decryptor = cache(self.keys.signer), cache(self.keys.decryptor)
        if self.owed.feeds:
            signer(), decryptor()  # a key that cannot be read is told at the start
        return Reception(
            ReceptionRooms(
                centre=self.file.centre,
                catalogue=self.catalogue,
                inbox=self.inbox,
                ledger=self.ledger,
                warehouse=self.warehouse,
                presence=self.presence,
                trust=self.keys.trust,
                signer=signer,
                decryptor=decryptor,
                clock=self.clock,
            )
        )


def open_node(root: Path, environ: Mapping[str, str]) -> FrontEnd | CentreNode:
    """The node whose site directory this is. Raises: what `read_site` raises."""
    site = read_site(root)
    kind = CentreNode if isinstance(site.file, CentreFile) else FrontEnd
    return kind(site=site, environ=environ)
