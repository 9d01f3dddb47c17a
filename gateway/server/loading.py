"""Loads, one at a time, in one worker thread; whoever waits for a receipt is woken when its load is over.

The queue is only in memory: what was uploaded and not loaded is in the inbox, and the reception names it at the start.
A load that is running when the process is told to stop is finished; the next one is not begun.

This module must never know what a load is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from gateway.errors import Retry, YizhanError
from gateway.server.visit import defect_log


class Loader:
    """Runs `load(digest)` for each digest it is given; `again` is the pause in seconds after a Retry."""

    def __init__(self, load: Callable[[str], None], again: float) -> None:
        self._load = load
        self._again = again
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._open: dict[str, asyncio.Event] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="yizhan-load")
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    def start(self, waiting: Iterable[str]) -> None:
        """Begin, with what was left from before."""
        self._task = asyncio.create_task(self._run(), name="yizhan-loader")
        for digest in waiting:
            self.put(digest)

    def put(self, digest: str) -> None:
        """Queue a load; a digest that is queued or running already is left alone."""
        if digest not in self._open:
            self._open[digest] = asyncio.Event()
            self._queue.put_nowait(digest)

    async def wait(self, digest: str, seconds: float) -> None:
        """Return when the load of `digest` is over, when none is queued, or after `seconds`."""
        over = self._open.get(digest)
        if over is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), seconds)

    async def stop(self) -> None:
        """Let the running load finish, then end."""
        self._stopping = True
        self._queue.put_nowait(None)
        if self._task is not None:
            await self._task
        self._thread.shutdown()

    async def _run(self) -> None:
        while (digest := await self._queue.get()) is not None and not self._stopping:
            await self._one(digest)

    async def _one(self, digest: str) -> None:
        load = asyncio.get_running_loop().run_in_executor(self._thread, self._load, digest)
        await asyncio.wait((load,))
        fault = load.exception()
        if isinstance(fault, Retry):
            defect_log.warning("load of %s put off: %s", digest, fault.code)
            asyncio.get_running_loop().call_later(self._again, self._queue.put_nowait, digest)
            return
        if isinstance(fault, YizhanError):
            defect_log.warning("load of %s refused: %s", digest, fault.code)
        elif fault is not None:
            # The batch stays in the inbox and is tried again at the next start.
            defect_log.error("load of %s failed on a defect", digest, exc_info=fault)
        self._open.pop(digest).set()
