"""`yizhan adapter`: which kinds of source this installation can read."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.shell import Shell, answer_json, answer_table, registry

app = typer.Typer(name="adapter", help="适配器 / adapters", no_args_is_help=True)


@app.command("list", help="列出已安装的适配器 / list the adapters")
def list_adapters(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="输出 JSON / one JSON document")] = False,
) -> None:
    """Broken ones and those without their driver included, with the reason."""
    shell: Shell = context.obj
    listed = registry().listing()
    if json:
        answer_json({"adapters": [vars(one) for one in listed]})
        return
    columns = [
        shell.say("适配器", "adapter"),
        shell.say("版本", "version"),
        shell.say("发行包", "distribution"),
        shell.say("附加组件", "extra"),
        shell.say("可用", "available"),
        shell.say("原因", "error"),
    ]
    rows = [
        (a.name, a.version, a.distribution, a.extra or "", "✓" if a.available else "✗", a.error or "") for a in listed
    ]
    answer_table(shell.say("适配器", "Adapters"), columns, rows)
