"""What goes wrong on the way up: a centre that is down, refuses, or forges; and what people see and do about it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from gateway.errors import (
    ConfigInvalid,
    EntryDamaged,
    EntryUnexplained,
    EntryUntrue,
    FeedUnknown,
    FilesIncomplete,
    NothingAbove,
    PeerUnavailable,
    ReceiptForAnotherBatch,
    ReceiptSignatureInvalid,
    RefusedAbove,
)
from tests.journeys.wire import digest_of
from tests.levels.realm import (
    CITY,
    COUNTY,
    DEPARTMENT,
    PAST_THE_COUNTY,
    PROVINCE,
    TO_ALL,
    Realm,
    Written,
    read_site,
    wait_until,
    write_site,
)

ALL = (COUNTY, CITY, PROVINCE)
FORWARDED_BY_CITY = Written(event="forwarded", code=None, centre=CITY)


def deferred(code: str) -> Written:
    return Written(event="deferred", code=code, centre=CITY)


def refused(code: str, centre: str) -> Written:
    return Written(event="refused", code=code, centre=centre)


def refusal_shown(realm: Realm, node: str, batch: str) -> list[object]:
    """What `spool list` says of a refusal above, for every entry of a batch."""
    entries = json.loads(realm.yizhan("spool", "list", "--json", at=node).out)["entries"]
    return [entry["refused"] for entry in entries if entry["batch"] == batch]


def spool_list(realm: Realm, node: str, batch: str) -> list[tuple[str, str, list[str]]]:
    """(directory of the spool, state, centres that answered) of every entry of a batch."""
    entries = json.loads(realm.yizhan("spool", "list", "--json", at=node).out)["entries"]
    return [
        (Path(entry["path"]).parents[1].name, entry["state"], [receipt["centre"] for receipt in entry["receipts"]])
        for entry in entries
        if entry["batch"] == batch
    ]


# --- a city that is down ----------------------------------------------------------------------------------------------


def test_a_city_that_is_down_for_a_while_gets_everything_when_it_is_back(realm: Realm) -> None:
    realm.stop(CITY)
    first, second = next(realm.quarters), next(realm.quarters)
    for period in (first, second):
        realm.run(TO_ALL, period)
        assert realm.answered_by(DEPARTMENT, TO_ALL, period) == [COUNTY]
    wait_until(lambda: deferred(PeerUnavailable.code) in realm.lines(COUNTY, f"{TO_ALL}/{first}/r1"))
    assert realm.yizhan("deliver", at=COUNTY).code == 75
    lines = [realm.lines(COUNTY, f"{TO_ALL}/{period}/r1") for period in (first, second)]
    counts = [line.count(deferred(PeerUnavailable.code)) for line in lines]
    assert (counts[0], counts[1] <= 1) == (1, True), "it is tried again and again, and said once"
    realm.serve(CITY)
    for period in (first, second):
        wait_until(lambda period=period: FORWARDED_BY_CITY in realm.lines(COUNTY, f"{TO_ALL}/{period}/r1"))
        realm.arrived(TO_ALL, period, ALL)
    realm.sound()


def test_deliver_at_a_centre_sends_once_what_waits_and_says_who_has_yet_to_answer(realm: Realm) -> None:
    realm.stop(CITY)
    period = next(realm.quarters)
    realm.run(TO_ALL, period)
    realm.stop(COUNTY)
    realm.stop(PROVINCE)
    realm.serve(CITY)
    ended = realm.yizhan("deliver", "--json", at=COUNTY)
    assert ended.code == 0, ended.err
    said = json.loads(ended.out)
    batch = f"{TO_ALL}/{period}/r1"
    assert [(one["batch"], one["state"], one["code"]) for one in said["forwarded"]] == [(batch, "done", None)]
    assert [one["awaited"] for one in said["receipts"] if one["batch"] == batch] == [[PROVINCE]]
    assert json.loads(realm.yizhan("deliver", "--json", at=COUNTY).out)["forwarded"] == []
    realm.serve(*ALL)
    realm.arrived(TO_ALL, period, ALL)


# --- a refusal above --------------------------------------------------------------------------------------------------


def forget(realm: Realm, feed: str, centre: str) -> Path:
    """A centre's catalogue loses a feed; where it lies now."""
    written = realm.site(centre) / "catalogue" / "feeds" / f"{feed}.yaml"
    realm.stop(centre)
    aside = shutil.move(written, written.with_suffix(".aside"))
    other = written.with_name("other.yaml")
    other.write_text(re.sub(rf"id: {re.escape(feed)}", f"id: {DEPARTMENT}.other", aside.read_text()), encoding="utf-8")
    realm.serve(centre)
    return aside


def remember(realm: Realm, aside: Path, centre: str) -> None:
    realm.stop(centre)
    aside.with_name("other.yaml").unlink()
    aside.rename(aside.with_suffix(".yaml"))
    realm.serve(centre)


def test_a_batch_refused_above_is_buried_there_and_a_person_can_have_it_sent_again(realm: Realm) -> None:
    aside = forget(realm, TO_ALL, CITY)
    period = next(realm.quarters)
    batch = f"{TO_ALL}/{period}/r1"
    realm.run(TO_ALL, period, codes=(0, 1))
    wait_until(lambda: realm.state(COUNTY, TO_ALL, period, "upward") == ["dead"])
    assert realm.lines(COUNTY, batch)[-1] == refused(FeedUnknown.code, CITY)
    assert realm.answered_by(COUNTY, TO_ALL, period) == [COUNTY], "the centre below keeps its own receipt"
    assert spool_list(realm, COUNTY, batch) == [("spool", "done", [COUNTY]), ("upward", "dead", [])]
    remember(realm, aside, CITY)
    assert realm.yizhan("spool", "retry", batch, "--by", "值班岗", at=COUNTY).code == 0
    assert realm.yizhan("deliver", at=COUNTY).code == 0
    realm.arrived(TO_ALL, period, ALL)
    assert "retried" in realm.events(COUNTY, batch)
    realm.sound()


def test_a_department_hears_who_above_refused_what_the_county_has_loaded_until_a_receipt_comes(realm: Realm) -> None:
    aside = forget(realm, TO_ALL, CITY)
    period = next(realm.quarters)
    batch, said = f"{TO_ALL}/{period}/r1", {"centre": CITY, "code": FeedUnknown.code}
    realm.run(TO_ALL, period, codes=(0, 1))
    wait_until(lambda: realm.state(COUNTY, TO_ALL, period, "upward") == ["dead"])
    for _ in range(2):
        ended = realm.yizhan("deliver", "--json")
        (told,) = [one for one in json.loads(ended.out)["receipts"] if one["batch"] == batch]
        assert (ended.code, told["code"], told["refused"]) == (1, RefusedAbove.code, said)
        assert told["awaited"] == [PROVINCE], "which waits for the city, and did not refuse"
        assert RefusedAbove.code in ended.err
    assert realm.lines(DEPARTMENT, batch).count(refused(FeedUnknown.code, CITY)) == 1, "told each time, ledgered once"
    assert f"{CITY} refused ({FeedUnknown.code})" in re.sub(r"\s+", " ", realm.yizhan("--lang", "en", "deliver").out)
    assert (realm.state(DEPARTMENT, TO_ALL, period), refusal_shown(realm, DEPARTMENT, batch)) == (["done"], [said])
    assert refusal_shown(realm, COUNTY, batch) == [said, said]
    remember(realm, aside, CITY)
    assert realm.yizhan("spool", "retry", batch, "--by", "值班岗", at=COUNTY).code == 0
    assert realm.yizhan("deliver", at=COUNTY).code == 0
    realm.arrived(TO_ALL, period, ALL)
    assert refusal_shown(realm, DEPARTMENT, batch) == [None]
    realm.sound()


def test_what_the_province_refused_is_told_down_to_the_department_through_both_centres(realm: Realm) -> None:
    aside = forget(realm, TO_ALL, PROVINCE)
    period = next(realm.quarters)
    batch, line = f"{TO_ALL}/{period}/r1", refused(FeedUnknown.code, PROVINCE)
    realm.run(TO_ALL, period, codes=(0, 1))
    wait_until(lambda: realm.state(CITY, TO_ALL, period, "upward") == ["dead"])
    assert realm.yizhan("deliver", at=COUNTY).code == 1
    assert realm.yizhan("deliver").code == 1
    assert all(line in realm.lines(node, batch) for node in (CITY, COUNTY, DEPARTMENT))
    assert realm.answered_by(DEPARTMENT, TO_ALL, period) == [COUNTY, CITY]
    remember(realm, aside, PROVINCE)
    assert realm.yizhan("spool", "retry", batch, "--by", "值班岗", at=CITY).code == 0
    assert realm.yizhan("deliver", at=CITY).code == 0
    assert realm.yizhan("deliver", at=COUNTY).code == 0
    realm.arrived(TO_ALL, period, ALL)


def test_a_department_hears_from_the_relay_what_the_centre_above_refused(relay: Realm) -> None:
    aside = forget(relay, PAST_THE_COUNTY, CITY)
    period = next(relay.quarters)
    batch = f"{PAST_THE_COUNTY}/{period}/r1"
    ended = relay.yizhan("--lang", "en", "run", PAST_THE_COUNTY, "--period", period)
    assert (ended.code, relay.state(DEPARTMENT, PAST_THE_COUNTY, period)) == (1, ["dead"])
    assert f"centre {CITY} above refused {batch} ({FeedUnknown.code})" in ended.err
    assert Written(event="refused", code=RefusedAbove.code, centre=None) in relay.lines(DEPARTMENT, batch)
    assert relay.state(COUNTY, PAST_THE_COUNTY, period) == ["held"]
    remember(relay, aside, CITY)
    assert relay.yizhan("spool", "retry", batch, "--by", "值班岗", at=COUNTY).code == 0
    assert relay.yizhan("deliver", at=COUNTY).code == 0
    assert relay.yizhan("spool", "retry", batch, "--by", "经办岗").code == 0
    assert relay.yizhan("deliver").code == 0
    assert relay.answered_by(DEPARTMENT, PAST_THE_COUNTY, period) == [CITY]
    assert relay.state(COUNTY, PAST_THE_COUNTY, period) == ["done"]


def test_nobody_above_can_make_a_relay_say_that_it_refused(relay: Realm) -> None:
    relay.stop(CITY)
    period = next(relay.quarters)
    entry = relay.seal(PAST_THE_COUNTY, period)
    manifest, keys = (entry / "manifest.p7s").read_bytes(), (entry / "keys.p7m").read_bytes()
    with relay.line(COUNTY, DEPARTMENT) as ours, relay.line(COUNTY, CITY) as theirs:
        assert ours.submit(manifest, keys).status == 201
        assert ours.upload(manifest, (entry / "payload").read_bytes()).status == 204
        wait_until(lambda: "relayed" in relay.events(COUNTY, f"{PAST_THE_COUNTY}/{period}/r1"))
        assert theirs.submit(manifest, keys).status == 403
        assert ours.receipt(manifest, seconds=0).status == 202, "there is none until a centre above has answered"
        assert json.loads(ours.receipts(manifest).body) == {"digest": digest_of(manifest), "receipts": []}
        assert ours.submit(manifest, keys).status == 201
    relay.serve(CITY)
    assert relay.yizhan("deliver").code == 0
    assert relay.answered_by(DEPARTMENT, PAST_THE_COUNTY, period) == [CITY]


# --- a false receipt --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def other(levels: Realm) -> Path:
    """The city's genuine receipt for another batch, as the county keeps it."""
    levels.serve(*ALL)
    period = next(levels.quarters)
    levels.run(TO_ALL, period)
    levels.complete(TO_ALL, period, ALL)
    return levels.entry(COUNTY, TO_ALL, period) / f"receipt-{CITY}.p7s"


def spoiled(receipt: bytes) -> bytes:
    return receipt[:-1] + bytes([receipt[-1] ^ 1])


@pytest.mark.parametrize("code", [ReceiptForAnotherBatch.code, ReceiptSignatureInvalid.code])
def test_a_false_receipt_handed_to_the_department_is_kept_out_and_ledgered(
    realm: Realm, other: Path, code: str
) -> None:
    period = next(realm.quarters)
    batch = f"{TO_ALL}/{period}/r1"
    realm.stop(CITY)
    realm.run(TO_ALL, period)
    realm.serve(CITY)
    kept = realm.entry(COUNTY, TO_ALL, period) / f"receipt-{CITY}.p7s"
    wait_until(kept.exists)
    genuine = kept.read_bytes()
    kept.write_bytes(other.read_bytes() if code == ReceiptForAnotherBatch.code else spoiled(genuine))
    for _ in range(2):
        assert realm.yizhan("deliver").code == 1
    assert realm.lines(DEPARTMENT, batch).count(refused(code, COUNTY)) == 1
    assert CITY not in realm.answered_by(DEPARTMENT, TO_ALL, period)
    kept.write_bytes(genuine)
    realm.complete(TO_ALL, period, ALL)


def test_a_false_receipt_from_above_leaves_the_batch_waiting(realm: Realm, other: Path) -> None:
    period = next(realm.quarters)
    batch = f"{TO_ALL}/{period}/r1"
    entry = realm.seal(TO_ALL, period)
    manifest = (entry / "manifest.p7s").read_bytes()
    with realm.line(CITY, DEPARTMENT) as wire:
        wire.submit(manifest, (entry / "keys.p7m").read_bytes())
        wire.upload(manifest, (entry / "payload").read_bytes())
        genuine = wire.receipt(manifest).body
    answer_with(realm, digest_of(manifest), other.read_bytes())
    assert realm.yizhan("deliver").code == 0
    wait_until(lambda: refused(ReceiptForAnotherBatch.code, CITY) in realm.lines(COUNTY, batch))
    wait_until(lambda: realm.state(COUNTY, TO_ALL, period, "upward") == ["ready"])
    assert realm.answered_by(COUNTY, TO_ALL, period) == [COUNTY]
    answer_with(realm, digest_of(manifest), genuine)
    assert realm.yizhan("deliver", at=COUNTY).code == 0
    realm.arrived(TO_ALL, period, ALL)


def answer_with(realm: Realm, digest: str, receipt: bytes) -> None:
    """The city answers for a batch with another receipt than the one it committed."""
    with realm.database(CITY) as database:
        found = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'batches'")
        triggers = found.fetchall()
        for name, _ in triggers:
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE batches SET receipt = ? WHERE digest = ?", (receipt, digest))
        for _, sql in triggers:
            database.execute(sql)


# --- what people see --------------------------------------------------------------------------------------------------


def test_lists_ledger_and_offline_check_show_the_chain(realm: Realm) -> None:
    period = next(realm.quarters)
    batch = f"{TO_ALL}/{period}/r1"
    realm.run(TO_ALL, period)
    said = realm.complete(TO_ALL, period, ALL)
    links = [{"centre": r.centre, "accepted_at": r.accepted_at.isoformat(), "loaded": r.loaded.rows} for r in said]
    assert spool_list(realm, DEPARTMENT, batch) == [("spool", "done", list(ALL))]
    assert spool_list(realm, COUNTY, batch) == [("spool", "done", list(ALL)), ("upward", "done", [CITY])]
    assert json.loads(realm.yizhan("ledger", "show", batch, "--json").out)["receipts"] == links
    shown = realm.yizhan("--lang", "en", "ledger", "show", batch).out
    assert [line.split()[1] for line in shown.split("Receipts")[1].splitlines() if batch in line] == list(ALL)
    entry = realm.entry(DEPARTMENT, TO_ALL, period)
    verified = realm.yizhan("envelope", "verify", "--json", *(str(path) for path in sorted(entry.iterdir())))
    assert verified.code == 0, verified.err
    assert sorted(json.loads(verified.out)["receipts"], key=lambda link: ALL.index(link["centre"])) == links
    twice = [str(entry / "manifest.p7s"), *[str(entry / "receipt.p7s")] * 2]
    refusal = realm.yizhan("envelope", "verify", *twice)
    assert (refusal.code, FilesIncomplete.code in refusal.err) == (1, True)


def test_a_site_whose_upward_is_not_the_next_centre_is_refused_at_the_start(realm: Realm, tmp_path: Path) -> None:
    site = shutil.copytree(realm.site(COUNTY), tmp_path / COUNTY)
    address = {"centre": PROVINCE, "url": f"https://127.0.0.1:{realm.ports[PROVINCE]}"}
    write_site(site, read_site(site) | {"upward": address})
    ended = realm.yizhan("--site", str(site), "deliver")
    assert (ended.code, ConfigInvalid.code in ended.err, CITY in ended.err) == (2, True, True)


def test_deliver_at_a_centre_without_one_above_says_so(realm: Realm) -> None:
    ended = realm.yizhan("deliver", at=PROVINCE)
    assert (ended.code, NothingAbove.code in ended.err) == (2, True)


# --- fsck -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def at_rest(levels: Realm, tmp_path_factory: pytest.TempPathFactory) -> tuple[Realm, str, str, Path]:
    """Two batches at the county, one forwarded and one waiting; a copy of its site may be damaged."""
    levels.serve(*ALL)
    sent, waiting = next(levels.quarters), next(levels.quarters)
    levels.run(TO_ALL, sent)
    levels.complete(TO_ALL, sent, ALL)
    levels.stop(CITY)
    levels.run(TO_ALL, waiting)
    wait_until(lambda: levels.state(COUNTY, TO_ALL, waiting, "upward") == ["ready"])
    levels.stop(COUNTY)
    copy = shutil.copytree(levels.site(COUNTY), tmp_path_factory.mktemp("rest") / COUNTY)
    levels.serve(*ALL)
    return levels, sent, waiting, copy


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("what", "code"),
    [
        pytest.param("receipt", EntryDamaged.code, id="a receipt from above is removed"),
        pytest.param("payload", EntryUntrue.code, id="a payload that waits to go up is altered"),
        pytest.param("manifest", EntryDamaged.code, id="a manifest that waits to go up is removed"),
        pytest.param("stranger", EntryUnexplained.code, id="an entry is put among those that went up"),
    ],
)
def test_fsck_names_what_was_done_to_the_way_up(
    at_rest: tuple[Realm, str, str, Path], tmp_path: Path, what: str, code: str
) -> None:
    realm, sent, waiting, pristine = at_rest
    site = shutil.copytree(pristine, tmp_path / COUNTY)
    assert realm.yizhan("--site", str(site), "fsck").code == 0
    (gone,) = (site / "spool" / "done").glob(f"*_{sent}_*")
    (ready,) = (site / "upward").glob(f"*/*_{waiting}_*")
    damage = {
        "receipt": lambda: (gone / f"receipt-{CITY}.p7s").unlink(),
        "payload": lambda: flip(ready / "payload"),
        "manifest": lambda: (ready / "manifest.p7s").unlink(),
        "stranger": lambda: ready.rename(site / "upward" / "done" / ready.name),
    }
    damage[what]()
    ended = realm.yizhan("--site", str(site), "fsck")
    faults = [line for line in ended.out.splitlines() if line.startswith(f"[{code}]")]
    place = f"done/{gone.name}" if what == "receipt" else f"/{ready.name}"
    assert ended.code == 1
    assert any(place in fault for fault in faults), ended.out
