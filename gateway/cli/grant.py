"""`yizhan grant`: who outside a feed's region may read it, until when, and who approved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from gateway.app import CentreNode, end_of
from gateway.app.upgrading import refresh
from gateway.calendar import ASIA_SHANGHAI
from gateway.cli.shell import Heading, Json, Shell, answer, answer_json, centre
from gateway.errors import Retry, YizhanError
from gateway.subscribers import Grant

app = typer.Typer(name="grant", help="数据读取授权 / read grants", no_args_is_help=True)
Number = Annotated[str, typer.Argument(help="批准文号 / number of the approval")]
By = Annotated[str, typer.Option(help="批准人(须有 approve 职责) / who approves; takes the duty approve")]
Reason = Annotated[str, typer.Option(help="事由 / why")]

_HEADINGS = (
    Heading("文号", "number"),
    Heading("读取方", "reader"),
    Heading("归集事项", "feeds", "prose"),
    Heading("区划", "region"),
    Heading("有效期至", "until"),
    Heading("状态", "state"),
    Heading("批准人", "by"),
    Heading("事由", "reason", "prose"),
)


@app.command("add", help="登记一项授权 / enter a grant")
def add(
    context: typer.Context,
    number: Number,
    to: Annotated[str, typer.Option(help="订阅方编号或区划代码 / a subscriber's id, or a region's code")],
    feed: Annotated[list[str], typer.Option(help="归集事项,可多次 / feeds, may be repeated")],
    until: Annotated[str, typer.Option(help="有效期,ISO 8601;只写日期为当日 24:00 前 / until when; a date: its end")],
    by: By,
    reason: Reason,
    region: Annotated[
        str | None, typer.Option(help="数据所属区划,缺省为本中心 / whose data; this centre's when omitted")
    ] = None,
    json: Json = False,
) -> None:
    """Copies may be handed out at once; on PostgreSQL the reader's role sees the rows until the grant ends.

    The role sees them at once where site.yaml names the tables' owner. Else the grant stands in the ledger, and this
    exits 75, until the owner's `yizhan warehouse upgrade`.
    """
    shell: Shell = context.obj
    here = centre(shell)
    grant = here.grants().grant(
        number,
        reader=to,
        feeds=feed,
        region=region or here.own.region,
        until=end_of(until),
        by=by,
        reason=reason,
    )
    if json:
        answer_json(_json(grant, here.clock()))
    else:
        answer(shell.say(f"已授权:{grant.number} → {grant.reader}", f"granted: {grant.number} to {grant.reader}"))
    _refresh(here, shell)


@app.command("revoke", help="撤销授权 / end a grant")
def revoke(context: typer.Context, number: Number, by: By, reason: Reason, json: Json = False) -> None:
    """From now on nothing more is handed out under it.

    On PostgreSQL the reader's role loses sight of the rows at once where site.yaml names the tables' owner. Else the
    ledger says revoked, the role still reads, and this exits 75, until the owner's `yizhan warehouse upgrade`.
    """
    shell: Shell = context.obj
    here = centre(shell)
    grant = here.grants().revoke(number, by=by, reason=reason)
    if json:
        answer_json(_json(grant, here.clock()))
    else:
        answer(shell.say(f"已撤销:{grant.number}", f"revoked: {grant.number}"))
    _refresh(here, shell)


@app.command("list", help="列出授权 / list the grants")
def list_grants(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="包括已失效的 / also those that have ended")] = False,
    json: Json = False,
) -> None:
    """Those in force, oldest first."""
    shell: Shell = context.obj
    here = centre(shell)
    now = here.clock()
    shown = [one for one in here.grants().grants() if every or one.holds(now)]
    if json:
        answer_json({"grants": [_json(one, now) for one in shown]})
    else:
        _show(shown, now, shell)


def _refresh(here: CentreNode, shell: Shell) -> None:
    """The ledger has it; the database's own policies follow, or the command ends with 75: half of it is to be done."""
    try:
        refresh(here)
    except YizhanError as later:
        shell.complain(later)
        shell.remark(
            "台账已登记;数据库权限须由库属主运行 yizhan warehouse upgrade 后生效。",
            "entered in the ledger; the database follows when its owner runs: yizhan warehouse upgrade",
        )
        raise typer.Exit(Retry.exit_code) from None


def _show(grants: Sequence[Grant], now: datetime, shell: Shell) -> None:
    rows = [
        (
            one.number,
            one.reader,
            " ".join(one.feeds),
            one.region,
            one.until.astimezone(ASIA_SHANGHAI).strftime("%Y-%m-%d %H:%M"),
            shell.say(*_state(one, now)),
            one.by,
            one.reason,
        )
        for one in grants
    ]
    shell.table(("授权", "Grants"), _HEADINGS, rows)


def _state(grant: Grant, now: datetime) -> tuple[str, str]:
    if grant.holds(now):
        return "有效", "in force"
    return ("已撤销", "revoked") if grant.revoked_at is not None else ("已到期", "ended")


def _json(grant: Grant, now: datetime) -> dict[str, object]:
    return {
        "number": grant.number,
        "reader": grant.reader,
        "feeds": list(grant.feeds),
        "region": grant.region,
        "until": grant.until.isoformat(),
        "in_force": grant.holds(now),
        "revoked_at": grant.revoked_at.isoformat() if grant.revoked_at else None,
        "by": grant.by,
        "reason": grant.reason,
    }
