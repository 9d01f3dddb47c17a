"""The net effect of a load, as a receipt states it: what the batch changed in what the centre believes.

    before + added + changed - replaced - removed = after             in rows and in fen, of the feed's period

This module must never know how the centre compares rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.envelope.canonical import STRICT, ControlTotals


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What became of the centre's rows.

    Attributes:
        added: loaded rows of records that were not there.
        changed: loaded rows that took the place of an older version.
        replaced: those older versions.
        removed: rows that went without another in their place: the batch does not contain them, or orders it.
    """

    __pydantic_config__ = STRICT

    added: ControlTotals
    changed: ControlTotals
    replaced: ControlTotals
    removed: ControlTotals

    @property
    def totals(self) -> tuple[ControlTotals, ...]:
        """All four."""
        return self.added, self.changed, self.replaced, self.removed

    @property
    def net_rows(self) -> int:
        """By how many rows the centre believes more than before, or less."""
        return self.added.rows - self.removed.rows

    @property
    def net_sums(self) -> tuple[tuple[str, int], ...]:
        """By how many fen each money field's sum is more than before, or less; sorted by name."""
        lost = dict((self.replaced + self.removed).sums)
        return tuple((name, fen - lost[name]) for name, fen in (self.added + self.changed).sums)

    def fits(self, loaded: ControlTotals) -> bool:
        """Whether it can be the effect of loading these: each changed row replaced one, and no row counts twice.

        Loaded rows that are neither added nor changed ordered a removal; where there are none, the fen agree too.
        """
        written = self.added + self.changed
        paired = self.changed.rows == self.replaced.rows
        return paired and (written.rows < loaded.rows or written == loaded)
