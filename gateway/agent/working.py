"""Working through the tray, one instruction after the other; what has to wait is left for later, and the next is taken.

    work    every instruction that may be carried on now    `Worker.work`

An instruction that was begun is carried on before another is begun. Must never fetch or send anything itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from gateway.agent import remarks
from gateway.agent.carrying import Ended, Errand, Waiting, carry_out
from gateway.agent.folders import Begun, Key, State
from gateway.agent.intake import require_for_us
from gateway.agent.rooms import Rooms
from gateway.agent.telling import Fault, Teller
from gateway.envelope.instruction import Instruction, peek, read_instruction, read_instruction_at_any_time
from gateway.errors import AgentDefect, Retry, YizhanError
from gateway.journal import enter_missing

_CRASHES = 5
"""An instruction at which the agent died so often is given up, so that it does not keep the others from being done."""
_FIRST, _MOST = 1.0, 60.0
_LONGEST = 600.0
"""Seconds until a batch is offered again at the latest: each attempt leaves a line in the ledger, and whoever fetches
finds out sooner that the centre is back."""
Jitter = Callable[[], float]
"""A number from 0 to 1."""


@dataclass
class Pauses:
    """Seconds between two attempts: 1, 2, 4 … `most`, each a little less at random: not all front-ends ask at once."""

    jitter: Jitter
    most: float = _MOST
    _next: float = _FIRST

    def take(self) -> float:
        """The next one."""
        pause, self._next = self._next, min(self._next * 2, self.most)
        return pause * (0.5 + self.jitter() / 2)

    def reset(self) -> None:
        """It worked: begin again with the first."""
        self._next = _FIRST


@dataclass(kw_only=True)
class _Course:
    """What is known, in this process alone, of an instruction that was begun."""

    begun: Begun
    teller: Teller
    pauses: Pauses
    not_before: float = 0.0


class Worker:
    """Works on one tray. For one thread; `retry_now` is for any."""

    def __init__(
        self,
        rooms: Rooms,
        *,
        stopping: Callable[[], bool],
        outdated: Callable[[], bool],
        told: Callable[[], None],
        complain: Callable[[YizhanError], None],
        remark: Callable[[str, str], None],
        jitter: Jitter,
    ) -> None:
        """`stopping`: whether to begin nothing more; asked between two stages. `told`: a report waits to be sent.

        `outdated`: whether there are other rooms to go on with; asked between two instructions.
        """
        self._rooms, self._stopping, self._told, self._complain = rooms, stopping, told, complain
        self._outdated, self._remark = outdated, remark
        self._jitter = jitter
        self._courses: dict[Key, _Course] = {}
        self._hurry = False

    def go_on_with(self, rooms: Rooms) -> None:
        """Other rooms from now on; what was begun goes on as it stands."""
        self._rooms = rooms

    def retry_now(self) -> None:
        """Whoever waits for another attempt need wait no longer: the centre can be reached again."""
        self._hurry = True

    def work(self) -> float | None:
        """Carry on what may be; seconds until something has to be tried again, None where nothing waits."""
        if self._hurry:
            self._hurry = False
            for course in self._courses.values():
                course.not_before = 0.0
        for key, said in self._in_order():
            if self._stopping():
                return None
            if self._outdated():
                return 0.0
            course = self._courses.get(key)
            if course is None or time.monotonic() >= course.not_before:
                self._carry_on(key, said)
        there = set(self._rooms.tray.waiting())
        times = [course.not_before for key, course in self._courses.items() if key in there]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _in_order(self) -> list[tuple[Key, Instruction]]:
        """What was begun, then the rest, oldest first; what is none any more has ended when this returns."""
        found = []
        for key in self._rooms.tray.waiting():
            if self._rooms.tray.ended(key) is not None:  # we died just before the folder was moved
                self._rooms.tray.end(key, b"")
                self._told()
            elif (said := self._read(key)) is not None:
                found.append((self._rooms.tray.state(key) is State.RECEIVED, said.issued_at, key, said))
        return [(key, said) for *_, key, said in sorted(found, key=lambda one: one[:3])]

    def _read(self, key: Key) -> Instruction | None:
        """Verified again: the disk is not believed either, and one that waited may have expired.

        What was begun was issued before that, whatever the clock has been set to since.
        """
        rooms, begun = self._rooms, self._rooms.tray.state(key) is State.RUNNING
        try:
            document, trust, now = rooms.tray.document(key), rooms.trust(), rooms.clock()
            if begun:
                said = read_instruction_at_any_time(document, trust, max(now, peek(document).issued_at))
            else:
                said = read_instruction(document, trust, now)
            require_for_us(said, rooms)
        except Retry as error:  # our own stores, for the moment
            self._complain(error)
            return None
        except YizhanError as error:
            self._end(key, error)
            return None
        return said

    def _carry_on(self, key: Key, said: Instruction) -> None:
        rooms, course = self._rooms, self._course(key)
        if course.begun.times > _CRASHES:
            self._end(key, AgentDefect(number=said.number))
            return
        errand = Errand(
            key=key,
            said=said,
            since=course.begun.position,
            paper=rooms.tray.paper(key),
            rooms=rooms,
            teller=course.teller,
            stopping=self._stopping,
        )
        went = carry_out(errand)
        if isinstance(went, Waiting):
            rooms.tray.survived(key)
            self._wait(course, went.error)
            return
        course.teller.end(went.stage, went.outcome, went.fault)
        del self._courses[key]
        self._tell_end(key, went)

    def _course(self, key: Key) -> _Course:
        if key not in self._courses:
            rooms = self._rooms
            enter_missing(rooms.spool, rooms.ledger, rooms.clock)  # what landed before is none of its work
            self._courses[key] = _Course(
                begun=rooms.tray.begin(key, rooms.ledger.head().position),
                teller=Teller(rooms.tray, key, rooms.clock, self._told),
                pauses=Pauses(self._jitter, _LONGEST),
            )
        return self._courses[key]

    def _wait(self, course: _Course, error: YizhanError | None) -> None:
        if error is None:  # told to stop
            return
        course.not_before = time.monotonic() + course.pauses.take()
        course.teller.complain(error)
        self._complain(error)

    def _tell_end(self, key: Key, went: Ended) -> None:
        if went.fault is not None:
            self._remark(*remarks.failed(key.number, went.fault))
        else:
            self._remark(*remarks.done(key.number, went.stage, went.outcome))

    def _end(self, key: Key, error: YizhanError) -> None:
        fault = Fault.of(error)
        Teller(self._rooms.tray, key, self._rooms.clock, self._told).end(None, None, fault)
        self._courses.pop(key, None)
        self._remark(*remarks.failed(key.number, fault))
