"""The command line: one module a command group, over `gateway.app`.

Owns options, tables and exit codes (0 done, 1 refused or unbalanced or late, 2 usage or configuration, 75 try again
later). Must never decide anything about data: it asks a room and shows the answer.
"""

from gateway.cli.memory import hold_little

hold_little()

from gateway.cli.main import main  # noqa: E402 - Arrow reads its settings once, when it is loaded

__all__ = ["main"]
