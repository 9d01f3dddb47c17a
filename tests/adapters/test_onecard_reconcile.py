"""The three-way reconciliation: whatever the bank says, in whatever order, people and fen are conserved."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import Measure
from adapters.onecard.reconcile import Answer, Entries, Reconciliation, TooManyLines, judge, suspects

S, F, R, P = (answer.value for answer in Answer)
LINES = [("湘财农〔2026〕7号", "B1"), ("湘财农〔2026〕7号", "B2"), ("湘财社〔2026〕3号", "B1")]

# line, fen, what the bank said, whether it is a re-issue of another entry
entries = st.tuples(st.sampled_from(LINES), st.integers(-(10**12), 10**12), st.integers(0, 15), st.booleans())


def reconciled(given_entries: list[tuple], block: int = 7) -> dict[tuple, dict[Measure, tuple[int, int]]]:
    """Every figure of a roster given block by block."""
    reconciliation = Reconciliation(len(LINES))
    for start in range(0, len(given_entries), block):
        some = given_entries[start : start + block]
        numbers = np.array([reconciliation.number(line) for line, *_ in some])
        fen = np.array([fen for _, fen, _, _ in some], np.int64)
        verdict = judge(np.array([said for *_, said, _ in some], np.uint8))
        reconciliation.enter(numbers, fen, verdict, np.array([linked for *_, linked in some]))
    found: dict[tuple, dict[Measure, tuple[int, int]]] = defaultdict(dict)
    for figure in reconciliation.figures():
        found[figure.document, figure.batch][figure.measure] = figure.people, figure.fen
    return found


def added(*figures: tuple[int, int]) -> tuple[int, int]:
    return sum(people for people, _ in figures), sum(fen for _, fen in figures)


@given(st.lists(entries, max_size=60))
def test_roster_is_succeeded_and_failed_and_pending_in_people_and_fen(some: list[tuple]) -> None:
    figures = reconciled(some)
    for line, measures in figures.items():
        mine = [fen for at, fen, _, _ in some if at == line]
        assert measures[Measure.ROSTER] == (len(mine), sum(mine))
        parts = (measures[one] for one in (Measure.SUCCEEDED, Measure.FAILED, Measure.PENDING))
        assert added(*parts) == measures[Measure.ROSTER]
        assert measures[Measure.REFUNDED][0] <= measures[Measure.SUCCEEDED][0]
        assert measures[Measure.REISSUED][0] <= measures[Measure.ROSTER][0]
    assert set(figures) == {line for line, *_ in some}


@given(st.lists(entries, max_size=60).flatmap(lambda some: st.tuples(st.just(some), st.permutations(some))))
def test_order_does_not_matter(both: tuple[list[tuple], list[tuple]]) -> None:
    one, other = both
    assert reconciled(one) == reconciled(other, block=11)


@given(st.lists(st.tuples(st.integers(1, 10**12), st.integers(0, 3)), max_size=40))
def test_what_was_paid_is_success_less_refund_and_a_re_issue_never_pays_twice(some: list[tuple[int, int]]) -> None:
    """Each person: paid at once; failed; failed and paid by a re-issue; credited, refunded and paid by a re-issue."""
    given_entries, paid, owed = [], 0, 0
    for fen, fate in some:
        owed += fen
        paid += 0 if fate == 1 else fen
        given_entries.append((LINES[0], fen, (S, F, F, S | R)[fate], False))
        if fate >= 2:
            given_entries.append((LINES[1], fen, P, True))
    figures = reconciled(given_entries)
    totals = {m: added(*(line[m] for line in figures.values())) for m in Measure if m in (figures.get(LINES[0]) or {})}
    if some:
        assert totals[Measure.SUCCEEDED][1] - totals[Measure.REFUNDED][1] == paid
        assert totals[Measure.ROSTER][1] - totals[Measure.REISSUED][1] == owed


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (0, "pending"),
        (S, "succeeded paid"),
        (F, "failed"),
        (R, "succeeded refunded"),
        (S | R, "succeeded refunded"),
        (F | R, "failed"),
        (S | F, "pending contradictory"),
        (S | F | R, "succeeded refunded"),
        (P, "succeeded paid reissued"),
        (F | P, "succeeded paid reissued"),
        (R | P, "succeeded refunded reissued"),
        (F | R | P, "succeeded refunded reissued"),
        (S | P, "pending contradictory"),
        (S | F | P, "pending contradictory"),
        (S | R | P, "succeeded paid reissued"),
        (S | F | R | P, "succeeded paid reissued"),
    ],
)
def test_each_set_of_answers_has_one_meaning(said: int, expected: str) -> None:
    verdict = judge(np.array([said], np.uint8))
    names = ("pending", "succeeded", "failed", "refunded", "paid", "reissued", "contradictory")
    assert {name for name in names if getattr(verdict, name)[0]} == set(expected.split())


def test_a_declared_batch_without_entries_is_a_line_with_nobody_on_it() -> None:
    reconciliation = Reconciliation(2)
    reconciliation.declare(LINES[0], 3, 900)
    figures = {figure.measure: (figure.people, figure.fen) for figure in reconciliation.figures()}
    assert figures == dict.fromkeys(Measure, (0, 0)) | {Measure.DECLARED: (3, 900)}
    with pytest.raises(ValueError, match="twice"):
        reconciliation.declare(LINES[0], 3, 900)


def test_more_lines_than_a_report_may_have_are_refused() -> None:
    reconciliation = Reconciliation(2)
    for line in LINES[:2] * 2:
        reconciliation.number(line)
    with pytest.raises(TooManyLines):
        reconciliation.number(LINES[2])


def test_sums_beyond_64_bits_stay_exact() -> None:
    reconciliation = Reconciliation(1)
    number = reconciliation.number(LINES[0])
    for _ in range(21):
        answers = np.full(90_000, S, np.uint8)
        fen = np.full(90_000, 10**13 - 1, np.int64)
        reconciliation.enter(np.full(90_000, number), fen, judge(answers), np.zeros(90_000, np.bool_))
    roster = next(figure for figure in reconciliation.figures() if figure.measure is Measure.ROSTER)
    assert (roster.people, roster.fen) == (21 * 90_000, 21 * 90_000 * (10**13 - 1))


claims = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.booleans()), max_size=40)


@given(claims)
def test_suspects_are_all_who_share_a_claim_or_have_paid_the_same_entry(some: list[tuple[int, int, bool]]) -> None:
    found = suspects(
        Entries(
            claims=np.array([claim for claim, _, _ in some], np.uint64),
            owners=np.array([owner for _, owner, _ in some], np.uint64),
            paid=np.array([paid for *_, paid in some], np.bool_),
        )
    )
    expected = [
        any(
            at != other and ((claim and claim == their) or (paid and theirs_paid and owner and owner == whose))
            for other, (their, whose, theirs_paid) in enumerate(some)
        )
        for at, (claim, owner, paid) in enumerate(some)
    ]
    assert found.tolist() == [bool(one) for one in expected]
