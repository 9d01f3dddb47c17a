"""Releases, nil returns and orders of a closed year on their way up: they travel with the batch, also past a relay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.journeys.hatchery import Hatchery
from tests.levels.realm import (
    CENTRES,
    CITY,
    COUNTY,
    DEPARTMENT,
    FEEDS,
    PAST_THE_CITY,
    PAST_THE_COUNTY,
    PROVINCE,
    TO_ALL,
    Realm,
    Written,
    found_realm,
)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory, hatchery: Hatchery) -> Iterator[Realm]:
    """Three levels where every batch is reviewed and every year of the source is closed."""
    realm = found_realm(tmp_path_factory.mktemp("strict"), hatchery, FEEDS)
    for node in (*CENTRES, DEPARTMENT):
        catalogue = realm.site(node) / "catalogue"
        replaced(catalogue / "due_rules.yaml", "2100-01-01", "2018-01-01")
        for feed in FEEDS:
            replaced(catalogue / "feeds" / f"{feed}.yaml", "mode: snapshot\n", "mode: snapshot\n    review: required\n")
    realm.serve(*CENTRES)
    yield realm
    realm.stop(*CENTRES)


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def done(realm: Realm, *arguments: str, at: str = DEPARTMENT) -> None:
    ended = realm.yizhan(*arguments, at=at)
    assert ended.code == 0, ended.out + ended.err


def ordered(realm: Realm, feed: str, period: str, centre: str, file: Path) -> str:
    """The number of an order of this centre that the department has taken in."""
    number, until = f"{centre} {period}", (date.today() + timedelta(days=30)).isoformat()
    done(
        realm, "order", "issue", "--number", number, "--feed", feed, "--first", period, "--last", period, "--uses", "1",
        "--until", until, "--reason", "审计整改", "--by", "p101", "--out", str(file), at=centre,
    )  # fmt: skip
    done(realm, "order", "import", str(file))
    return number


@pytest.mark.parametrize(
    ("feed", "issuer", "loads"),
    [
        pytest.param(TO_ALL, PROVINCE, (COUNTY, CITY, PROVINCE), id="loaded everywhere"),
        pytest.param(PAST_THE_CITY, PROVINCE, (COUNTY, PROVINCE), id="past the city"),
        pytest.param(PAST_THE_COUNTY, CITY, (CITY,), id="past the county"),
    ],
)
def test_a_released_batch_of_a_closed_year_arrives_with_its_papers_at_every_level(
    strict: Realm, tmp_path: Path, feed: str, issuer: str, loads: tuple[str, ...]
) -> None:
    period = next(strict.quarters)
    number = ordered(strict, feed, period, issuer, tmp_path / "order.p7s")
    done(strict, "run", feed, "--period", period, "--by", "p001", "--order", number)
    assert strict.state(DEPARTMENT, feed, period) == ["held"]
    done(strict, "release", f"{feed}/{period}/r1", "--by", "p003")
    strict.arrived(feed, period, loads)
    own = strict.entry(DEPARTMENT, feed, period)
    for centre in (c for c in CENTRES if strict.entries(c, feed, period)):
        for paper in ("release.p7s", "order.p7s"):
            assert (strict.entry(centre, feed, period) / paper).read_bytes() == (own / paper).read_bytes()
    for centre in loads:
        with strict.database(centre) as database:
            query = "SELECT by, released_by, order_number FROM batches WHERE batch = ?"
            assert database.execute(query, (f"{feed}/{period}/r1",)).fetchall() == [("p001", "p003", number)]


def test_a_nil_return_passes_a_relay_with_the_signatures_of_both_who_answer_for_it(
    strict: Realm, tmp_path: Path
) -> None:
    period, feed = next(strict.quarters), PAST_THE_COUNTY
    number = ordered(strict, feed, period, CITY, tmp_path / "order.p7s")
    done(strict, "nil", feed, "--period", period, "--by", "p004", "--order", number)
    done(strict, "release", f"{feed}/{period}/r1", "--by", "p003")
    (receipt,) = strict.complete(feed, period, (CITY,))
    assert (receipt.centre, receipt.loaded.rows) == (CITY, 0)
    entry = strict.entry(CITY, feed, period)
    assert {"nil.p7s", "release.p7s", "order.p7s"} < {path.name for path in entry.iterdir()}
    assert strict.events(COUNTY, f"{feed}/{period}/r1") == ["admitted", "relayed", "forwarded"]


def test_a_county_opens_no_year_for_the_levels_above_it(strict: Realm, tmp_path: Path) -> None:
    """Not at the office, not at the department: the city would refuse what the county has loaded by then."""
    period, until = next(strict.quarters), (date.today() + timedelta(days=30)).isoformat()
    refused = strict.yizhan(
        "order", "issue", "--number", "县1号", "--feed", TO_ALL, "--first", period, "--last", period, "--uses", "1",
        "--until", until, "--reason", "审计整改", "--by", "p101", "--out", str(tmp_path / "order.p7s"), at=COUNTY,
    )  # fmt: skip
    assert refused.code == 1 and refused.err.startswith("[YZ-5045]"), refused.err
    assert list(tmp_path.iterdir()) == []
    assert Written(event="ordered", code=None, centre=COUNTY, by="p101") not in all_lines(strict, COUNTY)


def all_lines(realm: Realm, node: str) -> list[Written]:
    query = "SELECT event, code, json_extract(detail, '$.centre'), by FROM ledger"
    with realm.database(node) as database:
        return [Written(event=e, code=c, centre=w, by=b) for e, c, w, b in database.execute(query)]


def test_every_node_is_sound_with_papers(strict: Realm) -> None:
    strict.sound()
