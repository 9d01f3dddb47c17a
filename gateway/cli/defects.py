"""How a defect of the program is told: which kind, and where in the code, never in the words of the exception.

An exception that nobody foresaw may quote the value it stumbled over, and that may be a person's data. So the terminal
gets the frames and the exception's type; its message stays untold. The centre's log keeps the same rule (see
`server.visit`).
"""

from __future__ import annotations

import sys
import traceback
from types import TracebackType

from gateway.cli.shell import Shell
from gateway.errors import ProgramFault


def tell_defects(shell: Shell) -> None:
    """From now on an exception that nobody catches is told this way; the exit code is Python's own, 1."""

    def hook(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
        print("".join(traceback.format_tb(where)), file=sys.stderr, end="")
        shell.complain(ProgramFault(kind=kind.__name__))

    sys.excepthook = hook
