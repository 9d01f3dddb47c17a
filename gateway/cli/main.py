"""`yizhan`: the door of the command line.

`--site` and `--lang` may stand before or after the command; every error of the product leaves here as one line with its
code, and as the exit code of its class.
"""

from __future__ import annotations

import importlib.metadata
import io
import os
import sys
from functools import cache
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import (
    adapter,
    agent,
    archive,
    asof,
    backup,
    bulletin,
    catalogue,
    copy,
    deliver,
    demo,
    dun,
    envelope,
    event,
    exporter,
    fsck,
    grant,
    healthcheck,
    heartbeat,
    instruct,
    ledger,
    nil,
    order,
    probe,
    problems,
    purge,
    release,
    run,
    serve,
    spool,
    status,
    template,
    waiver,
    warehouse,
)
from gateway.cli.defects import tell_defects
from gateway.cli.shell import Shell, answer, language
from gateway.errors import UsageWrong, YizhanError

GLOBAL_OPTIONS = ("--site", "--lang")
_INTERRUPTED = 128 + 2

app = typer.Typer(
    name="yizhan",
    help="驿站:政务数据归集、封装、送达、对账 / collect, seal, deliver and reconcile departmental data",
    epilog="退出码 / exit codes: 0 完成 done; 1 被拒、不平或逾期 refused, unbalanced or late; "
    "2 用法或配置 usage or configuration; 75 稍后重试 try again later",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for single in (
    demo, run, nil, release, deliver, heartbeat, healthcheck, serve, status, asof, problems, probe, fsck, template,
    purge, backup, bulletin, dun, exporter, event, agent,
):  # fmt: skip
    single.register(app)
for group in (catalogue, adapter, spool, order, ledger, envelope, grant, copy, archive, warehouse, waiver, instruct):
    app.add_typer(group.app)


def _version(wanted: bool) -> None:
    if wanted:
        answer(importlib.metadata.version("yizhan"))
        raise typer.Exit


@app.callback()
def _globals(
    context: typer.Context,
    site: Annotated[Path | None, typer.Option(help="站点目录 / site directory (YIZHAN_SITE)")] = None,
    lang: Annotated[str | None, typer.Option(help="zh | en (LANG)")] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="版本 / version")
    ] = False,
) -> None:
    if lang not in (None, "zh", "en"):
        raise typer.BadParameter("zh | en", param_hint="--lang")
    context.obj = Shell(lang=language(lang, os.environ), site=site)


def hoist(arguments: list[str]) -> list[str]:
    """The same arguments with the global options in front, wherever they stood; nothing behind `--` is touched."""
    front: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for word in waiting:
        name, equals, _ = word.partition("=")
        if word == "--":
            rest += [word, *waiting]
        elif name not in GLOBAL_OPTIONS:
            rest.append(word)
        elif equals:
            front.append(word)
        elif (value := next(waiting, None)) is not None:
            front.append(f"{word}={value}")
        else:
            return [word]
    return front + rest


@cache
def parser() -> typer.core.TyperGroup:
    """All commands; made once, since that takes longer than many a command."""
    return typer.main.get_command(app)


def main() -> None:
    """The console script."""
    _prepare_streams()
    arguments = hoist(sys.argv[1:])
    chosen = [word.partition("=")[2] for word in arguments if word.startswith("--lang=")]
    shell = Shell(lang=language(chosen[-1] if chosen else None, os.environ), site=None)
    tell_defects(shell)
    sys.exit(_run(arguments, shell))


def _run(arguments: list[str], shell: Shell) -> int:
    try:
        return parser().main(arguments, prog_name="yizhan", standalone_mode=False) or 0
    except YizhanError as error:
        shell.complain(error)
        return error.exit_code
    except typer.TyperException as error:
        return _tell_usage(error, shell)
    except (typer.Abort, KeyboardInterrupt):
        return _INTERRUPTED


def _tell_usage(error: typer.TyperException, shell: Shell) -> int:
    """What the parser says, with a code; a group without a command says its whole help instead."""
    said, context = error.format_message(), error.ctx
    if said.startswith("Usage:"):
        print(said, file=sys.stderr)
    else:
        shell.complain(UsageWrong(said=said.rstrip("."), command=context.command_path if context else "yizhan"))
    return UsageWrong.exit_code


def _prepare_streams() -> None:
    """A terminal that is not UTF-8 shows a mark for what it lacks; it does not end the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
