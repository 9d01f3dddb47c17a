"""`yizhan agent`: the front-end's agent, until it is told to stop."""

from __future__ import annotations

import random
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Annotated, NoReturn

import typer

from gateway.agent import Agent, Outside, Setting, Tray
from gateway.app import FrontEnd
from gateway.app.agent import daily_of, rooms_of, tray_of
from gateway.app.following import follow
from gateway.app.presence import beat, first_centres
from gateway.cli.deliver import exit_code
from gateway.cli.shell import Shell, front_end
from gateway.cli.signing import sign_as
from gateway.errors import YizhanError
from gateway.transport import Patience

_BEAT_SECONDS = 300.0
_TALK = Patience(attempts=2, first=0.5, answer=40.0)
"""The agent asks again and again by itself; an answer may be held back for 25 seconds."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("agent", help="运行前置机代理 / carry out the office's instructions at this front-end")(agent)


def agent(
    context: typer.Context,
    once: Annotated[
        bool,
        typer.Option("--once", help="取一次、办完、报告后退出 / fetch once, carry out, report, and end"),
    ] = False,
) -> None:
    """Until SIGTERM or SIGINT, which end it after the present stage; what was begun is carried on at the next start.

    With --once: exit 0 when all that there was to do is done or reported, 75 when a centre could not be reached.
    """
    shell: Shell = context.obj
    node = front_end(shell)
    tray = tray_of(node)
    with ExitStack() as stack:
        stack.enter_context(tray.alone())
        made = Agent(lambda: _setting(node, tray, shell), random.SystemRandom().random)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: made.stop())
        if once:
            raise typer.Exit(exit_code(_told(made.once(), shell)))
        _run(made, shell)


def _run(made: Agent, shell: Shell) -> NoReturn:
    threading.excepthook = _as_the_process
    shell.remark("代理已启动。", "the agent is running.")
    whole = made.run()
    shell.remark("代理已停止。", "the agent has stopped.")
    raise typer.Exit(0 if whole else 1)


def _as_the_process(broken: threading.ExceptHookArgs) -> None:
    """A thread's defect is told like any other: without the words of the exception, which may quote data."""
    if broken.exc_value is not None:
        sys.excepthook(broken.exc_type, broken.exc_value, broken.exc_traceback)


def _setting(opened: FrontEnd, tray: Tray, shell: Shell) -> Setting:
    """The same site, with the catalogue that is in force now."""
    node = FrontEnd(site=opened.site, environ=opened.environ)
    rooms = rooms_of(node, tray, lambda name: sign_as(node, name, None, shell))
    return Setting(rooms=rooms, outside=_outside(node, shell), daily=daily_of(node, rooms))


def _outside(node: FrontEnd, shell: Shell) -> Outside:
    return Outside(
        centres=first_centres(node.feeds),
        connect=lambda centre: node.connect(centre, _TALK),
        beat=lambda: _beaten(node),
        beat_every=_BEAT_SECONDS,
        follow=lambda: _followed(node, shell),
        complain=shell.complain,
        remark=shell.remark,
    )


def _followed(node: FrontEnd, shell: Shell) -> bool:
    """Whether another catalogue is in force than `node` was opened with, be it that another command has taken it."""
    if node.shelf is not None and (taken := follow(node)) is not None:
        shell.remark(f"已接收目录第 {taken} 版。", f"version {taken} of the catalogue is taken.")
    return node.catalogue_now() != node.catalogue_place


def _beaten(node: FrontEnd) -> Iterator[YizhanError]:
    """One heartbeat to each centre; what did not work, our own stores for the moment included."""
    try:
        yield from (one.error for one in beat(node) if one.error is not None)
    except YizhanError as error:
        yield error


def _told(errors: list[YizhanError], shell: Shell) -> list[YizhanError]:
    for error in errors:
        shell.complain(error)
    return errors
