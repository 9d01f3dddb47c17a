"""The reconciliation table (对账表): what left, and what became of it, in rows and yuan; from verified receipts."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.app import FrontEnd
from gateway.cli.shell import Shell, answer_table
from gateway.envelope.canonical import ControlTotals, yuan
from gateway.envelope.receipt import Receipt
from gateway.envelope.report import Files, verify_files
from gateway.spool import State


def show(nodes: Sequence[FrontEnd], shell: Shell) -> bool:
    """One line for each receipted batch; whether all of them balance."""
    columns = [
        shell.say("批次", "batch"),
        shell.say("采集 行", "left rows"), shell.say("元", "yuan"),
        shell.say("入库 行", "loaded rows"), shell.say("元", "yuan"),
        shell.say("问题 行", "problem rows"), shell.say("元", "yuan"),
        shell.say("重复 行", "duplicate rows"), shell.say("元", "yuan"),
        shell.say("平衡", "balanced"),
    ]  # fmt: skip
    receipts = [(receipt, node) for node in nodes for receipt in _receipts(node)]
    rows = [_row(receipt, node, shell) for receipt, node in receipts]
    answer_table(shell.say("对账", "Reconciliation"), columns, rows, right=columns[1:9])
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
    return receipt.batch, *cells, shell.say("平", "yes") if receipt.balanced else shell.say("不平", "NO")


def _parts(receipt: Receipt) -> tuple[ControlTotals, ...]:
    return receipt.sent, receipt.loaded, receipt.problem, receipt.duplicate


def _sum(totals: ControlTotals, field: str | None) -> str:
    return yuan(dict(totals.sums)[field]) if field else "—"
