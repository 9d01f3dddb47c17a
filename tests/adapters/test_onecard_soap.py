"""One-card payments over SOAP: a roster that the fiscal system's service gives, answered by the bank's service."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from adapters.contract import Column, Secrets
from adapters.onecard import OnecardAdapter
from adapters.specimens import asked
from gateway.records.types import FieldType
from tests.adapters.onecard import configured, layout
from tests.peers.soap.scripted import Script, envelope, serving

COLUMNS = (
    Column(name="serial", type=FieldType.TEXT, source="SEQ"),
    Column(name="name", type=FieldType.PERSON_NAME, source="NAME"),
    Column(name="amount", type=FieldType.MONEY, source="AMT"),
    Column(name="pay_state", type=FieldType.CODE),
    Column(name="failure", type=FieldType.CODE),
)
ROSTER = {
    "title": "清册", "found": "测试", "holds": "roster", "constants": {"batch": "{yyyymm}"},
    "roles": {"serial": "SEQ", "name": "NAME", "amount": "AMT"},
}  # fmt: skip
RETURNS = {
    "title": "回盘", "found": "测试", "holds": "returns", "match": ["serial"], "reasons": {"账户冻结": "05"},
    "roles": {"serial": "SEQ", "amount": "AMT", "state": "STATE", "reason": "WHY"},
    "states": {"1": "success", "2": "failure"},
}  # fmt: skip


def service(running: ExitStack, *rows: dict[str, str]) -> dict[str, Any]:
    """A running service that answers with these rows, and how it is asked."""
    items = "".join(f"<item>{''.join(f'<{k}>{v}</{k}>' for k, v in row.items())}</item>" for row in rows)
    inside = f"<total>{len(rows)}</total><list>{items}</list>"
    answer = envelope(f'<q:queryDibaoResponse xmlns:q="urn:x">{inside}</q:queryDibaoResponse>')
    return {
        "adapter": "soap", "wsdl": running.enter_context(serving(Script(pages=[answer]))),
        "operation": "queryDibao", "params": {"month": "{yyyymm}"},
        "paging": {"page": "pageNo", "size": "pageSize", "rows": 10},
        "rows": "queryDibaoResponse/list/item", "total": "queryDibaoResponse/total",
    }  # fmt: skip


def test_a_roster_and_its_returns_are_joined_and_reconciled_over_two_services(tmp_path: Path) -> None:
    with ExitStack() as running:
        roster = service(
            running,
            {"SEQ": "1", "NAME": "王芳", "AMT": "12.34"},
            {"SEQ": "2", "NAME": "李億", "AMT": "0.01"},
            {"SEQ": "3", "NAME": "弢亅", "AMT": "500.00"},
        )
        returns = service(
            running,
            {"SEQ": "2", "AMT": "0.01", "STATE": "2", "WHY": "账户冻结"},
            {"SEQ": "1", "AMT": "12.34", "STATE": "1", "WHY": ""},
        )
        config = configured(
            roster={"layout": layout(tmp_path, ROSTER), "source": roster},
            returns={"layout": layout(tmp_path, RETURNS), "source": returns},
        )
        with OnecardAdapter(config, Secrets(root=tmp_path, environ={})).extract(asked(COLUMNS)) as reading:
            rows = [tuple(row.values())[2:] for batch in reading for row in batch.to_pylist()]
        assert rows == [
            ("1", "王芳", "12.34", "1", None),
            ("2", "李億", "0.01", "2", "05"),
            ("3", "弢亅", "500.00", "0", None),
        ]
        found = {one.measure.value: (one.people, one.fen) for one in reading.figures or ()}
    assert (found["roster"], found["succeeded"], found["failed"], found["pending"]) == (
        (3, 51_235),
        (1, 1_234),
        (1, 1),
        (1, 50_000),
    )
