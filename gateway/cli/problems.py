"""`yizhan problems`: the problem rows of a period, masked, for the department to correct."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.app import FrontEnd
from gateway.catalogue import Feed
from gateway.cli.drivers import expect_workbook_writer
from gateway.cli.run import task_for
from gateway.cli.shell import Heading, Json, Shell, answer, answer_json, front_end
from gateway.errors import OutputRefused
from gateway.journal import last_sealed
from gateway.problems import Book, Outcome, ProblemRow, hand_out
from gateway.problems.words import Words
from gateway.records.problems import Problem

_HEADINGS = (
    Heading("源位置", "position"),
    Heading("字段", "field"),
    Heading("代码", "code"),
    Heading("原因", "reason", "prose"),
    Heading("遮蔽值", "masked"),
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("problems", help="问题数据及原因(已遮蔽) / problem rows with reasons, masked")(problems)


def problems(
    context: typer.Context,
    feed: Annotated[str, typer.Argument(help="归集事项 / feed id")],
    period: Annotated[str | None, typer.Option(help="数据期,缺省为上一完整期 / period; the last complete one")] = None,
    revision: Annotated[
        int | None, typer.Option(min=1, help="版次,缺省为最新 / a revision; the newest when omitted")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="另存为 .xlsx 工作簿或 .csv 文件 / also write a workbook (.xlsx) or a plain file (.csv)"),
    ] = None,
    json: Json = False,
) -> None:
    """The newest revision's problem rows, or those of a later reading that did not balance; none is an answer too.

    Says of those of the revision before which were cured. A workbook has all of it, for the department to work from.
    """
    shell: Shell = context.obj
    here = front_end(shell)
    chosen = here.own_feed(feed)
    wanted = str(task_for(here, chosen, period).period)
    book = here.books.of(chosen.id, wanted, revision) if revision else here.books.latest(chosen.id, wanted)
    if out is not None:
        _hand_out(here, chosen, wanted, book, out, shell)
        shell.remark(f"已另存为 {out}", f"written to {out}")
    if json:
        _answer_json(chosen, wanted, book, shell)
    else:
        _answer(chosen, wanted, book, shell)


def _hand_out(here: FrontEnd, feed: Feed, period: str, book: Book | None, out: Path, shell: Shell) -> None:
    """Raises: OutputRefused: neither a workbook nor a plain file, or it cannot be written; DriverMissing."""
    match out.suffix.lower():
        case ".csv":
            hand_out(book, out)
        case ".xlsx":
            expect_workbook_writer("problems")
            from gateway.problems.workbook import Subject, write

            subject = Subject(period=period, book=book, batch=_batch(here, feed, period, book))
            write(subject, Words(lang=shell.lang, feed=feed), out)
        case _:
            raise OutputRefused(path=out)


def _batch(here: FrontEnd, feed: Feed, period: str, book: Book | None) -> str | None:
    """The batch whose book it is; None where the reading was not sealed."""
    sealed = last_sealed(here.spool, here.ledger, feed.id, period)
    if book is None or sealed is None or sealed.revision < book.revision:
        return None
    return f"{feed.id}/{period}/r{book.revision}"


def _answer_json(feed: Feed, period: str, book: Book | None, shell: Shell) -> None:
    previous = book.previous if book else None
    answer_json({
        "feed": feed.id,
        "period": period,
        "revision": book.revision if book else None,
        "problems": [_json(one, row, shell) for row in book.rows() for one in row.problems] if book else [],
        "previous": _previous(previous) if previous else None,
    })  # fmt: skip


def _answer(feed: Feed, period: str, book: Book | None, shell: Shell) -> None:
    title = " ".join([feed.id, period, *([f"r{book.revision}"] if book else [])])
    rows = [_row(one, shell) for one in book.problems()] if book else []
    shell.table((f"{title} 问题数据", f"{title} problem rows"), _HEADINGS, rows)
    previous = book.previous if book else None
    if previous is not None:
        answer(Words(lang=shell.lang, feed=feed).counts(previous))


def _previous(outcome: Outcome) -> dict[str, int]:
    return {
        "revision": outcome.revision, "cured": outcome.cured, "remaining": outcome.remaining, "gone": outcome.gone,
    }  # fmt: skip


def _json(one: Problem, row: ProblemRow, shell: Shell) -> dict[str, str | None]:
    return {
        "position": one.position,
        "field": one.field,
        "code": one.code,
        "reason": shell.say(one.zh, one.en),
        "masked": one.masked,
        "before": row.before,
    }


def _row(one: Problem, shell: Shell) -> tuple[str, ...]:
    return one.position, one.field or "", one.code, shell.say(one.zh, one.en), one.masked
