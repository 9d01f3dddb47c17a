"""`yizhan copy`: data as files for subscribers and readers of regions, each one ledgered and with a signed note."""

from __future__ import annotations

from itertools import chain, count
from pathlib import Path
from typing import Annotated

import typer

from gateway.calendar import Period
from gateway.cli.shell import Heading, Json, Shell, answer, answer_json, centre, node
from gateway.errors import CopyDiffers, OutputRefused
from gateway.records.totals import to_yuan
from gateway.subscribers import Copied, Note, Order, copies_due, copy_out, left_behind, read_note, stem_of
from gateway.subscribers.files import ENDINGS, digest_of
from gateway.warehouse import Disclosure

app = typer.Typer(name="copy", help="数据外送(逐份入台账) / outward copies, each one ledgered", no_args_is_help=True)
To = Annotated[str, typer.Option(help="订阅方编号或区划代码 / a subscriber's id, or a region's code")]
By = Annotated[str, typer.Option(help="经办人或岗位 / who hands it out")]
Reason = Annotated[str, typer.Option(help="用途 / what for")]
Masked = Annotated[bool, typer.Option("--masked", help="个人信息遮蔽 / with personal data masked")]

_HEADINGS = (
    Heading("归集事项", "feed"),
    Heading("数据期", "period"),
    Heading("批次", "batch"),
    Heading("行数", "rows", "number"),
    Heading("文件", "file", "prose"),
)


@app.command("write", help="外送一期数据 / copy one period")
def write(
    context: typer.Context,
    feed: Annotated[str, typer.Argument(help="归集事项 / feed id")],
    period: Annotated[str, typer.Option(help="数据期 / period")],
    to: To,
    out: Annotated[Path, typer.Option(help="文件,.csv 或 .parquet / the file")],
    by: By,
    reason: Reason,
    region: Annotated[str | None, typer.Option(help="区划,有多个时必填 / region, where there are several")] = None,
    masked: Masked = False,
    json: Json = False,
) -> None:
    """The rows in force now, and beside them FILE.p7s: what it is, for whom and why, signed by this centre."""
    shell: Shell = context.obj
    here = centre(shell)
    order = Order(
        reader=to,
        feed=here.catalogue.feed(feed).id,
        period=str(Period.parse(period)),
        region=region,
        disclosure=_disclosure(masked),
        by=by,
        reason=reason,
    )
    _show([copy_out(order, out, here.copyist())], shell, json)


@app.command("new", help="外送某订阅方尚未取得的各期最新数据 / copy all that a reader is granted and has not got")
def new(
    context: typer.Context,
    to: To,
    out: Annotated[Path, typer.Option(help="目录 / the directory")],
    by: By,
    reason: Reason,
    ending: Annotated[str, typer.Option(help="文件类型,.csv 或 .parquet / kind of file, .csv or .parquet")] = ".csv",
    masked: Masked = False,
    json: Json = False,
) -> None:
    """Every granted period of which this reader has not got what is in force now; nothing new is an answer too.

    A copy that was cut off is made again, if it went into the same directory.
    """
    shell: Shell = context.obj
    here = centre(shell)
    if ending not in ENDINGS or not out.is_dir():
        raise OutputRefused(path=out / f"*{ending}")
    copyist, done = here.copyist(), []
    due = copies_due(to, copyist.warehouse, copyist.ledger, copyist.clock(), left_behind(out))
    for feed, period, region in list(due):
        order = Order(
            reader=to,
            feed=feed,
            period=period,
            region=region,
            disclosure=_disclosure(masked),
            by=by,
            reason=reason,
        )
        done.append(copy_out(order, _unused(out, stem_of(order, copyist), ending), copyist))
    _show(done, shell, json)


@app.command("verify", help="核验外送文件与外送单 / check a copy against its note")
def verify(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="文件,外送单为其旁的 .p7s / the file; its note is the .p7s beside it")],
    json: Json = False,
) -> None:
    """Exit 0 if the note is signed by the centre it names and the file is the one it describes."""
    shell: Shell = context.obj
    here = node(shell)
    try:
        data = file.with_name(f"{file.name}.p7s").read_bytes()
    except OSError:
        raise CopyDiffers(path=file) from None
    note = read_note(data, here.keys.trust(), here.clock())
    if digest_of(file) != note.sha256:
        raise CopyDiffers(path=file)
    if json:
        answer_json(_json(note, file))
    else:
        said = f"{note.batch} {note.centre} → {note.reader}"
        answer(shell.say(f"相符:{said},{note.totals.rows:,} 行", f"true: {said}, {note.totals.rows:,} rows"))


def _unused(directory: Path, stem: str, ending: str) -> Path:
    """A name that nothing has: one revision goes out again where a later portion removed some of its rows."""
    names = chain((f"{stem}{ending}",), (f"{stem}-{number}{ending}" for number in count(2)))
    paths = (directory / name for name in names)
    return next(path for path in paths if not path.exists())


def _disclosure(masked: bool) -> Disclosure:
    return Disclosure.MASKED if masked else Disclosure.CLEAR


def _show(copies: list[Copied], shell: Shell, json: bool) -> None:
    if json:
        answer_json({"copies": [_json(one.said, one.file) for one in copies]})
        return
    if not copies:
        shell.remark("没有需要外送的新数据。", "Nothing new to copy.")
        return
    rows = [
        (one.said.feed, one.said.period, one.said.batch, f"{one.said.totals.rows:,}", str(one.file)) for one in copies
    ]
    shell.table(("已外送", "Copied"), _HEADINGS, rows)


def _json(note: Note, file: Path) -> dict[str, object]:
    return {
        "feed": note.feed,
        "period": note.period,
        "region": note.region,
        "batch": note.batch,
        "reader": note.reader,
        "number": note.number,
        "masked": note.masked,
        "rows": note.totals.rows,
        "sums": {name: to_yuan(fen) for name, fen in note.totals.sums},
        "sha256": note.sha256,
        "by": note.by,
        "reason": note.reason,
        "at": note.at.isoformat(),
        "file": str(file),
    }
