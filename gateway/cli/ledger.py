"""`yizhan ledger`: read and verify this node's ledger."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Annotated

import typer

from gateway.calendar import Period
from gateway.cli import chain
from gateway.cli.shell import Heading, Json, Shell, answer, answer_json, node
from gateway.errors import BatchUnknown, UnknownName
from gateway.ledger import EventKind, Ledger, Line
from gateway.ledger.words import event_words

app = typer.Typer(name="ledger", help="台账 / the ledger", no_args_is_help=True)

_HEADINGS = (
    Heading("行", "line", "number"),
    Heading("时间", "at"),
    Heading("事件", "event"),
    Heading("批次", "batch"),
    Heading("代码", "code"),
    Heading("责任人", "by"),
    Heading("说明", "detail", "prose"),
)
_LONG, _SHORT = 24, 12
_EXAMPLE = "finance.onecard/2026-10/r1"


@app.command("list", help="列出台账 / list the lines")
def list_lines(
    context: typer.Context,
    after: Annotated[int, typer.Option(help="从第几行之后 / only lines after this position")] = 0,
    feed: Annotated[str | None, typer.Option(help="只看该归集事项 / of this feed only")] = None,
    period: Annotated[str | None, typer.Option(help="只看该数据期 / of this period only")] = None,
    event: Annotated[
        str | None,
        typer.Option(help="只看该类事件,如 exempted、extended、withdrawn、dunned、published / of this event only"),
    ] = None,
    by: Annotated[str | None, typer.Option(help="只看该责任人 / of this person or post only")] = None,
    json: Json = False,
) -> None:
    """Every line that fits all that is asked for, oldest first; `--event` takes the word that `--json` shows."""
    shell: Shell = context.obj
    wanted = {"feed": feed, "period": str(Period.parse(period)) if period else None, "by": by}
    kind = _kind(event) if event else None
    found = list(_matching(node(shell).ledger.lines(kind=kind, after=after), wanted))
    _show(found, shell, json)
    if not found:
        shell.remark("台账中没有符合条件的记录。", "the ledger has no such line.")


@app.command("show", help="一个批次的全部记录 / all lines of one batch")
def show(
    context: typer.Context,
    batch: Annotated[str, typer.Argument(help="批次号,如 finance.onecard/2026-10/r1 / batch id")],
    json: Json = False,
) -> None:
    """The lines that explain one batch, with their details, and the chain of its receipts."""
    here = node(context.obj)
    lines = list(here.ledger.lines(batch=batch))
    if not lines:
        raise BatchUnknown(name=batch, example=_nearest(batch, here.ledger))
    if json:
        receipts = [chain.receipt_json(said) for said in chain.of_batch(here, batch)]
        answer_json({"lines": _exported(lines), "receipts": receipts})
    else:
        _show(lines, context.obj, json)
        chain.show_batch(here, batch, context.obj)


@app.command("verify", help="核验台账的哈希链 / verify the hash chain")
def verify(context: typer.Context) -> None:
    """Exit 0 and one line when it is whole; else every fault with its place."""
    shell: Shell = context.obj
    here = node(shell)
    faults = list(here.ledger.verify(here.anchors()))
    for fault in faults:
        answer(f"[{fault.code}] {fault.message(shell.lang)}")
    if faults:
        raise typer.Exit(1)
    head = here.ledger.head()
    answer(
        shell.say(
            f"台账完好:共 {head.position} 行,链头 {head.hash}",
            f"ledger whole: {head.position} lines, head {head.hash}",
        )
    )


def _nearest(batch: str, ledger: Ledger) -> str:
    known = {line.batch for line in ledger.lines() if line.batch}
    return next(iter(get_close_matches(batch, sorted(known), 1)), _EXAMPLE)


def _kind(word: str) -> EventKind:
    """Raises: UnknownName, with the nearest."""
    words = [kind.value for kind in EventKind]
    if word not in words:
        near = next(iter(get_close_matches(word, words, 1)), None)
        raise UnknownName(kind_zh="事件", kind_en="event", name=word, near=near)
    return EventKind(word)


def _matching(lines: Iterator[Line], wanted: dict[str, str | None]) -> Iterator[Line]:
    """The lines that have, in each column of which something is wanted, just that."""
    asked = {column: value for column, value in wanted.items() if value is not None}
    return (line for line in lines if all(getattr(line, column) == value for column, value in asked.items()))


def _show(lines: Sequence[Line], shell: Shell, json: bool) -> None:
    if json:
        answer_json({"lines": _exported(lines)})
    else:
        shell.table(("台账", "Ledger"), _HEADINGS, [_row(line, shell) for line in lines])


def _exported(lines: Sequence[Line]) -> list[object]:
    return [jsonlib.loads(line.export()) for line in lines]


def _row(line: Line, shell: Shell) -> tuple[str, ...]:
    subject = line.batch or " ".join(filter(None, (line.feed, line.period)))
    at = line.moment.strftime("%Y-%m-%d %H:%M:%S")
    detail = " ".join(f"{name}={_cut(str(said))}" for name, said in jsonlib.loads(line.detail).items())
    return str(line.seq), at, _event(line, shell), subject, line.code or "", line.by or "", detail


def _event(line: Line, shell: Shell) -> str:
    """In words of the operator's language; JSON keeps the ledger's own."""
    return shell.say(*event_words(line.event))


def _cut(text: str) -> str:
    """Digests by their first letters."""
    return text if len(text) < _LONG else f"{text[:_SHORT]}…"
