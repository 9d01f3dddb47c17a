"""Who may send what: connection, signer, feed and region are one department's, or the centre says no and ledgers it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.account import Written, held_rows, position, states, written
from tests.journeys.forge import Files, reseal, seal
from tests.journeys.wire import digest_of, line
from tests.journeys.world import World


@pytest.fixture(scope="module")
def genuine(county: World, tmp_path_factory: pytest.TempPathFactory) -> Files:
    """A batch that only has to be handed over by the right department."""
    county.serve()
    return seal(county, tmp_path_factory.mktemp("other") / "agri", next(county.quarters))


def refuse(world: World, files: Files, connection: Path, status: int, code: str) -> None:
    before, rows = position(world.centre_site), held_rows(world)
    with line(world, connection) as wire:
        answer = wire.submit(files.manifest, files.keys)
        assert (answer.status, answer.code) == (status, code)
        assert wire.upload(files.manifest, files.payload).status == 404
        assert wire.receipt(files.manifest, seconds=0).status == 404
    refusal = Written(event="refused", digest=digest_of(files.manifest), code=code)
    assert written(world.centre_site, after=before) == [refusal]
    assert held_rows(world) == rows


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        pytest.param({"feed": "civil.dibao", "period": "2026-10"}, 403, "YZ-5020", id="another department's feed"),
        pytest.param({"sender": "civil"}, 403, "YZ-4210", id="in another department's name"),
        pytest.param({"region": "430481"}, 403, "YZ-5020", id="another region"),
        pytest.param({"feed": "agri.harvest"}, 403, "YZ-5024", id="a feed nobody knows"),
        pytest.param({"recipients": ("hengyang",)}, 422, "YZ-4308", id="for another centre"),
        pytest.param({"schema_digest": "0" * 64}, 409, "YZ-5025", id="other fields"),
        pytest.param({"period": "2000-01"}, 409, "YZ-5026", id="a month of a quarterly feed"),
        pytest.param({"period": "2000-13"}, 409, "YZ-5026", id="no month at all"),
    ],
)
def test_what_a_department_may_not_send_is_refused_whoever_signs_it(
    world: World, genuine: Files, changes: dict[str, object], status: int, code: str
) -> None:
    refuse(world, reseal(world, genuine, world.front_end, **changes), world.front_end, status, code)
    assert world.yizhan("status", "--json", site=world.centre_site).out, "what was refused is in the board's way"


def test_a_genuine_batch_brought_by_another_department_is_refused(world: World, genuine: Files) -> None:
    refuse(world, genuine, world.county.front_end("finance"), 403, "YZ-5020")


def test_a_departments_certificate_cannot_even_sign_with_another_ones_feed_in_its_own_name(
    world: World, genuine: Files
) -> None:
    civil = world.county.front_end("civil")
    files = reseal(world, genuine, civil, sender="civil")
    refuse(world, files, civil, 403, "YZ-5020")


def test_an_upload_and_its_receipt_are_nobody_elses_business(world: World, tmp_path: Path) -> None:
    period = next(world.quarters)
    files = seal(world, tmp_path / "agri", period)
    with line(world, world.front_end) as ours, line(world, world.county.front_end("civil")) as theirs:
        assert ours.submit(files.manifest, files.keys).status == 201
        assert theirs.offset(files.manifest).status == 404
        assert theirs.upload(files.manifest, files.payload).code == "YZ-6123"
        assert (ours.offset(files.manifest).status, states(world.centre_site, period)) == (200, ["partial"])
        assert ours.upload(files.manifest, files.payload).status == 204
        assert ours.receipt(files.manifest).status == 200
        assert theirs.receipt(files.manifest).code == "YZ-6123"
