"""What the demonstration's servers share: say when ready, stop when told."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading


def announce(**facts: object) -> None:
    """One JSON line on stdout, the first and the last: the parent waits for it."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def until_terminated() -> None:
    """Return on SIGTERM or SIGINT."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()


def password(name: str) -> str:
    """The value of an environment variable, so that no password stands on a command line."""
    value = os.environ.get(name, "")
    if not value:
        sys.exit(f"the variable {name} is empty")
    return value
