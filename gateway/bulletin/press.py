"""Issuing a bulletin and its correction notices: the figures into the ledger, in one transaction.

From then on the ledger is the bulletin. Must never count an obligation, nor write a file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine

from gateway.bulletin.changes import differences
from gateway.bulletin.figures import total
from gateway.bulletin.issues import Bulletin, events_of, issues_in
from gateway.calendar import ASIA_SHANGHAI, Period
from gateway.catalogue import Centre, Duty
from gateway.catalogue.duties import require_duty
from gateway.database import alone, writing
from gateway.errors import BulletinIssued, BulletinNotIssued, BulletinTooEarly, BulletinUnchanged
from gateway.ledger import EventKind, Ledger


@dataclass(frozen=True, kw_only=True)
class Press:
    """The rooms that issuing needs; `engine` is the database that the ledger lies in."""

    centre: Centre
    ledger: Ledger
    engine: Engine
    clock: Callable[[], datetime]

    def issues(self, period: Period, connection: Connection | None = None) -> tuple[Bulletin, ...]:
        """Every issue of a period, the oldest first."""
        return issues_in(self.ledger.lines(kind=EventKind.PUBLISHED, connection=connection), period)

    def issue(self, preview: Bulletin, by: str) -> Bulletin:
        """Issue a bulletin as previewed.

        Raises:
            DutyMissing; BulletinTooEarly: something may still come in time; BulletinIssued; LedgerTextRefused.
        """
        self._require_approver(by)
        _require_settled(preview)
        made = replace(preview, number=1, by=by, reason=None)
        with writing(self.engine) as connection:
            alone(connection, _name(preview.period))
            if self.issues(preview.period, connection):
                raise BulletinIssued(period=preview.period)
            return self._enter(made, connection)

    def correct(self, preview: Bulletin, by: str, reason: str) -> Bulletin:
        """Issue what is so now as the next correction notice.

        Raises:
            DutyMissing, BulletinNotIssued, BulletinUnchanged, LedgerTextRefused.
        """
        self._require_approver(by)
        with writing(self.engine) as connection:
            alone(connection, _name(preview.period))
            before = self.issues(preview.period, connection)
            if not before:
                raise BulletinNotIssued(period=preview.period)
            if not differences(before[-1].entries, preview.entries):
                raise BulletinUnchanged(period=preview.period)
            made = replace(preview, number=before[-1].number + 1, by=by, reason=reason)
            return self._enter(made, connection)

    def _enter(self, made: Bulletin, connection: Connection) -> Bulletin:
        for event in events_of(made, self.centre.id):
            self.ledger.append(event, connection)
        return made

    def _require_approver(self, by: str) -> None:
        """Somebody with the duty approve, where the catalogue lists the centre's people; else a post, as typed."""
        if self.centre.people:
            require_duty(self.centre, by, Duty.APPROVE)


def _require_settled(preview: Bulletin) -> None:
    """Raise while the period runs, or anything in it has neither come nor fallen due."""
    still = total(preview.entries).open
    if still or preview.at.astimezone(ASIA_SHANGHAI).date() < preview.period.end:
        raise BulletinTooEarly(period=preview.period, open=still)


def _name(period: Period) -> str:
    return f"bulletin {period}"
