"""`yizhan serve`: the centre, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import logging.handlers
from pathlib import Path

import typer

from gateway.cli.shell import Shell, centre
from gateway.keys import tls
from gateway.server import make_app, serve


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve", help="运行中心 / run the centre")(run_centre)


def run_centre(context: typer.Context) -> None:
    """Serve until SIGTERM or SIGINT; prints the address to stderr when it accepts connections."""
    shell: Shell = context.obj
    node = centre(shell)
    listen = node.file.listen
    _log_to(node.site.root / "log")
    app = make_app(reception=node.reception(), trust=node.keys.trust, clock=node.clock)

    def ready(port: int) -> None:
        shell.remark(
            f"中心 {node.file.centre} 已就绪:https://{listen.host}:{port}",
            f"centre {node.file.centre} ready: https://{listen.host}:{port}",
        )

    asyncio.run(serve(app, host=listen.host, port=listen.port, tls=tls.server_context(node.keys), ready=ready))


def _log_to(directory: Path) -> None:
    """Access and defect lines, one file a day; they are kept (等保: at least six months), never purged here."""
    directory.mkdir(mode=0o700, exist_ok=True)
    handler = logging.handlers.TimedRotatingFileHandler(directory / "centre.log", when="midnight", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    log = logging.getLogger("yizhan")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
