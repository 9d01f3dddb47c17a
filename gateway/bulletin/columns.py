"""The columns of the table, and what stands in each: the ones that bulletins of this kind have (通报).

Pure. Must never know a file format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum

from gateway.bulletin.cells import Cell, count_cell, days_cell, percent_cell, points_cell
from gateway.bulletin.figures import ApprovalKind, Entry, Figures
from gateway.errors import Lang

NOTHING = "—"


class Column(StrEnum):
    """In the table's order; the value is its key in JSON."""

    RANK = "rank"
    DEPARTMENT = "department"
    DUE = "due"
    ON_TIME = "on_time"
    LATE = "late"
    MISSING = "missing"
    RATE = "rate"
    SENT = "sent"
    HELD = "held"
    RETURNED = "returned"
    COMPLIANCE = "compliance"
    CORRECTIONS = "corrections"
    DUNNINGS = "dunnings"
    DELAY = "mean_delay"
    GAIN = "gain"
    REMARKS = "remarks"


_HEADINGS = {
    Column.RANK: ("排名", "rank"),
    Column.DEPARTMENT: ("单位", "department"),
    Column.DUE: ("应报(期)", "due"),
    Column.ON_TIME: ("按时", "on time"),
    Column.LATE: ("迟报", "late"),
    Column.MISSING: ("未报", "missing"),
    Column.RATE: ("按时率", "on-time rate"),
    Column.SENT: ("报送(条)", "rows sent"),
    Column.HELD: ("入库(条)", "rows held"),
    Column.RETURNED: ("退回(条)", "rows returned"),
    Column.COMPLIANCE: ("合规率", "compliance"),
    Column.CORRECTIONS: ("更正(次)", "corrections"),
    Column.DUNNINGS: ("催报(次)", "dunnings"),
    Column.DELAY: ("平均延迟(天)", "mean delay (days)"),
    Column.GAIN: ("较上期(百分点)", "since last (points)"),
    Column.REMARKS: ("备注", "remarks"),
}
_NO_TASK = ("无应报任务", "nothing due")
_COUNTS = (
    Column.LATE, Column.MISSING, Column.ON_TIME, Column.DUE, Column.SENT, Column.HELD, Column.RETURNED,
    Column.CORRECTIONS, Column.DUNNINGS,
)  # fmt: skip
_KINDS = {
    ApprovalKind.EXEMPT: ("免报", "exempt"),
    ApprovalKind.EXTENDED: ("延期", "extended"),
    ApprovalKind.OTHERS: ("另有", "others"),
}


def heading(column: Column, lang: Lang) -> str:
    """What stands above a column."""
    return _HEADINGS[column][lang == "en"]


def cell_of(column: Column, entry: Entry, title: str, lang: Lang) -> Cell:
    """A department's cell; `title` is the department's."""
    figures = entry.figures
    if column in _COUNTS:
        return count_cell(getattr(figures, column.value))
    match column:
        case Column.RANK:
            return count_cell(figures.rank) if figures.rank else Cell(text=NOTHING)
        case Column.DEPARTMENT:
            return Cell(text=title)
        case Column.REMARKS:
            return Cell(text=(";" if lang == "zh" else "; ").join(_remarks(entry, lang)))
        case Column.RATE if figures.rate is None:
            return Cell(text=_NO_TASK[lang == "en"])
        case _:
            value, shown = _MEASURED[column](figures), _SHOWN[column]
            return Cell(text=NOTHING) if value is None else shown(value)


_MEASURED: dict[Column, Callable[[Figures], object]] = {
    Column.RATE: lambda figures: figures.rate,
    Column.COMPLIANCE: lambda figures: figures.compliance,
    Column.DELAY: lambda figures: figures.mean_delay,
    Column.GAIN: lambda figures: figures.gain,
}
_SHOWN = {
    Column.RATE: percent_cell,
    Column.COMPLIANCE: percent_cell,
    Column.DELAY: days_cell,
    Column.GAIN: points_cell,
}


def _remarks(entry: Entry, lang: Lang) -> Iterator[str]:
    """What the columns cannot say."""
    figures, english = entry.figures, lang == "en"
    if figures.exempt:
        yield f"{figures.exempt} exempt" if english else f"免报{figures.exempt}期"
    if figures.extended:
        yield f"{figures.extended} extended" if english else f"延期{figures.extended}期"
    if entry.approvals:
        yield _approvals(entry, lang)
    if figures.nil:
        yield f"{figures.nil} nil" if english else f"零报送{figures.nil}期"
    if figures.open:
        yield f"{figures.open} not due yet" if english else f"未到期{figures.open}期"
    if figures.watched:
        yield "to be watched: none on time" if english else "重点关注:无一按时"


def _approvals(entry: Entry, lang: Lang) -> str:
    """`批准文号:免报 A、延期 B、另有 3 件`."""
    english = lang == "en"
    named = [
        f"{_KINDS[one.kind][english]} {one.number}" + (" 件" if one.kind is ApprovalKind.OTHERS and not english else "")
        for one in entry.approvals
    ]
    return f"approvals: {', '.join(named)}" if english else f"批准文号:{'、'.join(named)}"
