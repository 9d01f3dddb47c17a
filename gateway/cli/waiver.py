"""`yizhan waiver`: exemptions (免报) and extensions (延期) of periods, entered with an approval number.

At a centre the office enters its decision; a front-end enters a copy of it, for its own board alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from gateway.app import CentreNode, FrontEnd, end_of
from gateway.calendar import ASIA_SHANGHAI, Period, until
from gateway.cli.deciding import authority, feed_of
from gateway.cli.shell import Heading, Json, Shell, answer, answer_json, node
from gateway.freshness import Waiver, WaiverKind
from gateway.waivers import Decision, Span, WaiverBook

app = typer.Typer(name="waiver", help="免报与延期 / exemptions and extensions", no_args_is_help=True)

Feed = Annotated[str, typer.Argument(help="归集事项 / feed id")]
First = Annotated[str, typer.Option("--period", help="数据期 / period")]
Last = Annotated[str | None, typer.Option("--to", help="至该数据期(含) / up to this period, included")]
Number = Annotated[str, typer.Option(help="批准文号 / number of the approval")]
By = Annotated[
    str,
    typer.Option(
        help="批准人;目录列有人员时,中心须有 approve、前置机须有 declare 职责 / who approved; where people are listed,"
        " one with the duty approve (centre) or declare (front-end)"
    ),
]
Reason = Annotated[str, typer.Option(help="事由 / why")]

_HEADINGS = (
    Heading("归集事项", "feed"),
    Heading("数据期", "period"),
    Heading("决定", "decision"),
    Heading("文号", "number"),
    Heading("延至", "until"),
    Heading("状态", "state"),
    Heading("批准人", "by"),
    Heading("登记时间", "entered"),
    Heading("事由", "reason", "prose"),
)
_WITHDRAWAL = (
    Heading("撤销时间", "withdrawn"),
    Heading("撤销人", "withdrawn by"),
    Heading("撤销事由", "why withdrawn", "prose"),
)
_KINDS = {WaiverKind.EXEMPT: ("免报", "exempt"), WaiverKind.EXTENDED: ("延期", "extended")}
_NOTHING = "—"


@app.command("exempt", help="登记免报 / a period need not be reported")
def exempt(
    context: typer.Context,
    feed: Feed,
    first: First,
    number: Number,
    by: By,
    reason: Reason,
    last: Last = None,
    json: Json = False,
) -> None:
    """The period is owed no more, on every board from now on; what is in the ledger already is not entered again."""
    shell: Shell = context.obj
    here = node(shell)
    span = _span(here, feed, first, last)
    decision = Decision(number=number, by=by, reason=reason)
    count = _book(here).exempt(span, decision)
    if json:
        answer_json(_entered_json("exempt", span, decision, count))
    else:
        _tell(("已登记免报", "exempt"), span, decision, count, shell)


@app.command("extend", help="登记延期 / a period has until another moment")
def extend(
    context: typer.Context,
    feed: Feed,
    first: First,
    end: Annotated[
        str, typer.Option("--until", help="延至,ISO 8601;只写日期为当日 24:00 前 / until when; a date: its end")
    ],
    number: Number,
    by: By,
    reason: Reason,
    last: Last = None,
    json: Json = False,
) -> None:
    """The due moves for the periods named; of several extensions the one entered last counts."""
    shell: Shell = context.obj
    here = node(shell)
    span = _span(here, feed, first, last)
    decision, moved = Decision(number=number, by=by, reason=reason), end_of(end)
    count = _book(here).extend(span, decision, moved)
    if json:
        answer_json({**_entered_json("extended", span, decision, count), "until": moved.isoformat()})
    else:
        _tell(("已登记延期", "extended"), span, decision, count, shell)


@app.command("withdraw", help="撤销免报或延期 / take a decision back")
def withdraw(
    context: typer.Context,
    feed: Feed,
    first: First,
    number: Number,
    by: By,
    reason: Reason,
    last: Last = None,
    json: Json = False,
) -> None:
    """From now on the rule's due counts again, or an earlier extension; boards of the past stay as they were."""
    shell: Shell = context.obj
    here = node(shell)
    span = _span(here, feed, first, last)
    decision = Decision(number=number, by=by, reason=reason)
    count = _book(here).withdraw(span, decision)
    if json:
        answer_json(_entered_json("withdrawn", span, decision, count))
    else:
        _tell(("已撤销", "withdrawn"), span, decision, count, shell)


@app.command("list", help="列出免报与延期 / list the decisions")
def list_waivers(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="包括已撤销的 / also those taken back")] = False,
    json: Json = False,
) -> None:
    """Those in force, oldest first."""
    shell: Shell = context.obj
    shown = [one for one in _book(node(shell)).waivers() if every or one.withdrawn_at is None]
    if json:
        answer_json({"waivers": [_json(one) for one in shown]})
    else:
        headings = (*_HEADINGS, *_WITHDRAWAL) if every else _HEADINGS
        rows = [(*_row(one, shell), *_withdrawal(one))[: len(headings)] for one in shown]
        shell.table(("免报与延期", "Exemptions and extensions"), headings, rows)


def _book(here: FrontEnd | CentreNode) -> WaiverBook:
    return WaiverBook(authority=authority(here), ledger=here.ledger, engine=here.database, clock=here.clock)


def _span(here: FrontEnd | CentreNode, feed: str, first: str, last: str | None) -> Span:
    begin = Period.parse(first)
    return Span(feed=feed_of(here, feed), first=begin, last=Period.parse(last) if last else begin)


def _tell(done: tuple[str, str], span: Span, decision: Decision, count: int, shell: Shell) -> None:
    """What was entered, or that all of it stands in the ledger already."""
    feed, number = span.feed.id, decision.number
    if count:
        zh, en = done
        answer(shell.say(f"{zh}:{feed} {count} 期({number})", f"{en}: {feed}, {count} periods ({number})"))
    else:
        answer(
            shell.say(
                f"{feed}({number})已在台账中,未重复登记。",
                f"{feed} ({number}) stands in the ledger already; nothing was entered again.",
            )
        )


def _entered_json(kind: str, span: Span, decision: Decision, count: int) -> dict[str, object]:
    """`entered`: for how many of the periods a line was written; the others stood so already."""
    return {
        "feed": span.feed.id,
        "periods": [str(one) for one in span.periods()],
        "kind": kind,
        "number": decision.number,
        "by": decision.by,
        "reason": decision.reason,
        "entered": count,
    }


def _row(one: Waiver, shell: Shell) -> tuple[str, ...]:
    return (
        one.feed,
        str(one.period),
        shell.say(*_KINDS[one.kind]),
        one.number,
        until(one.until) if one.until else _NOTHING,
        shell.say("有效", "in force") if one.withdrawn_at is None else shell.say("已撤销", "withdrawn"),
        one.by,
        _minute(one.at),
        one.reason,
    )


def _withdrawal(one: Waiver) -> tuple[str, ...]:
    if one.withdrawn_at is None:
        return (_NOTHING,) * len(_WITHDRAWAL)
    return _minute(one.withdrawn_at), one.withdrawn_by or _NOTHING, one.withdrawn_reason or _NOTHING


def _minute(at: datetime) -> str:
    return at.astimezone(ASIA_SHANGHAI).strftime("%Y-%m-%d %H:%M")


def _json(one: Waiver) -> dict[str, object]:
    return {
        "feed": one.feed,
        "period": str(one.period),
        "kind": one.kind.value,
        "number": one.number,
        "until": one.until.isoformat() if one.until else None,
        "by": one.by,
        "reason": one.reason,
        "at": one.at.isoformat(),
        "withdrawn_at": one.withdrawn_at.isoformat() if one.withdrawn_at else None,
        "withdrawn_by": one.withdrawn_by,
        "withdrawn_reason": one.withdrawn_reason,
    }
