"""A bulletin as a file: the format by the file's ending.

Written whole or not at all. The figures are the bulletin's own, so the same issue gives the same bytes at any time.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryFile

from gateway.bulletin import csv, page
from gateway.bulletin.words import Words
from gateway.errors import OutputRefused
from gateway.spool.disk import write_whole

ENDINGS = (".xlsx", ".csv", ".html")


def render(words: Words, ending: str) -> bytes:
    """The file's content. Raises ValueError: no ending of `ENDINGS`; ImportError: a workbook without its driver."""
    match ending:
        case ".csv":
            return csv.draw(words)
        case ".html":
            return page.draw(words)
        case ".xlsx":
            from gateway.bulletin import workbook  # here: its driver is in the extra `files`

            return workbook.draw(words)
        case _:
            raise ValueError(f"a bulletin is not written as {ending}")


def require_writable(to: Path) -> None:
    """Before anything is issued: raise unless a file of that name can be written. It is tried with a nameless one.

    Raises OutputRefused: another ending, no such directory, or one that takes no file.
    """
    if to.suffix.lower() not in ENDINGS or to.is_dir():
        raise OutputRefused(path=to)
    try:
        TemporaryFile(dir=to.parent).close()
    except OSError:
        raise OutputRefused(path=to) from None


def write(words: Words, to: Path) -> None:
    """Write the file, replacing an older one. Raises OutputRefused: another ending, or it cannot be written."""
    if to.suffix.lower() not in ENDINGS:
        raise OutputRefused(path=to)
    try:
        write_whole(to, render(words, to.suffix.lower()))
    except OSError:
        raise OutputRefused(path=to) from None
