"""`yizhan` in a process that kills itself at a named moment: `python -m tests.journeys.kill MOMENT ARGUMENT...`

A moment is `call:gateway.spool.queue:Spool.settle:1` (when that function is entered for the first time), `return:...`
(when it is left), or `rename:3` (just before the third rename of a file). The product is not patched and holds nothing
for this: the interpreter's own profile and audit hooks report each step, and SIGKILL leaves no time for anything.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType

from gateway.cli import main


def arm(moment: str) -> None:
    """Die at this moment, in whatever thread it comes."""
    kind, *rest = moment.split(":")
    if kind == "rename":
        _at_audit("os.rename", int(rest[0]))
    else:
        _at_function(kind, rest[0], rest[1], int(rest[2]))


def _at_audit(event: str, last: int) -> None:
    seen = 0

    def watch(happening: str, _: tuple[object, ...]) -> None:
        nonlocal seen
        if happening == event:
            seen += 1
            if seen == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def _at_function(kind: str, module: str, name: str, last: int) -> None:
    seen = 0

    def watch(frame: FrameType, happening: str, _: object) -> None:
        nonlocal seen
        here = happening == kind and frame.f_code.co_qualname == name
        if here and frame.f_globals.get("__name__") == module:
            seen += 1
            if seen == last:
                os.kill(os.getpid(), signal.SIGKILL)

    threading.setprofile(watch)
    sys.setprofile(watch)


if __name__ == "__main__":
    arm(sys.argv.pop(1))
    main()
