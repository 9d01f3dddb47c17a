"""Who may enter a decision or an event at a node.

Users go by their real names (《管理办法》第十二条): where the catalogue lists people of the centre, it is one with the
duty approve; at a front-end, which enters a copy of the office's decision, one of the department's with the duty
declare. Where nobody is listed, a person or a post is written, as on paper.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.catalogue import Centre, Department, Duty
from gateway.catalogue.duties import require_duty
from gateway.errors import LedgerTextRefused


@dataclass(frozen=True, kw_only=True)
class Authority:
    """The centre or department whose node it is."""

    party: Centre | Department

    def require(self, person: str) -> None:
        """Raise unless this person may. Raises: DutyMissing; LedgerTextRefused: nobody is named at all."""
        if self.party.people:
            duty = Duty.APPROVE if isinstance(self.party, Centre) else Duty.DECLARE
            require_duty(self.party, person, duty)
        elif not person.strip():
            raise LedgerTextRefused(column="by")
