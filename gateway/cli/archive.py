"""`yizhan archive`: monthly archives of what is settled, and their verification anywhere."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from gateway.app import moment, read_site
from gateway.app.clock import clock, system_clock
from gateway.app.keeping import archives_of, archivist_of
from gateway.archive.shelf import Archived
from gateway.archive.unanchored import Unanchored
from gateway.archive.verify import Verified, verify
from gateway.archive.writing import write
from gateway.cli.shell import Heading, Json, Shell, answer, answer_json, node
from gateway.envelope.parties import Trust
from gateway.errors import ConfigMissing, MonthInvalid
from gateway.keys import KeyRing, Stage

app = typer.Typer(name="archive", help="归档 / monthly archives", no_args_is_help=True)

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII)
_HEADINGS = (
    Heading("序号", "sequence", "number"),
    Heading("月份", "month"),
    Heading("批次", "batches", "number"),
    Heading("字节", "bytes", "number"),
    Heading("文件", "file"),
)


@app.command("write", help="归档已了结的批次 / archive what is settled")
def write_archives(
    context: typer.Context,
    month: Annotated[str | None, typer.Option(help="只归档该月 / only this month, YYYY-MM")] = None,
    json: Json = False,
) -> None:
    """One archive for each month that is over; what comes late goes into a supplement. Again: nothing more to do.

    Exit 1 when a settled batch was left out because it is not what was sealed and answered.
    """
    shell: Shell = context.obj
    if month is not None and not _MONTH.fullmatch(month):
        raise MonthInvalid(text=month)
    written = write(archivist_of(node(shell)), month)
    for fault in written.faults:
        shell.complain(fault)
    if json:
        answer_json({"archives": [_json(one) for one in written.archives]})
    elif written.archives:
        _show(written.archives, shell)
    else:
        shell.remark("没有待归档的批次。", "Nothing is waiting to be archived.")
    raise typer.Exit(1 if written.faults else 0)


@app.command("list", help="列出归档 / list the archives")
def list_archives(context: typer.Context, json: Json = False) -> None:
    """Every archive of this node in order; of those purged, the signed index is kept."""
    shell: Shell = context.obj
    found = archives_of(node(shell)).all()
    if json:
        answer_json({"archives": [_json(one) for one in found]})
    else:
        _show(found, shell)


@app.command("verify", help="离线核验归档 / verify archives offline")
def verify_archives(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="归档文件或其目录 / archives, or directories of them")],
    anchors: Annotated[
        Path | None, typer.Option(help="信任锚所在的 keys 目录 / a keys directory with the anchors to trust")
    ] = None,
    rehearsal: Annotated[
        bool, typer.Option("--rehearsal", help="接受演练证书 / accept throw-away certificates, with --anchors")
    ] = False,
    at: Annotated[str | None, typer.Option(help="按某一时刻核验 / as of this moment, ISO 8601")] = None,
    json: Json = False,
) -> None:
    """Links, index signatures, every file's digest, and every sealed batch inside, as of when each was signed.

    Needs no site and no network. Without --anchors and outside a site, certificates are taken at their word, and the
    answer says so. Exit 0 and one line when clean; else every fault on its own line with its place.
    """
    shell: Shell = context.obj
    for path in paths:
        if not path.exists():
            raise ConfigMissing(path=path)
    trust = _trust(shell, paths[0], anchors, rehearsal)
    found = list(verify(paths, trust or Unanchored(), moment(at) if at else _now(shell, rehearsal)))
    if json:
        answer_json({"anchored": trust is not None, "archives": [_verified_json(one, shell) for one in found]})
    else:
        _tell(found, trust, shell)
    raise typer.Exit(1 if not found or any(one.faults for one in found) else 0)


def _now(shell: Shell, rehearsal: bool) -> object:
    return clock(rehearsal, os.environ)() if rehearsal else system_clock()


def _trust(shell: Shell, first: Path, anchors: Path | None, rehearsal: bool) -> Trust | None:
    """The anchors that are named; else those of the site that is named, or in whose directories the archive lies."""
    if anchors is not None:
        return KeyRing(directory=anchors, stage=Stage.REHEARSAL if rehearsal else Stage.PRODUCTION).trust()
    named = shell.named_site()
    sites = [named] if named else [one for one in first.resolve().parents if (one / "site.yaml").is_file()]
    if not sites:
        return None
    site = read_site(sites[0])
    stage = Stage.REHEARSAL if site.file.rehearsal else Stage.PRODUCTION
    return KeyRing(directory=site.root / "keys", stage=stage, policy=site.file.revocation).trust()


def _tell(found: list[Verified], trust: Trust | None, shell: Shell) -> None:
    for one in found:
        for fault in one.faults:
            answer(f"[{fault.code}] {fault.message(shell.lang)}")
    if any(one.faults for one in found):
        return
    if not found:
        answer(shell.say("没有归档文件。", "no archive found."))
        return
    batches = sum(len(one.examined.index["batches"]) for one in found if one.examined)
    zh, en = ("", "") if trust else (";未核验证书链(未给出 --anchors)", "; certificates taken at their word")
    answer(
        shell.say(
            f"归档完好:{len(found)} 个文件,{batches} 个批次{zh}。",
            f"archives whole: {len(found)} files, {batches} batches{en}.",
        )
    )


def _show(found: tuple[Archived, ...], shell: Shell) -> None:
    rows = [_row(one, shell) for one in found]
    shell.table(("归档", "Archives"), _HEADINGS, rows)


def _row(one: Archived, shell: Shell) -> tuple[str, ...]:
    supplement = f" +{one.index.number - 1}" if one.index.number > 1 else ""
    size = shell.say("已清除", "purged") if one.purged else f"{one.path.stat().st_size:,}"
    place = "" if one.purged else str(one.path)
    return str(one.index.sequence), f"{one.index.month}{supplement}", str(len(one.index.batches)), size, place


def _json(one: Archived) -> dict[str, object]:
    index = one.index
    return {
        "sequence": index.sequence,
        "month": index.month,
        "number": index.number,
        "batches": [held.batch for held in index.batches],
        "ledger": {"first": index.ledger.first, "last": index.ledger.last, "head": index.ledger.head},
        "written_at": index.written_at.isoformat(),
        "purged": one.purged,
        "path": None if one.purged else str(one.path),
        "sha256": None if one.purged else one.digest,
    }


def _verified_json(one: Verified, shell: Shell) -> dict[str, object]:
    return {
        "path": str(one.path),
        "sha256": one.examined.digest if one.examined else None,
        "month": one.examined.index["month"] if one.examined else None,
        "batches": len(one.examined.index["batches"]) if one.examined else None,
        "faults": [{"code": fault.code, "message": fault.message(shell.lang)} for fault in one.faults],
    }
