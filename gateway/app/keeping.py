"""What archiving and purging need of a node, put together from its rooms. No decisions."""

from __future__ import annotations

from gateway.app.levels import BACKGROUND, upward_of
from gateway.app.rooms import CentreNode, FrontEnd
from gateway.archive.choosing import Archivist, Closing
from gateway.archive.retention import Retention
from gateway.archive.shelf import Archives
from gateway.forward import due
from gateway.keys import Party
from gateway.ledger import EventKind

# What a centre has answered itself is settled; what only passed it, with the receipt of a centre above.
_CLOSING: dict[bool, Closing] = {
    False: (frozenset({EventKind.RECEIPTED}),),
    True: (frozenset({EventKind.LOADED}), frozenset({EventKind.RELAYED, EventKind.FORWARDED})),
}


def closing_of(node: FrontEnd | CentreNode) -> Closing:
    """What the ledger says of a batch that is settled here."""
    return _CLOSING[isinstance(node, CentreNode)]


def archives_of(node: FrontEnd | CentreNode) -> Archives:
    """`archive/`."""
    return Archives(root=node.site.root / "archive")


def archivist_of(node: FrontEnd | CentreNode) -> Archivist:
    """The rooms of archiving; the private key is read when something is signed."""
    centre = isinstance(node, CentreNode)
    return Archivist(
        node=node.site.file.site,
        party=(Party.CENTRE if centre else Party.DEPARTMENT).value,
        id=node.file.centre if isinstance(node, CentreNode) else node.file.department,
        closing=closing_of(node),
        due=lambda: _due(node),
        archives=archives_of(node),
        kept=node.kept,
        ledger=node.ledger,
        trust=node.keys.trust,
        signer=node.keys.signer,
        clock=node.clock,
    )


def _due(node: FrontEnd | CentreNode) -> set[str]:
    """What a front-end has settled was sent; what a centre has, may have to go up, where this site sends upward."""
    rooms = upward_of(node, lambda *_: None, BACKGROUND) if isinstance(node, CentreNode) else None
    return {kept.name.mark for kept in due(rooms)} if rooms else set()


def retention_of(node: FrontEnd | CentreNode) -> Retention:
    """How long the site keeps things."""
    file = node.site.file.retention
    return Retention(
        payload_days=file.payload_days, log_months=file.log_months, archive_years=file.archive_years
    )  # fmt: skip
