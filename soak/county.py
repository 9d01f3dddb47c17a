"""A county of many feeds: the sample's three, again and again, each with a name, and data, of its own.

The departments' real sources stand behind them all: one SFTP server with a file for each feed, one SOAP service, and a
database for each feed of the village software.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ruamel.yaml import YAML

from gateway.calendar import ASIA_SHANGHAI, Cadence, Period
from gateway.demo.county import DEPARTMENTS, County
from gateway.demo.rehearsal import Volume
from gateway.demo.sources import dibao, generate, vouchers

TODAY = datetime.now(ASIA_SHANGHAI).date()
MONTH = Period.last_complete(Cadence.MONTHLY, TODAY)
QUARTER = Period.last_complete(Cadence.QUARTERLY, TODAY)
VOLUME = Volume(onecard=1, dibao=500, vouchers=1)
"""Of the sample's own three sources; only the SOAP service goes on serving the many feeds."""
KINDS = ("finance.onecard", "civil.dibao", "agri.village_finance")
_FILE = re.compile(r"/out/onecard_")
_ID = re.compile(r"^( +- id: )(\S+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Owed:
    """One feed of the many, what its department must be found to have sent, and who lets it leave."""

    feed: str
    number: int
    period: Period
    rows: int
    fen: int
    reviewed: bool

    @property
    def run(self) -> str:
        """The id of the period's run in Airflow."""
        return f"scheduled__{self.period}"

    @property
    def department(self) -> str:
        return self.feed.partition(".")[0]


def widen(county: County, feeds: int, reviewed: int) -> tuple[Owed, ...]:
    """Give every site a catalogue of so many feeds, of which the first `reviewed` wait for a reviewer."""
    owed = tuple(_sources(county, feeds, reviewed))
    for site in (county.centre, *county.front_ends):
        _write_feeds(site / "catalogue" / "feeds", owed)
    for department in DEPARTMENTS:
        _connect(county, department, owed)
    return owed


def _sources(county: County, feeds: int, reviewed: int) -> Iterator[Owed]:
    """What each department's system holds: other data for each feed, but for the one service they share."""
    for number in range(feeds):
        kind = KINDS[number % len(KINDS)]
        department, rows = kind.partition(".")[0], 400 + 5 * number
        if department == "finance":
            path = county.sources / "finance" / "out" / f"f{number}_{MONTH.start:%Y%m}.txt"
            fen = generate.write_onecard(path, rows, MONTH.start, number)
        elif department == "civil":
            rows, fen = VOLUME.dibao, _allowances()
        else:
            path = county.sources / "agri" / f"f{number}.db"
            _, fen = vouchers.write(path, rows, QUARTER.start, QUARTER.end, number)
        period = QUARTER if department == "agri" else MONTH
        yield Owed(
            feed=f"{kind}_{number:03}", number=number, period=period, rows=rows, fen=fen, reviewed=number < reviewed
        )


def _allowances() -> int:
    place = dibao.ELEMENTS.index("allowance")
    rows = dibao.block(0, VOLUME.dibao, MONTH.start, generate.SEED)
    return sum(int(row[place].replace(".", "")) for row in rows)


def _write_feeds(folder: Path, owed: tuple[Owed, ...]) -> None:
    texts = {kind: (folder / f"{kind}.yaml").read_text(encoding="utf-8") for kind in KINDS}
    for kind in KINDS:
        (folder / f"{kind}.yaml").unlink()
    for one in owed:
        text = _ID.sub(rf"\g<1>{one.feed}", texts[KINDS[one.number % len(KINDS)]])
        text = _FILE.sub(f"/out/f{one.number}_", text)
        if one.reviewed:
            text = re.sub(r"^    review: .*\n", "", text, flags=re.MULTILINE)
            text = text.replace("    mode:", "    review: required\n    mode:", 1)
        (folder / f"{one.feed}.yaml").write_text(text, encoding="utf-8")


def _connect(county: County, department: str, owed: tuple[Owed, ...]) -> None:
    """Each feed's source under `sources:`; who collects is the department's p001, since reviewers ask for that."""
    path = county.front_end(department) / "site.yaml"
    site = YAML(typ="safe").load(path)
    (known,) = site["sources"].values()
    site["sources"] = {
        one.feed: _database(county, one) if department == "agri" else dict(known)
        for one in owed
        if one.department == department
    }
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(site | {"collector": "p001"}, file)


def _database(county: County, one: Owed) -> dict[str, str]:
    return {"connection": f"Driver=SQLite3;Database={county.sources / 'agri'}/f{one.number}.db;StepAPI=1;NoCreat=1"}
