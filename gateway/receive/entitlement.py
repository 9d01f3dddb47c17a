"""Who may send what: the rules of admission that need the catalogue. The cryptographic ones are the envelope's.

Must never look at a payload, a store or the clock.
"""

from __future__ import annotations

from gateway.calendar import Period
from gateway.catalogue import Catalogue, Feed
from gateway.envelope.manifest import Manifest
from gateway.errors import (
    CadenceDiffers,
    FeedUnknown,
    NotEntitled,
    PeriodInvalid,
    SchemaDiffers,
    UnknownName,
    UploadUnknown,
)
from gateway.keys import Identity, Party
from gateway.records.stream import schema_digest


def feed_of(said: Manifest, catalogue: Catalogue) -> Feed:
    """The feed a manifest is about. Raises: FeedUnknown."""
    try:
        return catalogue.feed(said.feed)
    except UnknownName:
        raise FeedUnknown(feed=said.feed) from None


def require_entitled(said: Manifest, peer: Identity, catalogue: Catalogue) -> None:
    """The certificate of the connection, the signer of the manifest and the feed's owner are one department.

    Args:
        said: verified, so its `sender` is its signer.
        peer: who holds the connection's certificate, verified.

    Raises:
        FeedUnknown, NotEntitled, CadenceDiffers
    """
    feed = feed_of(said, catalogue)
    owner = catalogue.department(feed.department)
    holds = peer.party is Party.DEPARTMENT and peer.id == said.sender == owner.id and said.region == owner.region
    if not holds:
        raise NotEntitled(presented=str(peer), feed=feed.id)
    _require_cadence(said, feed)


def require_schema(said: Manifest, catalogue: Catalogue) -> Feed:
    """The feed, if the fields sealed are those of this catalogue. Raises: FeedUnknown, SchemaDiffers."""
    feed = feed_of(said, catalogue)
    if schema_digest(feed.fields) != f"sha256:{said.schema_digest}":
        raise SchemaDiffers(batch=said.batch_id)
    return feed


def require_owner(feed: str, digest: str, peer: Identity, catalogue: Catalogue) -> None:
    """What belongs to another department is not there. Raises: UploadUnknown."""
    owners = {one.department for one in catalogue.feeds if one.id == feed}
    if peer.party is not Party.DEPARTMENT or peer.id not in owners:
        raise UploadUnknown(digest=digest)


def _require_cadence(said: Manifest, feed: Feed) -> None:
    try:
        fits = Period.parse(said.period).cadence is feed.rule.cadence
    except PeriodInvalid:
        fits = False
    if not fits:
        raise CadenceDiffers(batch=said.batch_id, expected=str(feed.starts))
