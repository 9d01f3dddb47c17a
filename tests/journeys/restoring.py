"""Backing a node up, and restoring it on what stands for a new machine."""

from __future__ import annotations

import re
import shutil
import uuid
from pathlib import Path

from tests.journeys.hatchery import Ended
from tests.journeys.stores import OWNER, name_database
from tests.journeys.world import PATIENCE, World
from tests.peers.postgres import Postgres, program

PRIVATE = re.compile(r"^(keys|persons|secrets|database)$|[.](key|secret)$")


def command(world: World, *arguments: str) -> Ended:
    """A command that names its site itself, or needs none."""
    return world.hatchery.start(list(arguments), None).wait(PATIENCE)


def back_up(world: World, site: Path, out: Path, *more: str) -> Path:
    ended = world.yizhan("backup", "--out", str(out), "--programs", str(program("pg_dump").parent), *more, site=site)
    assert ended.code == 0, ended.out + ended.err
    return out


def restore(world: World, backup: Path, target: Path, store: Postgres | None, keys: Path) -> Path:
    """On a new machine: the keys come from where they are kept, the database is another one."""
    more = ["--programs", str(program("pg_dump").parent)]
    shutil.copytree(keys.parent, target, ignore=lambda _, names: [n for n in names if not PRIVATE.search(n)])
    if store is not None and target.name == "centre":
        database = f"t{uuid.uuid4().hex}"
        store.create_database(database)
        store.execute([f"ALTER DATABASE {database} OWNER TO {OWNER}"])
        moved = target.parent / "moved" / "centre"
        shutil.copytree(backup / "site", moved)
        name_database(moved, store, database)
        more += ["--site-file", str(moved / "site.yaml")]
    ended = command(world, "restore", str(backup), str(target), *more)
    assert ended.code == 0, ended.out + ended.err
    return target
