"""What the author of an adapter writes for the contract suite: a real source that can be filled, stopped and counted.

Owns the protocol alone, and imports no test framework. Differences between kinds of source are data here: an ability
that a source lacks is named with its reason, and the suite skips what needs it with those words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from adapters.contract import Adapter, AdapterConfig, Column, Secrets
from adapters.specimens import COLUMNS, Record


class Ability(StrEnum):
    """What not every kind of source has. A harness that lacks one says why, and the check is skipped with that."""

    LOGIN = "login"
    """It can be asked with credentials that it refuses: `denied`."""
    SECRET = "secret"  # noqa: S105 - the name of an ability
    """Its configuration refers to a secret: `secret`."""
    BAD_RECORD = "bad record"
    """One of its records can be unreadable: `spoil`."""
    CURSOR = "cursor"
    """It returns a cursor, and reads only what is new from there."""


class Harness(Protocol):
    """What the author of an adapter writes for the suite: a real source that can be filled, taken down and counted.

    Attributes:
        adapter: the class under test, in a module that another process can import.
        secrets: reads the references of `config`.
        secret: the credential's value (a line of it, if it is a key), which nothing may ever tell.
        lacks: the abilities that this kind of source does not have, each with the reason.
        columns: `COLUMNS`, each with the source's own name for it.
        patience: seconds that a closed connection may take to leave the count.
    """

    adapter: type[Adapter]
    secrets: Secrets
    secret: str = ""
    lacks: Mapping[Ability, str]
    columns: tuple[Column, ...] = COLUMNS
    patience: float = 5.0

    def config(self) -> AdapterConfig:
        """Where the source is now, with credentials that it takes."""
        ...

    def denied(self) -> AdapterConfig:
        """The same source with credentials that it refuses."""
        raise NotImplementedError

    def fill(self, records: Sequence[Record]) -> None:
        """The source holds exactly these records, in this order."""
        ...

    def spoil(self, at: int) -> str:
        """Make record `at` (from 0) unreadable and leave the others. Returns the position its row must have."""
        raise NotImplementedError

    def stop(self) -> None:
        """From now on nobody reaches the source, and open connections to it break."""
        ...

    def start(self) -> None:
        """It is there again, with what it held. Also after `stop` was never called."""
        ...

    def connections(self) -> int:
        """How many connections (or open files) to the source this process holds now."""
        ...
