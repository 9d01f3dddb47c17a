"""Who may send what: the rules of admission that need the catalogue. The cryptographic ones are the envelope's.

Must never look at a payload, a store or the clock.
"""

from __future__ import annotations

from dataclasses import replace

from gateway.calendar import Period
from gateway.catalogue import Catalogue, Feed
from gateway.envelope.manifest import Manifest
from gateway.errors import (
    CadenceDiffers,
    FeedUnknown,
    HeartbeatNotAwaited,
    HeartbeatOfOthers,
    NotEntitled,
    PeriodInvalid,
    SchemaDiffers,
    UnknownName,
    UploadUnknown,
)
from gateway.keys import Identity, Party
from gateway.presence import Report
from gateway.records.stream import schema_digest


def feed_of(said: Manifest, catalogue: Catalogue) -> Feed:
    """The feed a manifest is about. Raises: FeedUnknown."""
    try:
        return catalogue.feed(said.feed)
    except UnknownName:
        raise FeedUnknown(feed=said.feed) from None


def require_entitled(said: Manifest, peer: Identity, centre: str, catalogue: Catalogue) -> Feed:
    """The signer of the manifest is the feed's owner, in a region that this centre answers for, and brings it itself.

    Or the centre brings it that stands directly below this one on the feed's path.

    Args:
        said: verified, so its `sender` is its signer.
        peer: who holds the connection's certificate, verified.
        centre: this one.

    Raises:
        FeedUnknown, NotEntitled, CadenceDiffers
    """
    feed = feed_of(said, catalogue)
    owner = catalogue.department(feed.department)
    inside = catalogue.centre(centre).answers_for(said.region)
    if not (_brings(peer, feed, centre) and said.sender == owner.id and said.region == owner.region and inside):
        raise NotEntitled(presented=str(peer), feed=feed.id)
    _require_cadence(said, feed)
    return feed


def only_carries(said: Manifest, centre: str, feed: Feed) -> bool:
    """Whether a batch only passes this centre: not addressed to it, a relay on the feed's path, and somebody above is.

    A centre of the feed's routes that a manifest does not name is no relay of it: that batch was sealed for others.
    """
    passes = centre not in said.recipients and centre not in feed.routes
    return passes and any(one in said.recipients for one in feed.above(centre))


def require_schema(said: Manifest, catalogue: Catalogue) -> Feed:
    """The feed, if the fields sealed are those of this catalogue. Raises: FeedUnknown, SchemaDiffers."""
    feed = feed_of(said, catalogue)
    if schema_digest(feed.fields) != f"sha256:{said.schema_digest}":
        raise SchemaDiffers(batch=said.batch_id)
    return feed


def require_owner(name: str, digest: str, peer: Identity, centre: str, catalogue: Catalogue) -> None:
    """What belongs to others is not there; `name` is a feed's. Raises: UploadUnknown."""
    if not any(_brings(peer, feed, centre) for feed in catalogue.feeds if feed.id == name):
        raise UploadUnknown(digest=digest)


def own_report(report: Report, peer: Identity, centre: str, catalogue: Catalogue) -> Report:
    """A front-end's report as far as it is kept: feeds that this centre's catalogue does not know yet are left out.

    Raises:
        HeartbeatNotAwaited: no department, or none of whose batches come here.
        HeartbeatOfOthers: it speaks of a feed that another department owns.
    """
    department = peer.id if peer.party is Party.DEPARTMENT else None
    if not any(feed.department == department and centre in feed.path for feed in catalogue.feeds):
        raise HeartbeatNotAwaited(presented=str(peer))
    owner = {feed.id: feed.department for feed in catalogue.feeds}
    for said in (*report.attempts, *report.held):
        if owner.get(said.feed, department) != department:
            raise HeartbeatOfOthers(presented=str(peer), feed=said.feed)
    return replace(
        report,
        attempts=tuple(one for one in report.attempts if one.feed in owner),
        held=tuple(one for one in report.held if one.feed in owner),
    )


def _brings(peer: Identity, feed: Feed, centre: str) -> bool:
    """Whether a feed's batches come from this party: its owner, or the next centre below on its path."""
    if peer.party is Party.DEPARTMENT:
        return peer.id == feed.department
    return peer.id == feed.below(centre)


def _require_cadence(said: Manifest, feed: Feed) -> None:
    try:
        fits = feed.schedule.fits(Period.parse(said.period))
    except PeriodInvalid:
        fits = False
    if not fits:
        raise CadenceDiffers(batch=said.batch_id, expected=str(feed.starts))
