"""Whether what was poured may be sealed: it is not nothing, it balances, it is new, and a correction says why.

Must never read a source or seal anything.
"""

from __future__ import annotations

from gateway.catalogue import Feed, Mode
from gateway.collect.onward import Place
from gateway.collect.pouring import Poured, Task
from gateway.collect.reconciled import require_reconciled
from gateway.errors import ReasonRequired, SourceEmpty, Unbalanced, Unchanged
from gateway.ledger import Line
from gateway.records.totals import Counts, to_yuan


def require_worth_sending(task: Task, before: Line | None, place: Place, poured: Poured) -> None:
    """Raises: SourceEmpty, Unbalanced, Unchanged, ReasonRequired; nothing has been sealed yet."""
    feed, period = task.feed.id, str(task.period)
    if not poured.extracted.rows:
        _require_truly_nothing(task, before, place)
    _require_balance(task, poured)
    require_reconciled(feed, period, poured.reconciliation or ())
    if before is None:
        return
    if before.said.content == poured.content:
        raise Unchanged(feed=feed, period=period, batch=before.batch)
    if not (task.reason and task.by):
        raise ReasonRequired(feed=feed, period=period, batch=before.batch)


def _require_truly_nothing(task: Task, before: Line | None, place: Place) -> None:
    """An empty source is believed where somebody answers for it, and only of a whole period.

    A whole period that holds nothing any more removes every row of it. An increment without rows says nothing at all.
    """
    about = {"feed": task.feed.id, "period": str(task.period)}
    if before is None:
        raise SourceEmpty(**about)
    if place.rows is not None or not before.said.rows:  # all of it was taken before, and marked; or it is still empty
        raise Unchanged(**about, batch=before.batch)
    if place.mode is not Mode.SNAPSHOT or not (task.reason and task.by):
        raise SourceEmpty(**about)


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
        read_sums = tuple((name, read[name]) for name, _ in declared.sums)
        declared_zh, declared_en = _figures(task.feed, declared.rows, declared.sums, ())
        counted_zh, counted_en = _figures(task.feed, counted.rows, read_sums, counted.unreadable)
        raise Unbalanced(
            feed=task.feed.id,
            period=str(task.period),
            declared_zh=declared_zh,
            declared_en=declared_en,
            counted_zh=counted_zh,
            counted_en=counted_en,
        )


def _figures(feed: Feed, rows: int | None, sums: Counts, unread: Counts) -> tuple[str, str]:
    titles, lost = {field.name: field.title for field in feed.fields}, dict(unread)
    zh, en = ([], []) if rows is None else ([f"{rows} 行"], [f"{rows} rows"])
    for name, fen in sums:
        few = lost.get(name, 0)
        more_zh, more_en = (
            (f"(另有 {few} 行金额无法读取)", f" (the amounts of {few} rows unreadable)") if few else ("", "")
        )
        zh.append(f"{titles[name]} {to_yuan(fen)} 元{more_zh}")
        en.append(f"{name} {to_yuan(fen)} yuan{more_en}")
    return ",".join(zh), ", ".join(en)
