"""The command line: one module a command group, over `gateway.app`.

Owns options, tables and exit codes (0 done, 1 refused or unbalanced or late, 2 usage or configuration, 75 try again
later). Must never decide anything about data: it asks a room and shows the answer.
"""

import os

# Arrow reads this once, when it is loaded. Its own pools keep what they once held: a front-end with two million rows
# then peaks 40 MB higher and is no faster (measured, benchmarks/memory.py). Whoever sets another one keeps it.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

from gateway.cli.main import main

__all__ = ["main"]
