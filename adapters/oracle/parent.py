"""A reading in a child process: the driver's thick mode cannot share a process with its thin mode (DPY-2019).

Owns the child's life: started with the Instant Client's libraries in reach and nothing else of this environment that it
does not need, given its task by pipe, ended with the reading whatever happens.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack
from multiprocessing import Pipe
from multiprocessing.connection import Connection

import pyarrow as pa

from adapters.contract import Extraction, Outcome, Request
from adapters.oracle.config import OracleConfig
from adapters.oracle.messages import Ended, Failed, Message, Opened, Rows, Task
from gateway.errors import SourceUnavailable

_CLOSING_SECONDS = 3.0
_GLANCE_SECONDS = 0.2
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "ORACLE_HOME", "TNS_ADMIN")


def open_in_child(config: OracleConfig, password: str, request: Request) -> Extraction:
    """Raises: as `Adapter.extract`."""
    with ExitStack() as stack:
        pipe = _start(stack, config.client)
        opened = _asked(pipe, Task.of(config, password, request), request)
        if not isinstance(opened, Opened):
            raise _lost(request)
        return Extraction(
            request=request, facts=opened.facts, batches=_batches(pipe, request), resources=stack.pop_all()
        )


def _asked(pipe: Connection, task: Task, request: Request) -> Message:
    try:
        pipe.send(task)
    except OSError:  # it died before it could listen
        raise _lost(request) from None
    return _next(pipe, request)


def _start(stack: ExitStack, client: str | None) -> Connection:
    ours, theirs = Pipe()
    with theirs:
        child = subprocess.Popen(  # noqa: S603 - this interpreter, a module of ours, and a number
            [sys.executable, "-m", "adapters.oracle.child", str(theirs.fileno())],
            pass_fds=(theirs.fileno(),), env=_environment(client), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    stack.callback(_end, child)
    stack.callback(ours.close)
    return ours


def _environment(client: str | None) -> dict[str, str]:
    """The loader finds the client's own libraries through LD_LIBRARY_PATH, which only a new process can be given."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    kept["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    if client is not None:
        kept["LD_LIBRARY_PATH"] = client
    return kept


def _end(child: subprocess.Popen[bytes]) -> None:
    """The pipe is closed by now, which the child takes for its end; one that hangs in a call is killed."""
    try:
        child.wait(_CLOSING_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _batches(pipe: Connection, request: Request) -> Generator[pa.RecordBatch, None, Outcome]:
    while True:
        message = _next(pipe, request)
        if isinstance(message, Ended):
            return message.outcome
        if not isinstance(message, Rows):
            raise _lost(request)
        yield message.batch()


def _next(pipe: Connection, request: Request) -> Message:
    """The child's next message. Raises: what the child says; SourceUnavailable: the child has died."""
    try:
        while not pipe.poll(min(_GLANCE_SECONDS, request.remaining())):
            pass
        message: Message = pipe.recv()
    except (EOFError, OSError):
        raise _lost(request) from None
    if isinstance(message, Failed):
        raise message.error
    return message


def _lost(request: Request) -> SourceUnavailable:
    zh, en = (
        "Oracle 客户端进程意外退出,请核对 Instant Client 版本",
        "the process with the Oracle client died: check its version",
    )
    return SourceUnavailable(feed=request.feed, reason_zh=zh, reason_en=en)
