"""Refusals: whatever stops a collection stands in the ledger, with its code, before the caller hears of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gateway.collect.desk import Desk
from gateway.collect.pouring import Task
from gateway.errors import Retry, Settled, Unbalanced, YizhanError
from gateway.ledger import Event, EventKind


@contextmanager
def entered_when_refused(task: Task, desk: Desk) -> Iterator[None]:
    """Enter the error that leaves this block, and let it go on."""
    try:
        yield
    except YizhanError as stopped:
        event = Event(
            at=desk.clock(),
            kind=_kind_of(stopped),
            feed=task.feed.id,
            period=str(task.period),
            code=stopped.code,
            by=task.by,
        )
        desk.ledger.append(event)
        raise


def _kind_of(stopped: YizhanError) -> EventKind:
    match stopped:
        case Unbalanced():
            return EventKind.UNBALANCED
        case Retry():
            return EventKind.DEFERRED
        case Settled():
            return EventKind.DUPLICATE
        case _:
            return EventKind.REFUSED
