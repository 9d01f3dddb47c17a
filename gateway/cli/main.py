"""`yizhan`: the door of the command line.

`--site` and `--lang` may stand before or after the command; every error of the product leaves here as one line with its
code, and as the exit code of its class.
"""

from __future__ import annotations

import importlib.metadata
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import (
    adapter,
    catalogue,
    deliver,
    demo,
    envelope,
    fsck,
    ledger,
    problems,
    run,
    serve,
    spool,
    status,
)
from gateway.cli.shell import Shell, language
from gateway.errors import YizhanError

GLOBAL_OPTIONS = ("--site", "--lang")

app = typer.Typer(
    name="yizhan",
    help="驿站:政务数据归集、封装、送达、对账 / collect, seal, deliver and reconcile departmental data",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (adapter, catalogue, envelope, ledger, spool):
    app.add_typer(group.app)
for single in (demo, deliver, fsck, problems, run, serve, status):
    single.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        print(importlib.metadata.version("yizhan"))
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
        if word == "--":
            rest += [word, *waiting]
        elif word in GLOBAL_OPTIONS:
            front += [word, *([value] if (value := next(waiting, None)) is not None else [])]
        elif word.startswith(tuple(f"{option}=" for option in GLOBAL_OPTIONS)):
            front.append(word)
        else:
            rest.append(word)
    return front + rest


def main() -> None:
    """The console script."""
    arguments = hoist(sys.argv[1:])
    try:
        app(arguments, prog_name="yizhan")
    except YizhanError as error:
        chosen = arguments[arguments.index("--lang") + 1] if "--lang" in arguments else None
        Shell(lang=language(chosen, os.environ), site=None).complain(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
