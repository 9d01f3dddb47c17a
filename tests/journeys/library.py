"""A county whose village-finance feed is an increment: out of a front library with a handshake, or by a cursor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from gateway.demo.county import connect
from gateway.demo.sources.vouchers import COLUMNS
from tests.journeys.account import events
from tests.journeys.hatchery import Hatchery
from tests.journeys.world import CURRENT, DEPARTMENT, FEED, World, found_world, outside

HANDSHAKE: Mapping[str, Any] = {
    "adapter": "odbc",
    "table": {
        "name": "qzk_pz",
        "handshake": {"sign": "sync_sign", "read_at": "read_date", "error": "sync_error_desc", "key": ["RowGuid"]},
    },
}
CURSOR: Mapping[str, Any] = {
    "adapter": "odbc",
    "table": {"name": "qzk_pz", "order_by": ["RowGuid"]},
    "cursor_column": "gxsj",
    "cursor_overlap": "3d",
}
_TABLE = f"""
CREATE TABLE qzk_pz (
  RowGuid VARCHAR(50) PRIMARY KEY, gxsj VARCHAR(20), sync_sign VARCHAR(2) DEFAULT '0', read_date VARCHAR(30),
  sync_error_desc VARCHAR(30), {", ".join(f"{name} VARCHAR(100)" for name in COLUMNS)}
)"""
_INSERT = f"INSERT INTO qzk_pz (RowGuid, gxsj, {', '.join(COLUMNS)}) VALUES ({', '.join('?' * (2 + len(COLUMNS)))})"


@dataclass(kw_only=True)
class Department:
    """The department's software, writing into its front library while the county runs.

    Attributes:
        line: the line number of new vouchers, a part of their key: an increment's record goes on from period to period,
            so whoever needs records that were never sent before takes another.
    """

    world: World
    path: Path
    line: int = 1

    def add(self, guid: str, *, village: str = "430482100201", fen: int = 100, at: str = "2026-10-05 08:00:00") -> None:
        """A new voucher, ready."""
        cells = (village, "某村", f"pz-{guid}", str(self.line), "2026-10-05", "551", "管理费用", "办公用品", "0",
                 str(fen), "村级自筹", "王某", "1")  # fmt: skip
        with outside(self.path) as database:
            database.execute(_INSERT, (guid, at, *cells))

    def change(self, guid: str, fen: int, at: str = "2026-10-06 08:00:00") -> None:
        """An update: the sign goes back to ready."""
        with outside(self.path) as database:
            database.execute(
                "UPDATE qzk_pz SET zc = ?, gxsj = ?, sync_sign = '0', read_date = NULL WHERE RowGuid = ?",
                (str(fen), at, guid),
            )

    def signs(self) -> dict[str, str]:
        with outside(self.path) as database:
            return dict(database.execute("SELECT RowGuid, sync_sign FROM qzk_pz ORDER BY RowGuid"))

    def row(self, guid: str) -> tuple[str, str | None, str | None]:
        """Sign, time, reasons."""
        with outside(self.path) as database:
            query = "SELECT sync_sign, read_date, sync_error_desc FROM qzk_pz WHERE RowGuid = ?"
            return database.execute(query, (guid,)).fetchone()

    def held(self, period: str) -> dict[str, int]:
        """What the centre holds of a period: voucher -> fen."""
        with outside(self.world.centre_site / "warehouse.db") as database:
            found = database.execute(f"SELECT voucher_no, expense FROM {CURRENT} WHERE _period = ?", (period,))
            return {number.removeprefix("pz-"): fen for number, fen in found}

    def events(self, period: str, revision: int = 1) -> list[str]:
        return events(self.world.front_end, f"{FEED}/{period}/r{revision}")

    def digests(self) -> list[Path]:
        """Files of row digests that are still kept."""
        return sorted((self.world.front_end / "bookmarks" / FEED).glob("*.rows"))


def found_library(root: Path, hatchery: Hatchery, source: Mapping[str, Any]) -> Department:
    """A county of its own, with an empty front library read in this way."""
    path = root / "front.db"
    with outside(path) as database:
        database.execute(_TABLE)
    world = found_world(root / "county", path, hatchery)
    connect(world.county, DEPARTMENT, FEED, {"connection": f"Driver=SQLite3;Database={path};StepAPI=1;NoCreat=1"})
    for site in (world.front_end, world.centre_site):
        rewrite(site, source)
    return Department(world=world, path=path)


def rewrite(site: Path, source: Mapping[str, Any], mode: str = "increment") -> None:
    """Have the feed read in another way at this site."""
    path, yaml = site / "catalogue" / "feeds" / f"{FEED}.yaml", YAML()
    document = yaml.load(path)
    document["feeds"][0] |= {"mode": mode, "source": dict(source)}
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(document, file)
