"""The roster, joined: each entry as a row of the feed, with what the bank said of it.

Owns the filling of the feed's own columns (state, failure reason, link to the original) in the standard codes. Must
never change what the roster says of anything else, and holds no row once it has been handed on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adapters.contract import Request, assemble
from adapters.onecard.answers import Claimed, Index
from adapters.onecard.bank import UNKNOWN, Reasons, states
from adapters.onecard.book import Block, Book
from adapters.onecard.config import Fills
from adapters.onecard.keys import Keys
from adapters.onecard.layout import Role
from adapters.onecard.matching import Matching
from adapters.onecard.money import Amounts, amounts
from adapters.onecard.plan import Plan
from adapters.onecard.reconcile import Kinds, Mask, Verdict, judge

CODES = pa.array(["0", "1", "2", "3", "4"], pa.utf8())
"""The standard states, as the sample catalogue's `finance.onecard` declares them: 待发 成功 失败 退回 补发."""
_PENDING, _SUCCEEDED, _FAILED, _REFUNDED, _REISSUED = range(5)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of each entry of a block.

    Attributes:
        own: `Answer` bits by the roster's own state column, `UNKNOWN` for a code that is not in its table.
        answers: what counts: the bank's answers, or where it gave none the roster's own state.
        batches, serials: the entry that each one pays again, as the bank or the roster says.
    """

    claimed: Claimed
    own: Kinds
    answers: Kinds
    verdict: Verdict
    batches: pa.Array
    serials: pa.Array


@dataclass(frozen=True, kw_only=True)
class Roster:
    """One roster against one index of answers."""

    request: Request
    plan: Plan
    fills: Fills
    matching: Matching
    index: Index
    reasons: Reasons
    book: Book

    def join(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """One block as the feed's rows. Raises: LimitExceeded: too many document numbers and batches."""
        read = np.asarray(batch.column(1).is_null())
        money = amounts(batch.column(self.plan.roles[Role.AMOUNT]), self.plan.unit)
        known = self._known(batch, read, money)
        self._enter(batch, read, money, known)
        filled = {name: pc.if_else(pa.array(read), one, None) for name, one in self._filled(batch, known).items()}
        values = [
            filled[c.name] if c.name in filled else batch.column(self.plan.passed[c.name]) for c in self.request.columns
        ]
        return assemble(self.request.columns, batch.column(0), batch.column(1), values)

    def told(self, like: pa.Schema | None) -> Iterator[pa.RecordBatch]:
        """The answers that belong to no entry, each as a row with its fault, in batches like those before."""
        for positions, faults in self.index.told(self.request.batch_rows):
            types = like.types[2:] if like is not None else [pa.utf8()] * len(self.request.columns)
            yield assemble(self.request.columns, positions, faults, [pa.nulls(len(positions), one) for one in types])

    def _known(self, batch: pa.RecordBatch, read: Mask, money: Amounts) -> Known:
        keys = self.matching.keys(self.plan, batch)
        asking = Keys(digests=keys.digests, whole=keys.whole & read)
        claimed = self.index.claim(asking, money, self.matching.persons(self.plan, batch))
        own = self._own(batch)
        answers = np.where((claimed.answers == 0) & (own != UNKNOWN), own, claimed.answers).astype(np.uint8)
        mine = self.plan.texts(batch, (Role.ORIGINAL_BATCH, Role.ORIGINAL_SERIAL))
        said = pa.array(claimed.originals, mask=claimed.originals < 0)
        batches, serials = (
            pc.if_else(said.is_valid(), originals.take(said), own_text)
            for originals, own_text in zip(self.index.originals, mine, strict=True)
        )
        return Known(
            claimed=claimed, own=own, answers=answers, verdict=judge(answers), batches=batches, serials=serials
        )

    def _own(self, batch: pa.RecordBatch) -> Kinds:
        if not self.plan.has(Role.STATE):
            return np.zeros(batch.num_rows, np.uint8)
        return states(self.plan.text(batch, Role.STATE), self.plan.layout)

    def _enter(self, batch: pa.RecordBatch, read: Mask, money: Amounts, known: Known) -> None:
        rows = pa.array(read)
        self.book.enter(
            Block(
                positions=batch.column(0).filter(rows),
                documents=self.plan.text(batch, Role.DOCUMENT).filter(rows),
                batches=self.plan.text(batch, Role.BATCH).filter(rows),
                fen=money.fen[read],
                verdict=known.verdict.only(read),
                claims=self.matching.claims(self.plan, batch)[read],
                entries=self.matching.entries(self.plan, batch)[read],
                originals=self.matching.originals(known.batches, known.serials)[read],
            )
        )

    def _filled(self, batch: pa.RecordBatch, known: Known) -> Mapping[str, pa.Array]:
        """The feed's own columns, by name, where it has them."""
        verdict, came_back = known.verdict, known.verdict.failed | known.verdict.refunded
        reasons = self.reasons.texts(np.where(came_back, known.claimed.reasons, -1))
        own_reasons = self.reasons.texts(self.reasons.numbers(self.plan.text(batch, Role.REASON), self.plan.layout))
        texts = {
            self.fills.state: self._states(batch, known, verdict),
            self.fills.reason: pc.coalesce(reasons, pc.if_else(pa.array(came_back), own_reasons, None)),
            self.fills.original_batch: known.batches,
            self.fills.original_serial: known.serials,
        }
        wanted = {column.name for column in self.request.columns} - self.plan.passed.keys()
        return {name: text for name, text in texts.items() if name in wanted}

    def _states(self, batch: pa.RecordBatch, known: Known, verdict: Verdict) -> pa.Array:
        """A state of the roster's own that is not in its table is passed on as it stands, for the checks."""
        codes = np.full(len(known.answers), _PENDING, np.int8)
        codes[verdict.succeeded] = _SUCCEEDED
        codes[verdict.reissued] = _REISSUED
        codes[verdict.refunded] = _REFUNDED
        codes[verdict.failed] = _FAILED
        unknown = pa.array((known.claimed.answers == 0) & (known.own == UNKNOWN))
        return pc.if_else(unknown, self.plan.text(batch, Role.STATE), CODES.take(pa.array(codes)))
