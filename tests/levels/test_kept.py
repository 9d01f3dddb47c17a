"""What travelled with papers, or only passed a centre, is archived, purged and explained there as anything else.

The county keeps its warehouse in PostgreSQL and its inbox in a shared folder, and two of its receivers may send upward.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from gateway.archive.retention import Kind
from gateway.archive.verify import verify
from gateway.demo.county import County
from gateway.envelope.receipt import peek
from gateway.errors import ArchiveMissing, EntryDamaged
from gateway.inbox import SharedEntry
from gateway.spool import Entry, State
from tests.journeys.account import written
from tests.journeys.hatchery import Hatchery
from tests.journeys.keeping import archive_in, fsck_in, node_in, purge_in, run_in
from tests.journeys.stores import found_on_postgres
from tests.journeys.world import free_port
from tests.levels.realm import (
    CITY,
    COUNTY,
    DEPARTMENT,
    PAST_THE_COUNTY,
    TO_ALL,
    Realm,
    found_realm,
    read_site,
    write_site,
)
from tests.peers.postgres import postgres

MONTH_OVER, HALF_A_YEAR = 40, 190
SECOND = "changning-2"  # another receiver of the county, in a site directory of its own
NUMBER = "衡整改1号"
TO_BOTH = {TO_ALL: ((COUNTY, CITY), ()), PAST_THE_COUNTY: ((CITY,), (COUNTY,))}


@dataclass(frozen=True)
class _At(County):
    """The county's centre among three levels, where `stores` looks for one."""

    @property
    def centre(self) -> Path:
        return self.root / COUNTY


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, hatchery: Hatchery) -> Iterator[Realm]:
    """Every batch is reviewed, every year is closed, and the city has ordered that the department puts things right."""
    with postgres() as server:
        realm = found_realm(tmp_path_factory.mktemp("shared"), hatchery, TO_BOTH)
        for node in (COUNTY, CITY, DEPARTMENT):
            require_papers(realm.site(node) / "catalogue")
        (realm.root / "inbox").mkdir()
        inbox = {"url": f"file://{realm.root / 'inbox'}", "look_seconds": 0.3}
        found_on_postgres(_At(root=realm.root), server, f"t{uuid.uuid4().hex}")
        write_site(realm.site(COUNTY), read_site(realm.site(COUNTY)) | {"inbox": inbox})
        shutil.copytree(realm.site(COUNTY), realm.site(SECOND))
        port = free_port()
        realm.ports[SECOND] = port
        second = {key: value for key, value in read_site(realm.site(COUNTY)).items() if key != "upward"}
        write_site(realm.site(SECOND), second | {"listen": {"host": "127.0.0.1", "port": port}})
        order(realm, realm.root / "order.p7s")
        realm.serve(COUNTY, CITY)
        yield realm
        realm.stop(COUNTY, SECOND, CITY)


def require_papers(catalogue: Path) -> None:
    replaced(catalogue / "due_rules.yaml", "2100-01-01", "2018-01-01")
    for feed in TO_BOTH:
        replaced(catalogue / "feeds" / f"{feed}.yaml", "mode: snapshot\n", "mode: snapshot\n    review: required\n")


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def order(realm: Realm, paper: Path) -> None:
    """The city's, for all years: it opens them at the county below it, too."""
    ended = realm.yizhan(
        "order", "issue", "--number", NUMBER, "--feed", TO_ALL, "--feed", PAST_THE_COUNTY, "--first", "2000Q1",
        "--last", "2024Q4", "--uses", "50", "--until", (date.today() + timedelta(days=30)).isoformat(),
        "--reason", "审计整改", "--by", "p101", "--out", str(paper),
        at=CITY,
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert realm.yizhan("order", "import", str(paper)).code == 0


def sent(realm: Realm, feed: str, period: str, *collected: str) -> str:
    """A batch that was collected by one person, released by another, and delivered as far as the county."""
    batch = f"{feed}/{period}/r1"
    for arguments in (
        collected or ("run", feed, "--period", period, "--order", NUMBER, "--by", "p001"),
        ("release", batch, "--by", "p003"),
    ):
        ended = realm.yizhan(*arguments)
        assert ended.code == 0, ended.out + ended.err
    ended = realm.yizhan("deliver")
    assert ended.code in (0, 75), ended.out + ended.err
    return batch


def nothing(feed: str, period: str) -> tuple[str, ...]:
    return ("nil", feed, "--period", period, "--order", NUMBER, "--by", "p004")


def sound(realm: Realm, *nodes: str) -> None:
    for node in nodes:
        for command in (("fsck",), ("ledger", "verify")):
            ended = realm.yizhan(*command, at=node)
            assert ended.code == 0, f"{node} {command}: {ended.out}{ended.err}"


def kept_of(site: Path, batch: str) -> Entry | SharedEntry:
    (entry,) = (entry for entry in node_in(site, 0).kept.entries() if entry.name.batch == batch)
    return entry


def standalone_finds(directory: Path, scratch: Path) -> int:
    """What the verifier says that lies in an archive, where nothing of the product can be imported."""
    with tarfile.open(sorted(directory.glob("*.tar"))[-1]) as tar:
        tar.extract("verify.py", scratch, filter="data")
    command = [sys.executable, "-I", "-S", str(scratch / "verify.py"), str(directory)]
    return subprocess.run(command, capture_output=True, check=False).returncode


def archived_files(directory: Path, batch: str) -> set[str]:
    """All files that the archives of a node hold of a batch."""
    found: set[str] = set()
    for path in directory.glob("*.tar"):
        with tarfile.open(path) as tar:
            index = json.load(tar.extractfile("index.json"))
            names = tar.getnames()
        folders = [f"entries/{held['entry']}/" for held in index["batches"] if held["batch"] == batch]
        found |= {name.removeprefix(one) for one in folders for name in names if name.startswith(one)}
    return found


def whole(site: Path, scratch: Path) -> None:
    """What a node has archived is whole, for who has the product and for who has nothing but Python."""
    node = node_in(site, MONTH_OVER)
    found = list(verify([site / "archive"], node.keys.trust(), node.clock()))
    assert [one.faults for one in found] == [()] * len(found) != []
    assert standalone_finds(site / "archive", scratch) == 0


def carry_on(realm: Realm) -> None:
    """What waits goes up, and every receipt comes down."""
    for node in (COUNTY, DEPARTMENT):
        ended = realm.yizhan("deliver", at=node)
        assert ended.code == 0, ended.out + ended.err


def test_papers_travel_two_hops_and_are_archived_with_every_receipt_at_each_node(shared: Realm, tmp_path: Path) -> None:
    data, nil, passing = (next(shared.quarters) for _ in range(3))
    loaded = sent(shared, TO_ALL, data)
    declared = sent(shared, TO_ALL, nil, *nothing(TO_ALL, nil))
    carried = sent(shared, PAST_THE_COUNTY, passing)
    carry_on(shared)
    sealed = {"manifest.p7s", "keys.p7m", "payload", "release.p7s", "order.p7s", "receipt.p7s"}
    wanted = {
        loaded: sealed | {f"receipt-{CITY}.p7s"},
        declared: sealed | {"nil.p7s", f"receipt-{CITY}.p7s"},
        carried: sealed,
    }
    for batch, files in wanted.items():
        own = [kept_of(shared.site(node), batch).files for node in (DEPARTMENT, COUNTY, CITY)]
        assert set(own[0]) == set(own[1]) == files - {"payload"}
        assert {name for name in own[2] if name != "receipt.p7s"} == files - {
            "payload",
            "receipt.p7s",
            f"receipt-{CITY}.p7s",
        }
        for paper in files & {"release.p7s", "nil.p7s", "order.p7s"}:
            assert own[0][paper] == own[1][paper] == own[2][paper]
        assert shared.events(CITY, batch).count("loaded") == 1
        last = f"receipt-{CITY}.p7s" if f"receipt-{CITY}.p7s" in files else "receipt.p7s"
        assert own[0][last] == own[1][last] == own[2]["receipt.p7s"]
        assert peek(own[0][last]).centre == CITY
    sound(shared, DEPARTMENT, COUNTY, CITY)
    for node in (DEPARTMENT, COUNTY):
        (tmp_path / node).mkdir()
        assert archive_in(shared.site(node), MONTH_OVER).faults == ()
        assert {batch: archived_files(shared.site(node) / "archive", batch) for batch in wanted} == wanted
        whole(shared.site(node), tmp_path / node)
        assert fsck_in(shared.site(node), MONTH_OVER) == []


def test_what_only_passed_is_purged_like_what_was_loaded(shared: Realm) -> None:
    period = next(shared.quarters)
    carried = sent(shared, PAST_THE_COUNTY, period)
    carry_on(shared)
    site = shared.site(COUNTY)
    events = [line.event for line in written(site, carried)]
    assert events == ["admitted", "relayed", "forwarded"]
    archive_in(site, MONTH_OVER)
    assert carried in [one.target.name.batch for one in purge_in(site, HALF_A_YEAR, Kind.PAYLOAD).victims]
    entry = kept_of(site, carried)
    assert (entry.state, entry.size, list((shared.root / "inbox").glob(f"{entry.digest}/*"))) == (State.DONE, None, [])
    assert fsck_in(site, HALF_A_YEAR) == []
    assert shared.yizhan("deliver", at=COUNTY).code == 0
    assert [line.event for line in written(site, carried)] == [*events, "purged"]


def left_to_the_second(realm: Realm) -> str:
    """A batch that was loaded into the shared inbox, and that no receiver that sends upward has seen."""
    realm.stop(COUNTY)
    realm.serve(SECOND)
    before = read_site(realm.site(DEPARTMENT))
    there = before["centres"] | {COUNTY: {"url": f"https://127.0.0.1:{realm.ports[SECOND]}"}}
    write_site(realm.site(DEPARTMENT), before | {"centres": there})
    try:
        return sent(realm, TO_ALL, next(realm.quarters))
    finally:
        write_site(realm.site(DEPARTMENT), before)
        realm.stop(SECOND)


def test_a_payload_that_has_yet_to_go_up_is_not_purged(shared: Realm) -> None:
    site, batch = shared.site(COUNTY), left_to_the_second(shared)
    archive_in(site, MONTH_OVER)
    assert batch not in [one.target.name.batch for one in purge_in(site, HALF_A_YEAR, Kind.PAYLOAD).victims]
    carry_on_from_the_county(shared)
    assert batch in [one.target.name.batch for one in purge_in(site, HALF_A_YEAR, Kind.PAYLOAD).victims]
    assert shared.events(CITY, batch).count("loaded") == 1
    assert fsck_in(site, HALF_A_YEAR) == []
    shared.serve(COUNTY)


def carry_on_from_the_county(realm: Realm) -> None:
    ended = realm.yizhan("deliver", at=COUNTY)
    assert ended.code == 0, ended.out + ended.err


def test_a_batch_that_lost_its_payload_does_not_keep_the_others_from_going_up(shared: Realm) -> None:
    lost, other = (left_to_the_second(shared) for _ in range(2))
    (piece,) = (shared.root / "inbox").glob(f"{kept_of(shared.site(COUNTY), lost).digest}/*")
    aside = piece.rename(shared.root / "piece")
    for _ in range(2):
        ended = shared.yizhan("deliver", "--json", at=COUNTY)
        assert (ended.code, EntryDamaged.code in ended.err) == (1, True)
    assert shared.events(CITY, other).count("loaded") == 1
    lines = [(line.event, line.code) for line in written(shared.site(COUNTY), lost)]
    assert lines.count(("refused", EntryDamaged.code)) == 1
    aside.rename(piece)
    carry_on_from_the_county(shared)
    assert shared.events(CITY, lost).count("loaded") == 1
    shared.serve(COUNTY)
    sound(shared, COUNTY, CITY)


def upward_faults(site: Path) -> list[str]:
    """What fsck says at a receiver, but for the archives, which lie at the other one's site."""
    return [code for code, _ in fsck_in(site, 0) if code != ArchiveMissing.code]


def test_two_receivers_that_both_send_upward_have_it_loaded_once_and_hold_one_receipt(shared: Realm) -> None:
    site, second = shared.site(COUNTY), shared.site(SECOND)
    batch = left_to_the_second(shared)
    alone = read_site(second)
    write_site(second, alone | {"upward": read_site(site)["upward"]})
    try:
        for at in (COUNTY, SECOND):  # both have taken them up before either has sent any
            assert shared.yizhan("deliver", at=at, killed="call:gateway.forward:_forward:1").code == -9
            states = ("ready", "inflight")
            assert sum(len(list((shared.site(at) / "upward" / state).iterdir())) for state in states) == 1
        for ended in [one.wait(60) for one in [shared.begin("deliver", at=at) for at in (COUNTY, SECOND)]]:
            assert ended.code == 0, ended.out + ended.err
        at_city = Counter(shared.events(CITY, batch))
        assert (at_city["loaded"], at_city["refused"], at_city["conflict"]) == (1, 0, 0)
        assert Counter(line.event for line in written(site, batch))["forwarded"] in (1, 2)
        receipt = dict(kept_of(site, batch).further_receipts)[CITY]
        assert receipt == kept_of(shared.site(CITY), batch).receipt
        sound(shared, COUNTY, CITY)
        assert upward_faults(second) == []
    finally:
        shutil.rmtree(second / "upward", ignore_errors=True)
        write_site(second, alone)
        shared.serve(CITY, COUNTY)


def test_a_relay_archives_and_purges_what_passed_as_soon_as_it_has_a_key_to_sign_with(
    relay: Realm, tmp_path: Path
) -> None:
    """On a spool of its own; what it lacks without the key, and only then, is the archive's signature."""
    period = next(relay.quarters)
    relay.run(PAST_THE_COUNTY, period)
    batch = f"{PAST_THE_COUNTY}/{period}/r1"
    relay.stop(COUNTY)
    site = shutil.copytree(relay.site(COUNTY), tmp_path / COUNTY)
    relay.serve(COUNTY)
    ended = run_in(site, MONTH_OVER, "archive", "write")
    assert (ended.returncode, "sign.crt" in ended.stderr, list(site.glob("archive/*"))) == (2, True, [])
    for name in ("sign.crt", "sign.key"):
        shutil.copy(relay.site("aside") / name, site / "keys" / name)
    archived = archive_in(site, MONTH_OVER)
    assert ([one.index.batches[-1].batch for one in archived.archives], archived.faults) == ([batch], ())
    whole(site, tmp_path)
    assert fsck_in(site, MONTH_OVER) == []
    assert batch in [one.target.name.batch for one in purge_in(site, HALF_A_YEAR, Kind.PAYLOAD).victims]
    assert (kept_of(site, batch).size, fsck_in(site, HALF_A_YEAR)) == (None, [])
