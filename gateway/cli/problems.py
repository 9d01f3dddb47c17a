"""`yizhan problems`: the problem rows of a period, masked, for the department to correct."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.run import task_for
from gateway.cli.shell import Heading, Json, Shell, answer_json, front_end
from gateway.problems import hand_out, read
from gateway.records.problems import Problem

_HEADINGS = (
    Heading("源位置", "position"),
    Heading("字段", "field"),
    Heading("代码", "code"),
    Heading("原因", "reason", "prose"),
    Heading("遮蔽值", "masked"),
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("problems", help="问题数据及原因(已遮蔽) / problem rows with reasons, masked")(problems)


def problems(
    context: typer.Context,
    feed: Annotated[str, typer.Argument(help="归集事项 / feed id")],
    period: Annotated[str | None, typer.Option(help="数据期,缺省为上一完整期 / period; the last complete one")] = None,
    out: Annotated[Path | None, typer.Option(help="另存为 .csv 文件 / also write them to this .csv file")] = None,
    json: Json = False,
) -> None:
    """The newest revision's problem rows, or those of a later reading that did not balance; none is an answer too."""
    shell: Shell = context.obj
    here = front_end(shell)
    chosen = here.own_feed(feed)
    wanted = str(task_for(here, chosen, period).period)
    book = here.books.latest(chosen.id, wanted)
    found = list(read(book)) if book else []
    if out is not None:
        hand_out(book, out)
        shell.remark(f"已另存为 {out}", f"written to {out}")
    if json:
        answer_json({"feed": chosen.id, "period": wanted, "problems": [_json(one, shell) for one in found]})
    else:
        title = " ".join([chosen.id, wanted, *([book.stem] if book else [])])
        shell.table((f"{title} 问题数据", f"{title} problem rows"), _HEADINGS, [_row(one, shell) for one in found])


def _json(one: Problem, shell: Shell) -> dict[str, str | None]:
    reason = shell.say(one.zh, one.en)
    return {"position": one.position, "field": one.field, "code": one.code, "reason": reason, "masked": one.masked}


def _row(one: Problem, shell: Shell) -> tuple[str, ...]:
    return one.position, one.field or "", one.code, shell.say(one.zh, one.en), one.masked
