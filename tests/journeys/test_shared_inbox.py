"""A centre whose payloads lie in a shared folder or a bucket is archived, purged, backed up and restored the same."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from gateway.archive.retention import Kind
from gateway.archive.verify import verify
from gateway.demo.county import County, place_secret
from gateway.errors import BackupOccupied, EntryDamaged, UploadUnknown
from gateway.spool import EntryName, mark_of
from tests.journeys.account import events, held_rows
from tests.journeys.hatchery import Hatchery
from tests.journeys.keeping import archive_in, fsck_in, node_in, purge_in
from tests.journeys.restoring import back_up, command, restore
from tests.journeys.stores import found_on_postgres
from tests.journeys.world import World, found_world
from tests.peers.objects import KEY, REGION, SECRET, object_store
from tests.peers.postgres import Postgres, program
from tests.scale.stores import arrive, sealed

MONTH_OVER, HALF_A_YEAR = 40, 190


@dataclass(frozen=True, kw_only=True)
class Shared:
    """A county whose centre serves over a shared inbox; `names` are its objects as somebody else lists them."""

    world: World
    store: Postgres
    names: Callable[[], list[str]]

    @property
    def site(self) -> Path:
        return self.world.centre_site

    def arrived(self) -> EntryName:
        """A quarter that was delivered just now."""
        period = next(self.world.quarters)
        assert self.world.yizhan("run", "--period", period).code == 0
        (entry,) = (self.world.front_end / "spool" / "done").glob(f"*_{period}_*")
        return EntryName.parse(entry.name)

    def objects_of(self, name: EntryName) -> list[str]:
        return [found for found in self.names() if mark_of(found.partition("/")[0]) == name.mark]

    def moved(self, root: Path) -> World:
        """Where the node stands that is restored below `root`."""
        return replace(self.world, county=County(root=root), centre=None)


def found_shared(root: Path, source: Path, hatchery: Hatchery, server: Postgres, inbox: dict[str, object]) -> World:
    world = found_world(root, source, hatchery)
    found_on_postgres(world.county, server, f"t{uuid.uuid4().hex}")
    for name, secret in (("inbox.key", KEY), ("inbox.secret", SECRET)):
        place_secret(world.county, "centre", name, secret)
    path, yaml = world.centre_site / "site.yaml", YAML(typ="safe", pure=True)
    said = yaml.load(path) | {"inbox": inbox}
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(said, file)
    world.serve()
    return world


@pytest.fixture(scope="module")
def in_folder(
    tmp_path_factory: pytest.TempPathFactory, source: Path, hatchery: Hatchery, server: Postgres
) -> Iterator[Shared]:
    inbox = tmp_path_factory.mktemp("mounted") / "inbox"
    inbox.mkdir()
    root = tmp_path_factory.mktemp("folder")
    world = found_shared(root, source, hatchery, server, {"url": f"file://{inbox}"})
    yield Shared(
        world=world,
        store=server,
        names=lambda: sorted(str(path.relative_to(inbox)) for path in inbox.glob("*/*")),
    )
    world.stop()


@pytest.fixture(scope="module")
def in_bucket(
    tmp_path_factory: pytest.TempPathFactory, source: Path, hatchery: Hatchery, server: Postgres
) -> Iterator[Shared]:
    with object_store() as objects:
        objects.create_bucket("inbox")
        options = {
            "endpoint_url": objects.url,
            "region": REGION,
            "key": "file:secrets/inbox.key",
            "secret": "file:secrets/inbox.secret",
        }
        inbox = {"url": "s3://inbox/changning", "options": options}
        world = found_shared(tmp_path_factory.mktemp("bucket"), source, hatchery, server, inbox)

        def names() -> list[str]:
            return [name.removeprefix("changning/") for name in objects.names("inbox")]

        yield Shared(world=world, store=server, names=names)
        world.stop()


@pytest.fixture(params=["in_folder", "in_bucket"])
def shared(request: pytest.FixtureRequest) -> Shared:
    return request.getfixturevalue(request.param)


def standalone_finds(directory: Path) -> tuple[int, str]:
    """Exit code and answer of the verifier that lies in an archive, where nothing of the product can be imported."""
    last = sorted(directory.glob("*.tar"))[-1]
    subprocess.run(["tar", "xf", last, "-C", directory.parent, "verify.py"], check=True)
    command = [sys.executable, "-I", "-S", str(directory.parent / "verify.py"), str(directory)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout


def test_a_shared_inbox_is_archived_verified_and_lightened(shared: Shared) -> None:
    name, site = shared.arrived(), shared.site
    assert len(shared.objects_of(name)) == 1
    assert purge_in(site, HALF_A_YEAR, Kind.PAYLOAD).victims == ()  # no archive holds it
    (archived,) = archive_in(site, MONTH_OVER).archives
    assert str(name) in [held.entry for held in archived.index.batches]
    node = node_in(site, MONTH_OVER)
    found = list(verify([site / "archive"], node.keys.trust(), node.clock()))
    assert [one.faults for one in found] == [()] * len(found)
    assert standalone_finds(site / "archive")[0] == 0
    assert str(name) in [one.name for one in purge_in(site, HALF_A_YEAR, Kind.PAYLOAD).victims]
    assert shared.objects_of(name) == []
    assert purge_in(site, HALF_A_YEAR, Kind.PAYLOAD).victims == ()
    assert archive_in(site, HALF_A_YEAR).archives == ()
    assert fsck_in(site, HALF_A_YEAR) == []
    assert events(site, name.batch) == ["admitted", "loaded", "purged"]


def test_a_payload_that_vanished_from_a_shared_inbox_is_named(in_folder: Shared) -> None:
    name = in_folder.arrived()
    (gone,) = in_folder.objects_of(name)
    object_ = mounted(in_folder) / gone
    content = object_.read_bytes()
    object_.unlink()
    try:
        assert [(code, str(name) in str(facts)) for code, facts in fsck_in(in_folder.site, 0)] == [("YZ-7301", True)]
    finally:
        object_.write_bytes(content)


def mounted(shared: Shared) -> Path:
    return Path(node_in(shared.site, 0).file.inbox.url.removeprefix("file://"))


def test_a_backup_takes_a_shared_folder_along_and_a_restore_loses_nothing(in_folder: Shared, tmp_path: Path) -> None:
    name, site, folder = in_folder.arrived(), in_folder.site, mounted(in_folder)
    growing = sealed(1_000)
    arrive(node_in(site, 0).inbox, growing).append(0, growing.payload[:500])
    complete = [one for one in in_folder.names() if not one.startswith(growing.digest)]
    backup = back_up(in_folder.world, site, tmp_path / "b")
    assert sorted(str(path.relative_to(backup / "inbox")) for path in (backup / "inbox").glob("*/*")) == complete
    aside = folder.rename(tmp_path / "aside")  # the disk is lost, and another one is mounted
    folder.mkdir()
    restored = in_folder.moved(tmp_path / "new")
    restore(in_folder.world, backup, restored.centre_site, in_folder.store, site / "keys")
    assert in_folder.names() == complete
    assert held_rows(restored, name.period) == held_rows(in_folder.world, name.period) > 0
    restored.sound_at(restored.centre_site)
    inbox = node_in(restored.centre_site, 0).inbox
    with pytest.raises(UploadUnknown):
        inbox.find(growing.digest)
    (entry,) = (one for one in inbox.entries() if one.name == name)
    with entry.open_payload() as payload:
        (sent,) = (in_folder.world.front_end / "spool" / "done").glob(f"{name}/payload")
        assert payload.read() == sent.read_bytes()
    again = in_folder.moved(tmp_path / "again")  # where the folder outlived the machine, nothing is written twice
    restore(in_folder.world, backup, again.centre_site, in_folder.store, site / "keys")
    assert in_folder.names() == complete
    shutil.rmtree(folder)
    aside.rename(folder)


def test_an_object_that_was_changed_is_not_restored_over(in_folder: Shared, tmp_path: Path) -> None:
    (one,) = in_folder.objects_of(in_folder.arrived())
    backup = back_up(in_folder.world, in_folder.site, tmp_path / "b")
    place = mounted(in_folder) / one
    content = place.read_bytes()
    place.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    try:
        ended = command(in_folder.world, "restore", str(backup), str(tmp_path / "n"))
        assert (ended.code, BackupOccupied.code in ended.err, one in ended.err) == (2, True, True)
    finally:
        place.write_bytes(content)


def test_a_backup_names_the_payloads_that_were_not_there_to_be_copied(in_folder: Shared, tmp_path: Path) -> None:
    (one,) = in_folder.objects_of(in_folder.arrived())
    place = mounted(in_folder) / one
    aside = place.rename(tmp_path / "aside")
    try:
        more = ("--programs", str(program("pg_dump").parent), "--json")
        ended = in_folder.world.yizhan("backup", "--out", str(tmp_path / "b"), *more, site=in_folder.site)
        assert (ended.code, EntryDamaged.code in ended.err, one in ended.err) == (1, True, True)
        assert json.loads(ended.out)["inbox"]["lost"] == [one]
        assert (tmp_path / "b" / "backup.json").is_file()
    finally:
        aside.rename(place)


def test_a_backup_says_that_a_buckets_payloads_are_not_in_it(in_bucket: Shared, tmp_path: Path) -> None:
    name = in_bucket.arrived()
    before = in_bucket.objects_of(name)
    more = ("--programs", str(program("pg_dump").parent))
    ended = in_bucket.world.yizhan("backup", "--out", str(tmp_path / "b"), *more, site=in_bucket.site)
    assert (ended.code, "存储桶中的批次数据不在备份中" in ended.out + ended.err) == (0, True)
    assert not (tmp_path / "b" / "inbox").exists()
    restored = in_bucket.moved(tmp_path / "new")
    restore(in_bucket.world, tmp_path / "b", restored.centre_site, in_bucket.store, in_bucket.site / "keys")
    restored.sound_at(restored.centre_site)
    assert (in_bucket.objects_of(name), len(before)) == (before, 1)
