"""The review gate, the nil return and the closed year, from front-end to centre, killed at every step."""

from __future__ import annotations

import json
import re
import shutil
import signal
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.journeys.account import entries, events, held_rows, states, written
from tests.journeys.hatchery import Ended, Hatchery
from tests.journeys.world import FEED, PATIENCE, World, found_world, outside, own_source, read_from

HELD = ["landed", "sealed", "held"]
RELEASED = [*HELD, "released"]


@pytest.fixture(scope="module")
def gated(tmp_path_factory: pytest.TempPathFactory, source: Path, hatchery: Hatchery) -> Iterator[World]:
    """A county whose village finance is reviewed, every revision of it, with a centre that serves."""
    world = found_world(tmp_path_factory.mktemp("gated"), source, hatchery)
    for site in (world.centre_site, world.front_end):
        add_to_feed(site, "review: required")
    world.serve()
    yield world
    world.stop()


def add_to_feed(site: Path, line: str) -> None:
    path = site / "catalogue" / "feeds" / f"{FEED}.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("    mode: snapshot\n", f"    mode: snapshot\n    {line}\n", 1), encoding="utf-8")


def collected(world: World, *more: str, site: Path | None = None) -> str:
    """A quarter that was collected and waits."""
    period = next(world.quarters)
    ended = world.yizhan("run", "--period", period, "--by", "p001", *more, site=site)
    assert ended.code == 0, ended.err
    return period


def released(world: World, period: str, by: str = "p003", killed: str | None = None) -> Ended:
    return world.yizhan("release", f"{FEED}/{period}/r1", "--by", by, killed=killed)


def seen(world: World, period: str) -> tuple[list[str], list[str]]:
    """What the front-end's ledger and spool say."""
    return events(world.front_end, f"{FEED}/{period}/r1"), states(world.front_end, period)


def board(world: World, period: str, site: Path | None = None) -> str:
    ended = world.yizhan("status", "--json", site=site)
    assert ended.out, (ended.code, ended.err)
    document = json.loads(ended.out)
    return next(row["state"] for row in document["feeds"] if (row["feed"], row["period"]) == (FEED, period))


# --- the review gate --------------------------------------------------------------------------------------------------


def test_a_reviewed_batch_is_delivered_only_after_another_person_has_released_it(gated: World) -> None:
    period = collected(gated)
    assert gated.yizhan("deliver").code == 0
    assert seen(gated, period) == (HELD, ["held"])
    assert events(gated.centre_site, f"{FEED}/{period}/r1") == []
    for person, code in (("p001", "YZ-5040"), ("p004", "YZ-5040"), ("p777", "YZ-50")):
        refused = released(gated, period, person)
        assert refused.code != 0 and refused.err.startswith(f"[{code}"), refused.err
    assert seen(gated, period) == (HELD, ["held"])
    assert released(gated, period).code == 0
    assert seen(gated, period) == (RELEASED, ["ready"])
    assert gated.yizhan("deliver").code == 0
    assert seen(gated, period) == ([*RELEASED, "receipted"], ["done"])
    assert events(gated.centre_site, f"{FEED}/{period}/r1") == ["admitted", "loaded"]
    with outside(gated.centre_site / "warehouse.db") as database:
        found = database.execute("SELECT by, released_by FROM batches WHERE period = ?", (period,)).fetchall()
        assert found == [("p001", "p003")]
    gated.sound()


@pytest.mark.parametrize(
    ("moment", "written_then", "lies_in", "lies_after_deliver"),
    [
        pytest.param("call:gateway.spool.queue:Spool.endorse:1", HELD, "held", "held", id="before the paper"),
        pytest.param("return:gateway.spool.queue:Spool.endorse:1", HELD, "held", "held", id="before its line"),
        pytest.param("call:gateway.spool.queue:Spool.release:1", RELEASED, "held", "done", id="before the move"),
        pytest.param("return:gateway.spool.queue:Spool.release:1", RELEASED, "ready", "done", id="after it"),
    ],
)
def test_a_release_killed_there_lets_go_what_its_line_says_and_nothing_else(
    gated: World, moment: str, written_then: list[str], lies_in: str, lies_after_deliver: str
) -> None:
    period = collected(gated)
    assert released(gated, period, killed=moment).code == -9
    assert seen(gated, period) == (written_then, [lies_in])
    assert gated.yizhan("deliver").code == 0
    assert states(gated.front_end, period) == [lies_after_deliver]
    again = released(gated, period)
    assert again.code == 0, again.err  # released now, or it was before
    assert gated.yizhan("deliver").code == 0
    assert seen(gated, period) == ([*RELEASED, "receipted"], ["done"])
    assert held_rows(gated, period) > 0
    gated.sound()


@pytest.mark.parametrize(
    ("moment", "written_then", "lies_in"),
    [
        pytest.param("return:gateway.spool.draft:Draft.commit:1", ["landed"], "held", id="before it is entered"),
        pytest.param("call:gateway.journal:_enter_held:3", ["landed", "sealed"], "held", id="before it is held"),
    ],
)
def test_a_front_end_killed_after_it_sealed_holds_the_batch_all_the_same(
    gated: World, moment: str, written_then: list[str], lies_in: str
) -> None:
    period = next(gated.quarters)
    assert gated.yizhan("run", "--period", period, "--by", "p001", killed=moment).code == -9
    assert seen(gated, period) == (written_then, [lies_in])
    assert gated.yizhan("deliver").code == 0
    assert seen(gated, period) == (HELD, ["held"])
    assert released(gated, period).code == 0
    assert gated.yizhan("deliver").code == 0
    assert seen(gated, period) == ([*RELEASED, "receipted"], ["done"])


@pytest.mark.parametrize(
    ("moment", "lies_in", "lies_after"),
    [
        pytest.param("call:gateway.ledger.book:Ledger.append:1", "inflight", "done", id="before its line"),
        pytest.param("call:gateway.spool.queue:Spool.hold:1", "inflight", "held", id="before the move"),
        pytest.param("return:gateway.spool.queue:Spool.hold:1", "held", "held", id="after it"),
    ],
)
def test_a_hold_killed_there_stops_the_batch_if_its_line_says_so(
    world: World, moment: str, lies_in: str, lies_after: str
) -> None:
    period = next(world.quarters)
    assert world.yizhan("run", "--period", period, killed="call:gateway.deliver:drain:1").code == -9
    stopped = ("hold", f"{FEED}/{period}/r1", "--by", "农村财务管理站", "--reason", "待核对")
    assert world.yizhan(*stopped, killed=moment).code == -9
    assert states(world.front_end, period) == [lies_in]
    assert world.yizhan("deliver").code == 0
    assert states(world.front_end, period) == [lies_after]
    if lies_after == "held":
        assert released(world, period).code == 0
        assert world.yizhan("deliver").code == 0
    assert states(world.front_end, period) == ["done"]
    world.sound()


def test_a_batch_a_reviewer_rejected_comes_back_to_the_gate_and_not_past_it(gated: World) -> None:
    period = collected(gated)
    batch = f"{FEED}/{period}/r1"
    assert gated.yizhan("spool", "bury", batch, "--by", "p003", "--reason", "附件不全").code == 0
    assert seen(gated, period) == ([*HELD, "buried"], ["dead"])
    assert gated.yizhan("spool", "retry", batch, "--by", "p003").code == 0
    assert gated.yizhan("deliver").code == 0
    assert states(gated.front_end, period) == ["held"]
    assert gated.yizhan("spool", "bury", batch, "--by", "p003", "--reason", "附件不全").code == 0
    anew = gated.yizhan("run", "--period", period, "--by", "p001", "--json")
    assert json.loads(anew.out)["collected"][0]["batch"] == batch
    assert sorted(states(gated.front_end, period)) == ["dead", "held"]


def test_a_changed_batch_is_not_released(gated: World) -> None:
    period = collected(gated)
    (entry,) = entries(gated.front_end, period)
    payload = bytearray((entry / "payload").read_bytes())
    payload[-1] ^= 1
    (entry / "payload").write_bytes(payload)
    assert released(gated, period).err.startswith("[YZ-4403]")
    assert seen(gated, period) == (HELD, ["held"])
    assert not (entry / "release.p7s").exists()
    payload[-1] ^= 1
    (entry / "payload").write_bytes(payload)


def test_a_release_that_vanished_is_named_at_either_node(gated: World) -> None:
    """Nothing that was sealed says that there was one: the ledger does."""
    period = collected(gated)
    assert released(gated, period).code == 0
    (ready,) = entries(gated.front_end, period)
    assert named_without_its_release(gated, gated.front_end, ready) == f"ready/{ready.name}:release.p7s"
    assert gated.yizhan("deliver").code == 0
    for site in (gated.front_end, gated.centre_site):
        (done,) = entries(site, period)
        assert named_without_its_release(gated, site, done) == f"done/{done.name}:release.p7s"
    gated.sound()


def named_without_its_release(world: World, site: Path, entry: Path) -> str:
    """What `fsck` names while an entry's release is away."""
    paper = entry / "release.p7s"
    hidden = paper.rename(site / "release.p7s")
    ended = world.yizhan("fsck", site=site)
    hidden.rename(paper)
    assert ended.code == 1, ended.err
    (line,) = ended.out.splitlines()
    return re.fullmatch(r"\[YZ-6008\] 驿站条目损坏:(\S+)。.*", line).group(1)


def test_a_batch_that_slipped_past_the_gate_is_refused_by_the_centre_and_loaded_once_it_was_released(
    gated: World,
) -> None:
    period = next(gated.quarters)
    feed = gated.front_end / "catalogue" / "feeds" / f"{FEED}.yaml"
    strict = feed.read_text(encoding="utf-8")
    feed.write_text(strict.replace("    review: required\n", ""), encoding="utf-8")
    ended = gated.yizhan("run", "--period", period, "--by", "p001")
    feed.write_text(strict, encoding="utf-8")
    assert ended.code == 1 and "YZ-5043" in ended.out + ended.err
    batch = f"{FEED}/{period}/r1"
    assert [(one.event, one.code) for one in written(gated.centre_site, batch)] == [("refused", "YZ-5043")]
    assert gated.yizhan("spool", "retry", batch, "--by", "p003").code == 0
    assert gated.yizhan("hold", batch, "--by", "p003", "--reason", "补审核").code == 0
    assert released(gated, period).code == 0
    assert gated.yizhan("deliver").code == 0
    assert events(gated.centre_site, batch) == ["refused", "admitted", "loaded"]


def test_an_unattended_first_push_is_answered_for_by_the_sites_collector(gated: World) -> None:
    period = next(gated.quarters)
    refused = gated.yizhan("run", "--period", period)
    assert refused.code == 1 and "YZ-2074" in refused.err
    site = gated.front_end / "site.yaml"
    plain = site.read_text(encoding="utf-8")
    site.write_text(f"{plain}collector: p001\n", encoding="utf-8")
    assert gated.yizhan("run", "--period", period).code == 0
    site.write_text(f"{plain}collector: p003\n", encoding="utf-8")
    unfit = gated.yizhan("run", "--period", next(gated.quarters))
    site.write_text(plain, encoding="utf-8")
    assert unfit.code == 1 and "YZ-5040" in unfit.err
    assert seen(gated, period) == (HELD, ["held"])
    listed = json.loads(gated.yizhan("spool", "list", "--json").out)["entries"]
    assert [one["by"] for one in listed if one["period"] == period] == ["p001"]


# --- nil returns ------------------------------------------------------------------------------------------------------


def emptied(world: World, tmp_path: Path, period: str) -> None:
    """A source of this quarter alone, without a row."""
    source = own_source(world, period, tmp_path / "own.db")
    with outside(source) as database:
        database.execute("DELETE FROM cw_pz")
    read_from(world.county, source)


@pytest.fixture
def restored(world: World) -> Iterator[World]:
    """The plain county, whose front-end reads its own source again afterwards."""
    yield world
    read_from(world.county, world.source)


def declared(world: World, period: str, *more: str, by: str = "p004", killed: str | None = None) -> Ended:
    return world.yizhan("nil", FEED, "--period", period, "--by", by, *more, killed=killed)


def test_a_nil_return_is_signed_delivered_and_then_corrected_by_rows(restored: World, tmp_path: Path) -> None:
    world, period = restored, next(restored.quarters)
    emptied(world, tmp_path, period)
    assert "YZ-2009" in world.yizhan("run", "--period", period).err
    ended = declared(world, period, "--reason", "本季无收支")
    assert ended.code == 0, ended.err
    assert states(world.front_end, period) == ["done"]
    (entry,) = entries(world.front_end, period)
    assert (entry / "nil.p7s").exists()
    assert {board(world, period), board(world, period, world.centre_site)} == {"nil_late"}
    again = declared(world, period)
    assert again.code == 0 and "YZ-2012" in again.err
    assert world.yizhan("run", "--period", period).code == 0  # still empty: nothing new
    read_from(world.county, world.source)
    assert "YZ-2013" in world.yizhan("run", "--period", period).err
    assert world.yizhan("run", "--period", period, "--reason", "补报凭证", "--by", "p001").code == 0
    assert {board(world, period), board(world, period, world.centre_site)} == {"late"}
    assert held_rows(world, period) > 0
    assert "YZ-2076" in declared(world, period).err
    world.sound()


def test_a_whole_period_is_emptied_only_by_somebody_who_answers_for_it(restored: World, tmp_path: Path) -> None:
    world, period = restored, next(restored.quarters)
    assert world.yizhan("run", "--period", period).code == 0
    emptied(world, tmp_path, period)
    assert "YZ-2009" in world.yizhan("run", "--period", period).err
    assert held_rows(world, period) > 0
    ended = world.yizhan("run", "--period", period, "--reason", "账套建错", "--by", "p001", "--json")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["delivered"][0]["effect"]["removed"]["rows"] > 0
    assert held_rows(world, period) == 0
    world.sound()


@pytest.mark.parametrize(("by", "code"), [("p001", "YZ-5040"), ("p003", "YZ-5040"), ("p777", "YZ-5")])
def test_only_who_may_declare_declares(world: World, by: str, code: str) -> None:
    period = next(world.quarters)
    ended = declared(world, period, by=by)
    assert ended.code != 0 and f"[{code}" in ended.err
    assert entries(world.front_end, period) == []


def test_a_running_period_cannot_be_declared_empty(world: World) -> None:
    ended = world.yizhan("status", "--json")
    running = max(row["period"] for row in json.loads(ended.out)["feeds"] if row["feed"] == FEED)
    assert "[YZ-2077]" in declared(world, running).err


@pytest.mark.parametrize(
    "moment",
    [
        "call:gateway.spool.draft:Draft.commit:1",
        "return:gateway.spool.draft:Draft.commit:1",
        "call:gateway.deliver:drain:1",
        "call:gateway.spool.queue:Spool.settle:1",
    ],
)
def test_a_nil_return_killed_there_and_made_again_arrives_once(restored: World, tmp_path: Path, moment: str) -> None:
    world, period = restored, next(restored.quarters)
    emptied(world, tmp_path, period)
    assert declared(world, period, killed=moment).code == -9
    assert declared(world, period).code == 0
    assert states(world.front_end, period) == ["done"]
    assert events(world.centre_site, f"{FEED}/{period}/r1").count("loaded") == 1
    world.sound()


def test_a_reviewed_nil_return_waits_too(gated: World) -> None:
    period = next(gated.quarters)
    assert declared(gated, period).code == 0
    assert seen(gated, period) == (HELD, ["held"])
    assert released(gated, period).code == 0
    assert gated.yizhan("deliver").code == 0
    assert seen(gated, period) == ([*RELEASED, "receipted"], ["done"])


# --- the closed year --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory, source: Path, hatchery: Hatchery) -> Iterator[World]:
    """A county whose years of long ago are closed, as they should be."""
    world = found_world(tmp_path_factory.mktemp("frozen"), source, hatchery)
    for site in (world.centre_site, world.front_end):
        close_years(site)
    world.serve()
    yield world
    world.stop()


def close_years(site: Path) -> None:
    path = site / "catalogue" / "due_rules.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("2999-01-01", "2018-01-01"), encoding="utf-8")


def issued(world: World, period: str, file: Path, *, number: str, uses: int = 1) -> Path:
    ended = world.yizhan(
        "order", "issue", "--number", number, "--feed", FEED, "--first", period, "--last", period, "--uses", str(uses),
        "--until", until(), "--reason", "审计整改", "--by", "p101", "--out", str(file),
        site=world.centre_site,
    )  # fmt: skip
    assert ended.code == 0, ended.err
    return file


def until() -> str:
    return (date.today() + timedelta(days=30)).isoformat()


def test_a_closed_year_takes_a_batch_only_under_an_order_and_only_as_often_as_it_says(
    frozen: World, tmp_path: Path
) -> None:
    period, number = next(frozen.quarters), "常整改3号"
    refused = frozen.yizhan("run", "--period", period)
    assert refused.code == 1 and refused.err.startswith("[YZ-2070]"), refused.err
    assert "YZ-2072" in frozen.yizhan("run", "--period", period, "--order", number).err
    paper = issued(frozen, period, tmp_path / "order.p7s", number=number)
    assert frozen.yizhan("order", "import", str(paper)).code == 0
    assert "YZ-4713" in frozen.yizhan("run", "--period", next(frozen.quarters), "--order", number).err
    ended = frozen.yizhan("run", "--period", period, "--order", number)
    assert ended.code == 0, ended.err
    assert states(frozen.front_end, period) == ["done"]
    left = [json.loads(frozen.yizhan("order", "show", number, "--json", site=site).out)["left"]
            for site in (frozen.front_end, frozen.centre_site)]  # fmt: skip
    assert left == [0, 0]
    assert "YZ-2073" in frozen.yizhan("run", "--period", period, "--order", number, "--reason", "x", "--by", "y").err
    assert [one.event for one in written(frozen.centre_site) if one.event == "ordered"] == ["ordered"]
    frozen.sound()


def test_the_centre_counts_an_orders_uses_itself(frozen: World, tmp_path: Path) -> None:
    """A front-end whose memory of an order's uses was lost is told by the centre."""
    period, number = next(frozen.quarters), "常整改4号"
    paper = issued(frozen, period, tmp_path / "order.p7s", number=number)
    other = shutil.copytree(frozen.front_end, tmp_path / "other")
    assert frozen.yizhan("order", "import", str(paper)).code == 0
    assert frozen.yizhan("run", "--period", period, "--order", number).code == 0
    assert frozen.yizhan("order", "import", str(paper), site=other).code == 0
    ended = frozen.yizhan("run", "--period", period, "--order", number, site=other)
    assert ended.code == 1
    refusals = [one.code for one in written(frozen.centre_site, f"{FEED}/{period}/r1") if one.event != "admitted"]
    assert len(refusals) == 2


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        pytest.param("return:gateway.orders.office:enter_order:1", "K1", id="entered, not kept"),
        pytest.param("return:gateway.orders.store:Orders.keep:1", "K2", id="kept, not handed out"),
    ],
)
def test_issuing_killed_there_leaves_no_order_that_no_ledger_knows(
    frozen: World, tmp_path: Path, moment: str, number: str
) -> None:
    out = tmp_path / "order.p7s"
    arguments = (
        "order", "issue", "--number", number, "--feed", FEED, "--first", "2000Q1", "--last", "2000Q4", "--uses", "1",
        "--until", until(), "--reason", "整改", "--by", "p101", "--out", str(out),
    )  # fmt: skip
    assert frozen.yizhan(*arguments, site=frozen.centre_site, killed=moment).code == -9
    listed = json.loads(frozen.yizhan("order", "list", "--json", site=frozen.centre_site).out)
    kept = {one["number"] for one in listed["orders"]}
    entered = [one for one in written(frozen.centre_site) if one.event == "ordered"]
    assert len(entered) >= len(kept)
    assert listed["unusable"] == []
    again = frozen.yizhan(*arguments, site=frozen.centre_site)
    assert (again.code == 0) is (number not in kept), again.err


def test_what_was_loaded_before_the_year_closed_keeps_its_receipt(
    tmp_path: Path, source: Path, hatchery: Hatchery
) -> None:
    world = found_world(tmp_path / "wall", source, hatchery)
    period = next(world.quarters)
    world.serve()
    killed = world.yizhan("run", "--period", period, killed="call:gateway.envelope.receipt:check_receipt:1")
    assert (killed.code, states(world.front_end, period)) == (-9, ["inflight"])
    late = next(world.quarters)
    assert world.yizhan("run", "--period", late, killed="call:gateway.deliver:drain:1").code == -9
    world.stop()
    for site in (world.centre_site, world.front_end):
        close_years(site)
    world.serve()
    assert world.yizhan("deliver").code == 1
    assert states(world.front_end, period) == ["done"]
    assert states(world.front_end, late) == ["dead"]
    refusal = written(world.centre_site, f"{FEED}/{late}/r1")
    assert [(one.event, one.code) for one in refusal] == [("refused", "YZ-5041")]
    world.stop()


def test_a_batch_that_was_admitted_in_time_is_refused_if_the_year_closes_before_it_is_loaded(
    tmp_path: Path, source: Path, hatchery: Hatchery
) -> None:
    """What counts is the moment at which the data of the year would change."""
    world = found_world(tmp_path / "midnight", source, hatchery)
    period = next(world.quarters)
    batch = f"{FEED}/{period}/r1"
    world.serve(killed="call:gateway.warehouse.store:Warehouse.load:1")
    running = world.begin("run", "--period", period)
    assert world.has_died(lambda: running.ended() is not None)
    running.send(signal.SIGKILL)
    assert running.wait(PATIENCE).code == -9
    assert events(world.centre_site, batch) == ["admitted"]
    close_years(world.centre_site)
    world.serve()
    assert world.yizhan("deliver").code == 1
    assert [(one.event, one.code) for one in written(world.centre_site, batch)][-1] == ("refused", "YZ-5041")
    assert (states(world.front_end, period), held_rows(world, period)) == (["dead"], 0)
    world.stop()
