"""A period of a county of a test's own, the rule by which it is owed there, and whether it is reviewed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from gateway.calendar import Cadence, Period
from tests.journeys.hatchery import Hatchery
from tests.journeys.world import FEED, World
from tests.presence.clocks import AT

PERIOD = Period.last_complete(Cadence.QUARTERLY, AT.date()).previous()
BATCH = f"{FEED}/{PERIOD}/r1"
Hatched = Callable[[datetime], Hatchery]
_MONTH_END = "    months_after: 1\n    day: last\n    judged_by: accepted\n"


def rule_by(world: World, rule: str) -> None:
    """The village accounts are owed by this at both nodes."""
    for site in (world.centre_site, world.front_end):
        path = site / "catalogue" / "due_rules.yaml"
        before, named, rules = path.read_text(encoding="utf-8").partition("  - id: village_finance\n")
        assert rules.count(_MONTH_END) == 1
        path.write_text(before + named + rules.replace(_MONTH_END, rule), encoding="utf-8")


def reviewed(world: World) -> None:
    """A batch of the village accounts waits at the front-end until a reviewer has released it."""
    for site in (world.centre_site, world.front_end):
        path = site / "catalogue" / "feeds" / f"{FEED}.yaml"
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text.replace("    mode: snapshot\n", "    mode: snapshot\n    review: required\n", 1), encoding="utf-8"
        )
