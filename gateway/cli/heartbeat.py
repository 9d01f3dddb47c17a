"""`yizhan heartbeat`: a front-end tells its centres that it is there, and how it fares."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from datetime import timedelta
from json import loads
from typing import Annotated

import typer

from gateway.app import FrontEnd
from gateway.app.presence import Beat, beat
from gateway.calendar import ASIA_SHANGHAI
from gateway.cli.deliver import exit_code
from gateway.cli.shell import Heading, Json, Shell, answer_json, front_end, grouped
from gateway.errors import YizhanError
from gateway.freshness import SKEW_TOLERATED
from gateway.presence import Report, encode

_EVERY = re.compile(r"([1-9][0-9]{0,4})([smh])")
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_LEAST, _MOST = 5, 24 * 3600
_NOTHING = "—"

_HEADINGS = (
    Heading("中心", "centre"),
    Heading("结果", "outcome"),
    Heading("收到时间", "heard at"),
    Heading("本机时钟偏差(秒)", "our clock ahead by (s)", "number"),
    Heading("待送", "ready", "number"),
    Heading("在途", "in flight", "number"),
    Heading("待审", "held", "number"),
    Heading("被拒", "dead", "number"),
    Heading("待送字节", "bytes", "number"),
    Heading("磁盘可用字节", "disk free", "number"),
    Heading("证书最早到期", "first certificate ends"),
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("heartbeat", help="向中心报告本前置机在岗 / tell the centres that this front-end is there")(heartbeat)


def heartbeat(
    context: typer.Context,
    every: Annotated[
        str | None, typer.Option(metavar="5m", help="反复报告,间隔 5s 至 24h / again and again, this far apart")
    ] = None,
    json: Json = False,
) -> None:
    """Exit 0 when every first centre of this department's feeds has heard it, 75 when one could not be reached.

    With --every it goes on whatever happens, until it is told to stop, and says on stderr what did not work.
    """
    shell: Shell = context.obj
    pause = _seconds(every) if every else None
    if pause is not None and json:
        raise typer.BadParameter("--json: 只用于单次报告 / for a single report only", param_hint="--every")
    node = front_end(shell)
    if pause is not None:
        _go_on(node, pause, shell)
    beats = _told(node, shell)
    if json:
        answer_json({"heartbeats": [_json(one, shell) for one in beats]})
    else:
        show(beats, shell)
    raise typer.Exit(exit_code([one.error for one in beats if one.error]))


def show(beats: Sequence[Beat], shell: Shell) -> None:
    """A line for each centre."""
    if beats:
        shell.table(("心跳", "Heartbeats"), _HEADINGS, [_row(one, shell) for one in beats])
    else:
        shell.remark("本部门没有归集事项,无中心可报。", "This department has no feeds, so there is no centre to tell.")


def _go_on(node: FrontEnd, pause: float, shell: Shell) -> None:
    """Until a signal ends the process: it holds nothing that could be left half done."""
    while True:
        try:
            _told(node, shell)
        except YizhanError as error:  # our own stores or keys, for the moment
            shell.complain(error)
        time.sleep(pause)


def _told(node: FrontEnd, shell: Shell) -> list[Beat]:
    """One heartbeat to each centre, telling of each error, and of a clock that is wrong, as it happens."""
    beats = []
    for one in beat(node):
        beats.append(one)
        if one.error is not None:
            shell.complain(one.error)
        skew = one.hearing.skew_ms if one.hearing else None
        if skew is not None and timedelta(milliseconds=abs(skew)) > SKEW_TOLERATED:
            shell.remark(
                f"本机时钟与中心 {one.centre} 相差 {_ahead(skew)} 秒,请校时。",
                f"this machine's clock is {_ahead(skew)} s ahead of the centre {one.centre}: set it right.",
            )
    return beats


def _seconds(text: str) -> int:
    match = _EVERY.fullmatch(text)
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    if not _LEAST <= seconds <= _MOST:
        raise typer.BadParameter(f"{text}: 5s … 24h", param_hint="--every")
    return seconds


def _ahead(milliseconds: int) -> str:
    return f"{milliseconds / 1000:+g}" if milliseconds else "0"


def _row(one: Beat, shell: Shell) -> tuple[str, ...]:
    hearing, skew = one.hearing, one.hearing.skew_ms if one.hearing else None
    return (
        one.centre,
        one.error.code if one.error else shell.say("已收到", "heard"),
        hearing.at.astimezone(ASIA_SHANGHAI).strftime("%Y-%m-%d %H:%M:%S") if hearing else _NOTHING,
        _NOTHING if skew is None else _ahead(skew),
        *_said(one.report),
    )


def _said(report: Report) -> tuple[str, ...]:
    spool, ends = report.spool, min((one.not_after for one in report.certificates), default=None)
    return (
        *map(str, (spool.ready, spool.inflight, spool.held, spool.dead)),
        grouped(str(spool.bytes)),
        grouped(str(report.disk.free)),
        ends.astimezone(ASIA_SHANGHAI).strftime("%Y-%m-%d") if ends else _NOTHING,
    )


def _json(one: Beat, shell: Shell) -> dict[str, object]:
    hearing = one.hearing
    return {
        "centre": one.centre,
        "at": hearing.at.isoformat() if hearing else None,
        "skew_ms": hearing.skew_ms if hearing else None,
        "code": one.error.code if one.error else None,
        "message": one.error.message(shell.lang) if one.error else None,
        "sent": loads(encode(one.report)),
    }
