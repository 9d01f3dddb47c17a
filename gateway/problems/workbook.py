"""The problem workbook that goes home: the rows, a summary, and what became of the revision before.

Reads a book once, row by row, and holds its counts alone. Must never show more of a value than the book does. Imported
only when one is written: its driver is in the extra `files`.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.errors import OutputRefused
from gateway.problems.book import Book
from gateway.problems.followed import Cure
from gateway.problems.pages import Cell, Column, Drawing, Limits, Pages, drawn, plain
from gateway.problems.rows import PastRow, ProblemRow
from gateway.problems.words import Words
from gateway.records.problems import Problem, reason

_ALL = Limits()


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a workbook is about.

    Attributes:
        book: None for a period that was never read.
        batch: under which id it was sealed; None where it was not.
    """

    period: str
    book: Book | None
    batch: str | None


class Count:
    """How often each reason occurred, by field and code."""

    def __init__(self) -> None:
        self.rows = 0
        self._times: Counter[tuple[str | None, str]] = Counter()

    def add(self, row: ProblemRow) -> None:
        """One row more."""
        self.rows += 1
        self._times.update((one.field, one.code) for one in row.problems)

    @property
    def total(self) -> int:
        """Reasons in all."""
        return self._times.total()

    def codes(self) -> list[tuple[str, int]]:
        """By code, the most frequent first."""
        codes: Counter[str] = Counter()
        for (_, code), times in self._times.items():
            codes[code] += times
        return sorted(codes.items(), key=lambda one: (-one[1], one[0]))

    def of(self, field: str | None) -> list[tuple[str, int]]:
        """The codes of one field."""
        return sorted((code, times) for (name, code), times in self._times.items() if name == field)

    def fields(self, order: Sequence[str]) -> list[str | None]:
        """The fields that occur: in the catalogue's order, then others, then the rows as such."""
        names = {name for name, _ in self._times}
        known = [name for name in order if name in names]
        others = sorted(name for name in names if name is not None and name not in order)
        return [*known, *others, *([None] if None in names else [])]


def write(subject: Subject, words: Words, to: Path, limits: Limits = _ALL) -> None:
    """Write the workbook, replacing the file only once it is whole.

    Raises:
        OutputRefused: its directory does not take it.
        ProblemBookDamaged
    """
    draft = to.with_name(f".{to.name}.{secrets.token_hex(4)}")
    try:
        try:
            with draft.open("xb") as file, drawn(file, limits) as drawing:
                _draw(drawing, subject, words)
            draft.replace(to)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise OutputRefused(path=to) from error


def _draw(drawing: Drawing, subject: Subject, words: Words) -> None:
    book = subject.book
    header = words.header(subject.period, book.revision if book else None, subject.batch, book.at if book else None)
    rows = Pages(drawing, words["problems"], [header, *words.notes(drawing.limits.comments)], _columns(words))
    summary = drawing.sheet(words["summary"])
    past = _past_pages(drawing, book, words, header)
    count = _draw_rows(rows, book, words) if book else Count()
    if not count.rows:
        rows.line(plain([words["none"]]))
    rows.end()
    for one in book.past() if book else ():
        past.line(_past_line(one, words))
    past.end()
    _draw_summary(drawing, summary, count, words, [header, *_totals(count, words), *words.to_do(subject.period)])


def _draw_rows(pages: Pages, book: Book, words: Words) -> Count:
    count, compared = Count(), book.previous is not None
    for row in book.rows():
        count.add(row)
        since = words.before(row.before) if row.before else words["new"]
        pages.line(_line(row, since if compared else "", words))
    return count


def _columns(words: Words) -> list[Column]:
    fields = [Column(title=words.field(one.name), width=max(12, 2 * len(one.title) + 4)) for one in words.feed.fields]
    rest = [(words["reason"], 60), (words["code"], 20), (words["compared"], 24)]
    return [Column(title=words["position"], width=14), *fields, *(Column(title=t, width=w) for t, w in rest)]


def _line(row: ProblemRow, since: str, words: Words) -> list[Cell]:
    whole = words.comment(one for one in row.problems if one.field is None)
    place = Cell(text=row.position, style="bad_number" if whole else "number", comment=whole)
    cells = [_cell([one for one in row.problems if one.field == field.name], words) for field in words.feed.fields]
    codes = words.say(";", "; ").join(dict.fromkeys(one.code for one in row.problems))
    return [place, *cells, *plain([words.reasons(row.problems), codes, since])]


def _cell(problems: Sequence[Problem], words: Words) -> Cell:
    """A field of a row: empty where nothing is wrong with it."""
    if not problems:
        return Cell()
    return Cell(text=problems[0].masked, style="bad", comment=words.comment(problems))


def _past_pages(drawing: Drawing, book: Book | None, words: Words, header: str) -> Pages:
    previous = book.previous if book else None
    counts = words.counts(previous) if previous else words["nothing_before"]
    widths = {"was": 14, "state": 16, "now": 14, "by": 28, "reason": 60, "code": 20}
    columns = [Column(title=words[name], width=width) for name, width in widths.items()]
    return Pages(drawing, words["past"], [header, counts, *words.basis()], columns)


def _past_line(one: PastRow, words: Words) -> list[Cell]:
    fate, problems = one.fate, one.row.problems
    style = {Cure.CURED: "cured", Cure.REMAINING: "bad"}.get(fate.state, "text")
    return [
        Cell(text=one.row.position, style="number"),
        Cell(text=words.state(fate.state), style=style),
        Cell(text=fate.now or "", style="number"),
        *plain([words.by(fate.by), words.reasons(problems)]),
        *plain([words.say(";", "; ").join(dict.fromkeys(problem.code for problem in problems))]),
    ]


def _totals(count: Count, words: Words) -> list[str]:
    return [words.say(f"问题数据 {count.rows} 行,原因 {count.total} 条", f"{count.rows} rows, {count.total} reasons")]


def _draw_summary(drawing: Drawing, sheet: Any, count: Count, words: Words, leads: Sequence[str]) -> None:
    """By code with what to do, then by field with its codes."""
    lines = [[Cell(text=lead, style="note" if at else "title")] for at, lead in enumerate(leads)]
    lines += [[], [Cell(text=words["by_code"], style="title")], _heads(words, "code", "reasons", "advice")]
    for code, times in count.codes():
        advice = words.say(reason(code).zh, reason(code).en)
        lines.append([*plain([code]), Cell(text=str(times), style="number"), *plain([advice])])
    lines += [[], [Cell(text=words["by_field"], style="title")], _heads(words, "title", "reasons", "codes", "field")]
    for name in count.fields([field.name for field in words.feed.fields]):
        codes = count.of(name)
        told = words.say(";", "; ").join(f"{code} × {times}" for code, times in codes)
        times = Cell(text=str(sum(times for _, times in codes)), style="number")
        lines.append([*plain([words.field(name)]), times, *plain([told, name or ""])])
    for at, width in enumerate((22, 10, 80, 24)):
        sheet.set_column(at, at, width)
    for row, cells in enumerate(lines):
        for column, cell in enumerate(cells):
            drawing.write(sheet, row, column, cell)


def _heads(words: Words, *names: str) -> list[Cell]:
    return [Cell(text=words[name], style="header") for name in names]
