"""`yizhan fsck`: spool, ledger, warehouse, bookmarks and archives against each other."""

from __future__ import annotations

import typer

from gateway.app.check import check_node
from gateway.cli.shell import Shell, answer, node


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "fsck", help="核对驿站目录、台账、库、书签与归档 / spool, ledger, warehouse, bookmarks, archives compared"
    )(fsck)


def fsck(context: typer.Context) -> None:
    """Exit 0 and one line when clean; else every fault on its own line with its place. Changes nothing."""
    shell: Shell = context.obj
    clean = True
    for fault in check_node(node(shell)):
        clean = False
        answer(f"[{fault.code}] {fault.message(shell.lang)}")
    if not clean:
        raise typer.Exit(1)
    answer(shell.say("核对无误。", "clean."))
