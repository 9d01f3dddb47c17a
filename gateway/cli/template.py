"""`yizhan template`: the collection workbook for a department without a system."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.calendar import Period
from gateway.catalogue import Feed
from gateway.cli.drivers import expect_workbook_writer
from gateway.cli.shell import Shell, answer, node
from gateway.errors import PeriodInvalid, TemplateRefused


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("template", help="生成部门采集表 / write the collection workbook of a feed")(template)


def template(
    context: typer.Context,
    feed: Annotated[str, typer.Argument(help="归集事项 / feed id")],
    out: Annotated[Path, typer.Option(help="要写的 xlsx 文件,不覆盖已有的 / the xlsx file to write; none is replaced")],
    period: Annotated[str | None, typer.Option(help="预先填入的数据期 / a period to fill in beforehand")] = None,
) -> None:
    """For a department without a system. On stdout: the `source:` block under which the same feed reads it back."""
    shell: Shell = context.obj
    expect_workbook_writer("template")
    from gateway.template import declaration, plan, workbook

    chosen = node(shell).catalogue.feed(feed)
    drawn = plan(chosen)
    _write(out, workbook(drawn, shell.lang, _period_of(chosen, period)))
    answer(declaration(drawn).rstrip("\n"))
    shell.remark(
        f"已生成 {out};以上 source 写入目录后即可读取,收表目录由 site.yaml 给出:"
        f"sources: {{{feed}: {{root: 绝对路径}}}},收到的表按 path 命名",
        f"{out} is written; the source above reads it back out of the folder that site.yaml names: "
        f"sources: {{{feed}: {{root: /absolute/path}}}}, where what comes in is named as path says",
    )


def _period_of(feed: Feed, period: str | None) -> str | None:
    """Raises: PeriodInvalid: it is none, or none of the feed's cadence."""
    if period is None:
        return None
    wanted = Period.parse(period)
    if not feed.schedule.fits(wanted):
        raise PeriodInvalid(text=period, expected=str(feed.starts))
    return str(wanted)


def _write(path: Path, content: bytes) -> None:
    """Raises: TemplateRefused: it exists, is no xlsx, or cannot be written."""
    if path.suffix.lower() != ".xlsx":
        raise TemplateRefused(path=path)
    try:
        with path.open("xb") as file:
            file.write(content)
    except OSError as error:
        raise TemplateRefused(path=path) from error
