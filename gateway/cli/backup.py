"""`yizhan backup` and `yizhan restore`: one consistent image of a node at work, and a node out of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from pydantic_core import PydanticCustomError

from adapters.secrets import SecretRef, Secrets
from gateway.app import CentreNode, FrontEnd, open_node
from gateway.app.check import check_node
from gateway.app.keeping import archives_of
from gateway.app.preserving import begin_again, database_of, enter_restored, in_bucket, objects_of, source_of
from gateway.backup.contents import INBOX, MANIFEST, Contents, digest_of
from gateway.backup.database import Programs
from gateway.backup.restoring import (
    open_backup,
    read_keys,
    require_vacant,
    restore_database,
    restore_files,
    restore_payloads,
)
from gateway.backup.taking import Taken, take
from gateway.cli.shell import Json, Shell, answer, answer_json, node
from gateway.errors import EntryDamaged

ProgramsDir = Annotated[
    Path | None, typer.Option("--programs", help="pg_dump 与 pg_restore 所在目录 / where they are; else the PATH")
]
Keys = Annotated[
    str | None,
    typer.Option("--with-keys", help="私钥口令的引用 env:NAME 或 file:PATH / reference to the passphrase of the keys"),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("backup", help="备份运行中的节点 / back up a node at work")(backup)
    app.command("restore", help="从备份恢复节点 / restore a node from a backup")(restore)


def backup(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="备份目录,须为空或不存在 / the backup: an empty or a new directory")],
    keys: Keys = None,
    programs: ProgramsDir = None,
    json: Json = False,
) -> None:
    """The database and every file of the site as they are at one moment, each listed with its SHA-256.

    Private keys and secrets are left out, unless --with-keys names the passphrase they are sealed under. Of an inbox
    that several receivers share, a folder is taken along; a bucket is left to its own versioning. Exit 1 when payloads
    that the database lists were not there to be copied: all else is backed up.
    """
    shell: Shell = context.obj
    here = node(shell)
    passphrase = _passphrase(keys, here.site.root)
    with archives_of(here).alone():  # no purge meanwhile: what the database lists is there to be copied
        taken = take(source_of(here, Programs(directory=programs), passphrase), out.absolute())
    for name in taken.lost:
        shell.complain(EntryDamaged(place=INBOX, file=name))
    if json:
        answer_json({
            "path": str(taken.path), "sha256": taken.digest, "at": taken.contents.at.isoformat(),
            "files": len(taken.contents.files), "size": taken.contents.size,
            "ledger": {"position": taken.contents.position, "head": taken.contents.head},
            "with_keys": passphrase is not None,
            "inbox": {"objects": _objects(taken.contents), "lost": list(taken.lost), "in_bucket": in_bucket(here)},
        })  # fmt: skip
    else:
        _tell(taken, passphrase is not None, here, shell)
    raise typer.Exit(1 if taken.lost else 0)


def _tell(taken: Taken, with_keys: bool, here: FrontEnd | CentreNode, shell: Shell) -> None:
    answer(
        shell.say(
            f"已备份:{taken.path},{len(taken.contents.files)} 个文件,{MANIFEST} sha256:{taken.digest}",
            f"backed up: {taken.path}, {len(taken.contents.files)} files, {MANIFEST} sha256:{taken.digest}",
        )
    )
    objects = _objects(taken.contents)
    if objects:
        shell.remark(f"其中含共享收件箱的数据 {objects} 个对象。", f"It holds {objects} objects of the shared inbox.")
    if in_bucket(here):
        shell.remark(
            "存储桶中的批次数据不在备份中:请启用该桶自身的版本保留与复制。",
            "The payloads in the bucket are not in it: keep them by the bucket's own versioning and replication.",
        )
    if not with_keys:
        shell.remark(
            "私钥与口令不在备份中,请另行保管。", "Private keys and secrets are not in it: keep them elsewhere."
        )


def restore(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="BACKUP", help="备份目录 / the backup")],
    target: Annotated[Path, typer.Argument(metavar="DIR", help="新的站点目录 / the new site: empty but for its keys")],
    site_file: Annotated[
        Path | None, typer.Option(help="以此文件作为 site.yaml / taken for site.yaml, where addresses have changed")
    ] = None,
    keys: Keys = None,
    programs: ProgramsDir = None,
) -> None:
    """Verify the backup, put everything in its place, then run fsck on it: exit 0 and one line when it is clean.

    Private keys and secrets that are not in the backup are put into DIR by hand beforehand. A PostgreSQL warehouse is
    restored into the empty database that the site file names, as its owner; payloads of a shared folder into the inbox
    that it names, which may still hold them.
    """
    shell: Shell = context.obj
    require_vacant(target)
    said = open_backup(source)
    private = read_keys(said, source, _passphrase(keys, Path.cwd()), keys or "-")
    restore_files(said, source, target, site_file, private)
    here = open_node(target.resolve(), os.environ)
    place = objects_of(here)
    if place is not None:
        restore_payloads(said, source, place)
    restore_database(said, source, database_of(here), Programs(directory=programs))
    begin_again(here)
    enter_restored(here, said, digest_of(source / MANIFEST))
    faults = list(check_node(here))
    for fault in faults:
        answer(f"[{fault.code}] {fault.message(shell.lang)}")
    if faults:
        raise typer.Exit(1)
    answer(
        shell.say(
            f"已恢复 {said.node}({said.at:%Y-%m-%d %H:%M:%S} 的备份),核对无误:{target}",
            f"restored {said.node} as of {said.at:%Y-%m-%d %H:%M:%S}, clean: {target}",
        )
    )


def _objects(said: Contents) -> int:
    return sum(one.name.startswith(f"{INBOX}/") for one in said.files)


def _passphrase(reference: str | None, root: Path) -> str | None:
    """What a reference stands for. Raises: SecretUnavailable, typer.BadParameter (it is the passphrase itself)."""
    if reference is None:
        return None
    try:
        return Secrets(root=root, environ=os.environ).read(SecretRef.parse(reference))
    except PydanticCustomError:
        raise typer.BadParameter("env:NAME | file:PATH", param_hint="--with-keys") from None
