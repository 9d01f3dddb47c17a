"""The exporter put together from its parts, and run until it is told to stop. Decides nothing."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version

from gateway.app.observing import ObservedCentre
from gateway.errors import Lang
from monitoring.exporter.board import Board
from monitoring.exporter.certificates import Certificates
from monitoring.exporter.disk import Disk
from monitoring.exporter.exporter import Exporter
from monitoring.exporter.ledger import LedgerEnd
from monitoring.exporter.listening import Listen, MutualTls
from monitoring.exporter.metrics import NODE_INFO
from monitoring.exporter.point import Point
from monitoring.exporter.presence import Presences
from monitoring.exporter.serving import serving
from monitoring.exporter.spool import Spools
from monitoring.exporter.verification import Verification
from monitoring.exporter.watch import Observed, Watch

_ENDING = (signal.SIGTERM, signal.SIGINT)
_PARTING = 1.0
"""Seconds that a verification under way is given at the end; it only reads."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How it runs. `tls`: None where only this machine may read. `verify_every`: how often the whole ledger."""

    listen: Listen
    tls: MutualTls | None
    verify_every: timedelta


def exporter_of(watch: Watch, verification: Verification, log: logging.Logger, lang: Lang) -> Exporter:
    """All collectors over one node."""
    return Exporter(
        (
            Board(watch),
            LedgerEnd(watch, verification),
            Presences(watch),
            Certificates(watch),
            Disk(watch),
            Spools(watch),
        ),
        fixed=(_node_info(watch.node),),
        clock=watch.node.clock,
        log=log,
        lang=lang,
    )


def run(watch: Watch, options: Options, log: logging.Logger, lang: Lang, ready: Callable[[Listen], None]) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is given the address when it accepts connections.

    Raises: what `serving` raises.
    """
    verification = Verification(watch, options.verify_every, log, lang)
    exporter = exporter_of(watch, verification, log, lang)
    with _signals() as ended, serving(exporter, options.listen, options.tls, log) as taken:
        ready(taken)
        verification.start(after=exporter.begin())
        os.read(ended, 1)
    verification.stop(_PARTING)
    watch.close()


@contextmanager
def _signals() -> Iterator[int]:
    """A pipe that can be read once the process was told to end, whichever of its threads the signal came to."""
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    before = {number: signal.signal(number, lambda *_: None) for number in _ENDING}
    wakeup = signal.set_wakeup_fd(tell)
    try:
        yield told
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(told)
        os.close(tell)


def _node_info(node: Observed) -> Point:
    role = "centre" if isinstance(node, ObservedCentre) else "front-end"
    return Point(NODE_INFO, (node.site.file.site, role, version("yizhan")), 1)
