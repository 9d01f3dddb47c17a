"""`yizhan instruct`: the office tells a department's front-end what to do, and sees what becomes of it. At a centre."""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.app import end_of
from gateway.calendar import ASIA_SHANGHAI
from gateway.cli.shell import Heading, Json, Shell, answer, answer_json, centre, grouped
from gateway.envelope.canonical import yuan
from gateway.envelope.instruction import Action
from gateway.errors import InstructionDamaged, OutputRefused, UsageWrong
from gateway.instructions import Damaged, Standing, Wanted
from gateway.instructions.words import ACTION_WORDS, STAGE_WORDS, STATE_WORDS
from gateway.ledger import EventKind
from gateway.server import standing_json

app = typer.Typer(
    name="instruct", help="向前置机下达指令(在中心) / instruct front-ends, at a centre", no_args_is_help=True
)

Feed = Annotated[str, typer.Argument(help="归集事项 / feed id")]
Period = Annotated[str, typer.Option(help="数据期 / period")]
Batch = Annotated[str, typer.Option(help="批次号,如 finance.onecard/2026-10/r2 / batch id")]
By = Annotated[str | None, typer.Option(help="经办人 / who wants it")]
Until = Annotated[
    str | None, typer.Option(help="有效至,ISO 8601;只写日期为当日 24:00 前;缺省七天 / until when; default: seven days")
]
Request = Annotated[
    str | None, typer.Option(help="请求标识:同一标识只下达一次 / asked again under it: the same instruction")
]
Number = Annotated[str, typer.Argument(help="指令编号 / the instruction's number")]

_HEADINGS = (
    Heading("编号", "number"),
    Heading("动作", "action"),
    Heading("事项", "feed"),
    Heading("数据期", "period"),
    Heading("状态", "state"),
    Heading("阶段", "stage"),
    Heading("代码", "code"),
    Heading("下达时间", "issued"),
    Heading("经办人", "by"),
    Heading("结果", "outcome", "prose"),
)
_NOTHING = "—"
_BATCH = re.compile(r"[a-z0-9._-]{3,127}/[0-9A-Z-]{4,15}/r[1-9][0-9]{0,3}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


@app.command("collect", help="归集并送达一期数据 / collect a feed's period and deliver it")
def collect(
    context: typer.Context,
    feed: Feed,
    period: Period,
    reason: Annotated[str | None, typer.Option(help="再次归集的理由 / why it is collected again")] = None,
    by: By = None,
    order: Annotated[str | None, typer.Option(help="整改单编号 / number of a rectification order")] = None,
    until: Until = None,
    request: Request = None,
    json: Json = False,
) -> None:
    """An unchanged source makes no new revision; a changed one needs a reason and who gives it."""
    wanted = Wanted(
        request=_key(request), action="collect", feed=feed, period=period, reason=reason, by=by, order=order,
        until=end_of(until) if until else None,
    )  # fmt: skip
    _issue(wanted, context.obj, json)


@app.command("deliver", help="送达积存的批次 / deliver what waits of a feed's period")
def deliver(
    context: typer.Context,
    feed: Feed,
    period: Period,
    by: By = None,
    until: Until = None,
    request: Request = None,
    json: Json = False,
) -> None:
    """What is sealed already is sent; nothing is collected."""
    wanted = Wanted(
        request=_key(request), action="deliver", feed=feed, period=period, by=by,
        until=end_of(until) if until else None,
    )  # fmt: skip
    _issue(wanted, context.obj, json)


@app.command("release", help="放行一个批次 / release a batch")
def release(
    context: typer.Context,
    batch: Batch,
    digest: Annotated[str, typer.Option(help="审核所见清单的 SHA-256 / SHA-256 of the manifest that was reviewed")],
    by: Annotated[str, typer.Option(help="部门审核人编号 / the department's reviewer")],
    until: Until = None,
    request: Request = None,
    json: Json = False,
) -> None:
    """Only where the department lets its front-end sign for that reviewer (agent.releases_by)."""
    _require_forms(context, batch, digest)
    _issue(_about("release", batch, digest, by, None, until, request), context.obj, json)


@app.command("hold", help="留置一个批次 / hold a batch")
def hold(
    context: typer.Context,
    batch: Batch,
    reason: Annotated[str, typer.Option(help="理由 / why")],
    by: By = None,
    digest: Annotated[str | None, typer.Option(help="清单的 SHA-256 / SHA-256 of its manifest")] = None,
    until: Until = None,
    request: Request = None,
    json: Json = False,
) -> None:
    """It stays at the front-end until a reviewer releases it."""
    _require_forms(context, batch, digest)
    _issue(_about("hold", batch, digest, by, reason, until, request), context.obj, json)
    _remark_loaded(batch, digest, context.obj)


@app.command("list", help="列出指令 / list the instructions")
def list_instructions(
    context: typer.Context,
    feed: Annotated[str | None, typer.Option(help="只看一个事项 / one feed only")] = None,
    period: Annotated[str | None, typer.Option(help="只看一个数据期 / one period only")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="最多几份 / how many at most")] = 50,
    json: Json = False,
) -> None:
    """The newest first; exit 1 if there is a damaged one among them, which is told beside the others."""
    shell: Shell = context.obj
    here = centre(shell)
    found = here.instructions.newest(limit, feed=here.catalogue.feed(feed).id if feed else None, period=period)
    damaged = [one for one in found if isinstance(one, Damaged)]
    if json:
        whole = [standing_json(one) for one in found if isinstance(one, Standing)]
        answer_json({"instructions": whole, "damaged": [_damaged_json(one) for one in damaged]})
    else:
        rows = [_row(one, shell) if isinstance(one, Standing) else _damaged_row(one, shell) for one in found]
        shell.table(("指令", "Instructions"), _HEADINGS, rows)
        for one in damaged:
            shell.complain(InstructionDamaged(number=one.number))
    raise typer.Exit(1 if damaged else 0)


@app.command("show", help="查看一份指令 / one instruction")
def show(
    context: typer.Context,
    number: Number,
    out: Annotated[
        Path | None,
        typer.Option(help="另存所签指令,可用 envelope verify 核验 / also write the signed paper, for envelope verify"),
    ] = None,
    json: Json = False,
) -> None:
    """How far it is, what came of it, and what the front-end told; exit 1 if it ended without being carried out."""
    shell: Shell = context.obj
    book = centre(shell).instructions
    if out is not None:
        _write(book.paper(number).document, out)
    _tell(book.show(number), shell, json)


@app.command("withdraw", help="撤回前置机尚未取走的指令 / take back what no front-end has fetched")
def withdraw(
    context: typer.Context,
    number: Number,
    by: Annotated[str, typer.Option(help="经办人 / who takes it back")],
    json: Json = False,
) -> None:
    """What was fetched cannot be taken back."""
    shell: Shell = context.obj
    found = centre(shell).instructions.withdraw(number, by)
    if json:
        answer_json(standing_json(found))
    else:
        answer(shell.say(f"已撤回指令 {number}", f"instruction {number} withdrawn"))


def _require_forms(context: typer.Context, batch: str, digest: str | None) -> None:
    """Raises: UsageWrong, before anything is signed."""
    shell: Shell = context.obj
    if not _BATCH.fullmatch(batch):
        said = shell.say("--batch 应为 事项/数据期/r版次", "--batch has to be FEED/PERIOD/rN")
    elif digest is not None and not _DIGEST.fullmatch(digest):
        said = shell.say("--digest 应为 64 位十六进制(小写)", "--digest has to be 64 hex digits, in lower case")
    else:
        return
    raise UsageWrong(said=said, command=context.command_path)


def _remark_loaded(batch: str, digest: str | None, shell: Shell) -> None:
    """Whoever has a batch held that the centre has loaded is told so: the instruction will find nothing to hold."""
    if any(centre(shell).ledger.lines(batch=batch, kind=EventKind.LOADED, digest=digest)):
        shell.remark("该批次已入库,留置对它不起作用。", "this batch is loaded already: a hold does nothing to it.")


def _about(
    action: Action,
    batch: str,
    digest: str | None,
    by: str | None,
    reason: str | None,
    until: str | None,
    key: str | None,
) -> Wanted:
    feed, _, rest = batch.partition("/")
    return Wanted(
        request=_key(key), action=action, feed=feed, period=rest.partition("/")[0], batch=batch, digest=digest,
        by=by, reason=reason, until=end_of(until) if until else None,
    )  # fmt: skip


def _key(given: str | None) -> str:
    """The asker's, or one that nobody else has."""
    return given or f"cli/{secrets.token_hex(16)}"


def _issue(wanted: Wanted, shell: Shell, json: bool) -> None:
    here = centre(shell)
    issued = here.instructions.issue(wanted)
    if json:
        answer_json({
            "number": issued.number, "state": issued.state.value, "fresh": issued.fresh, "joined": issued.joined,
        })  # fmt: skip
    elif issued.fresh:
        answer(shell.say(f"已下达指令 {issued.number}", f"instruction {issued.number} issued"))
    elif issued.joined:
        answer(
            shell.say(
                f"未另行下达:同一事项、数据期与动作的指令 {issued.number} 尚未办结",
                f"not issued: instruction {issued.number} about the same feed, period and action is open",
            )
        )
    else:
        answer(shell.say(f"此前已下达:{issued.number}", f"issued before: {issued.number}"))


def _tell(one: Standing, shell: Shell, json: bool) -> None:
    if json:
        answer_json(standing_json(one))
    else:
        shell.table(("指令", "Instruction"), _HEADINGS, [_row(one, shell)])
        for line in one.lines:
            code = f"[{line.code}] " if line.code else ""
            answer(f"{line.at.astimezone(ASIA_SHANGHAI):%Y-%m-%d %H:%M:%S}  {code}{line.text}")
        if one.advice:
            said = one.advice
            shell.remark(f"[{one.code}] {said.zh} {said.zh_next}", f"[{one.code}] {said.en} {said.en_next}")
    raise typer.Exit(1 if one.code else 0)


def _write(paper: bytes, out: Path) -> None:
    try:
        out.write_bytes(paper)
    except OSError as error:
        raise OutputRefused(path=out) from error


def _damaged_json(one: Damaged) -> dict[str, str]:
    return {
        "number": one.number, "department": one.department, "feed": one.feed, "period": one.period,
        "code": InstructionDamaged.code,
    }  # fmt: skip


def _damaged_row(one: Damaged, shell: Shell) -> tuple[str, ...]:
    """Of what its plain columns say: nothing else of it is believed."""
    said = {
        "number": one.number, "feed": one.feed, "period": one.period, "code": InstructionDamaged.code,
        "state": shell.say("已损坏", "damaged"),
    }  # fmt: skip
    return tuple(said.get(heading.en, _NOTHING) for heading in _HEADINGS)


def _row(one: Standing, shell: Shell) -> tuple[str, ...]:
    said = one.instruction
    return (
        said.number,
        shell.say(ACTION_WORDS[said.action], said.action),
        said.feed,
        said.period,
        shell.say(STATE_WORDS[one.state], one.state.value),
        shell.say(STAGE_WORDS[one.stage], one.stage) if one.stage else _NOTHING,
        one.code or _NOTHING,
        _minute(said.issued_at),
        said.by or _NOTHING,
        _outcome(one, shell),
    )


def _outcome(one: Standing, shell: Shell) -> str:
    found = one.outcome
    if found is None:
        return _NOTHING
    parts = (
        found.batch,
        shell.say("内容未变", "unchanged") if found.unchanged else None,
        shell.say(f"{found.rows} 行", f"{found.rows} rows") if found.rows is not None else None,
        shell.say(f"{grouped(yuan(found.amount))} 元", f"CNY {grouped(yuan(found.amount))}")
        if found.amount is not None
        else None,
    )
    return " ".join(filter(None, parts)) or _NOTHING


def _minute(at: datetime) -> str:
    return at.astimezone(ASIA_SHANGHAI).strftime("%Y-%m-%d %H:%M")
