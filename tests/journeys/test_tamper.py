"""Whatever is changed in a sealed batch, the centre refuses it with the step's code, ledgers that and loads nothing."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.envelope.canonical import ControlTotals
from gateway.envelope.manifest import PayloadFacts
from tests.journeys.account import Written, entries, events, held_rows, loads, position, states, written
from tests.journeys.forge import Files, declared, flipped, offline, reseal, seal
from tests.journeys.wire import Answer, Line, digest_of, line
from tests.journeys.world import FEED, World, outside, wait_until

SEGMENT = 1 << 20
CHANCE = random.Random(20261122)


@contextmanager
def refused_once(world: World, manifest: bytes, code: str, batch: str | None = None) -> Iterator[None]:
    """What happens inside adds one refusal with this code to the centre's ledger, and nothing to its warehouse."""
    before = position(world.centre_site), held_rows(world), loads(world)
    yield
    lines = written(world.centre_site, after=before[0])
    refusal = Written(event="refused", digest=digest_of(manifest), code=code)
    assert [one for one in lines if one.event != "admitted"] == [refusal]
    if batch is not None:
        assert refusal in written(world.centre_site, batch)
    assert (held_rows(world), loads(world)) == before[1:]


def refuse_submission(world: World, wire: Line, manifest: bytes, keys: bytes, code: str) -> None:
    with refused_once(world, manifest, code):
        answer = wire.submit(manifest, keys)
    assert (answer.code, 400 <= answer.status < 500) == (code, True)


def refuse_payload(world: World, wire: Line, files: Files, code: str, batch: str) -> None:
    with refused_once(world, files.manifest, code, batch):
        assert wire.submit(files.manifest, files.keys).status == 201
        assert wire.upload(files.manifest, files.payload).status == 204
        assert wire.receipt(files.manifest).code == code


def deliver(wire: Line, files: Files) -> Answer:
    assert wire.submit(files.manifest, files.keys).status == 201
    assert wire.upload(files.manifest, files.payload).status == 204
    return wire.receipt(files.manifest)


def sample(data: bytes, count: int = 12) -> list[int]:
    return CHANCE.sample(range(len(data)), count)


# Which file, where it is hurt, and what the step is called that sees it first.
HURTS: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("manifest", lambda data: next(flipped(data, [0])), "YZ-4201"),
    ("manifest", lambda data: data[:-1], "YZ-4201"),
    ("manifest", lambda data: data[: len(data) // 2], "YZ-4201"),
    ("manifest", lambda data: data + b"\0", "YZ-4201"),
    ("manifest", lambda data: data + data, "YZ-4201"),
    ("manifest", lambda data: b"", "YZ-4101"),
    ("manifest", lambda data: data.replace(b'"kind":"data"', b'"kind":"nil" '), "YZ-4203"),
    ("manifest", lambda data: next(flipped(data, [-1])), "YZ-4205"),
    ("keys", lambda data: next(flipped(data, [0])), "YZ-4301"),
    ("keys", lambda data: data[:-1], "YZ-4301"),
    ("keys", lambda data: data[: len(data) // 2], "YZ-4301"),
    ("keys", lambda data: data + b"\0", "YZ-4301"),
    ("keys", lambda data: b"", "YZ-4101"),
    ("keys", lambda data: next(flipped(data, [-1])), "YZ-4305"),
]


def test_a_manifest_or_key_envelope_changed_in_any_way_is_refused_at_its_step(world: World, tmp_path: Path) -> None:
    period = next(world.quarters)
    files = seal(world, tmp_path / "agri", period)
    with line(world, world.front_end) as wire:
        for part, hurt, code in HURTS:
            changed = replace(files, **{part: hurt(getattr(files, part))})
            refuse_submission(world, wire, changed.manifest, changed.keys, code)
        for manifest in flipped(files.manifest, sample(files.manifest)):
            code = offline(world, manifest, files.keys)
            assert code.startswith(("YZ-42", "YZ-50"))
            refuse_submission(world, wire, manifest, files.keys, code)
        for keys in flipped(files.keys, sample(files.keys)):
            code = offline(world, files.manifest, keys)
            assert code.startswith(("YZ-43", "YZ-50"))
            refuse_submission(world, wire, files.manifest, keys, code)
        assert states(world.centre_site, period) == []
        assert deliver(wire, files).status == 200


def test_files_of_two_batches_put_together_are_refused(world: World, tmp_path: Path) -> None:
    one, other = (seal(world, tmp_path / "agri", next(world.quarters)) for _ in range(2))
    short, long = sorted((one, other), key=lambda files: len(files.payload))
    assert len(short.payload) < len(long.payload)
    rows = held_rows(world)
    with line(world, world.front_end) as wire:
        refuse_submission(world, wire, one.manifest, other.keys, "YZ-4303")
        refuse_submission(world, wire, other.manifest, one.keys, "YZ-4303")
        assert wire.submit(short.manifest, short.keys).status == 201
        assert wire.upload(short.manifest, long.payload).code == "YZ-6122"
        assert wire.submit(long.manifest, long.keys).status == 201
        assert wire.upload(long.manifest, short.payload).status == 204
        for files in (short, long):
            assert wire.receipt(files.manifest, seconds=0).status == 202
    assert held_rows(world) == rows


def test_a_payload_changed_in_any_byte_is_refused_and_the_genuine_one_still_arrives(
    world: World, tmp_path: Path
) -> None:
    period, site = next(world.quarters), tmp_path / "agri"
    files, batch = seal(world, site, period), f"{FEED}/{period}/r1"
    positions = [1, 33, 40, len(files.payload) - 16, -1, *sample(files.payload, 6)]
    with line(world, world.front_end) as wire:
        (header,) = flipped(files.payload, [0])
        refuse_payload(world, wire, replace(files, payload=header), "YZ-4401", batch)
        for payload in flipped(files.payload, positions):
            refuse_payload(world, wire, replace(files, payload=payload), "YZ-4403", batch)
        assert wire.submit(files.manifest, files.keys).status == 201
        assert wire.upload(files.manifest, files.payload + b"\0").code == "YZ-6122"
        assert wire.upload(files.manifest, files.payload[:-1]).status == 204
        assert wire.receipt(files.manifest, seconds=0).status == 202  # truncated: it is only not there yet
    assert held_rows(world, period) == 0
    assert world.yizhan("deliver", site=site).code == 0
    assert held_rows(world, period) > 0
    world.sound(site)


def test_segments_that_changed_places_are_refused_even_when_their_sender_signs_that(
    world: World, tmp_path: Path
) -> None:
    period = next(world.heavy)
    files, batch = seal(world, tmp_path / "agri", period), f"{FEED}/{period}/r1"
    cut = [files.payload[at : at + SEGMENT] for at in range(0, len(files.payload), SEGMENT)]
    assert len(cut) > 4
    swapped = b"".join([cut[0], cut[2], cut[1], *cut[3:]])
    dropped = b"".join([cut[0], *cut[2:]])
    with line(world, world.front_end) as wire:
        refuse_payload(world, wire, replace(files, payload=swapped), "YZ-4403", batch)
        for payload in (swapped, dropped, files.payload[: 3 * SEGMENT]):
            facts = PayloadFacts(digest=digest_of(payload), size=len(payload))
            signed = reseal(world, files, world.front_end, payload=facts)
            refuse_payload(world, wire, replace(signed, payload=payload), "YZ-4404", batch)
    assert held_rows(world, period) == 0


@pytest.mark.parametrize("lie", ["a row less", "a fen more"])
def test_control_totals_that_are_not_those_of_the_records_are_refused(world: World, tmp_path: Path, lie: str) -> None:
    period = next(world.quarters)
    files, batch = seal(world, tmp_path / "agri", period), f"{FEED}/{period}/r1"
    said = declared(world, files)
    rows, sums = said.totals.rows, dict(said.totals.sums)
    if lie == "a row less":
        totals = ControlTotals(rows=rows - 1, sums=said.totals.sums)
    else:
        totals = ControlTotals(rows=rows, sums=tuple((sums | {"expense": sums["expense"] + 1}).items()))
    changes = {"totals": totals, "extracted": totals + said.problems.totals}
    with line(world, world.front_end) as wire:
        refuse_payload(world, wire, reseal(world, files, world.front_end, **changes), "YZ-7004", batch)


def test_what_is_changed_on_the_centres_own_disk_is_refused_when_it_starts_again(world: World, tmp_path: Path) -> None:
    site = tmp_path / "agri"
    batches = {period: seal(world, site, period) for period in (next(world.quarters) for _ in range(7))}
    upload_to_a_centre_that_dies(world, batches)
    places = {period: entries(world.centre_site, period)[0] for period in batches}
    untouched, shorter, longer, flipped_, headless, one, other = places
    edit(places[shorter] / "payload", lambda data: data[:-1])
    edit(places[longer] / "payload", lambda data: data + b"\0")
    edit(places[flipped_] / "payload", lambda data: next(flipped(data, [len(data) // 2])))
    (places[headless] / "manifest.p7s").unlink()
    exchange(places[one], places[other])
    rows = held_rows(world)
    named = world.yizhan("fsck", site=world.centre_site)
    assert named.code == 1
    assert all(places[period].name in named.out for period in batches if period != untouched)
    world.serve()
    with line(world, world.front_end) as wire:
        assert wire.receipt(batches[untouched].manifest).status == 200
    wait_until(lambda: states(world.centre_site, other) == ["dead"])
    codes = {shorter: "YZ-4402", longer: "YZ-4402", flipped_: "YZ-4403", headless: "YZ-6008"}
    for period, code in codes.items():
        (refusal,) = (one for one in written(world.centre_site, f"{FEED}/{period}/r1") if one.event == "refused")
        assert (refusal.code, states(world.centre_site, period)) == (code, ["dead"])
    assert held_rows(world) == rows + held_rows(world, untouched)
    assert world.yizhan("deliver", site=site).code == 0
    assert all(events(world.centre_site, f"{FEED}/{period}/r1").count("loaded") == 1 for period in batches)
    world.sound(site)


def upload_to_a_centre_that_dies(world: World, batches: dict[str, Files]) -> None:
    """All are uploaded and none is loaded: somebody holds the database until the centre is killed."""
    with line(world, world.front_end) as wire:
        for files in batches.values():
            assert wire.submit(files.manifest, files.keys).status == 201
        with outside(world.centre_site / "warehouse.db") as held:
            held.execute("BEGIN IMMEDIATE")
            for files in batches.values():
                assert wire.upload(files.manifest, files.payload).status == 204
            world.kill()
    assert [states(world.centre_site, period) for period in batches] == [["inflight"], *[["ready"]] * 6]


def edit(file: Path, change: Callable[[bytes], bytes]) -> None:
    file.write_bytes(change(file.read_bytes()))


def exchange(one: Path, other: Path) -> None:
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)
