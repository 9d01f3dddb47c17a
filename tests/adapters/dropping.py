"""What a department drops for the contract suite: a line for each record, in one file or spread over several."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from adapters.testing import Record

FILE, PATTERN = "a_0000.txt", "a_*.txt"
HEAD = 1  # lines above the first record
EACH = 40  # records in a file, where there are several


def lines(records: Sequence[Record]) -> bytes:
    """A whole file."""
    body = (f"{one.no}|{one.holder}|{one.amount}\n" for one in records)
    return "".join(["列no|列holder|列amount\n", *body]).encode("gb18030")


def spread(folder: Path, records: Sequence[Record]) -> None:
    """As many files as it takes, at least one; what holds already what it should is left alone."""
    wanted = {
        folder / f"a_{number:04d}.txt": lines(records[start : start + EACH])
        for number, start in enumerate(range(0, max(len(records), 1), EACH))
    }
    for file in folder.glob(PATTERN):
        if file not in wanted:
            file.unlink()
    for file, content in wanted.items():
        if not file.exists() or file.read_bytes() != content:
            file.write_bytes(content)


def spoilt(file: Path, at: int) -> str:
    """Make one line unreadable; returns its number."""
    content = file.read_bytes().splitlines(keepends=True)
    content[HEAD + at] = b"\x81\xff" + content[HEAD + at]
    file.write_bytes(b"".join(content))
    return str(HEAD + at + 1)
