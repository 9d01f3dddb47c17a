"""Sending upward in the background: in one thread, when a load is over, and again and again after what did not work.

What is to be sent is found anew each time, so nothing here has to be remembered. The thread is given up when the
process is told to stop: whatever it was doing is done again. This module must never know what sending upward is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from itertools import chain, repeat

from gateway.errors import Retry, YizhanError
from gateway.server.visit import defect_log
from gateway.transport import Patience

PACE = Patience(attempts=8, first=1.0, factor=2.0, most=60.0)
"""The pauses after attempts that failed; the longest is also how often it is looked unasked whether anything waits."""


class Forwarder:
    """Runs `forward` in a thread of its own; a Retry from it asks for the next attempt after a pause."""

    def __init__(self, forward: Callable[[], None], pace: Patience) -> None:
        self._forward = forward
        self._pace = pace
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="yizhan-upward", daemon=True)

    def start(self) -> None:
        """Begin, with what was left from before."""
        self._thread.start()

    def wake(self) -> None:
        """Something may wait; from any thread."""
        self._woken.set()

    def stop(self, seconds: float) -> None:
        """Begin nothing more, and wait this long for what runs."""
        self._stopping.set()
        self._woken.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        pauses = self._pauses()
        while not self._stopping.is_set():
            self._woken.clear()
            if self._attempt():
                pauses = self._pauses()
                self._woken.wait(self._pace.most)
            else:
                self._woken.wait(next(pauses))

    def _attempt(self) -> bool:
        """One attempt, in a thread that a defect may end; whether there is nothing to be tried again."""
        over = threading.Event()
        attempt = threading.Thread(target=self._forward_once, args=(over,), name="yizhan-upward-once", daemon=True)
        attempt.start()
        attempt.join()
        return over.is_set()

    def _forward_once(self, over: threading.Event) -> None:
        try:
            self._forward()
        except Retry as fault:
            defect_log.warning("sending upward put off: %s", fault.code)
        except YizhanError as fault:
            defect_log.warning("sending upward refused: %s", fault.code)
            over.set()  # a person has to act
        else:
            over.set()

    def _pauses(self) -> Iterator[float]:
        return chain(self._pace.pauses(), repeat(self._pace.most))
