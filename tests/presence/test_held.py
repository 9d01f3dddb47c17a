"""What waits for a reviewer at a front-end is on the centre's board from the heartbeat that says so on."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from tests.journeys.world import FEED, World
from tests.presence.clocks import AT
from tests.presence.county import BATCH, PERIOD, Hatched, reviewed, rule_by

LATER = timedelta(minutes=2)


def row_of(world: World, *more: str) -> dict[str, object]:
    """The period on the centre's board."""
    ended = world.yizhan("status", "--json", *more, site=world.centre_site)
    return next(row for row in json.loads(ended.out)["feeds"] if (row["feed"], row["period"]) == (FEED, str(PERIOD)))


def test_the_board_of_a_centre_shows_a_hold_while_it_lasts_and_never_before_or_after(
    county: World, hatched: Hatched
) -> None:
    rule_by(county, "    days_after: 366\n    judged_by: accepted\n")
    reviewed(county)
    later = replace(county, hatchery=hatched(AT + LATER))
    assert county.yizhan("run", "--period", str(PERIOD), "--by", "p001").code == 0
    assert row_of(county)["state"] == "not_due"  # nobody has told the centre
    county.serve()
    assert county.yizhan("heartbeat").code == 0
    county.stop()
    held = row_of(county)
    assert (held["state"], held["held_since"], held["stage"]) == ("held", AT.isoformat(timespec="seconds"), None)
    assert later.yizhan("release", BATCH, "--by", "p003").code == 0
    later.serve()
    assert later.yizhan("heartbeat").code == 0
    later.stop()
    freed = row_of(later)
    assert (freed["state"], freed["held_since"]) == ("not_due", None)
    for moment in (AT, AT + LATER - timedelta(milliseconds=1)):
        assert row_of(later, "--at", moment.isoformat()) == held
    assert row_of(later, "--at", (AT - timedelta(milliseconds=1)).isoformat())["state"] == "not_due"
