"""`yizhan envelope`: look at a sealed batch, or verify it offline. Needs no private key and no network."""

from __future__ import annotations

import json as jsonlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from gateway.app import Clock, moment, read_site
from gateway.app.clock import clock
from gateway.cli import chain, fiscal
from gateway.cli.shell import Json, Shell, answer, answer_json
from gateway.envelope import manifest, receipt
from gateway.envelope.catalogue import CATALOGUE, PublishedCatalogue
from gateway.envelope.instruction import INSTRUCTION, Instruction
from gateway.envelope.papers.endorsement import NIL, RELEASE, Endorsed
from gateway.envelope.papers.form import encode
from gateway.envelope.papers.order import ORDER, Order
from gateway.envelope.receipt import Answer
from gateway.envelope.report import Contents, Finding, Given, Report, identify, inspect, verify_files
from gateway.errors import AnchorsUnknown, ConfigMissing
from gateway.instructions.words import ACTION_WORDS
from gateway.keys import KeyRing, Stage

app = typer.Typer(name="envelope", help="封装包 / sealed batches", no_args_is_help=True)
Files = Annotated[list[Path], typer.Argument(help="封装包中的文件,顺序不限 / files of a sealed batch, in any order")]


@dataclass(frozen=True, kw_only=True)
class _Judge:
    """Whose anchors decide, and by which clock."""

    ring: KeyRing
    anchors: Path
    clock: Clock


@app.command("inspect", help="查看内容,不核验 / show what the files say, unverified")
def inspect_files(context: typer.Context, files: Files, json: Json = False) -> None:
    """What is written, whoever wrote it."""
    shell: Shell = context.obj
    with _opened(files) as given:
        contents = inspect(identify(given))
    if json:
        answer_json(_contents_json(contents))
        return
    shell.remark("以下内容未经核验", "What follows is not verified")
    said, reconciled = _contents_json(contents), contents.manifest.reconciliation if contents.manifest else None
    answer("\n".join(f"{key:36} {value}" for key, value in _flat(said) if key != "manifest.reconciliation"))
    if reconciled:
        fiscal.show(reconciled, shell)


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
    """Exit 0 only if everything given is authentic and consistent; says what it could not check.

    An instruction (instruction.p7s) verifies too, alone or beside the batch or the order that it is about; so does a
    published catalogue (catalogue.p7s).
    """
    shell: Shell = context.obj
    judge = _named_judge(keys, rehearsal) if keys else _site_judge(_site_of(shell, files[0]))
    now = moment(at) if at else judge.clock()
    with _opened(files) as given:
        report = verify_files(identify(given), judge.ring.trust(), now)
    if json:
        answer_json(_report_json(report, judge))
    else:
        answer("\n".join(_told(report, judge, shell)))


def _named_judge(keys: Path, rehearsal: bool) -> _Judge:
    ring = KeyRing(directory=keys, stage=_stage(rehearsal))
    return _Judge(ring=ring, anchors=keys / "anchors", clock=clock(rehearsal, os.environ))


def _site_judge(root: Path) -> _Judge:
    site = read_site(root)
    keys = site.root / "keys"
    ring = KeyRing(directory=keys, stage=_stage(site.file.rehearsal), policy=site.file.revocation)
    return _Judge(ring=ring, anchors=keys / "anchors", clock=clock(site.file.rehearsal, os.environ))


def _stage(rehearsal: bool) -> Stage:
    return Stage.REHEARSAL if rehearsal else Stage.PRODUCTION


def _site_of(shell: Shell, file: Path) -> Path:
    """The site that is named; else the one in whose directories the file lies; else the current directory.

    Raises:
        AnchorsUnknown: none of them is a site.
    """
    if shell.named_site() is not None:
        return shell.site_dir()
    for directory in (*file.resolve().parents, Path.cwd()):
        if (directory / "site.yaml").is_file():
            return directory
    raise AnchorsUnknown(file=file)


@contextmanager
def _opened(files: list[Path]) -> Iterator[list[Given]]:
    with ExitStack() as stack:
        yield [Given(name=file.name, stream=stack.enter_context(_open(file))) for file in files]


def _open(file: Path) -> BinaryIO:
    try:
        return file.open("rb")
    except OSError:
        raise ConfigMissing(path=file) from None


def _told(report: Report, judge: _Judge, shell: Shell) -> Iterator[str]:
    """The batch, whose anchors were believed, then a line for each group of steps."""
    if report.declared is not None:
        yield f"{report.declared.manifest.batch_id}  {report.declared.signer.id}  sha256:{report.declared.digest}"
    yield from _signed_by(report, shell)
    if report.instruction is not None:
        yield from _instructed(report.instruction, shell)
    if (said := report.catalogue) is not None:
        yield (
            f"{shell.say('下发目录', 'published catalogue')}  {said.centre}  {said.version}  "
            f"{said.issued_at.isoformat()}  {said.by}  {len(said.files)}"
        )
    for said in [one.receipt for one in _answers(report)]:
        loaded = shell.say(f"入库 {said.loaded.rows:,} 行", f"{said.loaded.rows:,} rows loaded")
        yield f"{shell.say('回执', 'receipt')}  {said.centre}  {said.accepted_at.isoformat()}  {loaded}"
    yield shell.say(f"信任锚:{judge.anchors}", f"trust anchors: {judge.anchors}")
    for word, findings in ((("已核验", "verified"), report.checked), (("未核验", "not checked"), report.unchecked)):
        for finding in findings:
            yield f"{shell.say(*word)}  {finding.steps:18} {shell.say(finding.zh, finding.en)}"


def _signed_by(report: Report, shell: Shell) -> Iterator[str]:
    """Who signed which paper, and when."""
    for word, paper in (
        (("零报送责任人", "nil return declared by"), report.declared_by),
        (("审核放行", "released by"), report.released_by),
    ):
        if paper is not None:
            yield f"{shell.say(*word)}  {paper.department} {paper.person}  {paper.at.isoformat()}"
    if (order := report.order) is not None:
        until = shell.say(f"有效期至 {order.expires_at.isoformat()}", f"until {order.expires_at.isoformat()}")
        yield f"{shell.say('整改单', 'rectification order')}  {order.number}  {order.centre} {order.person}  {until}"


def _instructed(said: Instruction, shell: Shell) -> Iterator[str]:
    """Who told whom to do what, why, and for how long."""
    about = said.batch or f"{said.feed} {said.period}"
    action = shell.say(ACTION_WORDS[said.action], said.action)
    yield f"{shell.say('指令', 'instruction')}  {said.number}  {said.centre} → {said.department}  {action} {about}"
    for word, value in (
        (("批次摘要", "digest"), said.digest and f"sha256:{said.digest}"),
        (("理由", "reason"), said.reason),
        (("经办人", "by"), said.by),
        (("整改单", "rectification order"), said.order),
        (("下达", "issued"), said.issued_at.isoformat()),
        (("有效至", "until"), said.expires_at.isoformat()),
    ):
        if value is not None:
            yield f"  {shell.say(*word)}  {value}"


def _report_json(report: Report, judge: _Judge) -> dict[str, object]:
    return {
        "authentic": True,
        "anchors": str(judge.anchors),
        "batch": report.declared.manifest.batch_id if report.declared else None,
        "digest": report.declared.digest if report.declared else None,
        "signer": report.declared.signer.id if report.declared else None,
        "declared_by": _person_json(report.declared_by),
        "released_by": _person_json(report.released_by),
        "order": _order_json(report.order),
        "instruction": _instruction_json(report.instruction),
        "catalogue": _catalogue_json(report.catalogue),
        "centre": report.answer.receipt.centre if report.answer else None,
        "receipts": [chain.receipt_json(answer.receipt) for answer in _answers(report)],
        "checked": [_finding_json(finding) for finding in report.checked],
        "unchecked": [_finding_json(finding) for finding in report.unchecked],
    }


def _answers(report: Report) -> tuple[Answer, ...]:
    return (report.answer, *report.further) if report.answer else ()


def _person_json(paper: Endorsed | None) -> dict[str, str] | None:
    """Who and when; it is about the batch of this report, or the command had failed."""
    if paper is None:
        return None
    return {"department": paper.department, "person": paper.person, "at": paper.at.isoformat()}


def _order_json(order: Order | None) -> dict[str, object] | None:
    return None if order is None else jsonlib.loads(encode(order, ORDER))


def _instruction_json(said: Instruction | None) -> dict[str, object] | None:
    return None if said is None else jsonlib.loads(encode(said, INSTRUCTION))


def _catalogue_json(said: PublishedCatalogue | None) -> dict[str, object] | None:
    return None if said is None else jsonlib.loads(encode(said, CATALOGUE))


def _finding_json(finding: Finding) -> dict[str, str]:
    return {"steps": finding.steps, "zh": finding.zh, "en": finding.en}


def _contents_json(contents: Contents) -> dict[str, object]:
    """Manifest, papers and receipt exactly as they are written in the files."""
    return {
        "manifest": jsonlib.loads(manifest.encode(contents.manifest)) if contents.manifest else None,
        "manifest_digest": contents.manifest_digest,
        "recipient_key_ids": list(contents.recipients),
        "declared_by": jsonlib.loads(encode(contents.declared_by, NIL)) if contents.declared_by else None,
        "released_by": jsonlib.loads(encode(contents.released_by, RELEASE)) if contents.released_by else None,
        "order": _order_json(contents.order),
        "receipt": jsonlib.loads(receipt.encode(contents.receipt)) if contents.receipt else None,
        "further_receipts": [jsonlib.loads(receipt.encode(one)) for one in contents.further],
        "instruction": _instruction_json(contents.instruction),
        "catalogue": _catalogue_json(contents.catalogue),
    }


def _flat(document: dict[str, object], path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in document.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{path}{key}.")
        elif value not in (None, []):
            yield f"{path}{key}", value if isinstance(value, str) else jsonlib.dumps(value, ensure_ascii=False)
