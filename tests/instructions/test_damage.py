"""A damaged row of the book stops no other: it is ended with its code, told, and found by fsck. On both products."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.errors import InstructionDamaged
from gateway.instructions import Damaged, Heard, InstructionReport, State, Wanted
from gateway.ledger import EventKind
from tests.instructions.conftest import ORDER, Centre
from tests.instructions.test_book import DONE, RUNNING
from tests.peers.stores import stranger

Collect = Callable[..., Wanted]
ROT = [
    pytest.param("UPDATE instructions SET document = substr(document, 1, 700) WHERE number = ?", id="cut short"),
    pytest.param("UPDATE instructions SET document = substr(document, 1, 0) WHERE number = ?", id="emptied"),
    pytest.param("UPDATE instructions SET document = paper WHERE number = ?", id="another paper in its place"),
    pytest.param("UPDATE instructions SET paper = NULL WHERE number = ?", id="its order gone"),
    pytest.param("UPDATE instructions SET paper = substr(paper, 1, 0) WHERE number = ?", id="its order emptied"),
    pytest.param("UPDATE instructions SET period = '2026-09' WHERE number = ?", id="moved to another period"),
    pytest.param("UPDATE instructions SET outcome = '{' WHERE number = ?", id="no JSON"),
    pytest.param("UPDATE instructions SET fetched_at = 'yesterday' WHERE number = ?", id="no moment"),
]


def hurt(centre: Centre, statement: str, number: str) -> None:
    with stranger(centre.where) as other:
        other.execute(statement, (number,))


def ordered(collect: Collect, request: str = "run-1") -> Wanted:
    return collect(request, reason="审计整改", by="值班员", order=ORDER)


@pytest.mark.parametrize("statement", ROT)
def test_a_damaged_one_is_ended_and_the_others_of_its_department_are_handed_out(
    centre: Centre, collect: Collect, statement: str
) -> None:
    book = centre.book()
    bad, good = book.issue(ordered(collect)).number, book.issue(collect("run-2", period="2026-08")).number
    hurt(centre, statement, bad)
    assert [one.number for one in book.give("finance")] == [good]
    (concluded,) = centre.lines(EventKind.CONCLUDED)
    assert (concluded.code, concluded.said.number, concluded.said.department) == (
        InstructionDamaged.code, bad, "finance",
    )  # fmt: skip
    assert [one.number for one in book.give("finance", [good])] == []
    assert book.report("finance", good, DONE).state is State.DONE
    assert book.issue(collect("run-3")).fresh, "the period can be instructed again"
    assert len(centre.lines(EventKind.CONCLUDED)) == 2


@pytest.mark.parametrize("statement", ROT[:3])
def test_the_list_tells_it_beside_the_others_and_whoever_asks_for_it_is_told_why(
    centre: Centre, collect: Collect, statement: str
) -> None:
    book = centre.book()
    bad, good = book.issue(ordered(collect)).number, book.issue(collect("run-2", period="2026-08")).number
    hurt(centre, statement, bad)
    newest, oldest = book.newest(10)
    assert newest.number == good
    assert oldest == Damaged(number=bad, department="finance", feed="finance.onecard", period="2026-10", ended=True)
    assert sorted(book.open()) == [good]
    for ask in (
        lambda: book.show(bad), lambda: book.withdraw(bad, "值班员"), lambda: book.paper(bad),
        lambda: book.issue(ordered(collect)),
    ):  # fmt: skip
        with pytest.raises(InstructionDamaged) as damaged:
            ask()
        assert damaged.value.facts == {"number": bad}
    assert len(centre.lines(EventKind.CONCLUDED)) == 1


def test_a_front_end_that_has_it_already_is_heard_out_and_sends_nothing_again(centre: Centre, collect: Collect) -> None:
    book = centre.book()
    bad = book.issue(ordered(collect)).number
    book.give("finance")
    book.report("finance", bad, RUNNING)
    hurt(centre, "UPDATE instructions SET document = substr(document, 1, 700) WHERE number = ?", bad)
    assert book.give("finance", [bad]) == ()
    for report in (InstructionReport(seq=2, state="running", stage="delivering"), DONE):
        assert book.report("finance", bad, report) == Heard(number=bad, state=State.FAILED, seq=report.seq)
    (concluded,) = centre.lines(EventKind.CONCLUDED)
    assert concluded.code == InstructionDamaged.code


def test_what_is_damaged_changed_or_gone_is_a_fault_of_the_book(centre: Centre, collect: Collect) -> None:
    """A byte of the signature too, which nobody but the front-end looks at when it is handed out."""
    book = centre.book()
    numbers = [book.issue(collect(f"run-{n}", period=f"2026-0{n}")).number for n in range(1, 6)]
    assert list(book.faults()) == []
    signature = bytearray(book.paper(numbers[0]).document)
    signature[-3] ^= 1
    with stranger(centre.where) as other:
        other.execute("UPDATE instructions SET document = ? WHERE number = ?", (bytes(signature), numbers[0]))
    hurt(centre, "UPDATE instructions SET document = substr(document, 1, 9) WHERE number = ?", numbers[1])
    hurt(centre, "UPDATE instructions SET state = 'asleep' WHERE number = ?", numbers[2])
    hurt(centre, "DELETE FROM instructions WHERE number = ?", numbers[3])
    assert [fault.facts["number"] for fault in book.faults()] == numbers[:4]
    assert centre.lines(EventKind.CONCLUDED) == [], "looking changes nothing"


@pytest.mark.parametrize("product", ["sqlite"], indirect=True)  # the other takes no such value
@pytest.mark.parametrize("column", ["document", "paper", "seq", "lines", "done", "advice", "ended_at"])
def test_a_value_of_another_type_where_the_file_takes_any_is_damage_like_other_damage(
    centre: Centre, collect: Collect, column: str
) -> None:
    book = centre.book()
    bad, good = book.issue(ordered(collect)).number, book.issue(collect("run-2", period="2026-08")).number
    hurt(centre, f"UPDATE instructions SET {column} = 'x' WHERE number = ?", bad)
    assert good in book.open()
    assert [fault.facts["number"] for fault in book.faults()] == [bad]
    assert [one.number for one in book.give("finance")] == [good]
    assert [one.number for one in book.newest(10)] == [good, bad]
    (concluded,) = centre.lines(EventKind.CONCLUDED)
    assert (concluded.code, concluded.said.number) == (InstructionDamaged.code, bad)
