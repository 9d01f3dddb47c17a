"""A load that is killed, or run by two at once, is loaded exactly once."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.peers.stores import Where, spell
from tests.warehouse import feeds
from tests.warehouse.feeds import Notary, batch, facts, open_warehouse, row

ROWS = [row(n) for n in range(30_000)]


@pytest.mark.parametrize(
    ("place", "held"), [("while reading", False), ("while signing", False), ("after commit", True)]
)
def test_killed_there_and_run_again_it_is_loaded_once(where: Where, place: str, held: bool) -> None:
    killed = subprocess.run([sys.executable, feeds.__file__, spell(where), place], env=feeds.ENV, check=False)
    assert killed.returncode == -9
    warehouse, ledger = open_warehouse(where)
    assert (warehouse.lookup(facts(ROWS).digest) is not None) is held
    assert len(warehouse.deliveries()) == ledger.head().position == int(held)
    receipt = warehouse.load(facts(ROWS), [batch(ROWS)], Notary())
    assert receipt == warehouse.lookup(facts(ROWS).digest) == b"receipt 1 30000"
    assert [d.loaded.rows for d in warehouse.deliveries()] == [30_000]
    assert list(warehouse.fsck()) == []
    assert list(ledger.verify(warehouse.anchors())) == []


def test_two_processes_loading_one_batch_at_once_load_it_once_and_give_one_receipt(where: Where) -> None:
    warehouse, ledger = open_warehouse(where)
    run = [sys.executable, feeds.__file__, spell(where), "nowhere"]
    both = [subprocess.Popen(run, env=feeds.ENV, stdout=subprocess.PIPE) for _ in range(2)]
    receipts = {child.communicate()[0] for child in both}
    assert [child.returncode for child in both] == [0, 0]
    assert receipts == {warehouse.lookup(facts(ROWS).digest).hex().encode() + b"\n"}
    assert ledger.head().position == len(warehouse.deliveries()) == 1
    assert list(warehouse.fsck()) == []


def test_memory_does_not_grow_with_the_payload(where: Where) -> None:
    code = (
        "import re, sys\nfrom pathlib import Path\nfrom gateway.records.totals import Totals\n"
        "from tests.warehouse.feeds import *\n"
        # not ru_maxrss, which begins with the parent's
        "peak = lambda: int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]) // 1024\n"
        "size, parts = 20_000, range(int(sys.argv[2]))\n"
        "def source():\n    for k in parts:\n        yield batch(map(row, range(k * size, (k + 1) * size)))\n"
        "sent = Totals.zero(COLUMNS)\nfor part in source(): sent += Totals.of(part, COLUMNS)\n"
        "warehouse, _ = open_warehouse(read(sys.argv[1]))\nbefore = peak()\n"
        "warehouse.load(facts([], sent=sent, period=sys.argv[3], content=sys.argv[3]), source(), Notary())\n"
        "print(peak() - before)"
    )
    open_warehouse(where)
    run = [sys.executable, "-c", code, spell(where)]
    grown = [
        int(subprocess.check_output([*run, *arguments], env=feeds.ENV))
        for arguments in (("2", "2026-10"), ("10", "2026-11"))
    ]
    assert grown[1] < 100  # MiB; the rows themselves would be several times that as Python objects
    assert grown[1] - grown[0] < 50
