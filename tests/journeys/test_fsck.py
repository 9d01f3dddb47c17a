"""fsck and `ledger verify` find what was done to a node behind its back, say where, and exit 1."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys.world import CURRENT, FEED, World, outside

PERIOD = "2000Q1"
SEALED = "2000Q3"
_GUARDS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"


def entry(site: Path, state: str = "done", period: str = PERIOD) -> Path:
    (found,) = (site / "spool" / state).glob(f"{FEED}_{period}_*")
    return found


def change(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)


def database(site: Path) -> Path:
    return site / ("warehouse.db" if site.name == "centre" else "ledger.db")


def edit(site: Path, *statements: str) -> None:
    """Change a database as somebody would who knows its guards and puts them back."""
    with outside(database(site)) as connection:
        guards = connection.execute(_GUARDS).fetchall()
        for name, _ in guards:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for _, guard in guards:
            connection.execute(guard)


CUT_TAIL = (
    "DELETE FROM ledger WHERE seq = (SELECT MAX(seq) FROM ledger)",
    "UPDATE ledger_head SET (seq, hash) = (SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1)",
)
FRONT_END, CENTRE = "agri", "centre"
DONE, READY, BATCH = f"done/{FEED}_{PERIOD}", f"ready/{FEED}_{SEALED}", f"{FEED}/{PERIOD}/r1"
A_FEN_MORE = f"UPDATE {CURRENT} SET expense = expense + 1 WHERE _row = 3 AND _period = '{PERIOD}'"
A_ROW_LESS = f"DELETE FROM {CURRENT} WHERE _row = 3 AND _period = '{PERIOD}'"
A_RECORD = "UPDATE batches SET set_aside = 9 WHERE number = 1"

# what is done at which node, the fault that names it, and what it says of the place
DAMAGES: dict[str, tuple[str, Callable[[Path], object], str, str]] = {
    "payload": (FRONT_END, lambda site: change(entry(site) / "payload"), "YZ-7301", DONE),
    "keys not yet sent": (FRONT_END, lambda site: change(entry(site, "ready", SEALED) / "keys.p7m"), "YZ-7301", READY),
    "inbox": (CENTRE, lambda site: change(entry(site) / "manifest.p7s"), "YZ-7301", DONE),
    "receipt": (FRONT_END, lambda site: change(entry(site) / "receipt.p7s"), "YZ-7301", DONE),
    "receipt removed": (FRONT_END, lambda site: (entry(site) / "receipt.p7s").unlink(), "YZ-6008", "receipt.p7s"),
    "its copy removed": (CENTRE, lambda site: (entry(site) / "receipt.p7s").unlink(), "YZ-7304", DONE),
    "manifest removed": (FRONT_END, lambda site: (entry(site) / "manifest.p7s").unlink(), "YZ-6008", "manifest.p7s"),
    "entry removed": (FRONT_END, lambda site: shutil.rmtree(entry(site)), "YZ-7303", BATCH),
    "sealed one": (FRONT_END, lambda site: shutil.rmtree(entry(site, "ready", SEALED)), "YZ-7303", f"{FEED}/{SEALED}"),
    "inbox entry removed": (CENTRE, lambda site: shutil.rmtree(entry(site)), "YZ-7303", BATCH),
    "ledger cut": (FRONT_END, lambda site: edit(site, *CUT_TAIL), "YZ-7302", READY),
    "centre's ledger cut": (CENTRE, lambda site: edit(site, *CUT_TAIL), "YZ-7204", f"{FEED}/2000Q2/r1"),
    "a fen more": (CENTRE, lambda site: edit(site, A_FEN_MORE), "YZ-7202", BATCH),
    "a row less": (CENTRE, lambda site: edit(site, A_ROW_LESS), "YZ-7201", BATCH),
    "record": (CENTRE, lambda site: edit(site, A_RECORD), "YZ-7204", BATCH),
}


@pytest.mark.parametrize(("node", "damage", "code", "place"), DAMAGES.values(), ids=DAMAGES)
def test_fsck_finds_what_was_changed_and_names_its_place(
    damaged: World, node: str, damage: Callable[[Path], object], code: str, place: str
) -> None:
    site = damaged.county.root / node
    damage(site)
    ended = damaged.yizhan("fsck", site=site)
    assert ended.code == 1
    assert any(code in line and place in line for line in ended.out.splitlines()), ended.out


@pytest.mark.parametrize("node", [FRONT_END, CENTRE])
@pytest.mark.parametrize(
    ("statement", "code", "line"),
    [
        pytest.param("UPDATE ledger SET at = replace(at, '202', '203') WHERE seq = 2", "YZ-7101", "2", id="edited"),
        pytest.param("DELETE FROM ledger WHERE seq = 2", "YZ-7102", "2", id="deleted"),
    ],
)
def test_a_ledger_line_that_was_edited_or_deleted_is_named_by_fsck_and_by_ledger_verify(
    damaged: World, node: str, statement: str, code: str, line: str
) -> None:
    site = damaged.county.root / node
    edit(site, statement)
    for command in (("fsck",), ("ledger", "verify")):
        ended = damaged.yizhan(*command, site=site)
        assert ended.code == 1
        assert any(code in said and f" {line} " in said for said in ended.out.splitlines()), ended.out


def test_a_ledger_cut_behind_a_receipt_is_found_by_ledger_verify(damaged: World) -> None:
    edit(damaged.centre_site, *CUT_TAIL)
    ended = damaged.yizhan("ledger", "verify", site=damaged.centre_site)
    assert (ended.code, "YZ-7107" in ended.out) == (1, True)


@pytest.mark.parametrize("node", [FRONT_END, CENTRE])
def test_a_ledger_refuses_to_be_rewritten_at_all(damaged: World, node: str) -> None:
    with outside(database(damaged.county.root / node)) as connection:
        for statement in ("UPDATE ledger SET code = NULL", "DELETE FROM ledger"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(statement)


def test_a_lost_receipt_does_not_silence_the_board(damaged: World) -> None:
    (entry(damaged.front_end) / "receipt.p7s").unlink()
    ended = damaged.yizhan("status", "--json")
    assert (ended.err, FEED in ended.out) == ("", True)


def test_a_node_nobody_touched_is_clean(damaged: World) -> None:
    damaged.sound()
