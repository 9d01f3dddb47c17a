"""The agent at work: it fetches, works and reports until it is told to stop. It only ever calls out.

    main thread     one instruction after the other, and the schedule                    `Agent.run`
    one a centre    asks what is to be done (long poll), and takes it in                 `_fetch`
    one             sends reports, in their order, and keeps them until they are heard   `_report`
    one             asks for a newer catalogue, and tells how this machine fares         `_beat`

They share the tray and nothing else, so that any of them may die at any point. A new catalogue is new rooms: the main
thread goes on with them between two instructions. Must never construct a room.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from gateway.agent import remarks
from gateway.agent.folders import Pending
from gateway.agent.intake import take_in
from gateway.agent.outside import Outside, Setting
from gateway.agent.rooms import Rooms
from gateway.agent.schedule import Daily
from gateway.agent.working import Jitter, Pauses, Worker
from gateway.errors import InstructionUnknown, PeerRefused, ReportMalformed, ReportTooLarge, YizhanError
from gateway.instructions.handing import MAX_KNOWN, parse_given, parse_heard

_HOLD = 25
_QUIET = 2.0  # seconds between two questions, however quickly they were answered
_IDLE = 60.0
_NEVER_HEARD = {kind.code for kind in (InstructionUnknown, ReportMalformed, ReportTooLarge)}
"""With what a centre refuses a report that it will refuse again: it has forgotten the instruction, or speaks otherwise.
Any other refusal (of this machine's certificate, say) is about the line, and ends when somebody has mended it."""


class Agent:
    """One agent. `stop` may be called from a signal handler."""

    def __init__(self, settle: Callable[[], Setting], jitter: Jitter) -> None:
        """`settle`: made with the catalogue in force when it is called; every setting has the same tray."""
        self._settle, self._jitter = settle, jitter
        self._setting = settle()
        self._stop, self._wake, self._told = threading.Event(), threading.Event(), threading.Event()
        self._broken, self._outdated = threading.Event(), threading.Event()
        self._fetching: set[str] = set()
        self._failed: dict[str, str] = {}  # by what was tried: the code with which it failed last
        self._worker = Worker(
            self._rooms,
            stopping=self._stop.is_set,
            outdated=self._outdated.is_set,
            told=self._told.set,
            complain=self._outside.complain,
            remark=self._outside.remark,
            jitter=jitter,
        )

    @property
    def _rooms(self) -> Rooms:
        return self._setting.rooms

    @property
    def _outside(self) -> Outside:
        return self._setting.outside

    @property
    def _daily(self) -> Daily | None:
        return self._setting.daily

    def stop(self) -> None:
        """End after the present stage."""
        self._stop.set()
        self._wake.set()
        self._told.set()

    def run(self) -> bool:
        """Until `stop`; whether it ended because of that, and not because a thread broke."""
        for loop in (self._report, self._beat):
            self._begin(loop)
        while not self._stop.is_set():
            self._wake.clear()
            self._renew()
            for centre in set(self._outside.centres) - self._fetching:
                self._fetching.add(centre)
                self._begin(lambda centre=centre: self._fetch(centre))
            self._wake.wait(self._work())
        return not self._broken.is_set()

    def once(self) -> list[YizhanError]:
        """Ask for the catalogue, fetch, work, keep the schedule, report and beat once; what did not work."""
        failed = self._tried(self._follow)
        self._renew()
        for centre in self._outside.centres:
            failed += self._tried(lambda centre=centre: self._ask(centre, 0))
        self._work()
        for centre, reports in self._by_centre().items():
            failed += self._tried(lambda centre=centre, reports=reports: self._send(centre, reports))
        failed += self._outside.beat()
        return failed

    # --- the main thread ----------------------------------------------------------------------------------------------

    def _work(self) -> float:
        """What can be done now; seconds until there may be more."""
        try:
            waits = [self._worker.work()]
            if self._daily is not None:
                if self._daily.due() and not self._interrupted():
                    for error in self._daily.run(self._interrupted):
                        self._outside.complain(error)
                waits.append(self._daily.wait())
        except YizhanError as error:  # our own stores, for the moment
            self._outside.complain(error)
            return _IDLE
        return min([one for one in waits if one is not None], default=_IDLE)

    def _interrupted(self) -> bool:
        return self._stop.is_set() or self._outdated.is_set()

    def _renew(self) -> None:
        """Go on by the catalogue in force, where it is another now; what was begun goes on as it stands."""
        if not self._outdated.is_set():
            return
        self._outdated.clear()
        try:
            self._setting = self._settle()
        except YizhanError as error:  # our own stores, for the moment: it is found again
            self._outside.complain(error)
            return
        self._worker.go_on_with(self._rooms)
        self._outside.remark("已改用新目录。", "the new catalogue is in force.")

    # --- the other threads --------------------------------------------------------------------------------------------

    def _begin(self, loop: Callable[[], None]) -> None:
        threading.Thread(target=self._guarded, args=(loop,), daemon=True).start()

    def _guarded(self, loop: Callable[[], None]) -> None:
        """A thread that breaks ends the whole, which is begun anew by whoever keeps it running."""
        try:
            loop()
        finally:
            if not self._stop.is_set():
                self._broken.set()
                self.stop()

    def _fetch(self, centre: str) -> None:
        """As long as feeds go there."""
        pauses = Pauses(self._jitter)
        while not self._stop.is_set() and centre in self._outside.centres:
            asked = time.monotonic()
            if self._reached(f"fetch {centre}", lambda: self._ask(centre, _HOLD)):
                pauses.reset()
                self._stop.wait(max(0.0, _QUIET - (time.monotonic() - asked)))
            else:
                self._stop.wait(pauses.take())
        self._fetching.discard(centre)

    def _report(self) -> None:
        pauses = Pauses(self._jitter)
        while not self._stop.is_set():
            self._told.clear()
            try:
                waiting = self._by_centre()
            except YizhanError as error:  # our own disk, for the moment
                self._tell_once("tray", error)
                self._stop.wait(pauses.take())
                continue
            sent = [
                self._reached(f"report {centre}", lambda centre=centre, reports=reports: self._send(centre, reports))
                for centre, reports in waiting.items()
            ]
            if all(sent):
                pauses.reset()
                self._told.wait(_IDLE)
            else:
                self._stop.wait(pauses.take())

    def _beat(self) -> None:
        while not self._stop.is_set():
            failed = self._tried(self._follow)
            for error in failed:
                self._tell_once("follow", error)
            if not failed:
                self._failed.pop("follow", None)
            for error in self._outside.beat():
                self._tell_once("beat", error)
            self._stop.wait(self._outside.beat_every)

    def _follow(self) -> None:
        if self._outside.follow():
            self._outdated.set()
            self._wake.set()

    # --- conversations ------------------------------------------------------------------------------------------------

    def _ask(self, centre: str, wait: int) -> None:
        tray = self._rooms.tray
        here = {*tray.waiting(), *(one.key for one in tray.pending())}
        known = sorted({key.number for key in here if key.centre == centre})[:MAX_KNOWN]
        with self._outside.connect(centre) as line:
            given = parse_given(line.instructions(wait, known))
        for one in given:
            taken = take_in(centre, one, self._rooms)
            if taken is None:
                continue
            if taken.error is not None:
                self._outside.complain(taken.error)
            if taken.said is not None:
                self._outside.remark(*remarks.received(taken.said))
                self._wake.set()
        self._told.set()

    def _by_centre(self) -> dict[str, list[Pending]]:
        found: dict[str, list[Pending]] = {}
        for report in self._rooms.tray.pending():
            found.setdefault(report.key.centre, []).append(report)
        return found

    def _send(self, centre: str, reports: Iterable[Pending]) -> None:
        """What a centre will never hear is not said again. Raises: any Retry; PeerRefused, of another cause."""
        with self._outside.connect(centre) as line:
            for report in reports:
                try:
                    parse_heard(line.report(report.key.number, report.content))
                except PeerRefused as refused:
                    if refused.facts["peer_code"] not in _NEVER_HEARD:
                        raise
                    self._outside.complain(refused)
                self._rooms.tray.acknowledge(report)

    def _reached(self, what: str, talk: Callable[[], None]) -> bool:
        """Whether it worked; what did not is told when it begins, and when it is over."""
        for error in self._tried(talk):
            self._tell_once(what, error)
            return False
        if self._failed.pop(what, None) is not None:
            self._outside.remark("已恢复与中心的连接。", "the centre can be reached again.")
            self._worker.retry_now()
            if self._daily is not None:
                self._daily.retry_now()
            self._wake.set()
        return True

    def _tried(self, talk: Callable[[], None]) -> list[YizhanError]:
        try:
            talk()
        except YizhanError as error:
            return [error]
        return []

    def _tell_once(self, what: str, error: YizhanError) -> None:
        if self._failed.get(what) != error.code:
            self._failed[what] = error.code
            self._outside.complain(error)
