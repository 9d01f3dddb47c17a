"""`yizhan catalogue`: check, list, show, schema, compile; publish, published (a centre), fetch (a front-end)."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated

import typer

from gateway.app import CentreNode, FrontEnd
from gateway.app.compiling import place_whole
from gateway.catalogue import Catalogue, Feed, load
from gateway.catalogue import schema as catalogue_schema
from gateway.catalogue.compiled import Compiled, Plan, compile_catalogue
from gateway.catalogue.salvage import Salvaged, salvage
from gateway.cli import deadlines, published
from gateway.cli.shell import Heading, Json, Shell, answer, answer_json, node, registry
from gateway.errors import CompiledInvalid, CompiledKept, ConfigFaults

app = typer.Typer(name="catalogue", help="归集目录 / the catalogue", no_args_is_help=True)
Where = Annotated[
    Path | None, typer.Argument(help="目录文件或文件夹,缺省为站点的 / file or directory; the site's own when omitted")
]

_MORNING = datetime.combine(date.min, time(8, 30))
_FEEDS = (
    Heading("归集事项", "feed"),
    Heading("名称", "title", "prose"),
    Heading("部门", "department", "prose"),
    Heading("周期", "cadence"),
    Heading("时限规则", "due rule", "prose"),
    Heading("来源", "adapter"),
    Heading("送达", "routes"),
)
_FIELDS = (
    Heading("字段", "field"),
    Heading("名称", "title", "prose"),
    Heading("类型", "type"),
    Heading("必填", "required"),
    Heading("主键", "key"),
    Heading("来源列", "source"),
)


@app.command("check", help="检查目录 / validate the catalogue")
def check(context: typer.Context, path: Where = None) -> None:
    """Exit 0 when it holds; else 2 and every fault with file and line."""
    shell: Shell = context.obj
    try:
        found = _load(shell, path)
    except ConfigFaults as faults:
        for fault in faults.faults:
            shell.complain(fault)
        raise typer.Exit(faults.exit_code) from None
    departments, feeds = len(found.departments), len(found.feeds)
    answer(
        shell.say(
            f"目录有效:{departments} 个部门,{feeds} 个归集事项,摘要 {found.digest}",
            f"catalogue valid: {departments} departments, {feeds} feeds, digest {found.digest}",
        )
    )
    if path is None:
        _in_force(node(shell), shell)


def _in_force(here: FrontEnd | CentreNode, shell: Shell) -> None:
    """At a front-end that takes a centre's catalogue: which version it goes by."""
    if isinstance(here, FrontEnd) and here.shelf is not None:
        centre, version = here.file.agent.catalogue_from, here.catalogue_version
        if version is None:
            shell.remark(
                f"在用:本站点目录;尚未收到 {centre} 下发的目录", f"in force: the site's own; none of {centre} yet"
            )
        else:
            shell.remark(f"在用:{centre} 下发的第 {version} 版", f"in force: version {version} of {centre}")


@app.command("list", help="列出归集事项 / list the feeds")
def list_feeds(context: typer.Context, json: Json = False) -> None:
    """Every feed with its department, cadence and due rule."""
    shell: Shell = context.obj
    here = node(shell)
    found, now = here.catalogue, here.clock()
    if json:
        answer_json({"feeds": [_feed_json(found, feed, now) for feed in found.feeds]})
    else:
        shell.table(("归集目录", "Catalogue"), _FEEDS, [_feed_row(found, feed, now, shell) for feed in found.feeds])


@app.command("show", help="一个归集事项 / one feed")
def show(
    context: typer.Context, feed: Annotated[str, typer.Argument(help="归集事项 / feed id")], json: Json = False
) -> None:
    """Its rule with the article it rests on, its next deadlines, and its fields."""
    shell: Shell = context.obj
    here = node(shell)
    found, now = here.catalogue, here.clock()
    chosen = found.feed(feed)
    rule, periods = deadlines.rule_in_force(chosen, now), deadlines.coming(chosen, now)
    if json:
        answer_json({
            **_feed_json(found, chosen, now),
            "catalogue_version": here.catalogue_version if isinstance(here, FrontEnd) else None,
            "versions": [deadlines.version_json(one) for one in chosen.schedule.rules],
            "deadlines": [deadlines.to_json(one) for one in periods],
        })  # fmt: skip
        return
    _in_force(here, shell)
    cadence = shell.say(rule.cadence.zh, rule.cadence.en)
    answer(f"{chosen.id}  {chosen.title}\n{rule.title}({cadence})  {rule.article}")
    deadlines.show(chosen, periods, shell)
    shell.table(("数据元", "Fields"), _FIELDS, _field_rows(chosen, shell))


@app.command("schema", help="供编辑器使用的 JSON Schema / JSON Schema for editors")
def schema(context: typer.Context) -> None:
    """On stdout; needs no site."""
    answer_json(catalogue_schema(registry().configs()))


@app.command("compile", help="编译目录,供 Airflow 排定运行 / compile the catalogue, for Airflow to plan runs")
def compile_to(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", help="写入的文件,整体替换 / the file, replaced as a whole")],
    morning: Annotated[
        datetime,
        typer.Option(
            "--morning",
            formats=["%H:%M"],
            show_default=False,
            help="每日几点起采集,北京时间;缺省 08:30 / when a day's runs begin; default: 08:30",
        ),
    ] = _MORNING,
) -> None:
    """A feed that does not hold keeps its last good entry in the file; then exit 1, every fault told."""
    shell: Shell = context.obj
    here = node(shell)
    found = salvage(here.catalogue_place, here.adapters.configs())
    before = _compiled_before(shell, out)
    written = compile_catalogue(found, before, Plan(at=here.clock(), morning=morning.time()))
    place_whole(out, written.document())
    good = sum(feed.remark is None for feed in written.feeds)
    answer(shell.say(f"已写入 {out}:{good} 个事项", f"{out} written: {good} feeds"))
    for fault in found.faults:
        shell.complain(fault)
    if found.faults:
        raise _kept(found, written)


published.register(app)


def _compiled_before(shell: Shell, out: Path) -> Compiled | None:
    """The last good one; what cannot be read is told, and counts as none."""
    try:
        return Compiled.parse(out.read_bytes())
    except FileNotFoundError:
        return None
    except CompiledInvalid as error:
        shell.complain(error)
        return None


def _kept(found: Salvaged, written: Compiled) -> CompiledKept:
    kept = [feed.feed for feed in written.feeds if feed.remark]
    return CompiledKept(kept=", ".join(kept) or "-", lost=", ".join(sorted(found.broken - set(kept))) or "-")


def _load(shell: Shell, path: Path | None) -> Catalogue:
    return node(shell).catalogue if path is None else load(path, registry().configs())


def _feed_row(found: Catalogue, feed: Feed, now: datetime, shell: Shell) -> tuple[str, ...]:
    department, rule = found.department(feed.department), deadlines.rule_in_force(feed, now)
    routes = ", ".join(feed.routes)
    cadence = shell.say(rule.cadence.zh, rule.cadence.en)
    return feed.id, feed.title, department.title, cadence, rule.title, feed.adapter, routes


def _field_rows(feed: Feed, shell: Shell) -> list[tuple[str, ...]]:
    marks = {True: shell.yes(True), False: ""}
    return [
        (f.name, f.title, f.type.value, marks[f.required], marks[f.name in feed.key], f.source or f.name)
        for f in feed.fields
    ]


def _feed_json(found: Catalogue, feed: Feed, now: datetime) -> dict[str, object]:
    rule = deadlines.rule_in_force(feed, now)
    return {
        "feed": feed.id,
        "title": feed.title,
        "department": feed.department,
        "department_title": found.department(feed.department).title,
        "cadence": rule.cadence.value,
        "due": rule.id,
        "article": rule.article,
        "judged_by": rule.judged_by.value,
        "starts": str(feed.starts),
        "mode": feed.mode.value,
        "routes": list(feed.routes),
        "key": list(feed.key),
        "amount": feed.amount,
        "adapter": feed.adapter,
        "fields": [
            {"name": f.name, "title": f.title, "type": f.type.value, "required": f.required, "source": f.source}
            for f in feed.fields
        ],
    }
