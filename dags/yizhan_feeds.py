"""One Airflow DAG for each feed of the compiled catalogue, and a form for corrections. No logic: the tasks and the
timetable are in plugins/, and the work is the front-ends'.

A feed that cannot be built is left out with a word in the log; the others are not touched.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from airflow.sdk import DAG, Param, chain, get_parsing_context
from airflow.sdk.exceptions import AirflowException
from yizhan_corrections import corrections, form_help
from yizhan_periods import FeedTimetable
from yizhan_reviews import Release, Review
from yizhan_tasks import Collect, Deliver, Reconcile, Subjects, of_run

from gateway.calendar import Period
from gateway.catalogue import Review as Reviewed
from gateway.catalogue.compiled import Compiled, CompiledFeed
from gateway.errors import YizhanError

CORRECTIONS = "yizhan_corrections"
_TASKS = {Collect: "采集", Review: "审核", Release: "放行", Deliver: "送达", Reconcile: "对账"}
_TAG = 100
"""Characters: with a longer tag Airflow takes none of the file's DAGs."""


def journey(subject: Subjects, review: Reviewed) -> None:
    """The tasks, in order."""
    left_out = (Review, Release) if review is Reviewed.NONE else ()
    chain(*(
        make(task_id=make.__name__.lower(), task_display_name=name, subject=subject)
        for make, name in _TASKS.items()
        if make not in left_out
    ))  # fmt: skip


def feed_dag(feed: CompiledFeed, morning: str) -> DAG:
    """One run for each period; a person reruns one by clearing it, and runs older ones by a backfill."""
    timetable = FeedTimetable(feed.schedule, morning)
    driven = timetable.schedule.event_driven
    remark = f"\n\n**{feed.remark[0]} / {feed.remark[1]}**" if feed.remark else ""
    with DAG(
        dag_id=feed.feed,
        dag_display_name=f"{feed.title}({feed.feed})",
        description=f"{feed.department_title}:{feed.title}",
        doc_md=f"{timetable.description}{remark}",
        schedule=timetable,
        start_date=Period.parse(feed.first).moment,
        catchup=True,
        max_active_runs=3,
        allowed_run_types=["manual"] if driven else ["scheduled", "backfill"],
        default_args={"owner": feed.department},
        tags={feed.department_title[:_TAG], timetable.rhythm},
    ) as dag:
        journey(of_run(feed), feed.review)
    return dag


def correction_dag(compiled: Compiled) -> DAG:
    """A form: which feed and period, why, and the approval number where the year is closed."""
    with DAG(
        dag_id=CORRECTIONS,
        dag_display_name="更正(表单)/ corrections",
        doc_md=form_help(compiled),
        schedule=None,
        catchup=False,
        max_active_runs=8,
        params={
            "feed": Param(enum=[feed.feed for feed in compiled.feeds], type="string", title="归集事项 / feed"),
            "period": Param(
                type="string", pattern=r"^[0-9]{4}[-0-9QHWT]{0,11}$", title="数据期,如 2026-10、2026Q3 / period"
            ),
            "reason": Param(type="string", minLength=2, maxLength=200, title="更正理由 / reason"),
            "order": Param(None, type=["null", "string"], title="整改单号 / approval number"),
        },
        tags={"更正"},
    ) as dag:
        journey(corrections(compiled), Reviewed.CORRECTIONS)
    return dag


def build(compiled: Compiled, only: str | None) -> dict[str, DAG]:
    """By id; `only` that one, where a task asks for its own DAG."""
    found = {}
    for feed in compiled.feeds:
        if only in (None, feed.feed):
            try:
                found[feed.feed] = feed_dag(feed, compiled.morning)
            except YizhanError as error:
                logging.getLogger(__name__).error("%s: [%s] %s", feed.feed, error.code, error.message("zh"))
            except (AirflowException, ValueError) as error:  # what Airflow does not take of its name or its texts
                logging.getLogger(__name__).error("%s: %s", feed.feed, type(error).__name__)
    if compiled.feeds and only in (None, CORRECTIONS):
        found[CORRECTIONS] = correction_dag(compiled)
    return found


globals().update(build(Compiled.parse(Path(os.environ["YIZHAN_COMPILED"]).read_bytes()), get_parsing_context().dag_id))
