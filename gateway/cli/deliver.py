"""`yizhan deliver`: drain the spool, then tell the sources; also what `run` shows of both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, NoReturn

import typer

from gateway.acknowledge import Acknowledged, acknowledge
from gateway.app import CentreNode, FrontEnd, moment
from gateway.cli import chain, upward
from gateway.cli.progress import Bars, bars
from gateway.cli.shell import Heading, Json, Shell, answer_json, front_end
from gateway.cli.shell import node as open_here
from gateway.deliver import Delivered, drain
from gateway.deliver import again as again_since
from gateway.envelope.canonical import yuan
from gateway.envelope.effect import Effect
from gateway.errors import Lang, Retry, YizhanError
from gateway.forward import Forwarded

_HEADINGS = (
    Heading("批次", "batch"),
    Heading("结果", "outcome"),
    Heading("入库", "loaded", "number"),
    Heading("问题", "problem", "number"),
    Heading("重复", "duplicate", "number"),
    Heading("净变化", "effect"),
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


def deliver(
    context: typer.Context,
    again: Annotated[
        str | None,
        typer.Option(
            metavar="SINCE", help="此后已回执的批次再问一遍(中心从备份恢复之后)/ ask anew for receipts since then"
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Exit 0 when every batch that was ready has its receipt, and every source that wants to be told was told.

    At a centre: what it has loaded or carries goes to the centre above it.

    With --again, batches receipted since that moment are sent anew to a centre that has lost them; one that has them
    answers with the same receipts.
    """
    shell: Shell = context.obj
    here = open_here(shell)
    if isinstance(here, CentreNode) and again is None:
        _deliver_upward(here, shell, json)
    node = front_end(shell)
    with bars(shell) as shown:
        delivered = again_all(node, moment(again), shell, shown) if again else []
        delivered += drain_all(node, shell, shown)
    further = chain.fetch_all(node, shell)
    told = tell_all(node, shell)
    if json:
        answer_json({
            "delivered": [to_json(one, shell.lang) for one in delivered],
            "receipts": [chain.fetched_json(one, shell.lang) for one in further],
            "acknowledged": [told_json(one, shell.lang) for one in told],
        })  # fmt: skip
    else:
        show(delivered, shell)
        chain.show(further, shell)
        show_told(told, shell)
    raise typer.Exit(exit_code([one.error for one in (*delivered, *further, *told) if one.error]))


def _deliver_upward(node: CentreNode, shell: Shell, json: bool) -> NoReturn:
    forwarded, further = upward.send(node, shell)
    if json:
        answer_json({
            "forwarded": [to_json(one, shell.lang) for one in forwarded],
            "receipts": [chain.fetched_json(one, shell.lang) for one in further],
        })  # fmt: skip
    else:
        show(forwarded, shell)
        chain.show(further, shell)
    raise typer.Exit(exit_code([one.error for one in (*forwarded, *further) if one.error]))


def again_all(node: FrontEnd, since: datetime, shell: Shell, shown: Bars) -> list[Delivered]:
    """Ask anew for every receipt since then, telling of each error as it happens."""
    return _told(again_since(node.post(shown.bytes), since), shell)


def drain_all(node: FrontEnd, shell: Shell, shown: Bars) -> list[Delivered]:
    """Try everything that is ready, telling of each error as it happens."""
    return _told(drain(node.post(shown.bytes)), shell)


def _told(deliveries: Iterable[Delivered], shell: Shell) -> list[Delivered]:
    delivered = []
    for one in deliveries:
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


def show(delivered: Sequence[Delivered | Forwarded], shell: Shell) -> None:
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


def effect_json(effect: Effect) -> dict[str, object]:
    """Rows and yuan that a load added, changed, replaced and removed, as the receipt has them."""
    parts = {"added": effect.added, "changed": effect.changed, "replaced": effect.replaced, "removed": effect.removed}
    return {
        name: {"rows": totals.rows, "sums": {field: yuan(fen) for field, fen in totals.sums}}
        for name, totals in parts.items()
    }


def to_json(one: Delivered | Forwarded, lang: Lang) -> dict[str, object]:
    """A batch's fate as JSON."""
    said = one.answer.receipt if one.answer else None
    return {
        "batch": one.batch,
        "digest": one.digest,
        "state": one.state.value if one.state else None,
        "code": one.error.code if one.error else None,
        "message": one.error.message(lang) if one.error else None,
        "loaded": said.loaded.rows if said else None,
        "problem_rows": said.problem.rows if said else None,
        "duplicate": said.duplicate.rows if said else None,
        "effect": effect_json(said.effect) if said else None,
        "balanced": said.balanced if said else None,
        "receipted_at": said.accepted_at.isoformat() if said else None,
    }


def _row(one: Delivered | Forwarded, shell: Shell) -> tuple[str, ...]:
    if one.answer is None:
        lies = one.state.value if one.state else "-"
        return one.batch, f"{one.error.code if one.error else ''} → {lies}", "", "", "", "", ""
    said = one.answer.receipt
    counts = (f"{totals.rows:,}" for totals in (said.loaded, said.problem, said.duplicate))
    at = said.accepted_at.strftime("%Y-%m-%d %H:%M:%S")
    return one.batch, shell.say("已回执", "receipted"), *counts, _changes(said.effect, shell), at


def _changes(effect: Effect, shell: Shell) -> str:
    """`+3 ~1 -2`: rows added, changed, removed, as far as there are any."""
    signs = (("+", effect.added), ("~", effect.changed), ("-", effect.removed))
    return " ".join(f"{sign}{totals.rows:,}" for sign, totals in signs if totals.rows) or shell.say("无", "none")


def _told_row(one: Acknowledged, shell: Shell) -> tuple[str, ...]:
    if one.error is not None:
        return one.batch or one.feed, one.error.code, ""
    return one.batch or one.feed, shell.say("已回写", "source told"), f"{one.rows or 0:,}"
