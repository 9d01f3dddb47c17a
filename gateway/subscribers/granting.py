"""The book of grants: granting and revoking, entered in the ledger in one transaction.

Must never judge whether a reading is covered; that is `grants`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from gateway.catalogue import Catalogue, Centre, Duty
from gateway.catalogue.duties import require_duty
from gateway.catalogue.regions import prefix_of
from gateway.database import alone, writing
from gateway.errors import GrantEnded, GrantNumberTaken, GrantUnknown, UnknownName
from gateway.ledger import Detail, Event, EventKind, Ledger
from gateway.subscribers.grants import Grant, grants_in


@dataclass(frozen=True, kw_only=True)
class GrantBook:
    """The grants of one centre; `engine` is the database its ledger lies in."""

    centre: Centre
    catalogue: Catalogue
    ledger: Ledger
    engine: Engine
    clock: Callable[[], datetime]

    def grants(self) -> tuple[Grant, ...]:
        """Every grant ever made, in order."""
        return grants_in(self.ledger.lines())

    def grant(
        self,
        number: str,
        *,
        reader: str,
        feeds: Sequence[str],
        region: str,
        until: datetime,
        by: str,
        reason: str,
    ) -> Grant:
        """Give a reader the right to read.

        Args:
            reader: a subscriber's id, or a region's code. by: somebody of this centre with the duty to approve.

        Raises:
            UnknownName, DutyMissing, GrantEnded, GrantNumberTaken, LedgerTextRefused.
        """
        now = self.clock()
        require_duty(self.centre, by, Duty.APPROVE)
        self._require_reader(reader)
        self._require_code(region)
        named = tuple(dict.fromkeys(self.catalogue.feed(feed).id for feed in feeds))
        if until <= now:
            raise GrantEnded(number=number, until=until.isoformat())
        said = Detail(subscriber=reader, region=region, number=number, reason=reason, until=until.isoformat())
        events = [Event(at=now, kind=EventKind.GRANTED, feed=feed, by=by, detail=said) for feed in named]
        with writing(self.engine) as connection:
            alone(connection, f"grant {number}")
            if any(one.number == number for one in grants_in(self.ledger.lines(connection=connection))):
                raise GrantNumberTaken(number=number)
            for event in events:
                self.ledger.append(event, connection)
        return self.find(number)

    def revoke(self, number: str, *, by: str, reason: str) -> Grant:
        """End a grant now. Again: nothing changes. Raises GrantUnknown, DutyMissing, LedgerTextRefused."""
        require_duty(self.centre, by, Duty.APPROVE)
        known = self.find(number)
        if known.revoked_at is None:
            said = Detail(subscriber=known.reader, number=number, reason=reason)
            self.ledger.append(Event(at=self.clock(), kind=EventKind.REVOKED, by=by, detail=said))
        return self.find(number)

    def find(self, number: str) -> Grant:
        """Raises GrantUnknown."""
        for one in self.grants():
            if one.number == number:
                return one
        raise GrantUnknown(number=number)

    def _require_reader(self, reader: str) -> None:
        if reader[:1].isdigit():
            self._require_code(reader)
        else:
            self.catalogue.subscriber(reader)

    def _require_code(self, region: str) -> None:
        try:
            prefix_of(region)
        except ValueError:
            near = self.centre.region
            raise UnknownName(kind_zh="区划代码", kind_en="region code", name=region, near=near) from None
