"""`yizhan problems`: the problem rows of a period, masked, for the department to correct."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.shell import Shell, answer_json, answer_table, front_end
from gateway.problems import read


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("problems", help="问题数据及原因(已遮蔽) / problem rows with reasons, masked")(problems)


def problems(
    context: typer.Context,
    feed: Annotated[str, typer.Argument(help="归集事项 / feed id")],
    period: Annotated[str, typer.Option(help="数据期 / period")],
    out: Annotated[Path | None, typer.Option(help="另存为 CSV / write the CSV here")] = None,
    json: Annotated[bool, typer.Option("--json", help="输出 JSON / one JSON document")] = False,
) -> None:
    """The newest revision's problem rows; none is an answer too."""
    shell: Shell = context.obj
    here = front_end(shell)
    book = here.books.latest(here.own_feed(feed).id, period)
    found = list(read(book)) if book else []
    if out is not None and book is not None:
        shutil.copyfile(book, out)
    if json:
        answer_json(
            {
                "feed": feed,
                "period": period,
                "problems": [
                    {
                        "position": p.position,
                        "field": p.field,
                        "code": p.code,
                        "reason": p.zh if shell.lang == "zh" else p.en,
                        "masked": p.masked,
                    }
                    for p in found
                ],
            }
        )
        return
    columns = [
        shell.say("源位置", "position"),
        shell.say("字段", "field"),
        shell.say("代码", "code"),
        shell.say("原因", "reason"),
        shell.say("遮蔽值", "masked"),
    ]
    rows = [(p.position, p.field or "", p.code, shell.say(p.zh, p.en), p.masked) for p in found]
    answer_table(f"{feed} {period}", columns, rows)
