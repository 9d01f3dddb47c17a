"""What a run of the correction form is about: the form's own answers, by whom it was sent.

Must never judge a reason or an approval number: the front-end does, and refuses with its code.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk.exceptions import AirflowFailException
from yizhan_tasks import Subject, Subjects, staff_number

from gateway.calendar import Period
from gateway.catalogue.compiled import Compiled
from gateway.errors import PeriodInvalid


def corrections(compiled: Compiled) -> Subjects:
    """Of the form's params."""
    feeds = {feed.feed: feed for feed in compiled.feeds}

    def subject(context: Any) -> Subject:
        said, run = context["params"], context["dag_run"]
        feed = feeds[said["feed"]]
        return Subject(
            feed=feed,
            period=_period(said["period"]),
            reason=said["reason"],
            by=staff_number(run.triggering_user_name or "", feed.department) or None,
            order=said["order"] or None,
        )

    return subject


def _period(text: str) -> Period:
    try:
        return Period.parse(text)
    except PeriodInvalid as error:
        raise AirflowFailException(f"[{error.code}] {error.message('zh')}") from None
