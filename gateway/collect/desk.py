"""What collecting is given: the rooms of a front-end. Holds them together, and does nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.bookmarks import Bookmarks
from gateway.catalogue import Catalogue
from gateway.envelope.parties import Signer, Trust
from gateway.journal import Clock
from gateway.ledger import Ledger
from gateway.orders import Orders
from gateway.problems import ProblemBooks
from gateway.spool import Spool

Entropy = Callable[[int], bytes]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The rooms of a front-end that collecting needs.

    Attributes:
        catalogue: who has which duty, and when a year is closed. trust: asked for at each use.
        recipients: the encryption certificate (DER) of each centre on the feed's route, in that order.
        clock: aware now. entropy: `n` secret random bytes.
    """

    spool: Spool
    ledger: Ledger
    books: ProblemBooks
    bookmarks: Bookmarks
    orders: Orders
    catalogue: Catalogue
    trust: Callable[[], Trust]
    signer: Signer
    recipients: Sequence[bytes]
    clock: Clock
    entropy: Entropy
