"""By what an answer finds its entry, an entry its original, and a person himself: which roles, compared how.

Owns the choice of roles for one configuration. Roster and answers are digested here alone, so that both sides always
compare alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from adapters.onecard.config import OnecardConfig
from adapters.onecard.keys import Digester, Keys, Words
from adapters.onecard.layout import Role
from adapters.onecard.plan import Plan

_ENTRY = (Role.BATCH, Role.SERIAL)
_CLAIM = (Role.PERSON, Role.ITEM, Role.COVERS)


@dataclass(frozen=True, kw_only=True)
class Matching:
    """The roles of one configuration.

    Attributes:
        match: by which an answer finds its entry.
        padded: whose leading zeros do not matter, because one of the layouts says so.
        whose: which say whose an entry is, as far as the roster and all answers have them.
    """

    match: tuple[Role, ...]
    padded: frozenset[Role]
    whose: tuple[Role, ...]
    digester: Digester = field(repr=False)

    @classmethod
    def of(cls, config: OnecardConfig, digester: Digester) -> Matching:
        layouts = [config.roster.layout, *(part.layout for _, part in config.answers())]
        return cls(
            match=config.match,
            padded=frozenset(role for layout in layouts for role in layout.padded or ()),
            whose=tuple(
                role for role in (Role.PERSON, Role.ACCOUNT) if all(role in layout.roles for layout in layouts)
            ),
            digester=digester,
        )

    def keys(self, plan: Plan, batch: pa.RecordBatch) -> Keys:
        """Of entries, or of the entries that answers are about."""
        return self._digests(plan.texts(batch, self.match), self.match)

    def persons(self, plan: Plan, batch: pa.RecordBatch) -> Words:
        """Whose each row is; 0 where that is not said."""
        if not self.whose:
            return np.zeros(batch.num_rows, np.uint64)
        return self.digester.keys(plan.texts(batch, self.whose)).short

    def entries(self, plan: Plan, batch: pa.RecordBatch) -> Words:
        """Each entry by batch and serial, as links name it; 0 where it has none."""
        return self._digests(plan.texts(batch, _ENTRY), _ENTRY).short

    def originals(self, batches: pa.Array, serials: pa.Array) -> Words:
        """The entries that links name; 0 where there is no link."""
        return self._digests([batches, serials], _ENTRY).short

    def claims(self, plan: Plan, batch: pa.RecordBatch) -> Words:
        """Who is paid for what, as far as the roster says; 0 where it does not say who."""
        roles = [role for role in _CLAIM if plan.has(role)]
        if Role.PERSON not in roles:
            return np.zeros(batch.num_rows, np.uint64)
        return self.digester.keys(plan.texts(batch, roles)).short

    def _digests(self, texts: list[pa.Array], roles: tuple[Role, ...]) -> Keys:
        return self.digester.keys(texts, [role in self.padded for role in roles])
