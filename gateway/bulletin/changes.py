"""What differs between two tables of one period: which column of which department.

Pure. Must never word it; `words` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.bulletin.columns import Column, cell_of
from gateway.bulletin.figures import Entry


@dataclass(frozen=True, kw_only=True)
class Change:
    """One cell that reads otherwise; None: the department has no line on that side."""

    department: str
    column: Column
    before: Entry | None
    after: Entry | None


def differences(before: Sequence[Entry], after: Sequence[Entry]) -> tuple[Change, ...]:
    """In the order of the new table, then what stands in the old one only.

    How long something is missing grows by itself from day to day: where nothing else has changed, that is no change.
    """
    old = {entry.department: entry for entry in before}
    new = {entry.department: entry for entry in after}
    names = [*new, *(name for name in old if name not in new)]
    return tuple(change for name in names for change in _between(name, old.get(name), new.get(name)))


def _between(department: str, old: Entry | None, new: Entry | None) -> tuple[Change, ...]:
    changed = tuple(_changed(old, new))
    if changed == (Column.DELAY,) and old and new and old.figures.missing and new.figures.missing:
        return ()
    return tuple(Change(department=department, column=column, before=old, after=new) for column in changed)


def _changed(old: Entry | None, new: Entry | None) -> Iterator[Column]:
    for column in Column:
        if column is not Column.DEPARTMENT and _reading(column, old) != _reading(column, new):
            yield column


def _reading(column: Column, entry: Entry | None) -> str | None:
    return None if entry is None else cell_of(column, entry, "", "zh").text
