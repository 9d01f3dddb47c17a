"""The bank's answers, kept as a compact index until the roster has asked for each: 55 bytes for each line.

Owns which answer belongs to which entry, and which belong to none. A line is taken by one entry, or told at the end:
never dropped. Must never hold a line as Python objects, nor a person's number in clear.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adapters.contract import Fault
from adapters.onecard.growing import Growing
from adapters.onecard.keys import Keys, Words
from adapters.onecard.money import Amounts
from adapters.onecard.positions import Positions
from adapters.onecard.reconcile import Answer, Kinds, Mask, judge

Places = npt.NDArray[np.int64]

_OPEN, _TAKEN = 0, 1
_TOLD = tuple(Fault)
_STATUS = {fault.value: status for status, fault in enumerate(_TOLD, start=2)}
_KIND_BITS = 4


@dataclass(frozen=True, kw_only=True)
class Read:
    """One block of lines.

    Attributes:
        positions: where each stands ("returns 12"). faults: utf8; null for a line that could be read.
        answers: `Answer` bits, one each. reasons: numbers of failure reasons, -1 for none.
        amounts: None where the layout has no amount. who: a digest of person and account; 0 where it says neither.
        linked: which lines name an original; `originals` holds batch and serial of those alone.
    """

    positions: pa.Array
    faults: pa.Array
    keys: Keys
    answers: Kinds
    reasons: npt.NDArray[np.int32]
    amounts: Amounts | None
    who: Words
    linked: Mask
    originals: tuple[pa.Array, pa.Array]


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """What the bank said of each entry: 0 and -1 where it said nothing.

    Attributes:
        originals: the number of the line's original among `Index.originals`.
    """

    answers: Kinds
    reasons: npt.NDArray[np.int32]
    originals: npt.NDArray[np.int32]


@dataclass(kw_only=True)
class Gathering:
    """Takes in the lines, in order; `index` ends it."""

    _positions: Positions = field(default_factory=Positions, repr=False)
    _originals: list[tuple[pa.Array, pa.Array]] = field(default_factory=list, repr=False)
    _high: Growing[np.uint64] = field(default_factory=lambda: Growing(np.uint64), repr=False)
    _low: Growing[np.uint64] = field(default_factory=lambda: Growing(np.uint64), repr=False)
    _lines: Growing[np.void] = field(default_factory=lambda: Growing(_LINE), repr=False)
    _linked: int = 0

    def add(self, read: Read) -> None:
        lines = np.zeros(len(read.positions), _LINE)
        lines["status"] = _status(read.faults)
        lines["status"][(lines["status"] == _OPEN) & ~read.keys.whole] = _STATUS[Fault.UNMATCHED]
        lines["answer"], lines["reason"] = read.answers, read.reasons
        if read.amounts is not None:
            lines["fen"] = np.where(read.amounts.readable, read.amounts.fen, _UNREADABLE)
        else:
            lines["fen"] = _UNSAID
        count = int(np.count_nonzero(read.linked))
        lines["who"] = read.who.astype(np.uint32)
        lines["original"] = -1
        lines["original"][read.linked] = np.arange(self._linked, self._linked + count)
        self._linked += count
        self._originals.append(read.originals)
        self._positions.add(read.positions)
        self._high.extend(read.keys.digests[0])
        self._low.extend(read.keys.digests[1])
        self._lines.extend(lines)

    def index(self) -> Index:
        """All of them, ready to be asked for; nothing can be added afterwards."""
        order = np.argsort(self._high.whole, kind="stable").astype(np.int32)
        high = self._high.whole[order]
        del self._high
        low = self._low.whole[order]
        del self._low
        batches, serials = (
            pa.chunked_array([one[part] for one in self._originals], pa.utf8()).combine_chunks() for part in (0, 1)
        )
        return Index(
            high=high,
            low=low,
            order=order,
            lines=self._lines.whole,
            positions=self._positions,
            originals=(batches, serials),
        )


_LINE = np.dtype(
    [("fen", "i8"), ("who", "u4"), ("reason", "i4"), ("original", "i4"), ("status", "u1"), ("answer", "u1")]
)
_UNREADABLE, _UNSAID = np.iinfo(np.int64).min, np.iinfo(np.int64).max


def _status(faults: pa.Array) -> npt.NDArray[np.uint8]:
    words = faults.dictionary_encode()
    known = np.array([_STATUS[word] for word in words.dictionary.to_pylist()] + [_OPEN], np.uint8)
    return known[words.indices.fill_null(len(known) - 1).to_numpy(zero_copy_only=False)]


class Index:
    """The lines by key, sorted; and what became of each."""

    def __init__(
        self,
        *,
        high: Words,
        low: Words,
        order: npt.NDArray[np.int32],
        lines: npt.NDArray[np.void],
        positions: Positions,
        originals: tuple[pa.Array, pa.Array],
    ) -> None:
        self._high, self._low, self._order = high, low, order
        self._lines, self._positions = lines, positions
        self.originals = originals

    def __len__(self) -> int:
        return len(self._lines)

    def claim(self, keys: Keys, amounts: Amounts, who: Words) -> Claimed:
        """Give each entry its answers. An entry whose key an earlier one had gets none: they were that one's."""
        rows, lines = self._found(keys)
        rows, lines = self._agreeing(rows, lines, amounts, who)
        rows, lines = self._first_of_each_kind(rows, lines)
        count = len(keys.whole)
        answers = _gathered(rows, self._lines["answer"][lines], count)
        wrong = judge(answers).contradictory
        self._lines["status"][lines] = np.where(wrong[rows], _STATUS[Fault.DISAGREES], _TAKEN)
        answers[wrong] = 0
        rows, lines = rows[~wrong[rows]], lines[~wrong[rows]]
        claimed = Claimed(answers=answers, reasons=np.full(count, -1, np.int32), originals=np.full(count, -1, np.int32))
        self._note(claimed.reasons, rows, lines, "reason")
        self._note(claimed.originals, rows, lines, "original")
        return claimed

    def told(self, block: int) -> Iterator[tuple[pa.Array, pa.Array]]:
        """Positions and faults of the lines that no entry took, in order, at most `block` at a time."""
        self._lines["status"][self._lines["status"] == _OPEN] = _STATUS[Fault.UNMATCHED]
        left = np.flatnonzero(self._lines["status"] != _TAKEN)
        words = pa.array([fault.value for fault in _TOLD], pa.utf8())
        for start in range(0, len(left), block):
            some = left[start : start + block]
            positions = self._positions.take(some)
            faults = words.take(pa.array(self._lines["status"][some].astype(np.int64) - 2))
            yield positions, faults

    def _found(self, keys: Keys) -> tuple[Places, Places]:
        """Pairs of entry and open line with the same key, by entry and then in the order of lines."""
        first = np.searchsorted(self._high, keys.digests[0], "left")
        count = (np.searchsorted(self._high, keys.digests[0], "right") - first) * keys.whole
        rows = np.repeat(np.arange(len(first)), count)
        steps = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
        at = np.repeat(first, count) + steps
        same = self._low[at] == keys.digests[1][rows]
        rows, lines = rows[same], self._order[at[same]].astype(np.int64)
        open_ = self._lines["status"][lines] == _OPEN
        rows, lines = rows[open_], lines[open_]
        _, kept = np.unique(lines, return_index=True)  # the first entry of two with the same key in this block
        kept.sort()
        return rows[kept], lines[kept]

    def _agreeing(self, rows: Places, lines: Places, amounts: Amounts, who: Words) -> tuple[Places, Places]:
        """Those of the same amount and, where both say so, of the same person and account."""
        said, whose = self._lines["fen"][lines], self._lines["who"][lines]
        agree = (said == _UNSAID) | (amounts.readable[rows] & (said == amounts.fen[rows]))
        asked = who.astype(np.uint32)[rows]  # half of it tells two people apart, since their keys are equal besides
        agree &= (whose == 0) | (asked == 0) | (whose == asked)
        return self._only(agree, Fault.DISAGREES, rows, lines)

    def _first_of_each_kind(self, rows: Places, lines: Places) -> tuple[Places, Places]:
        """An answer given twice counts once; another answer besides is another matter."""
        kinds = (rows << _KIND_BITS) | self._lines["answer"][lines]
        _, first = np.unique(kinds, return_index=True)
        fresh = np.zeros(len(rows), np.bool_)
        fresh[first] = True
        return self._only(fresh, Fault.REPEATED, rows, lines)

    def _only(self, kept: Mask, fault: Fault, rows: Places, lines: Places) -> tuple[Places, Places]:
        self._lines["status"][lines[~kept]] = _STATUS[fault]
        return rows[kept], lines[kept]

    def _note(self, into: npt.NDArray[np.int32], rows: Places, lines: Places, name: str) -> None:
        """A failure's own word comes before a refund's where both have one."""
        for answer in (Answer.SUCCESS, Answer.REISSUE, Answer.REFUND, Answer.FAILURE):
            chosen = (self._lines["answer"][lines] == answer.value) & (self._lines[name][lines] >= 0)
            into[rows[chosen]] = self._lines[name][lines[chosen]]


def _gathered(rows: Places, answers: Kinds, count: int) -> Kinds:
    """The answers of each row together."""
    together = np.zeros(count, np.uint8)
    for answer in Answer:
        together[rows[answers == answer.value]] |= answer.value
    return together
