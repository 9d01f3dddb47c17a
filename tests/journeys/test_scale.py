"""Amounts that jumped as a wrong unit makes them jump stay at the front-end until a person answers for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.calendar import Period
from tests.journeys.hatchery import Hatchery
from tests.journeys.library import HANDSHAKE, Department, found_library

WHY = ("--reason", "新增大额项目", "--by", "村财岗")


@pytest.fixture(scope="module")
def department(tmp_path_factory: pytest.TempPathFactory, hatchery: Hatchery) -> Iterator[Department]:
    department = found_library(tmp_path_factory.mktemp("scale"), hatchery, HANDSHAKE)
    department.world.serve()
    yield department
    department.world.stop()


def two_quarters(department: Department, first: int, second: int) -> str:
    """One voucher in each of two quarters, in fen; the second, of which nothing has been collected yet."""
    _, earlier, later = (next(department.world.quarters) for _ in range(3))  # none before the first of the two
    assert later == str(Period.parse(earlier).next())
    department.line += 1
    department.add(f"{later}-1", fen=first)
    assert department.world.yizhan("run", "--period", earlier).code == 0
    department.add(f"{later}-2", fen=second)
    return later


@pytest.mark.parametrize(("first", "second"), [(100_00, 100_00 * 10_000), (100_00, 100), (100_00, 100_00 * 100)])
def test_a_jump_as_of_a_wrong_unit_is_refused_until_somebody_answers_for_it(
    department: Department, first: int, second: int
) -> None:
    later = two_quarters(department, first, second)
    ended = department.world.yizhan("run", "--period", later)
    assert (ended.code, "YZ-2016" in ended.err, "金额单位可疑" in ended.err) == (1, True, True)
    assert department.events(later) == []
    assert department.world.yizhan("run", "--period", later, *WHY).code == 0
    assert department.held(later) == {f"{later}-2": second}


@pytest.mark.parametrize(("first", "second"), [(100_00, 100_00 * 49), (100_00 * 49, 100_00), (0, 100_00), (100_00, 0)])
def test_amounts_that_only_vary_are_sent(department: Department, first: int, second: int) -> None:
    later = two_quarters(department, first, second)
    assert department.world.yizhan("run", "--period", later).code == 0
    assert department.held(later) == {f"{later}-2": second}
