"""What a bulletin says: title, issue line, paragraph, remarks, and its changes, in both languages.

Pure. All of it follows from a bulletin and the departments' titles; must never know a file format.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from gateway.bulletin.cells import Cell, percent, points_cell
from gateway.bulletin.changes import Change
from gateway.bulletin.columns import NOTHING, Column, cell_of, heading
from gateway.bulletin.figures import Entry, total
from gateway.bulletin.issues import Bulletin
from gateway.calendar import ASIA_SHANGHAI, Cadence, Period
from gateway.catalogue import Centre, Department
from gateway.errors import Lang

_NAMED = 12  # departments that the paragraph names one by one


@dataclass(frozen=True, kw_only=True)
class Words:
    """A bulletin worded in one language.

    Attributes:
        centre: who issues it. departments: whose titles it shows; one that is not there is shown by its id.
        changes: what a correction notice changed, against the issue before it.
    """

    bulletin: Bulletin
    centre: Centre
    departments: tuple[Department, ...]
    changes: tuple[Change, ...]
    lang: Lang

    def say(self, zh: str, en: str) -> str:
        """One of two wordings."""
        return zh if self.lang == "zh" else en

    @property
    def kind(self) -> str:
        """`预览`, `通报` or `更正通报第1号`."""
        match self.bulletin.number:
            case 0:
                return self.say("预览", "preview")
            case 1:
                return self.say("通报", "bulletin")
            case _:
                number = self.bulletin.correction
                return self.say(f"更正通报第{number}号", f"correction notice {number}")

    @property
    def title(self) -> str:
        """The headline."""
        period = period_words(self.bulletin.period, self.lang)
        mark = f"({self.kind})" if self.lang == "zh" else f" ({self.kind})"
        title = self.say(f"{period}数据归集报送情况通报", f"Bulletin on the reporting of data, {period}")
        return title if self.bulletin.number == 1 else title + mark

    @property
    def issue_line(self) -> str:
        """发布单位, 期号, 发布日期, 更正号."""
        local = self.bulletin.at.astimezone(ASIA_SHANGHAI)
        day = self.say(f"{local.year}年{local.month}月{local.day}日", f"{local:%Y-%m-%d}")
        number = issue_words(self.bulletin.period, self.lang)
        correction = str(self.bulletin.correction) if self.bulletin.correction else NOTHING
        dated = self.say("发布日期", "issued") if self.bulletin.number else self.say("统计时点", "as of")
        parts = (
            self.say("发布单位:", "issued by: ") + self.centre.title,
            self.say("期号:", "issue: ") + number,
            self.say(f"{dated}:", f"{dated}: ") + day,
            self.say("更正号:", "correction: ") + correction,
        )
        return "  ".join(parts)

    def paragraphs(self) -> Iterator[str]:
        """The text above the table."""
        if self.bulletin.number == 0:
            yield self.say(
                "本表为预览,尚未发布,不作为通报依据。", "This is a preview. Nothing has been issued; do not quote it."
            )
        if self.bulletin.correction:
            reason = self.bulletin.reason or NOTHING
            yield self.say(
                f"更正事由:{reason}。更正内容见文后“更正明细”,其余数据不变。",
                f"Reason of the correction: {reason}. What changed is listed below; all else stands.",
            )
        yield from self._figures()
        yield from self._attention()

    def headings(self) -> tuple[str, ...]:
        """Of the table."""
        return tuple(heading(column, self.lang) for column in Column)

    def lines(self) -> Iterator[tuple[Cell, ...]]:
        """Of the table, a department each."""
        for entry in self.bulletin.entries:
            yield tuple(self.cell(column, entry) for column in Column)

    def total_line(self) -> tuple[Cell, ...]:
        """All departments together."""
        entry = Entry(department="", figures=total(self.bulletin.entries))
        blank = (Column.RANK, Column.REMARKS)
        named = Cell(text=self.say("合计", "all"))
        return tuple(
            named if column is Column.DEPARTMENT else Cell(text="") if column in blank else self.cell(column, entry)
            for column in Column
        )

    def cell(self, column: Column, entry: Entry) -> Cell:
        """A department's cell."""
        return cell_of(column, entry, self.title_of(entry.department), self.lang)

    def change_headings(self) -> tuple[str, ...]:
        """Of the list of changes."""
        return self.say("单位", "department"), self.say("项目", "figure"), self.say("原", "was"), self.say("现", "now")

    def change_lines(self) -> Iterator[tuple[Cell, ...]]:
        """What a correction notice changed, from and to."""
        for one in self.changes:
            was, now = (Cell(text=NOTHING) if e is None else self.cell(one.column, e) for e in (one.before, one.after))
            named = (Cell(text=self.title_of(one.department)), Cell(text=heading(one.column, self.lang)))
            yield *named, Cell(text=was.text or NOTHING), Cell(text=now.text or NOTHING)

    def notes(self) -> Iterator[str]:
        """Below the table."""
        yield self.say(
            "注:应报不含经批准的免报;按时率=按时÷应报;合规率=(报送-退回)÷报送;按时率相同的名次并列;"
            "无应报任务的单位不计按时率、不排名;平均延迟按迟报和未报的日历天数计算,未报计至统计时点。",
            "Exempt periods are not due. On-time rate: on time / due. Compliance: (sent - returned) / sent. Equal "
            "rates share a rank; where nothing is due there is neither rate nor rank. The mean delay is that of what "
            "came late or is missing, in days of the calendar, the latter up to this table's moment.",
        )

    def title_of(self, department: str) -> str:
        """A department's title, its id where the catalogue has it no more."""
        return next((one.title for one in self.departments if one.id == department), department)

    def _figures(self) -> Iterator[str]:
        all_of = total(self.bulletin.entries)
        period = period_words(self.bulletin.period, self.lang)
        if not all_of.due:
            yield self.say(f"{period}各单位无应报任务。", f"{period}: nothing was due.")
            return
        with_task = sum(entry.figures.due > 0 for entry in self.bulletin.entries)
        late = percent(Fraction(all_of.late, all_of.due))
        open_zh, open_en = (f"未到期{all_of.open}期,", f", not due yet {all_of.open}") if all_of.open else ("", "")
        yield self.say(
            f"{period},{with_task}个单位应报数据{all_of.due}期,按时{all_of.on_time}期,迟报{all_of.late}期,"
            f"未报{all_of.missing}期,{open_zh}按时率{percent(all_of.rate)},迟报率{late}{self._gain(self.lang)}。",
            f"{period}: {_many(with_task, 'department')} owed {_many(all_of.due, 'period')}; on time {all_of.on_time}, "
            f"late {all_of.late}, missing {all_of.missing}{open_en}. On-time rate {percent(all_of.rate)}, "
            f"late rate {late}{self._gain(self.lang)}.",
        )
        compliance = NOTHING if all_of.compliance is None else percent(all_of.compliance)
        yield self.say(
            f"各单位报送{all_of.sent:,}条,入库{all_of.held:,}条,退回{all_of.returned:,}条,合规率{compliance};"
            f"更正{all_of.corrections}次,催报{all_of.dunnings}次,免报{all_of.exempt}期,延期{all_of.extended}期,零报送{all_of.nil}期。",
            f"Rows sent {all_of.sent:,}, held {all_of.held:,}, returned {all_of.returned:,}, compliance {compliance}; "
            f"corrections {all_of.corrections}, dunnings {all_of.dunnings}, exempt {all_of.exempt}, "
            f"extended {all_of.extended}, nil {all_of.nil}.",
        )

    def _gain(self, lang: Lang) -> str:
        gain = total(self.bulletin.entries).gain
        if gain is None:
            return ""
        moved = abs(points_cell(gain).number or 0)
        if not moved:
            return ",与上期持平" if lang == "zh" else ", as in the period before"
        zh, en = ("上升", "up") if gain > 0 else ("下降", "down")
        return f",较上期{zh}{moved}个百分点" if lang == "zh" else f", {en} {moved} points"

    def _attention(self) -> Iterator[str]:
        entries = self.bulletin.entries
        watched = [one.department for one in entries if one.figures.watched]
        missing = [one.department for one in entries if one.figures.missing and not one.figures.watched]
        whole = [one.department for one in entries if one.figures.rate == 1]
        idle = [one.department for one in entries if one.figures.rate is None]
        for names, zh, en in (
            (watched, "需重点关注(无一按时):", "To be watched, none on time: "),
            (missing, "尚有未报的单位:", "With something missing: "),
            (whole, "全部按时的单位:", "All on time: "),
            (idle, "无应报任务的单位:", "Nothing due: "),
        ):
            if names:
                yield self.say(zh, en) + self._names(names) + self.say("。", ".")

    def _names(self, departments: Sequence[str]) -> str:
        named = self.say("、", ", ").join(self.title_of(name) for name in departments[:_NAMED])
        if len(departments) <= _NAMED:
            return named
        count = len(departments)
        return self.say(f"{named}等{count}个单位", f"{named} and others, {count} in all")


def _many(count: int, one: str) -> str:
    return f"{count} {one}{'' if count == 1 else 's'}"


def period_words(period: Period, lang: Lang) -> str:
    """`2026年10月`, `2026年第3季度`, …"""
    start = period.start
    if lang == "en":
        return str(period)
    match period.cadence:
        case Cadence.MONTHLY:
            return f"{start.year}年{start.month}月"
        case Cadence.QUARTERLY:
            return f"{start.year}年第{(start.month + 2) // 3}季度"
        case Cadence.HALF_YEARLY:
            return f"{start.year}年{'上' if start.month == 1 else '下'}半年"
        case Cadence.YEARLY:
            return f"{start.year}年"
        case Cadence.WEEKLY:
            last = period.end - timedelta(days=1)
            return f"{start.year}年{start.month}月{start.day}日至{last.year}年{last.month}月{last.day}日"
        case _:
            return f"{start.year}年{start.month}月{start.day}日"


def issue_words(period: Period, lang: Lang) -> str:
    """The issue's own number: a month's is that of its year, `2026年第10期`; any other is named by its period."""
    if period.cadence is not Cadence.MONTHLY:
        return period_words(period, lang)
    return (
        f"{period.start.year}年第{period.start.month}期"
        if lang == "zh"
        else f"{period.start:%Y} no. {period.start.month}"
    )
