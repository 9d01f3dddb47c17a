"""The bank's answer files, read to their end into the index before the roster is.

Owns what a layout's codes make of a line. A line whose state is not in the layout's table is told as one that is not of
the agreed layout; a reason that is not is passed on as it stands. Must never drop a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adapters.contract import Extraction, Fault
from adapters.onecard.answers import Gathering, Read
from adapters.onecard.layout import Layout, Role, State
from adapters.onecard.matching import Matching
from adapters.onecard.money import amounts
from adapters.onecard.plan import Plan
from adapters.onecard.reconcile import Answer, Kinds, Mask

ANSWERS = {
    State.PENDING: 0,
    State.SUCCESS: Answer.SUCCESS.value,
    State.FAILURE: Answer.FAILURE.value,
    State.REFUND: Answer.REFUND.value,
    State.REISSUE: Answer.REISSUE.value,
}
UNKNOWN = 255


class Reasons:
    """The failure reasons met so far, each once, and their numbers: a standard code, or the bank's own words."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def numbers(self, texts: pa.Array, layout: Layout) -> npt.NDArray[np.int32]:
        """-1 for an empty cell."""
        words = texts.dictionary_encode()
        known = [self._number(word, layout) for word in words.dictionary.to_pylist()]
        return _looked_up(words, np.array([*known, -1], np.int32))

    def texts(self, numbers: npt.NDArray[np.int32]) -> pa.Array:
        """What stands for each number; null for -1."""
        listed = pa.array([*self._numbers], pa.utf8())
        return listed.take(pa.array(numbers, mask=numbers < 0))

    def _number(self, word: str, layout: Layout) -> int:
        text = layout.reasons.get(word, word)
        return self._numbers.setdefault(text, len(self._numbers)) if text else -1


def states(texts: pa.Array, layout: Layout) -> Kinds:
    """`Answer` bits by the layout's table; `UNKNOWN` for what is not in it."""
    words = texts.dictionary_encode()
    table = {code: ANSWERS[state] for code, state in layout.states.items()}
    known = [table.get(word, UNKNOWN) for word in words.dictionary.to_pylist()]
    return _looked_up(words, np.array([*known, table.get("", UNKNOWN)], np.uint8))


def _looked_up(words: pa.DictionaryArray, table: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """The table's entry for each word; the last one for a missing word."""
    return table[words.indices.fill_null(len(table) - 1).to_numpy(zero_copy_only=False)]


@dataclass(frozen=True, kw_only=True)
class Source:
    """One file (or result) of answers, open. `name` is what its positions begin with."""

    name: str
    plan: Plan
    extraction: Extraction


def gather(source: Source, into: Gathering, matching: Matching, reasons: Reasons) -> Iterator[tuple[int, int]]:
    """Read one source to its end; after each block, the lines and the fen in it.

    Raises: as the extraction.
    """
    for batch in source.extraction:
        read = _read(batch, source, matching, reasons)
        into.add(read)
        yield batch.num_rows, 0 if read.amounts is None else int(read.amounts.fen.sum())


def _read(batch: pa.RecordBatch, source: Source, matching: Matching, reasons: Reasons) -> Read:
    plan, layout = source.plan, source.plan.layout
    answers = _answers(batch, plan)
    linked, originals = _originals(batch, plan)
    has_amount = Role.AMOUNT in plan.roles
    return Read(
        positions=pc.binary_join_element_wise(source.name, batch.column(0), " "),
        faults=_faults(batch, answers),
        keys=matching.keys(plan, batch),
        answers=np.where(answers == UNKNOWN, 0, answers).astype(np.uint8),
        reasons=reasons.numbers(plan.text(batch, Role.REASON), layout),
        amounts=amounts(batch.column(plan.roles[Role.AMOUNT]), plan.unit) if has_amount else None,
        who=matching.persons(plan, batch),
        linked=linked,
        originals=originals,
    )


def _answers(batch: pa.RecordBatch, plan: Plan) -> Kinds:
    if plan.layout.every_line is not None:
        return np.full(batch.num_rows, ANSWERS[plan.layout.every_line], np.uint8)
    return states(plan.text(batch, Role.STATE), plan.layout)


def _faults(batch: pa.RecordBatch, answers: Kinds) -> pa.Array:
    """The reading's own, and LAYOUT for a state that is not in the table."""
    own = batch.column(1)
    unknown = pa.array((answers == UNKNOWN) & np.asarray(own.is_null()))
    return pc.if_else(unknown, pa.scalar(Fault.LAYOUT.value, pa.utf8()), own)


def _originals(batch: pa.RecordBatch, plan: Plan) -> tuple[Mask, tuple[pa.Array, pa.Array]]:
    """Which lines name an original entry, and the batch and serial of those."""
    batches, serials = plan.texts(batch, (Role.ORIGINAL_BATCH, Role.ORIGINAL_SERIAL))
    linked = pc.greater(pc.fill_null(pc.binary_length(serials), 0), 0)
    return np.asarray(linked), (batches.filter(linked), serials.filter(linked))
