"""The reconciliation table (对账表): what left, and what became of it, in rows and yuan; from verified receipts."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.app import FrontEnd
from gateway.cli.shell import Heading, Shell, grouped
from gateway.envelope.canonical import ControlTotals, yuan
from gateway.envelope.receipt import Receipt
from gateway.envelope.report import Files, verify_files
from gateway.spool import State

_HEADINGS = (
    Heading("批次", "batch"),
    Heading("采集行", "left rows", "number"),
    Heading("元", "yuan", "number"),
    Heading("入库行", "loaded rows", "number"),
    Heading("元", "yuan", "number"),
    Heading("问题行", "problem rows", "number"),
    Heading("元", "yuan", "number"),
    Heading("重复行", "duplicate rows", "number"),
    Heading("元", "yuan", "number"),
    Heading("平衡", "balanced"),
)


def show(nodes: Sequence[FrontEnd], shell: Shell) -> bool:
    """One line for each receipted batch; whether all of them balance."""
    receipts = [(receipt, node) for node in nodes for receipt in _receipts(node)]
    shell.table(("对账", "Reconciliation"), _HEADINGS, [_row(receipt, node, shell) for receipt, node in receipts])
    return all(receipt.balanced for receipt, _ in receipts)


def _receipts(node: FrontEnd) -> list[Receipt]:
    trust, at = node.keys.trust(), node.clock()
    found = []
    for entry in node.spool.entries(State.DONE):
        answer = verify_files(Files(manifest=entry.manifest, keys=entry.keys, receipt=entry.receipt), trust, at).answer
        if answer is not None:
            found.append(answer.receipt)
    return found


def _row(receipt: Receipt, node: FrontEnd, shell: Shell) -> tuple[str, ...]:
    amount = node.catalogue.feed(receipt.batch.partition("/")[0]).amount
    cells = [cell for totals in _parts(receipt) for cell in (f"{totals.rows:,}", _sum(totals, amount))]
    return receipt.batch, *cells, shell.yes(receipt.balanced)


def _parts(receipt: Receipt) -> tuple[ControlTotals, ...]:
    return receipt.sent, receipt.loaded, receipt.problem, receipt.duplicate


def _sum(totals: ControlTotals, field: str | None) -> str:
    return grouped(yuan(dict(totals.sums)[field])) if field else "—"
