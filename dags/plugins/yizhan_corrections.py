"""What a run of the correction form is about: the form's own answers, by whom it was sent, or cleared since; and what
whoever fills it in has to know.

Must never judge a reason or an approval number: the front-end does, and refuses with its code.
"""

from __future__ import annotations

from typing import Any

from yizhan_reruns import NOBODY, in_words
from yizhan_tasks import Subject, Subjects, cleared_by, refuse, staff_number

from gateway.calendar import Period
from gateway.catalogue import Review
from gateway.catalogue.compiled import Compiled, CompiledFeed
from gateway.errors import PeriodInvalid, UnknownName

_HELP = """更正一期已报送的数据:**先由部门改正数据源**,再填本表单。

**数据期**:月报写 `2026-10`,季报写 `2026Q3`,年报写 `2026`,日报写 `2026-10-08`,
按事件报送的写事件的时刻 `2026-10-08T0930`。

**提交之后**:前置机重新读取该期。数据没有变化的,不产生新版次;有变化的,成为下一版次,更正理由与提交人记入台账;
然后送达中心并对账。数据期所属年度已封账的,须填整改单号;未封账的,不填。

**审核**:须审核的事项,新版次留在前置机,由下表所列用户在任务“审核”中批准后才送出;拒绝的,仍留在前置机。

*First the department corrects its source, then somebody sends this form. The front-end reads the period again:
unchanged data makes no revision; changed data becomes the next one, with the reason and who sent the form. Where the
feed is reviewed, it leaves the front-end once a reviewer below has approved it in the task 审核. A period of a
closed year needs its approval number, and no other has one.*"""


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


def form_help(compiled: Compiled) -> str:
    """Markdown: how a period is written, what becomes of the form, and who has to approve, feed by feed."""
    rows = "\n".join(
        f"| {feed.feed} | {_cell(feed.title)} | `{feed.first}` | {_approval(feed)} |" for feed in compiled.feeds
    )
    return f"{_HELP}\n\n| 归集事项 | 名称 | 数据期写作 | 由谁审核 |\n|---|---|---|---|\n{rows}"


def _approval(feed: CompiledFeed) -> str:
    if feed.review is Review.NONE:
        return "无须审核"
    return "、".join(f"{feed.department}.{number}" for number in feed.reviewers) or "目录未指明"


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def _period(text: str) -> Period:
    try:
        return Period.parse(text)
    except PeriodInvalid as error:
        refuse(error)
