"""`yizhan catalogue publish`, `published` (a centre) and `fetch` (a front-end): the catalogue in signed versions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from gateway.app.following import follow, publish
from gateway.calendar import ASIA_SHANGHAI
from gateway.cli.shell import Heading, Json, Shell, answer, answer_json, centre, front_end, grouped
from gateway.publication import Published, Using

_NOTHING = "—"
_VERSIONS = (
    Heading("版本", "version", "number"),
    Heading("发布时间", "issued at"),
    Heading("责任人", "by"),
    Heading("说明", "note", "prose"),
    Heading("文件数", "files", "number"),
    Heading("字节", "bytes", "number"),
)
_USES = (
    Heading("部门", "department"),
    Heading("在用版本", "in force", "number"),
    Heading("拒收版本", "refused", "number"),
    Heading("原因", "why"),
    Heading("最近询问", "asked at"),
)


def register(app: typer.Typer) -> None:
    """Add the commands to those of the catalogue."""
    app.command("publish", help="签发现行目录,供前置机接收 / sign the present catalogue, for front-ends to take")(
        publish_version
    )
    app.command("published", help="已发布的版本与各部门在用版本 / versions published, and who uses which")(
        list_versions
    )
    app.command("fetch", help="接收中心下发的目录 / take the centre's published catalogue")(fetch)


def publish_version(
    context: typer.Context,
    by: Annotated[str, typer.Option("--by", help="责任人编号或岗位 / who answers for it, a person or a post")],
    note: Annotated[str | None, typer.Option(help="改动说明 / what has changed")] = None,
    json: Json = False,
) -> None:
    """The next version, if the catalogue holds; one that is published already makes none, and exit 0 says so."""
    shell: Shell = context.obj
    made = publish(centre(shell), by, note)
    if json:
        answer_json({"fresh": made is not None, "version": _version_json(made) if made else None})
    elif made is None:
        answer(shell.say("目录未变,未另行发布。", "nothing has changed: no new version."))
    else:
        answer(
            shell.say(
                f"已发布目录第 {made.version} 版:{made.files} 个文件,摘要 {made.content}",
                f"version {made.version} published: {made.files} files, digest {made.content}",
            )
        )


def list_versions(context: typer.Context, json: Json = False) -> None:
    """What a front-end said when it asked last."""
    shell: Shell = context.obj
    here = centre(shell)
    versions, uses = here.published.versions(), here.published.uses()
    if json:
        answer_json({"versions": [_version_json(one) for one in versions], "uses": [_use_json(one) for one in uses]})
        return
    if versions:
        shell.table(("已发布目录", "Published versions"), _VERSIONS, [_version_row(one) for one in versions])
    else:
        answer(shell.say("尚未发布。", "nothing was published yet."))
    if versions or uses:
        shell.table(("部门在用版本", "In use by department"), _USES, [_use_row(one, shell) for one in uses])


def fetch(context: typer.Context) -> None:
    """Ask now, also for a version that was refused before; what the agent does by itself.

    Exit 0 when it is in force or there is nothing newer, 75 when the centre cannot be reached; else why it is refused.
    """
    shell: Shell = context.obj
    taken = follow(front_end(shell), again=True)
    if taken is None:
        answer(shell.say("中心没有比在用版本更新的目录。", "the centre has published no newer catalogue."))
    else:
        answer(shell.say(f"已接收目录第 {taken} 版,即日起使用。", f"version {taken} of the catalogue is in force."))


def _version_row(one: Published) -> tuple[str, ...]:
    return (
        str(one.version),
        _minute(one.issued_at),
        one.by,
        one.note or _NOTHING,
        str(one.files),
        grouped(str(one.size)),
    )


def _use_row(one: Using, shell: Shell) -> tuple[str, ...]:
    use = one.use
    return (
        one.department,
        str(use.version) if use.version else shell.say("自有", "its own"),
        _NOTHING if use.refused is None else str(use.refused),
        use.code or _NOTHING,
        _minute(one.at),
    )


def _version_json(one: Published) -> dict[str, object]:
    return {
        "version": one.version,
        "issued_at": one.issued_at.isoformat(),
        "by": one.by,
        "note": one.note,
        "files": one.files,
        "bytes": one.size,
        "digest": one.content,
    }


def _use_json(one: Using) -> dict[str, object]:
    use = one.use
    return {
        "department": one.department,
        "version": use.version or None,
        "refused": use.refused,
        "code": use.code,
        "asked_at": one.at.isoformat(),
    }


def _minute(at: datetime) -> str:
    return at.astimezone(ASIA_SHANGHAI).strftime("%Y-%m-%d %H:%M")
