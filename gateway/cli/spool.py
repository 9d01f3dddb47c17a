"""`yizhan spool`: look into the spool, and move what a person decides about."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.shell import Heading, Json, Shell, answer, answer_json, node
from gateway.errors import EntryBusy, EntryUnknown
from gateway.journal import about
from gateway.ledger import EventKind
from gateway.spool import Entry, State

app = typer.Typer(name="spool", help="发件箱与收件箱 / the spool", no_args_is_help=True)
Batch = Annotated[str, typer.Argument(help="批次号 / batch id, e.g. finance.onecard/2026-10/r1")]
By = Annotated[str, typer.Option(help="责任人或岗位 / the person or post that decides")]

_HEADINGS = (
    Heading("状态", "state"),
    Heading("批次", "batch"),
    Heading("数据(字节)", "payload bytes", "number"),
    Heading("位置", "place"),
)


@app.command("list", help="列出批次 / list the batches")
def list_entries(context: typer.Context, json: Json = False) -> None:
    """Every entry by state."""
    shell: Shell = context.obj
    entries = node(shell).spool.entries()
    if json:
        answer_json({"entries": [_json(entry) for entry in entries]})
    else:
        rows = [(e.state.value, e.name.batch, f"{_size(e):,}", str(e.path)) for e in entries]
        shell.table(("驿站目录", "Spool"), _HEADINGS, rows)


@app.command("retry", help="重投被拒的批次 / put a buried batch back")
def retry(context: typer.Context, batch: Batch, by: By) -> None:
    """From dead to ready, because the cause was removed."""
    shell: Shell = context.obj
    here = node(shell)
    entry = _find(here.spool.entries(State.DEAD), batch)
    decided = about(entry, entry.digest, here.clock(), EventKind.RETRIED, by=by)
    here.spool.retry(entry.name)
    here.ledger.append(decided)
    answer(shell.say(f"已放回待送:{entry.name.batch}", f"ready again: {entry.name.batch}"))


@app.command("bury", help="不再投递某批次 / take a batch out of delivery")
def bury(context: typer.Context, batch: Batch, by: By) -> None:
    """From ready to dead: a person decided that it is not to be sent. It can be put back with `retry`."""
    shell: Shell = context.obj
    here = node(shell)
    entry = _find(here.spool.entries(State.READY), batch)
    decided = about(entry, entry.digest, here.clock(), EventKind.BURIED, by=by)
    claim = here.spool.claim(entry.name)
    if claim is None:
        raise EntryBusy(name=str(entry.name))
    with claim:
        here.ledger.append(decided)
        here.spool.bury(claim)
    answer(shell.say(f"不再投递:{entry.name.batch}", f"will not be delivered: {entry.name.batch}"))


def _find(entries: list[Entry], batch: str) -> Entry:
    for entry in entries:
        if batch in (entry.name.batch, str(entry.name)):
            return entry
    raise EntryUnknown(name=batch)


def _size(entry: Entry) -> int:
    return entry.payload.stat().st_size if entry.payload.exists() else 0


def _json(entry: Entry) -> dict[str, object]:
    name = entry.name
    return {
        "state": entry.state.value,
        "batch": name.batch,
        "feed": name.feed,
        "period": name.period,
        "revision": name.revision,
        "digest": entry.digest,
        "size": _size(entry),
        "path": str(entry.path),
    }
