"""`yizhan ledger`: read and verify this node's ledger."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterable
from typing import Annotated

import typer

from gateway.cli.shell import Shell, answer_json, answer_table, node
from gateway.errors import UnknownName
from gateway.ledger import Line

app = typer.Typer(name="ledger", help="台账 / the ledger", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="输出 JSON / one JSON document")]


@app.command("list", help="列出台账 / list the lines")
def list_lines(
    context: typer.Context,
    after: Annotated[int, typer.Option(help="从第几行之后 / only lines after this position")] = 0,
    json: Json = False,
) -> None:
    """Every line, oldest first."""
    _show(node(context.obj).ledger.lines(after=after), context.obj, json)


@app.command("show", help="一个批次的全部记录 / all lines of one batch")
def show(
    context: typer.Context,
    batch: Annotated[str, typer.Argument(help="批次号,如 finance.onecard/2026-10/r1 / batch id")],
    json: Json = False,
) -> None:
    """The lines that explain one batch, with their details."""
    lines = list(node(context.obj).ledger.lines(batch=batch))
    if not lines:
        raise UnknownName(kind_zh="批次", kind_en="batch", name=batch, near="yizhan ledger list")
    _show(lines, context.obj, json)


@app.command("verify", help="核验台账的哈希链 / verify the hash chain")
def verify(context: typer.Context) -> None:
    """Exit 0 and one line when it is whole; else every fault with its place."""
    shell: Shell = context.obj
    here = node(shell)
    faults = list(here.ledger.verify(here.anchors()))
    for fault in faults:
        print(f"[{fault.code}] {fault.message(shell.lang)}")
    if not faults:
        head = here.ledger.head()
        print(
            shell.say(
                f"台账完好:共 {head.position} 行,链头 {head.hash}",
                f"ledger whole: {head.position} lines, head {head.hash}",
            )
        )
    raise typer.Exit(1 if faults else 0)


def _show(lines: Iterable[Line], shell: Shell, json: bool) -> None:
    if json:
        answer_json({"lines": [jsonlib.loads(line.export()) for line in lines]})
        return
    columns = [
        "#",
        shell.say("时间", "at"),
        shell.say("事件", "event"),
        shell.say("批次", "batch"),
        shell.say("代码", "code"),
        shell.say("责任人", "by"),
        shell.say("说明", "detail"),
    ]
    answer_table(shell.say("台账", "Ledger"), columns, [_row(line) for line in lines], right=["#"])


def _row(line: Line) -> tuple[str, ...]:
    subject = line.batch or " ".join(filter(None, (line.feed, line.period)))
    detail = jsonlib.loads(line.detail)
    said = " ".join(
        f"{key}={value if len(str(value)) < 24 else str(value)[:12] + '…'}" for key, value in detail.items()
    )
    return (
        str(line.seq),
        line.moment.strftime("%m-%d %H:%M:%S"),
        line.event,
        subject,
        line.code or "",
        line.by or "",
        said,
    )
