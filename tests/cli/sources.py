"""What the demonstration's sources hold, read by the tests on their own: no adapter, no checker, no float."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from gateway.demo.sources import dibao, generate, onecard, vouchers

Row = tuple[str, ...]
DIBAO_ROWS = 5_000
PAGE_ROWS = 1_000


@dataclass(frozen=True, kw_only=True)
class Source:
    """One feed's rows in the source's order, each with the position that a problem book gives it, and its fen."""

    feed: str
    period: str
    positions: tuple[str, ...]
    rows: tuple[Row, ...]
    fen: tuple[int, ...]
    people: frozenset[str]
    """ID numbers, accounts and telephone numbers, as they stand there."""
    names: frozenset[str]


def finance(county: Path, month: date) -> Source:
    lines = (county / "sources/finance/out" / f"onecard_{month:%Y%m}.txt").read_bytes().decode("gb18030").splitlines()
    rows = [tuple(line.split("|")) for line in lines[2:]]
    return _source(
        "finance.onecard", f"{month:%Y-%m}", [str(number) for number in range(3, len(rows) + 3)], rows,
        [_fen(row[onecard.TITLES.index("金额")]) for row in rows],
        [onecard.TITLES.index(title) for title in ("身份证号", "银行账号", "联系电话")], onecard.TITLES.index("姓名"),
    )  # fmt: skip


def civil(month: date) -> Source:
    rows = dibao.block(0, DIBAO_ROWS, month, generate.SEED)
    positions = [f"page {at // PAGE_ROWS + 1} row {at % PAGE_ROWS + 1}" for at in range(len(rows))]
    at = dibao.ELEMENTS.index
    return _source(
        "civil.dibao", f"{month:%Y-%m}", positions, rows, [_fen(row[at("allowance")]) for row in rows],
        [at(name) for name in ("holderIdCard", "bankAccount", "telephone")], at("holderName"),
    )  # fmt: skip


def agri(county: Path, period: str) -> Source:
    with sqlite3.connect(f"file:{county / 'sources/agri/cwgl.db'}?mode=ro", uri=True) as database:
        found = database.execute(f"SELECT {', '.join(vouchers.COLUMNS)} FROM cw_pz ORDER BY cun_dm, pz_h, fl_h")
        rows = [tuple(map(str, row)) for row in found]
    expense = vouchers.COLUMNS.index("zc")
    positions = [str(number) for number in range(1, len(rows) + 1)]
    fen = [int(row[expense]) for row in rows]
    return _source("agri.village_finance", period, positions, rows, fen, [], vouchers.COLUMNS.index("jsr"))


def _source(
    feed: str, period: str, positions: Sequence[str], rows: Sequence[Row], fen: Sequence[int],
    people: Sequence[int], name: int,
) -> Source:  # fmt: skip
    return Source(
        feed=feed, period=period, positions=tuple(positions), rows=tuple(rows), fen=tuple(fen),
        people=frozenset(row[at] for row in rows for at in people if row[at]),
        names=frozenset(row[name] for row in rows),
    )  # fmt: skip


def _fen(yuan: str) -> int:
    fen = Decimal(yuan) * 100
    assert fen == int(fen)
    return int(fen)
