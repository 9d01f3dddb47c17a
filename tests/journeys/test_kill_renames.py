"""A node that is killed before each of its renames in turn, whatever they are for: everything arrives exactly once."""

from __future__ import annotations

from tests.journeys.account import assert_arrived_once, loads
from tests.journeys.killing import ends_well, killed_while_running
from tests.journeys.world import World


def test_a_front_end_killed_before_any_rename_and_run_again_delivers_exactly_once(world: World) -> None:
    before, periods = loads(world), []
    while True:
        period = next(world.quarters)
        ended = world.yizhan("run", "--period", period, killed=f"rename:{len(periods) + 1}")
        if ended.code == 0:
            break
        assert ended.code == -9
        periods.append(period)
        again = world.yizhan("run", "--period", period)
        assert again.code == 0, again.err
        assert_arrived_once(world, period)
    assert len(periods) >= 4  # into ready, into inflight, the receipt, into done
    assert loads(world) == before + len(periods) + 1
    world.sound()


def test_a_centre_killed_before_any_rename_and_started_again_loads_exactly_once(either: World) -> None:
    before, periods = loads(either), []
    while True:
        periods.append(period := next(either.quarters))
        run = killed_while_running(either, f"rename:{len(periods)}", period)
        if run is None:
            break
        either.serve()
        ends_well(run)
        assert_arrived_once(either, period)
    assert len(periods) > 5  # into partial, ready, inflight, the receipt, into done
    assert loads(either) == before + len(periods)
    either.stop()
    either.sound()
