"""The way a feed's batches go, and which regions lie in which (GB/T 2260)."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.registry import Registry
from gateway.catalogue import Feed, load
from gateway.catalogue.tree import within
from tests.levels.realm import CITY, COUNTY, FEEDS, PAST_THE_CITY, PAST_THE_COUNTY, PROVINCE, TO_ALL, write_catalogue


@pytest.fixture(scope="module")
def feeds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Feed]:
    directory: Path = tmp_path_factory.mktemp("levels") / "catalogue"
    write_catalogue(directory, FEEDS)
    return {feed.id: feed for feed in load(directory, Registry.installed().configs()).feeds}


@pytest.mark.parametrize(
    ("feed", "centre", "above", "below"),
    [
        (TO_ALL, COUNTY, (CITY, PROVINCE), None),
        (TO_ALL, CITY, (PROVINCE,), COUNTY),
        (TO_ALL, PROVINCE, (), CITY),
        (PAST_THE_CITY, CITY, (PROVINCE,), COUNTY),
        (PAST_THE_CITY, PROVINCE, (), CITY),
        (PAST_THE_COUNTY, COUNTY, (CITY,), None),
        (PAST_THE_COUNTY, PROVINCE, (), None),
        (TO_ALL, "leiyang", (), None),
    ],
)
def test_a_feed_knows_who_stands_above_and_directly_below_a_centre(
    feeds: dict[str, Feed], feed: str, centre: str, above: tuple[str, ...], below: str | None
) -> None:
    assert (feeds[feed].above(centre), feeds[feed].below(centre)) == (above, below)


@pytest.mark.parametrize(
    ("region", "whole", "inside"),
    [
        ("430482", "430482", True),
        ("430482", "430400", True),
        ("430482", "430000", True),
        ("430482", "430481", False),
        ("430482", "430500", False),
        ("430400", "430482", False),
        ("440482", "430000", False),
        ("430482100", "430482", True),
        ("430482", "430482100", False),
    ],
)
def test_a_region_lies_in_those_whose_digits_it_begins_with(region: str, whole: str, inside: bool) -> None:
    assert within(region, whole) is inside
