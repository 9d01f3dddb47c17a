"""Write a department's data: the one-card file with its ready marker, or the village-finance database."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from pathlib import Path

from gateway.demo.sources import onecard, vouchers

SEED = 430482


def main(arguments: list[str] | None = None) -> None:
    """Prints one JSON line: the file, its rows and its sums in fen."""
    parser = argparse.ArgumentParser(prog="gateway.demo.sources.generate", description=__doc__)
    parser.add_argument("kind", choices=("onecard", "vouchers"))
    parser.add_argument("--start", type=date.fromisoformat, required=True, help="first day of the period")
    parser.add_argument("--end", type=date.fromisoformat, required=True, help="first day after the period")
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    if given.kind == "onecard":
        fen = {"amount": write_onecard(given.out, given.rows, given.start, given.seed)}
    else:
        income, expense = vouchers.write(given.out, given.rows, given.start, given.end, given.seed)
        fen = {"income": income, "expense": expense}
    sys.stdout.write(json.dumps({"file": str(given.out), "rows": given.rows, "fen": fen}) + "\n")


def write_onecard(path: Path, rows: int, month: date, seed: int) -> int:
    """The data file first, its `.ok` marker once the file is whole, as the department does it."""
    fen = onecard.write(path, rows, month, seed)
    path.with_suffix(".ok").write_bytes(b"")
    return fen


if __name__ == "__main__":
    main()
