"""The county behind the Airflow of these tests: what is owed there, and how a test changes a source or looks at it.

One county and one Airflow for the folder (conftest.py). Each test has a feed, or a period, of its own.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.calendar import ASIA_SHANGHAI, Cadence, Period
from gateway.demo.county import DEPARTMENTS, County
from gateway.demo.rehearsal import Volume
from gateway.demo.sources.generate import write_onecard
from tests.airflow.rest import User
from tests.peers.command import Yizhan

TODAY = datetime.now(ASIA_SHANGHAI).date()
MONTH = Period.last_complete(Cadence.MONTHLY, TODAY)
QUARTER = Period.last_complete(Cadence.QUARTERLY, TODAY)
EARLIER = (MONTH.previous().previous().previous(), MONTH.previous().previous(), MONTH.previous())
CLOSED = Period.parse(f"{TODAY.year - (1 if (TODAY.month, TODAY.day) >= (4, 1) else 2)}-12")
"""The last month of the newest year that is closed."""
ONECARD, DIBAO, VOUCHERS, FORM = "finance.onecard", "civil.dibao", "agri.village_finance", "yizhan_corrections"
ROWS = Volume(onecard=600, dibao=300, vouchers=200)
SEED = 430482


def prepared(county: County) -> None:
    """Village finance waits for a reviewer, and the one-card feed is owed since a year that is closed."""
    for site in (county.centre, *(county.front_end(name) for name in DEPARTMENTS)):
        feeds = site / "catalogue" / "feeds"
        rewrite(feeds / f"{VOUCHERS}.yaml", "    mode:", "    review: required\n    mode:")
        rewrite(feeds / f"{ONECARD}.yaml", f"    starts: {MONTH}", f"    starts: {CLOSED}")
    site = county.front_end("agri") / "site.yaml"
    site.write_text(f"{site.read_text(encoding='utf-8')}collector: p001\n", encoding="utf-8")
    for period in EARLIER[:2]:
        place_onecard(county, period, SEED)


def rewrite(path: Path, old: str, new: str) -> None:
    """Change a file that is known to hold `old`."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def place_onecard(county: County, period: Period, seed: int) -> None:
    """The fiscal bureau's file of a month: other rows for another seed."""
    folder = county.sources / "finance" / "out"
    write_onecard(folder / f"onecard_{period.start:%Y%m}.txt", ROWS.onecard, period.start, seed)


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
