"""The tasks of a review (审核放行): ask the department's reviewers, and release what they reviewed.

Owns that a release is bound to the digest that stood in the question, and to who Airflow has on record as having
answered it. It must never believe an XCom in this: whoever may operate a run may write them.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, ClassVar

from airflow.providers.standard.operators.hitl import ApprovalOperator
from yizhan_links import LedgerLink
from yizhan_office import Outcome
from yizhan_records import Answer, Records
from yizhan_retries import TRIES
from yizhan_tasks import (
    FeedTask,
    Subject,
    Subjects,
    collected_of,
    collected_page,
    handed_on,
    on_record,
    refuse,
    replaced,
    staff_number,
)

from gateway.errors import ReviewerWrong, ReviewRejected, ReviewUnverified

_REVIEW = "review"
_DIGEST = re.compile("摘要 `([0-9a-f]{64})`")


class Review(ApprovalOperator):
    """审核: asks the department's reviewers for this very digest; nobody is asked where nothing is held."""

    operator_extra_links: ClassVar = (LedgerLink(),)

    def __init__(self, *, subject: Subjects, **kwargs: Any) -> None:
        super().__init__(subject="审核放行 / release", retries=TRIES, retry_delay=timedelta(seconds=5), **kwargs)
        self.about = subject
        self.page = ""

    def execute(self, context: Any) -> Any:
        """Ask, or go on at once."""
        about, collected = self.about(context), collected_of(context["ti"])
        self.page = collected_page(about, collected)
        if not collected["held"]:
            self.log.info("没有待审核的批次")
            return None
        outcome = Outcome.model_validate(collected["outcome"])
        self.subject = f"{about.feed.department_title} {about.feed.title} {about.period} 审核放行"
        self.body = _to_review(about, outcome)
        department = about.feed.department
        users = [f"{department}.{number}" for number in about.feed.reviewers]
        self.assigned_users = [{"id": user, "name": user} for user in users] or None
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> dict[str, str]:
        """Who released. A rejection fails the run; the batch stays held."""
        about = self.about(context)
        self.page = collected_page(about, collected_of(context["ti"]))
        user = (event.get("responded_by_user") or {}).get("id") or ""
        if self.APPROVE not in event.get("chosen_options", ()):
            refuse(ReviewRejected(feed=about.feed.feed, period=about.period, user=user or "-"))
        super().execute_complete(context, event)
        return {"user": user}


class Release(FeedTask):
    """放行: the reviewer's decision goes to the front-end, bound to the digest that was reviewed."""

    def execute(self, context: Any) -> dict[str, Any] | None:
        """Instruct and wait for the receipt; nothing to do where nothing was held."""
        about, collected = self.subject(context), collected_of(context["ti"])
        self.page = collected_page(about, collected)
        if not collected["held"]:
            return None
        outcome = Outcome.model_validate(collected["outcome"])
        reviewer = _reviewer(about, outcome, _answer(about, context["dag_run"]))
        issued = self.instruct(
            context, about, "release", batch=outcome.batch, digest=outcome.digest, by=reviewer, reason=None, order=None
        )
        self.follow(issued.number, "delivering", "released")

    def released(self, context: Any, event: dict[str, Any]) -> dict[str, Any]:
        """The instruction's number, under which delivering goes on, and how many of its lines were told."""
        return handed_on(self.heard(context, event))


def _answer(about: Subject, run: Any) -> Answer | None:
    """As Airflow has it on record."""
    records = Records.configured() or refuse(ReviewUnverified(feed=about.feed.feed))
    return on_record(lambda: records.answer(run.dag_id, run.run_id, _REVIEW))


def _reviewer(about: Subject, held: Outcome, answer: Answer | None) -> str:
    """The staff number of who approved exactly what is held."""
    feed, user = about.feed, answer.user if answer else ""
    number = staff_number(user, feed.department)
    if answer is None or answer.chosen_options != (ApprovalOperator.APPROVE,):
        refuse(ReviewerWrong(feed=feed.feed, user=user or "-"))
    if feed.reviewers and number not in feed.reviewers:
        refuse(ReviewerWrong(feed=feed.feed, user=user))
    asked = _DIGEST.search(answer.body or "")
    if asked is None or asked[1] != held.digest:
        refuse(replaced(about, asked[1] if asked else "-", str(held.digest)))
    return number


def _to_review(about: Subject, outcome: Outcome) -> str:
    """What the reviewer decides on: figures and the digest, no row."""
    lines = (
        f"批次 {outcome.batch}",
        f"行数 {outcome.rows}",
        *((f"金额 {outcome.amount} 元",) if outcome.amount else ()),
        f"摘要 `{outcome.digest}`",
        *((f"理由 {about.reason}",) if about.reason else ()),
    )
    return "\n".join(f"- {line}" for line in lines)
