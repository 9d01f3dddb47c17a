"""A centre that is killed in the middle of a correction: on either store its effect is that of an undisturbed one.

Each period holds the same vouchers, of the same day, and is corrected in the same way; so every receipt has to tell the
same, whatever happened on the way to it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.calendar import Period
from gateway.demo.county import County
from gateway.envelope.receipt import Receipt, peek
from tests.journeys.account import events, held_rows
from tests.journeys.killing import LOADED, ends_well, killed_while_running
from tests.journeys.stores import entered_by
from tests.journeys.test_again import receipt_at
from tests.journeys.test_corrections import WHY, correct
from tests.journeys.world import CURRENT, FEED, World, copy_site, outside, own_source, read_from
from tests.peers.stores import stranger

MODEL = "2010Q2"
HISTORY = CURRENT.replace("current", "history")
WAREHOUSE = "gateway.warehouse"
BEFORE = {
    "staged": f"call:{WAREHOUSE}.judging:judge:1",
    "judged": f"return:{WAREHOUSE}.judging:judge:1",
    "replaced rows are in the history": f"call:{WAREHOUSE}.removal:_moved:1",
    "removed rows too": f"return:{WAREHOUSE}.removal:supersede:1",
    "new rows are in": f"return:{WAREHOUSE}.merge:_write:1",
    "before the ledger's line": f"return:{WAREHOUSE}.record:digest:1",
    "after the ledger's line": "call:gateway.receive.journey:Reception._issue:1",
    "before COMMIT": f"call:{LOADED}",
}
AFTER = {"after COMMIT": f"return:{LOADED}"}


@pytest.fixture(scope="module")
def undisturbed(county_on_sqlite: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[object, ...]:
    """What a correction that nobody killed is answered with; its own three kinds of change are all in it."""
    county = county_on_sqlite
    county.serve()
    period, site = delivered(county, tmp_path_factory.mktemp("undisturbed"))
    ends_well(county.begin("run", "--period", period, *WHY, site=site))
    said = peek(receipt_at(site, period, revision=2))
    effect = said.effect
    assert [one.rows for one in (effect.added, effect.changed, effect.replaced, effect.removed)] == [1, 3, 3, 2]
    return told(said)


@pytest.mark.parametrize(("moment", "loaded"), [
    *(pytest.param(moment, False, id=name) for name, moment in BEFORE.items()),
    *(pytest.param(moment, True, id=name) for name, moment in AFTER.items()),
])  # fmt: skip
def test_a_correction_during_which_the_centre_died_has_the_effect_of_an_undisturbed_one(
    either: World, undisturbed: tuple[object, ...], moment: str, loaded: bool, tmp_path: Path
) -> None:
    either.serve()
    period, site = delivered(either, tmp_path)
    before, batch = held_rows(either, period), f"{FEED}/{period}/r2"
    run = killed_while_running(either, moment, period, *WHY, site=site)
    assert run is not None
    assert events(either.centre_site, batch) == (["admitted", "loaded"] if loaded else ["admitted"])
    assert (held_rows(either, period), superseded(either, period)) == ((before - 1, 5) if loaded else (before, 0))
    either.serve()
    ends_well(run)
    receipt = receipt_at(site, period, revision=2)
    assert told(peek(receipt)) == undisturbed
    assert events(either.centre_site, batch) == ["admitted", "loaded"]
    assert events(site, batch) == ["landed", "sealed", "receipted"]
    assert receipt == (either.centre_site / "spool" / "done" / entry(site, period) / "receipt.p7s").read_bytes()
    assert (held_rows(either, period), superseded(either, period)) == (before - 1, 5)
    either.sound_at(either.centre_site, site)


def delivered(world: World, directory: Path) -> tuple[str, Path]:
    """A period whose first revision is delivered and whose source is corrected since, and the front-end of it."""
    period, site = next(world.quarters), copy_site(world.pristine, directory / "agri")
    source = own_source(world, MODEL, directory / "own.db")
    with outside(source) as database:
        database.execute("UPDATE cw_pz SET pz_rq = ?", (Period.parse(period).start.isoformat(),))
    read_from(County(root=directory), source)
    ends_well(world.begin("run", "--period", period, site=site))
    correct(source)
    return period, site


def told(said: Receipt) -> tuple[object, ...]:
    """All figures of a receipt."""
    return said.sent, said.counted, said.loaded, said.problem, said.duplicate, said.effect, said.balanced


def superseded(world: World, period: str) -> int:
    with stranger(entered_by(world.centre_site) or world.centre_site / "warehouse.db") as database:
        return database.execute(f"SELECT COUNT(*) FROM {HISTORY} WHERE _period = ?", (period,)).fetchone()[0]


def entry(site: Path, period: str) -> str:
    (found,) = (site / "spool" / "done").glob(f"{FEED}_{period}_r2_*")
    return found.name
