"""A small county as the exporter sees it: a centre and a front-end, made by the product's own rooms."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from gateway.app import CentreNode, open_node
from gateway.app.rooms import FrontEnd
from gateway.calendar import ASIA_SHANGHAI, Period
from gateway.errors import LoadUnbalanced
from gateway.keys import Party
from gateway.keys.issuing import Pki, Validity
from gateway.ledger import Detail, Event, EventKind, Head
from gateway.presence import Attempt, Certificate, DiskFacts, HeldPeriod, Report, SpoolFacts
from gateway.receive.holding import enter_holds
from gateway.records.totals import Totals
from gateway.records.types import target_schema
from gateway.spool import Spool
from gateway.warehouse import BatchFacts, LoadResult

NOW = "2026-11-28T10:00:00+08:00"
ENVIRON = {"YIZHAN_NOW": NOW}
PERSON = "430482199001011234"

CATALOGUE = """
region: "430482"
centres:
  - {id: changning, title: 常宁市政务数据中心, level: county, region: "430482"}
departments:
  - {id: civil, title: 民政局, region: "430482", contact: 社会救助股}
  - {id: finance, title: 财政局, region: "430482", contact: 惠农补贴股}
  - {id: police, title: 公安局, region: "430482", contact: 科技信息化大队}
due_rules:
  - id: month_end
    title: 民生资金
    cadence: monthly
    months_after: 1
    day: last
    judged_by: accepted
    article: 第十八条甲
  - id: tenth
    title: 基础比对
    cadence: monthly
    months_after: 1
    day: 10
    shift: next_workday
    judged_by: landed
    article: 第十八条乙
feeds:
"""
FEED = """
  - id: {id}
    title: '{title}'
    department: {department}
    due: {rule}
    starts: {starts}
    mode: snapshot
    routes: [changning]
    key: [no]
    amount: money
    fields:
      - {{name: no, title: 编号, type: text, required: true, source: no}}
      - {{name: money, title: 金额, type: money, unit: yuan, required: true, source: money}}
    limits: {{rows: 1000, seconds: 60}}
    source: {{adapter: sftp, path: "{{yyyymm}}.csv", format: {{kind: delimited}}}}
"""
SMALL = (
    ("civil.dibao", '低保"名册"', "civil", "month_end", "2026-09"),
    ("finance.funds", "惠农资金", "finance", "month_end", "2026-09"),
    ("finance.relief", "救灾资金", "finance", "month_end", "2026-10"),
    ("finance.roads", "农村公路资金", "finance", "month_end", "2026-10"),
    ("police.deaths", "死亡人口", "police", "tenth", "2026-06"),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ASIA_SHANGHAI)


def write_site(root: Path, role: str, feeds: Iterable[tuple[str, ...]] = SMALL) -> Path:
    """A site directory without stores or keys."""
    (root / "catalogue").mkdir(parents=True)
    names = ("id", "title", "department", "rule", "starts")
    drawn = (FEED.format(**dict(zip(names, feed, strict=True))) for feed in feeds)
    (root / "catalogue" / "county.yaml").write_text(CATALOGUE + "".join(drawn), encoding="utf-8")
    own = "centre: changning" if role == "centre" else "department: civil\ncentres: {}"
    (root / "site.yaml").write_text(f"site: {root.name}\nrole: {role}\nrehearsal: true\n{own}\n", encoding="utf-8")
    return root


def write_keys(site: Path) -> None:
    """Certificates that end on one known day, a person's among them."""
    pki = Pki.found(Validity(start=at("2026-01-01"), end=at("2027-01-01")))
    if (site / "site.yaml").read_text(encoding="utf-8").count("role: centre"):
        pki.write_centre(site / "keys", "changning")
        pki.write_persons(site / "keys", Party.CENTRE, "changning", ["p101"])
    else:
        pki.write_department(site / "keys", "civil", {})
        pki.write_persons(site / "keys", Party.DEPARTMENT, "civil", ["p001"])


@dataclass
class Loads:
    """Batches loaded into a centre, one after the other."""

    node: CentreNode
    held: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)

    def load(self, feed: str, period: str, accepted: str, *, landed: str | None = None, yuan: str = "12.50") -> None:
        """The next revision of a period: two rows, the amount in the first of them."""
        known = self.node.catalogue.feed(feed)
        schema = target_schema(known.fields)
        money = [Decimal(yuan), Decimal("0.00")]
        rows = pa.RecordBatch.from_pydict({"no": ["1", "2"], "money": money}, schema=schema)
        revision, previous = self.held.get((feed, period), (0, None))
        batch = f"{feed}/{period}/r{revision + 1}"
        facts = BatchFacts(
            digest=hashlib.sha256(batch.encode()).hexdigest(), batch=batch, region="430482", feed=feed, period=period,
            revision=revision + 1, kind="correction" if revision else "data", sender=known.department,
            previous=previous, sent=Totals.of(rows, known.fields), set_aside=1, landed_at=at(landed or accepted),
            accepted_at=at(accepted), by="p001",
        )  # fmt: skip
        self.node.warehouse.load(facts, [rows], receipt)
        self.held[feed, period] = revision + 1, facts.digest


def receipt(_result: LoadResult, head: Head) -> bytes:
    return f"receipt {head.position}".encode()


def report() -> Report:
    """What the front-end of the civil department last said of itself."""
    return Report(
        version="0.1.0",
        spool=SpoolFacts(
            ready=1,
            inflight=0,
            held=1,
            dead=0,
            bytes=4096,
            oldest_at=at("2026-11-28T08:00"),
            held_since=at("2026-11-27"),
        ),
        disk=DiskFacts(free=1_000, total=5_000),
        certificates=(Certificate(name="sign", not_after=at("2026-12-25")),),
        attempts=(
            Attempt(feed="civil.dibao", period=Period.parse("2026-10"), at=at("2026-11-28T08:30"), code="YZ-6101"),
        ),
        held=(HeldPeriod(feed="civil.dibao", period=Period.parse("2026-10"), since=at("2026-11-27")),),
    )


def fill(node: CentreNode) -> None:
    """What happened in the county up to now."""
    loads = Loads(node)
    loads.load("civil.dibao", "2026-09", "2026-10-20T09:00")
    loads.load("civil.dibao", "2026-09", "2026-11-02T09:00", yuan="13.00")
    loads.load("finance.funds", "2026-09", "2026-11-05T09:00")
    for month in (6, 7, 8):
        loads.load("police.deaths", f"2026-{month:02}", f"2026-{month + 1:02}-09T15:00")
    loads.load("police.deaths", "2026-09", "2026-10-11T15:00", landed="2026-10-10T09:00")
    loads.load("police.deaths", "2026-10", "2026-11-12T15:00", landed="2026-11-10T09:00")
    failed(node, "finance.funds", "2026-10", "2026-11-20T09:00", EventKind.REFUSED, "YZ-2040")
    node.ledger.append(Event(at=at("2026-11-27"), kind=EventKind.HELD, feed="civil.dibao", period="2026-10"))
    failed(node, "finance.roads", "2026-10", "2026-11-21T09:00", EventKind.UNBALANCED, LoadUnbalanced.code)
    decided(node, EventKind.EXEMPTED, "2026-10", None)
    decided(node, EventKind.EXTENDED, "2026-11", "2027-01-15T23:59:59+08:00")
    for number in ("催〔2026〕1号", "催〔2026〕2号"):
        dunned(node, "finance", number)
    enter_holds("civil", report(), (), node.ledger, at("2026-11-27"))
    node.presence.hear("civil", at("2026-11-28T09:55"), timedelta(seconds=2), report())
    node.presence.hear("finance", at("2026-11-20T09:00"), None)


def failed(node: CentreNode | FrontEnd, feed: str, period: str, moment: str, kind: EventKind, code: str) -> None:
    batch = f"{feed}/{period}/r1"
    node.ledger.append(Event(at=at(moment), kind=kind, batch=batch, feed=feed, period=period, code=code))


def decided(node: CentreNode, kind: EventKind, period: str, until: str | None) -> None:
    said = Detail(number="常政办函〔2026〕8号", reason="当月无发放", until=until)
    line = Event(at=at("2026-11-10T09:00"), kind=kind, feed="finance.relief", period=period, by="p101", detail=said)
    node.ledger.append(line)


def dunned(node: CentreNode, department: str, number: str) -> None:
    said = Detail(department=department, number=number, until="2026-10-31T23:59:59+08:00")
    for period in ("2026-08", "2026-09"):
        node.ledger.append(
            Event(at=at("2026-11-06T09:00"), kind=EventKind.DUNNED, feed="finance.funds", period=period, detail=said)
        )


def make_centre(root: Path) -> Path:
    """A centre with its stores, on SQLite."""
    site = write_site(root, "centre")
    write_keys(site)
    node = open_node(site, ENVIRON)
    assert isinstance(node, CentreNode)
    Spool(site / "spool")
    fill(node)
    node.database.dispose()
    return site


def make_front_end(root: Path) -> Path:
    """A front-end that landed a batch and was refused it."""
    site = write_site(root, "front-end")
    write_keys(site)
    node = open_node(site, ENVIRON)
    assert isinstance(node, FrontEnd)
    Spool(site / "spool")
    failed(node, "civil.dibao", "2026-10", "2026-11-20T09:00", EventKind.REFUSED, "YZ-2001")
    node.database.dispose()
    return site
