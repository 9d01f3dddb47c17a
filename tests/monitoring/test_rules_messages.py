"""What people are told and what they are not: the shipped Alertmanager with its routes, inhibitions and templates.

Alerts are sent as Prometheus sends them, with the labels and annotations of the rules.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.monitoring.rules_channels import Channels, channels
from tests.peers.prometheus import ALERTMANAGER_YML, TEMPLATES, Alertmanager, alertmanager, tool, wait_until

ARTICLE = '《湖南省"互联网+监督"平台运行管理办法》第十八条:每月10日前完成上个月的增量数据推送至共享交换平台前置机'
DEADLINE = "2026年11月10日24时(北京时间)"
OWNER = "科技信息化大队"
NEXT = f"请{OWNER}立即在前置机执行 yizhan run police.households --period 2026-10 补报"
OVERDUE = "公安局“户籍人口”2026-10 期逾期未报,已超 3 天"
DEBT = {
    "alertname": "YizhanPeriodOverdue", "severity": "critical", "concerns": "deadline", "instance": "centre:9464",
    "job": "yizhan", "department": "police", "department_title": "公安局", "feed": "police.households",
    "title": "户籍人口", "period": "2026-10", "owner": OWNER, "article": ARTICLE, "deadline": DEADLINE,
}  # fmt: skip
SAYS = {"summary": OVERDUE, "next_step": NEXT, "runbook": "docs/monitoring.md#yizhanperiodoverdue"}
BEGAN = "2026-11-14T00:04:59Z"  # 08:04 in Beijing


def alert(status: str = "firing", **labels: str) -> dict[str, Any]:
    """As Alertmanager hands it to a template."""
    known = {"status": status, "labels": DEBT | labels, "annotations": SAYS, "startsAt": BEGAN}
    return known | {"endsAt": "2026-11-15T16:00:00Z", "generatorURL": "", "fingerprint": "00"}


def rendered(path: Path, template: str, *alerts: dict[str, Any]) -> str:
    """One template over one message, by Alertmanager's own tool."""
    status = "firing" if any(one["status"] == "firing" for one in alerts) else "resolved"
    labels = {name: alerts[0]["labels"][name] for name in ("department", "department_title")}
    message = {
        "receiver": "office", "status": status, "alerts": list(alerts), "groupLabels": {"department": "police"},
        "commonLabels": labels, "commonAnnotations": {}, "externalURL": "",
    }  # fmt: skip
    path.write_text(json.dumps(message), encoding="utf-8")
    kind = "html" if template == "yizhan.html" else "text"
    asked = ("--template.glob", TEMPLATES / "*.tmpl", "--template.text", f'{{{{ template "{template}" . }}}}')
    ran = tool("amtool", "template", "render", *asked, "--template.data", path, "--template.type", kind)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


# --- the words --------------------------------------------------------------------------------------------------------


def test_a_mail_states_article_deadline_post_and_next_step_and_when_in_beijing(tmp_path: Path) -> None:
    assert rendered(tmp_path / "data", "yizhan.text", alert()).split("\n") == [
        "【驿站告警】公安局:1 项",
        "",
        f"[橙色] {OVERDUE}",
        f"应报时限:{DEADLINE}",
        f"依据:{ARTICLE}",
        f"责任岗位:{OWNER}",
        f"下一步:{NEXT}",
        "告警时间:2026年11月14日 08:04(北京时间)",
        "处置说明:docs/monitoring.md#yizhanperiodoverdue",
        "",
    ]


def test_an_all_clear_says_what_is_settled_and_asks_for_nothing(tmp_path: Path) -> None:
    assert rendered(tmp_path / "data", "yizhan.text", alert("resolved")).split("\n") == [
        "【驿站恢复】公安局:告警已解除",
        "",
        f"[已解除] {OVERDUE}",
        "解除:2026年11月16日 00:00(北京时间)",
        "",
    ]


DUE_SOON = {"alertname": "YizhanPeriodDueSoon", "severity": "info", "step": "1"}
NODE = {"period": "", "feed": ""}
# what has ended in one message; how many lines it is
ENDED = {
    "three levels of one period": ([{"severity": severity} for severity in ("critical", "emergency", "warning")], 1),
    "of two periods": (
        [{"severity": severity, "period": f"2026-{m}"} for m in ("09", "10") for severity in ("critical", "warning")], 2
    ),
    "of two feeds": ([{}, {"feed": "police.deaths"}], 2),
    "two rungs of the ladder": ([DUE_SOON, DUE_SOON | {"step": "2"}], 1),
    "rungs and the debt": ([DUE_SOON, {"severity": "warning"}, DUE_SOON | {"step": "3", "severity": "warning"}], 1),
    "the debt and its totals": ([{"severity": "warning"}, {"alertname": "YizhanPeriodUnbalanced"}], 1),
    "two certificates": (
        [
            NODE | {"alertname": "YizhanCertificateExpiring", "certificate": name, "severity": severity}
            for name in ("签名(a+b)", "加密")
            for severity in ("warning", "critical")
        ],
        2,
    ),
    "two sources": (
        [NODE | {"alertname": "YizhanSourceFailed", "source": name} for name in ("board", "ledger")], 2
    ),
}  # fmt: skip


@pytest.mark.parametrize("template", ["yizhan.text", "yizhan.html", "yizhan.wecom"])
@pytest.mark.parametrize("case", ENDED)
def test_what_has_ended_is_one_line_a_period(case: str, template: str, tmp_path: Path) -> None:
    ended, lines = ENDED[case]
    said = rendered(tmp_path / "data", template, *[alert("resolved", **labels) for labels in ended])
    assert said.count("[已解除]") == lines


def test_of_a_reminder_and_a_debt_that_end_together_the_debt_is_told(tmp_path: Path) -> None:
    reminder = alert("resolved", **DUE_SOON) | {"annotations": SAYS | {"summary": "临近"}}
    said = rendered(tmp_path / "data", "yizhan.text", reminder, alert("resolved", severity="warning"))
    assert f"[已解除] {OVERDUE}" in said and "临近" not in said


def test_a_debt_that_goes_on_at_another_level_has_not_ended(tmp_path: Path) -> None:
    others = alert("resolved", period="2026-09"), alert("resolved", alertname="YizhanPeriodUnbalanced")
    said = rendered(tmp_path / "data", "yizhan.text", alert(severity="warning"), alert("resolved"), *others)
    assert (said.count("[黄色]"), said.count("[已解除]")) == (1, 2)


@pytest.mark.parametrize(
    ("severity", "word"), [("info", "提示"), ("warning", "黄色"), ("critical", "橙色"), ("emergency", "红色")]
)
def test_every_severity_has_its_colour(severity: str, word: str, tmp_path: Path) -> None:
    assert f"[{word}] {OVERDUE}" in rendered(tmp_path / "data", "yizhan.text", alert(severity=severity))


def test_a_page_shows_a_title_from_the_catalogue_as_text(tmp_path: Path) -> None:
    page = rendered(tmp_path / "data", "yizhan.html", alert(article="<script>第十八条</script>"))
    assert "&lt;script&gt;第十八条&lt;/script&gt;" in page
    assert "<script>" not in page
    for said in (OVERDUE, DEADLINE, OWNER, NEXT, "2026年11月14日 08:04(北京时间)"):
        assert said in page


def test_wecom_gets_no_more_than_it_takes_and_the_number_of_all(tmp_path: Path) -> None:
    """2,048 bytes; the article is the longest of the sample catalogue."""
    said = rendered(tmp_path / "data", "yizhan.wecom", *[alert(period=f"2026-{month:02}") for month in range(1, 13)])
    assert said.count(OVERDUE) == 2
    assert "以上为前 2 项,共 12 项" in said
    assert len(said.encode()) < 2048


# --- the routes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("severity", "concerns", "receiver"),
    [
        ("info", "deadline", "notice"),
        ("info", "machine", "notice"),
        ("warning", "deadline", "office"),
        ("critical", "deadline", "office"),
        ("emergency", "deadline", "office"),
        ("warning", "machine", "machines"),
        ("critical", "machine", "machines"),
    ],
)
def test_who_is_told(severity: str, concerns: str, receiver: str) -> None:
    labels = (f"severity={severity}", f"concerns={concerns}", "department=agri")
    asked = tool("amtool", "config", "routes", "test", "--config.file", ALERTMANAGER_YML, *labels)
    assert (asked.returncode, asked.stdout.strip()) == (0, receiver)


@pytest.mark.parametrize(
    ("severity", "receivers"),
    [("warning", "machines"), ("critical", "office,machines"), ("emergency", "office,machines")],
)
def test_the_office_hears_of_a_silent_front_end_that_hides_a_debt(severity: str, receivers: str) -> None:
    labels = ("alertname=YizhanFrontEndSilent", f"severity={severity}", "concerns=machine", "department=agri")
    asked = tool("amtool", "config", "routes", "test", "--config.file", ALERTMANAGER_YML, *labels)
    assert (asked.returncode, asked.stdout.strip()) == (0, receivers)


# --- the real thing ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def heard() -> Iterator[Channels]:
    with channels() as kept:
        yield kept


@pytest.fixture(scope="module")
def manager(heard: Channels) -> Iterator[Alertmanager]:
    with alertmanager(http=heard.http, smtp=heard.smtp) as running:
        yield running


def _sent(*labels: dict[str, str], **annotations: str) -> list[dict[str, Any]]:
    now = datetime.now(UTC).isoformat()
    return [{"labels": DEBT | one, "annotations": SAYS | annotations, "startsAt": now} for one in labels]


def _silent() -> dict[str, str]:
    """Labels of the front-end's own alert, without a period's."""
    ours = {"alertname": "YizhanFrontEndSilent", "severity": "warning", "concerns": "machine"}
    return ours | dict.fromkeys(("feed", "title", "period", "article", "deadline"), "")


# what is sent, of a department that no other case has; which of it (by place) is heard
INHIBITED = {
    "a higher level speaks for the lower ones": (
        [{"severity": "warning"}, {"severity": "critical"}, {"severity": "emergency"}], {2},
    ),
    "but not for those of another period": (
        [{"severity": "warning"}, {"severity": "critical", "period": "2026-09"}], {0, 1},
    ),
    "nor for those of another node": (
        [{"severity": "warning"}, {"severity": "critical", "instance": "city:9464"}], {0, 1},
    ),
    "a later rung of the ladder speaks for the earlier ones": (
        [{"alertname": "YizhanPeriodDueSoon", "severity": "info", "step": step} for step in "123"], {2},
    ),
    "the second rung for the first": (
        [{"alertname": "YizhanPeriodDueSoon", "severity": "info", "step": step} for step in "12"], {1},
    ),
    "a silent front-end speaks for what its department owes": (
        [
            _silent(), {"severity": "warning"}, {"severity": "critical", "period": "2026-09"},
            {"alertname": "YizhanPeriodDueSoon", "severity": "info", "step": "1"},
            {"alertname": "YizhanSpoolStuck", "severity": "critical"},
        ],
        {0},
    ),
    "for a debt of ten days too, whose colour it has; but not for totals that differ": (
        [
            _silent() | {"severity": "emergency"}, {"severity": "emergency"},
            {"alertname": "YizhanPeriodUnbalanced", "severity": "critical"},
        ],
        {0, 2},
    ),
    "from the due on nothing is told of its reminders": (
        [
            {"severity": "warning"}, {"alertname": "YizhanPeriodDueSoon", "severity": "warning", "step": "3"},
            {"alertname": "YizhanForecastLate", "severity": "info"},
        ],
        {0},
    ),
    "but of another period's": (
        [{"severity": "warning"}, {"alertname": "YizhanPeriodDueSoon", "severity": "info", "period": "2026-11"}],
        {0, 1},
    ),
    "nor for another department": ([_silent() | {"department": "-other"}, {"severity": "warning"}], {0, 1}),
    "a dead exporter speaks for its sources, and for machines of which nothing is known": (
        [
            {"alertname": "YizhanExporterDown", "concerns": "machine"},
            *[
                {"alertname": alert, "severity": "warning", "concerns": "machine"}
                for alert in ("YizhanSourceFailed", "YizhanFrontEndSilent", "YizhanDiskFilling")
            ],
        ],
        {0},
    ),
    "but never for a debt": ([{"alertname": "YizhanExporterDown"}, {"severity": "warning"}], {0, 1}),
}  # fmt: skip


@pytest.mark.parametrize("case", INHIBITED)
def test_inhibition(case: str, manager: Alertmanager) -> None:
    sent, expected = INHIBITED[case]
    own = f"d{list(INHIBITED).index(case)}"
    # the last pair shows that all before it have been looked at: of it, the first alone is heard
    pair = [{"alertname": "Pair", "severity": severity} for severity in ("emergency", "info")]
    alerts = _sent(*[{**one, "department": own + one.get("department", "")} for one in [*sent, *pair]])
    manager.send(alerts)
    wanted = {_key(alerts[place]["labels"]) for place in [*expected, len(sent)]}
    wait_until(lambda: _heard(manager, own) == wanted, 20)


def _heard(manager: Alertmanager, department: str) -> set[tuple[str, ...]]:
    return {_key(one) for one in manager.heard() if one["department"].startswith(department)}


def _key(labels: dict[str, str]) -> tuple[str, ...]:
    return tuple(labels.get(name, "") for name in ("alertname", "severity", "step", "period", "instance", "department"))


def test_a_debt_reaches_the_office_by_mail_wecom_and_webhook_one_message_a_department(
    manager: Alertmanager, heard: Channels
) -> None:
    own = {"department": "mail", "department_title": "邮政局"}
    manager.send(_sent(own | {"period": "2026-09"}, own | {"period": "2026-10"}))
    wait_until(lambda: _hooks(heard, "mail"), 20)
    wait_until(lambda: _of(heard, "邮政局")[0] and _of(heard, "邮政局")[1], 20)
    [hook] = _hooks(heard, "mail")
    assert [one["annotations"] for one in hook["alerts"]] == [SAYS, SAYS]
    assert sorted(one["labels"]["period"] for one in hook["alerts"]) == ["2026-09", "2026-10"]
    mails, notes = _of(heard, "邮政局")
    assert [mail["Subject"] for mail in mails] == ["【驿站告警】邮政局:2 项"]
    assert len(notes) == 1
    text, page = (mails[0].get_body((kind,)).get_content() for kind in ("plain", "html"))
    for said in (text, page, *notes):
        assert [said.count(fact) for fact in (OVERDUE, DEADLINE, NEXT, "第十八条:每月10日前")] == [2, 2, 2, 2]


def test_departments_of_the_same_name_in_two_counties_are_told_apart(manager: Alertmanager, heard: Channels) -> None:
    manager.send(_sent(*[{"department": "twin", "instance": f"{county}:9464"} for county in ("changning", "linli")]))
    wait_until(lambda: len(_hooks(heard, "twin")) == 2, 20)
    assert [len(hook["alerts"]) for hook in _hooks(heard, "twin")] == [1, 1]


def _hooks(heard: Channels, department: str) -> list[dict[str, Any]]:
    return [hook for hook in heard.hooks if hook["groupLabels"].get("department") == department]


def _of(heard: Channels, title: str) -> tuple[list[EmailMessage], list[str]]:
    """What came of one department by mail and by WeCom."""
    notes = [note["text"]["content"] for note in heard.wecom]
    return [mail for mail in heard.mails if title in mail["Subject"]], [note for note in notes if f"】{title}:" in note]


def test_a_reminder_goes_by_mail_alone(manager: Alertmanager, heard: Channels) -> None:
    manager.send(_sent({"department": "soft", "alertname": "YizhanPeriodDueSoon", "severity": "info"}, summary="临近"))
    wait_until(lambda: any("临近" in mail.get_body(("plain",)).get_content() for mail in heard.mails), 20)
    manager.send(_sent({"department": "later"}))  # what the webhook would have got before this one
    wait_until(lambda: _hooks(heard, "later"), 20)
    assert _hooks(heard, "soft") == []
    assert not [note for note in heard.wecom if "临近" in note["text"]["content"]]


def test_a_period_that_is_exempt_is_told_once_as_settled_in_every_message(
    manager: Alertmanager, heard: Channels
) -> None:
    """Three levels and all rungs end at once; the real thing sends them in one message to each of its readers."""
    own = {"department": "settled", "department_title": "林业局"}
    levels = [own | {"severity": severity} for severity in ("warning", "critical", "emergency")]
    rungs = [own | DUE_SOON | {"step": step, "period": "2026-11"} for step in "12"]
    sent = _sent(*levels, own | {"severity": "warning", "period": "2026-09"}, *rungs)
    manager.send(sent)
    wait_until(lambda: _of(heard, "林业局")[1] and len(_of(heard, "林业局")[0]) == 2, 20)
    assert [_of(heard, "林业局")[1][0].count(f"] {OVERDUE}")] == [2]
    ends = datetime.now(UTC).isoformat()
    manager.send([one | {"endsAt": ends} for one in sent])
    wait_until(lambda: len(_settled(heard)) == 3, 30)
    assert sorted(said.count("[已解除]") for said in _settled(heard)) == [
        1,
        2,
        2,
    ]  # notice; mail and WeCom of the office
    raw = [one["labels"]["severity"] for one in heard.told("resolved") if one["labels"]["department"] == "settled"]
    assert sorted(raw) == ["critical", "emergency", "warning", "warning"]  # a program gets them all


def _settled(heard: Channels) -> list[str]:
    """What was told as settled in the case above, by mail and by WeCom."""
    mails, notes = _of(heard, "林业局")
    return [said for said in (*(one.get_body(("plain",)).get_content() for one in mails), *notes) if "[已解除]" in said]
