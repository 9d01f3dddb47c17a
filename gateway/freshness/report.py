"""The board as the JSON document of `yizhan status --json`.

Owns the written form: ISO 8601 with the +08:00 offset, money as a decimal string in yuan. It must never leave a key
out: what is not known is null.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gateway.calendar import ASIA_SHANGHAI
from gateway.freshness.row import Row

Json = dict[str, str | int | None]


def to_json(rows: Sequence[Row], at: datetime) -> dict[str, str | list[Json]]:
    """`{"at": …, "feeds": [{feed, department, title, period, due, state, receipted_at, landed_at, revision, rows,
    amount, problem_rows, batch}]}`."""
    return {"at": _moment(at), "feeds": [_row(row) for row in rows]}


def _row(row: Row) -> Json:
    return {
        "feed": row.feed,
        "department": row.department,
        "title": row.title,
        "period": str(row.period),
        "due": _moment(row.due),
        "state": row.state.value,
        "receipted_at": _moment(row.receipted_at) if row.receipted_at else None,
        "landed_at": _moment(row.landed_at) if row.landed_at else None,
        "revision": row.revision,
        "rows": row.rows,
        "amount": None if row.amount is None else _yuan(row.amount),
        "problem_rows": row.problem_rows,
        "batch": row.batch,
    }


def _moment(moment: datetime) -> str:
    return moment.astimezone(ASIA_SHANGHAI).isoformat(timespec="seconds")


def _yuan(fen: int) -> str:
    """Exact, two decimals: 12345 is `123.45`."""
    yuan, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{yuan}.{rest:02}"
