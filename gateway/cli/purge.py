"""`yizhan purge`: let go what has been kept long enough."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from gateway.app.keeping import archivist_of, retention_of
from gateway.archive.retention import Kind, Victim, plan, purge
from gateway.cli.shell import Heading, Json, Shell, answer_json, node

_HEADINGS = (Heading("类别", "kind"), Heading("名称", "name"), Heading("字节", "bytes", "number"))
_TITLES = {Kind.PAYLOAD: "数据", Kind.ARCHIVE: "归档", Kind.LOG: "日志"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("purge", help="清除留存期已满的数据、归档与日志;台账永久保留 / purge; the ledger is kept for good")(run)


def run(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只列出 / only list what would go")] = False,
    before: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="只清除该日之前的 / only what is older than this day"),
    ] = None,
    only: Annotated[list[Kind] | None, typer.Option(help="只清除这些类别 / only these kinds")] = None,
    json: Json = False,
) -> None:
    """Payloads that a verified archive holds, archives and logs, each when its time of site.yaml `retention` is over.

    The ledger itself, manifests, receipts and the signed indexes of archives are never purged. Every purge is ledgered.
    Exit 1 when something is asked for earlier than it may go, or an archive that should hold a payload is not whole.
    """
    shell: Shell = context.obj
    here = node(shell)
    archivist, kinds = archivist_of(here), tuple(only or Kind)
    day = before.date() if before else None
    with archivist.archives.alone():
        found = plan(archivist, here.site.root / "log", retention_of(here), kinds, day)
        for victim in () if dry_run else found.victims:
            purge(archivist, victim)
    for fault in found.faults:
        shell.complain(fault)
    _show(found.victims, shell, dry_run, json)
    raise typer.Exit(1 if found.faults else 0)


def _show(victims: tuple[Victim, ...], shell: Shell, dry_run: bool, json: bool) -> None:
    if json:
        said = [{"kind": one.kind.value, "name": one.name, "size": one.size} for one in victims]
        answer_json({"dry_run": dry_run, "purged": said})
    elif victims:
        title = ("将清除", "Would be purged") if dry_run else ("已清除", "Purged")
        rows = [(shell.say(_TITLES[one.kind], one.kind.value), one.name, f"{one.size:,}") for one in victims]
        shell.table(title, _HEADINGS, rows)
    else:
        shell.remark("没有留存期已满的内容。", "Nothing has been kept long enough.")
