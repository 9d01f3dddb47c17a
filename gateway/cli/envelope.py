"""`yizhan envelope`: look at a sealed batch, or verify it offline. Needs no private key and no network."""

from __future__ import annotations

import json as jsonlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from gateway.app import moment, read_site, system_clock
from gateway.cli.shell import Shell, answer_json
from gateway.envelope import manifest, receipt
from gateway.envelope.report import Contents, Finding, Given, Report, identify, inspect, verify_files
from gateway.errors import ConfigMissing
from gateway.keys import KeyRing, Stage

app = typer.Typer(name="envelope", help="封装包 / sealed batches", no_args_is_help=True)
Files = Annotated[list[Path], typer.Argument(help="manifest.p7s keys.p7m payload receipt.p7s,顺序不限 / in any order")]
Json = Annotated[bool, typer.Option("--json", help="输出 JSON / one JSON document")]


@app.command("inspect", help="查看内容,不核验 / show what the files say, unverified")
def inspect_files(context: typer.Context, files: Files, json: Json = False) -> None:
    """What is written, whoever wrote it."""
    shell: Shell = context.obj
    with _opened(files) as given:
        contents = inspect(identify(given))
    if json:
        answer_json(_contents_json(contents))
        return
    print(shell.say("以下内容未经核验", "What follows is not verified"))
    for key, value in _flat(_contents_json(contents)):
        print(f"{key:36} {value}")


@app.command("verify", help="离线核验 / verify offline")
def verify(
    context: typer.Context,
    files: Files,
    keys: Annotated[
        Path | None, typer.Option(help="信任锚所在的 keys 目录 / a keys directory with anchors; else the site's")
    ] = None,
    rehearsal: Annotated[
        bool, typer.Option("--rehearsal", help="接受演练证书 / accept throw-away certificates, with --keys")
    ] = False,
    at: Annotated[str | None, typer.Option(help="按某一时刻核验 / as of this moment, ISO 8601")] = None,
    json: Json = False,
) -> None:
    """Exit 0 only if everything given is authentic and consistent; says what it could not check."""
    shell: Shell = context.obj
    trust = _ring(shell, files, keys, rehearsal).trust()
    now = moment(at, "--at") if at else system_clock()
    with _opened(files) as given:
        report = verify_files(identify(given), trust, now)
    if json:
        answer_json(_report_json(report))
    else:
        _show(report, shell)


def _ring(shell: Shell, files: list[Path], keys: Path | None, rehearsal: bool) -> KeyRing:
    """The anchors to trust: those named, the site's, or those of the site in whose spool the files lie."""
    if keys is not None:
        return KeyRing(directory=keys, stage=Stage.REHEARSAL if rehearsal else Stage.PRODUCTION)
    site = read_site(_site_dir(shell, files[0]))
    stage = Stage.REHEARSAL if site.file.rehearsal else Stage.PRODUCTION
    return KeyRing(directory=site.root / "keys", stage=stage, policy=site.file.revocation)


def _site_dir(shell: Shell, file: Path) -> Path:
    try:
        return shell.site_dir()
    except ConfigMissing:
        if shell.site is not None or "YIZHAN_SITE" in os.environ:
            raise
        for directory in file.resolve().parents:
            if (directory / "site.yaml").is_file():
                return directory
        raise


@contextmanager
def _opened(files: list[Path]) -> Iterator[list[Given]]:
    with ExitStack() as stack:
        yield [Given(name=file.name, stream=stack.enter_context(_open(file))) for file in files]


def _open(file: Path) -> BinaryIO:
    try:
        return file.open("rb")
    except OSError:
        raise ConfigMissing(path=file) from None


def _show(report: Report, shell: Shell) -> None:
    if report.declared is not None:
        print(f"{report.declared.manifest.batch_id}  {report.declared.signer.id}  sha256:{report.declared.digest}")
    for mark, findings in (("✓", report.checked), ("?", report.unchecked)):
        for finding in findings:
            print(f"{mark} {finding.steps:22} {shell.say(finding.zh, finding.en)}")
    if report.unchecked:
        print(shell.say("? 表示本次未核验", "? was not checked this time"))


def _report_json(report: Report) -> dict[str, object]:
    return {
        "authentic": True,
        "batch": report.declared.manifest.batch_id if report.declared else None,
        "digest": report.declared.digest if report.declared else None,
        "signer": report.declared.signer.id if report.declared else None,
        "centre": report.answer.receipt.centre if report.answer else None,
        "checked": [_finding_json(finding) for finding in report.checked],
        "unchecked": [_finding_json(finding) for finding in report.unchecked],
    }


def _finding_json(finding: Finding) -> dict[str, str]:
    return {"steps": finding.steps, "zh": finding.zh, "en": finding.en}


def _contents_json(contents: Contents) -> dict[str, object]:
    """Manifest and receipt exactly as they are written in the files."""
    return {
        "manifest": jsonlib.loads(manifest.encode(contents.manifest)) if contents.manifest else None,
        "manifest_digest": contents.manifest_digest,
        "recipient_key_ids": list(contents.recipients),
        "receipt": jsonlib.loads(receipt.encode(contents.receipt)) if contents.receipt else None,
    }


def _flat(document: dict[str, object], path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in document.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{path}{key}.")
        elif value not in (None, []):
            yield f"{path}{key}", value if isinstance(value, str) else jsonlib.dumps(value, ensure_ascii=False)
