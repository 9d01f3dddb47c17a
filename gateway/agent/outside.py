"""What an agent works with: the lines it may call out on, and whom it tells. Holds them together, and does nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from gateway.agent.rooms import Rooms
from gateway.agent.schedule import Daily
from gateway.errors import YizhanError


class Line(Protocol):
    """A line to one centre (`gateway.transport.CentreClient`)."""

    def instructions(self, wait: int, known: Iterable[str] = ()) -> bytes:
        """What there is to do, after at most `wait` seconds. Raises: any Retry, PeerRefused."""

    def report(self, number: str, report: bytes) -> bytes:
        """Tell how far an instruction is. Raises: any Retry, PeerRefused."""


@dataclass(frozen=True, kw_only=True)
class Outside:
    """What the agent reaches, and whom it tells.

    Attributes:
        centres: those that this department's feeds go to first. connect: a line to one of them.
        beat: tells them all how this machine fares; gives what did not work. beat_every: in seconds.
        follow: asks for a newer catalogue, and takes it; whether the one in force is another than these rooms were
            made with. Raises: what keeps it from being asked for, or refused it.
        complain, remark: a word to whoever looks after this machine.
    """

    centres: Sequence[str]
    connect: Callable[[str], AbstractContextManager[Line]]
    beat: Callable[[], Iterable[YizhanError]]
    beat_every: float
    follow: Callable[[], bool]
    complain: Callable[[YizhanError], None]
    remark: Callable[[str, str], None]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What an agent works with as long as one catalogue is in force; `daily` None: it keeps no schedule."""

    rooms: Rooms
    outside: Outside
    daily: Daily | None
