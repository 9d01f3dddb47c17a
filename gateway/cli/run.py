"""`yizhan run`: collect feeds and deliver what is ready."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

import typer

from gateway.acknowledge import Acknowledged, acknowledge
from gateway.app import FrontEnd
from gateway.calendar import ASIA_SHANGHAI, Period
from gateway.catalogue import Feed
from gateway.cli import chain, deliver, fiscal
from gateway.cli.progress import Bars, bars
from gateway.cli.shell import Heading, Json, Shell, answer, answer_json, front_end
from gateway.collect import Collected, From, Task, collect
from gateway.errors import EventPeriodMissing, Lang, PeriodUnfit, YizhanError
from gateway.spool import State

_HEADINGS = (
    Heading("归集事项", "feed"),
    Heading("数据期", "period"),
    Heading("结果", "outcome"),
    Heading("行数", "rows", "number"),
    Heading("问题行", "problem rows", "number"),
    Heading("问题数据", "problem book", "prose"),
)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one task: a batch in the spool, or the error that kept it out."""

    task: Task
    batch: Collected | None
    error: YizhanError | None


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
    by: Annotated[
        str | None,
        typer.Option(
            help=(
                "责任人编号或岗位:须审核的批次和 real_names 部门的更正依目录核对(collect 职责);并非签署"
                " / who answers for it, a person or a post: checked against the catalogue's people (duty collect) where"
                " the batch is reviewed or the department has real_names; not signed"
            )
        ),
    ] = None,
    order: Annotated[
        str | None, typer.Option(help="封账年度的整改单编号 / the rectification order for a closed year")
    ] = None,
    from_start: Annotated[
        bool,
        typer.Option(
            "--from-start", help="增量事项不用书签,从头读取 / read an increment from its beginning, not its bookmark"
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Exit 0 when everything was delivered or unchanged; else the worst class of what happened (1 before 75)."""
    shell: Shell = context.obj
    node = front_end(shell)
    chosen = [node.own_feed(name) for name in feeds] if feeds else _all(node, period, shell)
    tasks = [replace(task_for(node, feed, period, reason=reason, by=by), order=order) for feed in chosen]
    for task in tasks:
        tell_unowed(task, shell)
    if from_start:
        tasks = [replace(task, start=From.BEGINNING) for task in tasks]
    early = _tell_early(node)
    with bars(shell) as shown:
        outcomes = [_collect(node, task, shell, shown) for task in tasks]
        delivered = deliver.drain_all(node, shell, shown)
    further = chain.fetch_all(node, shell)
    told = [*early, *deliver.tell_all(node, shell)]
    if json:
        answer_json({
            "collected": [to_json(outcome, shell.lang) for outcome in outcomes],
            "delivered": [deliver.to_json(one, shell.lang) for one in delivered],
            "receipts": [chain.fetched_json(one, shell.lang) for one in further],
            "acknowledged": [deliver.told_json(one, shell.lang) for one in told],
        })  # fmt: skip
    else:
        show(outcomes, shell)
        deliver.show(delivered, shell)
        chain.show(further, shell)
        deliver.show_told(told, shell)
    raise typer.Exit(deliver.exit_code([one.error for one in (*outcomes, *delivered, *further, *told) if one.error]))


def _all(node: FrontEnd, period: str | None, shell: Shell) -> list[Feed]:
    """The department's feeds; without a period those only that have a last complete one."""
    waiting = [feed.id for feed in node.feeds if feed.schedule.event_driven and period is None]
    if waiting:
        shell.remark(
            f"按事件报送的事项未采集,请用 --period 指明事件:{'、'.join(waiting)}",
            f"not collected, as no event is named with --period: {', '.join(waiting)}",
        )
    return [feed for feed in node.feeds if feed.id not in waiting]


def task_for(
    node: FrontEnd, feed: Feed, period: str | None, *, reason: str | None = None, by: str | None = None
) -> Task:
    """The task of one feed, for the last complete period unless one is given.

    Raises:
        PeriodInvalid: it is none. PeriodUnfit: it is not one of the feed's.
        EventPeriodMissing: none is given, and the feed is owed after events.
    """
    today = node.clock().astimezone(ASIA_SHANGHAI).date()
    wanted = Period.parse(period) if period else _usual(feed, today)
    if not feed.schedule.fits(wanted):
        cadence = feed.schedule.rule_of(wanted).cadence
        said = {"cadence_zh": cadence.zh, "cadence_en": cadence.en, "expected": _example(feed, today)}
        raise PeriodUnfit(feed=feed.id, period=period, **said)
    region = node.catalogue.department(feed.department).region
    return Task(feed=feed, region=region, period=wanted, reason=reason, by=by, collector=node.file.collector)


def _usual(feed: Feed, today: date) -> Period:
    if feed.schedule.event_driven:
        raise EventPeriodMissing(feed=feed.id, expected=_example(feed, today))
    return feed.schedule.last_complete(today)


def _example(feed: Feed, today: date) -> str:
    return f"{today}T0930" if feed.schedule.event_driven else str(feed.schedule.last_complete(today))


def tell_unowed(task: Task, shell: Shell) -> None:
    """A period before the first one owed is taken, and stands on no board: whoever sends it should know."""
    first = task.feed.starts
    if task.period.moment < first.moment:
        shell.remark(
            f"{task.feed.id}:{task.period} 早于起报数据期 {first},照常报送,但时效看板不列",
            f"{task.feed.id}: {task.period} is before {first}, the first period owed; it is sent, and on no board",
        )


def _tell_early(node: FrontEnd) -> list[Acknowledged]:
    """What an earlier run left untold, told before anything is read again; what fails now is tried again later."""
    return [one for one in acknowledge(node.feeds, node.counter()) if one.error is None]


def _collect(node: FrontEnd, task: Task, shell: Shell, shown: Bars) -> Outcome:
    """One feed's failure never stops the others."""
    with shown.rows(f"{task.feed.id} {task.period}") as progress:
        try:
            batch = collect(task, source=node.source(task.feed), desk=node.desk(task.feed), progress=progress)
        except YizhanError as error:
            shell.complain(error)
            return Outcome(task=task, batch=None, error=error)
    return Outcome(task=task, batch=batch, error=None)


def show(outcomes: Sequence[Outcome], shell: Shell) -> None:
    """A line for each task, and a word about what waits for a reviewer."""
    shell.table(("采集", "Collected"), _HEADINGS, [_row(outcome) for outcome in outcomes])
    for batch in filter(None, (outcome.batch for outcome in outcomes)):
        if batch.manifest.reconciliation:
            answer(fiscal.line(batch.batch, batch.manifest.reconciliation, shell))
        if batch.state is State.HELD:
            shell.remark(
                f"待审核放行:yizhan release {batch.batch} --by 审核人编号",
                f"waits for a reviewer: yizhan release {batch.batch} --by REVIEWER",
            )


def _row(outcome: Outcome) -> tuple[str, ...]:
    about = outcome.task.feed.id, str(outcome.task.period)
    if outcome.batch is None:
        return *about, outcome.error.code if outcome.error else "", "", "", ""
    said = outcome.batch.manifest
    return *about, outcome.batch.batch, f"{said.extracted.rows:,}", f"{said.problems.rows:,}", _book(outcome.batch)


def to_json(outcome: Outcome, lang: Lang) -> dict[str, object]:
    """What became of a task; `state` is where its batch lies: ready, or held until a reviewer releases it."""
    error, batch = outcome.error, outcome.batch
    return {
        "feed": outcome.task.feed.id,
        "period": str(outcome.task.period),
        "batch": batch.batch if batch else None,
        "state": batch.state.value if batch else None,
        "code": error.code if error else None,
        "message": error.message(lang) if error else None,
        "rows": batch.manifest.extracted.rows if batch else None,
        "problem_rows": batch.manifest.problems.rows if batch else None,
        "problems": (_book(batch) or None) if batch else None,
    }


def _book(batch: Collected) -> str:
    return str(batch.problems) if batch.problems else ""
