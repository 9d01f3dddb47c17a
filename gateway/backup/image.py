"""The image of a site directory at one moment: every file linked into a stage beside it, in no time.

Whoever calls holds the database's write lock. Entries of the spool then still move, but only as far as the ledger's
lines that are committed already allow, which is what a power cut would leave: so the files are listed again and again
until what is linked is what is there. Files of the spool, bookmarks and archives are replaced, never rewritten, so a
link keeps what was seen. It must never look into a file.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from gateway.errors import BackupUnsettled
from gateway.spool.disk import make_directory

_ATTEMPTS = 200
_DATABASES = ("ledger.db", "warehouse.db")
_UNFINISHED = ("spool/partial", "upward/partial")  # uploads and drafts: whoever was writing them begins again
_PRIVATE = (".key", ".secret")
_REFERENCE = re.compile(r"\bfile:([^\s\"'#,}\]]+)")


def link_site(site: Path, stage: Path) -> None:
    """Link what belongs into a backup. Raises BackupUnsettled, OSError."""
    linked: dict[str, int] = {}
    for _ in range(_ATTEMPTS):
        there = listing(site)
        for name in [name for name, inode in linked.items() if there.get(name) != inode]:
            (stage / name).unlink()
            del linked[name]
        if _link(site, stage, there, linked) and listing(site) == linked:
            return
    raise BackupUnsettled(path=site.name)


def listing(site: Path) -> dict[str, int]:
    """Path below the site and inode of each file that belongs into a backup."""
    private, found = private_files(site), {}
    for directory, below, files in os.walk(site):
        here = Path(directory).relative_to(site)
        below[:] = [name for name in below if not name.startswith(".") and str(here / name) not in _UNFINISHED]
        for name in (str(here / file) for file in files if _belongs(here, file)):
            with suppress(FileNotFoundError):  # it has moved on: the next listing says where to
                if name not in private:
                    found[name] = (site / name).stat().st_ino
    return found


def private_files(site: Path) -> dict[str, Path]:
    """Private keys and secrets of a site by their paths below it: in `keys/`, in `secrets/`, or named by a `file:`."""
    keys = (path for end in _PRIVATE for path in (site / "keys").rglob(f"*{end}"))
    written = (path for path in (site / "site.yaml", *site.rglob("catalogue/**/*.yaml")) if path.is_file())
    texts = (path.read_text(encoding="utf-8") for path in written)
    named = (site / name for text in texts for name in _REFERENCE.findall(text))
    candidates = (*keys, *(site / "secrets").rglob("*"), *named)
    return {str(path.relative_to(site)): path for path in sorted(candidates) if path.is_file() and site in path.parents}


def _belongs(directory: Path, name: str) -> bool:
    database = directory == Path() and name.startswith(_DATABASES)
    return not (database or name.startswith(".") or name.endswith(".part"))


def _link(site: Path, stage: Path, there: Mapping[str, int], linked: dict[str, int]) -> bool:
    """Link what is not linked yet; whether all of it was still there."""
    for name, inode in there.items():
        if name in linked:
            continue
        make_directories(stage, Path(name).parent)
        try:
            _link_one(site / name, stage / name)
        except FileNotFoundError:
            return False
        linked[name] = inode
    return True


def _link_one(source: Path, target: Path) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as refused:
        if refused.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK):
            raise
        shutil.copyfile(source, target)  # a part of the site lies on a file system of its own


def make_directories(root: Path, below: Path) -> None:
    """Private directories, each durable, for a path below `root`."""
    for depth in range(1, len(below.parts) + 1):
        make_directory(root.joinpath(*below.parts[:depth]))
