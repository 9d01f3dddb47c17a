"""The bulletin as one self-contained HTML file that prints on A4, landscape, its headings on every sheet.

Pure: bytes out. Everything that comes from a catalogue or a ledger is escaped; no script, and nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from gateway.bulletin.cells import Cell
from gateway.bulletin.words import Words

_STYLE = """
@page { size: A4 landscape; margin: 14mm 12mm; }
body { font: 11pt/1.6 "SimSun", "Songti SC", "Noto Serif CJK SC", serif; max-width: 273mm; margin: 0 auto; }
h1 { font: 700 20pt/1.4 "SimHei", "Heiti SC", "Noto Sans CJK SC", sans-serif; color: #c00000; text-align: center;
     margin: 0 0 2mm; }
.issue { border-bottom: 0.6mm solid #c00000; padding-bottom: 1mm; text-align: center; white-space: pre-wrap; }
p { text-indent: 2em; margin: 1mm 0; }
.issue, .note { text-indent: 0; }
.note { font-size: 9pt; }
h2 { font-size: 13pt; margin: 5mm 0 2mm; }
table { border-collapse: collapse; width: 100%; font-size: 9pt; line-height: 1.35; margin: 3mm 0; }
th, td { border: 1px solid #000; padding: 1mm 1.2mm; vertical-align: middle; overflow-wrap: anywhere; }
th { background: #f2dcdb; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
tfoot td { font-weight: bold; }
tfoot { display: table-row-group; }
.sign { text-align: right; margin-top: 8mm; break-inside: avoid; }
"""


def draw(words: Words) -> bytes:
    """The whole document."""
    language = "zh-CN" if words.lang == "zh" else "en"
    title = escape(words.title)
    body = "\n".join(_body(words))
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    ).encode()


def _body(words: Words) -> Iterator[str]:
    yield f'<p class="issue">{escape(words.issue_line)}</p>'
    yield from (f"<p>{escape(text)}</p>" for text in words.paragraphs())
    yield _table(words.headings(), words.lines(), words.total_line())
    if words.changes:
        yield f"<h2>{words.say('更正明细', 'What changed')}</h2>"
        yield _table(words.change_headings(), words.change_lines(), ())
    yield from (f'<p class="note">{escape(text)}</p>' for text in words.notes())
    yield f'<p class="sign">{escape(words.centre.title)}{words.say("(盖章)", " (seal)")}</p>'


def _table(headings: Sequence[str], lines: Iterable[Sequence[Cell]], last: Sequence[Cell]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in headings)
    rows = "\n".join(_row(line) for line in lines)
    foot = f"\n<tfoot>{_row(last)}</tfoot>" if last else ""
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>{foot}\n</table>"


def _row(cells: Sequence[Cell]) -> str:
    return f"<tr>{''.join(_cell(cell) for cell in cells)}</tr>"


def _cell(cell: Cell) -> str:
    if cell.number is None:
        return f"<td>{escape(cell.text)}</td>"
    return f'<td class="number">{escape(cell.text)}</td>'
