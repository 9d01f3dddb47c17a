"""A correction's way from the source to the receipt: what it changed, in rows and fen, and what was believed before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from gateway.demo.county import County
from gateway.envelope.receipt import Receipt, peek
from tests.journeys.hatchery import Hatchery
from tests.journeys.library import CURSOR, Department, found_library
from tests.journeys.test_again import receipt_at
from tests.journeys.world import FEED, World, copy_site, outside, own_source, read_from

WHY = ("--reason", "核查更正", "--by", "p001")
GOOD = "zc > 0 AND zy <> '' AND LENGTH(cun_dm) = 12 AND date(pz_rq) = pz_rq"
LONE = "rowid IN (SELECT MIN(rowid) FROM cw_pz GROUP BY cun_dm, pz_h, fl_h HAVING COUNT(*) = 1)"


def test_a_snapshots_correction_tells_its_effect_to_the_fen_and_the_past_is_kept(world: World, tmp_path: Path) -> None:
    period, site = next(world.quarters), copy_site(world.pristine, tmp_path / "agri")
    source = own_source(world, period, tmp_path / "own.db")
    read_from(County(root=tmp_path), source)
    assert world.yizhan("run", "--period", period, site=site).code == 0
    first = peek(receipt_at(site, period))
    assert parts(first, "expense") == {"added": (first.loaded.rows, dict(first.loaded.sums)["expense"])}
    raised, gone, new = correct(source)
    ended = world.yizhan("run", "--period", period, *WHY, "--json", site=site)
    assert ended.code == 0, ended.err
    second = peek(receipt_at(site, period, revision=2))
    was, lost = sum(raised), sum(gone)
    assert parts(second, "expense") == {
        "added": (1, new),
        "changed": (3, was + 300),
        "replaced": (3, was),
        "removed": (2, lost),
    }
    assert second.loaded.rows == 4
    told = json.loads(ended.out)["delivered"][0]["effect"]
    assert told["removed"] == {"rows": 2, "sums": {"expense": yuan(lost), "income": "0.00"}}
    before, after = (asof(world, period, at) for at in (first.accepted_at, second.accepted_at))
    assert (before["rows"], before["revision"], before["reason"]) == (first.loaded.rows, 1, None)
    assert (after["rows"], after["revision"], after["reason"], after["by"]) == (before["rows"] - 1, 2, *WHY[1::2])
    assert before["sums"]["expense"] == yuan(dict(first.loaded.sums)["expense"])
    assert fen(after["sums"]["expense"]) - fen(before["sums"]["expense"]) == new + 300 - lost
    assert [(one["revision"], one["rows"]) for one in after["contributions"]] == [(1, before["rows"] - 5), (2, 4)]
    (loaded,) = (line for line in ledger(world, period, 2) if line["event"] == "loaded")
    detail = json.loads(loaded["detail"])
    assert (loaded["by"], detail["reason"], detail["net"]) == ("p001", "核查更正", new + 300 - lost)
    world.sound(site)


# --- an increment whose records order removals --------------------------------------------------------------------


@pytest.fixture(scope="module")
def department(tmp_path_factory: pytest.TempPathFactory, hatchery: Hatchery) -> Iterator[Department]:
    made = found_library(tmp_path_factory.mktemp("flagged"), hatchery, CURSOR)
    for site in (made.world.front_end, made.world.centre_site):
        path, yaml = site / "catalogue" / "feeds" / f"{FEED}.yaml", YAML()
        document = yaml.load(path)
        document["feeds"][0]["operation"] = {"field": "fund_source", "delete": ["撤销"]}
        yaml.dump(document, path)
    made.world.serve()
    yield made
    made.world.stop()


def test_portions_add_an_ordered_removal_removes_and_the_board_counts_them_together(department: Department) -> None:
    world, period = department.world, next(department.world.quarters)
    department.add("a", fen=100)
    department.add("b", fen=250)
    run(world, period)
    department.add("c", fen=40, at="2026-10-07 08:00:00")
    run(world, period, *WHY)
    with outside(department.path) as database:
        database.execute("UPDATE qzk_pz SET zj_ly = '撤销', gxsj = '2026-10-08 08:00:00' WHERE RowGuid = 'b'")
    run(world, period, *WHY)
    receipts = [peek(receipt_at(world.front_end, period, revision)) for revision in (1, 2, 3)]
    assert [parts(receipt, "expense") for receipt in receipts] == [
        {"added": (2, 350)},
        {"added": (1, 40)},
        {"removed": (1, 250)},
    ]
    assert department.held(period) == {"a": 100, "c": 40}
    for site in (world.front_end, world.centre_site):
        rows = json.loads(world.yizhan("status", "--json", site=site).out)["feeds"]
        (row,) = (row for row in rows if row["period"] == period)
        assert (row["revision"], row["rows"], row["amount"]) == (3, 2, "1.40")
    assert [asof(world, period, receipt.accepted_at)["rows"] for receipt in receipts] == [2, 3, 2]
    world.sound()


def run(world: World, period: str, *more: str) -> None:
    ended = world.yizhan("run", "--period", period, *more)
    assert ended.code == 0, ended.err


def correct(source: Path) -> tuple[list[int], list[int], int]:
    """Three vouchers cost a yuan more, two are gone and one is new: fen of each as the source has them before."""
    with outside(source) as database:
        query = f"SELECT rowid, zc FROM cw_pz WHERE {GOOD} AND {LONE} AND sr = 0 ORDER BY rowid LIMIT 6"
        *found, (last, fen_of_last) = database.execute(query).fetchall()
        raised, gone = found[:3], found[3:]
        database.executemany("UPDATE cw_pz SET zc = zc + 100 WHERE rowid = ?", [(row,) for row, _ in raised])
        database.executemany("DELETE FROM cw_pz WHERE rowid = ?", [(row,) for row, _ in gone])
        columns = "cun_dm, cun_mc, 'pz-new', fl_h, pz_rq, km_dm, km_mc, zy, sr, zc, zj_ly, jsr, fj_zs"
        database.execute(f"INSERT INTO cw_pz SELECT {columns} FROM cw_pz WHERE rowid = ?", (last,))
    return [zc for _, zc in raised], [zc for _, zc in gone], fen_of_last


def parts(receipt: Receipt, field: str) -> dict[str, tuple[int, int]]:
    """Rows and fen of the parts of an effect that are not nothing."""
    effect = receipt.effect
    named = {"added": effect.added, "changed": effect.changed, "replaced": effect.replaced, "removed": effect.removed}
    return {name: (totals.rows, dict(totals.sums)[field]) for name, totals in named.items() if totals.rows}


def asof(world: World, period: str, at: datetime) -> dict:
    ended = world.yizhan("asof", FEED, "--period", period, "--at", at.isoformat(), "--json", site=world.centre_site)
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def ledger(world: World, period: str, revision: int) -> list[dict]:
    ended = world.yizhan("ledger", "show", f"{FEED}/{period}/r{revision}", "--json", site=world.centre_site)
    return json.loads(ended.out)["lines"]


def yuan(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02d}"


def fen(amount: str) -> int:
    return int(amount.replace(".", ""))
