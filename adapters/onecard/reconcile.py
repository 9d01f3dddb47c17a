"""The three-way reconciliation: roster = declared = succeeded + failed + not yet returned, in people and in fen.

Owns what the bank's answers about one entry mean together, and the sums by document number and batch. Order never
matters: an entry's answers are a set. Pure: must never see a name, an account, a file or a clock.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, fields
from enum import IntFlag

import numpy as np
import numpy.typing as npt

from adapters.figures import Figure, Measure

Mask = npt.NDArray[np.bool_]
Kinds = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]
Line = tuple[str, str]  # document, batch


class Answer(IntFlag):
    """What a bank can say about one entry of a roster; it may say several of these, in any order."""

    SUCCESS = 1
    FAILURE = 2
    REFUND = 4
    REISSUE = 8
    """It was paid as a re-issue (补发)."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of each entry. Each is exactly one of succeeded, failed and pending; some are more besides.

    Attributes:
        reissued: of the succeeded, those the bank paid as a re-issue.
        refunded: of the succeeded, those whose money came back and was not paid again under the same entry.
        contradictory: of the pending, those of whom the bank says what cannot be true together.
    """

    succeeded: Mask
    failed: Mask
    reissued: Mask
    refunded: Mask
    contradictory: Mask

    @property
    def pending(self) -> Mask:
        return ~(self.succeeded | self.failed)

    @property
    def paid(self) -> Mask:
        """Who has the money."""
        return self.succeeded & ~self.refunded

    def only(self, rows: Mask) -> Verdict:
        """Of the chosen entries alone."""
        return Verdict(**{each.name: getattr(self, each.name)[rows] for each in fields(self)})


def judge(answers: Kinds) -> Verdict:
    """What each set of answers (`Answer` bits) amounts to.

    A refund means that the money had been credited, unless the bank calls the entry a failure: then it is only the
    failed payment coming back. A re-issue pays a failed or refunded entry. Success besides failure, and re-issue
    besides success, contradict each other unless the money came back in between.
    """
    success, failure, refund, reissue = (_said(answers, answer) for answer in Answer)
    contradictory = ~refund & success & (failure | reissue)
    succeeded = ~contradictory & (success | reissue | (refund & ~failure))
    return Verdict(
        succeeded=succeeded,
        failed=~contradictory & ~succeeded & failure,
        reissued=succeeded & reissue,
        refunded=succeeded & refund & ~(success & reissue),
        contradictory=contradictory,
    )


def _said(answers: Kinds, answer: Answer) -> Mask:
    return (answers & answer.value) != 0


class TooManyLines(ValueError):
    """More pairs of document number and batch than a report may have."""


class Reconciliation:
    """Adds up one reading, block by block; memory grows with the number of fiscal batches alone.

    Args:
        most: how many pairs of document number and batch there may be.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._numbers: dict[Line, int] = {}
        self._sums: defaultdict[tuple[int, Measure], tuple[int, int]] = defaultdict(lambda: (0, 0))

    def number(self, line: Line) -> int:
        """The number that stands for a document number and batch. Raises: TooManyLines."""
        number = self._numbers.setdefault(line, len(self._numbers))
        if number >= self._most:
            raise TooManyLines
        return number

    def enter(self, numbers: Numbers, fen: Numbers, verdict: Verdict, reissues: Mask) -> None:
        """Entries of the roster; `reissues` are those that pay another entry again. A block's sums fit 64 bits."""
        parts = {
            Measure.ROSTER: np.ones(len(numbers), np.bool_),
            Measure.SUCCEEDED: verdict.succeeded,
            Measure.FAILED: verdict.failed,
            Measure.PENDING: verdict.pending,
            Measure.REFUNDED: verdict.refunded,
            Measure.REISSUED: reissues,
        }
        for measure, rows in parts.items():
            self._add(measure, numbers[rows], fen[rows])

    def suspect(self, numbers: Numbers, fen: Numbers) -> None:
        """Entries already entered that may pay somebody twice."""
        self._add(Measure.DUPLICATES, numbers, fen)

    def declare(self, line: Line, people: int, fen: int) -> None:
        """What the fiscal batch says of itself. Raises: TooManyLines; ValueError: it has said something before."""
        place = self.number(line), Measure.DECLARED
        if place in self._sums:
            raise ValueError("declared twice")
        self._sums[place] = people, fen

    @property
    def undeclared(self) -> tuple[Line, ...]:
        """The lines of which no fiscal batch has said anything."""
        return tuple(line for line, number in self._numbers.items() if (number, Measure.DECLARED) not in self._sums)

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(self._numbers)

    def figures(self) -> tuple[Figure, ...]:
        """Every measure of every line, ordered by line; nobody declared is no figure, nobody else is zero."""
        return tuple(
            Figure(document=line[0], batch=line[1], measure=measure, people=people, fen=fen)
            for line, number in sorted(self._numbers.items())
            for measure in Measure
            if measure is not Measure.DECLARED or (number, measure) in self._sums
            for people, fen in [self._sums.get((number, measure), (0, 0))]
        )

    def _add(self, measure: Measure, numbers: Numbers, fen: Numbers) -> None:
        people = np.bincount(numbers, minlength=len(self._numbers))
        sums = np.zeros(len(people), np.int64)
        np.add.at(sums, numbers, fen)
        for number in np.flatnonzero(people).tolist():
            before = self._sums[number, measure]
            self._sums[number, measure] = before[0] + int(people[number]), before[1] + int(sums[number])


@dataclass(frozen=True, kw_only=True)
class Entries:
    """What is kept of each entry of the roster to find those that may pay somebody twice.

    Attributes:
        claims: who is paid for what, as a digest; 0 where that is not known, or the entry is a re-issue.
        owners: the entry that is paid, as a digest: a re-issue's is its original's, any other's its own; 0: unknown.
        paid: who has the money.
    """

    claims: npt.NDArray[np.uint64]
    owners: npt.NDArray[np.uint64]
    paid: Mask


def suspects(entries: Entries) -> Mask:
    """The entries that may pay somebody twice: all of those with the same person and item, whatever the account; and
    all of those that have paid the same entry.
    """
    return _shared(entries.claims, entries.claims != 0) | _shared(entries.owners, entries.paid & (entries.owners != 0))


def _shared(digests: npt.NDArray[np.uint64], rows: Mask) -> Mask:
    """Of `rows`, those whose digest another of them has too."""
    chosen = np.flatnonzero(rows)
    order = chosen[np.argsort(digests[chosen])]
    same = digests[order][1:] == digests[order][:-1]
    shared = np.zeros(len(digests), np.bool_)
    shared[order[1:][same]] = True
    shared[order[:-1][same]] = True
    return shared
