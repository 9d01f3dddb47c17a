"""A person about to sign at this machine: which key, and the words that open it, which are never an argument."""

from __future__ import annotations

import os
import sys
from getpass import getpass
from pathlib import Path
from typing import Annotated

import typer
from pydantic_core import PydanticCustomError

from adapters.secrets import SecretRef
from gateway.app import CentreNode, FrontEnd
from gateway.cli.shell import Shell
from gateway.errors import SecretLiteral
from gateway.keys import Signatory, is_locked

PASSPHRASE = "YIZHAN_PERSON_PASSPHRASE"  # noqa: S105 - the variable's name; what it holds is a reference
Who = Annotated[str, typer.Option(help="本人的人员编号,以个人证书签署 / your staff number; your certificate signs")]
Keys = Annotated[
    Path | None,
    typer.Option(
        "--keys",
        help=(
            "个人证书和私钥所在目录,缺省 keys/persons;私钥口令由 YIZHAN_PERSON_PASSPHRASE 引用"
            " / where your certificate and key are (keys/persons); YIZHAN_PERSON_PASSPHRASE refers to the passphrase"
        ),
    ),
]


def sign_as(here: FrontEnd | CentreNode, name: str, directory: Path | None, shell: Shell) -> Signatory:
    """The person, verified. A locked key is opened by what YIZHAN_PERSON_PASSPHRASE refers to, or by hand.

    Raises:
        SecretLiteral: the variable holds the passphrase itself. SecretUnavailable.
        what `open_signatory` raises.
    """
    return here.signatory(name, directory, _passphrase(here, name, directory, shell))


def _passphrase(here: FrontEnd | CentreNode, name: str, directory: Path | None, shell: Shell) -> bytes | None:
    if not is_locked(here.keys, name, directory):
        return None
    if reference := os.environ.get(PASSPHRASE):
        return here.secrets.read(_reference(reference)).encode()
    if not sys.stdin.isatty():
        return None
    return getpass(shell.say(f"{name} 的私钥口令:", f"passphrase of {name}: ")).encode()


def _reference(text: str) -> SecretRef:
    try:
        return SecretRef.parse(text)
    except PydanticCustomError:
        raise SecretLiteral(place="-", key=PASSPHRASE) from None
