"""What backup and restore need of a node, put together from its rooms. No decisions."""

from __future__ import annotations

import os
from pathlib import Path

from gateway.app.rooms import CentreNode, FrontEnd
from gateway.backup.contents import Contents
from gateway.backup.database import Programs
from gateway.backup.taking import Source
from gateway.database import PostgresAddress
from gateway.inbox import Objects, SharedInbox
from gateway.ledger import Detail, Event, EventKind


def source_of(node: FrontEnd | CentreNode, programs: Programs, passphrase: str | None) -> Source:
    """A node that is to be backed up."""
    where = database_of(node)
    return Source(
        node=node.site.file.site,
        site=node.site.root,
        engine=node.database,
        owner=where if isinstance(where, PostgresAddress) else None,
        ledger=node.ledger,
        payloads=payloads_of(node),
        clock=node.clock,
        entropy=os.urandom,
        programs=programs,
        passphrase=passphrase,
    )


def payloads_of(node: FrontEnd | CentreNode) -> SharedInbox | None:
    """Payloads outside the site that a backup takes along: those in a shared folder; a bucket has means of its own."""
    inbox = node.kept
    return inbox if isinstance(inbox, SharedInbox) and not in_bucket(node) else None


def in_bucket(node: FrontEnd | CentreNode) -> bool:
    """Whether the node's payloads lie in a bucket."""
    return isinstance(node, CentreNode) and node.file.inbox is not None and node.file.inbox.url.startswith("s3:")


def objects_of(node: FrontEnd | CentreNode) -> Objects | None:
    """Where the node's payloads lie outside its site; its database need not be there yet."""
    if isinstance(node, FrontEnd) or node.file.inbox is None:
        return None
    return node.objects(node.file.inbox)


def begin_again(node: FrontEnd | CentreNode) -> None:
    """Uploads that were growing when the backup was taken are not in it: their senders submit them again."""
    if isinstance(node.kept, SharedInbox):
        node.kept.forget_unfinished()


def database_of(node: FrontEnd | CentreNode) -> Path | PostgresAddress:
    """Where the node's database is; PostgreSQL as its owner, whom row-level security hides nothing from."""
    if isinstance(node, FrontEnd):
        return node.site.root / "ledger.db"
    server = node.file.warehouse
    return node.site.root / "warehouse.db" if server is None else node.address(server, server.owner or server)


def enter_restored(node: FrontEnd | CentreNode, said: Contents, digest: str) -> None:
    """The first line after those that the backup holds: where this ledger parts from the one it was taken of."""
    detail = Detail(files=len(said.files), size=said.size, position=said.position, head=said.head)
    node.ledger.append(Event(at=node.clock(), kind=EventKind.RESTORED, digest=digest, detail=detail))
