"""Backups: what is in them and what is not, and that nothing is restored which is not what was backed up."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

import pytest

from tests.journeys.hatchery import Hatchery
from tests.journeys.restoring import back_up, command
from tests.journeys.stores import PASSWORD, found_on_postgres
from tests.journeys.world import World, found_world
from tests.peers.postgres import Postgres, program


def test_no_private_key_and_no_secret_lies_in_a_backup(quiet: World, tmp_path: Path) -> None:
    for site in (quiet.front_end, quiet.centre_site):
        backup = back_up(quiet, site, tmp_path / site.name)
        secrets = [path.read_bytes() for end in ("key", "secret") for path in (site / "keys").rglob(f"*.{end}")]
        held_ = [path.read_bytes() for path in backup.rglob("*") if path.is_file()]
        assert len(secrets) > 1
        assert not [one for one in secrets for data in held_ if one in data]
        assert not [path for path in backup.rglob("*") if path.stat().st_mode & 0o077]


def test_keys_that_were_sealed_into_a_backup_come_back_with_their_passphrase_alone(
    quiet: World, tmp_path: Path
) -> None:
    secret, wrong = tmp_path / "secret", tmp_path / "wrong"
    for path, said in ((secret, "长 口令 7"), (wrong, "x")):
        path.touch(mode=0o600)
        path.write_text(said, encoding="utf-8")
    backup = back_up(quiet, quiet.front_end, tmp_path / "b", "--with-keys", f"file:{secret}")
    refused = command(quiet, "restore", str(backup), str(tmp_path / "n"), "--with-keys", f"file:{wrong}")
    assert (refused.code, "YZ-8055" in refused.err, (tmp_path / "n").exists()) == (2, True, False)
    assert command(quiet, "restore", str(backup), str(tmp_path / "n"), "--with-keys", f"file:{secret}").code == 0
    there = {path.name: path.read_bytes() for path in (quiet.front_end / "keys").rglob("*.key")}
    assert {path.name: path.read_bytes() for path in (tmp_path / "n" / "keys").rglob("*.key")} == there


@pytest.mark.parametrize("injury", ["altered", "removed", "foreign", "listed otherwise"])
def test_a_backup_that_is_not_what_was_backed_up_is_refused_before_anything_is_written(
    quiet: World, tmp_path: Path, injury: str
) -> None:
    backup = back_up(quiet, quiet.front_end, tmp_path / "b")
    payload = next(backup.rglob("payload"))
    if injury == "altered":
        payload.write_bytes(payload.read_bytes()[:-1] + b"\0")
    elif injury == "removed":
        payload.unlink()
    elif injury == "foreign":
        (backup / "site" / "more").write_bytes(b"x")
    else:
        (backup / "backup.json").write_bytes((backup / "backup.json").read_bytes() + b" ")
    ended = command(quiet, "restore", str(backup), str(tmp_path / "n"))
    assert (ended.code, "YZ-8052" in ended.err, (tmp_path / "n").exists()) == (1, True, False)


def test_nothing_is_backed_up_or_restored_over_anything(quiet: World, tmp_path: Path) -> None:
    backup = back_up(quiet, quiet.front_end, tmp_path / "b")
    ended = quiet.yizhan("backup", "--out", str(backup))
    assert (ended.code, "YZ-8050" in ended.err) == (2, True)
    (tmp_path / "n").mkdir()
    (tmp_path / "n" / "x").touch()
    ended = command(quiet, "restore", str(backup), str(tmp_path / "n"))
    assert (ended.code, "YZ-8050" in ended.err, list((tmp_path / "n").iterdir())) == (2, True, [tmp_path / "n" / "x"])


@pytest.mark.parametrize(
    "moment",
    [
        "call:gateway.backup.image:link_site:1",
        "return:gateway.backup.image:link_site:1",
        "call:gateway.backup.contents:encode:1",
        "call:gateway.backup.taking:_enter:1",
    ],
)
def test_a_backup_that_was_killed_leaves_the_node_as_it_was_and_the_next_one_is_whole(
    damaged: World, tmp_path: Path, moment: str
) -> None:
    site = damaged.front_end
    assert damaged.yizhan("backup", "--out", str(tmp_path / "b"), killed=moment).code == -9
    assert damaged.yizhan("fsck").code == 0
    backup = back_up(damaged, site, tmp_path / "again")
    assert not list(site.glob(".backup-*"))
    assert command(damaged, "restore", str(backup), str(tmp_path / "n")).code == 0


def test_a_warehouse_is_restored_into_an_empty_database_alone_and_a_failing_program_is_told(
    server: Postgres, tmp_path: Path, source: Path, hatchery: Hatchery
) -> None:
    world = found_world(tmp_path / "county", source, hatchery)
    found_on_postgres(world.county, server, f"t{uuid.uuid4().hex}")
    site = world.centre_site
    ended = world.yizhan("backup", "--out", str(tmp_path / "b"), "--programs", str(tmp_path), site=site)
    assert (ended.code, "YZ-8053" in ended.err, (tmp_path / "b").exists()) == (75, True, False)
    backup = back_up(world, site, tmp_path / "b")
    shutil.copytree(site / "secrets", tmp_path / "n" / "secrets")
    ended = command(world, "restore", str(backup), str(tmp_path / "n"))
    assert (ended.code, "YZ-8054" in ended.err) == (2, True)
    assert world.yizhan("fsck", site=site).code == 0


def test_a_program_gets_the_password_by_its_environment_and_nothing_else_of_ours(
    server: Postgres, tmp_path: Path, source: Path, hatchery: Hatchery
) -> None:
    """What a process was called with, everybody on the machine can read."""
    world = found_world(tmp_path / "county", source, hatchery)
    found_on_postgres(world.county, server, f"t{uuid.uuid4().hex}")
    real, called, given = program("pg_dump"), tmp_path / "called", tmp_path / "given"
    wrapper = tmp_path / "bin" / "pg_dump"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\necho "$@" >{called}\nenv >{given}\nexec {real} "$@"\n', encoding="utf-8")
    wrapper.chmod(0o700)
    ended = world.yizhan(
        "backup", "--out", str(tmp_path / "b"), "--programs", str(wrapper.parent), site=world.centre_site
    )
    assert ended.code == 0, ended.err
    assert PASSWORD not in called.read_text(encoding="utf-8")
    names = {line.partition("=")[0] for line in given.read_text(encoding="utf-8").splitlines()}
    assert f"PGPASSWORD={PASSWORD}" in given.read_text(encoding="utf-8").splitlines()
    assert {name for name in names if not name.startswith("PG")} <= {"PATH", "LC_ALL", "PWD", "SHLVL", "_", "OLDPWD"}
