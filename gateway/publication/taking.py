"""Taking a published catalogue into force: verified, judged by the front-end's own rules, entered, kept; or refused.

What is refused leaves the one in force as it is. Every paper is entered in the ledger once, taken or refused, before
it is kept. Must never fetch anything, nor follow a version that it has not judged itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gateway.catalogue import Texts, read_texts, sources_of
from gateway.envelope.catalogue import PublishedCatalogue, digest_of, match_catalogue, read_catalogue
from gateway.envelope.parties import Trust
from gateway.errors import DepartmentDropped, Retry, YizhanError
from gateway.ledger import Detail, Event, EventKind, Ledger
from gateway.publication.connections import Consent, require_connections_kept
from gateway.publication.recipients import require_recipients_kept
from gateway.publication.shelf import Refused, Shelf


@dataclass(frozen=True, kw_only=True)
class Ground:
    """By what a version is judged.

    Attributes:
        in_force: the files of the catalogue that is in force now.
        under: a digest of all that the judgement rests on beside the version itself.
    """

    consent: Consent
    in_force: Callable[[], Texts]
    under: str


@dataclass(frozen=True, kw_only=True)
class Taker:
    """The rooms of a front-end that taking a catalogue needs. centre: the one it takes its catalogue from."""

    centre: str
    shelf: Shelf
    ledger: Ledger
    ground: Ground
    trust: Callable[[], Trust]
    clock: Callable[[], datetime]


def take(paper: bytes, taker: Taker) -> int | None:
    """Take a version into force: its number; None where it is here already.

    Raises:
        FileTooLong, CatalogueRefused (YZ-49xx), YZ-50xx: it is not to be relied on.
        ConfigInvalid, SecretLiteral, ConfigFaults: it is no whole catalogue, or does not go with the site's `sources:`.
        DepartmentDropped, CatalogueConnectionPushed, CatalogueRecipientPushed: it would harm this department.
        LedgerTextRefused: who published it or why looks like a person's number.
        SpoolFull, SpoolUnavailable, StoreUnavailable.
    """
    said: PublishedCatalogue | None = None
    latest = taker.shelf.latest()
    try:
        said = read_catalogue(paper, taker.trust(), taker.clock())
        match_catalogue(said, digest_of(paper), taker.centre, latest)
        if latest is not None and said.version == latest.version:
            return None
        _require_fit(said, taker.ground)
        _enter(paper, said, taker)
    except YizhanError as error:
        if not isinstance(error, Retry):
            _refuse(paper, said, error, taker)
        raise
    taker.shelf.put(said, paper)
    return said.version


def _require_fit(said: PublishedCatalogue, ground: Ground) -> None:
    """Whether it could be in force here: by the ordinary loader, with this site's own connections laid over it."""
    consent, texts = ground.consent, tuple((one.path, one.text) for one in said.files)
    catalogue, sources = read_texts(texts, consent.adapters, consent.overrides)
    if all(one.id != consent.department for one in catalogue.departments):
        raise DepartmentDropped(department=consent.department)
    ours = [(path, text) for path, text in ground.in_force() if consent.department in text]
    before = sources_of(ours)
    require_connections_kept(sources, before, consent)
    require_recipients_kept(sources, before, consent)


def _enter(paper: bytes, said: PublishedCatalogue, taker: Taker) -> None:
    content = digest_of(paper)
    if any(line.said.content == content for line in taker.ledger.lines(kind=EventKind.CATALOGUED)):
        return
    detail = Detail(
        number=str(said.version),
        centre=said.centre,
        reason=said.note,
        files=len(said.files),
        size=len(paper),
        content=content,
    )
    taker.ledger.append(Event(at=taker.clock(), kind=EventKind.CATALOGUED, by=said.by, detail=detail))


def _refuse(paper: bytes, said: PublishedCatalogue | None, error: YizhanError, taker: Taker) -> None:
    """Only of a genuine one is its number believed: no forgery can keep the next version from being asked for."""
    content = digest_of(paper)
    if not any(line.said.content == content for line in taker.ledger.lines(kind=EventKind.REFUSED)):
        detail = Detail(number=str(said.version) if said else None, centre=taker.centre, content=content)
        taker.ledger.append(Event(at=taker.clock(), kind=EventKind.REFUSED, code=error.code, detail=detail))
    if said is not None and said.centre == taker.centre:
        taker.shelf.keep_refused(Refused(version=said.version, code=error.code, under=taker.ground.under))
