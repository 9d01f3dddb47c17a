"""The same batch again, the same id with other content, and revisions: in order, with a reason, only what changed."""

from __future__ import annotations

import json
from pathlib import Path

from gateway.demo.county import County
from gateway.envelope.receipt import peek
from tests.journeys.account import assert_arrived_once, entries, events, held_rows, loads, position, written
from tests.journeys.forge import SEALED, seal
from tests.journeys.wire import line
from tests.journeys.world import FEED, World, copy_site, outside, own_source, read_from

WHY = ("--reason", "漏报", "--by", "p001")


def test_the_same_batch_again_gets_the_same_receipt_and_is_loaded_once(world: World, tmp_path: Path) -> None:
    period, site, twin = next(world.quarters), tmp_path / "agri", tmp_path / "twin"
    files, batch = seal(world, site, period), f"{FEED}/{period}/r1"
    copy_site(site, twin)
    assert world.yizhan("deliver", site=site).code == 0
    rows, held = held_rows(world), loads(world)
    receipt = receipt_at(site, period)
    with line(world, world.front_end) as wire:
        for answer in (wire.submit(files.manifest, files.keys), wire.receipt(files.manifest)):
            assert (answer.status, answer.body) == (200, receipt)
    assert world.yizhan("deliver", site=twin).code == 0
    assert receipt_at(twin, period) == receipt
    assert (held_rows(world), loads(world)) == (rows, held)
    assert events(world.centre_site, batch) == ["admitted", "loaded", "duplicate", "duplicate"]
    world.sound(site, twin)


def test_the_same_id_with_other_content_is_a_conflict_and_an_alarm(world: World, tmp_path: Path) -> None:
    period, one, other = next(world.quarters), tmp_path / "one", tmp_path / "other"
    seal(world, one, period)
    files, batch = seal(world, other, period), f"{FEED}/{period}/r1"
    assert world.yizhan("deliver", site=one).code == 0
    rows = held_rows(world)
    ended = world.yizhan("deliver", site=other)
    assert ended.code == 1
    assert "YZ-5021" in ended.err
    last = written(other, batch)[-1]
    assert (last.event, last.code) == ("refused", "YZ-5021")
    with line(world, world.front_end) as wire:
        assert wire.submit(files.manifest, files.keys).status == 409
    assert [(w.event, w.code) for w in written(world.centre_site, batch)[2:]] == [("conflict", "YZ-5021")] * 2
    assert held_rows(world) == rows
    world.sound(one, other)


def test_unchanged_data_makes_no_revision_and_is_no_failure(world: World) -> None:
    period = next(world.quarters)
    assert world.yizhan("run", "--period", period).code == 0
    before = position(world.centre_site)
    assert world.yizhan("run", "--period", period).code == 0
    assert_arrived_once(world, period)
    last = written(world.front_end)[-1]
    assert (last.event, last.code, position(world.centre_site)) == ("duplicate", "YZ-2012", before)


def test_a_correction_needs_a_reason_and_one_of_the_departments_people_and_loads_only_what_changed(
    world: World, tmp_path: Path
) -> None:
    period, site = next(world.quarters), copy_site(world.pristine, tmp_path / "agri")
    source = own_source(world, period, tmp_path / "own.db")
    read_from(County(root=tmp_path), source)
    assert world.yizhan("run", "--period", period, site=site).code == 0
    first, rows = peek(receipt_at(site, period)), held_rows(world, period)
    change(source)
    ended = world.yizhan("run", "--period", period, site=site)
    assert (ended.code, "YZ-2013" in ended.err) == (1, True)
    assert [(w.event, w.code) for w in written(site)][-1] == ("refused", "YZ-2013")
    for nobody in ("农村财务管理站", "p003", "p777"):
        unfit = world.yizhan("run", "--period", period, *WHY[:-1], nobody, site=site)
        assert (unfit.code, "YZ-5040" in unfit.err) == (1, True)
        assert [(w.event, w.code) for w in written(site)][-1] == ("refused", "YZ-5040")
    assert len(entries(site, period)) == 1
    assert world.yizhan("run", "--period", period, *WHY, site=site).code == 0
    second = peek(receipt_at(site, period, revision=2))
    assert (second.loaded.rows, second.duplicate.rows) == (3, second.sent.rows - second.problem.rows - 3)
    assert dict(second.sent.sums)["expense"] - dict(first.sent.sums)["expense"] == 300
    assert held_rows(world, period) == rows
    assert expense(world, period) - dict(first.loaded.sums)["expense"] == 300
    assert superseded(world, period) == 3
    world.sound(site)


def test_the_centre_takes_no_correction_by_a_post_though_the_front_ends_catalogue_would(
    world: World, tmp_path: Path
) -> None:
    period, site = next(world.quarters), copy_site(world.pristine, tmp_path / "agri")
    source = own_source(world, period, tmp_path / "own.db")
    read_from(County(root=tmp_path), source)
    assert world.yizhan("run", "--period", period, site=site).code == 0
    change(source)
    departments = site / "catalogue" / "departments.yaml"
    listed = departments.read_text("utf-8")
    departments.write_text(listed.replace("real_names: true", "real_names: false"), encoding="utf-8")
    rows = held_rows(world, period)
    ended = world.yizhan("run", "--period", period, *WHY[:-1], "农村财务管理站", site=site)
    assert (ended.code, "YZ-5040" in ended.err) == (1, True)
    assert [(w.event, w.code) for w in written(site, f"{FEED}/{period}/r2")] == [
        ("landed", None), ("sealed", None), ("refused", "YZ-5040"),
    ]  # fmt: skip
    assert (held_rows(world, period), events(world.centre_site, f"{FEED}/{period}/r2")) == (rows, ["refused"])


def test_a_correction_that_comes_before_what_it_corrects_waits_for_it(world: World, tmp_path: Path) -> None:
    period, site = next(world.quarters), copy_site(world.pristine, tmp_path / "agri")
    source = own_source(world, period, tmp_path / "own.db")
    read_from(County(root=tmp_path), source)
    seal(world, site, period)
    change(source)
    assert world.yizhan("run", "--period", period, *WHY, site=site, killed=SEALED).code == -9
    (second,) = (entry for entry in entries(site, period) if "_r2_" in entry.name)
    with line(world, world.front_end) as wire:
        answer = wire.submit((second / "manifest.p7s").read_bytes(), (second / "keys.p7m").read_bytes())
    assert (answer.status, answer.code) == (409, "YZ-5023")
    last = written(world.centre_site, f"{FEED}/{period}/r2")[-1]
    assert (last.event, last.code, held_rows(world, period)) == ("refused", "YZ-5023", 0)
    assert world.yizhan("deliver", site=site).code == 0
    for revision in (1, 2):
        assert events(world.centre_site, f"{FEED}/{period}/r{revision}").count("loaded") == 1
    assert peek(receipt_at(site, period, revision=2)).loaded.rows == 3
    world.sound(site)


def test_a_source_that_differs_in_its_bad_rows_alone_is_no_unchanged_one(world: World, tmp_path: Path) -> None:
    period, site = next(world.quarters), copy_site(world.pristine, tmp_path / "agri")
    source = own_source(world, period, tmp_path / "own.db")
    read_from(County(root=tmp_path), source)
    with outside(source) as database:
        database.execute("UPDATE cw_pz SET zy = '办公用品'")  # some periods come with an empty one
    told = []
    for spoil in ("UPDATE cw_pz SET zy = ''", "UPDATE cw_pz SET cun_mc = ''", "DELETE FROM cw_pz"):
        with outside(source) as database:
            database.execute(f"{spoil} WHERE rowid = (SELECT MAX(rowid) FROM cw_pz)")
        assert world.yizhan("run", "--period", period, *WHY, site=site).code == 0
        told.append([one["field"] for one in problems(world, site, period) if one["code"] == "YZ-3001"])
    assert [sorted(fields) for fields in told] == [["summary"], ["summary", "village"], []]
    assert len(entries(site, period)) == 3
    world.sound(site)


def test_the_rows_of_an_unbalanced_reading_are_told_until_the_next_reading(world: World, tmp_path: Path) -> None:
    period, site = next(world.quarters), copy_site(world.pristine, tmp_path / "agri")
    source = own_source(world, period, tmp_path / "own.db")
    read_from(County(root=tmp_path), source)
    with outside(source) as database:
        (row, was) = database.execute("SELECT rowid, zc FROM cw_pz WHERE zc > 0 AND zy <> '' LIMIT 1").fetchone()
        database.execute("UPDATE cw_pz SET zc = '1元' WHERE rowid = ?", (row,))
    ended = world.yizhan("run", "--period", period, site=site)
    assert (ended.code, "[YZ-2008] " in ended.err, "另有 1 行金额无法读取" in ended.err) == (1, True, True)
    assert [one["code"] for one in problems(world, site, period) if one["field"] == "expense"] == ["YZ-3025"]
    with outside(source) as database:
        database.execute("UPDATE cw_pz SET zc = ? WHERE rowid = ?", (was, row))
    assert world.yizhan("run", "--period", period, site=site).code == 0
    assert [one for one in problems(world, site, period) if one["field"] == "expense"] == []


def problems(world: World, site: Path, period: str) -> list[dict[str, str | None]]:
    """What the department is told is wrong with the period."""
    return json.loads(world.yizhan("problems", FEED, "--period", period, "--json", site=site).out)["problems"]


def receipt_at(site: Path, period: str, revision: int = 1) -> bytes:
    (entry,) = (site / "spool" / "done").glob(f"{FEED}_{period}_r{revision}_*")
    return (entry / "receipt.p7s").read_bytes()


def change(source: Path) -> None:
    """One yuan more is spent on three vouchers that nothing is wrong with."""
    good = "zc > 0 AND zy <> '' AND LENGTH(cun_dm) = 12 AND date(pz_rq) = pz_rq"
    lone = "rowid IN (SELECT MIN(rowid) FROM cw_pz GROUP BY cun_dm, pz_h, fl_h HAVING COUNT(*) = 1)"
    with outside(source) as database:
        query = f"SELECT rowid FROM cw_pz WHERE {good} AND {lone} ORDER BY rowid LIMIT 3"
        for (row,) in database.execute(query).fetchall():
            database.execute("UPDATE cw_pz SET zc = zc + 100 WHERE rowid = ?", (row,))


def expense(world: World, period: str) -> int:
    return _sum(world, "SUM(expense)", "current__agri__village_finance", period)


def superseded(world: World, period: str) -> int:
    return _sum(world, "COUNT(*)", "history__agri__village_finance", period)


def _sum(world: World, what: str, table: str, period: str) -> int:
    with outside(world.centre_site / "warehouse.db") as database:
        return database.execute(f"SELECT {what} FROM {table} WHERE _period = ?", (period,)).fetchone()[0]
