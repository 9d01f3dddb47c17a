"""Somebody about to sign: a person's key together with who its certificate was found to speak for.

Must never say what the person may sign; that stands in the catalogue.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gateway.keys.identity import Identity, Purpose, is_id
from gateway.keys.private import Signer
from gateway.keys.ring import KeyRing

_LOCKED = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"


@dataclass(frozen=True, kw_only=True)
class Signatory:
    """A verified person and their signature; only `open_signatory` makes one."""

    identity: Identity
    signer: Signer


def open_signatory(
    ring: KeyRing, name: str, directory: Path | None, passphrase: bytes | None, at: datetime
) -> Signatory:
    """The person of this staff number, whose certificate is trusted here at this instant. Arguments as KeyRing.person.

    Raises:
        what KeyRing.person raises; what Trust.verify raises.
    """
    signer = ring.person(name, directory, passphrase)
    identity = ring.trust().verify(signer.certificate, signer.intermediates, Purpose.PERSON, at)
    return Signatory(identity=identity, signer=signer)


def is_locked(ring: KeyRing, name: str, directory: Path | None) -> bool:
    """Whether this person's key is stored under a passphrase, so that somebody has to be asked for it."""
    path = (directory or ring.directory / "persons") / f"{name}.key"
    if not (is_id(name) and path.is_file() and os.access(path, os.R_OK)):
        return False
    with path.open("rb") as file:
        return file.readline(len(_LOCKED) + 2).rstrip() == _LOCKED
