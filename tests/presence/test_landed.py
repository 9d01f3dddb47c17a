"""What landed on the front-end machine is judged by the centre's clock, however wrong its own, over the wire.

Every node is real, the clocks are fixed, and the due is a whole minute that the two clocks lie on either side of.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.app import open_node
from gateway.app.facts import facts_of
from gateway.freshness import Row, State, board
from tests.journeys.world import FEED, World
from tests.presence.clocks import AHEAD, AT
from tests.presence.county import BATCH, PERIOD, Hatched, reviewed, rule_by

MINUTE = timedelta(minutes=1)
PASSED = 2 * MINUTE


def judged_by_landing(world: World, late_from: datetime) -> None:
    """At both nodes the period is owed on the front-end machine, before this whole minute."""
    last = late_from - timedelta(seconds=1)
    cutoff = "24:00" if last.date() != late_from.date() else f"{late_from:%H:%M}"
    days = (last.date() - PERIOD.end).days + 1
    rule_by(world, f'    days_after: {days}\n    cutoff: "{cutoff}"\n    judged_by: landed\n')


def row_of(site: Path) -> Row:
    node = open_node(site, {})
    found = board(node.owed, facts_of(node), datetime.now(UTC) + 5 * PASSED)
    return next(row for row in found if (row.feed, row.period) == (FEED, PERIOD))


def test_a_clock_that_is_slow_does_not_make_what_landed_late_look_punctual(county: World, hatched: Hatched) -> None:
    judged_by_landing(county, AT.replace(second=0, microsecond=0))
    slow = replace(county, hatchery=hatched(AT - AHEAD))
    county.serve()
    ended = slow.yizhan("run", "--period", str(PERIOD))
    county.stop()
    assert ended.code == 0, ended.err
    for site in (county.centre_site, county.front_end):
        row = row_of(site)
        assert row.landed_at is not None
        assert row.landed_at <= row.due < AT == row.decided_at
        assert (row.state, row.landed_corrected) == (State.LATE, row.landed_at + timedelta(seconds=76))


def test_a_clock_that_is_fast_does_not_condemn_what_landed_in_time_and_came_later(
    county: World, hatched: Hatched
) -> None:
    judged_by_landing(county, AT.replace(second=0, microsecond=0) + MINUTE)
    landing, later = (replace(county, hatchery=hatched(AT + AHEAD + passed)) for passed in (timedelta(), PASSED))
    centre = replace(county, hatchery=hatched(AT + PASSED))
    reviewed(county)
    assert landing.yizhan("run", "--period", str(PERIOD), "--by", "p001").code == 0
    assert later.yizhan("release", BATCH, "--by", "p003").code == 0
    centre.serve()
    ended = later.yizhan("deliver")
    centre.stop()
    assert ended.code == 0, ended.err
    for site in (county.centre_site, county.front_end):
        row = row_of(site)
        assert row.landed_at is not None
        assert row.landed_at > row.due
        assert row.receipted_at == AT + PASSED
        assert (row.state, row.decided_at) == (State.ON_TIME, row.landed_corrected)
        assert row.landed_corrected == row.landed_at - timedelta(seconds=75)
