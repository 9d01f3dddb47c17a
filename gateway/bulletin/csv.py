"""The table as CSV (RFC 4180), UTF-8 with a byte order mark, which spreadsheets of this country need to read Chinese.

One heading and one line a department, each with the bulletin's period, kind and day, so that files of several periods
can be laid together. Text that a spreadsheet would read as a formula gets an apostrophe. Pure: bytes out.
"""

from __future__ import annotations

import csv
import io

from gateway.bulletin.cells import Cell, neutral
from gateway.bulletin.words import Words
from gateway.calendar import ASIA_SHANGHAI


def draw(words: Words) -> bytes:
    """The whole file."""
    out = io.StringIO()
    writer = csv.writer(out)
    named = (words.say("期间", "period"), words.say("类别", "kind"), words.say("日期", "date"))
    writer.writerow([*named, *words.headings()])
    day = words.bulletin.at.astimezone(ASIA_SHANGHAI).date().isoformat()
    for line in words.lines():
        writer.writerow([str(words.bulletin.period), neutral(words.kind), day, *map(_text, line)])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _text(cell: Cell) -> str:
    """A number is what it is, below zero too, and a count without its commas; only text can be taken for a formula."""
    if cell.style == "count":
        return str(cell.number)
    return cell.text if cell.number is not None else neutral(cell.text)
