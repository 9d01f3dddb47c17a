"""村级财务收支凭证: a quarter's vouchers in the table of the village-finance software, an SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from gateway.demo.sources import people, spoiling
from gateway.demo.sources.spoiling import Row

COLUMNS = (
    "cun_dm", "cun_mc", "pz_h", "fl_h", "pz_rq", "km_dm", "km_mc", "zy", "sr", "zc", "zj_ly", "jsr", "fj_zs",
)  # fmt: skip
# As such software keeps it: dates as text, money in fen as integers, no key that would refuse a repeated voucher.
_TABLE = """
CREATE TABLE cw_pz (
  cun_dm VARCHAR(12), cun_mc VARCHAR(40), pz_h VARCHAR(20), fl_h INTEGER, pz_rq VARCHAR(10), km_dm VARCHAR(10),
  km_mc VARCHAR(40), zy VARCHAR(100), sr BIGINT, zc BIGINT, zj_ly VARCHAR(40), jsr VARCHAR(20), fj_zs INTEGER
)"""
_INSERT = f"INSERT INTO cw_pz VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608 - question marks only
_AT = spoiling.indices(COLUMNS)
_SUBJECTS = (
    ("501", "经营收入", "门面租金", "村级自筹"), ("511", "补助收入", "上级转移支付", "财政拨款"),
    ("551", "管理费用", "办公用品", "村级自筹"), ("552", "公益支出", "道路维修", "一事一议"),
    ("553", "公益支出", "水渠清淤", "财政拨款"), ("541", "经营支出", "果园肥料", "村级自筹"),
)  # fmt: skip
_INCOMES = 2
_SPOILS = (
    spoiling.replacing(_AT["pz_rq"], spoiling.impossible_day),
    spoiling.replacing(_AT["zy"], lambda summary: ""),
    spoiling.replacing(_AT["cun_dm"], lambda code: code[:-1]),
    spoiling.same_key((_AT["cun_dm"], _AT["pz_h"], _AT["fl_h"])),
    spoiling.same_row,
)
_BLOCK = 10_000


def blocks(rows: int, start: date, end: date, seed: int) -> Iterator[list[Row]]:
    """All vouchers dated from `start` to before `end`."""
    for first in range(0, rows, _BLOCK):
        count = min(_BLOCK, rows - first)
        rng = np.random.default_rng([seed, start.year, start.month, first])
        yield spoiling.spoiled(_block(rng, first, count, start, (end - start).days), first, _SPOILS)


def write(path: Path, rows: int, start: date, end: date, seed: int) -> tuple[int, int]:
    """Make the database file anew and give the sums of income and expense in fen."""
    path.unlink(missing_ok=True)
    sums = [0, 0]
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(_TABLE)
        for block in blocks(rows, start, end, seed):
            sums[0] += sum(int(row[_AT["sr"]]) for row in block)
            sums[1] += sum(int(row[_AT["zc"]]) for row in block)
            database.executemany(_INSERT, block)
        database.execute("CREATE INDEX cw_pz_order ON cw_pz (cun_dm, pz_h, fl_h)")
    return sums[0], sums[1]


def _block(rng: np.random.Generator, first: int, count: int, start: date, days: int) -> list[Row]:
    villages = people.places()
    drawn = zip(
        rng.integers(0, len(villages), count).tolist(),
        range(first + 1, first + count + 1),
        rng.integers(0, days, count).tolist(),
        rng.integers(0, len(_SUBJECTS), count).tolist(),
        rng.integers(1_000, 5_000_000, count).tolist(),
        people.names(rng, count),
        rng.integers(1, 6, count).tolist(),
        strict=True,
    )
    return [_row(villages[v], start, *rest) for v, *rest in drawn]


def _row(
    place: people.Place, start: date, serial: int, day: int, kind: int, fen: int, handler: str, papers: int
) -> Row:
    code, subject, summary, source = _SUBJECTS[kind]
    income, expense = (fen, 0) if kind < _INCOMES else (0, fen)
    booked = start + timedelta(days=day)
    return (
        place.code, place.village, f"{booked:%Y%m}-{serial:07d}", "1", booked.isoformat(), code, subject, summary,
        str(income), str(expense), source, handler, str(papers),
    )  # fmt: skip
