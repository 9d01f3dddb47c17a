"""`yizhan probe`: connect to a feed's source and look at its facts and first rows, masked. Sends and keeps nothing."""

from __future__ import annotations

from typing import Annotated

import pyarrow as pa
import typer

from adapters.contract import FAULT, POSITION, Column
from gateway.catalogue import Feed
from gateway.cli.run import task_for
from gateway.cli.shell import Heading, Json, Shell, answer, answer_json, front_end
from gateway.collect import request_for
from gateway.records.mask import mask


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("probe", help="试连数据源,看前几行(已遮蔽) / look at a feed's source")(probe)


def probe(
    context: typer.Context,
    feed: Annotated[str, typer.Argument(help="归集事项 / feed id")],
    period: Annotated[str | None, typer.Option(help="数据期,缺省为上一完整期 / period; the last complete one")] = None,
    json: Json = False,
) -> None:
    """Exit 0 when the source can be read; else the class of what is in the way. Nothing is checked, sealed or sent."""
    shell: Shell = context.obj
    here = front_end(shell)
    chosen = here.own_feed(feed)
    task = task_for(here, chosen, period)
    found = here.source(chosen).probe(request_for(task))
    facts = dict(found.facts)
    rows = _masked(found.sample, chosen) if found.sample is not None else []
    if json:
        answer_json({"feed": chosen.id, "period": str(task.period), "facts": facts, "rows": rows})
        return
    answer("\n".join([f"{chosen.id} {task.period}", *(f"  {name}: {said}" for name, said in facts.items())]))
    _show(rows, chosen, shell)


def _masked(sample: pa.RecordBatch, feed: Feed) -> list[dict[str, str | None]]:
    """Each row's position, its fault, and its fields as they may be shown."""
    return [
        {"position": row[POSITION], "fault": row[FAULT]} | {f.name: _shown(row[f.name], f) for f in feed.fields}
        for row in sample.to_pylist()
    ]


def _shown(value: object, field: Column) -> str | None:
    return None if value is None else mask(str(value), field.type)


def _show(rows: list[dict[str, str | None]], feed: Feed, shell: Shell) -> None:
    """A line for each field, a column for each row: a feed has many fields and a probe few rows."""
    headings = [
        Heading("字段", "field"),
        Heading("名称", "title", "prose"),
        *(Heading(f"位置 {row['position']}", f"at {row['position']}") for row in rows),
    ]
    lines = [(f.name, f.title, *(row[f.name] or "" for row in rows)) for f in feed.fields]
    shell.table(("前几行(已遮蔽)", "First rows, masked"), headings, lines)
