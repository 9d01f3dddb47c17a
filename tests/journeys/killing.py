"""A centre that dies during a front-end's command, on either store."""

from __future__ import annotations

from pathlib import Path

from tests.journeys.hatchery import Command
from tests.journeys.stores import entered_by
from tests.journeys.world import PATIENCE, World

COMMIT = "COMMIT"
"""In a moment: the function that commits, whose name is another one on each store."""
LOADED = f"{COMMIT}:3"
"""The load's commit: before it come those of who was heard and of the admission."""
_COMMIT_OF_A_FILE = "gateway.database.sqlite:Sqlite.commit"
_COMMIT_OF_A_SERVER = "gateway.database.postgres:Postgres.commit"


def killed_while_running(
    world: World, moment: str, period: str, *more: str, site: Path | None = None
) -> Command | None:
    """A run of a front-end during which the centre died; None if it survived it, and the run is over."""
    commit = _COMMIT_OF_A_SERVER if entered_by(world.centre_site) else _COMMIT_OF_A_FILE
    world.serve(killed=moment.replace(COMMIT, commit))
    run = world.begin("run", "--period", period, *more, site=site)
    if world.has_died(lambda: run.ended() is not None):
        return run
    ends_well(run)
    return None


def ends_well(run: Command) -> None:
    ended = run.wait(PATIENCE)
    assert ended.code == 0, ended.err
