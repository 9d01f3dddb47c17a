"""What the office interface says of a period and a batch once a real front-end has delivered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from gateway.demo.sources import vouchers
from tests.journeys.hatchery import Hatchery
from tests.journeys.world import FEED, World, found_world, free_port
from tests.office.world import Receiver, open_office


@pytest.fixture
def world(tmp_path: Path, hatchery: Hatchery) -> Iterator[World]:
    source = tmp_path / "cwgl.db"
    vouchers.write(source, 400, date(2024, 1, 1), date(2025, 1, 1), 7)
    (tmp_path / "county").mkdir()
    made = found_world(tmp_path / "county", source, hatchery)
    yield made
    made.stop()


def test_a_loaded_period_adds_up_its_batch_is_explained_and_a_hold_of_it_is_said_to_be_too_late(world: World) -> None:
    port = free_port()
    open_office(world.county, listen={"host": "127.0.0.1", "port": port})
    world.serve()
    ended = world.yizhan("run", FEED, "--period", "2024Q1")
    assert ended.code == 0, ended.err
    here = Receiver(site=world.centre_site, county=world.county, hatchery=world.hatchery, office_port=port)
    row = json.loads(here.office("GET", f"/periods/{FEED}/2024Q1").body)
    assert (row["batch"], row["revision"], row["held"]) == (f"{FEED}/2024Q1/r1", 1, False)
    assert row["sent"] > 0
    assert row["sent"] == row["loaded"] + row["problem"] + row["duplicate"]
    story = json.loads(here.office("GET", f"/batches/{row['digest']}").body)
    lines = story["lines"]
    assert (story["events"]["loaded"], story["codes"]) == ({"zh": "已入库", "en": "loaded"}, {})
    assert [line["event"] for line in lines] == ["admitted", "loaded"]
    shown = json.loads(world.yizhan("ledger", "show", row["batch"], "--json", site=world.centre_site).out)
    assert lines == shown["lines"]
    hold = ("instruct", "hold", "--batch", row["batch"], "--reason", "待核", "--digest")
    late, other = (world.yizhan(*hold, digest, site=world.centre_site) for digest in (row["digest"], "5f" * 32))
    assert (late.code, late.err) == (0, "该批次已入库,留置对它不起作用。\n")
    assert (other.code, other.err) == (0, "")
