"""`yizhan asof`: what this centre believed of a period at a moment, and since when and why.

Must never write a file: what leaves the centre is a copy, and every copy is ledgered (`yizhan copy`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import typer

from gateway.app import moment
from gateway.calendar import ASIA_SHANGHAI, Period
from gateway.catalogue import Feed
from gateway.cli.shell import Heading, Json, Shell, answer, answer_json, centre, grouped
from gateway.errors import PeriodInvalid
from gateway.records.totals import Totals, to_yuan
from gateway.warehouse import Belief, Contribution, MaskedRow

_HEADINGS = (
    Heading("批次", "batch"),
    Heading("入库时间", "accepted at"),
    Heading("有效行数", "rows in force", "number"),
    Heading("金额(元)", "yuan", "prose"),
)
_LINEAGE = (Heading("批次", "batch"), Heading("行", "row", "number"))
_NOTHING = "—"


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """What a belief says, and its first rows where they were asked for."""

    feed: Feed
    belief: Belief
    rows: tuple[MaskedRow, ...]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("asof", help="某一时刻中心认定的数据 / what the centre believed at a moment")(asof)


def asof(
    context: typer.Context,
    feed: Annotated[str, typer.Argument(help="归集事项 / feed id")],
    period: Annotated[str, typer.Option(help="数据期 / period")],
    at: Annotated[str | None, typer.Option(help="时刻,ISO 8601,缺省为此刻 / the moment; now when omitted")] = None,
    region: Annotated[
        str | None, typer.Option(help="地区代码,有多个地区时必填 / region, where there are several")
    ] = None,
    rows: Annotated[
        int,
        typer.Option(
            min=0,
            help="显示前几行(已遮蔽);要文件用 yizhan copy write … --masked / show the first rows, masked;"
            " for a file: yizhan copy write … --masked",
        ),
    ] = 0,
    json: Json = False,
) -> None:
    """Revision and batch in force then, rows and exact sums, and the batches they came with. Only at a centre.

    It writes no file: `yizhan copy write FEED … --masked` does, and the ledger has every copy.
    """
    shell: Shell = context.obj
    here = centre(shell)
    chosen = here.catalogue.feed(feed)
    wanted = Period.parse(period)
    if not chosen.schedule.fits(wanted):
        raise PeriodInvalid(text=period, expected=str(chosen.starts))
    held = here.warehouse.asof(chosen.id, str(wanted), moment(at) if at else here.clock(), region)
    first = tuple(here.warehouse.masked_rows(held, rows)) if rows else ()
    shown = _Shown(feed=chosen, belief=held, rows=first)
    if json:
        answer_json(_json(shown))
    else:
        _show(shown, shell)


def _cells(row: MaskedRow) -> list[str]:
    return [row.batch, str(row.row), *(value or "" for value in row.values)]


def _json(shown: _Shown) -> dict[str, object]:
    held, facts = shown.belief, shown.belief.newest.facts if shown.belief.newest else None
    names = [field.name for field in shown.feed.fields]
    document: dict[str, object] = {
        "feed": held.feed,
        "period": held.period,
        "at": held.at.isoformat(),
        "region": held.region,
        "batch": facts.batch if facts else None,
        "revision": facts.revision if facts else None,
        "rows": held.totals.rows,
        "sums": dict(_yuan(held.totals)),
        "reason": facts.reason if facts else None,
        "by": facts.by if facts else None,
        "contributions": [_contribution(one) for one in held.contributions],
    }
    records = [{"_batch": row.batch, "_row": row.row} | dict(zip(names, row.values, strict=True)) for row in shown.rows]
    return document | ({"records": records} if records else {})


def _contribution(one: Contribution) -> dict[str, object]:
    return {
        "batch": one.batch,
        "revision": one.revision,
        "accepted_at": one.accepted_at.isoformat(),
        "rows": one.totals.rows,
        "sums": dict(_yuan(one.totals)),
    }


def _show(shown: _Shown, shell: Shell) -> None:
    held = shown.belief
    if held.newest is None:
        answer(shell.say(f"{held.feed} {held.period}:当时尚无数据。", f"{held.feed} {held.period}: nothing was known."))
        return
    answer("\n".join(_told(held, shell)))
    shell.table(("来源批次", "From the batches"), _HEADINGS, [_line(one) for one in held.contributions])
    if shown.rows:
        headings = (*_LINEAGE, *(Heading(field.title, field.name) for field in shown.feed.fields))
        shell.table(("数据(已遮蔽)", "Rows, masked"), headings, [_cells(row) for row in shown.rows])


def _told(held: Belief, shell: Shell) -> Iterator[str]:
    """The revision in force, what it came to, and who answers for it."""
    facts = held.newest.facts if held.newest else None
    if facts is None:
        return
    at = facts.accepted_at.astimezone(ASIA_SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    yield shell.say(f"{facts.batch}  入库于 {at}", f"{facts.batch}  accepted at {at}")
    sums = ", ".join(f"{name} {grouped(amount)}" for name, amount in _yuan(held.totals)) or _NOTHING
    yield shell.say(f"共 {held.totals.rows:,} 行,金额(元):{sums}", f"{held.totals.rows:,} rows, yuan: {sums}")
    told = (
        shell.say(f"理由:{facts.reason}", f"reason: {facts.reason}") if facts.reason else "",
        shell.say(f"责任人:{facts.by}", f"by: {facts.by}") if facts.by else "",
    )
    if any(told):
        yield "  ".join(one for one in told if one)


def _line(one: Contribution) -> tuple[str, ...]:
    at = one.accepted_at.astimezone(ASIA_SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    sums = ", ".join(f"{name} {grouped(amount)}" for name, amount in _yuan(one.totals)) or _NOTHING
    return one.batch, at, f"{one.totals.rows:,}", sums


def _yuan(totals: Totals) -> Iterator[tuple[str, str]]:
    return ((name, to_yuan(fen)) for name, fen in totals.sums)
