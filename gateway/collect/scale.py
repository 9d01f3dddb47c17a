"""Whether the amounts of a period are on the scale of the one before: a wrong unit moves every one of them at once.

万元 taken for 元 is a factor of ten thousand, 分 for 元 one of a hundred the other way. Must never correct anything: a
person who has looked says that it is right, and why.
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.collect.pouring import Poured, Task
from gateway.errors import AmountsJumped
from gateway.ledger import Line
from gateway.records.totals import to_yuan

_TIMES = 50  # how far the mean may go up or down; the smallest wrong unit, 分 for 元, is a hundred


def require_same_scale(task: Task, find_earlier: Callable[[], Line | None], poured: Poured) -> None:
    """Compare the mean amount of a record with the one of the period before; nothing has been sealed yet.

    Args:
        find_earlier: the newest batch sealed for the period before, or None; asked only where there is to be compared.

    Raises:
        AmountsJumped: it is far off, and nobody has said why.
    """
    if task.feed.amount is None or (task.reason and task.by):
        return
    earlier = find_earlier()
    if earlier is None:
        return
    before, rows_before = earlier.said.fen or 0, earlier.said.rows or 0
    now, rows = dict(poured.extracted.sums)[task.feed.amount], poured.extracted.rows
    if min(before, rows_before, now, rows) <= 0:
        return
    mean, mean_before = now * rows_before, before * rows  # the means, times the same number
    if mean_before < mean * _TIMES and mean < mean_before * _TIMES:
        return
    raise AmountsJumped(
        feed=task.feed.id,
        period=str(task.period),
        earlier=earlier.period,
        mean=to_yuan(now // rows),
        mean_before=to_yuan(before // rows_before),
    )
