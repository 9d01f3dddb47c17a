"""A front library is told what became of its rows: once, after the receipt, and only where they are unchanged."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.journeys.hatchery import Hatchery
from tests.journeys.library import HANDSHAKE, Department, found_library, rewrite
from tests.journeys.world import FEED, outside

DONE = ["landed", "sealed", "receipted", "acknowledged"]
SEALED = "call:gateway.deliver:drain:1"
WHY = ("--reason", "大额项目", "--by", "p001")
BAD = "43048210020"  # a digit short


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory, hatchery: Hatchery) -> Iterator[Department]:
    department = found_library(tmp_path_factory.mktemp("library"), hatchery, HANDSHAKE)
    yield department
    department.world.stop()


@pytest.fixture
def department(county: Department) -> Department:
    """The same, with an empty table and a centre that serves."""
    with outside(county.path) as database:
        database.execute("DELETE FROM qzk_pz")
    county.world.serve()
    county.line += 1
    return county


@pytest.fixture
def period(department: Department) -> str:
    return next(department.world.quarters)


def test_rows_are_marked_after_the_receipt_and_the_digests_go(department: Department, period: str) -> None:
    department.add("a")
    department.add("b", village=BAD)
    ended = department.world.yizhan("run", "--period", period, "--json")
    assert ended.code == 0, ended.err
    (told,) = json.loads(ended.out)["acknowledged"]
    assert (told["batch"], told["rows"], told["code"]) == (f"{FEED}/{period}/r1", 2, None)
    assert department.signs() == {"a": "1", "b": "9"}
    assert department.row("a")[2] is None
    reasons = department.row("b")[2]
    assert reasons.startswith("村代码:") and len(reasons) <= 30
    assert BAD not in reasons
    assert department.events(period) == DONE
    assert department.digests() == []
    department.world.sound()


def test_nothing_is_marked_while_the_centre_has_not_answered(department: Department, period: str) -> None:
    department.add("a")
    assert department.world.yizhan("run", "--period", period, killed=SEALED).code == -9
    assert department.signs() == {"a": "0"}
    assert len(department.digests()) == 1
    assert department.world.yizhan("deliver").code == 0
    assert department.signs() == {"a": "1"}
    assert department.digests() == []


def test_an_update_of_a_row_already_taken_reaches_the_centre(department: Department, period: str) -> None:
    department.add("a", fen=100)
    assert department.world.yizhan("run", "--period", period).code == 0
    department.change("a", 150)
    again = department.world.yizhan("run", "--period", period, "--reason", "金额更正", "--by", "p001")
    assert again.code == 0, again.err
    assert department.held(period) == {"a": 150}
    assert department.signs() == {"a": "1"}


def test_an_update_before_the_mark_is_not_lost(department: Department, period: str) -> None:
    department.add("a", fen=100)
    department.add("b")
    moment = "call:adapters.odbc.marking:mark:1"
    assert department.world.yizhan("run", "--period", period, killed=moment).code == -9
    department.change("a", 150)
    assert department.world.yizhan("deliver").code == 0
    assert department.signs() == {"a": "0", "b": "1"}
    again = department.world.yizhan("run", "--period", period, "--reason", "金额更正", "--by", "p001")
    assert again.code == 0, again.err
    assert department.held(period) == {"a": 150, "b": 100}
    assert department.signs() == {"a": "1", "b": "1"}


def test_a_row_that_went_back_to_what_was_delivered_first_is_read_again(department: Department, period: str) -> None:
    """Delivered with 100 and not marked, delivered with 150, changed back to 100: the centre must not keep 150."""
    department.add("a", fen=100)
    world, later = department.world, next(department.world.quarters)
    assert world.yizhan("run", "--period", period, killed="call:adapters.odbc.marking:mark:1").code == -9
    department.change("a", 150)
    assert world.yizhan("run", "--period", later, killed=SEALED).code == -9  # tells of the first, seals the second
    department.add("z")
    department.change("a", 100)
    assert world.yizhan("deliver").code == 0
    assert department.signs() == {"a": "0", "z": "0"}
    assert department.held(later) == {"a": 150}
    again = world.yizhan("run", "--period", later, "--reason", "改回", "--by", "p001")
    assert again.code == 0, again.err
    assert department.held(later) == {"a": 100, "z": 100}


def test_several_batches_that_wait_are_each_told(department: Department, period: str) -> None:
    world, later = department.world, next(department.world.quarters)
    department.add("a")
    assert world.yizhan("run", "--period", period, killed=SEALED).code == -9
    department.add("b")
    assert world.yizhan("run", "--period", later, killed=SEALED).code == -9
    assert len(department.digests()) == 2
    ended = world.yizhan("deliver", "--json")
    assert [one["rows"] for one in json.loads(ended.out)["acknowledged"]] == [0, 2]  # the second holds both
    assert department.signs() == {"a": "1", "b": "1"}
    assert (department.events(period), department.events(later)) == (
        DONE,
        DONE,
    )


@pytest.mark.parametrize(
    ("moment", "marked", "lines"),
    [
        pytest.param("call:gateway.collect.onward:keep:1", False, [], id="before the bookmark"),
        pytest.param("return:gateway.bookmarks.shelf:Bookmarks.keep:1", False, [], id="bookmark without a batch"),
        pytest.param("call:gateway.spool.draft:Draft.commit:1", False, ["landed"], id="before the spool has it"),
        pytest.param("call:gateway.spool.queue:Spool.settle:1", False, DONE[:3], id="receipt in the ledger"),
        pytest.param("return:gateway.spool.queue:Spool.settle:1", False, DONE[:3], id="settled"),
        pytest.param("call:adapters.odbc.marking:_commit:1", False, DONE[:3], id="before the commit"),
        pytest.param("return:adapters.odbc.marking:_commit:1", True, DONE[:3], id="before the line"),
        pytest.param("call:gateway.bookmarks.shelf:Bookmarks.forget_rows:1", True, DONE, id="before the clearing"),
    ],
)  # fmt: skip
def test_a_front_end_killed_there_and_run_again_marks_every_row_once(
    department: Department, period: str, moment: str, marked: bool, lines: list[str]
) -> None:
    department.add("a")
    department.add("b", village=BAD)
    assert department.world.yizhan("run", "--period", period, killed=moment).code == -9
    assert department.signs() == ({"a": "1", "b": "9"} if marked else {"a": "0", "b": "0"})
    assert department.events(period) == lines
    before = department.row("a")
    ended = department.world.yizhan("run", "--period", period)
    assert ended.code == 0, ended.err
    assert department.signs() == {"a": "1", "b": "9"}
    assert department.row("a") == before or not marked
    assert department.held(period) == {"a": 100}
    assert department.events(period)[-len(DONE[1:]) :] == DONE[1:]
    assert department.events(period).count("acknowledged") == 1
    assert department.digests() == []
    department.world.sound()


def test_a_source_that_cannot_be_marked_leaves_the_delivery_and_is_told_later(
    department: Department, period: str
) -> None:
    department.add("a")
    world = department.world
    with outside(department.path) as database:
        database.execute("CREATE TRIGGER no BEFORE UPDATE ON qzk_pz BEGIN SELECT RAISE(ABORT, '王某'); END")
    ended = world.yizhan("run", "--period", period, "--json")
    (told,) = json.loads(ended.out)["acknowledged"]
    assert (ended.code, told["code"], told["rows"]) == (75, "YZ-2030", None)
    assert "YZ-2030" in ended.err and "王某" not in ended.err + ended.out
    assert department.held(period) == {"a": 100}
    assert department.events(period) == [*DONE[:3], "unacknowledged"]
    with outside(department.path) as database:
        database.execute("DROP TRIGGER no")
    assert department.signs() == {"a": "0"}
    assert world.yizhan("deliver").code == 0
    assert department.signs() == {"a": "1"}
    assert department.events(period) == [*DONE[:3], "unacknowledged", "acknowledged"]
    world.sound()


def test_a_period_of_which_all_is_taken_is_unchanged_when_it_is_run_again(department: Department, period: str) -> None:
    department.add("a")
    assert department.world.yizhan("run", "--period", period).code == 0
    again = department.world.yizhan("run", "--period", period, "--json")
    assert (again.code, json.loads(again.out)["collected"][0]["code"]) == (0, "YZ-2012")


def test_what_is_kept_of_rows_holds_none_of_their_values(department: Department, period: str) -> None:
    for number in range(50):
        department.add(f"guid-{number:02d}", fen=7_654_321)
    assert department.world.yizhan("run", "--period", period, *WHY, killed=SEALED).code == -9
    (digests,) = department.digests()
    kept = digests.read_bytes() + digests.with_suffix(".json").read_bytes()
    assert digests.stat().st_size == 50 * 34
    for value in ("guid-07", "王某", "某村", "7654321", "430482100201"):
        assert value.encode() not in kept
    assert (digests.stat().st_mode | digests.with_suffix(".json").stat().st_mode) & 0o077 == 0
    rows = {kept[at : at + 16] for at in range(0, 50 * 34, 34)}
    assert len(rows) == 50


def test_a_snapshot_cannot_have_a_handshake(department: Department, period: str) -> None:
    department.add("a")
    site = department.world.front_end
    rewrite(site, HANDSHAKE, mode="snapshot")
    try:
        ended = department.world.yizhan("run", "--period", period)
    finally:
        rewrite(site, HANDSHAKE)
    assert (ended.code, "YZ-1001" in ended.err) == (2, True)
    assert department.signs() == {"a": "0"}


def test_a_damaged_bookmark_is_told_by_name_and_marks_nothing(department: Department, period: str) -> None:
    department.add("a")
    world = department.world
    assert world.yizhan("run", "--period", period, killed="call:adapters.odbc.marking:mark:1").code == -9
    (digests,) = department.digests()
    whole = digests.read_bytes()
    digests.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    ended = world.yizhan("deliver")
    assert (ended.code, "YZ-2031" in ended.err) == (1, True)
    assert department.signs() == {"a": "0"}
    digests.write_bytes(whole)
    assert world.yizhan("deliver").code == 0
    assert department.signs() == {"a": "1"}


def test_the_ledger_list_names_the_event_in_chinese(department: Department, period: str) -> None:
    department.add("a")
    assert department.world.yizhan("run", "--period", period).code == 0
    listed = department.world.yizhan("ledger", "show", f"{FEED}/{period}/r1")
    assert "已回写" in listed.out
