"""One reading of a one-card payment: all parts opened, the answers indexed, the roster streamed past them.

Owns the order: what is opened first fails first; the answers are read to their end and closed before the roster's first
row is asked for. Whatever a part declares of itself must be what was read of it. Must never open a part but through the
registry.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adapters.contract import AdapterConfig, Declared, Extraction, Outcome, Request, Secrets
from adapters.onecard.answers import Gathering
from adapters.onecard.bank import Reasons, Source, gather
from adapters.onecard.book import Book
from adapters.onecard.config import OnecardConfig
from adapters.onecard.keys import Digester
from adapters.onecard.layout import Role
from adapters.onecard.matching import Matching
from adapters.onecard.money import amounts
from adapters.onecard.plan import Plan, part_plan, roster_plan
from adapters.onecard.roster import Roster
from gateway.errors import SourceMalformed, SourceNotReady, Unbalanced
from gateway.records.types import FieldType, Unit

_SALT = 32
_NAMED_SUSPECTS = 1_000
_GIVE_BACK_ROWS = 32_768


@dataclass(frozen=True, kw_only=True)
class Opened:
    """The parts, open; `batches` is None where there are none."""

    roster: Extraction
    batches: Source | None
    answers: tuple[Source, ...]


def open_parts(config: OnecardConfig, secrets: Secrets, request: Request) -> Extraction:
    """Raises: as `Adapter.extract`; UnknownName, AdapterBroken of a part's adapter."""
    plan = roster_plan(config.roster.layout, config.filled, request)
    with ExitStack() as stack:
        opening = _Opening(secrets=secrets, stack=stack)
        opened = Opened(
            answers=tuple(opening.answers(config, request)),
            batches=opening.batches(config, request),
            roster=opening.part(config.roster.source, plan),
        )
        reading = _Reading(config=config, plan=plan, opened=opened, request=request)
        return Extraction(
            request=request, facts=tuple(_facts(opened)), batches=reading.batches(), resources=stack.pop_all()
        )


@dataclass(frozen=True, kw_only=True)
class _Opening:
    secrets: Secrets
    stack: ExitStack

    def part(self, source: AdapterConfig, plan: Plan) -> Extraction:
        from adapters.registry import Registry  # it loads this package

        return self.stack.enter_context(Registry.installed().adapter(source, self.secrets).extract(plan.request))

    def answers(self, config: OnecardConfig, request: Request) -> Iterator[Source]:
        for name, part in config.answers():
            plan = part_plan(part.layout, request)
            try:
                yield Source(name=name, plan=plan, extraction=self.part(part.source, plan))
            except SourceNotReady:
                if part.absent == "wait":
                    raise

    def batches(self, config: OnecardConfig, request: Request) -> Source | None:
        if config.batches is None:
            return None
        plan = part_plan(config.batches.layout, request)
        return Source(name="batches", plan=plan, extraction=self.part(config.batches.source, plan))


def _facts(opened: Opened) -> Iterator[tuple[str, str]]:
    parts = [("roster", opened.roster), *((one.name, one.extraction) for one in opened.answers)]
    for name, extraction in parts:
        yield from ((f"{name}.{fact}", value) for fact, value in extraction.source_facts)


@dataclass(kw_only=True)
class _Reading:
    config: OnecardConfig
    plan: Plan
    opened: Opened
    request: Request
    rows: int = 0
    unread: int = 0
    sums: dict[str, int] = field(default_factory=dict)

    def batches(self) -> Generator[pa.RecordBatch, None, Outcome]:
        roster = self._roster()
        book = roster.book
        self._declared_batches(book)
        schema = None
        given_back = 0
        for batch in self.opened.roster:
            self._count(batch)
            given_back = _give_back(self.rows, given_back)
            joined = roster.join(batch)
            schema = joined.schema
            yield joined
        self._expect_declared("roster", self.opened.roster.declared, self.rows, self.sums if not self.unread else {})
        told = 0
        for batch in roster.told(schema):
            told += batch.num_rows
            yield batch
        del roster  # the answers are no longer needed, and what follows needs room
        return self._outcome(book, told)

    def _roster(self) -> Roster:
        """With all answers read."""
        matching, reasons, gathering = Matching.of(self.config, Digester(os.urandom(_SALT))), Reasons(), Gathering()
        for source in self.opened.answers:
            rows = fen = 0
            for more, sum_ in gather(source, gathering, matching, reasons):
                rows, fen = rows + more, fen + sum_
            self._expect_declared(source.name, source.extraction.declared, rows, {Role.AMOUNT.value: fen})
            source.extraction.close()
        pa.default_memory_pool().release_unused()
        return Roster(
            request=self.request,
            plan=self.plan,
            fills=self.config.fills,
            matching=matching,
            index=gathering.index(),
            reasons=reasons,
            book=Book(request=self.request),
        )

    def _declared_batches(self, book: Book) -> None:
        """Every fiscal batch's own figures. Raises: SourceMalformed; LimitExceeded: there are too many."""
        source = self.opened.batches
        if source is None:
            return
        for batch in source.extraction:
            texts = source.plan.texts(batch, (Role.DOCUMENT, Role.BATCH, Role.PEOPLE))
            money = amounts(batch.column(Role.AMOUNT.value), source.plan.unit)
            columns = zip(*(text.to_pylist() for text in texts), money.fen.tolist(), money.readable, strict=True)
            for position, (document, number, people, fen, readable) in zip(batch.column(0), columns, strict=True):
                whole = people is not None and people.isascii() and people.isdigit()
                if not (whole and readable):
                    raise self._malformed(position.as_py(), "人数或金额不是数字", "its count or its sum is no number")
                try:
                    book.declare(document, number, int(people), fen)
                except ValueError:
                    zh, en = "同一批次出现两次", "a fiscal batch is there twice"
                    raise self._malformed(position.as_py(), zh, en) from None
        source.extraction.close()

    def _count(self, batch: pa.RecordBatch) -> None:
        self.rows += batch.num_rows
        self.unread += batch.num_rows - batch.column(1).null_count
        for column in self.plan.request.columns:
            if column.type is FieldType.MONEY:
                given = amounts(batch.column(column.name), column.unit or Unit.YUAN)
                said = pc.fill_null(pc.greater(pc.binary_length(batch.column(column.name).cast(pa.utf8())), 0), False)
                self.unread += int(np.count_nonzero(~given.readable & np.asarray(said)))
                self.sums[column.name] = self.sums.get(column.name, 0) + int(given.fen.sum())

    def _expect_declared(self, part: str, declared: Declared | None, rows: int, sums: Mapping[str, int]) -> None:
        """A sum that could not be read in full cannot be proved either. Raises: Unbalanced."""
        if declared is None:
            return
        wrong = [name for name, fen in declared.sums if sums.get(name) != fen]
        if wrong or declared.rows not in (None, rows):
            names = tuple(name for name, _ in declared.sums)
            counted = tuple((name, sums[name]) for name in names if name in sums)
            declared_zh, declared_en = _figures(part, declared.rows, declared.sums)
            counted_zh, counted_en = _figures(part, rows, counted)
            raise Unbalanced(
                feed=self.request.feed,
                period=self.request.period,
                declared_zh=declared_zh,
                declared_en=declared_en,
                counted_zh=counted_zh,
                counted_en=counted_en,
            )

    def _outcome(self, book: Book, told: int) -> Outcome:
        suspected = book.suspected()
        declared = self.opened.roster.declared
        self._declare_rest(book, declared)
        facts = [("told", str(told)), ("suspects", str(len(suspected)))]
        if len(suspected):
            facts.append(("suspected_at", ", ".join(suspected[:_NAMED_SUSPECTS].to_pylist())))
        return Outcome(
            declared=None if declared is None or declared.rows is None else Declared(rows=declared.rows + told),
            figures=book.reconciliation.figures(),
            facts=tuple(facts),
        )

    def _declare_rest(self, book: Book, declared: Declared | None) -> None:
        """A batch that the fiscal batches do not name is declared to hold nobody. Where there are none and the roster
        is one batch, its own totals are that batch's.
        """
        if self.opened.batches is not None:
            for document, batch in book.reconciliation.undeclared:
                book.declare(document, batch, 0, 0)
            return
        sums = dict(declared.sums) if declared is not None else {}
        if len(book.reconciliation.lines) == 1 and Role.AMOUNT.value in sums:
            document, batch = book.reconciliation.lines[0]
            book.declare(document, batch, declared.rows or 0, sums[Role.AMOUNT.value])

    def _malformed(self, position: str, zh: str, en: str) -> SourceMalformed:
        return SourceMalformed(feed=self.request.feed, where=f"batches {position}", reason_zh=zh, reason_en=en)


def _give_back(rows: int, before: int) -> int:
    """Let Arrow return what it holds in reserve, now and then: beside the index it would be a third of all memory."""
    if rows - before < _GIVE_BACK_ROWS:
        return before
    pa.default_memory_pool().release_unused()
    return rows


_PARTS = {"roster": "清册", "batches": "批次", "returns": "回盘", "refunds": "退汇", "reissues": "补发"}


def _figures(part: str, rows: int | None, sums: tuple[tuple[str, int], ...]) -> tuple[str, str]:
    zh, en = ([], []) if rows is None else ([f"{rows} 行"], [f"{rows} rows"])
    for name, fen in sums:
        yuan = f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"
        zh.append(f"{name} {yuan} 元")
        en.append(f"{name} {yuan} yuan")
    return f"{_PARTS[part]} {','.join(zh)}", f"{part} {', '.join(en)}"
