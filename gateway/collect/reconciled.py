"""A source's own reconciliation: its figures as a manifest states them, and whether the three ways agree.

Must never add a figure of its own, nor let one that does not agree be sealed.
"""

from __future__ import annotations

from collections.abc import Iterable

from adapters.contract import Figure, Measure
from gateway.envelope.fiscal import FiscalBatch, People
from gateway.errors import ReconciliationUnbalanced
from gateway.records.totals import to_yuan

_NOBODY = People(people=0, amount=0)


def fiscal_batches(figures: Iterable[Figure] | None) -> tuple[FiscalBatch, ...] | None:
    """By document number and batch, in that order; a measure that was not given counts nobody. None for no figures."""
    given: dict[tuple[str, str], dict[str, People]] = {}
    for one in figures or ():
        given.setdefault((one.document, one.batch), {})[one.measure] = People(people=one.people, amount=one.fen)
    return tuple(_batch(place, measures) for place, measures in sorted(given.items())) or None


def _batch(place: tuple[str, str], measures: dict[str, People]) -> FiscalBatch:
    counted = {measure.value: measures.get(measure, _NOBODY) for measure in Measure}
    return FiscalBatch(document=place[0], batch=place[1], **{**counted, "declared": measures.get(Measure.DECLARED)})


def require_reconciled(feed: str, period: str, batches: Iterable[FiscalBatch]) -> None:
    """Raises: ReconciliationUnbalanced: names the first fiscal batch whose roster, declaration and returns differ."""
    for one in batches:
        if not one.balanced:
            raise ReconciliationUnbalanced(
                feed=feed,
                period=period,
                document=one.document,
                batch=one.batch,
                roster=_figure(one.roster),
                declared="—" if one.declared is None else _figure(one.declared),
                returned=_figure(one.returned),
            )


def _figure(one: People) -> str:
    return f"{one.people} / {to_yuan(one.amount)}"
