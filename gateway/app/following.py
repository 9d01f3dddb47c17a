"""How a front-end takes a centre's published catalogue, put together from the node's rooms. No decisions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from gateway.app.rooms import CentreNode, FrontEnd
from gateway.catalogue import Texts, texts_of
from gateway.envelope.catalogue import CatalogueFile, may_be_published
from gateway.errors import CatalogueNotTaken, ConfigInvalid, YizhanError
from gateway.publication import Ground, Published, Shelf, Taker, Use, take
from gateway.publication.connections import Consent
from gateway.transport import Patience

ASKING = Patience(attempts=2, first=1.0, answer=60.0)
"""A whole catalogue has to come through a narrow line; the next question is as good as a third attempt."""


def publish(node: CentreNode, by: str, note: str | None) -> Published | None:
    """Publish the centre's present catalogue, if it holds; None where it is published already.

    Raises:
        ConfigMissing, ConfigInvalid, SecretLiteral, ConfigFaults: it does not hold, or not to be published so.
        UnknownName: it does not know this centre. SealRefused, LedgerTextRefused: what `CatalogueBook.publish` raises.
    """
    place = node.catalogue_place
    texts = texts_of(place)
    node.catalogue.centre(node.file.centre)  # whatever is wrong with the catalogue is told at its own file and line
    if texts_of(place) != texts:
        zh, en = "目录在发布时被修改,请再发布一次", "it was changed while it was read: publish again"
        raise ConfigInvalid(place=place, problem_zh=zh, problem_en=en)
    return node.published.publish(_files(texts, place), by, note)


def _files(texts: Texts, place: Path) -> Sequence[CatalogueFile]:
    for path, _ in texts:
        if not may_be_published(path):
            zh = "文件或文件夹名不能下发:应由字母、数字、汉字、_、- 组成(文件名可含 .),文件夹不超过 4 层"
            en = "not a name to publish: letters, digits, _ and - (in a file's name also .), at most 4 folders"
            raise ConfigInvalid(place=place / path, problem_zh=zh, problem_en=en)
    return tuple(CatalogueFile(path=path, text=text) for path, text in texts)


def follow(node: FrontEnd, patience: Patience = ASKING, *, again: bool = False) -> int | None:
    """Ask the centre whose catalogue this site takes for a newer one, and take it: its version; None: there is none.

    The node keeps the catalogue it was opened with. `again`: ask also for one that was refused.

    Raises:
        CatalogueNotTaken: the site takes nobody's. UnknownName: that centre has no address here.
        Retry, PeerRefused: the centre cannot be asked. What `take` raises.
    """
    centre, shelf = node.file.agent.catalogue_from, node.shelf
    if centre is None or shelf is None:
        raise CatalogueNotTaken(site=node.file.site)
    taker = _taker(node, centre, shelf)
    with node.connect(centre, patience) as client:
        asked = _use(shelf, taker.ground.under)
        paper = client.catalogue(**asdict(asked if not again else Use(version=asked.version)))
        if paper is None:
            return None
        try:
            return take(paper, taker)
        finally:
            with suppress(YizhanError):  # or the centre hears of it with the next question
                client.catalogue(**asdict(_use(shelf, taker.ground.under)))


def _use(shelf: Shelf, under: str) -> Use:
    """What this node uses and has refused; a refusal counts as long as it would be judged by the same."""
    in_force, refused = shelf.newest() or 0, shelf.refused()
    if refused is None or refused.version <= in_force or refused.under != under:
        return Use(version=in_force)
    return Use(version=in_force, refused=refused.version, code=refused.code)


def _taker(node: FrontEnd, centre: str, shelf: Shelf) -> Taker:
    place = node.catalogue_now()
    consent = Consent(
        department=node.file.department,
        adapters=node.adapters.configs(),
        overrides=node.site.overrides,
        recipients=frozenset(node.file.agent.recipients),
    )
    ground = Ground(consent=consent, in_force=lambda: texts_of(place), under=_under(node, place))
    return Taker(centre=centre, shelf=shelf, ledger=node.ledger, ground=ground, trust=node.keys.trust, clock=node.clock)


def _under(node: FrontEnd, in_force: Path) -> str:
    """A digest of what decides here whether a version is taken: site file as it was read, version in force, product."""
    said = f"{node.file.model_dump_json()} {in_force.relative_to(node.site.root)} {version('yizhan')}"
    return hashlib.sha256(said.encode()).hexdigest()
