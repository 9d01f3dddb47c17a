"""The pages as HTML: Chinese, or English where that is asked for; Beijing time; nothing from outside. Pure.

Everything that came from elsewhere is escaped by the template, and only columns that are named here are shown. Must
never fetch anything.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.calendar import ASIA_SHANGHAI, until
from gateway.envelope.canonical import yuan
from gateway.errors import Lang
from yizhan_pages.answers import BatchStory, Figure, LedgerLine, PeriodRow

_HERE = Path(__file__).parent
_STYLE = (_HERE / "page.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_NOTHING_ELSE = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
POLICY = f"{_NOTHING_ELSE}; style-src 'sha256-{_STYLE_HASH}'"
"""Content-Security-Policy (W3C CSP3) of every page: its own style sheet, and nothing else at all."""
_SHORT = 12
_DIGESTS = ("head", "payload", "content")
_MONEY = ("fen", "net")
_LABELS = {
    "rows": ("行数", "rows"),
    "problem": ("问题行", "set aside"),
    "duplicate": ("重复行(含未变)", "repeated or unchanged"),
    "changed": ("更正行", "changed"),
    "added": ("新增", "added"),
    "replaced": ("替换", "replaced"),
    "removed": ("删除", "removed"),
    "fen": ("金额(元)", "yuan"),
    "net": ("净变动(元)", "net change, yuan"),
    "size": ("字节", "bytes"),
    "files": ("文件", "files"),
    "centre": ("中心", "centre"),
    "department": ("部门", "department"),
    "number": ("编号", "number"),
    "released_by": ("放行人", "released by"),
    "skew": ("时钟偏差(毫秒)", "clock ahead, ms"),
    "until": ("至", "until"),
    "position": ("对方台账行", "line there"),
    "head": ("对方链头", "head there"),
    "payload": ("密文摘要", "payload"),
    "content": ("内容摘要", "content"),
}
_PROBLEMS_OF = {
    "sealed": ("问题行(前置机查出)", "set aside at the front-end"),
    "loaded": ("问题行(中心查出)", "set aside at the centre"),
    "receipted": ("问题行(前置机与中心合计)", "set aside at either end"),
}
"""Each line counts what its own writer set aside; the board and a receipt count what both did."""
_TEMPLATES = Environment(
    loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the ledger, as the page shows it; what there is none of is empty."""

    seq: int
    at: str
    event: str
    by: str
    why: str
    code: str
    message: str
    advice: str
    figures: tuple[tuple[str, str], ...]


def rows_of(story: BatchStory, lang: Lang) -> tuple[Row, ...]:
    """A batch's lines in words, oldest first."""
    return tuple(_row(line, story, lang) for line in story.lines)


def ledger_html(story: BatchStory, digest: str, lang: Lang) -> str:
    """A batch's lines, oldest first."""
    batch = next((line.batch for line in story.lines if line.batch), "")
    subject = next(((line.feed, line.period) for line in story.lines if line.feed and line.period), None)
    return _page("ledger.html", lang, batch=batch, digest=digest, subject=subject, rows=rows_of(story, lang))


def period_html(row: PeriodRow, lang: Lang) -> str:
    """A period as the board has it."""
    state = row.words.say(lang) if row.words else row.state
    moments = {"due": until(row.due), "receipted": beijing(row.receipted_at) if row.receipted_at else ""}
    return _page("period.html", lang, row=row, state=state, **moments)


def failure_html(code: str, message: str, lang: Lang) -> str:
    """Why there is no such page, or none at the moment."""
    return _page("failure.html", lang, code=code, message=message)


def beijing(moment: datetime) -> str:
    """To the second."""
    return moment.astimezone(ASIA_SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def _page(template: str, lang: Lang, **shown: Any) -> str:
    def say(zh: str, en: str) -> str:
        return zh if lang == "zh" else en

    return _TEMPLATES.get_template(template).render(lang=lang, say=say, style=_STYLE, **shown)


def _row(line: LedgerLine, story: BatchStory, lang: Lang) -> Row:
    event, code = story.events.get(line.event), story.codes.get(line.code or "")
    return Row(
        seq=line.seq,
        at=beijing(line.at),
        event=event.say(lang) if event else line.event,
        by=line.by or "",
        why=str(line.detail.get("reason", "")),
        code=line.code or "",
        message=code.message.say(lang) if code else "",
        advice=code.next.say(lang) if code else "",
        figures=tuple(_figures(line, lang)),
    )


def _figures(line: LedgerLine, lang: Lang) -> Iterator[tuple[str, str]]:
    labels = _LABELS | {"problem": _PROBLEMS_OF.get(line.event, _LABELS["problem"])}
    for name, (zh, en) in labels.items():
        if (said := line.detail.get(name)) is not None:
            yield zh if lang == "zh" else en, _told(name, said)


def _told(name: str, said: Figure) -> str:
    if name in _MONEY:
        return yuan(int(str(said)))
    return f"{str(said)[:_SHORT]}…" if name in _DIGESTS else str(said)
