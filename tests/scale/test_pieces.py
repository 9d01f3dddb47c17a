"""However a sender cuts a payload up, it lies in few objects."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.inbox.pieces import PIECE, Piece, swallowed

_SENT = st.one_of(st.integers(1, 64), st.integers(1, 2 * PIECE), st.sampled_from([PIECE - 1, PIECE, PIECE + 1]))


@given(st.lists(_SENT, min_size=1, max_size=300))
def test_pieces_follow_each_other_and_are_few_whatever_is_sent_at_a_time(sent: list[int]) -> None:
    pieces: list[Piece] = []
    for length in (min(each, PIECE) for each in sent):  # the server hands over no more at once
        taken = swallowed(pieces, length)
        assert taken == pieces[len(pieces) - len(taken) :]
        start = taken[0].start if taken else sum(piece.length for piece in pieces)
        pieces[len(pieces) - len(taken) :] = [
            Piece(start=start, length=length + sum(piece.length for piece in taken), object="")
        ]
    whole = sum(min(each, PIECE) for each in sent)
    assert [piece.start for piece in pieces] == [sum(one.length for one in pieces[:i]) for i in range(len(pieces))]
    assert pieces[-1].end == whole
    assert len(pieces) <= whole / PIECE + 23
    assert max(piece.length for piece in pieces) < 3 * PIECE


@given(st.integers(1, 400))
def test_crumbs_of_one_size_are_copied_seldom(crumbs: int) -> None:
    pieces: list[Piece] = []
    copied = 0
    for _ in range(crumbs):
        taken = swallowed(pieces, 1)
        copied += sum(piece.length for piece in taken)
        start = taken[0].start if taken else sum(piece.length for piece in pieces)
        length = 1 + sum(piece.length for piece in taken)
        pieces[len(pieces) - len(taken) :] = [Piece(start=start, length=length, object="")]
    assert copied <= 38 * crumbs
