"""`yizhan adapter`: which kinds of source this installation can read, a start for a new one, and a check of one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from adapters.examination import ROWS, Finding, Subject, examine
from adapters.registry import Entry
from adapters.scaffold import scaffold
from gateway.cli.run import task_for
from gateway.cli.shell import Heading, Json, Shell, answer, answer_json, front_end, registry
from gateway.collect import request_for
from gateway.errors import AdapterNameRefused

app = typer.Typer(name="adapter", help="适配器 / adapters", no_args_is_help=True)

_HEADINGS = (
    Heading("适配器", "adapter"),
    Heading("版本", "version"),
    Heading("发行包", "distribution"),
    Heading("附加组件", "extra"),
    Heading("可用", "available"),
    Heading("原因", "reason", "prose"),
)
_FINDINGS = (Heading("结果", "outcome"), Heading("约定", "promise", "prose"), Heading("原因", "reason", "prose"))


@app.command("list", help="列出已安装的适配器 / list the adapters installed")
def list_adapters(context: typer.Context, json: Json = False) -> None:
    """Broken ones and those without their driver included, with the reason."""
    shell: Shell = context.obj
    entries = registry().entries
    if json:
        answer_json({"adapters": [_json(entry, shell) for entry in entries]})
    else:
        shell.table(("适配器", "Adapters"), _HEADINGS, [_row(entry, shell) for entry in entries])


@app.command("new", help="生成新适配器的工程 / make a package for a new adapter")
def new_adapter(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="适配器名称 / its name")],
    directory: Annotated[
        Path | None, typer.Option("--dir", help="空目录,缺省为 ./yizhan-名称 / an empty directory; ./yizhan-NAME")
    ] = None,
) -> None:
    """A small working adapter with its tests, in a package of its own. Nothing that exists is written over."""
    shell: Shell = context.obj
    if name in {entry.name for entry in registry().entries}:
        raise AdapterNameRefused(name=name)
    target = directory or Path(f"yizhan-{name.replace('_', '-')}")
    written = scaffold(name, target)
    answer("\n".join(str(path) for path in written))
    shell.remark(
        f"下一步:cd {target} && pip install -e . pytest && python -m pytest",
        f"next: cd {target} && pip install -e . pytest && python -m pytest",
    )


@app.command("check", help="在真实数据源上核对适配器约定 / check the contract on a feed's real source")
def check(
    context: typer.Context,
    feed: Annotated[str, typer.Argument(help="归集事项 / feed id")],
    period: Annotated[str | None, typer.Option(help="数据期,缺省为上一完整期 / period; the last complete one")] = None,
    rows: Annotated[int, typer.Option(min=1, help="每次最多读取的行数 / rows read at most, each time")] = ROWS,
    json: Json = False,
) -> None:
    """Exit 0 when no promise is broken, else 1. Reads only; nothing is kept or sent. A source that is down: 75."""
    shell: Shell = context.obj
    node = front_end(shell)
    chosen = node.own_feed(feed)
    first = node.source(chosen)
    task = task_for(node, chosen, period)
    subject = Subject(
        adapter=type(first),
        config=chosen.source_config,
        secrets=node.secrets,
        request=request_for(task),
        rows=rows,
    )
    findings = list(examine(subject))
    if json:
        document = {"feed": chosen.id, "period": str(task.period), "adapter": chosen.adapter}
        answer_json(document | {"findings": [_finding_json(finding, shell) for finding in findings]})
    else:
        title = f"{chosen.id} {task.period} ({chosen.adapter})"
        shell.table((title, title), _FINDINGS, [_finding_row(finding, shell) for finding in findings])
    raise typer.Exit(1 if any(finding.error for finding in findings) else 0)


def _finding_json(finding: Finding, shell: Shell) -> dict[str, object]:
    kept = None if finding.unjudged else finding.error is None
    error = finding.error
    return {
        "check": finding.name,
        "promise": shell.say(finding.zh, finding.en),
        "kept": kept,
        "code": error.code if error else None,
        "message": error.message(shell.lang) if error else None,
    }


def _finding_row(finding: Finding, shell: Shell) -> tuple[str, ...]:
    promise = shell.say(finding.zh, finding.en)
    if finding.unjudged:
        return shell.say("未判定", "not judged"), promise, shell.say("可读的行数太少", "too few rows could be read")
    if finding.error:
        return shell.say("违反", "broken"), promise, f"[{finding.error.code}] {finding.error.message(shell.lang)}"
    return shell.say("符合", "kept"), promise, ""


def _json(entry: Entry, shell: Shell) -> dict[str, object]:
    return {
        "name": entry.name,
        "version": entry.version,
        "distribution": entry.distribution,
        "extra": entry.extra,
        "available": entry.available,
        "error": entry.error.message(shell.lang) if entry.error else None,
    }


def _row(entry: Entry, shell: Shell) -> tuple[str, ...]:
    why = f"[{entry.error.code}] {entry.error.message(shell.lang)}" if entry.error else ""
    return entry.name, entry.version, entry.distribution, entry.extra, shell.yes(entry.available), why
