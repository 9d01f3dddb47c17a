"""The tasks of a feed's journey: collect, review, release, deliver, reconcile.

Each tells the centre's office interface what is wanted and waits without a slot; the work is the front-end's. Owns what
a run is about, how a failure is told, and when it is tried again. It must never hold a row, a key or a password: what
passes from task to task is numbers of instructions, counts and digests.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, NoReturn, TypeVar

import httpx
import pendulum
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import BaseOperator, BaseOperatorLink
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from yizhan_links import ledger_link
from yizhan_office import InstructionTrigger, Office, Outcome, Refused, Standing
from yizhan_periods import period_at
from yizhan_reruns import EventLog

from gateway.calendar import ASIA_SHANGHAI, Period
from gateway.catalogue.compiled import CompiledFeed
from gateway.errors import (
    DigestReplaced,
    InstructionEnded,
    NotReconciled,
    Retry,
    ReviewerWrong,
    ReviewRejected,
    RunPeriodUnknown,
    YizhanError,
)

T = TypeVar("T")
RETRIES: dict[str, Any] = {
    "retries": 1000,  # until the due date, see `_fail`
    "retry_delay": timedelta(seconds=int(os.environ.get("YIZHAN_RETRY_SECONDS", "60"))),
    "retry_exponential_backoff": 2,
    "max_retry_delay": timedelta(hours=1),
}
_AT_LEAST = timedelta(hours=6)
_HELD, _RECEIPTED = "held", "receipted"
_CODES = {error.code: error for error in YizhanError.all()}
_UNBALANCED = "unbalanced"
_FIGURES = ("batch", "revision", "state", "sent", "loaded", "problem", "duplicate", "amount")


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a run is about. `reason`, `by`, `order`: of a correction, as the front-end's ledger will have them."""

    feed: CompiledFeed
    period: Period
    reason: str | None = None
    by: str | None = None
    order: str | None = None

    def wanted(self, action: str, request: str, **more: str | None) -> dict[str, str]:
        """An instruction, as the office interface takes it."""
        said = {"reason": self.reason, "by": self.by, "order": self.order, **more}
        known = {name: value for name, value in said.items() if value}
        return {"action": action, "feed": self.feed.feed, "period": str(self.period), "request": request, **known}


Subjects = Callable[[Any], Subject]
"""From a task's context to what its run is about."""


def of_run(feed: CompiledFeed) -> Subjects:
    """The run's own period; who cleared it answers for what changed."""

    def subject(context: Any) -> Subject:
        run = context["dag_run"]
        start = run.data_interval_start
        if start is None:
            _refuse(RunPeriodUnknown(dag=run.dag_id))
        period = period_at(feed.schedule.schedule(), start)
        reason, by = _clearing(feed, run) if run.clear_number else (None, None)
        return Subject(feed=feed, period=period, reason=reason, by=by)

    return subject


def staff_number(user: str, department: str) -> str:
    """Users of Airflow are called `department.number`; in the department itself the number is enough."""
    return user.removeprefix(f"{department}.")


def _clearing(feed: CompiledFeed, run: Any) -> tuple[str, str | None]:
    log = EventLog.configured()
    try:
        found = log.clearing(run.dag_id, run.run_id) if log else None
    except (httpx.HTTPError, OSError) as unread:
        raise AirflowException(f"读取 Airflow 事件日志失败:{type(unread).__name__}") from None
    if found is None:
        return "在 Airflow 清除重跑", None
    note = f":{found.note}" if found.note else ""
    return f"由 {found.user} 在 Airflow 清除重跑{note}", staff_number(found.user, feed.department)


class LedgerLink(BaseOperatorLink):
    """To the batch's lines in the ledger."""

    name = "台账 / ledger"

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:
        """Empty where no batch is known, or no page of a ledger is configured."""
        outcome = operator.outcome if isinstance(operator, FeedTask) else None
        return ledger_link(outcome.digest if outcome else None)


class FeedTask(BaseOperator):
    """One step of the journey."""

    operator_extra_links: ClassVar = (LedgerLink(),)

    def __init__(self, *, subject: Subjects, **kwargs: Any) -> None:
        super().__init__(**RETRIES | kwargs)
        self.subject = subject
        self.outcome: Outcome | None = None

    def instruct(self, context: Any, subject: Subject, action: str, **more: str | None) -> str:
        """Issue it, once for each try; its number."""
        run, ti = context["dag_run"], context["ti"]
        request = f"airflow/{run.dag_id}/{run.run_id}/{run.clear_number}/{self.task_id}/{ti.try_number}"
        wanted = subject.wanted(action, request, **more)
        number = self.office(context, subject, lambda office: office.instruct(wanted))
        self.log.info("指令 %s:%s %s %s", number, action, subject.feed.feed, subject.period)
        return number

    def office(self, context: Any, subject: Subject, ask: Callable[[Office], T]) -> T:
        """An answer of the office interface, or the task's failure with its code."""
        try:
            return ask(Office.configured())
        except Refused as error:
            fail(context, subject, error.code, str(error))
        except YizhanError as error:
            fail(context, subject, error.code, error.message("zh"))

    def follow(self, number: str, stage: str | None, method: str) -> NoReturn:
        """Give the slot back until the instruction has ended, or has come to `stage`."""
        self.defer(trigger=InstructionTrigger(number, stage), method_name=method)

    def heard(self, context: Any, event: dict[str, Any]) -> Standing:
        """What the trigger waited for: told in the log, and raised where it failed."""
        standing = Standing.model_validate(event)
        for line in standing.lines:
            self.log.info("%s %s %s", line.at, line.code or "", line.text)
        self.log.info("指令 %s:%s %s", standing.number, standing.state, standing.stage or "")
        if standing.failed:
            _raise_ended(context, self.subject(context), standing)
        self.outcome = standing.outcome
        return standing


class Collect(FeedTask):
    """采集: the front-end reads the source, checks and seals; held or under way to the centre when this ends."""

    def execute(self, context: Any) -> None:
        """Instruct, and wait until it is sealed."""
        self.follow(self.instruct(context, self.subject(context), "collect"), "delivering", "sealed")

    def sealed(self, context: Any, event: dict[str, Any]) -> dict[str, Any]:
        """The instruction's number, whether a reviewer is waited for, and the outcome as far as it is known."""
        standing = self.heard(context, event)
        if self.outcome and self.outcome.unchanged:
            self.log.info("数据没有变化,未产生新版次:%s", self.outcome.batch)
        held = standing.stage == _HELD
        return {"number": standing.number, "held": held, "outcome": _data(self.outcome)}


class Review(ApprovalOperator):
    """审核: asks the department's reviewers for this very digest; nobody is asked where nothing is held."""

    def __init__(self, *, subject: Subjects, **kwargs: Any) -> None:
        super().__init__(subject="审核放行 / release", retries=1000, retry_delay=timedelta(seconds=5), **kwargs)
        self.about = subject

    def execute(self, context: Any) -> Any:
        """Ask, or go on at once."""
        collected = context["ti"].xcom_pull(task_ids="collect")
        if not collected["held"]:
            self.log.info("没有待审核的批次")
            return None
        about, outcome = self.about(context), Outcome.model_validate(collected["outcome"])
        self.subject = f"{about.feed.department_title} {about.feed.title} {about.period} 审核放行"
        self.body = _to_review(about, outcome)
        department = about.feed.department
        users = [f"{department}.{number}" for number in about.feed.reviewers]
        self.assigned_users = [{"id": user, "name": user} for user in users] or None
        context["ti"].xcom_push(key="reviewed", value=outcome.digest)
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> dict[str, str]:
        """Who released. A rejection fails the run; the batch stays held."""
        user = (event.get("responded_by_user") or {}).get("id") or ""
        if self.APPROVE not in event.get("chosen_options", ()):
            about = self.about(context)
            _refuse(ReviewRejected(feed=about.feed.feed, period=about.period, user=user or "-"))
        super().execute_complete(context, event)
        return {"user": user}


class Release(FeedTask):
    """放行: the reviewer's decision goes to the front-end, bound to the digest that was reviewed."""

    def execute(self, context: Any) -> dict[str, Any] | None:
        """Instruct and wait for the receipt; nothing to do where nothing was held."""
        ti, about = context["ti"], self.subject(context)
        collected, review = ti.xcom_pull(task_ids="collect"), ti.xcom_pull(task_ids="review")
        if not collected["held"]:
            return None
        user = (review or {}).get("user", "")
        reviewer = staff_number(user, about.feed.department)
        if about.feed.reviewers and reviewer not in about.feed.reviewers:
            _refuse(ReviewerWrong(feed=about.feed.feed, user=user or "-"))
        outcome = Outcome.model_validate(collected["outcome"])
        reviewed = ti.xcom_pull(task_ids="review", key="reviewed")
        if reviewed != outcome.digest:
            _refuse(_replaced(about, str(reviewed), str(outcome.digest)))
        number = self.instruct(
            context, about, "release", batch=outcome.batch, digest=outcome.digest, by=reviewer, reason=None, order=None
        )
        self.follow(number, "delivering", "released")

    def released(self, context: Any, event: dict[str, Any]) -> dict[str, Any]:
        """The instruction's number: delivering goes on under it."""
        return {"number": self.heard(context, event).number}


class Deliver(FeedTask):
    """送达: until the centre's receipt is at the front-end."""

    def execute(self, context: Any) -> None:
        """Wait for the end of what was begun. Tried again after that has failed: instruct to deliver what waits."""
        ti, about = context["ti"], self.subject(context)
        begun = ti.xcom_pull(task_ids="release") or ti.xcom_pull(task_ids="collect")
        number = begun["number"]
        if ti.try_number > 1 and self.office(context, about, lambda office: office.now(number)).failed:
            number = self.instruct(context, about, "deliver", reason=None, by=None, order=None)
        self.follow(number, None, "delivered")

    def delivered(self, context: Any, event: dict[str, Any]) -> dict[str, Any]:
        """The outcome, with the digest that the receipt repeats."""
        standing, about = self.heard(context, event), self.subject(context)
        if standing.stage != _RECEIPTED:
            _refuse(NotReconciled(feed=about.feed.feed, period=about.period, state=standing.stage or "-"))
        return _data(self.outcome)


class Reconcile(FeedTask):
    """对账: sent = loaded + set aside + repeated, as the centre's board has it."""

    def execute(self, context: Any) -> dict[str, Any]:
        """The row's state and figures; fails with the gateway's code where they do not balance."""
        about = self.subject(context)
        self.outcome = Outcome.model_validate(context["ti"].xcom_pull(task_ids="deliver"))
        row = self.office(context, about, lambda office: office.period(about.feed.feed, str(about.period)))
        if row["digest"] != self.outcome.digest:
            _refuse(_replaced(about, str(self.outcome.digest), str(row["digest"])))
        if row["state"] == _UNBALANCED or row["sent"] != row["loaded"] + row["problem"] + row["duplicate"]:
            _refuse(NotReconciled(feed=about.feed.feed, period=about.period, state=row["state"]))
        told = {name: row[name] for name in _FIGURES}
        self.log.info("已平账 %s", told)
        return told


def fail(context: Any, about: Subject, code: str, said: str) -> NoReturn:
    """Fail with the gateway's code and advice: to be tried again until the period's due date where the error is of the
    kind that time heals, for good where somebody has to act first.

    A run of a period that was due long ago, as in a backfill, is given six hours.
    """
    text = f"[{code}] {said}"
    kind = _CODES.get(code)
    if kind is not None and issubclass(kind, Retry) and pendulum.now() < _until(context, about):
        raise AirflowException(text)
    raise AirflowFailException(text)


def _until(context: Any, about: Subject) -> datetime:
    due = about.feed.schedule.schedule().due(about.period)
    return max(due, context["dag_run"].start_date.astimezone(ASIA_SHANGHAI) + _AT_LEAST)


def _raise_ended(context: Any, about: Subject, standing: Standing) -> NoReturn:
    if standing.code is None:
        error = InstructionEnded(number=standing.number, state=standing.state)
        fail(context, about, error.code, error.message("zh"))
    said = f"{standing.message.zh if standing.message else ''} {standing.next.zh if standing.next else ''}".strip()
    fail(context, about, standing.code, said)


def _refuse(error: YizhanError) -> NoReturn:
    raise AirflowFailException(f"[{error.code}] {error.message('zh')}")


def _replaced(about: Subject, reviewed: str, held: str) -> DigestReplaced:
    return DigestReplaced(feed=about.feed.feed, period=about.period, reviewed=reviewed[:12], held=held[:12])


def _data(outcome: Outcome | None) -> dict[str, Any]:
    return outcome.model_dump(mode="json") if outcome else {}


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
