"""The tray: states are directories, a transition is one rename, and reports go out in their order, once each."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.agent import Key, State, Tray
from gateway.agent.folders import Begun, mark_of
from gateway.errors import AgentRunning, SpoolUnavailable
from gateway.instructions import InstructionReport, encode_report

KEY = Key(number="20261123-bcdfghjklm", centre="changning")
OTHER = Key(number="20261124-bcdfghjklm", centre="changning")


@pytest.fixture
def tray(tmp_path: Path) -> Tray:
    return Tray(tmp_path / "agent")


def report(seq: int, state: str = "running") -> bytes:
    return encode_report(InstructionReport(seq=seq, state=state, stage="collecting"))


def sent(tray: Tray) -> list[tuple[str, int]]:
    """What is sent now, acknowledged one after the other."""
    reports = tray.pending()
    for one in reports:
        tray.acknowledge(one)
    return [(one.key.number, one.seq) for one in reports]


def test_an_instruction_goes_through_its_states_and_is_found_in_each(tray: Tray, tmp_path: Path) -> None:
    assert tray.state(KEY) is None
    tray.put(KEY, b"paper", b"order")
    assert (tray.state(KEY), tray.document(KEY), tray.paper(KEY)) == (State.RECEIVED, b"paper", b"order")
    assert tray.begin(KEY, 7) == Begun(position=7, times=1)
    assert tray.state(KEY) is State.RUNNING
    tray.end(KEY, report(1, "done"))
    assert (tray.state(KEY), tray.waiting()) == (State.DONE, [])
    folder = tmp_path / "agent" / "done" / "20261123-bcdfghjklm@changning"
    assert sorted(path.name for path in folder.iterdir()) == [
        "begun.json",
        "instruction.p7s",
        "order.p7s",
        "outcome.json",
    ]
    assert [oct(path.stat().st_mode & 0o777) for path in (folder, folder / "instruction.p7s")] == ["0o700", "0o600"]


def test_what_was_begun_is_carried_on_from_where_it_was_begun_first(tray: Tray, tmp_path: Path) -> None:
    tray.put(KEY, b"paper", None)
    tray.begin(KEY, 7)
    again = Tray(tmp_path / "agent")
    assert again.begin(KEY, 99) == Begun(position=7, times=2)
    assert again.paper(KEY) is None


def test_what_was_begun_comes_before_what_is_to_be_begun(tray: Tray) -> None:
    tray.put(KEY, b"paper", None)
    tray.put(OTHER, b"paper", None)
    tray.begin(OTHER, 1)
    assert tray.waiting() == [OTHER, KEY]


@pytest.mark.parametrize("state", [State.RECEIVED, State.RUNNING, State.DONE])
def test_an_instruction_that_is_here_is_not_taken_twice(tray: Tray, state: State) -> None:
    tray.put(KEY, b"paper", None)
    if state is not State.RECEIVED:
        tray.begin(KEY, 1)
    if state is State.DONE:
        tray.end(KEY, report(1, "done"))
    tray.put(KEY, b"another", None)
    assert (tray.state(KEY), tray.document(KEY)) == (state, b"paper")


def test_a_refused_paper_does_not_use_up_its_number(tray: Tray) -> None:
    refused = Key(number=KEY.number, centre=KEY.centre, mark=mark_of(b"bad"))
    tray.refuse(refused, b"bad", report(1))
    tray.put(KEY, b"good", None)
    assert (tray.state(refused), tray.state(KEY)) == (State.REFUSED, State.RECEIVED)
    assert Key.parse(refused.name) == refused
    assert tray.waiting() == [KEY]


def test_reports_are_sent_in_their_order_and_the_last_one_last(tray: Tray) -> None:
    tray.put(KEY, b"paper", None)
    tray.begin(KEY, 1)
    for seq in (1, 2, 3):
        assert tray.next_seq(KEY) == seq
        tray.tell(KEY, seq, report(seq))
    tray.end(KEY, report(tray.next_seq(KEY), "done"))
    assert sent(tray) == [(KEY.number, seq) for seq in (1, 2, 3, 4)]
    assert sent(tray) == []


def test_reports_are_there_after_a_crash_and_numbers_go_on(tray: Tray, tmp_path: Path) -> None:
    tray.put(KEY, b"paper", None)
    tray.begin(KEY, 1)
    tray.tell(KEY, 1, report(1))
    tray.tell(KEY, 2, report(2))
    tray.acknowledge(tray.pending()[0])
    again = Tray(tmp_path / "agent")
    assert again.next_seq(KEY) == 3
    assert [one.seq for one in again.pending()] == [2]
    assert sent(again) == [(KEY.number, 2)]
    assert Tray(tmp_path / "agent").next_seq(KEY) == 3


def test_a_report_acknowledged_after_its_folder_moved_is_acknowledged(tray: Tray) -> None:
    """The sender took it while the instruction was running; by now it is done."""
    tray.put(KEY, b"paper", None)
    tray.begin(KEY, 1)
    tray.tell(KEY, 1, report(1))
    (taken,) = tray.pending()
    tray.end(KEY, report(2, "done"))
    tray.acknowledge(taken)
    assert [one.seq for one in tray.pending()] == [2]


def test_the_last_report_is_sent_again_when_the_office_has_forgotten_it(tray: Tray) -> None:
    tray.put(KEY, b"paper", None)
    tray.begin(KEY, 1)
    tray.end(KEY, report(1, "done"))
    assert sent(tray) == [(KEY.number, 1)]
    tray.repeat(KEY)
    assert sent(tray) == [(KEY.number, 1)]


def test_an_end_cut_off_before_the_folder_moved_is_repeated_with_the_same_report(tray: Tray, tmp_path: Path) -> None:
    tray.put(KEY, b"paper", None)
    tray.begin(KEY, 1)
    (tmp_path / "agent" / "running" / KEY.name / "outcome.json").write_bytes(report(1, "done"))
    assert tray.ended(KEY) == report(1, "done")
    tray.end(KEY, report(9, "done"))
    assert (tray.state(KEY), tray.ended(KEY)) == (State.DONE, report(1, "done"))


def test_one_agent_keeps_the_others_out_and_what_a_dead_one_was_writing_is_cleared(tray: Tray, tmp_path: Path) -> None:
    tray.put(KEY, b"paper", None)
    (tmp_path / "agent" / ".part-0123").mkdir()
    half = tmp_path / "agent" / "received" / KEY.name / ".begun.json.12ab34cd"
    half.write_bytes(b"{")
    with tray.alone():
        assert not half.exists()
        assert not list((tmp_path / "agent").glob(".part-*"))
        with pytest.raises(AgentRunning):
            Tray(tmp_path / "agent").alone()
    with tray.alone():
        assert tray.waiting() == [KEY]


def test_a_place_that_is_no_directory_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(SpoolUnavailable):
        Tray(tmp_path / "nowhere" / "agent")
