"""What a centre's office interface needs beside the book of instructions: its token, and how things stand.

Puts rooms together; must never decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from json import loads
from threading import Lock
from typing import cast

from gateway.app.facts import Following
from gateway.app.rooms import CentreNode
from gateway.app.site import OfficeFile
from gateway.calendar import Period
from gateway.errors import BatchUnknownHere, OfficeTokenWeak, PeriodNotOwed, YizhanError
from gateway.freshness import Row, obligations, to_json
from gateway.freshness.words import STATE_WORDS
from gateway.ledger import EventKind
from gateway.ledger.words import event_words
from gateway.server.office import LEAST_TOKEN

_FACT = re.compile(r"\{[^{}]*\}")


def token_of(node: CentreNode, office: OfficeFile) -> str:
    """The bearer token. Raises: SecretUnavailable, OfficeTokenWeak."""
    token = node.secrets.read(office.token).strip()
    if len(token) < LEAST_TOKEN:
        raise OfficeTokenWeak(least=LEAST_TOKEN)
    return token


class CentreShelves:
    """Periods and batches as this centre's board and ledger have them; see `gateway.server.office.Shelves`."""

    def __init__(self, node: CentreNode) -> None:
        self._node = node
        self._following = Following(node)
        self._alone = Lock()

    def period(self, feed: str, period: str) -> Mapping[str, object]:
        """The board's row of `status --json`, and what became of the newest batch.

        Raises:
            UnknownName, PeriodInvalid; PeriodNotOwed: it is no period of the feed, or an event nobody made known.
        """
        node, at = self._node, self._node.clock()
        known, wanted = node.catalogue.feed(feed), Period.parse(period)
        with self._alone:
            facts = self._following.now()
        catalogue = replace(node.catalogue, feeds=(known,))
        for row in obligations(catalogue, facts, at, wanted):
            if row.period == wanted:
                return {**_board_row(row, at), **self._newest(row)}
        cadence = wanted.cadence
        said = {"cadence_zh": cadence.zh, "cadence_en": cadence.en}
        raise PeriodNotOwed(feed=feed, period=period, starts=known.starts, **said)

    def batch(self, digest: str) -> Mapping[str, object]:
        """Every line of the ledger about a batch, as `ledger show --json` has them, and what its events and codes mean.

        Raises:
            BatchUnknownHere.
        """
        lines = list(self._node.ledger.lines(digest=digest))
        if not lines:
            raise BatchUnknownHere(digest=digest)
        return {
            "lines": [loads(line.export()) for line in lines],
            "events": {line.event: _both(*event_words(line.event)) for line in lines},
            "codes": _explained({line.code for line in lines if line.code}),
        }

    def _newest(self, row: Row) -> Mapping[str, object]:
        """What became of the newest batch that was loaded here: sent = loaded + problem + duplicate."""
        nothing = dict.fromkeys(("digest", "sent", "loaded", "problem", "duplicate"))
        held: dict[str, object] = {"held": row.held_since is not None}
        loaded = list(self._node.ledger.lines(batch=row.batch, kind=EventKind.LOADED)) if row.batch else []
        if not (loaded and row.deliveries):
            return nothing | held
        newest, said = row.deliveries[-1], loaded[-1].said
        figures = {"sent": newest.offered_rows, "loaded": said.rows, "problem": newest.problem_rows}
        return {"digest": loaded[-1].digest, **figures, "duplicate": said.duplicate, **held}


def _board_row(row: Row, at: datetime) -> dict[str, object]:
    (said,) = cast(list[dict[str, object]], to_json((row,), at)["feeds"])
    return said | {"words": _both(*STATE_WORDS[row.state])}


def _explained(codes: Iterable[str]) -> Mapping[str, object]:
    """What each code says and what to do next. The ledger has kept no facts: where one belongs, there are dots."""
    errors = {error.code: error for error in YizhanError.all()}
    return {
        code: {
            "message": _both(_FACT.sub("…", errors[code].zh), _FACT.sub("...", errors[code].en)),
            "next": _both(_FACT.sub("…", errors[code].zh_next), _FACT.sub("...", errors[code].en_next)),
        }
        for code in sorted(codes)
        if code in errors
    }


def _both(zh: str, en: str) -> Mapping[str, str]:
    return {"zh": zh, "en": en}
