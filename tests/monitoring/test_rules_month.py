"""Thirty days of a county, as the real exporter tells them, judged by every alert: an on-time county raises nothing.

The centre lives through the days in a row: batches are loaded and heartbeats heard when their time comes, and every six
hours the exporter is asked with the clock at that moment. What it said becomes blocks of a real Prometheus, and each
alert's expression is asked for over all of the thirty days. `for` is left out of it, which is stricter: nothing may
hold even for a moment.
"""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from ruamel.yaml import YAML

from gateway.app import CentreNode, open_node
from gateway.presence import Certificate, DiskFacts, Report, SpoolFacts
from gateway.spool import Spool
from monitoring.exporter.running import exporter_of
from monitoring.exporter.verification import Verification
from monitoring.exporter.watch import Watch
from tests.monitoring.exporter_county import Loads, at, write_keys, write_site
from tests.peers.prometheus import RULES, Prometheus, prometheus, tool

FIRST, DAYS, STEP = at("2026-03-05"), 30, timedelta(hours=6)
MOMENTS = [FIRST + STEP * step for step in range(DAYS * 4 + 1)]
LAST = MOMENTS[-1]
DEPARTMENTS = ("civil", "finance", "police")
FEEDS = (
    ("civil.dibao", "低保名册", "civil", "month_end", "2026-01"),
    ("finance.funds", "惠农资金", "finance", "month_end", "2026-01"),
    ("police.deaths", "死亡人口", "police", "tenth", "2026-01"),
)
# what arrives and when: always before the first reminder, five days ahead of the due
ON_TIME = (
    ("civil.dibao", "2026-01", "2026-02-20T09:00"),
    ("finance.funds", "2026-01", "2026-02-21T09:00"),
    ("police.deaths", "2026-01", "2026-02-04T09:00"),
    ("police.deaths", "2026-02", "2026-03-04T09:00"),
    ("civil.dibao", "2026-02", "2026-03-12T09:00"),
    ("finance.funds", "2026-02", "2026-03-20T09:00"),
)
LATE = ("civil.dibao", "2026-02", "2026-04-03T09:00")
ONE_LATE = (*(one for one in ON_TIME if one[:2] != LATE[:2]), LATE)
BY_DAYS = "by days"
"""The severity of a reminder hangs on how many days are left; the rule's own tests say how."""
LOG = logging.getLogger("tests.month")

_SAMPLE = re.compile(r"([a-z_]+)(?:\{(.*)\})? (\S+)")
_OWN_DISK = ('yizhan_disk_free_bytes{department=""}', 'yizhan_disk_size_bytes{department=""}')
"""Of the machine that runs the test: how full it is says nothing of the county."""
_PLACE = 'instance="centre:9464",job="yizhan"'


@dataclass(frozen=True, kw_only=True)
class Raised:
    """One series of an alert's expression, with the moments at which it held."""

    alert: str
    severity: str
    feed: str
    period: str
    first: datetime
    last: datetime


def test_thirty_days_of_an_on_time_county_raise_nothing(tmp_path: Path) -> None:
    with month(tmp_path, ON_TIME) as watched:
        assert len(watched.query_range("up", FIRST, LAST, STEP)[0]["values"]) == len(MOMENTS) == 121
        owed = watched.query_range("yizhan_feed_period_due_timestamp_seconds", FIRST, LAST, STEP)
        assert {one["metric"]["feed"] for one in owed} == {feed[0] for feed in FEEDS}
        assert list(raised(watched)) == []


def test_the_same_county_with_one_late_feed_raises_exactly_that(tmp_path: Path) -> None:
    def held(alert: str, severity: str, first: str, last: str) -> Raised:
        return Raised(alert=alert, severity=severity, feed=LATE[0], period=LATE[1], first=at(first), last=at(last))

    with month(tmp_path, ONE_LATE) as watched:
        found = sorted(raised(watched), key=lambda one: (one.alert, one.first))
    assert found == [
        held("YizhanPeriodDueSoon", BY_DAYS, "2026-03-27T06:00", "2026-04-01"),
        held("YizhanPeriodDueSoon", BY_DAYS, "2026-03-29T06:00", "2026-04-01"),
        held("YizhanPeriodDueSoon", BY_DAYS, "2026-03-31T06:00", "2026-04-01"),
        held("YizhanPeriodOverdue", "warning", "2026-04-01T06:00", "2026-04-03T06:00"),
        held("YizhanPeriodOverdue", "critical", "2026-04-03", "2026-04-03T06:00"),
    ]


def raised(watched: Prometheus) -> Iterator[Raised]:
    """What any alert's expression gives anywhere in the thirty days."""
    rules = [rule for path in sorted(RULES.glob("*.yml")) for group in _groups(path) for rule in group["rules"]]
    recordings = {rule["record"]: rule["expr"] for rule in rules if "record" in rule}
    alerts = [rule for rule in rules if "alert" in rule]
    assert len(alerts) == 29
    for rule in alerts:
        for series in watched.query_range(_written_out(rule["expr"], recordings), FIRST, LAST, STEP):
            held = [datetime.fromtimestamp(moment, FIRST.tzinfo) for moment, _ in series["values"]]
            labels = series["metric"]
            yield Raised(
                alert=rule["alert"], severity=_severity(rule["labels"]["severity"]), feed=labels.get("feed", ""),
                period=labels.get("period", ""), first=held[0], last=held[-1],
            )  # fmt: skip


def _severity(label: str) -> str:
    return BY_DAYS if "{{" in label else label


def _groups(path: Path) -> list[dict]:
    return YAML(typ="safe").load(path)["groups"]


def _written_out(expression: str, recordings: dict[str, str]) -> str:
    """Blocks hold what the exporter said, not what rules recorded: each recording is replaced by its own expression, in
    which it is remembered by name and, never having been recorded, empty."""
    for name, own in reversed(recordings.items()):  # a later one may ask for an earlier one
        expression = expression.replace(name, f"({own})")
    return expression


@contextmanager
def month(root: Path, arrivals: Sequence[tuple[str, str, str]]) -> Iterator[Prometheus]:
    """A Prometheus that was there."""
    text, blocks = root / "month.txt", root / "blocks"
    text.write_text(_openmetrics(_lived(root / "centre", arrivals)), encoding="utf-8")
    made = tool("promtool", "tsdb", "create-blocks-from", "--max-block-duration=768h", "openmetrics", text, blocks)
    assert made.returncode == 0, made.stdout + made.stderr
    with prometheus(blocks=blocks) as watched:
        yield watched


def _lived(root: Path, arrivals: Sequence[tuple[str, str, str]]) -> Iterator[tuple[datetime, str]]:
    """The exporter's answers, one moment after the other."""
    site = write_site(root, "centre", FEEDS)
    write_keys(site)
    Spool(site / "spool")
    node = open_node(site, {"YIZHAN_NOW": FIRST.isoformat()})
    assert isinstance(node, CentreNode)
    loads, waiting = Loads(node), sorted(arrivals, key=lambda one: one[2])
    for moment in MOMENTS:
        while waiting and at(waiting[0][2]) <= moment:
            loads.load(*waiting.pop(0))
        for department in DEPARTMENTS:
            node.presence.hear(department, moment - timedelta(minutes=4), timedelta(seconds=2), _report())
        yield moment, _asked(site, moment)
    node.database.dispose()


def _report() -> Report:
    """A front-end that is well."""
    return Report(
        version="0.1.0",
        spool=SpoolFacts(ready=0, inflight=0, held=0, dead=0, bytes=0, oldest_at=None, held_since=None),
        disk=DiskFacts(free=4_000, total=5_000),
        certificates=(Certificate(name="sign", not_after=at("2027-01-01")),),
        attempts=(),
        held=(),
    )


def _asked(site: Path, moment: datetime) -> str:
    """What a scrape at this moment gets, the ledger just verified."""
    watch = Watch(site, {"YIZHAN_NOW": moment.isoformat()})
    verification = Verification(watch, timedelta(days=1), LOG, "en")
    verification.once()
    text = exporter_of(watch, verification, LOG, "en").text().decode()
    watch.close()
    return text


def _openmetrics(answers: Iterator[tuple[datetime, str]]) -> str:
    """All answers as one document: the samples of each metric together, each with its moment."""
    families: dict[str, list[str]] = defaultdict(list)
    for moment, text in answers:
        families["up"].append(f"up{{{_PLACE}}} 1 {moment.timestamp():.0f}")
        for line in text.splitlines():
            if not line.startswith(("#", *_OWN_DISK)):
                name, labels, value = _SAMPLE.fullmatch(line).groups()
                more = f",{labels}" if labels else ""
                families[name].append(f"{name}{{{_PLACE}{more}}} {value} {moment.timestamp():.0f}")
    blocks = (f"# TYPE {name} gauge\n" + "\n".join(lines) for name, lines in families.items())
    return "\n".join([*blocks, "# EOF", ""])
