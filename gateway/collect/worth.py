"""Whether what was poured may be sealed: it is not nothing, it balances, it is new, and a correction says why.

Must never read a source or seal anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.collect.onward import Place
from gateway.collect.pouring import Poured, Task
from gateway.collect.reconciled import require_reconciled
from gateway.errors import ReasonRequired, SourceEmpty, Unbalanced, Unchanged
from gateway.ledger import Line
from gateway.records.totals import to_yuan


def require_worth_sending(task: Task, before: Line | None, place: Place, poured: Poured) -> None:
    """Raises: SourceEmpty, Unbalanced, Unchanged, ReasonRequired; nothing has been sealed yet."""
    feed, period = task.feed.id, str(task.period)
    if not poured.extracted.rows:
        if before is not None and place.rows is not None:  # all of it was taken before, and marked
            raise Unchanged(feed=feed, period=period, batch=before.batch)
        raise SourceEmpty(feed=feed, period=period)
    _require_balance(task, poured)
    require_reconciled(feed, period, poured.reconciliation or ())
    if before is None:
        return
    if before.said.content == poured.content:
        raise Unchanged(feed=feed, period=period, batch=before.batch)
    if not (task.reason and task.by):
        raise ReasonRequired(feed=feed, period=period, batch=before.batch)


def _require_balance(task: Task, poured: Poured) -> None:
    """What the source declares must be what was read: rows exactly, every declared sum to the fen.

    An amount that cannot be read makes its declared sum impossible to prove, so that is unbalanced too.
    """
    declared, counted = poured.declared, poured.extracted
    if declared is None:
        return
    read = dict(counted.sums)
    unread = {name for name, rows in counted.unreadable if rows}
    wrong = [name for name, fen in declared.sums if read[name] != fen or name in unread]
    if wrong or declared.rows not in (None, counted.rows):
        raise Unbalanced(
            feed=task.feed.id,
            period=str(task.period),
            declared=_figures(declared.rows, declared.sums),
            counted=_figures(counted.rows, tuple((name, read[name]) for name, _ in declared.sums)),
        )


def _figures(rows: int | None, sums: Sequence[tuple[str, int]]) -> str:
    parts = [] if rows is None else [f"{rows} 行/rows"]
    return ", ".join([*parts, *(f"{name} {to_yuan(fen)} 元/yuan" for name, fen in sums)])
