"""`yizhan spool`: look into the spool, and move what a person decides about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from gateway.app import CentreNode, FrontEnd
from gateway.app.levels import kept_of, spools_of
from gateway.chain import refusals
from gateway.cli import chain
from gateway.cli.people import NOBODY, People, people_of
from gateway.cli.shell import Heading, Json, Shell, answer, answer_json, node
from gateway.errors import EntryBusy, EntryUnknown, RefusedAbove
from gateway.gate import carry_out
from gateway.inbox import SharedEntry
from gateway.journal import about
from gateway.ledger import Detail, Event, EventKind, Ledger
from gateway.spool import Entry, Spool, State, mark_of
from gateway.spool.words import STATE_WORDS

app = typer.Typer(name="spool", help="发件箱与收件箱 / the spool", no_args_is_help=True)
Batch = Annotated[str, typer.Argument(help="批次号 / batch id, e.g. finance.onecard/2026-10/r1")]
By = Annotated[str, typer.Option(help="责任人或岗位 / the person or post that decides")]

_HEADINGS = (
    Heading("状态", "state"),
    Heading("批次", "batch"),
    Heading("归集人", "collected by"),
    Heading("放行人", "released by"),
    Heading("数据(字节)", "payload bytes", "number"),
    Heading("已回执中心", "receipts of"),
    Heading("位置", "place"),
)


@dataclass(frozen=True, kw_only=True)
class _Listed:
    """An entry, the people behind it, and the refusal from above that stands."""

    entry: Entry | SharedEntry
    people: People
    refused: RefusedAbove | None


@app.command("list", help="列出批次 / list the batches")
def list_entries(context: typer.Context, json: Json = False) -> None:
    """Every entry by state, who answers for it and who released it, the centres that answered it, or refused above.

    At a centre, then what goes upward from it.
    """
    shell: Shell = context.obj
    here = node(shell)
    people = people_of(here.ledger)
    refused = {mark_of(digest): refusal for digest, refusal in refusals(here.ledger.lines()).items()}
    listed = [
        _Listed(entry=one, people=people.get(one.name.mark, NOBODY), refused=refused.get(one.name.mark))
        for kept in kept_of(here)
        for one in kept.entries()
    ]
    if json:
        answer_json({"entries": [_json(one) for one in listed]})
    else:
        shell.table(("驿站目录", "Spool"), _HEADINGS, [_row(one, shell) for one in listed])


@app.command("retry", help="重投被拒的批次 / put a buried batch back")
def retry(context: typer.Context, batch: Batch, by: By) -> None:
    """From dead to ready, because the cause was removed; to held, if it was never released."""
    shell: Shell = context.obj
    here = node(shell)
    spool, entry = _find(here, (State.DEAD,), batch)
    decided = about(entry, entry.digest, here.clock(), EventKind.RETRIED, by=by)
    spool.retry(entry.name)
    here.ledger.append(decided)
    carry_out(spool, here.ledger)
    if spool.find(entry.name).state is State.HELD:
        answer(shell.say(f"已放回待审:{entry.name.batch}", f"held again: {entry.name.batch}"))
    else:
        answer(shell.say(f"已放回待送:{entry.name.batch}", f"ready again: {entry.name.batch}"))


@app.command("bury", help="不再投递某批次 / take a batch out of delivery")
def bury(
    context: typer.Context,
    batch: Batch,
    by: By,
    reason: Annotated[
        str | None, typer.Option(help="理由,退回待审批次时应写明 / why, as a reviewer should say")
    ] = None,
) -> None:
    """From ready or held to dead: a person decided that it is not to be sent. It can be put back with `retry`."""
    shell: Shell = context.obj
    here = node(shell)
    spool, entry = _find(here, (State.READY, State.HELD), batch)
    decided = about(entry, entry.digest, here.clock(), EventKind.BURIED, detail=Detail(reason=reason), by=by)
    if entry.state is State.HELD:
        here.ledger.append(decided)
        spool.reject(entry.name)
    else:
        _bury_ready(spool, entry, decided, here.ledger)
    answer(shell.say(f"不再投递:{entry.name.batch}", f"will not be delivered: {entry.name.batch}"))


def _bury_ready(spool: Spool, entry: Entry, decided: Event, ledger: Ledger) -> None:
    claim = spool.claim(entry.name)
    if claim is None:
        raise EntryBusy(name=str(entry.name))
    with claim:
        ledger.append(decided)
        spool.bury(claim)


def _find(here: FrontEnd | CentreNode, states: tuple[State, ...], batch: str) -> tuple[Spool, Entry]:
    """At a centre people decide about what goes upward; what comes in is decided by the centre itself."""
    for spool in reversed(list(spools_of(here))):
        for entry in spool.entries(*states):
            if batch in (entry.name.batch, str(entry.name)):
                return spool, entry
    raise EntryUnknown(name=batch)


def _answered(one: _Listed, shell: Shell) -> str:
    """`changning → hengyang 已拒绝(YZ-4301)`"""
    answered = [said.centre for said in chain.of_entry(one.entry)]
    if one.refused is not None:
        centre, code = one.refused.facts["centre"], one.refused.facts["peer_code"]
        answered.append(shell.say(f"{centre} 已拒绝({code})", f"{centre} refused ({code})"))
    return " → ".join(answered)


def _size(entry: Entry | SharedEntry) -> int:
    return entry.size or 0


def _row(one: _Listed, shell: Shell) -> tuple[str, ...]:
    entry, people = one.entry, one.people
    return (
        shell.say(STATE_WORDS[entry.state], entry.state.value),
        entry.name.batch,
        people.by or "",
        people.released_by or "",
        f"{_size(entry):,}",
        _answered(one, shell),
        str(entry.path),
    )


def _json(one: _Listed) -> dict[str, object]:
    entry, people, name = one.entry, one.people, one.entry.name
    return {
        "state": entry.state.value,
        "batch": name.batch,
        "feed": name.feed,
        "period": name.period,
        "revision": name.revision,
        "digest": entry.digest,
        "by": people.by,
        "held_by": people.held_by,
        "reason": people.reason,
        "released_by": people.released_by,
        "size": _size(entry),
        "receipts": [chain.receipt_json(said) for said in chain.of_entry(entry)],
        "refused": chain.refused_json(one.refused),
        "path": str(entry.path),
    }
