"""惠民补贴一卡通发放清册: one month's roster as the fiscal system exports it, in GBK with a totals line.

Streams block by block: two million rows need no more memory than ten thousand.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np

from gateway.demo.sources import people, spoiling
from gateway.demo.sources.spoiling import Row

TITLES = (
    "行政区划", "乡镇", "村", "户编号", "姓名", "证件类型", "身份证号", "联系电话",
    "开户银行", "银行账号", "补贴项目编码", "补贴项目名称", "资金文号", "年度", "批次号", "批次内序号",
    "金额", "应发日期", "发放状态", "失败原因", "原批次号", "原序号",
)  # fmt: skip
_AT = spoiling.indices(TITLES)
_ITEMS = (
    ("BT001", "耕地地力保护补贴", "湘财农〔2026〕7号", 10500),
    ("BT014", "退耕还林补助", "湘财资环〔2026〕12号", 2000),
    ("BT023", "农村低保金", "湘财社〔2026〕3号", 31500),
    ("BT031", "困难残疾人生活补贴", "湘财社〔2026〕18号", 10000),
    ("BT040", "高龄津贴", "常财社〔2026〕5号", 5000),
)
_SPOILS = (
    spoiling.replacing(_AT["身份证号"], spoiling.wrong_check_digit),
    spoiling.replacing(_AT["身份证号"], spoiling.through_excel),
    spoiling.replacing(_AT["应发日期"], spoiling.impossible_day),
    spoiling.replacing(_AT["银行账号"], lambda account: ""),
    spoiling.replacing(_AT["发放状态"], lambda state: "9"),
    spoiling.same_key((_AT["批次号"], _AT["批次内序号"])),
    spoiling.same_row,
)
_BLOCK = 10_000
_HEADING = "汇总|{rows:>12}|{yuan:>20}"


def blocks(rows: int, month: date, seed: int) -> Iterator[list[Row]]:
    """All rows in file order. The same arguments give the same rows."""
    for first in range(0, rows, _BLOCK):
        count = min(_BLOCK, rows - first)
        rng = np.random.default_rng([seed, month.year, month.month, first])
        yield spoiling.spoiled(_block(rng, first, count, month), first, _SPOILS)


def write(path: Path, rows: int, month: date, seed: int) -> int:
    """Write the file and give the sum in fen. The totals line is padded, so it can be filled in at the end."""
    fen = 0
    with path.open("wb") as file:
        file.write(f"{_heading(0, 0)}\r\n{'|'.join(TITLES)}\r\n".encode("gb18030"))
        for block in blocks(rows, month, seed):
            fen += sum(int(Decimal(row[_AT["金额"]]) * 100) for row in block)
            file.write("".join(f"{'|'.join(row)}\r\n" for row in block).encode("gb18030"))
        file.seek(0)
        file.write(_heading(rows, fen).encode("gb18030"))
    return fen


def _heading(rows: int, fen: int) -> str:
    return _HEADING.format(rows=rows, yuan=_yuan(fen))


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _block(rng: np.random.Generator, first: int, count: int, month: date) -> list[Row]:
    villages = people.places()
    batch = f"YKT{month:%Y%m}01"
    drawn = zip(
        rng.integers(0, len(villages), count).tolist(),
        people.numbers(rng, count, "H", 8),
        people.names(rng, count),
        people.id_numbers(rng, count),
        people.numbers(rng, count, "199", 8),
        rng.integers(0, len(people.BANKS), count).tolist(),
        people.numbers(rng, count, "81012", 14),
        rng.integers(0, len(_ITEMS), count).tolist(),
        rng.integers(1, 60, count).tolist(),
        rng.integers(0, 100, count).tolist(),
        rng.integers(10, 26, count).tolist(),
        range(first + 1, first + count + 1),
        strict=True,
    )
    return [_row(villages[v], batch, month, *rest) for v, *rest in drawn]


def _row(
    place: people.Place, batch: str, month: date, household: str, name: str, id_number: str, phone: str, bank: int,
    account: str, item: int, quantity: int, lot: int, day: int, serial: int,
) -> Row:  # fmt: skip
    code, title, document, fen = _ITEMS[item]
    state, failure = ("2", "01") if lot == 0 else ("3", "04") if lot == 1 else ("1", "")
    return (
        place.code, place.township, place.village, household, name, "01", id_number, phone, people.BANKS[bank], account,
        code, title, document, str(month.year), batch, str(serial), _yuan(fen * quantity // 10),
        f"{month:%Y-%m}-{day:02d}", state, failure, "", "",
    )  # fmt: skip
