"""The board as the JSON document of `yizhan status --json`.

Owns the written form: ISO 8601 with the +08:00 offset, money as a decimal string in yuan. It must never leave a key
out: what is not known is null.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from gateway.calendar import ASIA_SHANGHAI
from gateway.errors import Lang
from gateway.freshness.facts import Stage, Waiver
from gateway.freshness.notices import Notice
from gateway.freshness.row import Forecast, Row

Value = str | int | bool | None
Json = dict[str, Value | dict[str, Value] | list[dict[str, Value]]]


def to_json(rows: Sequence[Row], at: datetime, told: Sequence[Notice] = (), lang: Lang = "zh") -> dict[str, object]:
    """`{"at": …, "summary": {state: count}, "feeds": [{feed, department, title, period, due, state, …}], "notices":
    [{code, message}]}`; a row's keys are the fields of `Row`, words are in `lang`."""
    return {
        "at": _moment(at),
        "summary": dict(Counter(row.state.value for row in rows)),
        "feeds": [_row(row, lang) for row in rows],
        "notices": [{"code": one.code, "message": one.zh if lang == "zh" else one.en} for one in told],
    }


def _row(row: Row, lang: Lang) -> Json:
    return {
        "feed": row.feed,
        "department": row.department,
        "title": row.title,
        "period": str(row.period),
        "due": _moment(row.due),
        "state": row.state.value,
        "receipted_at": _maybe(row.receipted_at),
        "landed_at": _maybe(row.landed_at),
        "revision": row.revision,
        "rows": row.rows,
        "amount": None if row.amount is None else _yuan(row.amount),
        "problem_rows": row.problem_rows,
        "batch": row.batch,
        "rule_due": _moment(row.rule_due),
        "landed_corrected": _maybe(row.landed_corrected),
        "waiver": _waiver(row.waiver) if row.waiver else None,
        "reminders": [{"days": rung.days, "at": _moment(rung.at)} for rung in row.reminders],
        "reminder": row.reminder,
        "held_since": _maybe(row.held_since),
        "stage": _stage(row.stage) if row.stage else None,
        "forecast": _forecast(row.forecast, lang) if row.forecast else None,
    }


def _waiver(one: Waiver) -> dict[str, Value]:
    return {
        "kind": one.kind.value,
        "number": one.number,
        "by": one.by,
        "reason": one.reason,
        "at": _moment(one.at),
        "until": _maybe(one.until),
    }


def _stage(one: Stage) -> dict[str, Value]:
    return {"step": one.step.value, "at": _moment(one.at), "code": one.code}


def _forecast(one: Forecast, lang: Lang) -> dict[str, Value]:
    words = one.zh if lang == "zh" else one.en
    return {"expected_at": _moment(one.expected_at), "late": one.late, "words": words}


def _maybe(moment: datetime | None) -> str | None:
    return _moment(moment) if moment else None


def _moment(moment: datetime) -> str:
    return moment.astimezone(ASIA_SHANGHAI).isoformat(timespec="seconds")


def _yuan(fen: int) -> str:
    """Exact, two decimals: 12345 is `123.45`."""
    yuan, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{yuan}.{rest:02}"
