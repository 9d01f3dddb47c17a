"""`yizhan event`: an event of an event-driven feed, from which on its report is owed."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.app import minute
from gateway.calendar import ASIA_SHANGHAI, until
from gateway.cli.deciding import authority, feed_of
from gateway.cli.shell import Json, Shell, answer, answer_json, node
from gateway.waivers import EventBook


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("event", help="登记事件,自此应报 / enter an event, which makes a report owed")(event)


def event(
    context: typer.Context,
    feed: Annotated[str, typer.Argument(help="归集事项(时限规则为 cadence: event) / feed driven by events")],
    at: Annotated[str, typer.Option(help="事件发生时刻,精确到分,ISO 8601 / when it happened, to the minute")],
    by: Annotated[
        str,
        typer.Option(
            help="登记人;目录列有人员时,中心须有 approve、前置机须有 declare 职责 / who enters it; where people are"
            " listed, one with the duty approve (centre) or declare (front-end)"
        ),
    ],
    json: Json = False,
) -> None:
    """Once entered, entering it again changes nothing. One entered by mistake is settled with `yizhan waiver exempt`.

    Nodes do not share ledgers: an event entered at the centre is owed on the centre's board, and on the front-end's
    once it is entered there too, or its report has come.
    """
    shell: Shell = context.obj
    here = node(shell)
    book = EventBook(authority=authority(here), ledger=here.ledger, engine=here.database, clock=here.clock)
    chosen = feed_of(here, feed)
    entered = book.record(chosen, minute(at), by)
    due = chosen.schedule.due(entered.period).astimezone(ASIA_SHANGHAI)
    if json:
        answer_json(
            {
                "feed": entered.feed,
                "period": str(entered.period),
                "at": entered.at.isoformat(),
                "due": due.isoformat(timespec="seconds"),
            }
        )
        return
    answer(
        shell.say(
            f"已登记事件:{feed} {entered.period},应报时限 {until(due)}",
            f"event entered: {feed} {entered.period}, due {until(due)}",
        )
    )
