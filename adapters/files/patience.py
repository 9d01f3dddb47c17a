"""Calls of the operating system that may never return: a mount whose server is gone hangs whoever touches it.

Owns one thread that makes the calls, so that the deadline and a cancellation hold all the same. Must never make two
calls at once, and never wait for a thread that hangs: it is left to end when the mount does.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any, TypeVar

from adapters.contract import Request
from gateway.errors import SourceUnavailable, YizhanError

IDLE_SECONDS = 60.0
_TICK = 0.1  # how soon a cancellation is noticed
Answer = TypeVar("Answer")


class Caller:
    """Makes calls one after the other, in a thread of its own."""

    def __init__(self, request: Request, at_end: Callable[[], object], patience: float = IDLE_SECONDS) -> None:
        """`at_end` is the last call made, even where nobody waited for what an earlier one opened."""
        self._request, self._at_end, self._patience = request, at_end, patience
        self._calls: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._hangs = False
        self._thread = threading.Thread(target=self._work, name="yizhan-files", daemon=True)
        self._thread.start()

    def begin(self, call: Callable[[], Answer]) -> Future[Answer]:
        """Have it made; `answer` waits for it."""
        begun: Future[Answer] = Future()
        self._calls.put((begun, call))
        return begun

    def answer(self, begun: Future[Answer]) -> Answer:
        """What the call returned. Raises: what it raised; SourceUnavailable: it hangs; as `Request.remaining`."""
        until = time.monotonic() + self._patience
        try:
            while not wait([begun], min(_TICK, self._request.remaining())).done:
                if time.monotonic() > until:
                    zh, en = "目录长时间没有应答", "the folder did not answer in time"
                    raise SourceUnavailable(feed=self._request.feed, reason_zh=zh, reason_en=en)
        finally:
            self._hangs = not begun.done()
        return begun.result()

    def close(self) -> None:
        """No more calls; a thread that hangs is not waited for."""
        self._calls.put(None)
        if not self._hangs:
            self._thread.join(_TICK)

    def _work(self) -> None:
        while (given := self._calls.get()) is not None:
            begun, call = given
            try:
                begun.set_result(call())
            except (OSError, YizhanError) as error:
                begun.set_exception(error)
        self._at_end()
