"""`yizhan demo`: the main job on one machine, and what it proves."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from gateway.app import CentreNode, FrontEnd, open_node
from gateway.app.check import check_node
from gateway.app.clock import clock
from gateway.app.facts import facts_of
from gateway.cli import reconciliation, status
from gateway.cli.shell import Shell, answer
from gateway.demo.county import County
from gateway.demo.rehearsal import Volume, play, prepare, set_up
from gateway.demo.servers import Servers
from gateway.freshness import board

_TERMINATED = 128 + 15


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo", help="演示:一台机器上的一个县 / a whole county on one machine")(demo)


def demo(
    context: typer.Context,
    directory: Annotated[
        Path, typer.Option("--dir", help="演示目录;原有演示被重建 / where to put it; an older demonstration gives way")
    ] = Path(".demo"),
    serve: Annotated[bool, typer.Option("--serve", help="结束后保持各服务运行 / keep the servers running")] = False,
) -> None:
    """Exit 0 only if every feed arrived, every figure balances and every node checks clean."""
    shell: Shell = context.obj
    signal.signal(signal.SIGTERM, _leave)
    county = prepare(directory, shell.remark)
    with Servers(county.sources / "log") as servers:
        set_up(county, servers, at=clock(True, os.environ)(), volume=Volume(), tell=shell.remark)
        exit_codes = play(county, shell.remark, shell.lang)
        clean = _show(county, shell)
        if serve:
            _wait(shell)
    raise typer.Exit(0 if clean and not any(exit_codes.values()) else 1)


def _leave(number: int, frame: object) -> None:
    """Told to stop: unwind, so that the servers are stopped too."""
    sys.exit(_TERMINATED)


def _show(county: County, shell: Shell) -> bool:
    centre = open_node(county.centre, os.environ)
    front_ends = [open_node(root, os.environ) for root in county.front_ends]
    status.show(board(centre.catalogue, facts_of(centre), centre.clock()), centre.clock(), shell)
    balanced = reconciliation.show([node for node in front_ends if isinstance(node, FrontEnd)], shell)
    faults = [fault for node in (centre, *front_ends) for fault in check_node(node)]
    for fault in faults:
        shell.complain(fault)
    answer("\n".join(_summary(county, centre, len(faults), shell)))
    return balanced and not faults


def _summary(county: County, centre: FrontEnd | CentreNode, faults: int, shell: Shell) -> list[str]:
    head = centre.ledger.head()
    checked = shell.say(
        f"核对各节点:{faults} 处问题;中心台账 {head.position} 行,链头 {head.hash[:16]}…",
        f"nodes checked: {faults} faults; the centre's ledger has {head.position} lines, head {head.hash[:16]}…",
    )
    places = (
        ("封装包与回执", "sealed batches and receipts", county.root / "*" / "spool" / "done"),
        ("问题数据", "problem rows", county.root / "*" / "problems"),
        ("中心库与台账", "the centre's warehouse and ledger", county.centre / "warehouse.db"),
        ("再看一次", "look again", f"{_this_command()} --site {county.centre} status"),
    )
    return [checked, *(f"  {shell.say(f'{zh}:', f'{en}: ')}{place}" for zh, en, place in places)]


def _this_command() -> str:
    return "yizhan" if shutil.which("yizhan") else str(Path(sys.executable).with_name("yizhan"))


def _wait(shell: Shell) -> None:
    shell.remark("各服务仍在运行,按 Ctrl-C 结束。", "The servers are still running; Ctrl-C ends them.")
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()
