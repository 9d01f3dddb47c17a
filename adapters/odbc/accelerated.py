"""The parent's side of the accelerator: starts the child process, reads its lines, and ends it.

Must never pass a secret by argument or environment, and never take the end of a stream for the end of the rows: only a
child that says it is done has sent them all.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from adapters.odbc.failures import ChildFailed

_CHILD = Path(__file__).with_name("accelerator.py")
_LINE_BYTES = 16_384  # as much is set aside for every row of a portion, whatever it holds
_ROWS = 500
_STATE = re.compile(r"^state=([0-9A-Z]*)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Query:
    """What the child runs. `connection` holds the password."""

    connection: str = field(repr=False)
    session: tuple[str, ...]
    text: str
    values: Sequence[object] = field(repr=False)
    login_seconds: int


class Accelerated:
    """Lines out of a child process; `cancel` ends it at any moment, also from another thread."""

    def __init__(self, query: Query) -> None:
        command = [sys.executable, "-I", str(_CHILD)]
        pipe = subprocess.PIPE
        self._child = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)  # noqa: S603 - this interpreter
        self._reading = threading.Lock()
        self._ask(query)
        self._batches: pa.ipc.RecordBatchStreamReader | None = None

    def read(self, rows: int) -> tuple[bytes, int]:
        """One portion of the child's, as large as it made it. Raises: ChildFailed."""
        with self._reading:
            batch = self._next()
        if batch is None:
            return b"", 0
        lines = batch.column(0)
        whole = pa.ListArray.from_arrays([0, len(lines)], lines)
        return pc.binary_join(whole, "\n")[0].as_buffer().to_pybytes(), len(lines)

    def cancel(self) -> None:
        """Kill it; nothing when it has ended. A read under way in another thread then fails, and closes the pipes."""
        self._child.kill()
        if self._reading.acquire(blocking=False):
            try:
                self._close()
            finally:
                self._reading.release()

    def _next(self) -> pa.RecordBatch | None:
        try:
            self._batches = self._batches or pa.ipc.open_stream(self._child.stdout)
            return self._batches.read_next_batch()
        except StopIteration:
            self._expect_done()
            return None
        except (pa.ArrowInvalid, OSError) as error:
            raise self._failure() from error

    def _ask(self, query: Query) -> None:
        asked = {
            "connection": query.connection,
            "session": query.session,
            "query": query.text,
            "parameters": [None if value is None else str(value) for value in query.values],
            "login_seconds": query.login_seconds,
            "rows": _ROWS,
            "line_bytes": _LINE_BYTES,
        }
        try:
            self._child.stdin.write(json.dumps(asked).encode() + b"\n")
            self._child.stdin.close()
        except BrokenPipeError as error:
            raise self._failure() from error

    def _expect_done(self) -> None:
        if self._child.wait() != 0:
            raise self._failure()
        self._close()

    def _failure(self) -> ChildFailed:
        """Its SQLSTATE, or how it ended; whatever else it wrote stays unread by anybody."""
        code = self._child.wait()
        found = _STATE.search(self._child.stderr.read(65_536).decode(errors="replace"))
        self._close()
        return ChildFailed(state=found[1] if found else None, code=code)

    def _close(self) -> None:
        self._child.wait()
        for pipe in (self._child.stdout, self._child.stderr):
            pipe.close()
