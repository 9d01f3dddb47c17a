"""A batch that was touched in the front-end's own spool never leaves it, is named, and can be sealed anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys.account import entries, events, held_rows, position, states, written
from tests.journeys.forge import flipped, seal
from tests.journeys.wire import digest_of
from tests.journeys.world import FEED, World, copy_site


def last_byte(data: bytes) -> bytes:
    return next(flipped(data, [-1]))


@pytest.mark.parametrize(
    ("file", "hurt", "code"),
    [
        pytest.param("payload", last_byte, "YZ-4403", id="payload changed"),
        pytest.param("payload", lambda data: data[:-1], "YZ-4402", id="payload truncated"),
        pytest.param("payload", None, "YZ-6008", id="payload removed"),
        pytest.param("manifest.p7s", last_byte, "YZ-4205", id="manifest changed"),
        pytest.param("manifest.p7s", None, "YZ-6008", id="manifest removed"),
        pytest.param("keys.p7m", last_byte, "YZ-4305", id="keys changed"),
    ],
)
def test_a_touched_batch_is_named_refused_before_it_is_sent_and_sealed_anew(
    world: World, tmp_path: Path, file: str, hurt: Callable[[bytes], bytes] | None, code: str
) -> None:
    period, site = next(world.quarters), tmp_path / "agri"
    files, batch = seal(world, site, period), f"{FEED}/{period}/r1"
    (entry,) = entries(site, period)
    touch(entry / file, hurt)
    named = world.yizhan("fsck", site=site)
    assert named.code == 1
    assert entry.name in named.out and code in named.out
    before = position(world.centre_site)
    ended = world.yizhan("deliver", site=site)
    assert (ended.code, code in ended.err) == (1, True)
    last = written(site, batch)[-1]
    assert (last.event, last.code, last.digest) == ("refused", code, digest_of(files.manifest))
    assert (states(site, period), position(world.centre_site)) == (["dead"], before)
    assert world.yizhan("run", "--period", period, site=site).code == 0
    assert states(site, period) == ["dead", "done"]
    assert (events(world.centre_site, batch), held_rows(world, period) > 0) == (["admitted", "loaded"], True)
    world.sound(site)


def test_files_that_changed_places_between_two_entries_are_not_sent_under_each_others_name(
    world: World, tmp_path: Path
) -> None:
    periods, site = [next(world.quarters) for _ in range(2)], tmp_path / "agri"
    for period in periods:
        seal(world, site, period)
    one, other = (entries(site, period)[0] for period in periods)
    aside = one.rename(one.with_name("aside"))
    other.rename(one)
    aside.rename(other)
    named = world.yizhan("fsck", site=site)
    assert one.name in named.out and other.name in named.out
    before = position(world.centre_site)
    assert world.yizhan("deliver", site=site).code == 1
    assert position(world.centre_site) == before
    for period in periods:
        assert [(w.event, w.code) for w in written(site, f"{FEED}/{period}/r1")][-1] == ("refused", "YZ-6008")


def test_a_damaged_batch_does_not_keep_the_others_from_leaving(world: World, tmp_path: Path) -> None:
    periods, site = [next(world.quarters) for _ in range(2)], tmp_path / "agri"
    for period in periods:
        seal(world, site, period)
    (entries(site, periods[0])[0] / "manifest.p7s").unlink()
    assert world.yizhan("deliver", site=site).code == 1
    assert [states(site, period) for period in periods] == [["dead"], ["done"]]


def test_a_receipt_touched_while_settling_was_cut_off_is_fetched_again(world: World, tmp_path: Path) -> None:
    period, site = next(world.quarters), copy_site(world.pristine, tmp_path / "agri")
    killed = world.yizhan("run", "--period", period, site=site, killed="return:gateway.spool.disk:write_whole:1")
    (entry,) = entries(site, period)
    assert (killed.code, entry.parent.name) == (-9, "inflight")
    receipt = (entry / "receipt.p7s").read_bytes()
    touch(entry / "receipt.p7s", last_byte)
    assert world.yizhan("deliver", site=site).code == 0
    assert (entries(site, period)[0] / "receipt.p7s").read_bytes() == receipt
    assert events(site, f"{FEED}/{period}/r1") == ["landed", "sealed", "receipted"]
    world.sound(site)


def test_a_batch_that_nobody_sealed_here_is_not_explained_away(world: World, tmp_path: Path) -> None:
    period, site, stranger = next(world.quarters), tmp_path / "agri", tmp_path / "stranger"
    seal(world, stranger, period)
    copy_site(world.pristine, site)
    assert world.yizhan("deliver", site=site).code == 0
    (entry,) = entries(stranger, period)
    entry.rename(site / "spool" / "ready" / entry.name)
    assert world.yizhan("deliver", site=site).code == 0
    assert "sealed" not in events(site, f"{FEED}/{period}/r1")
    named = world.yizhan("fsck", site=site)
    assert (named.code, "YZ-7302" in named.out, entry.name in named.out) == (1, True, True)


def touch(file: Path, hurt: Callable[[bytes], bytes] | None) -> None:
    if hurt is None:
        file.unlink()
    else:
        file.write_bytes(hurt(file.read_bytes()))
