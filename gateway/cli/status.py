"""`yizhan status`: the freshness board."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer
from rich.text import Text

from gateway.app import moment
from gateway.app.facts import facts_of
from gateway.calendar import ASIA_SHANGHAI
from gateway.cli.shell import Heading, Json, Shell, answer_json, grouped, node
from gateway.freshness import Row, State, board, to_json
from gateway.records.totals import to_yuan

_WORDS = {
    State.NOT_DUE: ("未到期", "not due", ""),
    State.DUE_SOON: ("即将到期", "due soon", "yellow"),
    State.OVERDUE: ("逾期未报", "overdue", "bold red"),
    State.ON_TIME: ("按时", "on time", "green"),
    State.LATE: ("迟报", "late", "yellow"),
    State.NIL_ON_TIME: ("按时零报送", "nil, on time", "green"),
    State.NIL_LATE: ("迟报零报送", "nil, late", "yellow"),
    State.HELD: ("待审核放行", "held for review", "yellow"),
    State.UNBALANCED: ("对账不平", "unbalanced", "bold red"),
}
_WANTS_ACTION = (State.OVERDUE, State.UNBALANCED)
_NOTHING = "—"

_HEADINGS = (
    Heading("归集事项", "feed"),
    Heading("名称", "title", "prose"),
    Heading("数据期", "period"),
    Heading("应报时限", "due"),
    Heading("状态", "state"),
    Heading("回执时间", "receipted"),
    Heading("版次", "rev", "number"),
    Heading("行数", "rows", "number"),
    Heading("金额(元)", "yuan", "number"),
    Heading("问题行", "problems", "number"),
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status", help="时效看板:应报、时限、状态 / the freshness board")(status)


def status(
    context: typer.Context,
    at: Annotated[str | None, typer.Option(help="某一时刻,ISO 8601 / the board as it stood then")] = None,
    department: Annotated[str | None, typer.Option(help="只看一个部门 / one department only")] = None,
    json: Json = False,
) -> None:
    """Exit 1 while something is overdue or unbalanced: the board says which."""
    shell: Shell = context.obj
    here = node(shell)
    now = moment(at) if at else here.clock()
    chosen = here.catalogue.department(department).id if department else None
    rows = [row for row in board(here.owed, facts_of(here), now) if chosen in (None, row.department)]
    if json:
        answer_json(to_json(rows, now))
    else:
        show(rows, shell)
    raise typer.Exit(1 if any(row.state in _WANTS_ACTION for row in rows) else 0)


def show(rows: Sequence[Row], shell: Shell) -> None:
    """The board as a table."""
    shell.table(("时效看板", "Freshness"), _HEADINGS, [_line(row, shell) for row in rows])


def _line(row: Row, shell: Shell) -> tuple[str | Text, ...]:
    zh, en, style = _WORDS[row.state]
    return (
        row.feed,
        row.title,
        str(row.period),
        _minute(row.due),
        Text(shell.say(zh, en), style=style),
        _minute(row.receipted_at) if row.receipted_at else _NOTHING,
        f"r{row.revision}" if row.revision else _NOTHING,
        f"{row.rows:,}" if row.rows is not None else _NOTHING,
        grouped(to_yuan(row.amount)) if row.amount is not None else _NOTHING,
        f"{row.problem_rows:,}" if row.problem_rows is not None else _NOTHING,
    )


def _minute(at: datetime) -> str:
    return at.astimezone(ASIA_SHANGHAI).strftime("%Y-%m-%d %H:%M")
