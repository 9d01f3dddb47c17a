"""fsck and `ledger verify` find what was done to a node behind its back, say where, name nothing else, and exit 1.

Each injury names one fault, where it is. Those that name more say why beside them.
"""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gateway.demo.county import County
from tests.journeys.hatchery import Hatchery
from tests.journeys.keeping import archive_in
from tests.journeys.stores import copy_database, found_on_postgres, name_database, tampering, where_of
from tests.journeys.world import CURRENT, FEED, PATIENCE, World, found_world
from tests.peers.postgres import Postgres
from tests.peers.stores import REFUSED, stranger, unguard

PERIOD, LATER, SEALED = "2000Q1", "2000Q2", "2000Q3"
DATABASE = "county"
ARCHIVED = 40
BATCH, ENTRY = f"{FEED}/{PERIOD}/r1", f"done/{FEED}_{PERIOD}_r1_"


@dataclass(frozen=True, kw_only=True)
class Settled:
    """A county in which two quarters have arrived and a third lies sealed; its centre's server, None for SQLite."""

    world: World
    server: Postgres | None


@dataclass(frozen=True, kw_only=True)
class Node:
    """One node of a copy, to be damaged."""

    site: Path
    server: Postgres | None
    hatchery: Hatchery

    def entry(self, period: str = PERIOD) -> Path:
        (found,) = (self.site / "spool").glob(f"*/{FEED}_{period}_*")
        return found

    def edit(self, *statements: str) -> None:
        """Change the database as somebody would who knows its guards and puts them back."""
        with tampering(where_of(self.site, self.server)) as connection:
            for statement in statements:
                connection.execute(statement)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def settled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, source: Path, hatchery: Hatchery
) -> Settled:
    if request.param == "sqlite":
        return Settled(world=request.getfixturevalue("quiet"), server=None)
    server: Postgres = request.getfixturevalue("server")
    world = found_world(tmp_path_factory.mktemp("postgres"), source, hatchery)
    found_on_postgres(world.county, server, DATABASE)
    settle(world)
    return Settled(world=world, server=server)


def settle(world: World) -> None:
    """Two quarters arrive, a third lies sealed, nothing runs any more."""
    world.serve()
    for _ in range(2):
        assert world.yizhan("run", "--period", next(world.quarters)).code == 0
    world.stop()
    assert world.yizhan("run", "--period", next(world.quarters), killed="call:gateway.deliver:drain:1").code == -9


@pytest.fixture
def copy(settled: Settled, tmp_path: Path) -> Settled:
    """A copy of the county, its database included, to be damaged."""
    root = shutil.copytree(settled.world.county.root, tmp_path / "county")
    if settled.server is not None:
        database = f"t{uuid.uuid4().hex}"
        copy_database(settled.server, DATABASE, database)
        name_database(root / "centre", settled.server, database)
    return Settled(world=replace(settled.world, county=County(root=root)), server=settled.server)


@pytest.fixture
def centre(copy: Settled) -> Node:
    return Node(site=copy.world.centre_site, server=copy.server, hatchery=copy.world.hatchery)


@pytest.fixture
def front_end(quiet: World, tmp_path: Path) -> Node:
    return Node(site=shutil.copytree(quiet.front_end, tmp_path / "agri"), server=None, hatchery=quiet.hatchery)


def change(file: Path) -> None:
    """One bit in the middle."""
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def swap(first: Path, second: Path) -> None:
    """Two authentic files change places."""
    data = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(data)


def faults(node: Node, *command: str) -> list[tuple[str, str]]:
    """Code and words of each line of the answer, sorted; the exit code must agree."""
    ended = node.hatchery.start(["--site", str(node.site), *command], None).wait(PATIENCE)
    found = [line[1:].partition("] ")[::2] for line in ended.out.splitlines() if line.startswith("[")]
    assert ended.code == (1 if found else 0), ended.out + ended.err
    return sorted(found)


def assert_named(node: Node, expected: list[tuple[str, str]], *command: str) -> None:
    found = faults(node, *(command or ("fsck",)))
    assert [code for code, _ in found] == sorted(code for code, _ in expected), found
    for (_, words), (_, place) in zip(found, sorted(expected), strict=True):
        assert re.search(rf"(?<![0-9]){re.escape(place)}", words), (place, words)


Injury = tuple[Callable[[Node], object], list[tuple[str, str]]]

# lines of a front-end: 1 landed 2 sealed 3 receipted, 4 5 6 likewise, 7 landed 8 sealed
A_TIME = "UPDATE ledger SET at = replace(at, '202', '203') WHERE seq = {}"
A_LINE = "DELETE FROM ledger WHERE seq = {}"
CUT_TAIL = (
    "DELETE FROM ledger WHERE seq = (SELECT MAX(seq) FROM ledger)",
    "UPDATE ledger_head SET seq = (SELECT MAX(seq) FROM ledger),"
    " hash = (SELECT hash FROM ledger ORDER BY seq DESC LIMIT 1)",
)
A_FEN_MORE = f"UPDATE {CURRENT} SET expense = expense + 1 WHERE _row = 3 AND _period = '{PERIOD}'"
A_ROW_LESS = f"DELETE FROM {CURRENT} WHERE _row = 3 AND _period = '{PERIOD}'"
A_RECORD = f"UPDATE batches SET set_aside = 9 WHERE period = '{PERIOD}'"
NO_RECEIPT = f"UPDATE batches SET receipt = {{}} WHERE period = '{PERIOD}'"

AT_BOTH: dict[str, Injury] = {
    "a payload altered": (lambda node: change(node.entry() / "payload"), [("YZ-7301", ENTRY)]),
    "a payload removed": (lambda node: (node.entry() / "payload").unlink(), [("YZ-6008", ENTRY)]),
    "a payload emptied": (lambda node: (node.entry() / "payload").write_bytes(b""), [("YZ-6008", ENTRY)]),
    "a key envelope altered": (lambda node: change(node.entry() / "keys.p7m"), [("YZ-7301", ENTRY)]),
    "a manifest altered": (lambda node: change(node.entry() / "manifest.p7s"), [("YZ-7301", ENTRY)]),
    "a manifest removed": (lambda node: (node.entry() / "manifest.p7s").unlink(), [("YZ-6008", ENTRY)]),
    "a receipt altered": (lambda node: change(node.entry() / "receipt.p7s"), [("YZ-7301", ENTRY)]),
    "a receipt removed": (lambda node: (node.entry() / "receipt.p7s").unlink(), [("YZ-6008", ENTRY)]),
    "a file of nobody": (lambda node: (node.entry() / "notes").write_bytes(b"x"), [("YZ-6008", ENTRY)]),
    "an entry removed": (lambda node: shutil.rmtree(node.entry()), [("YZ-7303", BATCH)]),
    # two entries are false, and each is named
    "receipts exchanged": (
        lambda node: swap(node.entry() / "receipt.p7s", node.entry(LATER) / "receipt.p7s"),
        [("YZ-7301", ENTRY), ("YZ-7301", f"done/{FEED}_{LATER}_r1_")],
    ),
    "guards removed": (
        lambda node: unguarded(node), [("YZ-7106", "ledger")] * 3,  # each guard that is gone is named
    ),
}  # fmt: skip

AT_FRONT_END: dict[str, Injury] = {
    "a ledger line edited": (lambda node: node.edit(A_TIME.format(4)), [("YZ-7101", "4")]),
    "a ledger line deleted": (lambda node: node.edit(A_LINE.format(4)), [("YZ-7102", "4")]),
    # the batch of the line lost what explains it, and is named
    "the line of a batch deleted": (
        lambda node: node.edit(A_LINE.format(2)), [("YZ-7102", "2"), ("YZ-7302", ENTRY)],
    ),
    "the ledger's tail cut off": (
        lambda node: node.edit(*CUT_TAIL), [("YZ-7302", f"ready/{FEED}_{SEALED}_r1_")],
    ),
    # two lines stand where they do not belong, and each is named
    "ledger lines reordered": (lambda node: reorder(node, "landed"), [("YZ-7103", "1"), ("YZ-7103", "4")]),
    "a sealed batch altered": (
        lambda node: change(node.entry(SEALED) / "keys.p7m"), [("YZ-7301", f"ready/{FEED}_{SEALED}_r1_")],
    ),
    "a sealed batch removed": (
        lambda node: shutil.rmtree(node.entry(SEALED)), [("YZ-7303", f"{FEED}/{SEALED}/r1")],
    ),
}  # fmt: skip

AT_CENTRE: dict[str, Injury] = {
    "a row edited": (lambda node: node.edit(A_FEN_MORE), [("YZ-7202", BATCH)]),
    # that one is missing, and among which thousand rows
    "a row deleted": (lambda node: node.edit(A_ROW_LESS), [("YZ-7201", BATCH), ("YZ-7202", BATCH)]),
    "ledger lines reordered": (lambda node: reorder(node, "admitted"), [("YZ-7103", ""), ("YZ-7103", "")]),
    "a record edited": (lambda node: node.edit(A_RECORD), [("YZ-7204", BATCH)]),
    "the warehouse's receipt removed": (
        lambda node: node.edit(NO_RECEIPT.format("''" if node.server else "x''")), [("YZ-7205", BATCH)],
    ),
    # whose anchor is lost too: issued receipts quote the line that was cut off, and the batch has none any more
    "the ledger's tail cut off": (
        lambda node: node.edit(*CUT_TAIL),
        [("YZ-7107", ""), ("YZ-7204", f"{FEED}/{LATER}/r1"), ("YZ-7302", f"done/{FEED}_{LATER}_r1_")],
    ),
}  # fmt: skip


def reorder(node: Node, event: str) -> None:
    """The first two lines of an event change places."""
    first, second = (seq for seq, one in lines(node)[:6] if one == event)
    node.edit(
        *(
            f"UPDATE ledger SET seq = {new} WHERE seq = {old}"
            for old, new in ((first, 99), (second, first), (99, second))
        )
    )


def unguarded(node: Node) -> None:
    """Take the guards away for good."""
    with stranger(where_of(node.site, node.server)) as connection:
        unguard(connection, "ledger")


@pytest.mark.parametrize(("injure", "expected"), (AT_BOTH | AT_FRONT_END).values(), ids=(AT_BOTH | AT_FRONT_END))
def test_an_injury_to_a_front_end_is_named_and_nothing_else_is(
    front_end: Node, injure: Callable[[Node], object], expected: list[tuple[str, str]]
) -> None:
    injure(front_end)
    assert_named(front_end, expected)


@pytest.mark.parametrize(("injure", "expected"), (AT_BOTH | AT_CENTRE).values(), ids=(AT_BOTH | AT_CENTRE))
def test_an_injury_to_a_centre_is_named_and_nothing_else_is(
    centre: Node, injure: Callable[[Node], object], expected: list[tuple[str, str]]
) -> None:
    injure(centre)
    assert_named(centre, expected)


def test_a_centres_ledger_line_edited_or_deleted_is_named_with_the_batch_it_explains(centre: Node) -> None:
    node = centre
    loaded = next(seq for seq, event in lines(node) if event == "loaded")
    node.edit(A_TIME.format(loaded - 1))
    assert_named(node, [("YZ-7101", str(loaded - 1))])
    node.edit(A_TIME.format(loaded - 1).replace("'202', '203'", "'203', '202'"))
    assert_named(node, [])
    node.edit(A_LINE.format(loaded))
    # the line, the receipt that quotes it, the record and the entry that it explains
    assert_named(node, [("YZ-7102", str(loaded)), ("YZ-7107", str(loaded)), ("YZ-7204", BATCH), ("YZ-7302", ENTRY)])


def lines(node: Node) -> list[tuple[int, str]]:
    with stranger(where_of(node.site, node.server)) as connection:
        return connection.execute("SELECT seq, event FROM ledger ORDER BY seq").fetchall()


@pytest.mark.parametrize("damage", ["altered", "removed"])
def test_an_injury_to_an_archive_is_named(front_end: Node, damage: str) -> None:
    (archived,) = archive_in(front_end.site, ARCHIVED).archives
    assert_named(front_end, [])
    if damage == "altered":
        data = bytearray(archived.path.read_bytes())
        data[1_000] ^= 1
        archived.path.write_bytes(data)
        assert_named(front_end, [("YZ-8035", "keys.p7m")])
    else:
        archived.path.unlink()
        assert_named(front_end, [("YZ-8039", archived.index.month)])


def test_ledger_verify_names_the_line_too(front_end: Node, centre: Node) -> None:
    front_end.edit(A_TIME.format(2))
    assert_named(front_end, [("YZ-7101", "2")], "ledger", "verify")
    centre.edit(*CUT_TAIL)
    assert [code for code, _ in faults(centre, "ledger", "verify")] == ["YZ-7107"]


def test_a_ledger_refuses_to_be_rewritten_at_all(front_end: Node, centre: Node) -> None:
    for node in (front_end, centre):
        with stranger(where_of(node.site, node.server)) as connection:
            for statement in ("UPDATE ledger SET code = NULL", "DELETE FROM ledger"):
                with pytest.raises(REFUSED, match="append-only"):
                    connection.execute(statement)


def test_a_lost_receipt_does_not_silence_the_board(front_end: Node) -> None:
    (front_end.entry() / "receipt.p7s").unlink()
    ended = front_end.hatchery.start(["--site", str(front_end.site), "status", "--json"], None).wait(PATIENCE)
    assert (ended.err, FEED in ended.out) == ("", True)


def test_a_node_nobody_touched_is_clean(front_end: Node, centre: Node) -> None:
    for node in (front_end, centre):
        assert faults(node, "fsck") == faults(node, "ledger", "verify") == []
