"""The verification: the whole ledger checked in the background, so that a scrape need only say what was found.

Checks the chain, the guards and the lines that issued receipts quote, as `yizhan ledger verify` does. It must never
write, and never make a scrape wait.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.errors import Lang, YizhanError
from monitoring.exporter.watch import Watch

_AGAIN = timedelta(minutes=10)
"""After it could not be done: the database was away, or locked."""
_PATIENCE = 60.0
"""Seconds that the first verification leaves to the first readings at most."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """How many faults were found by a verification that ended at `at` (aware)."""

    at: datetime
    faults: int


class Verification:
    """Runs in a thread of its own from `start` to `stop`."""

    def __init__(self, watch: Watch, every: timedelta, log: logging.Logger, lang: Lang) -> None:
        self._watch, self._every, self._log, self._lang = watch, every, log, lang
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="verify ledger", daemon=True)
        self._after: Sequence[threading.Thread] = ()
        self.found: Finding | None = None
        self.whole_at: datetime | None = None

    def start(self, after: Sequence[threading.Thread] = ()) -> None:
        """The first verification begins once these have ended: beside them it would take half of their time."""
        self._after = after
        self._thread.start()

    def stop(self, patience: float) -> None:
        """No further one; one that runs is given so many seconds to notice."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(patience)

    def once(self) -> None:
        """Verify now. Raises: StoreAbsent, StoreUnavailable, StoreDamaged, StoreForbidden, SchemaBehind."""
        node = self._watch.node
        faults = 0
        for fault in node.ledger.verify(node.anchors()):
            if self._over.is_set():
                return
            faults += 1
            self._tell(fault)
        self.found = Finding(at=node.clock(), faults=faults)
        if not faults:
            self.whole_at = self.found.at

    def _run(self) -> None:
        until = time.monotonic() + _PATIENCE
        for one in self._after:
            one.join(max(0.0, until - time.monotonic()))
        wait = timedelta(0)
        while not self._over.wait(wait.total_seconds()):
            try:
                self.once()
                wait = self._every
            except YizhanError as away:
                self._tell(away)
                wait = min(self._every, _AGAIN)

    def _tell(self, error: YizhanError) -> None:
        self._log.warning("source=verification code=%s %s", error.code, error.message(self._lang))
