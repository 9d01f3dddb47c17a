"""One, two, three receivers of one centre: `python -m benchmarks.scale [--batches N] [--rows N] [--receivers 1,2,3]`.

For each number of receivers a centre is founded anew: one PostgreSQL, one shared folder, nginx, and so many `yizhan
serve`. Sealed batches of three departments are then delivered through nginx by as many clients as `--clients` says; the
time is taken from the first submission to the last receipt. It reports and never asserts; every process it starts is
ended by its process id.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.journeys.hatchery import Hatchery
from tests.journeys.world import new_hatchery
from tests.peers.postgres import Postgres, postgres
from tests.scale.batches import Sown, periods, sow
from tests.scale.county import FEEDS, centre

_HEADING = f"{'receivers':>9} {'batches':>8} {'rows':>10} {'MB':>7} {'s':>7} {'batches/s':>10} {'rows/s':>9}"


def main() -> None:
    """Measure and print a line for each number of receivers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batches", type=int, default=24)
    parser.add_argument("--rows", type=int, default=20_000, help="of each batch")
    parser.add_argument("--receivers", default="1,2,3")
    parser.add_argument("--clients", type=int, default=6)
    chosen = parser.parse_args()
    hatchery = new_hatchery()
    print(_HEADING, flush=True)
    try:
        with postgres() as server:
            for receivers in map(int, chosen.receivers.split(",")):
                print(_measure(server, hatchery, receivers, chosen), flush=True)
    finally:
        hatchery.close()


def _measure(server: Postgres, hatchery: Hatchery, receivers: int, chosen: argparse.Namespace) -> str:
    with TemporaryDirectory(prefix="yizhan-scale-") as scratch:
        root = Path(scratch)
        (root / "inbox").mkdir()
        inbox = {"url": f"file://{root / 'inbox'}"}
        with centre(root / "county", server, hatchery, inbox, receivers=receivers) as running:
            sown = _sown(root / "county", chosen.batches, chosen.rows)
            started = time.monotonic()
            with ThreadPoolExecutor(chosen.clients) as clients:
                list(clients.map(running.deliver, sown))
            seconds = time.monotonic() - started
            size = sum(one.payload.stat().st_size for one in sown) / 1e6
    rows = sum(one.totals.rows for one in sown)
    return (
        f"{receivers:>9} {len(sown):>8} {rows:>10,} {size:>7.1f} {seconds:>7.1f}"
        f" {len(sown) / seconds:>10.2f} {rows / seconds:>9,.0f}"
    )


def _sown(county: Path, batches: int, rows: int) -> Sequence[Sown]:
    months = {feed: periods(feed) for feed in FEEDS}
    feeds = list(FEEDS)
    return [
        sow(county / feed.partition(".")[0], feed, next(months[feed]), rows=rows)
        for feed in (feeds[number % len(feeds)] for number in range(batches))
    ]


if __name__ == "__main__":
    main()
