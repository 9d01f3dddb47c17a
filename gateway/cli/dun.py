"""`yizhan dun`: the dunning notices (催报单) for what is overdue, numbered and counted in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from gateway.app.bulletin import board_of, dunning_of
from gateway.calendar import ASIA_SHANGHAI, days_over
from gateway.cli.shell import Heading, Json, Shell, answer, answer_json, centre
from gateway.dunning import Written, require_dunner

_HEADINGS = (
    Heading("编号", "number"),
    Heading("部门", "department"),
    Heading("期数", "periods", "number"),
    Heading("文件", "file"),
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("dun", help="催报:为逾期未报写催报单并入台账 / dunning notices for what is overdue")(dun)


def dun(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="写催报单的目录 / the directory that the notices are written to")],
    department: Annotated[str | None, typer.Option(help="只催一个部门 / one department only")] = None,
    by: Annotated[
        str | None,
        typer.Option(
            help="由谁负责,必填:中心有职责人员的工号,目录未列人员的写岗位 / required: who answers for it, the staff "
            "number of somebody of the centre with a duty; a post where the catalogue lists nobody"
        ),
    ] = None,
    json: Json = False,
) -> None:
    """One notice a department; each time this is run is one more notice, and is counted as one.

    A notice that an earlier run into the same directory was cut off at is handed out first, under its own number.
    """
    shell: Shell = context.obj
    here = centre(shell)
    answering = require_dunner(here.own, by)
    chosen = here.catalogue.department(department).id if department else None
    rows = [row for row in board_of(here) if chosen in (None, row.department)]
    written = dunning_of(here).write(rows, out, answering, shell.lang)
    if json:
        answer_json({"notices": [_json(one) for one in written]})
    elif written:
        _show(written, shell)
    else:
        answer(shell.say("没有逾期未报,无需催报。", "nothing is overdue: no notice was written."))


def _show(written: Sequence[Written], shell: Shell) -> None:
    rows = [(one.notice.number, one.notice.department, str(len(one.notice.items)), str(one.file)) for one in written]
    shell.table(("催报单", "Dunning notices"), _HEADINGS, rows)


def _json(one: Written) -> dict[str, object]:
    notice = one.notice
    return {
        "number": notice.number,
        "department": notice.department,
        "at": notice.at.astimezone(ASIA_SHANGHAI).isoformat(timespec="seconds"),
        "by": notice.by,
        "file": str(one.file),
        "sha256": notice.digest,
        "items": [
            {
                "feed": item.feed,
                "period": str(item.period),
                "due": item.due.astimezone(ASIA_SHANGHAI).isoformat(timespec="seconds"),
                "days_over": days_over(item.due, notice.at),
            }
            for item in notice.items
        ],
    }
