"""The tasks of a feed's journey: collect, deliver, reconcile; review and release are in yizhan_reviews.

Each tells the centre's office interface what is wanted and waits without a slot; the work is the front-end's. Owns what
a run is about, how a failure is told, and when it is tried again. It must never hold a row, a key or a password: what
passes from task to task is numbers of instructions, counts and digests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, NoReturn, TypeVar

import httpx
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException
from airflow.utils.types import DagRunType
from yizhan_links import LedgerLink, ledger_page, period_page
from yizhan_office import InstructionTrigger, Issued, Office, Outcome, Refused, Standing
from yizhan_pages.answers import BatchStory
from yizhan_pages.view import rows_of
from yizhan_periods import period_at
from yizhan_records import Records
from yizhan_reruns import NOBODY, Clearing, clearing
from yizhan_retries import RETRIES, ByErrorClass, Later
from yizhan_words import balance_words, heard_words, issued_words, ledger_words

from gateway.calendar import ASIA_SHANGHAI, Period
from gateway.catalogue import Mode
from gateway.catalogue.compiled import CompiledFeed
from gateway.errors import (
    BackfillUnsupported,
    DigestReplaced,
    InstructionEnded,
    NotReconciled,
    Retry,
    RunPeriodUnknown,
    RunStepMissing,
    YizhanError,
)

T = TypeVar("T")
_AT_LEAST = timedelta(hours=6)
HELD, _RECEIPTED = "held", "receipted"
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
            refuse(RunPeriodUnknown(dag=run.dag_id))
        period = period_at(feed.schedule.schedule(), start)
        if not run.clear_number:
            return Subject(feed=feed, period=period)
        cleared = cleared_by(run)
        return Subject(feed=feed, period=period, reason=cleared.reason, by=staff_number(cleared.user, feed.department))

    return subject


def staff_number(user: str, department: str) -> str:
    """Users of Airflow are called `department.number`; in the department itself the number is enough.

    Anybody else keeps the whole name, and one without a department never looks like a staff number.
    """
    if user.startswith(f"{department}."):
        return user.removeprefix(f"{department}.")
    return user if "." in user or user == NOBODY else f"{NOBODY}:{user}"


def cleared_by(run: Any) -> Clearing:
    """Who had this run collected again, as Airflow has it on record."""
    records = Records.configured()
    if records is None:
        return Clearing(user=NOBODY, note="")
    return clearing(*on_record(lambda: records.events(run.dag_id, run.run_id)))


def on_record(look: Callable[[], T]) -> T:
    """What Airflow has on record; later, where it cannot be asked now."""
    try:
        return look()
    except (httpx.HTTPError, OSError, ValueError, KeyError) as unread:
        raise Later(f"读取 Airflow 的记录失败:{type(unread).__name__}") from None


def page_of(about: Subject, digest: str | None) -> str:
    """Where a task's link leads: to its batch's ledger lines, or to its period while no batch is known."""
    return ledger_page(digest) if digest else period_page(about.feed.feed, str(about.period))


class FeedTask(BaseOperator):
    """One step of the journey. `page` is where its link leads, each time it ends or gives its slot back."""

    operator_extra_links: ClassVar = (LedgerLink(),)

    def __init__(self, *, subject: Subjects, **kwargs: Any) -> None:
        super().__init__(**RETRIES | {"retry_policy": ByErrorClass()} | kwargs)
        self.subject = subject
        self.outcome: Outcome | None = None
        self.page = ""

    def instruct(self, context: Any, subject: Subject, action: str, after: str = "", **more: str | None) -> Issued:
        """Issue it, once for each try, and once more `after` each that was under way already."""
        run, ti = context["dag_run"], context["ti"]
        self.page = self.page or page_of(subject, None)
        request = f"airflow/{run.dag_id}/{run.run_id}/{run.clear_number}/{self.task_id}/{ti.try_number}"
        request = f"{request}/{after}" if after else request
        wanted = subject.wanted(action, request, **more)
        issued = self.office(context, subject, lambda office: office.instruct(wanted))
        self.log.info("%s", issued_words(issued, wanted, subject.feed.department))
        return issued

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

    def heard(self, context: Any, event: dict[str, Any], before: Mapping[str, Any] | None = None) -> Standing:
        """What the trigger waited for: told in the log but for what it was `before`, and raised where it failed."""
        standing = Standing.model_validate(event)
        for words in heard_words(standing, before or {}, datetime.now(UTC)):
            self.log.info("%s", words)
        digest = standing.outcome.digest if standing.outcome else None
        if standing.failed or not digest:
            about = self.subject(context)
            self.page = page_of(about, digest)
            if standing.failed:
                _raise_ended(context, about, standing)
        else:
            self.page = ledger_page(digest)
        self.outcome = standing.outcome
        return standing


class Collect(FeedTask):
    """采集: the front-end reads the source, checks and seals; held or under way to the centre when this ends."""

    def execute(self, context: Any) -> None:
        """Instruct, and wait until it is sealed."""
        about = self.subject(context)
        if about.feed.mode is Mode.INCREMENT and context["dag_run"].run_type == DagRunType.BACKFILL:
            row = self.office(context, about, lambda office: office.period(about.feed.feed, str(about.period)))
            if row["revision"] is None:
                refuse(BackfillUnsupported(feed=about.feed.feed, period=about.period))
        self.begin(context, about)

    def begin(self, context: Any, about: Subject, after: str = "") -> NoReturn:
        """Where somebody wants it read again, one that is under way is waited for: it may have read before that."""
        issued = self.instruct(context, about, "collect", after)
        if issued.joined and about.reason:
            self.log.info("已有指令 %s 在执行,待其结束后重新采集", issued.number)
            self.follow(issued.number, None, "again")
        self.follow(issued.number, "delivering", "sealed")

    def again(self, context: Any, event: dict[str, Any]) -> None:
        """What was under way has ended, well or not."""
        self.begin(context, self.subject(context), after=Standing.model_validate(event).number)

    def sealed(self, context: Any, event: dict[str, Any]) -> dict[str, Any]:
        """The instruction's number, how many of its lines were told, whether a reviewer is waited for, and the outcome
        as far as it is known.
        """
        standing = self.heard(context, event)
        if self.outcome and self.outcome.unchanged:
            self.log.info("数据没有变化,未产生新版次:%s", self.outcome.batch)
        held = standing.stage == HELD
        return {**handed_on(standing), "held": held, "outcome": _data(self.outcome)}


class Deliver(FeedTask):
    """送达: until the centre's receipt is at the front-end."""

    def execute(self, context: Any) -> None:
        """Wait for the end of what was begun. Tried again after that has failed: instruct to deliver what waits."""
        ti, about = context["ti"], self.subject(context)
        collected = collected_of(ti)
        self.page = collected_page(about, collected)
        number = (ti.xcom_pull(task_ids="release") or collected)["number"]
        if ti.try_number > 1 and self.office(context, about, lambda office: office.now(number)).failed:
            number = self.instruct(context, about, "deliver", reason=None, by=None, order=None).number
        else:
            self.log.info("指令 %s:等待 %s 的前置机送达并取得回执", number, about.feed.department)
        self.follow(number, None, "delivered")

    def delivered(self, context: Any, event: dict[str, Any]) -> dict[str, Any]:
        """The outcome, with the digest that the receipt repeats."""
        standing, about = self.heard(context, event, _begun(context["ti"])), self.subject(context)
        if standing.stage != _RECEIPTED:
            refuse(NotReconciled(feed=about.feed.feed, period=about.period, state=standing.stage or "-"))
        return _data(self.outcome)


class Reconcile(FeedTask):
    """对账: sent = loaded + set aside + repeated, as the centre's board has it."""

    def execute(self, context: Any) -> dict[str, Any]:
        """The row's state and figures; fails with the gateway's code where they do not balance."""
        about = self.subject(context)
        self.outcome = Outcome.model_validate(context["ti"].xcom_pull(task_ids="deliver") or {})
        if self.outcome.digest is None:
            refuse(RunStepMissing(task="deliver"))
        self.page = page_of(about, self.outcome.digest)
        row = self.office(context, about, lambda office: office.period(about.feed.feed, str(about.period)))
        require_loaded(about, self.outcome, row)
        if row["digest"] != self.outcome.digest:
            self.log.info("该期已有更新的版次 %s", row["batch"])
        self.tell(context, about, row)
        require_balanced(about, row)
        told = {name: row[name] for name in _FIGURES}
        self.log.info("已平账 %s", row["batch"])
        return told

    def tell(self, context: Any, about: Subject, row: Mapping[str, Any]) -> None:
        """The figures, and the batch's lines of the ledger, into the log."""
        self.log.info("%s", balance_words(row))
        if row["amount"] is not None:
            self.log.info("金额 %s 元,即 %d 分", row["amount"], Decimal(row["amount"]) * 100)
        said = self.office(context, about, lambda office: office.batch(row["digest"]))
        for line in rows_of(BatchStory.model_validate(said), "zh"):
            self.log.info("台账 %s", ledger_words(line))
        self.log.info("台账页面 %s", self.page)


def require_loaded(about: Subject, outcome: Outcome, row: Mapping[str, Any]) -> None:
    """Raise unless the centre has loaded this batch, or a newer revision of its period meanwhile."""
    if row["digest"] == outcome.digest:
        return
    if row["digest"] is None or outcome.revision is None or row["revision"] < outcome.revision:
        refuse(NotReconciled(feed=about.feed.feed, period=about.period, state=row["state"]))
    if row["revision"] == outcome.revision:
        refuse(replaced(about, str(outcome.digest), str(row["digest"])))


def require_balanced(about: Subject, row: Mapping[str, Any]) -> None:
    """Raise unless sent = loaded + set aside + repeated."""
    if row["state"] == _UNBALANCED or row["sent"] != row["loaded"] + row["problem"] + row["duplicate"]:
        refuse(NotReconciled(feed=about.feed.feed, period=about.period, state=row["state"]))


def collected_of(ti: Any) -> dict[str, Any]:
    """What `collect` left in this run."""
    return ti.xcom_pull(task_ids="collect") or refuse(RunStepMissing(task="collect"))


def handed_on(standing: Standing) -> dict[str, Any]:
    """To the tasks after this one: the instruction's number, and how many of its lines stand in a log already."""
    return {"number": standing.number, "told": len(standing.lines)}


def _begun(ti: Any) -> dict[str, Any]:
    """What the task left that began what is delivered; nothing where it is run again meanwhile."""
    return ti.xcom_pull(task_ids="release") or ti.xcom_pull(task_ids="collect") or {}


def fail(context: Any, about: Subject, code: str, said: str) -> NoReturn:
    """Fail with the gateway's code and advice: to be tried again until the period's due date where the error is of the
    kind that time heals, for good where somebody has to act first.

    A run of a period that was due long ago, as in a backfill, is given six hours.
    """
    text = f"[{code}] {said}"
    kind = _CODES.get(code)
    if kind is not None and issubclass(kind, Retry) and datetime.now(UTC) < _until(context, about):
        raise Later(text)
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


def refuse(error: YizhanError) -> NoReturn:
    raise AirflowFailException(f"[{error.code}] {error.message('zh')}")


def replaced(about: Subject, reviewed: str, held: str) -> DigestReplaced:
    return DigestReplaced(feed=about.feed.feed, period=about.period, reviewed=reviewed[:12], held=held[:12])


def collected_page(about: Subject, collected: Mapping[str, Any]) -> str:
    """Of the batch that was collected; nothing is known of it while it is under way to the centre."""
    return page_of(about, collected["outcome"].get("digest"))


def _data(outcome: Outcome | None) -> dict[str, Any]:
    return outcome.model_dump(mode="json") if outcome else {}
