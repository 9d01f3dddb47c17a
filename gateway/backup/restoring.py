"""Restoring a node from a backup, into an empty directory and an empty database, and its shared inbox where it has one.

Every digest is checked before anything is written; `site.yaml` comes last, so that what was cut off is no site yet. It
must never overwrite a file, nor judge the node: that is `fsck`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from gateway.backup import contents as manifests
from gateway.backup.contents import Contents
from gateway.backup.database import Programs, restore_postgres, restore_sqlite
from gateway.backup.image import make_directories, private_files
from gateway.backup.sealing import unseal
from gateway.database import PostgresAddress
from gateway.errors import BackupDamaged, BackupOccupied
from gateway.inbox import Objects
from gateway.spool.disk import create, door, sync, write_new

_SITE_FILE = f"{manifests.SITE}/site.yaml"


def open_backup(backup: Path) -> Contents:
    """What a backup holds, every file of it found to be what was backed up. Raises BackupDamaged."""
    with door("读取备份", "read the backup"):
        try:
            said = manifests.decode((backup / manifests.MANIFEST).read_bytes())
        except FileNotFoundError:
            raise BackupDamaged(file=manifests.MANIFEST) from None
        present = {str(path.relative_to(backup)) for path in backup.rglob("*") if path.is_file()}
        listed = {one.name: one for one in said.files}
        for name in sorted(present ^ {*listed, manifests.MANIFEST}):
            raise BackupDamaged(file=name)
        for one in said.files:
            if manifests.digest_of(backup / one.name) != one.sha256:
                raise BackupDamaged(file=one.name)
    return said


def restore_files(said: Contents, backup: Path, site: Path, site_file: Path | None, keys: Mapping[str, bytes]) -> None:
    """Put every file in its place, the database apart.

    Args:
        said: from `open_backup`.
        site: see `require_vacant`.
        site_file: taken for `site.yaml` instead of the one backed up, where addresses have changed.
        keys: private files by their paths below the site; see `read_keys`.

    Raises:
        BackupOccupied; SpoolFull, SpoolUnavailable.
    """
    require_vacant(site)
    with door("恢复", "restore"):
        site.mkdir(mode=0o700, parents=True, exist_ok=True)
        names = (one.name for one in said.files if one.name.startswith(f"{manifests.SITE}/"))
        for name in (name for name in names if name != _SITE_FILE):
            below = Path(name).relative_to(manifests.SITE)
            make_directories(site, below.parent)
            _put(backup / name, site / below)
        for name, content in keys.items():
            make_directories(site, Path(name).parent)
            write_new(site / name, content)
        for directory in (path for path in site.rglob("*") if path.is_dir()):
            sync(directory)
        _put(site_file or backup / _SITE_FILE, site / "site.yaml")
        sync(site)


def require_vacant(site: Path) -> None:
    """A new site's directory may hold private keys and secrets, put there by hand beforehand, and nothing else.

    Raises:
        BackupOccupied
    """
    private = private_files(site)
    if site.exists() and any(str(path.relative_to(site)) not in private for path in site.rglob("*") if path.is_file()):
        raise BackupOccupied(path=site)


def read_keys(said: Contents, backup: Path, passphrase: str | None, reference: str) -> dict[str, bytes]:
    """The private files in a backup; none without a passphrase. Raises BackupKeysSealed, BackupDamaged."""
    if passphrase is None:
        return {}
    if not any(one.name == manifests.KEYS for one in said.files):
        raise BackupDamaged(file=manifests.KEYS)
    return unseal((backup / manifests.KEYS).read_bytes(), passphrase, reference)


def restore_database(said: Contents, backup: Path, where: Path | PostgresAddress, programs: Programs) -> None:
    """The database: into a new file, or into an empty database as its owner.

    Raises:
        BackupDamaged: the backup holds the other product's. BackupDatabaseOccupied, BackupProgramFailed.
    """
    fits = (said.database == manifests.POSTGRES) == isinstance(where, PostgresAddress)
    if not fits:
        raise BackupDamaged(file=said.database)
    with door("恢复数据库", "restore the database"):
        if isinstance(where, PostgresAddress):
            restore_postgres(backup / said.database, where, programs)
        else:
            restore_sqlite(backup / said.database, where)


def restore_payloads(said: Contents, backup: Path, place: Objects) -> int:
    """The payloads of a shared inbox, into the place of the restored node, which may still hold them; how many objects.

    Raises:
        BackupOccupied: one of that name is there and holds something else. InboxUnavailable, InboxFull.
    """
    place.folders()
    below = f"{manifests.INBOX}/"
    found = [one for one in said.files if one.name.startswith(below)]
    for one in found:
        name, data = one.name.removeprefix(below), (backup / one.name).read_bytes()
        there = place.read(name, one.size + 1)
        if there is None:
            place.put(name, data)
        elif there != data:
            raise BackupOccupied(path=f"{place.place}/{name}")
    return len(found)


def _put(source: Path, target: Path) -> None:
    os.close(create(target))
    shutil.copyfile(source, target)
    sync(target)
