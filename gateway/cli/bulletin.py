"""`yizhan bulletin`: the on-time table of a period, issued once and corrected by numbered notices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from gateway.app import CentreNode
from gateway.app.bulletin import press_of, preview_of
from gateway.bulletin import Bulletin, Change, Column, Entry, Words, differences, require_writable, write
from gateway.bulletin.columns import heading
from gateway.calendar import ASIA_SHANGHAI, Cadence, Period
from gateway.cli.drivers import expect_workbook_writer
from gateway.cli.shell import Heading, Json, Shell, answer, answer_json, centre
from gateway.errors import BulletinNotIssued, BulletinPeriodInvalid, BulletinUnwritten, OutputRefused, UsageWrong

_KINDS: dict[Column, Literal["word", "prose"]] = {Column.DEPARTMENT: "word", Column.REMARKS: "prose"}


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """What is shown.

    Attributes:
        bulletin: as issued, or the preview. changes: what it changed of the issue before it.
        since: what reads otherwise now than in the newest issue.
    """

    bulletin: Bulletin
    changes: tuple[Change, ...]
    since: tuple[Change, ...]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bulletin", help="通报:按单位统计报送及时率 / the on-time table of a period")(bulletin)


def bulletin(
    context: typer.Context,
    period: Annotated[
        str, typer.Argument(help="通报期:末日在其中的数据期均计入 / the data periods whose last day lies in it count")
    ],
    out: Annotated[
        Path | None, typer.Option(help="另存为 .xlsx、.csv 或 .html / also write .xlsx, .csv or .html")
    ] = None,
    issue: Annotated[
        bool, typer.Option("--issue", help="发布,数据入台账后不再变 / issue; frozen in the ledger")
    ] = False,
    correct: Annotated[bool, typer.Option("--correct", help="发布更正通报 / issue a correction notice")] = False,
    number: Annotated[
        int | None, typer.Option(min=1, help="已发布的第几号,1 为原通报 / which issue; 1 is the bulletin itself")
    ] = None,
    by: Annotated[
        str | None, typer.Option(help="发布人(须有 approve 职责) / who issues; takes the duty approve")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="更正事由 / why it is corrected")] = None,
    json: Json = False,
) -> None:
    """Not issued yet, it is a preview and says so. Issued, it is shown as issued, whatever came since.

    What has changed since is told, and goes to a correction notice: `--correct --reason R --by WHO`.
    """
    shell: Shell = context.obj
    given = (("--issue", issue), ("--correct", correct), ("--number", number is not None))
    _require_whole([name for name, wished in given if wished], by, reason, shell)
    wanted = _period(period)
    if out is not None:
        _require_writable(out)
    here = centre(shell)
    if issue:
        press_of(here).issue(preview_of(here, wanted), by or "")
    elif correct:
        press_of(here).correct(preview_of(here, wanted), by or "", reason or "")
    shown = _shown(here, wanted, number)
    try:
        _save(here, shown, out, shell)
    except OutputRefused as refused:
        raise BulletinUnwritten(period=wanted, path=out) if issue or correct else refused from None
    _show(here, shown, shell, "json" if json else "table")


def _require_whole(wishes: Sequence[str], by: str | None, reason: str | None, shell: Shell) -> None:
    """Raise unless the options fit together."""
    publishing = wishes in (["--issue"], ["--correct"])
    if len(wishes) > 1:
        said = f"{'、'.join(wishes)} 只能写一个", f"only one of {', '.join(wishes)} can be given"
    elif publishing and by is None:
        said = f"{wishes[0]} 须以 --by 写明由谁发布", f"{wishes[0]} takes --by: who issues it"
    elif by is not None and not publishing:
        said = "--by 只与 --issue 或 --correct 同用", "--by goes with --issue or --correct only"
    elif wishes == ["--correct"] and reason is None:
        said = "--correct 须以 --reason 写明更正事由", "--correct takes --reason: why it is corrected"
    elif reason is not None and wishes != ["--correct"]:
        said = "--reason 只与 --correct 同用", "--reason goes with --correct only"
    else:
        return
    raise UsageWrong(said=shell.say(*said), command="yizhan bulletin")


def _period(text: str) -> Period:
    period = Period.parse(text)
    if period.cadence is Cadence.EVENT:
        raise BulletinPeriodInvalid(period=period)
    return period


def _require_writable(out: Path) -> None:
    """Before anything is issued: a table that cannot be written as asked is a wrong call."""
    require_writable(out)
    if out.suffix.lower() == ".xlsx":
        expect_workbook_writer("bulletin")


def _shown(here: CentreNode, period: Period, number: int | None) -> _Shown:
    issues, present = press_of(here).issues(period), preview_of(here, period)
    if not issues:
        if number is not None:
            raise BulletinNotIssued(period=period)
        return _Shown(bulletin=present, changes=(), since=())
    place = len(issues) if number is None else number
    if place > len(issues):
        raise BulletinNotIssued(period=period)
    chosen = issues[place - 1]
    changes = differences(issues[place - 2].entries, chosen.entries) if place > 1 else ()
    since = differences(issues[-1].entries, present.entries)
    return _Shown(bulletin=chosen, changes=changes, since=since)


def _save(here: CentreNode, shown: _Shown, out: Path | None, shell: Shell) -> None:
    if out is not None:
        write(_words(here, shown.bulletin, shown.changes, shell), out)
        shell.remark(f"已另存为 {out}", f"written to {out}")


def _show(here: CentreNode, shown: _Shown, shell: Shell, form: str) -> None:
    words = _words(here, shown.bulletin, shown.changes, shell)
    if form == "json":
        answer_json(_json(words, _words(here, shown.bulletin, shown.since, shell)))
        return
    for text in (words.title, words.issue_line, *words.paragraphs()):
        answer(text)
    shell.table(("明细", "Table"), _headings(), [[cell.text for cell in line] for line in words.lines()])
    if words.changes:
        _list_changes(words, shell.say("更正明细", "What changed"), shell)
    if shown.since:
        _remark_since(_words(here, shown.bulletin, shown.since, shell), shell)


def _words(here: CentreNode, shown: Bulletin, changes: tuple[Change, ...], shell: Shell) -> Words:
    departments = here.catalogue.departments
    return Words(bulletin=shown, centre=here.own, departments=departments, changes=changes, lang=shell.lang)


def _headings() -> list[Heading]:
    """The table has its own words in both languages; figures stand to the right."""
    return [Heading(heading(one, "zh"), heading(one, "en"), _KINDS.get(one, "number")) for one in Column]


def _list_changes(words: Words, title: str, shell: Shell) -> None:
    names = [Heading(name, name, "prose") for name in words.change_headings()]
    shell.table((title, title), names, [[cell.text for cell in line] for line in words.change_lines()])


def _remark_since(since: Words, shell: Shell) -> None:
    count = len({one.department for one in since.changes})
    shell.remark(
        f"发布后数据有变化,涉及 {count} 个单位 {len(since.changes)} 项;上表仍为发布时的数据,更正请用 --correct。",
        f"changed since it was issued: {len(since.changes)} of the figures, {count} of the departments; the table is "
        "as issued. A correction: --correct.",
    )
    for department, column, was, now in since.change_lines():
        shell.remark(
            f"  {department.text} {column.text}:{was.text} → {now.text}",
            f"  {department.text}, {column.text}: {was.text} -> {now.text}",
        )


def _json(words: Words, since: Words) -> dict[str, object]:
    shown = words.bulletin
    return {
        "period": str(shown.period),
        "centre": words.centre.id,
        "number": shown.number,
        "correction": shown.correction,
        "issued": shown.number > 0,
        "at": shown.at.astimezone(ASIA_SHANGHAI).isoformat(timespec="seconds"),
        "by": shown.by,
        "reason": shown.reason,
        "departments": [_entry(words, entry) for entry in shown.entries],
        "changes": _changes(words),
        "changed_since": _changes(since),
    }


def _entry(words: Words, entry: Entry) -> dict[str, object]:
    figures = entry.figures
    return {
        "department": entry.department,
        "title": words.title_of(entry.department),
        "rank": figures.rank or None,
        "due": figures.due,
        "on_time": figures.on_time,
        "late": figures.late,
        "missing": figures.missing,
        "open": figures.open,
        "exempt": figures.exempt,
        "extended": figures.extended,
        "nil": figures.nil,
        "rate": _number(words, Column.RATE, entry),
        "sent": figures.sent,
        "held": figures.held,
        "returned": figures.returned,
        "compliance": _number(words, Column.COMPLIANCE, entry),
        "corrections": figures.corrections,
        "dunnings": figures.dunnings,
        "mean_delay": _number(words, Column.DELAY, entry),
        "gain": _number(words, Column.GAIN, entry),
        "approvals": [{"kind": one.kind.name.lower(), "number": one.number} for one in entry.approvals],
        "remarks": words.cell(Column.REMARKS, entry).text,
    }


def _number(words: Words, column: Column, entry: Entry) -> str | None:
    """A decimal string; a rate is between 0 and 1, a gain in percentage points."""
    number = words.cell(column, entry).number
    return None if number is None else str(number)


def _changes(words: Words) -> list[dict[str, object]]:
    return [
        {"department": one.department, "figure": one.column.value, "was": was.text, "now": now.text}
        for one, (_, _, was, now) in zip(words.changes, words.change_lines(), strict=True)
    ]
