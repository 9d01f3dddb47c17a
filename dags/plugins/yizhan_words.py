"""What the tasks write into their logs: Chinese, by Beijing's clock. Pure; must never decide anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from yizhan_office import Issued, Line, Standing
from yizhan_pages.view import Row

from gateway.calendar import ASIA_SHANGHAI
from gateway.instructions.state import State
from gateway.instructions.words import ACTION_WORDS, STAGE_WORDS, STATE_WORDS


def issued_words(issued: Issued, wanted: Mapping[str, str], department: str) -> str:
    """`指令 20261123-… 已下达:归集 agri.village_finance 2026Q3,等待 agri 的前置机取走`"""
    known, state = "此前已下达" if issued.joined else "已下达", State(issued.state)
    awaited = f"等待 {department} 的前置机取走" if state is State.ISSUED else STATE_WORDS[state]
    return (
        f"指令 {issued.number} {known}:{ACTION_WORDS[wanted['action']]} {wanted['feed']} {wanted['period']},{awaited}"
    )


def standing_words(standing: Standing) -> str:
    """`指令 20261123-…:已办结,已回执`, `指令 20261123-…:失败(采集)`; a stage of a newer centre as it calls it."""
    state, stage = State(standing.state), STAGE_WORDS.get(standing.stage, standing.stage)
    at = "" if not stage else f",{stage}" if state is State.DONE else f"({stage})"
    return f"指令 {standing.number}:{STATE_WORDS[state]}{at}"


def heard_words(standing: Standing, before: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """The front-end's lines, and how far it is. `before`: what an earlier task of the run handed on; what that has told
    of the same instruction is not told again.
    """
    told = before.get("told", 0) if before.get("number") == standing.number else 0
    yield from (line_words(line, now) for line in standing.lines[told:])
    yield standing_words(standing)


def line_words(line: Line, now: datetime) -> str:
    """`04:01:20 开始采集 …`; with the date where that is not today's."""
    at, today = line.at.astimezone(ASIA_SHANGHAI), now.astimezone(ASIA_SHANGHAI).date()
    clock = f"{at:%H:%M:%S}" if at.date() == today else f"{at:%Y-%m-%d %H:%M:%S}"
    return " ".join(filter(None, (clock, line.code, line.text)))


def ledger_words(line: Row) -> str:
    """`41 2026-12-01 08:30:00 已入库 p001 行数 600,问题行(中心查出) 0`"""
    counted = ",".join(f"{name} {value}" for name, value in line.figures)
    return " ".join(filter(None, (str(line.seq), line.at, line.event, line.by, line.code, counted)))


def balance_words(row: Mapping[str, Any]) -> str:
    """sent = loaded + set aside + repeated, of a row of the board: set aside by either of the two who check."""
    return (
        f"报送 {row['sent']},入库 {row['loaded']} + 问题(前置机与中心合计){row['problem']} "
        f"+ 重复(含未变){row['duplicate']}"
    )
