"""`yizhan release`, `yizhan hold`: the review gate."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.shell import Json, Shell, answer, answer_json, front_end
from gateway.cli.signing import Keys, Who, sign_as
from gateway.release import hold as hold_batch
from gateway.release import release as release_batch
from gateway.spool import Entry

Batch = Annotated[str, typer.Argument(help="批次号 / batch id, e.g. civil.dibao/2026-10/r2")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("release", help="审核放行待审批次 / sign the release of a held batch")(release)
    app.command("hold", help="留置待送批次,等待审核 / stop a batch until it is released")(hold)


def release(context: typer.Context, batch: Batch, by: Who, keys: Keys = None, json: Json = False) -> None:
    """A reviewer (duty review) signs exactly this batch; its named collector cannot. The next `deliver` sends it."""
    shell: Shell = context.obj
    here = front_end(shell)
    entry = release_batch(batch, sign_as(here, by, keys, shell), here.gate())
    if json:
        answer_json(_json(entry) | {"released_by": by})
        return
    answer(shell.say(f"已放行:{entry.name.batch}(审核人 {by})", f"released: {entry.name.batch} (by {by})"))
    shell.remark("送达请运行:yizhan deliver", "to send it: yizhan deliver")


def hold(
    context: typer.Context,
    batch: Batch,
    by: Annotated[str, typer.Option(help="责任人或岗位 / the person or post that decides")],
    reason: Annotated[str, typer.Option(help="留置理由 / why")],
    json: Json = False,
) -> None:
    """From ready to held; only a reviewer's release lets it go again."""
    shell: Shell = context.obj
    entry = hold_batch(batch, by, reason, front_end(shell).gate())
    if json:
        answer_json(_json(entry) | {"held_by": by, "reason": reason})
        return
    answer(shell.say(f"已留置:{entry.name.batch}", f"held: {entry.name.batch}"))
    shell.remark(
        f"放行请运行:yizhan release {entry.name.batch} --by 审核人编号",
        f"to let it go: yizhan release {entry.name.batch} --by REVIEWER",
    )


def _json(entry: Entry) -> dict[str, object]:
    return {"batch": entry.name.batch, "digest": entry.digest, "state": entry.state.value}
