"""Purge: nothing goes before its time, or is kept nowhere else, and the ledger tells of all that went."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.app.site import read_site
from gateway.archive.retention import Kind, Retention, months_before
from gateway.archive.verify import verify
from gateway.errors import ArchiveMissing, ConfigInvalid
from gateway.spool.disk import make_directory
from tests.journeys.account import written
from tests.journeys.keeping import archive_in, count, fsck_in, in_days, node_in, purge_in, run_in
from tests.journeys.world import ROOT, World

ARCHIVED, NOT_YET, HALF_A_YEAR, YEARS = 40, 170, 190, 3 * 366 + 60


@pytest.fixture(params=["agri", "centre"])
def site(damaged: World, request: pytest.FixtureRequest) -> Path:
    """A node with two settled batches."""
    return damaged.county.root / request.param


def payloads(site: Path) -> list[Path]:
    return sorted((site / "spool" / "done").glob("*/payload"))


def whole(site: Path, days: int) -> bool:
    """Whether there are archives, and nothing is to be said against any."""
    node = node_in(site, days)
    found = list(verify([site / "archive"], node.keys.trust(), node.clock()))
    return found != [] and all(one.faults == () for one in found)


def test_payloads_go_after_their_time_and_only_from_a_verified_archive(site: Path) -> None:
    assert purge_in(site, HALF_A_YEAR).victims == ()  # not archived: kept, however old
    archive_in(site, ARCHIVED)
    assert purge_in(site, NOT_YET).victims == ()
    held = payloads(site)
    found = purge_in(site, HALF_A_YEAR)
    assert [(one.kind, one.name) for one in found.victims] == [(Kind.PAYLOAD, path.parent.name) for path in held]
    assert (payloads(site), count(site, "purged")) == ([], 2)
    assert len(list((site / "spool" / "done").glob("*/receipt.p7s"))) == 2
    assert fsck_in(site, HALF_A_YEAR) == []
    assert whole(site, HALF_A_YEAR)
    assert purge_in(site, HALF_A_YEAR).victims == ()
    assert archive_in(site, HALF_A_YEAR).archives == ()


def test_a_payload_whose_archive_was_touched_stays(site: Path) -> None:
    (archived,) = archive_in(site, ARCHIVED).archives
    data = bytearray(archived.path.read_bytes())
    data[2_000] ^= 1
    archived.path.write_bytes(data)
    found = purge_in(site, HALF_A_YEAR)
    assert (found.victims, len(payloads(site)), count(site, "purged")) == ((), 2, 0)
    assert "YZ-8035" in [fault.code for fault in found.faults]


def test_a_payload_that_vanished_without_a_purge_is_a_fault(site: Path) -> None:
    archive_in(site, ARCHIVED)
    payloads(site)[0].unlink()
    assert [(code, facts["file"]) for code, facts in fsck_in(site, ARCHIVED)] == [("YZ-6008", "payload")]


def test_archives_go_whole_oldest_first_and_the_last_one_keeps_the_chain(damaged: World, tmp_path: Path) -> None:
    site = damaged.front_end
    done = sorted((site / "spool" / "done").iterdir())
    late = Path(shutil.move(done[1], tmp_path / done[1].name))
    archive_in(site, ARCHIVED)
    shutil.move(late, done[1])
    archive_in(site, ARCHIVED)
    first, second = sorted((site / "archive").glob("*.tar"))
    assert purge_in(site, 3 * 365, Kind.ARCHIVE).victims == ()
    assert purge_in(site, YEARS, Kind.ARCHIVE).victims == ()  # payloads still lean on it
    gone = purge_in(site, YEARS)
    assert [(one.kind, one.name) for one in gone.victims if one.kind is Kind.ARCHIVE] == [(Kind.ARCHIVE, first.name)]
    assert sorted(path.name for path in (site / "archive").iterdir()) == [
        f"{first.stem}.index.json", f"{first.stem}.index.p7s", second.name,
    ]  # fmt: skip
    assert fsck_in(site, YEARS) == []
    assert whole(site, YEARS)
    assert archive_in(site, YEARS + 40).archives == ()  # what was in it is known by its index


def test_an_archive_that_vanished_without_a_purge_is_a_fault(site: Path) -> None:
    (archived,) = archive_in(site, ARCHIVED).archives
    archived.path.unlink()
    assert [code for code, _ in fsck_in(site, ARCHIVED)] == ["YZ-8039"]
    with pytest.raises(ArchiveMissing):
        archive_in(site, ARCHIVED)


def test_logs_go_by_the_day_in_their_names(site: Path) -> None:
    log, today = site / "log", date.fromisoformat(in_days(0)[:10])
    make_directory(log)
    keep = months_before(today, 6)
    for day in (keep - timedelta(days=1), keep):
        (log / f"centre.log.{day}").write_text("x", encoding="utf-8")
    (log / "centre.log").write_text("x", encoding="utf-8")
    purge_in(site, 0, Kind.LOG)
    assert sorted(path.name for path in log.iterdir()) == ["centre.log", f"centre.log.{keep}"]
    assert count(site, "purged") == 1


@pytest.mark.parametrize(("kind", "too_early"), [("payload", 100), ("log", 170), ("archive", 1_000)])
def test_nothing_is_purged_that_is_asked_for_too_early(site: Path, kind: str, too_early: int) -> None:
    day = in_days(-too_early)[:10]
    ended = run_in(site, 0, "purge", "--only", kind, "--before", day)
    assert (ended.returncode, "YZ-8040" in ended.stderr, day in ended.stderr) == (1, True, True)
    assert (len(payloads(site)), count(site, "purged")) == (2, 0)


def test_a_dry_run_shows_what_would_go_and_touches_nothing(site: Path) -> None:
    archive_in(site, ARCHIVED)
    ended = run_in(site, HALF_A_YEAR, "purge", "--dry-run")
    assert (ended.returncode, all(path.parent.name in ended.stdout for path in payloads(site))) == (0, True)
    assert (len(payloads(site)), count(site, "purged")) == (2, 0)


def test_a_purge_that_was_killed_is_taken_up_without_a_second_line(damaged: World) -> None:
    site = damaged.front_end
    archive_in(site, ARCHIVED)
    program = (
        "import sys; from tests.journeys.kill import arm; from tests.journeys.keeping import purge_in;"
        "from pathlib import Path; arm(sys.argv[1]); purge_in(Path(sys.argv[2]), 190)"
    )
    moment = "call:gateway.spool.queue:Spool.lighten:2"
    killed = subprocess.run([sys.executable, "-c", program, moment, str(site)], cwd=ROOT, check=False)
    assert (killed.returncode, len(payloads(site)), count(site, "purged")) == (-9, 1, 2)
    assert fsck_in(site, HALF_A_YEAR) == []
    purge_in(site, HALF_A_YEAR)
    assert (payloads(site), count(site, "purged")) == ([], 2)


def test_every_purge_names_its_batch_in_the_ledger(site: Path) -> None:
    archive_in(site, ARCHIVED)
    digests = {path.parent.name.rpartition("_")[2] for path in payloads(site)}
    purge_in(site, HALF_A_YEAR)
    assert {line.digest[:16] for line in written(site) if line.event == "purged"} == digests


@pytest.mark.parametrize(("key", "rule"), [("log_months: 5", "第二十一条"), ("archive_years: 2", "第五十六条")])
def test_a_site_that_would_keep_less_than_the_rule_is_refused(damaged: World, key: str, rule: str) -> None:
    file = damaged.front_end / "site.yaml"
    file.write_text(f"{file.read_text(encoding='utf-8')}\nretention: {{{key}}}\n", encoding="utf-8")
    with pytest.raises(ConfigInvalid) as refused:
        read_site(damaged.front_end)
    assert rule in refused.value.message("zh")


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(6, 60), st.integers(3, 20))
def test_retention_is_never_shorter_than_six_months_of_logs_and_three_years_of_archives(
    today: date, months: int, years: int
) -> None:
    kept = Retention(payload_days=180, log_months=months, archive_years=years)
    assert today - kept.until(Kind.LOG, today) >= timedelta(days=181)
    assert kept.until(Kind.ARCHIVE, today).replace(day=1) == today.replace(year=today.year - years, day=1)
