"""The dunning notice (催报单) as one self-contained HTML file that prints on A4.

Pure: a paper in, text out. Names offices and posts, never a person; everything from a catalogue is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape

from gateway.calendar import ASIA_SHANGHAI, days_over, deadline_words
from gateway.catalogue import Centre, Department
from gateway.errors import Lang
from gateway.freshness import Row, State

_STYLE = """
@page { size: A4 portrait; margin: 20mm 18mm; }
body { font: 12pt/1.7 "SimSun", "Songti SC", "Noto Serif CJK SC", serif; max-width: 174mm; margin: 0 auto; }
h1 { font: 700 22pt/1.4 "SimHei", "Heiti SC", "Noto Sans CJK SC", sans-serif; text-align: center; margin: 0 0 2mm; }
.number { text-align: center; margin: 0 0 6mm; }
table { border-collapse: collapse; width: 100%; font-size: 10.5pt; line-height: 1.4; }
th, td { border: 1px solid #000; padding: 1.5mm 2mm; vertical-align: top; text-align: left; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
code { font: 9.5pt "Consolas", "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.sign { margin-top: 14mm; break-inside: avoid; }
.sign p { text-align: right; margin: 1mm 0; }
.slip { border-top: 1px dashed #000; margin-top: 10mm; padding-top: 4mm; break-inside: avoid; }
"""


@dataclass(frozen=True, kw_only=True)
class Paper:
    """What a notice says.

    Attributes:
        rows: of the board, all of one department and all overdue. articles: of each row, what its due rests on.
        earlier: of each row, how many notices have named it before.
    """

    number: str
    at: datetime
    by: str
    centre: Centre
    department: Department
    rows: tuple[Row, ...]
    articles: tuple[str, ...]
    earlier: tuple[int, ...]


def draw(paper: Paper, lang: Lang) -> str:
    """The whole document."""
    title = "催报单" if lang == "zh" else "Dunning notice"
    body = "\n".join(_body(paper, title, lang))
    language = "zh-CN" if lang == "zh" else "en"
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{title} {escape(paper.number)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n"
        "</html>\n"
    )


def _body(paper: Paper, title: str, lang: Lang) -> Iterator[str]:
    zh = lang == "zh"
    contact = paper.department.contact
    to = escape(paper.department.title) + (f"({escape(contact)})" if contact else "")
    yield f"<h1>{title}</h1>"
    yield f'<p class="number">{escape(paper.number)}</p>'
    yield f"<p>{to}:</p>"
    count = len(paper.rows)
    yield (
        f"<p>截至{_minute(paper.at, lang)},你单位下列{count}期数据已过应报时限,本中心尚未收到。请立即报送。</p>"
        if zh
        else f"<p>As of {_minute(paper.at, lang)} this centre has not received the following "
        f"{_periods(count)} of your department, past the deadline. Please report at once.</p>"
    )
    yield _table(paper, lang)
    yield from _next(paper, lang)
    yield from _signature(paper, lang)


def _table(paper: Paper, lang: Lang) -> str:
    heads = (
        ("序号", "归集事项", "数据期", "应报时限", "逾期", "依据", "第几次催报")
        if lang == "zh"
        else ("no", "feed", "period", "deadline", "over", "rule", "notice")
    )
    head = "".join(f"<th>{text}</th>" for text in heads)
    lines = "\n".join(_line(place, paper, lang) for place in range(len(paper.rows)))
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{lines}\n</tbody>\n</table>"


def _line(place: int, paper: Paper, lang: Lang) -> str:
    row = paper.rows[place]
    days, times = days_over(row.due, paper.at), paper.earlier[place] + 1
    over = (f"{days}天" if days else "今日") if lang == "zh" else (f"{days} d" if days else "today")
    cells = (
        str(place + 1),
        f"{escape(row.title)}<br><code>{escape(row.feed)}</code>" + _state(row, lang),
        str(row.period),
        deadline_words(row.due, lang) + _extended(row, lang),
        over,
        escape(paper.articles[place]),
        f"第{times}次" if lang == "zh" else str(times),
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _state(row: Row, lang: Lang) -> str:
    if row.state is not State.UNBALANCED:
        return ""
    return "<br>最近一次报送对账不平" if lang == "zh" else "<br>the last attempt did not balance"


def _extended(row: Row, lang: Lang) -> str:
    if row.due == row.rule_due or row.waiver is None:
        return ""
    number = escape(row.waiver.number)
    return f"<br>已延期:{number}" if lang == "zh" else f"<br>extended: {number}"


def _next(paper: Paper, lang: Lang) -> Iterator[str]:
    """What to type, and whom to ask."""
    zh = lang == "zh"
    yield "<p>请在前置机上办理:</p>" if zh else "<p>On the front-end machine:</p>"
    commands = "".join(
        f"<li><code>yizhan run {escape(row.feed)} --period {row.period}</code></li>" for row in paper.rows
    )
    yield f"<ul>{commands}</ul>"
    yield (
        "<p>当期确无数据的,由申报岗零报送:<code>yizhan nil 归集事项 --period 数据期 --by 工号</code>;"
        "已收集未送达的,用 <code>yizhan status</code> 和 <code>yizhan spool list</code> 查看原因。"
        f"确需免报、延期的,请向{escape(paper.centre.title)}提出书面申请,凭批准文号办理。</p>"
        if zh
        else "<p>Where there truly is nothing to report: <code>yizhan nil FEED --period P --by WHO</code>. What was "
        "collected and not delivered: <code>yizhan status</code>, <code>yizhan spool list</code>. For an exemption or "
        f"an extension apply in writing to {escape(paper.centre.title)}; it takes an approval with a number.</p>"
    )


def _signature(paper: Paper, lang: Lang) -> Iterator[str]:
    zh = lang == "zh"
    local = paper.at.astimezone(ASIA_SHANGHAI)
    day = f"{local.year}年{local.month}月{local.day}日" if zh else f"{local:%Y-%m-%d}"
    handled = f"<p>{'经办' if zh else 'handled by'}:{escape(paper.by)}</p>"
    office = escape(paper.centre.title) + ("(盖章)" if zh else " (seal)")
    yield f'<div class="sign"><p>{office}</p><p>{day}</p>{handled}</div>'
    yield (
        '<div class="slip"><p>签收单位:____________________ 签收人:______________ 签收时间:______________</p>'
        "<p>未按时报送的原因及预计报送时间:________________________________________</p></div>"
        if zh
        else '<div class="slip"><p>Received by: ____________________ signature: ______________ date: ______________</p>'
        "<p>Why it is late, and when it will come: ________________________________________</p></div>"
    )


def _periods(count: int) -> str:
    return f"{count} period{'' if count == 1 else 's'}"


def _minute(at: datetime, lang: Lang) -> str:
    local = at.astimezone(ASIA_SHANGHAI)
    if lang == "en":
        return f"{local:%Y-%m-%d %H:%M} (Beijing time)"
    return f"{local.year}年{local.month}月{local.day}日{local.hour}时{local.minute:02}分"
