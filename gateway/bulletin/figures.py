"""The figures of a bulletin: what each department owed, what of it came in time, and which place that gives it.

Pure: obligations in, figures out. Must never ask a clock, a ledger or a catalogue.

The definitions, of one department and the obligations whose data period ends in the bulletin's period:

* 应报 `due`: obligations without those that are exempt; `due = on_time + late + missing + open`, always.
* 按时 `on_time`, 迟报 `late`: the first accepted revision came in time, or after it; nil returns are counted with both.
* 未报 `missing`: past due, and nothing has been accepted. 未到期 `open`: not past due, and nothing has been accepted.
* 按时率 `rate`: on_time / due; None where nothing is due, which is never read as 100 %.
* 报送 `sent`: rows the department had. 退回 `returned`: those of them that went back as problem rows. 入库 `held`:
  rows the centre holds of these periods. 合规率 `compliance`: (sent - returned) / sent; None where nothing was sent.
* 更正次数 `corrections`: accepted corrections. 催报次数 `dunnings`: different notices that name one of the obligations.
* 平均延迟 `mean_delay`: days past due of what is late or missing (up to the moment of the bulletin), days of the
  calendar in Beijing as the board counts them; None without any. A ledger line keeps their sum in seconds.
* 较上期 `gain`: rate less the rate of the period before; None unless both have one.
* 排名 `rank`: one more than there are departments with a higher rate, so that equals share it (1, 1, 3); 0 where
  nothing is due.

《湖南省"互联网+监督"平台运行管理办法》第二十七条 asks for inspection by the platform's own statistics, and bulletins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Self

from gateway.calendar import Period


class Standing(StrEnum):
    """What became of one obligation."""

    ON_TIME = "on_time"
    LATE = "late"
    MISSING = "missing"
    OPEN = "open"
    EXEMPT = "exempt"


class ApprovalKind(StrEnum):
    """What an approval gave; `OTHERS` stands for those that are not named one by one, its number is how many."""

    EXEMPT = "免报"
    EXTENDED = "延期"
    OTHERS = "另有"


@dataclass(frozen=True, kw_only=True)
class Approval:
    """An approval that the remarks name."""

    kind: ApprovalKind
    number: str


@dataclass(frozen=True, kw_only=True)
class Obligation:
    """One feed's period, as it stands.

    Attributes:
        nil: whether its newest revision states that there was nothing.
        delay: whole days past due, of what is late or missing; else zero.
        sent, returned, held: rows the department had, rows sent back, rows that the centre holds.
        approvals: exemption or extension in force. notices: numbers of the dunning notices that name it.
    """

    department: str
    feed: str
    period: Period
    standing: Standing
    nil: bool = False
    delay: timedelta = timedelta()
    sent: int = 0
    returned: int = 0
    held: int = 0
    corrections: int = 0
    approvals: tuple[Approval, ...] = ()
    notices: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Before:
    """A department's two figures of the period before."""

    department: str
    due: int
    on_time: int


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One department's figures, all of them integers, in the order in which a ledger line keeps them."""

    rank: int = 0
    due: int = 0
    on_time: int = 0
    late: int = 0
    missing: int = 0
    open: int = 0
    exempt: int = 0
    extended: int = 0
    nil: int = 0
    sent: int = 0
    returned: int = 0
    held: int = 0
    corrections: int = 0
    dunnings: int = 0
    delay_seconds: int = 0
    previous_due: int = 0
    previous_on_time: int = 0

    def encode(self) -> tuple[int, ...]:
        """As a ledger line keeps them."""
        return astuple(self)

    @classmethod
    def decode(cls, kept: Sequence[int]) -> Self:
        """Read back. Raises ValueError: not as many as there are."""
        return cls(**{field.name: figure for field, figure in zip(fields(cls), kept, strict=True)})

    @property
    def rate(self) -> Fraction | None:
        """按时率."""
        return Fraction(self.on_time, self.due) if self.due else None

    @property
    def compliance(self) -> Fraction | None:
        """合规率."""
        return Fraction(self.sent - self.returned, self.sent) if self.sent else None

    @property
    def mean_delay(self) -> Fraction | None:
        """平均延迟, in days."""
        delayed = self.late + self.missing
        return Fraction(self.delay_seconds, delayed * 86_400) if delayed else None

    @property
    def gain(self) -> Fraction | None:
        """较上期, a difference of two rates."""
        if self.rate is None or not self.previous_due:
            return None
        return self.rate - Fraction(self.previous_on_time, self.previous_due)

    @property
    def watched(self) -> bool:
        """重点关注: something was due, nothing came in time, and nothing can any more."""
        return self.due > 0 and self.on_time == 0 and self.open == 0


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A department's line of a bulletin."""

    department: str
    figures: Figures
    approvals: tuple[Approval, ...] = ()


def tally(
    departments: Sequence[str], obligations: Iterable[Obligation], before: Iterable[Before] = ()
) -> tuple[Entry, ...]:
    """A line for each department: by rank, those that share one in the order given, those with nothing due at the end.

    Args:
        departments: ids, in the catalogue's order; an obligation of any other is not counted.
        before: of the period before, where there was one.
    """
    owed: dict[str, list[Obligation]] = {department: [] for department in departments}
    for one in obligations:
        if one.department in owed:
            owed[one.department].append(one)
    earlier = {one.department: one for one in before}
    entries = [_entry(name, owed[name], earlier.get(name)) for name in departments]
    return _ranked(entries)


def total(entries: Iterable[Entry]) -> Figures:
    """All departments together; without a rank."""
    columns = list(zip(*(entry.figures.encode() for entry in entries), strict=True))
    summed = Figures.decode([sum(column) for column in columns]) if columns else Figures()
    return replace(summed, rank=0)


def _entry(department: str, owed: Sequence[Obligation], before: Before | None) -> Entry:
    def count(standing: Standing) -> int:
        return sum(one.standing is standing for one in owed)

    exempt = count(Standing.EXEMPT)
    approvals = dict.fromkeys(approval for one in owed for approval in one.approvals)
    kinds = [{approval.kind for approval in one.approvals} for one in owed]
    figures = Figures(
        due=len(owed) - exempt,
        on_time=count(Standing.ON_TIME),
        late=count(Standing.LATE),
        missing=count(Standing.MISSING),
        open=count(Standing.OPEN),
        exempt=exempt,
        extended=sum(ApprovalKind.EXTENDED in found for found in kinds),
        nil=sum(one.nil for one in owed),
        sent=sum(one.sent for one in owed),
        returned=sum(one.returned for one in owed),
        held=sum(one.held for one in owed),
        corrections=sum(one.corrections for one in owed),
        dunnings=len(frozenset().union(*(one.notices for one in owed))),
        delay_seconds=sum(_seconds(one) for one in owed),
        previous_due=before.due if before else 0,
        previous_on_time=before.on_time if before else 0,
    )
    return Entry(department=department, figures=figures, approvals=tuple(approvals))


def _seconds(one: Obligation) -> int:
    return round(one.delay.total_seconds()) if one.standing in (Standing.LATE, Standing.MISSING) else 0


def _ranked(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """`sorted` is stable: equals stay in the catalogue's order."""
    placed = sorted(
        (entry for entry in entries if entry.figures.rate is not None), key=lambda one: one.figures.rate, reverse=True
    )
    rates = [entry.figures.rate for entry in placed]
    ranked = [
        replace(entry, figures=replace(entry.figures, rank=1 + rates.index(entry.figures.rate))) for entry in placed
    ]
    return (*ranked, *(entry for entry in entries if entry.figures.rate is None))
