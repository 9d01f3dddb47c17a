"""The instructions of a centre as its faces use them: the wire for agents, and the office interface.

Whoever waits costs a future and no thread: one look a second at what is open serves all of them, and what is done in
this process wakes them at once. Writing has threads of its own, so that agents which wait for a long load to let go of
the database never keep an upload from its threads. Must never decide what an instruction means.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from aiohttp import web

from gateway.errors import YizhanError
from gateway.instructions import Glimpse, InstructionBook
from gateway.server.visit import defect_log

_P = ParamSpec("_P")
_T = TypeVar("_T")
Open = Mapping[str, Glimpse]
_THREADS = 4
GLANCE = 1.0
"""Seconds between two looks, as long as somebody waits: another receiver, or the command line, may have changed it."""


@dataclass(frozen=True, eq=False)
class _Waiter:
    holds: Callable[[Open], bool]
    over: asyncio.Future[None]


class Dispatch:
    """One per process; used from its event loop alone."""

    def __init__(self, book: InstructionBook, glance: float = GLANCE) -> None:
        self.book = book
        self._glance = glance
        self._threads = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="yizhan-instruct")
        self._waiters: set[_Waiter] = set()
        self._woken = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None
        self._closing = False

    async def work(self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Run a blocking function in a worker thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: function(*args, **kwargs))

    async def until(self, holds: Callable[[Open], bool], seconds: float) -> None:
        """Return when `holds` is true of what is open, after `seconds`, or when the process is told to stop."""
        if self._closing:
            return
        waiter = _Waiter(holds, asyncio.get_running_loop().create_future())
        self._waiters.add(waiter)
        self.wake()
        if self._watch is None:
            self._watch = asyncio.create_task(self._look(), name="yizhan-instructions")
        try:
            await asyncio.wait((waiter.over,), timeout=seconds)
        finally:
            self._waiters.discard(waiter)

    def wake(self) -> None:
        """Something was changed here: look now."""
        self._woken.set()

    async def release(self) -> None:
        """Send everybody who waits away, and let nobody wait any more."""
        self._closing = True
        self._tell(lambda _: True)

    async def stop(self) -> None:
        """End; nobody waits any more."""
        await self.release()
        self._woken.set()
        if self._watch is not None:
            await self._watch
        self._threads.shutdown()

    async def _look(self) -> None:
        while self._waiters:
            self._woken.clear()
            await self._look_once()
            if self._waiters:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), self._glance)
        self._watch = None

    async def _look_once(self) -> None:
        look = asyncio.get_running_loop().run_in_executor(None, self.book.open)
        await asyncio.wait((look,))
        fault = look.exception()
        if isinstance(fault, YizhanError):
            defect_log.warning("no look at the instructions: %s", fault.code)
        elif fault is not None:
            defect_log.error("the look at the instructions failed on a defect", exc_info=fault)
        else:
            seen = look.result()
            self._tell(lambda waiter: waiter.holds(seen))

    def _tell(self, chosen: Callable[[_Waiter], bool]) -> None:
        for waiter in self._waiters:
            if not waiter.over.done() and chosen(waiter):
                waiter.over.set_result(None)


DISPATCH = web.AppKey("dispatch", Dispatch)
