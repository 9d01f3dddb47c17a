"""`yizhan status`: the freshness board."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated

import typer
from rich.text import Text

from gateway.app import CentreNode, FrontEnd, moment
from gateway.app.facts import facts_of
from gateway.calendar import ASIA_SHANGHAI, Period, days_over, until
from gateway.cli.shell import Heading, Json, Shell, answer_json, grouped, node
from gateway.errors import UsageWrong
from gateway.freshness import Row, State, board, every_period, keeps, notices, obligations, to_json
from gateway.freshness.words import STATE_WORDS
from gateway.records.totals import to_yuan

_STYLES = {
    State.OVERDUE: "bold red",
    State.UNBALANCED: "bold red",
    State.DUE_SOON: "yellow",
    State.HELD: "yellow",
    State.LATE: "yellow",
    State.NIL_LATE: "yellow",
    State.ON_TIME: "green",
    State.NIL_ON_TIME: "green",
    State.EXEMPT: "cyan",
}
_WANTS_ACTION = (State.OVERDUE, State.UNBALANCED)
_NOTHING = "—"

_HEADINGS = (
    Heading("归集事项", "feed"),
    Heading("名称", "title", "prose", spare=4),
    Heading("数据期", "period"),
    Heading("应报时限", "due", spare=1),
    Heading("状态", "state"),
    Heading("距时限", "to the due"),
    Heading("回执时间", "receipted", spare=5),
    Heading("版次", "rev", "number", spare=6),
    Heading("行数", "rows", "number", spare=8),
    Heading("金额(元)", "yuan", "number", spare=9),
    Heading("问题行", "problems", "number", spare=7),
    Heading("备注", "remarks", "prose", spare=2),
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status", help="时效看板:应报、时限、状态 / the freshness board")(status)


def status(
    context: typer.Context,
    at: Annotated[str | None, typer.Option(help="某一时刻,ISO 8601 / the board as it stood then")] = None,
    department: Annotated[str | None, typer.Option(help="只看一个部门 / one department only")] = None,
    period: Annotated[
        str | None,
        typer.Option(help="末日落在该期内的所有数据期,如 2026-10 / every period whose last day lies in this one"),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="全部数据期,含已办结的 / every period, settled ones too")
    ] = False,
    json: Json = False,
) -> None:
    """Each feed's open periods and its latest one; exit 1 while something is overdue or unbalanced.

    The board says which. `--at` shows what could be known at that moment, whatever has happened since. A forecast that
    a period will be late is a remark, no judgement.
    """
    shell: Shell = context.obj
    here = node(shell)
    now = moment(at) if at else here.clock()
    only = here.catalogue.department(department).id if department else None
    rows = [row for row in _chosen(here, now, period, every, shell) if only in (None, row.department)]
    told = notices(here.owed, now)
    if json:
        answer_json(to_json(rows, now, told, shell.lang))
    else:
        show(rows, now, shell)
        for one in told:
            shell.remark(f"[{one.code}] {one.zh}", f"[{one.code}] {one.en}")
    raise typer.Exit(1 if any(row.state in _WANTS_ACTION for row in rows) else 0)


def show(rows: Sequence[Row], at: datetime, shell: Shell) -> None:
    """The board as it stands at `at`, as a table under one line of counts."""
    title = (f"时效看板 {_minute(at)}:{_summary(rows, 'zh')}", f"Freshness {_minute(at)}: {_summary(rows, 'en')}")
    lines = [_line(row, at, shell) for row in rows]
    told = len(_HEADINGS) - all(line[-1] == _NOTHING for line in lines)  # no column of remarks where there are none
    shell.table(title, _HEADINGS[:told], [line[:told] for line in lines])


def _chosen(
    here: FrontEnd | CentreNode, at: datetime, period: str | None, every: bool, shell: Shell
) -> tuple[Row, ...]:
    if period and every:
        said = shell.say("--period 与 --all 只能写一个", "give --period or --all, not both")
        raise UsageWrong(said=said, command="yizhan status")
    if period:
        return obligations(here.owed, facts_of(here), at, Period.parse(period))
    return (every_period if every else board)(here.owed, facts_of(here), at)


def _summary(rows: Sequence[Row], lang: str) -> str:
    """`逾期未报 1,按时 3(共 4 期)`: what wants somebody comes first."""
    if not rows:
        return "没有数据期" if lang == "zh" else "no periods"
    count = Counter(row.state for row in rows)
    place, comma = (0, ",") if lang == "zh" else (1, ", ")
    parts = comma.join(f"{words[place]} {count[state]}" for state, words in STATE_WORDS.items() if count[state])
    whole = f"共 {len(rows)} 期" if lang == "zh" else f"{len(rows)} in all"
    return f"{parts}({whole})" if lang == "zh" else f"{parts} ({whole})"


def _line(row: Row, at: datetime, shell: Shell) -> tuple[str | Text, ...]:
    (zh, en), style = STATE_WORDS[row.state], _STYLES.get(row.state, "")
    return (
        row.feed,
        row.title,
        str(row.period),
        until(row.due),
        Text(shell.say(zh, en), style=style),
        Text(shell.say(*_distance(row, at)), style=style if row.state in _WANTS_ACTION else ""),
        _minute(row.receipted_at) if row.receipted_at else _NOTHING,
        f"r{row.revision}" if row.revision else _NOTHING,
        f"{row.rows:,}" if row.rows is not None else _NOTHING,
        grouped(to_yuan(row.amount)) if row.amount is not None else _NOTHING,
        f"{row.problem_rows:,}" if row.problem_rows is not None else _NOTHING,
        shell.say(";".join(zh for zh, _ in _remarks(row)), "; ".join(en for _, en in _remarks(row))) or _NOTHING,
    )


def _distance(row: Row, at: datetime) -> tuple[str, str]:
    """How far from the due, in days of the calendar as people count them."""
    if row.state is State.EXEMPT:
        return _NOTHING, _NOTHING
    days = -days_over(row.due, row.decided_at or at)
    if row.decided_at is not None:
        if keeps(row.due, row.decided_at):
            return (f"提前 {days} 天", f"{days} d early") if days else ("当日报送", "on the day")
        return (f"迟 {-days} 天", f"{-days} d late") if days else ("迟不足 1 天", "late by hours")
    if not keeps(row.due, at):
        return (f"已超 {-days} 天", f"{-days} d over") if days else ("今日已过时限", "over since today")
    return (f"还有 {days} 天", f"{days} d left") if days else ("今日到期", "due today")


def _remarks(row: Row) -> Iterator[tuple[str, str]]:
    """What a person should know beside the state, in few words."""
    waiver = row.waiver
    if waiver is not None and waiver.until is None:
        yield f"免报 {waiver.number}", f"exempt by {waiver.number}"
    elif waiver is not None:
        yield (
            f"延期 {waiver.number},原 {until(row.rule_due)}",
            f"extended by {waiver.number} from {until(row.rule_due)}",
        )
    if (landing := _saving_landing(row)) is not None:
        landed = _minute(landing)
        yield f"按落地前置机 {landed} 计", f"judged by its landing, {landed}"
    if row.landed_corrected is not None:
        corrected = _minute(row.landed_corrected)
        yield f"前置机时钟偏差大,落地按 {corrected} 计", f"landed {corrected}, corrected for the sender's clock"
    if row.held_since is not None:
        since = _minute(row.held_since)
        yield f"自 {since} 待审核放行", f"held for review since {since}"
    if row.stage is not None and row.stage.code is not None:
        tried = _minute(row.stage.at)
        yield f"最近一次 {tried} 未成 {row.stage.code}", f"last tried {tried}, {row.stage.code}"
    if row.forecast is not None and row.forecast.late:
        yield f"预测将迟:{row.forecast.zh}", f"will probably be late: {row.forecast.en}"


def _saving_landing(row: Row) -> datetime | None:
    """When it landed, if that was in time and its receipt is of later: no other column would tell why it is on time."""
    if row.decided_at is None or row.receipted_at is None or row.landed_corrected is not None:
        return None
    late = not keeps(row.due, row.receipted_at)
    return row.decided_at if late and keeps(row.due, row.decided_at) else None


def _minute(at: datetime) -> str:
    return at.astimezone(ASIA_SHANGHAI).strftime("%Y-%m-%d %H:%M")
