"""What goes up from here: what its ledger says of batches that only pass this centre, and of refusals above.

Receipts of a batch that only passes come from above, never from here.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.chain import refusals
from gateway.errors import RefusedAbove
from gateway.ledger import Event, EventKind, Ledger


def enter_relayed(ledger: Ledger, line: Event) -> None:
    """Enter that a batch was taken to be carried on, once, however often taking it is cut off."""
    if all(known.digest != line.digest for known in ledger.lines(batch=line.batch, kind=EventKind.RELAYED)):
        ledger.append(line)


def refused_above(ledger: Ledger, batch: str, digest: str, above: Sequence[str]) -> RefusedAbove | None:
    """The last word about a batch, if it is that a centre above refused it."""
    refused = refusals(ledger.lines(batch=batch)).get(digest)
    return refused if refused is not None and refused.facts["centre"] in above else None
