"""A front-end takes the catalogue its centre publishes, as far as its department consents. Real processes."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from gateway.ledger import EventKind
from tests.agent.conftest import Start
from tests.agent.office import Office, lines
from tests.journeys.hatchery import Ended
from tests.journeys.world import FEED, World, copy_site, outside, wait_until

TITLE, REVIEW = "    title: 村级财务收支凭证\n", "    mode: snapshot\n"
SOURCE = "    source:\n      adapter: odbc\n"
FILE = f"feeds/{FEED}.yaml"


@pytest.fixture
def site(world: World, tmp_path: Path) -> Path:
    """The department's front-end on a machine of its own, which takes the centre's catalogue."""
    return consent(copy_site(world.pristine, tmp_path / "agri"), {"catalogue_from": "changning"})


def consent(site: Path, agent: Mapping[str, object]) -> Path:
    path = site / "site.yaml"
    said = YAML(typ="safe").load(path) | {"agent": dict(agent), "collector": "p001"}
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(said, file)
    return site


def publish(world: World, *more: str) -> int:
    """The number of the version that comes of the centre's present catalogue."""
    ended = world.yizhan("catalogue", "publish", "--by", "p101", *more, "--json", site=world.centre_site)
    assert ended.code == 0, ended.err
    said = json.loads(ended.out)
    assert said["fresh"]
    return said["version"]["version"]


@contextmanager
def catalogue_says(world: World, old: str, new: str) -> Iterator[None]:
    """The feed's file at the centre, for the time being."""
    path = world.centre_site / "catalogue" / FILE
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    yield
    path.write_text(text, encoding="utf-8")


def fetch(world: World, site: Path, killed: str | None = None) -> Ended:
    return world.yizhan("catalogue", "fetch", site=site, killed=killed)


def shown(world: World, site: Path) -> tuple[int | None, str]:
    """The version in force, and the feed's title in it."""
    said = json.loads(world.yizhan("catalogue", "show", FEED, "--json", site=site).out)
    return said["catalogue_version"], said["title"]


def used(world: World) -> dict[str, object]:
    """What the centre remembers of the department."""
    said = json.loads(world.yizhan("catalogue", "published", "--json", site=world.centre_site).out)
    (own,) = [one for one in said["uses"] if one["department"] == "agri"]
    return {key: own[key] for key in ("version", "refused", "code")}


def assert_loaded_once(world: World, site: Path, period: str) -> None:
    for where, kind in ((world.centre_site, EventKind.LOADED), (site, EventKind.RECEIPTED)):
        assert [line.revision for line in lines(where, kind) if line.period == period] == [1]


def versions(site: Path) -> list[str]:
    return sorted(path.name for path in (site / "catalogues" / "changning").iterdir())


def test_what_came_from_the_centre_is_in_force_for_every_command_and_stands_in_both_ledgers(
    world: World, site: Path
) -> None:
    assert shown(world, site) == (None, "村级财务收支凭证")
    with catalogue_says(world, TITLE, "    title: 村级财务凭证\n"):
        version = publish(world, "--note", "改名")
        again = world.yizhan("catalogue", "publish", "--by", "p101", site=world.centre_site)
    assert (again.code, again.out) == (0, "目录未变,未另行发布。\n")
    assert fetch(world, site).out == f"已接收目录第 {version} 版,即日起使用。\n"
    assert shown(world, site) == (version, "村级财务凭证")
    checked = world.yizhan("catalogue", "check", site=site)
    assert (checked.code, checked.err) == (0, f"在用:changning 下发的第 {version} 版\n")
    assert fetch(world, site).out == "中心没有比在用版本更新的目录。\n"
    assert used(world) == {"version": version, "refused": None, "code": None}
    kept = {where: lines(where, EventKind.CATALOGUED)[-1] for where in (world.centre_site, site)}
    for line in kept.values():
        assert (line.by, line.said.number, line.said.reason, line.said.centre) == (
            "p101", str(version), "改名", "changning",
        )  # fmt: skip
    assert len({line.said.content for line in kept.values()}) == 1
    assert "目录更新" in world.yizhan("ledger", "list", site=site).out
    world.sound(site)


def test_a_site_that_names_no_centre_asks_for_nothing_and_takes_nothing(world: World, tmp_path: Path) -> None:
    alone = copy_site(world.pristine, tmp_path / "agri")
    ended = fetch(world, alone)
    assert ended.code == 2 and ended.err.startswith("[YZ-1022]")
    assert world.yizhan("agent", "--once", site=alone).code == 0
    assert not (alone / "catalogues").exists()


def test_consent_that_is_taken_back_brings_the_sites_own_catalogue_back(world: World, site: Path) -> None:
    with catalogue_says(world, TITLE, "    title: 村级财务凭证之二\n"):
        version = publish(world)
    assert fetch(world, site).code == 0
    assert shown(world, site) == (version, "村级财务凭证之二")
    consent(site, {})
    assert shown(world, site) == (None, "村级财务收支凭证")


def test_a_catalogue_with_a_fault_is_not_published(world: World) -> None:
    before = len(lines(world.centre_site, EventKind.CATALOGUED))
    with catalogue_says(world, "    due: village_finance\n", "    due: nothing_of_the_kind\n"):
        ended = world.yizhan("catalogue", "publish", "--by", "p101", site=world.centre_site)
    assert ended.code == 2 and ended.err.startswith("[YZ-1001]") and FILE in ended.err
    assert len(lines(world.centre_site, EventKind.CATALOGUED)) == before


def test_cut_off_between_writing_and_renaming_the_old_one_is_in_force_and_the_next_time_it_is_taken(
    world: World, site: Path
) -> None:
    with catalogue_says(world, TITLE, "    title: 第一次\n"):
        first = publish(world)
    assert fetch(world, site).code == 0
    with catalogue_says(world, TITLE, "    title: 第二次\n"):
        second = publish(world)
    assert fetch(world, site, killed="call:gateway.spool.disk:move:1").code == -9
    assert shown(world, site) == (first, "第一次")
    assert [name[:6] for name in versions(site)] == [".part-", str(first)]
    assert world.yizhan("fsck", site=site).code == 0
    assert fetch(world, site).code == 0
    assert shown(world, site) == (second, "第二次")
    assert versions(site) == [str(first), str(second)]
    assert [line.said.number for line in lines(site, EventKind.CATALOGUED)] == [str(first), str(second)]


def test_a_catalogue_that_would_send_credentials_elsewhere_is_refused_once_and_the_next_one_is_taken(
    world: World, site: Path
) -> None:
    with catalogue_says(world, TITLE, "    title: 之前\n"):
        good = publish(world)
    assert fetch(world, site).code == 0
    with catalogue_says(world, SOURCE, f"{SOURCE}      password: file:secrets/onecard\n"):
        bad = publish(world)
    first = world.yizhan("agent", "--once", site=site)
    assert first.code == 2
    assert first.err.startswith(f"[YZ-1020] 拒绝下发目录:{FEED} 的 source 改动了连接或口令引用(password)。")
    assert shown(world, site) == (good, "之前")
    again = world.yizhan("agent", "--once", site=site)
    assert (again.code, again.err) == (0, "")
    assert used(world) == {"version": good, "refused": bad, "code": "YZ-1020"}
    (line,) = lines(site, EventKind.REFUSED)
    assert (line.code, line.said.number, line.said.centre) == ("YZ-1020", str(bad), "changning")
    assert fetch(world, site).code == 2, "who asks by hand is told again"
    assert len(lines(site, EventKind.REFUSED)) == 1
    with catalogue_says(world, TITLE, "    title: 之后\n"):
        better = publish(world)
    assert world.yizhan("agent", "--once", site=site).code == 0
    assert shown(world, site) == (better, "之后")
    assert used(world) == {"version": better, "refused": None, "code": None}


def test_a_refused_version_is_asked_for_again_once_the_site_file_was_put_right(world: World, site: Path) -> None:
    """Here the office has removed a feed for which the department still keeps a connection."""
    path = world.centre_site / "catalogue" / FILE
    text = path.read_text(encoding="utf-8")
    path.unlink()
    version = publish(world)
    path.write_text(text, encoding="utf-8")
    assert world.yizhan("agent", "--once", site=site).code == 2
    assert world.yizhan("agent", "--once", site=site).code == 0
    said = YAML(typ="safe").load(site / "site.yaml")
    del said["sources"]
    with (site / "site.yaml").open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(said, file)
    assert world.yizhan("agent", "--once", site=site).code == 0
    assert versions(site) == [str(version), "refused.json"]


def test_an_older_paper_under_a_newer_number_is_refused(world: World, site: Path) -> None:
    """A centre's database that hands out what was superseded."""
    with catalogue_says(world, TITLE, "    title: 旧\n"):
        old = publish(world)
    assert fetch(world, site).code == 0
    with catalogue_says(world, TITLE, "    title: 新\n"):
        new = publish(world)
    assert fetch(world, site).code == 0
    with outside(world.centre_site / "warehouse.db") as database:
        copy = (
            "INSERT INTO catalogue_versions SELECT ?, content, document, files, size, issued_at, issued_by, note"
            " FROM catalogue_versions WHERE version = ?"
        )
        database.execute(copy, (new + 1, old))
    ended = fetch(world, site)
    with outside(world.centre_site / "warehouse.db") as database:
        database.execute("DELETE FROM catalogue_versions WHERE version = ?", (new + 1,))
    assert ended.code == 1 and ended.err.startswith("[YZ-4913]")
    assert shown(world, site) == (new, "新")


def test_a_running_agent_goes_on_by_the_new_catalogue_and_loses_nothing(
    world: World, office: Office, agent: Start, site: Path
) -> None:
    """It is built with the site's own catalogue, asks, and renews itself: what it does from then on is reviewed."""
    before, after = next(world.quarters), next(world.quarters)
    first = office.collect(before)
    with catalogue_says(world, REVIEW, f"{REVIEW}    review: required\n"):
        version = publish(world)
    running = agent(site=site)
    wait_until(lambda: (site / "catalogues" / "changning" / str(version)).is_dir())
    second = office.collect(after)
    ended = office.ends(second)
    assert (ended.state, ended.stage) == ("done", "held"), ended
    assert ended.outcome is not None and ended.outcome.batch == f"{FEED}/{after}/r1"
    early = office.ends(first)
    assert early.state == "done" and early.stage in ("held", "receipted"), early
    if early.stage == "receipted":
        assert_loaded_once(world, site, before)
    running.send(signal.SIGTERM)
    said = running.wait(60)
    assert said.code == 0
    assert f"已接收目录第 {version} 版。\n" in said.err and "已改用新目录。\n" in said.err
    sealed = [line.period for line in lines(site, EventKind.SEALED)]
    assert sorted(sealed) == sorted([before, after])


def test_an_instruction_that_was_begun_goes_on_under_the_new_catalogue_and_is_sealed_once(
    world: World, office: Office, agent: Start, site: Path
) -> None:
    """Killed when it had sealed; the next agent takes a catalogue before it carries the instruction on."""
    world.yizhan("catalogue", "publish", "--by", "p101", site=world.centre_site)  # without a reviewer
    period = next(world.quarters)
    number = office.collect(period)
    killed = agent("--once", site=site, killed="call:gateway.deliver:drain:1")
    wait_until(lambda: killed.ended() is not None)
    assert killed.ended().code == -9
    with catalogue_says(world, TITLE, "    title: 途中改名\n"):
        version = publish(world)
    assert world.yizhan("agent", "--once", site=site).code == 0
    ended = office.ends(number)
    assert (ended.state, ended.stage) == ("done", "receipted")
    assert_loaded_once(world, site, period)
    assert [line.period for line in lines(site, EventKind.SEALED)] == [period]
    assert shown(world, site) == (version, "途中改名")


def test_a_version_that_was_tampered_with_is_named_by_fsck(world: World, site: Path) -> None:
    with catalogue_says(world, TITLE, "    title: 原样\n"):
        version = publish(world)
    assert fetch(world, site).code == 0
    path = site / "catalogues" / "changning" / str(version) / "files" / FILE
    path.write_text(path.read_text(encoding="utf-8").replace("原样", "改样"), encoding="utf-8")
    ended = world.yizhan("fsck", site=site)
    assert ended.code == 1
    assert ended.out == (
        f"[YZ-1023] 下发目录已损坏:catalogues/changning/{version}。 请由备份恢复该目录;"
        "或删除它,再运行 yizhan catalogue fetch。\n"
    )


def test_a_backup_holds_what_was_taken(world: World, site: Path, tmp_path: Path) -> None:
    with catalogue_says(world, TITLE, "    title: 备份之前\n"):
        version = publish(world)
    assert fetch(world, site).code == 0
    assert world.yizhan("backup", "--out", str(tmp_path / "backup"), site=site).code == 0
    restored = tmp_path / "restored"
    ended = world.yizhan("restore", str(tmp_path / "backup"), str(restored), site=site)
    assert ended.code == 0, ended.err
    assert shown(world, restored) == (version, "备份之前")
