"""The county behind the Airflow of these tests: what is owed there, and how a test changes a source or looks at it.

One county and one Airflow for the folder (conftest.py). Each test has a feed, or a period, of its own.
"""

from __future__ import annotations

import os
import re
import signal
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from ruamel.yaml import YAML

from gateway.calendar import ASIA_SHANGHAI, Cadence, Period
from gateway.demo.county import CENTRE, DEPARTMENTS, County, connect
from gateway.demo.rehearsal import Volume
from gateway.demo.sources.generate import write_onecard
from scripts.airflow_county import REVIEWED, Running, have_reviewed
from tests.airflow.cables import Cable
from tests.airflow.rest import User, until
from tests.peers.command import Yizhan

TODAY = datetime.now(ASIA_SHANGHAI).date()
MONTH = Period.last_complete(Cadence.MONTHLY, TODAY)
QUARTER = Period.last_complete(Cadence.QUARTERLY, TODAY)
EARLIER = (MONTH.previous().previous().previous(), MONTH.previous().previous(), MONTH.previous())
CLOSED = Period.parse(f"{TODAY.year - (1 if (TODAY.month, TODAY.day) >= (5, 1) else 2)}-12")
"""The last month of the newest year that is closed: from 1 May on here, so that no month of EARLIER ever is."""
ONECARD, DIBAO, VOUCHERS, FORM = "finance.onecard", "civil.dibao", REVIEWED, "yizhan_corrections"
RELIEF, BONUS = "finance.relief", "finance.bonus"
"""Owed after events; corrections of the one wait for a reviewer, and every batch of the other."""
ROWS = Volume(onecard=600, dibao=300, vouchers=200)
SEED = 430482


@dataclass(frozen=True, kw_only=True)
class Cables:
    """The fiscal bureau's lines: its front-end's to the centre, and to its own SFTP server."""

    centre: Cable
    source: Cable

    def recover(self) -> None:
        self.centre.recover()
        self.source.recover()

    def close(self) -> None:
        self.centre.close()
        self.source.close()


def prepared(county: County) -> Cables:
    """Village finance waits for a reviewer, the one-card feed is owed since a year that is closed, and two feeds of
    the fiscal bureau are owed after events; its lines can be held up.
    """
    have_reviewed(county)
    for site in (county.centre, *(county.front_end(name) for name in DEPARTMENTS)):
        feeds = site / "catalogue" / "feeds"
        rewrite(feeds / f"{ONECARD}.yaml", f"    starts: {MONTH}", f"    starts: {CLOSED}")
        rewrite(site / "catalogue" / "due_rules.yaml", '    closes: "04-01"', '    closes: "05-01"')
    for period in EARLIER[:2]:
        place_onecard(county, period, SEED)
    return _laid(county)


def _laid(county: County) -> Cables:
    """Cables in place of the fiscal bureau's connections, and its feeds that are owed after events."""
    site = county.front_end("finance") / "site.yaml"
    said = YAML(typ="safe").load(site)
    source = said["sources"][ONECARD]
    port = YAML(typ="safe").load(county.centre / "site.yaml")["listen"]["port"]
    cables = Cables(centre=Cable(port), source=Cable(source["port"]))
    said["centres"][CENTRE]["url"] = f"https://127.0.0.1:{cables.centre.port}"
    with site.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(said | {"collector": "p001"}, file)
    for feed in (ONECARD, RELIEF, BONUS):
        connect(county, "finance", feed, source | {"port": cables.source.port})
    for root in (county.centre, *county.front_ends):
        _owe_after_events(root / "catalogue")
    return cables


def _owe_after_events(catalogue: Path) -> None:
    rule = (
        "  - {id: after_events, title: 救灾资金, cadence: event, hours_after: 24, judged_by: accepted,"
        " article: 事件发生后一日内报送}\n"
    )
    rewrite(catalogue / "due_rules.yaml", "due_rules:\n", f"due_rules:\n{rule}")
    onecard = (catalogue / "feeds" / f"{ONECARD}.yaml").read_text(encoding="utf-8")
    for feed, review in ((RELIEF, "corrections"), (BONUS, "required")):
        text = onecard.replace(f"id: {ONECARD}", f"id: {feed}").replace("due: livelihood_funds", "due: after_events")
        text = re.sub(r"starts: .*", "starts: 2026-01-01T0000", text)
        text = text.replace("    mode:", f"    review: {review}\n    mode:")
        text = text.replace("onecard_{yyyymm}", f"{feed}_{{period}}")
        (catalogue / "feeds" / f"{feed}.yaml").write_text(text, encoding="utf-8")


def rewrite(path: Path, old: str, new: str) -> None:
    """Change a file that is known to hold `old`."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def place_onecard(county: County, period: Period, seed: int) -> None:
    """The fiscal bureau's file of a month: other rows for another seed."""
    folder = county.sources / "finance" / "out"
    write_onecard(folder / f"onecard_{period.start:%Y%m}.txt", ROWS.onecard, period.start, seed)


def place_event(county: County, feed: str, event: Period, seed: int) -> None:
    """The fiscal bureau's file about an event, in the place of an older one that may just be read."""
    path = county.sources / "finance" / "out" / f"{feed}_{event}.part"
    write_onecard(path, ROWS.onecard, event.start, seed)
    path.rename(path.with_suffix(".txt"))


def event_of(number: int) -> Period:
    """A minute of the day before yesterday."""
    day = datetime.combine(TODAY - timedelta(days=2), datetime.min.time(), ASIA_SHANGHAI)
    return Period.of_event(day + timedelta(hours=8, minutes=number))


def report(user: User, feed: str, event: Period) -> str:
    """Have an event reported, as soon as its DAG is known; the run's id."""

    def asked() -> str | None:
        answer = user.ask("POST", f"dags/{feed}/dagRuns", json={"logical_date": event.moment.isoformat()})
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        return str(answer.raise_for_status().json()["dag_run_id"])

    return str(until(asked, f"no DAG {feed}"))


def kill(world: Running, name: str, how: signal.Signals = signal.SIGKILL) -> None:
    """End one of the county's processes, and wait until it is gone."""
    os.kill(world.servers.pids[name], how)
    os.waitpid(world.servers.pids[name], 0)


def events_of(site: Yizhan, batch: str) -> list[str]:
    """What a node's ledger says happened to a batch, in order; nothing of one it does not know."""
    ended = site.run("ledger", "show", batch, "--json")
    return [line["event"] for line in ended.json["lines"]] if ended.code == 0 else []


def line_of(centre: Yizhan, batch: str, event: str) -> Any:
    """The one line of the centre's ledger about a batch and what happened to it."""
    ended = centre.run("ledger", "show", batch, "--json")
    assert ended.code == 0, ended.err
    (line,) = [line for line in ended.json["lines"] if line["event"] == event]
    return line


def scheduled(period: Period) -> str:
    """The id of a period's run."""
    return f"scheduled__{period}"


def settled(admin: User, dag: str, run: str) -> bool | None:
    """Whether a question may be answered: Airflow fails a task that is answered within about a second of its asking."""
    since = admin.tasks(dag, run)["review"]["start_date"]
    asked = datetime.now(ASIA_SHANGHAI) - datetime.fromisoformat(since)
    return True if asked.total_seconds() > 4 else None
