"""What a published catalogue may not change at a front-end: which centres a feed's batches go to. Pure.

The routes and relays stand in the catalogue. Were they the office's alone to change, it could have a department's data
sealed for a centre that the department has never given it to. A feed that is new here has no connection yet: whoever
writes one has its routes before them.
"""

from __future__ import annotations

from gateway.catalogue import Sources
from gateway.errors import CatalogueRecipientPushed
from gateway.publication.connections import Consent


def require_recipients_kept(new: Sources, before: Sources, consent: Consent) -> None:
    """Raise unless each of the department's feeds goes to no centre but those it went to, or was let go to.

    Raises:
        CatalogueRecipientPushed: for the first that does.
    """
    for feed, owned in new.items():
        known = before.get(feed)
        ours = known is not None and known.department == consent.department
        if owned.department != consent.department or not (ours or feed in consent.overrides):
            continue
        went = known.centres if known is not None and ours else frozenset()
        for centre in sorted(owned.centres - went - consent.recipients):
            raise CatalogueRecipientPushed(feed=feed, centre=centre)
