"""`yizhan nil`: a nil return, signed by the person who answers for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from gateway.app import FrontEnd
from gateway.cli import deliver, run
from gateway.cli.progress import bars
from gateway.cli.shell import Json, Shell, answer_json, front_end
from gateway.cli.signing import Keys, Who, sign_as
from gateway.collect import Task, declare
from gateway.errors import YizhanError
from gateway.keys import Signatory


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("nil", help="零报送:某数据期确无数据 / declare that a period has no rows")(nil)


def nil(
    context: typer.Context,
    feed: Annotated[str, typer.Argument(help="归集事项 / feed id")],
    period: Annotated[str, typer.Option(help="数据期 / period")],
    by: Who,
    keys: Keys = None,
    reason: Annotated[str | None, typer.Option(help="说明 / why there is nothing")] = None,
    order: Annotated[
        str | None, typer.Option(help="封账年度的整改单编号 / the rectification order for a closed year")
    ] = None,
    json: Json = False,
) -> None:
    """A person with the duty declare signs; the batch is sealed, delivered and judged by its due like any other."""
    shell: Shell = context.obj
    here = front_end(shell)
    declarer = sign_as(here, by, keys, shell)
    chosen = here.own_feed(feed)
    task = replace(run.task_for(here, chosen, period, reason=reason, by=by), order=order)
    run.tell_unowed(task, shell)
    outcome = _declare(here, task, declarer, shell)
    with bars(shell) as shown:
        delivered = deliver.drain_all(here, shell, shown)
    if json:
        answer_json({
            "declared": run.to_json(outcome, shell.lang),
            "delivered": [deliver.to_json(one, shell.lang) for one in delivered],
        })  # fmt: skip
    else:
        run.show([outcome], shell)
        deliver.show(delivered, shell)
    raise typer.Exit(deliver.exit_code([one.error for one in (outcome, *delivered) if one.error]))


def _declare(here: FrontEnd, task: Task, declarer: Signatory, shell: Shell) -> run.Outcome:
    try:
        return run.Outcome(task=task, batch=declare(task, declarer, here.desk(task.feed)), error=None)
    except YizhanError as error:
        shell.complain(error)
        return run.Outcome(task=task, batch=None, error=error)
