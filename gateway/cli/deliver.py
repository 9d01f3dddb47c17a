"""`yizhan deliver`: drain the spool, then tell the sources; also what `run` shows of both."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from gateway.acknowledge import Acknowledged, acknowledge
from gateway.app import FrontEnd
from gateway.cli.progress import Bars, bars
from gateway.cli.shell import Heading, Json, Shell, answer_json, front_end
from gateway.deliver import Delivered, drain
from gateway.errors import Lang, Retry, YizhanError

_HEADINGS = (
    Heading("批次", "batch"),
    Heading("结果", "outcome"),
    Heading("入库", "loaded", "number"),
    Heading("问题", "problem", "number"),
    Heading("重复", "duplicate", "number"),
    Heading("回执时间", "receipted at"),
)

_TOLD_HEADINGS = (
    Heading("批次", "batch"),
    Heading("结果", "outcome"),
    Heading("已标记行", "rows marked", "number"),
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("deliver", help="送达发件箱中的批次 / deliver what is in the spool")(deliver)


def deliver(context: typer.Context, json: Json = False) -> None:
    """Exit 0 when every batch that was ready has its receipt, and every source that wants to be told was told."""
    shell: Shell = context.obj
    node = front_end(shell)
    with bars(shell) as shown:
        delivered = drain_all(node, shell, shown)
    told = tell_all(node, shell)
    if json:
        answer_json({
            "delivered": [to_json(one, shell.lang) for one in delivered],
            "acknowledged": [told_json(one, shell.lang) for one in told],
        })  # fmt: skip
    else:
        show(delivered, shell)
        show_told(told, shell)
    raise typer.Exit(exit_code([one.error for one in (*delivered, *told) if one.error]))


def drain_all(node: FrontEnd, shell: Shell, shown: Bars) -> list[Delivered]:
    """Try everything that is ready, telling of each error as it happens."""
    delivered = []
    for one in drain(node.post(shown.bytes)):
        delivered.append(one)
        if one.error is not None:
            shell.complain(one.error)
    return delivered


def tell_all(node: FrontEnd, shell: Shell) -> list[Acknowledged]:
    """Tell the sources what became of their rows, as far as that is due, telling of each error as it happens."""
    told = []
    for one in acknowledge(node.feeds, node.counter()):
        told.append(one)
        if one.error is not None:
            shell.complain(one.error)
    return told


def exit_code(errors: Sequence[YizhanError]) -> int:
    """0; else what somebody has to act on comes before what only has to be tried again."""
    codes = {error.exit_code for error in errors if not isinstance(error, Retry)} - {0}
    return min(codes) if codes else max((error.exit_code for error in errors), default=0)


def show(delivered: Sequence[Delivered], shell: Shell) -> None:
    """A line for each batch."""
    if delivered:
        shell.table(("送达", "Delivered"), _HEADINGS, [_row(one, shell) for one in delivered])
    else:
        shell.remark("发件箱中没有待送批次。", "Nothing is waiting in the spool.")


def show_told(told: Sequence[Acknowledged], shell: Shell) -> None:
    """A line for each batch whose source was to be told; nothing where none was."""
    if told:
        shell.table(("回写", "Acknowledged"), _TOLD_HEADINGS, [_told_row(one, shell) for one in told])


def told_json(one: Acknowledged, lang: Lang) -> dict[str, object]:
    """What a source was told, as JSON."""
    return {
        "feed": one.feed,
        "batch": one.batch,
        "rows": one.rows,
        "code": one.error.code if one.error else None,
        "message": one.error.message(lang) if one.error else None,
    }


def to_json(one: Delivered, lang: Lang) -> dict[str, object]:
    """A batch's fate as JSON."""
    said = one.answer.receipt if one.answer else None
    return {
        "batch": one.batch,
        "digest": one.digest,
        "state": one.state.value,
        "code": one.error.code if one.error else None,
        "message": one.error.message(lang) if one.error else None,
        "loaded": said.loaded.rows if said else None,
        "problem_rows": said.problem.rows if said else None,
        "duplicate": said.duplicate.rows if said else None,
        "balanced": said.balanced if said else None,
        "receipted_at": said.accepted_at.isoformat() if said else None,
    }


def _row(one: Delivered, shell: Shell) -> tuple[str, ...]:
    if one.answer is None:
        return one.batch, f"{one.error.code if one.error else ''} → {one.state.value}", "", "", "", ""
    said = one.answer.receipt
    counts = (f"{totals.rows:,}" for totals in (said.loaded, said.problem, said.duplicate))
    return one.batch, shell.say("已回执", "receipted"), *counts, said.accepted_at.strftime("%Y-%m-%d %H:%M:%S")


def _told_row(one: Acknowledged, shell: Shell) -> tuple[str, ...]:
    if one.error is not None:
        return one.batch or one.feed, one.error.code, ""
    return one.batch or one.feed, shell.say("已回写", "source told"), f"{one.rows or 0:,}"
