"""What the handlers share: the reception, the loader, the threads, and which uploads are being written now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from aiohttp import web

from gateway.errors import UploadBusy
from gateway.server.forwarding import Forwarder
from gateway.server.limits import Limits
from gateway.server.loading import Loader, Pace, Work
from gateway.server.reception import Reception

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Centre:
    """One per application. The event loop never touches a disk or a database: `work` does it in a thread."""

    def __init__(self, reception: Reception, limits: Limits, forwarder: Forwarder | None) -> None:
        self.reception = reception
        self.limits = limits
        pace = Pace(again=limits.again, look=limits.look, rest=limits.rest)
        self.loader = Loader(Work(load=self._load, ready=reception.ready), pace)
        self._forwarder = forwarder
        self._threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="yizhan-io")
        self._writing: set[str] = set()

    async def work(self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Run a blocking function in a worker thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: function(*args, **kwargs))

    async def uploaded(self, digest: str) -> None:
        """Every byte is on disk: hand over and queue the load."""
        await self.work(self.reception.uploaded, digest)
        self.loader.put(digest)

    def _load(self, digest: str) -> None:
        """In the loader's thread: what is loaded, or taken to be carried, may have to go upward."""
        self.reception.load(digest)
        self.look_upward()

    def look_upward(self) -> None:
        """Have it looked, soon, whether something can go upward, or a receipt has come to be fetched from there."""
        if self._forwarder is not None:
            self._forwarder.wake()

    @contextmanager
    def writing(self, digest: str) -> Iterator[None]:
        """Hold an upload for one connection of this process. Raises UploadBusy.

        This only spares two of them from writing what one will hear was in vain: the inbox alone decides which bytes
        count, whichever receivers the connections lead to.
        """
        if digest in self._writing:
            raise UploadBusy(digest=digest)
        self._writing.add(digest)
        try:
            yield
        finally:
            self._writing.discard(digest)

    async def start(self) -> None:
        """Take up what was left from before."""
        if self._forwarder is not None:
            self._forwarder.start()
        self.loader.start(await self.work(lambda: tuple(self.reception.waiting())))

    async def stop(self) -> None:
        """Finish what runs."""
        await self.loader.stop()
        if self._forwarder is not None:
            await asyncio.to_thread(self._forwarder.stop, self.limits.shutdown)
        self._threads.shutdown()


CENTRE = web.AppKey("centre", Centre)
