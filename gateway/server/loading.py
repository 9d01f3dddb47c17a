"""Loads, one at a time, in one worker thread; whoever waits for a receipt here is woken when its load is over.

What is in memory here only saves time: what was uploaded and not loaded is in the inbox, and the reception names it, at
the start and every few seconds, wherever it was uploaded. The queue spares an upload that wait; `_open` spares asking
for what is queued, running, or put off here already; `_resting` keeps a batch that failed on a defect from being tried
at every look. A load that is running when the process is told to stop is finished; the next one is not begun.

This module must never know what a load is.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from gateway.errors import Retry, YizhanError
from gateway.server.visit import defect_log


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a loader does, from worker threads: `load` a digest; `ready` names digests that wait, oldest first."""

    load: Callable[[str], None]
    ready: Callable[[], Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Seconds.

    Attributes:
        again: the pause after a Retry.
        look: between two looks for work that was left by others; each is up to half of it longer or shorter, so that
            receivers do not ask in step.
        rest: before a batch that failed on a defect is tried again unasked.
    """

    again: float
    look: float
    rest: float


class Loader:
    """Loads each digest it is given, and those it finds."""

    def __init__(self, work: Work, pace: Pace) -> None:
        self._work = work
        self._pace = pace
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._open: dict[str, asyncio.Event] = {}
        self._resting: dict[str, float] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="yizhan-load")
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()

    def start(self, waiting: Iterable[str]) -> None:
        """Begin, with what was left from before."""
        self._tasks.append(asyncio.create_task(self._run(), name="yizhan-loader"))
        self._tasks.append(asyncio.create_task(self._look_around(), name="yizhan-look"))
        for digest in waiting:
            self.put(digest)

    def put(self, digest: str) -> None:
        """Queue a load; a digest that is queued or running already is left alone."""
        if digest not in self._open:
            self._open[digest] = asyncio.Event()
            self._queue.put_nowait(digest)

    async def wait(self, digest: str, seconds: float) -> None:
        """Return when the load of `digest` is over here, or after `seconds`."""
        over = self._open.get(digest) or asyncio.Event()
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), seconds)

    async def stop(self) -> None:
        """Let the running load finish, then end."""
        self._stopping.set()
        self._queue.put_nowait(None)
        await asyncio.gather(*self._tasks)
        self._thread.shutdown()

    async def _run(self) -> None:
        while (digest := await self._queue.get()) is not None and not self._stopping.is_set():
            await self._one(digest)

    async def _one(self, digest: str) -> None:
        loop = asyncio.get_running_loop()
        load = loop.run_in_executor(self._thread, self._work.load, digest)
        await asyncio.wait((load,))
        fault = load.exception()
        if isinstance(fault, Retry):
            defect_log.warning("load of %s put off: %s", digest, fault.code)
            loop.call_later(self._pace.again, self._queue.put_nowait, digest)
            return
        if isinstance(fault, YizhanError):
            defect_log.warning("load of %s refused: %s", digest, fault.code)
        elif fault is not None:
            # The batch stays in the inbox: it is tried again after a rest, at another receiver, or at the next start.
            defect_log.error("load of %s failed on a defect", digest, exc_info=fault)
            self._resting[digest] = loop.time() + self._pace.rest
        self._open.pop(digest).set()

    async def _look_around(self) -> None:
        chance = random.SystemRandom()
        while not await self._stops_within(self._pace.look * chance.uniform(0.5, 1.5)):
            look = asyncio.get_running_loop().run_in_executor(None, self._work.ready)
            await asyncio.wait((look,))
            fault = look.exception()
            if isinstance(fault, YizhanError):
                defect_log.warning("no look into the inbox: %s", fault.code)
            elif fault is not None:
                defect_log.error("the look into the inbox failed on a defect", exc_info=fault)
            else:
                self._put_rested(look.result())

    def _put_rested(self, found: Sequence[str]) -> None:
        now = asyncio.get_running_loop().time()
        self._resting = {digest: until for digest, until in self._resting.items() if until > now}
        for digest in found:
            if digest not in self._resting:
                self.put(digest)

    async def _stops_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
        return self._stopping.is_set()
