"""Rows per second and peak memory of each adapter beside the plain tool for its kind of source, in one run.

    python -m benchmarks.adapters [--rows 1000000] [--turns 3] [--only files,sftp,postgres,…]

Each source is the real server. Both sides read it turn by turn, so a busy machine is busy for both; the table shows the
medians, and the highest peak. Reports and never asserts; every server is ended by its process id.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from benchmarks.contest import HEADINGS, Contest, hold
from benchmarks.contests import databases, files, onecard, oracle, services
from benchmarks.tables import table

Contests = Callable[[int, Path], AbstractContextManager[list[Contest]]]

CONTESTS: Mapping[str, Contests] = {
    "files": files.local,
    "sftp": files.remote,
    "soap": services.on_node,
    "postgres": databases.on_postgres,
    "mariadb": databases.on_mariadb,
    "sqlite": databases.on_sqlite,
    "oracle": oracle.on_the_wire,
    "onecard": onecard.reconciled,
}


def main(arguments: list[str] | None = None) -> None:
    """Prints the table on stdout when every contest has been held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--only", default=",".join(CONTESTS), help="names of " + ", ".join(CONTESTS))
    given = parser.parse_args(arguments)
    chosen = given.only.split(",")
    if unknown := [name for name in chosen if name not in CONTESTS]:
        parser.error(f"no such contest: {', '.join(unknown)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped then, too
    shown: list[tuple[str, ...]] = [HEADINGS]
    for name in chosen:
        with tempfile.TemporaryDirectory(prefix="yizhan-bench-") as home:
            print(f"{name}: {given.rows:,} rows", file=sys.stderr)
            with CONTESTS[name](given.rows, Path(home)) as contests:
                shown += [hold(contest, given.turns).cells() for contest in contests]
    print(table(shown))


if __name__ == "__main__":
    main()
