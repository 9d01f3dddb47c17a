"""A load that is killed, or run by two at once, is loaded exactly once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.warehouse import feeds
from tests.warehouse.feeds import Notary, batch, facts, open_warehouse, row

ROWS = [row(n) for n in range(30_000)]


@pytest.mark.parametrize(
    ("where", "held"), [("while reading", False), ("while signing", False), ("after commit", True)]
)
def test_killed_there_and_run_again_it_is_loaded_once(path: Path, where: str, held: bool) -> None:
    killed = subprocess.run([sys.executable, feeds.__file__, str(path), where], env=feeds.ENV, check=False)
    assert killed.returncode == -9
    warehouse, ledger = open_warehouse(path)
    assert (warehouse.lookup(facts(ROWS).digest) is not None) is held
    assert len(warehouse.deliveries()) == ledger.head().position == int(held)
    receipt = warehouse.load(facts(ROWS), [batch(ROWS)], Notary())
    assert receipt == warehouse.lookup(facts(ROWS).digest) == b"receipt 1 30000"
    assert [d.loaded.rows for d in warehouse.deliveries()] == [30_000]
    assert list(warehouse.fsck()) == []
    assert list(ledger.verify(warehouse.anchors())) == []


def test_two_processes_loading_one_batch_at_once_load_it_once(path: Path) -> None:
    warehouse, ledger = open_warehouse(path)
    run = [sys.executable, feeds.__file__, str(path), "nowhere"]
    both = [subprocess.Popen(run, env=feeds.ENV) for _ in range(2)]
    assert [child.wait() for child in both] == [0, 0]
    assert ledger.head().position == len(warehouse.deliveries()) == 1
    assert list(warehouse.fsck()) == []


def test_memory_does_not_grow_with_the_payload(path: Path) -> None:
    code = (
        "import re, sys\nfrom pathlib import Path\nfrom gateway.records.totals import Totals\n"
        "from tests.warehouse.feeds import *\n"
        # not ru_maxrss, which begins with the parent's
        "peak = lambda: int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]) // 1024\n"
        "size, parts = 20_000, range(int(sys.argv[2]))\n"
        "def source():\n    for k in parts:\n        yield batch(map(row, range(k * size, (k + 1) * size)))\n"
        "sent = Totals.zero(COLUMNS)\nfor part in source(): sent += Totals.of(part, COLUMNS)\n"
        "warehouse, _ = open_warehouse(Path(sys.argv[1]))\nbefore = peak()\n"
        "warehouse.load(facts([], sent=sent), source(), Notary())\nprint(peak() - before)"
    )
    grown = [
        int(
            subprocess.check_output([sys.executable, "-c", code, str(path.with_name(f"{n}.db")), str(n)], env=feeds.ENV)
        )
        for n in (2, 10)
    ]
    assert grown[1] < 100  # MiB; the rows themselves would be several times that as Python objects
    assert grown[1] - grown[0] < 50
