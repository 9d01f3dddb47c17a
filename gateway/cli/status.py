"""`yizhan status`: the freshness board."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from gateway.app import moment
from gateway.app.facts import facts_of
from gateway.calendar import ASIA_SHANGHAI
from gateway.cli.shell import Shell, answer_json, answer_table, node
from gateway.freshness import Row, State, board, to_json
from gateway.records.totals import to_yuan

WORDS = {
    State.NOT_DUE: ("未到期", "not due", ""),
    State.DUE_SOON: ("即将到期", "due soon", "yellow"),
    State.OVERDUE: ("逾期未报", "overdue", "bold red"),
    State.ON_TIME: ("按时", "on time", "green"),
    State.LATE: ("迟报", "late", "yellow"),
    State.UNBALANCED: ("对账不平", "unbalanced", "bold red"),
}
_WANTS_ACTION = (State.OVERDUE, State.UNBALANCED)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status", help="时效看板:应报、时限、状态 / the freshness board")(status)


def status(
    context: typer.Context,
    at: Annotated[str | None, typer.Option(help="某一时刻,ISO 8601 / the board as it stood then")] = None,
    department: Annotated[str | None, typer.Option(help="只看一个部门 / one department only")] = None,
    json: Annotated[bool, typer.Option("--json", help="输出 JSON / one JSON document")] = False,
) -> None:
    """Exit 1 while something is overdue or unbalanced: the board says which."""
    shell: Shell = context.obj
    here = node(shell)
    now = moment(at, "--at") if at else here.clock()
    chosen = here.catalogue.department(department).id if department else None
    rows = [row for row in board(here.owed, facts_of(here), now) if chosen in (None, row.department)]
    if json:
        answer_json(to_json(rows, now))
    else:
        show(rows, shell)
    raise typer.Exit(1 if any(row.state in _WANTS_ACTION for row in rows) else 0)


def show(rows: list[Row], shell: Shell) -> None:
    """The board as a table."""
    columns = [
        shell.say("归集事项", "feed"),
        shell.say("名称", "title"),
        shell.say("数据期", "period"),
        shell.say("应报时限", "due"),
        shell.say("状态", "state"),
        shell.say("回执时间", "receipted"),
        shell.say("版次", "rev"),
        shell.say("行数", "rows"),
        shell.say("金额(元)", "yuan"),
        shell.say("问题行", "problems"),
    ]
    lines = [_line(row, shell) for row in rows]
    answer_table(shell.say("时效看板", "Freshness"), columns, lines, right=columns[6:])


def _line(row: Row, shell: Shell) -> tuple[str | Text, ...]:
    zh, en, style = WORDS[row.state]
    return (
        row.feed,
        row.title,
        str(row.period),
        row.due.astimezone(ASIA_SHANGHAI).strftime("%Y-%m-%d %H:%M"),
        Text(shell.say(zh, en), style=style),
        row.receipted_at.astimezone(ASIA_SHANGHAI).strftime("%m-%d %H:%M") if row.receipted_at else "—",
        f"r{row.revision}" if row.revision else "—",
        f"{row.rows:,}" if row.rows is not None else "—",
        to_yuan(row.amount) if row.amount is not None else "—",
        f"{row.problem_rows:,}" if row.problem_rows is not None else "—",
    )
