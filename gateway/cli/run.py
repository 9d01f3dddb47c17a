"""`yizhan run`: collect feeds and deliver what is ready."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.app import FrontEnd
from gateway.calendar import Period
from gateway.catalogue import Feed
from gateway.cli import deliver
from gateway.cli.progress import Bars, bars
from gateway.cli.shell import Shell, answer_json, front_end
from gateway.collect import Collected, Task, collect
from gateway.errors import PeriodInvalid, YizhanError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run", help="归集并送达 / collect feeds and deliver them")(run)


def run(
    context: typer.Context,
    feeds: Annotated[
        list[str] | None, typer.Argument(help="归集事项,缺省为本部门全部 / feeds; all when omitted")
    ] = None,
    period: Annotated[str | None, typer.Option(help="数据期,缺省为上一完整期 / period; the last complete one")] = None,
    reason: Annotated[str | None, typer.Option(help="更正理由 / why a correction is made")] = None,
    by: Annotated[str | None, typer.Option(help="责任人或岗位 / the person or post that answers for it")] = None,
    json: Annotated[bool, typer.Option("--json", help="输出 JSON / one JSON document")] = False,
) -> None:
    """Exit 0 when everything was delivered or unchanged; else the worst class of what happened (1 before 75)."""
    shell: Shell = context.obj
    node = front_end(shell)
    chosen = [node.own_feed(name) for name in feeds] if feeds else list(node.feeds)
    tasks = [_task(node, feed, period, reason, by) for feed in chosen]
    with bars(shell) as shown:
        outcomes = [_collect(node, task, shell, shown) for task in tasks]
        delivered = deliver.drain_all(node, shell, shown)
    errors = [e for e in outcomes if isinstance(e, YizhanError)] + [d.error for d in delivered if d.error]
    if json:
        answer_json(
            {
                "collected": [_collected_json(t, o) for t, o in zip(tasks, outcomes, strict=True)],
                "delivered": [deliver.to_json(d, shell.lang) for d in delivered],
            }
        )
    else:
        deliver.show(delivered, shell)
    raise typer.Exit(deliver.exit_code(errors))


def _task(node: FrontEnd, feed: Feed, period: str | None, reason: str | None, by: str | None) -> Task:
    cadence = feed.rule.cadence
    usual = Period.last_complete(cadence, node.clock().date())
    wanted = Period.parse(period) if period else usual
    if wanted.cadence is not cadence:
        raise PeriodInvalid(text=period, expected=str(usual))
    region = node.catalogue.department(feed.department).region
    return Task(feed=feed, region=region, period=wanted, reason=reason, by=by)


def _collect(node: FrontEnd, task: Task, shell: Shell, shown: Bars) -> Collected | YizhanError:
    """One feed's failure never stops the others."""
    with shown.rows(f"{task.feed.id} {task.period}") as progress:
        try:
            return collect(task, source=node.source(task.feed), desk=node.desk(task.feed), progress=progress)
        except YizhanError as error:
            shell.complain(error)
            return error


def _collected_json(task: Task, outcome: Collected | YizhanError) -> dict[str, object]:
    about = {"feed": task.feed.id, "period": str(task.period)}
    if isinstance(outcome, YizhanError):
        return about | {"batch": None, "code": outcome.code, "message": outcome.message("zh")}
    said = outcome.manifest
    return about | {
        "batch": outcome.batch,
        "code": None,
        "rows": said.extracted.rows,
        "problem_rows": said.problems.rows,
        "problems": str(outcome.problems) if outcome.problems else None,
    }
