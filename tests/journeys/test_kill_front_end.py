"""A front-end that is killed at any hand-off and started again: every batch arrives exactly once."""

from __future__ import annotations

import re

import pytest

from tests.journeys.account import assert_arrived_once, entries, events, states
from tests.journeys.world import FEED, World, wait_until

LANDED = ["landed"]
SEALED = [*LANDED, "sealed"]
RECEIPTED = [*SEALED, "receipted"]


@pytest.mark.parametrize(
    ("moment", "written", "lies_in", "again"),
    [
        pytest.param("call:gateway.spool.draft:Draft.commit:1", LANDED, [], "run", id="before the spool has it"),
        pytest.param("call:gateway.spool.tree:Tree.publish:1", LANDED, [], "run", id="before the rename"),
        pytest.param("return:gateway.spool.draft:Draft.commit:1", LANDED, ["ready"], "run", id="before its line"),
        pytest.param("call:gateway.deliver:drain:1", SEALED, ["ready"], "deliver", id="after seal"),
        pytest.param(
            "call:gateway.transport.client:CentreClient.submit:1", SEALED, ["inflight"], "deliver", id="claimed"
        ),
        pytest.param(
            "return:gateway.transport.client:CentreClient.upload:1", SEALED, ["inflight"], "deliver", id="uploaded"
        ),
        pytest.param(
            "call:gateway.envelope.receipt:check_receipt:1", SEALED, ["inflight"], "deliver", id="receipt at hand"
        ),
        pytest.param(
            "call:gateway.spool.queue:Spool.settle:1", RECEIPTED, ["inflight"], "deliver", id="receipt in the ledger"
        ),
    ],
)
def test_a_front_end_killed_there_and_started_again_delivers_exactly_once(
    world: World, moment: str, written: list[str], lies_in: list[str], again: str
) -> None:
    period, batch = (quarter := next(world.quarters)), f"{FEED}/{quarter}/r1"
    assert world.yizhan("run", "--period", period, killed=moment).code == -9
    assert (events(world.front_end, batch), states(world.front_end, period)) == (written, lies_in)
    ended = world.yizhan(again, *(("--period", period) if again == "run" else ()))
    assert ended.code == 0, ended.err
    assert_arrived_once(world, period)
    assert events(world.front_end, batch) == (RECEIPTED if lies_in else [*LANDED, *RECEIPTED])
    world.sound()


@pytest.mark.parametrize(
    ("moment", "written", "lies_in"),
    [
        pytest.param("call:gateway.transport.client:CentreClient.submit:1", SEALED, "inflight", id="claimed"),
        pytest.param("call:gateway.transport.client:CentreClient.upload:1", SEALED, "inflight", id="admitted"),
        pytest.param("call:gateway.envelope.receipt:check_receipt:1", SEALED, "inflight", id="receipt at hand"),
        pytest.param("return:gateway.spool.queue:Spool.settle:1", RECEIPTED, "done", id="settled"),
    ],
)
def test_both_killed_the_front_end_there_and_then_the_centre_agree_when_started_again(
    either: World, moment: str, written: list[str], lies_in: str
) -> None:
    period, batch = (quarter := next(either.quarters)), f"{FEED}/{quarter}/r1"
    either.serve()
    assert either.yizhan("run", "--period", period, killed=moment).code == -9
    either.kill()
    assert (events(either.front_end, batch), states(either.front_end, period)) == (written, [lies_in])
    either.serve()
    assert either.yizhan("deliver").code == 0
    assert_arrived_once(either, period)
    either.sound()


def test_a_front_end_killed_in_the_middle_of_an_upload_resumes_where_the_centre_stands(world: World) -> None:
    period = next(world.heavy)
    killed = world.yizhan("run", "--period", period, killed="call:gateway.transport.client:_pieces:3")
    assert killed.code == -9
    (sealed,) = entries(world.front_end, period)
    wait_until(lambda: any(path.stat().st_size for path in world.centre_site.glob(f"spool/partial/*{period}*/payload")))
    (partial,) = entries(world.centre_site, period)
    stored, size = (partial / "payload").stat().st_size, (sealed / "payload").stat().st_size
    assert partial.parent.name == "partial" and 0 < stored < size
    assert world.yizhan("deliver").code == 0
    assert_arrived_once(world, period)
    digest = partial.name.split("-")[1]
    log = (world.centre_site / "log" / "centre.log").read_text()
    assert re.findall(rf"PATCH /v1/uploads/{digest} 204 .* bytes=(\d+)", log) == [str(size - stored)]
    world.sound()
