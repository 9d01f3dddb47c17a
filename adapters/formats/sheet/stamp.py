"""The hidden sheet by which a collection workbook tells which feed and which fields it was made for.

Owns its layout, for whoever writes it and for the reader alike.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

from adapters.contract import Request
from adapters.formats.sheet.faults import SheetError
from adapters.formats.sheet.workbook import Cell
from gateway.records.types import Column

FEED, FIELDS = "yizhan.feed", "yizhan.fields"


def fields_digest(columns: Iterable[Column]) -> str:
    """What of the fields a workbook depends on, as 64 hex digits: names, titles, types, units, codes, their order."""
    told = [[c.name, c.title, c.type.value, c.required, c.unit and c.unit.value, c.values] for c in columns]
    return hashlib.sha256(json.dumps(told, ensure_ascii=True).encode()).hexdigest()


def stamp_rows(feed: str, columns: Iterable[Column]) -> tuple[tuple[str, str], ...]:
    """The first rows of the hidden sheet: a word in A, its value in B."""
    return (FEED, feed), (FIELDS, fields_digest(columns))


def expect_stamp(rows: Iterable[Sequence[Cell]], name: str, request: Request) -> None:
    """Raises: SheetError: no such workbook, another feed's, or one made before the fields changed."""
    found = {row[0]: row[1] for row in rows if len(row) > 1}
    if FEED not in found:
        zh = "不是 yizhan template 生成的采集表:请在原表中填写,不要另建工作簿或删除隐藏表"
        en = "this is no workbook of yizhan template: fill in the one that was handed out, its hidden sheet included"
        raise SheetError(place=name, zh=zh, en=en)
    if found.get(FEED) != request.feed:
        zh, en = "该工作簿不是本归集事项的模板", "the workbook was made for another feed"
        raise SheetError(place=name, zh=zh, en=en)
    if found.get(FIELDS) != fields_digest(request.columns):
        zh = "模板已过期(数据元已变更),请用 yizhan template 重新生成"
        raise SheetError(place=name, zh=zh, en="the fields have changed since: make it anew with yizhan template")
