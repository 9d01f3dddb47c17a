"""The figures: they always add up, ranks are fair, and nothing due is never read as all done."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from gateway.bulletin import Before, Column, Entry, Figures, Obligation, Standing, differences, tally, total
from gateway.bulletin.cells import days_cell, neutral, percent, points_cell
from gateway.bulletin.columns import cell_of
from tests.bulletin.county import DAY, NAMES, approval, obligations, owed


@given(obligations())
def test_what_came_and_what_did_not_is_what_was_due(owing: list[Obligation]) -> None:
    for entry in tally(NAMES, owing):
        figures = entry.figures
        of_department = [one for one in owing if one.department == entry.department]
        assert figures.on_time + figures.late + figures.missing + figures.open == figures.due
        assert figures.due + figures.exempt == len(of_department)


@given(obligations())
def test_all_departments_have_one_line_and_the_total_is_their_sum(owing: list[Obligation]) -> None:
    entries = tally(NAMES, owing)
    assert sorted(entry.department for entry in entries) == sorted(NAMES)
    summed = total(entries)
    known = [one for one in owing if one.department in NAMES]
    assert summed.due == sum(one.standing is not Standing.EXEMPT for one in known)
    assert (summed.sent, summed.held, summed.rank) == (
        sum(one.sent for one in known),
        sum(one.held for one in known),
        0,
    )


@given(obligations())
def test_a_rank_is_one_more_than_those_with_a_higher_rate(owing: list[Obligation]) -> None:
    entries = tally(NAMES, owing)
    ranked = [entry.figures for entry in entries if entry.figures.due]
    for figures in ranked:
        assert figures.rank == 1 + sum(other.rate > figures.rate for other in ranked)
    assert [figures.rank for figures in ranked] == sorted(figures.rank for figures in ranked)


@given(obligations())
def test_who_owes_nothing_has_no_rate_no_rank_and_stands_at_the_end(owing: list[Obligation]) -> None:
    entries = tally(NAMES, owing)
    idle = [entry for entry in entries if not entry.figures.due]
    assert list(entries[len(entries) - len(idle) :]) == idle
    for entry in idle:
        assert (entry.figures.rate, entry.figures.rank, entry.figures.gain) == (None, 0, None)
        assert cell_of(Column.RATE, entry, "", "zh").text == "无应报任务"
        assert cell_of(Column.RANK, entry, "", "zh").text == "—"


@given(obligations(), st.randoms())
def test_the_order_in_which_facts_are_found_changes_nothing(owing: list[Obligation], random) -> None:
    shuffled = list(owing)
    random.shuffle(shuffled)
    assert [e.figures for e in tally(NAMES, shuffled)] == [e.figures for e in tally(NAMES, owing)]


@given(obligations())
def test_figures_come_back_from_the_ledger_as_they_went_in(owing: list[Obligation]) -> None:
    for entry in tally(NAMES, owing):
        assert Figures.decode(entry.figures.encode()) == entry.figures


@given(obligations())
def test_a_table_never_differs_from_itself(owing: list[Obligation]) -> None:
    entries = tally(NAMES, owing)
    assert differences(entries, entries) == ()


def test_ties_share_a_rank_and_the_next_one_is_skipped() -> None:
    entries = tally(
        NAMES,
        [
            owed("civil", Standing.ON_TIME),
            *[owed("land", Standing.ON_TIME)] * 2,
            *[owed("police", Standing.ON_TIME), owed("police", Standing.LATE)],
            owed("finance", Standing.EXEMPT),
        ],
    )
    assert [(entry.department, entry.figures.rank) for entry in entries] == [
        ("civil", 1),
        ("land", 1),
        ("police", 3),
        ("finance", 0),
    ]


def test_rates_that_only_rounding_makes_equal_do_not_share_a_rank() -> None:
    owing = [owed("civil", Standing.ON_TIME)] * 20_000 + [owed("civil", Standing.LATE)]
    entries = tally(("land", "civil"), [*owing, owed("land", Standing.ON_TIME)])
    assert [(entry.department, entry.figures.rank) for entry in entries] == [("land", 1), ("civil", 2)]
    assert [cell_of(Column.RATE, entry, "", "zh").text for entry in entries] == ["100.00%", "99.99%"]


def test_every_figure_of_one_department_is_counted_as_defined() -> None:
    (entry,) = tally(
        ("finance",),
        [
            owed("finance", Standing.ON_TIME, sent=110, returned=10, held=100, notices=frozenset({"催〔2026〕1号"})),
            owed("finance", Standing.ON_TIME, nil=True),
            owed("finance", Standing.LATE, sent=90, held=90, corrections=2, delay=DAY),
            owed("finance", Standing.MISSING, delay=4 * DAY, notices=frozenset({"催〔2026〕1号", "催〔2026〕2号"})),
            owed("finance", Standing.EXEMPT, delay=99 * DAY, approvals=(approval("常政办〔2026〕3号"),)),
        ],
        [Before(department="finance", due=4, on_time=1)],
    )
    assert entry.figures == Figures(
        rank=1, due=4, on_time=2, late=1, missing=1, exempt=1, nil=1, sent=200, returned=10, held=190, corrections=2,
        dunnings=2, delay_seconds=5 * 86_400, previous_due=4, previous_on_time=1,
    )  # fmt: skip
    assert (entry.figures.rate, entry.figures.compliance) == (Fraction(1, 2), Fraction(19, 20))
    assert (entry.figures.mean_delay, entry.figures.gain) == (Fraction(5, 2), Fraction(1, 4))
    shown = {column: cell_of(column, entry, "财政局", "zh").text for column in Column}
    assert list(shown.values()) == [
        "1", "财政局", "4", "2", "1", "1", "50.00%", "200", "190", "10", "95.00%", "2", "2", "2.5", "↑25.00",
        "免报1期;批准文号:免报 常政办〔2026〕3号;零报送1期",
    ]  # fmt: skip
    assert cell_of(Column.REMARKS, entry, "", "en").text == "1 exempt; approvals: exempt 常政办〔2026〕3号; 1 nil"


def test_who_has_nothing_on_time_is_to_be_watched_but_not_while_it_can_still_come() -> None:
    gone, still = tally(NAMES[:2], [owed("finance", Standing.MISSING), owed("civil", Standing.OPEN)])
    assert (gone.figures.watched, still.figures.watched) == (True, False)
    assert cell_of(Column.REMARKS, gone, "", "zh").text == "重点关注:无一按时"
    assert cell_of(Column.REMARKS, still, "", "zh").text == "未到期1期"


def test_a_rank_that_moves_because_of_others_is_a_change_of_its_own() -> None:
    before = tally(NAMES[:2], [owed("finance", Standing.LATE), owed("civil", Standing.LATE)])
    after = tally(NAMES[:2], [owed("finance", Standing.LATE), owed("civil", Standing.ON_TIME)])
    changed = [(one.department, one.column) for one in differences(before, after)]
    assert ("finance", Column.RANK) in changed
    assert [column for name, column in changed if name == "civil"] == [
        Column.ON_TIME,
        Column.LATE,
        Column.RATE,
        Column.DELAY,
        Column.REMARKS,
    ]


def test_that_something_is_missing_for_longer_is_no_change_by_itself() -> None:
    before = tally(NAMES[:1], [owed("finance", Standing.MISSING, delay=DAY)])
    later = tally(NAMES[:1], [owed("finance", Standing.MISSING, delay=9 * DAY)])
    assert differences(before, later) == ()
    came = tally(NAMES[:1], [owed("finance", Standing.LATE, delay=9 * DAY)])
    assert [one.column for one in differences(before, came)] == [Column.LATE, Column.MISSING, Column.DELAY]


def test_a_department_that_is_new_or_gone_is_a_change() -> None:
    one, two = tally(NAMES[:1], []), tally(NAMES[:2], [])
    new, gone = differences(one, two), differences(two, one)
    assert {(change.department, change.before) for change in new} == {("civil", None)}
    assert {(change.department, change.after) for change in gone} == {("civil", None)}


@given(st.fractions(min_value=0, max_value=1))
def test_a_share_is_a_hundred_per_cent_or_nothing_only_where_it_is_exactly_that(part: Fraction) -> None:
    assert (percent(part) == "100.00%") == (part == 1)
    assert (percent(part) == "0.00%") == (part == 0)
    assert abs(Fraction(percent(part).removesuffix("%")) - part * 100) <= Fraction(1, 100)


@given(st.fractions(min_value=-1, max_value=1))
def test_a_gain_is_told_by_an_arrow_and_never_by_a_sign(gain: Fraction) -> None:
    cell = points_cell(gain)
    assert cell.text[0] not in "+-="
    assert abs(Fraction(cell.number) - gain * 100) <= Fraction(1, 200)
    assert {"↑": cell.number > 0, "↓": cell.number < 0}.get(cell.text[0], cell.number == 0)


def test_days_have_one_decimal() -> None:
    assert [days_cell(Fraction(n, 20)).text for n in (0, 1, 49)] == ["0.0", "0.1", "2.5"]


@given(st.text())
def test_no_neutral_text_begins_like_a_formula(text: str) -> None:
    told = neutral(text)
    assert not told.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n"))
    assert told.removeprefix("'") == text.removeprefix("'")


def test_a_line_of_another_length_is_not_read_as_figures() -> None:
    try:
        Figures.decode((1, 2, 3))
    except ValueError:
        return
    raise AssertionError("three figures were read as a department's")


def test_a_delay_is_counted_of_what_is_late_or_missing_alone() -> None:
    owing = [owed("finance", standing, delay=timedelta(seconds=10)) for standing in Standing]
    (entry,) = tally(("finance",), owing)
    assert entry == replace(entry, figures=replace(entry.figures, delay_seconds=20))
    assert isinstance(entry, Entry) and entry.figures.mean_delay == Fraction(10, 86_400)
