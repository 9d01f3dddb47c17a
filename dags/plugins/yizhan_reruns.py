"""Who had a run collected again, and why: found among the events that Airflow has on record.

Owns how a clearing is put into words that the gateway takes. Must never name somebody who did not do it: where no event
fits, nobody is named.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from yizhan_records import Event, Run

from gateway.calendar import ASIA_SHANGHAI

_CLEARED, _BACKFILLED = "清除重跑", "回填重跑"
_BEFORE, _AFTER = timedelta(minutes=2), timedelta(seconds=2)
"""An event is entered when it is asked for; that clears one run after the other."""
_LONGEST = 200
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]+")
NOBODY = "airflow"


@dataclass(frozen=True, kw_only=True)
class Clearing:
    """The newest one of a run: `user` of Airflow, `note`, empty where none was given, and what was done, in words."""

    user: str
    note: str
    done: str = _CLEARED

    @property
    def reason(self) -> str:
        """As the ledger will have it."""
        who = f"由 {self.user} " if self.user != NOBODY else ""
        return in_words(f"{who}在 Airflow {self.done}{':' if self.note else ''}{self.note}")


def clearing(run: Run, events: Iterable[Event]) -> Clearing:
    """The newest event that cleared this run; by NOBODY where Airflow shows none.

    It shows no clearing of runs of several DAGs at once: whoever did that is not named, and nobody else is.
    """
    at = run.queued_at
    for event in events:
        if at is not None and at - _BEFORE <= event.when <= at + _AFTER and (done := _done(event, run)):
            note = str(_sent(event).get("note") or "") or (run.note or "" if done == _CLEARED else "")
            return Clearing(user=event.owner or NOBODY, note=note.strip(), done=done)
    return Clearing(user=NOBODY, note="")


def in_words(text: str) -> str:
    """One line without anything unseen, as long as a reason may be."""
    line = " ".join(_UNSEEN.sub(" ", text).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _done(event: Event, run: Run) -> str | None:
    """What an event did to the run; None where it did nothing."""
    sent = _sent(event)
    if sent.get("dry_run"):
        return None
    if event.event == "create_backfill":
        again = sent.get("reprocess_behavior") in ("failed", "completed")
        return _BACKFILLED if again and _within(run, sent) else None
    several = sent.get("include_past") or sent.get("include_future")
    cleared = {
        "clear_dag_run": event.run_id == run.dag_run_id,
        "post_clear_task_instances": event.run_id == run.dag_run_id or several,
        "clear_dag_runs": run.dag_run_id in (one.get("dag_run_id") for one in sent.get("dag_runs", ())),
    }
    return _CLEARED if cleared.get(event.event) else None


def _within(run: Run, sent: dict[str, Any]) -> bool:
    """Whether a backfill's days, in Beijing, hold the run's."""
    days = [_day(sent.get(name)) for name in ("from_date", "to_date")]
    if run.logical_date is None or None in days:
        return False
    return days[0] <= run.logical_date.astimezone(ASIA_SHANGHAI).date() <= days[1]


def _day(text: object) -> date | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return (moment.astimezone(ASIA_SHANGHAI) if moment.tzinfo else moment).date()


def _sent(event: Event) -> dict[str, Any]:
    try:
        sent = json.loads(event.extra or "{}")
    except ValueError:
        return {}
    return sent if isinstance(sent, dict) else {}
