"""The child process: one reading in an interpreter of its own, in the mode that the task names, then the end.

`python -m adapters.oracle.child FD` takes its task from the inherited pipe and answers there. When the parent goes, or
closes the pipe, the reading stops and the session with it. Must never write to stdout or stderr.
"""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection

import oracledb

from adapters.contract import Outcome, Request
from adapters.oracle.failures import driver_errors
from adapters.oracle.messages import Ended, Failed, Opened, Rows, Task
from adapters.oracle.reading import open_database
from gateway.errors import YizhanError


def main() -> None:
    with Connection(int(sys.argv[1])) as pipe:
        task: Task = pipe.recv()
        request = task.request()
        threading.Thread(target=_watch, args=(pipe, request), daemon=True).start()
        with suppress(OSError):  # the parent has gone: nobody is left to be told
            try:
                _read(pipe, task, request)
            except YizhanError as error:
                pipe.send(Failed(error=error))


def _watch(pipe: Connection, request: Request) -> None:
    """Nothing more is ever said by the parent, so whatever is heard is its end."""
    with suppress(OSError, EOFError):
        pipe.recv()
    request.cancelled.set()


def _read(pipe: Connection, task: Task, request: Request) -> None:
    if task.client is not None:
        with driver_errors(request):
            oracledb.init_oracle_client(lib_dir=task.client)
    with open_database(task.config, task.password, request) as reading:
        pipe.send(Opened(facts=reading.source_facts))
        for batch in reading:
            pipe.send(Rows.of(batch))
        pipe.send(Ended(outcome=Outcome(declared=reading.declared, cursor=reading.cursor)))


if __name__ == "__main__":
    main()
