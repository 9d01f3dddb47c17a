"""`yizhan healthcheck`: for supervisors, container engines and people: is this node well, and its way to the centre?"""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.app.health import Check, check
from gateway.cli.shell import Json, Shell, answer, answer_json, node
from gateway.errors import YizhanError

_UNWELL = 1
"""Also for what other commands end with 2 or 75 for: container engines keep the other codes for themselves."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("healthcheck", help="健康检查:与中心往返一次,验其签名 / one signed round trip with the centre")(
        healthcheck
    )


def healthcheck(
    context: typer.Context,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="中心实际监听的端口 / where this centre really listens")
    ] = None,
    json: Json = False,
) -> None:
    """Exit 0 when every centre asked has given its signed answer, else 1. Reads, writes nothing, prints no secret."""
    shell: Shell = context.obj
    try:
        checks = list(check(node(shell), port))
    except YizhanError as error:
        shell.complain(error)
        raise typer.Exit(_UNWELL) from None
    if json:
        answer_json({"checks": [_json(one) for one in checks]})
    else:
        _show(checks, shell)
    raise typer.Exit(_UNWELL if any(one.error for one in checks) else 0)


def _show(checks: list[Check], shell: Shell) -> None:
    for one in checks:
        if one.error is not None:
            shell.complain(one.error)
        elif one.answer is not None:
            zh = f"中心 {one.centre} 正常:应答签名有效,台账至第 {one.answer.ledger} 行"
            en = f"centre {one.centre} is well: its signed answer holds, its ledger has {one.answer.ledger} lines"
            answer(shell.say(zh, en))


def _json(one: Check) -> dict[str, object]:
    found = one.answer
    return {
        "centre": one.centre,
        "ok": one.error is None,
        "code": one.error.code if one.error else None,
        "ledger": found.ledger if found else None,
        "version": found.version if found else None,
        "at": found.at.isoformat() if found else None,
    }
