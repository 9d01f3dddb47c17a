"""`yizhan order`: rectification orders (整改单): issued at a centre, imported where they are used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from gateway.app import CentreNode, FrontEnd, end_of
from gateway.calendar import ASIA_SHANGHAI, Period
from gateway.cli.shell import Heading, Json, Shell, answer, answer_json, centre, front_end, node
from gateway.cli.signing import Keys, Who, sign_as
from gateway.envelope.papers import Order
from gateway.envelope.papers.bundle import MAX_PAPER
from gateway.errors import ConfigMissing, OrderNotWritten
from gateway.orders import Kept, Unusable, accept
from gateway.orders import issue as issue_order

app = typer.Typer(name="order", help="整改单 / rectification orders for closed years", no_args_is_help=True)

_HEADINGS = (
    Heading("编号", "number"),
    Heading("事项", "feeds", "prose"),
    Heading("部门", "departments", "prose"),
    Heading("数据期", "periods"),
    Heading("批准人", "approved by"),
    Heading("有效至", "until"),
    Heading("剩余次数", "uses left", "number"),
    Heading("理由", "reason", "prose"),
)
Number = Annotated[str, typer.Argument(help="整改单编号 / the order's number")]


@app.command("issue", help="签发整改单(在中心) / issue an order, at a centre")
def issue(
    context: typer.Context,
    number: Annotated[str, typer.Option(help="编号,在本中心唯一 / its number, unique at this centre")],
    feed: Annotated[list[str], typer.Option(help="归集事项,可重复 / feed; may be repeated")],
    first: Annotated[str, typer.Option(help="起始数据期 / first period")],
    last: Annotated[str, typer.Option(help="截止数据期(含) / last period, included")],
    uses: Annotated[int, typer.Option(min=1, help="可用次数 / how many batches may come under it")],
    until: Annotated[str, typer.Option(help="有效至,ISO 8601;只写日期为当日 24:00 前 / until when; a date: its end")],
    reason: Annotated[str, typer.Option(help="整改理由 / why")],
    by: Who,
    out: Annotated[Path, typer.Option(help="写出的文件,交给部门导入 / the file to hand to the department")],
    department: Annotated[
        list[str] | None, typer.Option(help="部门,可重复;缺省为事项所属部门 / department; may be repeated")
    ] = None,
    keys: Keys = None,
    json: Json = False,
) -> None:
    """A person of the centre with the duty approve signs; the ledger has it before it can be used."""
    shell: Shell = context.obj
    here = centre(shell)
    order = Order(
        number=number,
        centre=here.file.centre,
        person=by,
        departments=tuple(department or ()),
        feeds=tuple(feed),
        first=str(Period.parse(first)),
        last=str(Period.parse(last)),
        reason=reason,
        issued_at=here.clock(),
        expires_at=end_of(until),
        uses=uses,
    )
    kept = issue_order(order, sign_as(here, by, keys, shell).signer, here.office())
    _write(kept, out)
    if json:
        answer_json(_json(here, kept))
    else:
        answer(shell.say(f"已签发整改单 {number}:{out}", f"order {number} issued: {out}"))


@app.command("import", help="导入整改单(在前置机) / take in an order, at a front-end")
def import_order(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="中心签发的文件 / the file the centre issued")],
    json: Json = False,
) -> None:
    """Verified, kept below orders/ and entered in the ledger; the same file again changes nothing."""
    shell: Shell = context.obj
    here = front_end(shell)
    kept = accept(_read(file), here.office())
    if json:
        answer_json(_json(here, kept))
    else:
        answer(shell.say(f"已导入整改单 {kept.order.number}", f"order {kept.order.number} imported"))


@app.command("list", help="列出整改单 / list the orders kept here")
def list_orders(context: typer.Context, json: Json = False) -> None:
    """Each verified again; exit 1 if a file among them cannot be relied on."""
    shell: Shell = context.obj
    here = node(shell)
    found = list(here.orders.all(here.keys.trust(), here.clock()))
    kept = [one for one in found if isinstance(one, Kept)]
    unusable = [one for one in found if isinstance(one, Unusable)]
    if json:
        answer_json({
            "orders": [_json(here, one) for one in kept],
            "unusable": [
                {"file": one.file, "code": one.error.code, "message": one.error.message(shell.lang)} for one in unusable
            ],
        })  # fmt: skip
    else:
        shell.table(("整改单", "Orders"), _HEADINGS, [_row(here, one) for one in kept])
        for one in unusable:
            shell.remark(f"orders/{one.file} 不可用:", f"orders/{one.file} cannot be used:")
            shell.complain(one.error)
    raise typer.Exit(1 if unusable else 0)


@app.command("show", help="查看一份整改单 / one order")
def show(context: typer.Context, number: Number, json: Json = False) -> None:
    """Number, scope, approver, expiry, reason, and the uses left as far as this node knows."""
    shell: Shell = context.obj
    here = node(shell)
    kept = here.orders.find(number, here.keys.trust(), here.clock())
    if json:
        answer_json(_json(here, kept))
    else:
        shell.table(("整改单", "Order"), _HEADINGS, [_row(here, kept)])


def _write(kept: Kept, out: Path) -> None:
    try:
        out.write_bytes(kept.data)
    except OSError as error:
        raise OrderNotWritten(number=kept.order.number, path=out, file=kept.file) from error


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_PAPER + 1)
    except OSError as error:
        raise ConfigMissing(path=file) from error


def _json(here: FrontEnd | CentreNode, kept: Kept) -> dict[str, object]:
    order = kept.order
    return {
        "number": order.number,
        "centre": order.centre,
        "person": order.person,
        "departments": list(order.departments),
        "feeds": list(order.feeds),
        "first": order.first,
        "last": order.last,
        "reason": order.reason,
        "issued_at": order.issued_at.isoformat(),
        "expires_at": order.expires_at.isoformat(),
        "uses": order.uses,
        "left": _left(here, order),
        "digest": kept.digest,
    }


def _row(here: FrontEnd | CentreNode, kept: Kept) -> tuple[str, ...]:
    return tuple(_cells(here, kept.order))


def _cells(here: FrontEnd | CentreNode, order: Order) -> Iterator[str]:
    yield order.number
    yield " ".join(order.feeds)
    yield " ".join(order.departments) or "*"
    yield order.first if order.first == order.last else f"{order.first} – {order.last}"
    yield f"{order.centre} {order.person}"
    yield order.expires_at.astimezone(ASIA_SHANGHAI).strftime("%Y-%m-%d %H:%M")
    yield f"{_left(here, order)}/{order.uses}"
    yield order.reason


def _left(here: FrontEnd | CentreNode, order: Order) -> int:
    return max(order.uses - here.orders_used(order.number), 0)
