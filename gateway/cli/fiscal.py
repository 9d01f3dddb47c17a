"""The three-way reconciliation of a feed whose source reconciles itself: a table of its batches, and one line."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.cli.shell import Heading, Shell, grouped
from gateway.envelope.canonical import yuan
from gateway.envelope.fiscal import FiscalBatch, People, totals

_WORDS = {
    "roster": ("清册", "roster"),
    "declared": ("批次", "declared"),
    "succeeded": ("成功", "succeeded"),
    "failed": ("失败", "failed"),
    "pending": ("未回", "pending"),
    "refunded": ("退汇", "refunded"),
    "reissued": ("补发", "reissued"),
    "duplicates": ("疑似重复", "suspected"),
}
_HEADINGS = (
    Heading("资金文号", "document"),
    Heading("批次", "batch"),
    *(
        heading
        for zh, en in _WORDS.values()
        for heading in (Heading(zh, en, "number"), Heading("元", "yuan", "number"))
    ),
)


def show(batches: Sequence[FiscalBatch], shell: Shell) -> None:
    """One line for each document number and batch: people and yuan of every measure."""
    title = (
        "三方对账(清册 = 批次 = 成功 + 失败 + 未回)",
        "Reconciliation (roster = declared = succeeded + failed + pending)",
    )
    shell.table(title, _HEADINGS, [_row(one) for one in batches])


def line(batch: str, batches: Sequence[FiscalBatch], shell: Shell) -> str:
    """All fiscal batches of one batch together."""
    told = ", ".join(f"{shell.say(*_WORDS[name])} {_figure(sum_)}" for name, sum_ in totals(batches))
    return shell.say(f"三方对账 {batch}:{told}", f"reconciled {batch}: {told}")


def _row(one: FiscalBatch) -> tuple[str, ...]:
    figures = (getattr(one, name) for name in _WORDS)
    return one.document, one.batch, *(cell for figure in figures for cell in _cells(figure))


def _cells(figure: People | None) -> tuple[str, str]:
    return ("—", "—") if figure is None else (f"{figure.people:,}", grouped(yuan(figure.amount)))


def _figure(one: People) -> str:
    return f"{one.people:,} / {grouped(yuan(one.amount))}"
