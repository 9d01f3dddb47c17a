"""`yizhan serve`: the centre, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import logging.handlers
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from gateway.app import CentreNode
from gateway.app.health import attest
from gateway.app.levels import BACKGROUND, upward_of
from gateway.app.office import CentreShelves, token_of
from gateway.cli.shell import Shell, centre
from gateway.errors import ReceiptPending, Retry
from gateway.forward import Upward, complete_chains, forward
from gateway.keys import tls
from gateway.server import Dispatch, Face, Limits, make_app, make_office, serve


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve", help="运行中心 / run the centre")(run_centre)


def run_centre(
    context: typer.Context,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="另用一个端口 / listen on this port instead")
    ] = None,
    office_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="办公接口另用一个端口 / the office interface on this port instead"),
    ] = None,
) -> None:
    """Serve until SIGTERM or SIGINT; prints the address to stderr when it accepts connections."""
    shell: Shell = context.obj
    node = centre(shell)
    listen = node.file.listen
    _log_to(node.site.root / "log", "centre.log" if port is None else f"centre-{port}.log")
    limits = Limits() if node.file.inbox is None else Limits(look=node.file.inbox.look_seconds)
    rooms = upward_of(node, lambda *_: None, BACKGROUND)
    upward = partial(send_upward, rooms) if rooms else None
    dispatch = Dispatch(node.instructions)
    node.proxies()  # a file of theirs that is not one is told at the start
    app = make_app(
        reception=node.reception(),
        trust=node.keys.trust,
        clock=node.clock,
        limits=limits,
        forward=upward,
        proxies=node.proxies,
        attest=attest(node),
        dispatch=dispatch,
        published=node.published,
    )

    def ready(taken: int) -> None:
        shell.remark(
            f"中心 {node.file.centre} 已就绪:https://{listen.host}:{taken}",
            f"centre {node.file.centre} ready: https://{listen.host}:{taken}",
        )

    chosen = listen.port if port is None else port
    office, context = _office(node, dispatch, office_port, shell), tls.server_context(node.keys)
    asyncio.run(serve(app, host=listen.host, port=chosen, tls=context, ready=ready, office=office))


def _office(node: CentreNode, dispatch: Dispatch, port: int | None, shell: Shell) -> Face | None:
    """The office interface, where the site has one."""
    file = node.file.office
    if file is None:
        return None

    def ready(taken: int) -> None:
        shell.remark(
            f"办公接口已就绪:http://{file.listen.host}:{taken}",
            f"office interface ready: http://{file.listen.host}:{taken}",
        )

    app = make_office(dispatch=dispatch, shelves=CentreShelves(node), token=token_of(node, file))
    chosen = file.listen.port if port is None else port
    return Face(app=app, host=file.listen.host, port=chosen, tls=None, ready=ready)


def send_upward(rooms: Upward) -> None:
    """One attempt, of which the ledger tells.

    Raises:
        Retry: the first of it, if there was one; ReceiptPending: a centre behind the next one has yet to answer.
    """
    forwarded, fetched = list(forward(rooms)), list(complete_chains(rooms))
    for one in (*forwarded, *fetched):
        if isinstance(one.error, Retry):
            raise one.error
    for one in fetched:
        if one.awaited:
            raise ReceiptPending(centre=one.awaited[0], digest=one.batch)


def _log_to(directory: Path, name: str) -> None:
    """Access and defect lines, one file a day; they are kept (等保: at least six months), never purged here.

    Receivers that share a site directory write a file each: two processes must not rotate one.
    """
    directory.mkdir(mode=0o700, exist_ok=True)
    handler = logging.handlers.TimedRotatingFileHandler(directory / name, when="midnight", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    log = logging.getLogger("yizhan")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
