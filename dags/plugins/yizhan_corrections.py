"""What a run of the correction form is about: the form's own answers, by whom it was sent, or cleared since.

Must never judge a reason or an approval number: the front-end does, and refuses with its code.
"""

from __future__ import annotations

from typing import Any

from yizhan_reruns import NOBODY, in_words
from yizhan_tasks import Subject, Subjects, cleared_by, refuse, staff_number

from gateway.calendar import Period
from gateway.catalogue.compiled import Compiled
from gateway.errors import PeriodInvalid, UnknownName


def corrections(compiled: Compiled) -> Subjects:
    """Of the form's params."""
    feeds = {feed.feed: feed for feed in compiled.feeds}

    def subject(context: Any) -> Subject:
        said, run = context["params"], context["dag_run"]
        feed = feeds.get(said["feed"]) or refuse(
            UnknownName(kind_zh="归集事项", kind_en="feed", name=said["feed"], near=None)
        )
        user, reason = run.triggering_user_name or NOBODY, said["reason"]
        if run.clear_number:
            cleared = cleared_by(run)
            user, reason = cleared.user, f"{reason}({cleared.reason})"
        return Subject(
            feed=feed,
            period=_period(said["period"]),
            reason=in_words(reason),
            by=staff_number(user, feed.department),
            order=said["order"] or None,
        )

    return subject


def _period(text: str) -> Period:
    try:
        return Period.parse(text)
    except PeriodInvalid as error:
        refuse(error)
