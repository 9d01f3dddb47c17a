"""What carrying out instructions is given: the rooms of a front-end. Holds them together, and does nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from adapters.contract import Adapter
from gateway.agent.tray import Tray
from gateway.catalogue import Catalogue, Feed
from gateway.collect import Desk
from gateway.deliver import Post
from gateway.envelope.parties import Trust
from gateway.errors import YizhanError
from gateway.journal import Clock
from gateway.keys import Signatory
from gateway.ledger import Ledger
from gateway.orders import Office
from gateway.release import Gate
from gateway.spool import Spool

Watch = Callable[[str, int, int], None]
"""`watch(batch, offset, size)`: bytes of a batch handed to the connection so far."""


@dataclass(frozen=True, kw_only=True)
class Rooms:
    """The rooms of a front-end that carrying out instructions needs.

    Attributes:
        department: whose front-end this is. collector: who answers for first pushes that nobody attends.
        releases_by: reviewers (staff numbers) whom the department lets sign upon a release instruction.
        desk, source, post: what collecting a feed, its source, and delivering need; opened at each use.
        signatory: a person whose key lies at this machine. Raises: what `gateway.keys.open_signatory` raises.
        afterwards: what follows deliveries: further receipts are fetched, sources are told; gives what did not work.
    """

    tray: Tray
    spool: Spool
    ledger: Ledger
    catalogue: Catalogue
    department: str
    collector: str | None
    releases_by: tuple[str, ...]
    trust: Callable[[], Trust]
    clock: Clock
    gate: Gate
    office: Office
    desk: Callable[[Feed], Desk]
    source: Callable[[Feed], Adapter]
    post: Callable[[Watch], Post]
    signatory: Callable[[str], Signatory]
    afterwards: Callable[[], Iterable[YizhanError]]
