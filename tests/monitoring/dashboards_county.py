"""A county as its exporter tells of it: every state of a period once or twice, machines well and ill, one node.

Points are written by the exporter's own formatter with its own labels, so that nothing here can be named wrongly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from monitoring.exporter import metrics as m
from monitoring.exporter.exposition import text
from monitoring.exporter.source import Point

DAY = 86400
TITLES = {"civil": "民政局", "finance": "财政局", "agri": "农经中心", "police": "公安局", "land": "国土资源局"}
FEEDS = {
    "civil.dibao": "低保名册",
    "finance.onecard": "一卡通发放",
    "agri.village": "村级凭证",
    "police.households": "户籍",
    "land.parcels": "不动产登记",
}


@dataclass(frozen=True, kw_only=True)
class Owed:
    """A period of a feed: its due in days from the end of today, and what has come of it."""

    feed: str
    period: str
    state: str
    due: int
    revision: int | None = None
    rows: int = 0
    yuan: float = 0
    problems: int = 0


BOARD = (
    Owed(
        feed="civil.dibao", period="2026-09", state="on_time", due=-40, revision=2, rows=1200, yuan=3600.5, problems=6
    ),
    Owed(feed="civil.dibao", period="2026-10", state="overdue", due=-9),
    Owed(feed="civil.dibao", period="2026-11", state="not_due", due=21),
    Owed(
        feed="finance.onecard", period="2026-09", state="late", due=-30, revision=1, rows=300, yuan=99.25, problems=100
    ),
    Owed(feed="finance.onecard", period="2026-10", state="due_soon", due=0),
    Owed(feed="agri.village", period="2026Q3", state="unbalanced", due=-20),
    Owed(feed="police.households", period="2026-09", state="nil_on_time", due=-12, revision=1),
    Owed(feed="police.households", period="2026-10", state="held", due=1),
    Owed(feed="land.parcels", period="2026-09", state="nil_late", due=-12, revision=1),
    Owed(feed="land.parcels", period="2026-10", state="exempt", due=4),
)


def exposition(now: float) -> bytes:
    """What the exporter answers at `now` (Unix seconds)."""
    return text([*_infos(), *_board(now), *_machines(now), *_node(now)])


def _infos() -> Iterator[Point]:
    for feed, title in FEEDS.items():
        department = _department(feed)
        words = (title, TITLES[department], "办公室", "monthly", "accepted", "第十八条")
        yield Point(m.FEED_INFO, (feed, department, *words), 1)
        yield Point(m.DUNNINGS, (department,), 2)


def _board(now: float) -> Iterator[Point]:
    tonight = now - (now + 28800) % DAY + DAY - 1
    for one in BOARD:
        place = one.feed, _department(one.feed), one.period
        yield Point(m.PERIOD_INFO, (*place, "2026年11月22日24时(北京时间)", "第十八条"), 1)
        yield Point(m.PERIOD_STATE, (*place, one.state), 1)
        yield Point(m.PERIOD_BALANCED, place, one.state != "unbalanced")
        if one.state != "exempt":
            yield Point(m.PERIOD_DUE, place, tonight + one.due * DAY)
        if one.state == "held":
            yield Point(m.PERIOD_HELD, place, now - 7200)
        if one.state in ("due_soon", "not_due"):
            yield Point(m.PERIOD_FORECAST_LATE, place, one.state == "due_soon")
        if one.revision:
            yield Point(m.PERIOD_RECEIPTED, place, now - 10 * DAY)
            yield Point(m.PERIOD_LANDED, place, now - 11 * DAY)
            yield Point(m.PERIOD_REVISION, place, one.revision)
            yield Point(m.PERIOD_ROWS, place, one.rows)
            yield Point(m.PERIOD_AMOUNT, place, one.yuan)
            yield Point(m.PERIOD_PROBLEM_ROWS, place, one.problems)


def _machines(now: float) -> Iterator[Point]:
    """Two front-ends, one well, one silent and with a wrong clock; of the others nothing was ever heard."""
    yield Point(m.LAST_ATTEMPT, ("civil.dibao", "civil"), now - 600)
    yield Point(m.LAST_ATTEMPT, ("agri.village", "agri"), now - 900)
    yield Point(m.LAST_ATTEMPT_FAILED, ("agri.village", "agri", "YZ-2005"), 1)
    for department, silence, skew, dead in (("civil", 60, 0.2, 0), ("agri", 10800, -95, 1)):
        yield Point(m.HEARD, (department,), now - silence)
        yield Point(m.CLOCK_SKEW, (department,), skew)
        yield from _spool(department, now, dead)
        yield Point(m.CERTIFICATE, (department, f"{department}-front-end"), now + (20 if dead else 45) * DAY)
    yield from _spool("", now, 0)
    yield Point(m.CERTIFICATE, ("", "centre"), now + 5 * DAY)


def _spool(department: str, now: float, dead: int) -> Iterator[Point]:
    for state, count in {"ready": 3, "inflight": 1, "held": 1, "dead": dead}.items():
        yield Point(m.SPOOL_ENTRIES, (department, state), count)
    yield Point(m.SPOOL_BYTES, (department,), 4096)
    yield Point(m.SPOOL_OLDEST, (department,), now - 5400)
    yield Point(m.SPOOL_HELD, (department,), now - 7200)
    yield Point(m.DISK_FREE, (department,), 30e9)
    yield Point(m.DISK_SIZE, (department,), 120e9)


def _node(now: float) -> Iterator[Point]:
    yield Point(m.NODE_INFO, ("changning", "centre", "0.1.0"), 1)
    yield Point(m.CALENDAR_END, (), now + 39 * DAY)
    yield Point(m.CALENDAR_RULES, (), 1)
    yield Point(m.CALENDAR_UNKNOWN, (), 0)
    yield Point(m.LEDGER_POSITION, (), 4321)
    yield Point(m.LEDGER_VERIFIED, (), now - 3600)
    yield Point(m.LEDGER_FAULTS, (), 0)
    yield Point(m.SCRAPE, (), now)
    for source in m.SOURCES:
        yield Point(m.SOURCE_SUCCESS, (source,), 1)
        yield Point(m.SOURCE_DURATION, (source,), 0.01)


def _department(feed: str) -> str:
    return feed.split(".")[0]
