"""`yizhan warehouse`: the upkeep of a centre's PostgreSQL."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.app.upgrading import faults, layout, script, upgrade
from gateway.cli.shell import Heading, Json, Shell, answer, answer_json, centre
from gateway.warehouse.roles import AUDITOR, LOADER, subscriber_of

app = typer.Typer(name="warehouse", help="中心的 PostgreSQL 库 / a centre's PostgreSQL", no_args_is_help=True)

_HEADINGS = (Heading("角色", "role"), Heading("用途", "purpose", "prose"))
_PURPOSES = {
    LOADER: ("入库;不能建表,不能改台账", "loads; can neither make tables nor change the ledger"),
    AUDITOR: ("查台账与批次;看不到业务数据", "reads ledger and batches; sees no feed's rows"),
}
_READER = ("查本地区及所辖地区的业务数据", "reads the rows of its region and of those in it")
_SUBSCRIBER = ("只查已授权的业务数据", "reads the rows it was granted, and no others")


@app.command("upgrade", help="以库属主建表、升级、授权 / make and upgrade tables, grant rights, as their owner")
def upgrade_warehouse(context: typer.Context) -> None:
    """Exit 0 when everything is up to date; a second run changes nothing."""
    shell: Shell = context.obj
    changed = upgrade(centre(shell))
    said = " ".join(f"{schema.name}={schema.head}" for schema in changed)
    if changed:
        answer(shell.say(f"已升级:{said};权限已核定。", f"upgraded: {said}; rights granted."))
    else:
        answer(shell.say("表结构已是最新;权限已核定。", "tables are up to date; rights granted."))


@app.command("check", help="核对版本、表、角色与权限 / version, tables, roles and rights compared")
def check_warehouse(context: typer.Context) -> None:
    """Exit 0 and one line when all is as it should be; else every fault on its own line. Changes nothing."""
    shell: Shell = context.obj
    found = list(faults(centre(shell)))
    for fault in found:
        answer(f"[{fault.code}] {fault.message(shell.lang)}")
    if found:
        raise typer.Exit(1)
    answer(shell.say("核对无误。", "as it should be."))


@app.command("roles", help="列出角色,或输出建立它们的语句 / the roles, or the statements that make them")
def list_roles(
    context: typer.Context,
    sql: Annotated[bool, typer.Option("--sql", help="输出 SQL / print SQL")] = False,
    json: Json = False,
) -> None:
    """The group roles; a log-in is made a member of one of them by the server's administrator."""
    shell: Shell = context.obj
    here = centre(shell)
    if sql:
        _print_script(shell)
        return
    known = layout(here, None)
    purposes = _PURPOSES | dict.fromkeys(map(subscriber_of, known.subscribers), _SUBSCRIBER)
    roles = {role: purposes.get(role, _READER) for role in known.roles}
    if json:
        answer_json({"roles": [{"role": role, "purpose": shell.say(*purpose)} for role, purpose in roles.items()]})
    else:
        shell.table(("角色", "Roles"), _HEADINGS, [(role, shell.say(*purpose)) for role, purpose in roles.items()])


def _print_script(shell: Shell) -> None:
    made = script(centre(shell))
    answer(shell.say("-- 由数据库管理员执行", "-- to be run by the server's administrator"))
    for statement in made.administrator:
        answer(f"{statement};")
    answer(shell.say("-- 由 yizhan warehouse upgrade 执行", "-- run by yizhan warehouse upgrade"))
    for statement in made.owner:
        answer(f"{statement};")
