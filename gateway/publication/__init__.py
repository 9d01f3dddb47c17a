"""The catalogue as a centre publishes it and front-ends take it (目录下发): signed, in versions, never backward.

    document      the signed paper                   `gateway.envelope.catalogue` (ENVELOPE.md section 9)
    book          the versions of a centre, its database, and who uses which       `CatalogueBook`
    shelf         the versions that a front-end has taken, `catalogues/`           `Shelf`
    taking        verified, judged and kept; or refused, and why                   `take`
    connections   what no centre may change: where a source is, and its secrets    `require_connections_kept`
    recipients    nor this: which centres a feed goes to                           `require_recipients_kept`

A front-end takes nothing that its department has not consented to (`agent.catalogue_from`), and no version that would
send its credentials or its data elsewhere. Must never fetch anything itself.
"""

from gateway.publication.book import CatalogueBook, Press, Published, Use, Using
from gateway.publication.shelf import Refused, Shelf
from gateway.publication.table import SCHEMA, USES, VERSIONS
from gateway.publication.taking import Ground, Taker, take

__all__ = [
    "SCHEMA",
    "USES",
    "VERSIONS",
    "CatalogueBook",
    "Ground",
    "Press",
    "Published",
    "Refused",
    "Shelf",
    "Taker",
    "Use",
    "Using",
    "take",
]
