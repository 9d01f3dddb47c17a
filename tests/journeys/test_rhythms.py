"""Feeds of a week and of an event, from the source to the centre's ledger; and that nobody guesses an event."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from gateway.calendar import Period
from tests.journeys.account import events, states
from tests.journeys.hatchery import Hatchery
from tests.journeys.world import FEED, World, found_world, outside

RULES = {"weekly": "cadence: weekly, days_after: 2", "event": "cadence: event, workdays_after: 3"}
STARTS = {"weekly": "2000-W01", "event": "2000-01-01T0000"}
PERIODS = {
    "weekly": ("2003-W20", date(2003, 5, 12), date(2003, 5, 19)),
    "event": ("2003-05-12T0930", date(2003, 5, 12), date(2003, 5, 13)),
}
EXAMPLES = {"weekly": r"\d{4}-W\d\d", "event": r"\d{4}-\d\d-\d\dT0930"}
only_events = pytest.mark.parametrize("rhythm", ["event"], indirect=True)


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """A county whose village finance is owed by a rule of this cadence."""

    world: World
    cadence: str


@pytest.fixture(scope="module", params=["weekly", "event"])
def rhythm(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, source: Path, hatchery: Hatchery
) -> Iterator[Rhythm]:
    """With a centre that serves."""
    world = found_world(tmp_path_factory.mktemp("rhythm"), source, hatchery)
    for site in (world.centre_site, world.front_end):
        _give(site, request.param)
    world.serve()
    yield Rhythm(world=world, cadence=request.param)
    world.stop()


def _give(site: Path, cadence: str) -> None:
    rule = f"  - {{id: rhythm, title: 试行, {RULES[cadence]}, judged_by: accepted, article: 试行办法第三条}}"
    rules, feed = site / "catalogue" / "due_rules.yaml", site / "catalogue" / "feeds" / f"{FEED}.yaml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("due_rules:\n", f"due_rules:\n{rule}\n", 1))
    text = re.sub(r"^    due: .*$", "    due: rhythm", feed.read_text(encoding="utf-8"), flags=re.M)
    feed.write_text(re.sub(r"^    starts: .*$", f"    starts: {STARTS[cadence]}", text, flags=re.M))


def _rows(world: World, first: date, end: date) -> int:
    query = "SELECT count(*) FROM cw_pz WHERE pz_rq >= ? AND pz_rq < ?"
    with outside(world.source) as database:
        return database.execute(query, (first.isoformat(), end.isoformat())).fetchone()[0]


def test_a_period_of_each_cadence_goes_from_the_source_to_a_receipt(rhythm: Rhythm) -> None:
    world, (period, first, end) = rhythm.world, PERIODS[rhythm.cadence]
    batch, rows = f"{FEED}/{period}/r1", _rows(world, first, end)
    assert rows > 0
    ended = world.yizhan("run", FEED, "--period", period, "--json")
    assert ended.code == 0, ended.err
    collected = json.loads(ended.out)["collected"]
    assert [(one["period"], one["rows"], one["batch"]) for one in collected] == [(period, rows, batch)]
    assert events(world.front_end, batch) == ["landed", "sealed", "receipted"]
    assert states(world.front_end, period) == ["done"]
    assert "loaded" in events(world.centre_site, batch)
    believed = json.loads(world.yizhan("asof", FEED, "--period", period, "--json", site=world.centre_site).out)
    assert (believed["period"], believed["batch"], believed["rows"]) == (period, batch, rows)


def test_a_period_of_another_cadence_is_refused_with_an_example_of_the_feeds_own(rhythm: Rhythm) -> None:
    ended = rhythm.world.yizhan("run", FEED, "--period", "2003Q2")
    assert ended.code == 2
    assert re.search(rf"\[YZ-1018\] 2003Q2 不是 {FEED} .*{EXAMPLES[rhythm.cadence]}", ended.err), ended.err


@only_events
@pytest.mark.parametrize("command", [("run", FEED), ("probe", FEED), ("run", FEED, "--json")])
def test_whoever_names_a_feed_of_events_has_to_name_the_event(rhythm: Rhythm, command: tuple[str, ...]) -> None:
    ended = rhythm.world.yizhan(*command)
    assert (ended.code, ended.out) == (2, "")
    assert re.search(rf"\[YZ-1017\] {FEED} 按事件报送.*--period.*{EXAMPLES['event']}", ended.err), ended.err


@only_events
def test_a_run_of_all_feeds_leaves_those_of_events_out_and_says_so(rhythm: Rhythm) -> None:
    ended = rhythm.world.yizhan("run", "--json")
    assert (ended.code, json.loads(ended.out)["collected"]) == (0, [])
    assert f"请用 --period 指明事件:{FEED}" in ended.err


@only_events
def test_nothing_can_be_declared_of_an_event_as_soon_as_it_has_happened_and_not_before(rhythm: Rhythm) -> None:
    now = datetime.now(UTC)
    ahead, past = (str(Period.of_event(now + timedelta(minutes=minutes))) for minutes in (30, -2))
    refused = rhythm.world.yizhan("nil", FEED, "--period", ahead, "--by", "p004")
    assert refused.code == 1
    assert f"[YZ-2077] 不能零报送:{FEED} {ahead} 尚未结束" in refused.err
    declared = rhythm.world.yizhan("nil", FEED, "--period", past, "--by", "p004")
    assert declared.code == 0, declared.err
    assert "receipted" in events(rhythm.world.front_end, f"{FEED}/{past}/r1")
