"""What collecting is given: the rooms of a front-end. Holds them together, and does nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.bookmarks import Bookmarks
from gateway.envelope.parties import Signer
from gateway.journal import Clock
from gateway.ledger import Ledger
from gateway.problems import ProblemBooks
from gateway.spool import Spool

Entropy = Callable[[int], bytes]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The rooms of a front-end that collecting needs.

    Attributes:
        recipients: the encryption certificate (DER) of each centre on the feed's route, in that order.
        clock: aware now. entropy: `n` secret random bytes.
    """

    spool: Spool
    ledger: Ledger
    books: ProblemBooks
    bookmarks: Bookmarks
    signer: Signer
    recipients: Sequence[bytes]
    clock: Clock
    entropy: Entropy
