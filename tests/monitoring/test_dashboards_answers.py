"""A real Prometheus scrapes a county and evaluates the shipped rules; every panel, variable and mark is asked of it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.monitoring.dashboards_asked import EVERYTHING, FILES, filled, of_marks, of_panel, panels, read
from tests.monitoring.dashboards_county import BOARD, TITLES, exposition
from tests.monitoring.dashboards_exporter import Sample, Watching, watching
from tests.peers.prometheus import wait_until

PANELS = [(dashboard, panel) for dashboard in map(read, FILES) for panel in panels(dashboard)]
TABLES = [(dashboard, panel) for dashboard, panel in PANELS if panel["type"] == "table"]
OVERDUE = [one for one in BOARD if one.state in ("overdue", "unbalanced")]


@pytest.fixture(scope="module")
def prometheus() -> Iterator[Watching]:
    with watching(exposition(time.time())) as watched:
        yield watched


def _named(of: list[tuple[dict[str, Any], dict[str, Any]]]) -> Any:
    names = [f"{dashboard['uid']} {panel['title']}" for dashboard, panel in of]
    return pytest.mark.parametrize(("dashboard", "panel"), of, ids=names)


def _answers(prometheus: Watching, dashboard: dict[str, Any], panel: dict[str, Any]) -> dict[str, list[Sample]]:
    chosen = {**EVERYTHING, "node": prometheus.node}
    asked = of_panel(dashboard, panel)
    return {one.letter: prometheus.ask(filled(one.expression, chosen)) for one in asked}


@_named(PANELS)
def test_every_query_of_every_panel_gets_data(
    prometheus: Watching, dashboard: dict[str, Any], panel: dict[str, Any]
) -> None:
    for letter, answer in _answers(prometheus, dashboard, panel).items():
        assert answer, letter


@_named([(dashboard, panel) for dashboard, panel in PANELS if panel["type"] != "table"])
def test_every_label_of_a_legend_is_on_every_series(
    prometheus: Watching, dashboard: dict[str, Any], panel: dict[str, Any]
) -> None:
    answers = _answers(prometheus, dashboard, panel)
    for target in panel["targets"]:
        wanted = set(re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", "")))
        samples = answers[target["refId"]]
        assert all(set(one.labels) == wanted for one in samples)
        assert len({tuple(one.labels[name] for name in wanted) for one in samples}) == len(samples)


@_named(TABLES)
def test_every_column_a_table_names_is_in_the_answers(
    prometheus: Watching, dashboard: dict[str, Any], panel: dict[str, Any]
) -> None:
    answers = _answers(prometheus, dashboard, panel)
    labels = {name for answer in answers.values() for one in answer for name in one.labels}
    values = {f"Value #{letter}" for letter in answers} if len(answers) > 1 else {"Value"}
    assert _columns(panel) <= labels | values
    assert "Value #A" not in _columns(panel)


@_named([(dashboard, panel) for dashboard, panel in TABLES if len(panel["targets"]) > 1])
def test_queries_of_a_table_meet_on_the_same_rows(
    prometheus: Watching, dashboard: dict[str, Any], panel: dict[str, Any]
) -> None:
    """Grafana joins on the labels that all queries have: they must tell rows apart, and no query may add a row."""
    first, *others = _answers(prometheus, dashboard, panel).values()
    shared = set.intersection(*({name for one in answer for name in one.labels} for answer in (first, *others)))
    keys = [_row(one, shared) for one in first]
    assert len(set(keys)) == len(keys)
    for answer in others:
        rows = [_row(one, shared) for one in answer]
        assert len(set(rows)) == len(rows)
        assert set(rows) <= set(keys)


def _row(sample: Sample, shared: set[str]) -> tuple[str, ...]:
    return tuple(sample.labels.get(name, "") for name in sorted(shared))


def _columns(panel: dict[str, Any]) -> set[str]:
    """What its transformations, looks and addresses name; a matrix's corner is made of its two labels."""
    named: set[str] = set()
    for step in panel["transformations"]:
        options = step["options"]
        named |= set(options.get("include", {}).get("names", ())) | set(options.get("indexByName", {}))
        named |= {options[key] for key in ("rowField", "columnField", "valueField") if key in options}
        named |= {one["field"] for one in options.get("sort", ())}
    for look in panel["fieldConfig"]["overrides"]:
        named |= set(look["matcher"]["options"].split("\\"))
    return named | set(re.findall(r"__data\.fields\.(\w+)", str(panel)))


@pytest.mark.parametrize(
    ("title", "figure"),
    [
        ("逾期未报", len(OVERDUE)),
        ("即将到期", 1),
        ("对账不平", 1),
        ("待审核放行", 1),
        ("预测迟报", 1),
        ("按时", 2),
        ("迟报", 2),
        ("免报", 1),
        ("清点条数", 1500),
        ("清点金额(元)", 3699.75),
        ("问题数据", 106),
        ("有更正的期数", 1),
        ("失联前置机", 1),
        ("时钟偏差超过60秒", 1),
        ("最近一次失败的事项", 1),
        ("有死信的部门", 1),
        ("7 天内到期的证书", 1),
        ("30 天内到期的证书", 2),
        ("60 天内到期的证书", 3),
        ("缺日历的年份", 0),
        ("台账行数", 4321),
    ],
)
def test_a_figure_is_what_the_county_has(prometheus: Watching, title: str, figure: float) -> None:
    shown = [one for one in PANELS if one[1]["title"] == title and one[1]["type"] == "stat"]
    assert shown
    for dashboard, panel in shown:
        [[sample]] = _answers(prometheus, dashboard, panel).values()
        assert sample.value == pytest.approx(figure)


def test_a_cell_of_the_board_is_the_worst_state_of_its_feeds(prometheus: Watching) -> None:
    [(dashboard, panel)] = [one for one in PANELS if one[1]["title"] == "部门 × 数据期"]
    [answer] = _answers(prometheus, dashboard, panel).values()
    words = panel["fieldConfig"]["defaults"]["mappings"][0]["options"]
    cells = {(one.labels["department_title"], one.labels["period"]): words[f"{one.value:g}"]["text"] for one in answer}
    assert len(cells) == len(BOARD)
    assert cells["民政局", "2026-10"] == "逾期未报"
    assert cells["农经中心", "2026Q3"] == "对账不平"
    assert cells["国土资源局", "2026-10"] == "免报"


def test_only_what_is_due_today_is_listed_for_today(prometheus: Watching) -> None:
    [(dashboard, panel)] = [one for one in PANELS if one[1]["title"] == "今日到期"]
    for answer in _answers(prometheus, dashboard, panel).values():
        assert [(one.labels["feed"], one.labels["period"]) for one in answer] == [("finance.onecard", "2026-10")]


def test_a_department_that_was_never_heard_has_a_row_of_its_own(prometheus: Watching) -> None:
    [(dashboard, panel)] = [one for one in PANELS if one[1]["title"] == "前置机一览"]
    answers = _answers(prometheus, dashboard, panel)
    assert {one.labels["department_title"] for one in answers["A"]} == set(TITLES.values())
    assert {one.labels["department"] for one in answers["B"]} == {"civil", "agri"}


def test_the_nodes_own_certificate_stands_under_its_own_name(prometheus: Watching) -> None:
    [(dashboard, panel)] = [one for one in PANELS if one[1]["title"] == "证书到期"]
    named = {
        one.labels["certificate"]: one.labels["department_title"] for one in _answers(prometheus, dashboard, panel)["A"]
    }
    assert named == {"centre": "本节点", "civil-front-end": "民政局", "agri-front-end": "农经中心"}


@pytest.mark.parametrize("dashboard", [read(file) for file in FILES], ids=lambda one: one["uid"])
def test_every_variable_offers_what_there_is(prometheus: Watching, dashboard: dict[str, Any]) -> None:
    chosen = {**EVERYTHING, "node": prometheus.node}
    offered = {
        one["name"]: _offered(prometheus, filled(one["query"]["query"], chosen), one.get("regex", ""))
        for one in dashboard["templating"]["list"]
        if one["type"] == "query"
    }
    wanted = {
        "role": {("centre", "centre")},
        "node": {(prometheus.node, prometheus.node)},
        "department": set(TITLES.items()),
        "period": {(one.period, one.period) for one in BOARD},
    }
    assert offered == {name: wanted[name] for name in offered}
    assert list(offered)[:3] == ["role", "node", "department"]


def _offered(prometheus: Watching, query: str, regex: str) -> set[tuple[str, str]]:
    """(value, text), made as Grafana makes them: of a series' labels, or of the written answer by named groups."""
    values = re.fullmatch(r"label_values\((.*), (\w+)\)", query)
    if values:
        return {(one.labels[values[2]],) * 2 for one in prometheus.ask(f"group by ({values[2]}) ({values[1]})")}
    pattern = re.compile(regex.strip("/").replace("(?<", "(?P<"))
    found = set()
    for one in prometheus.ask(query[len("query_result(") : -1]):
        parts = pattern.search("{" + ",".join(f'{name}="{value}"' for name, value in one.labels.items()) + "} 1 0")
        assert parts, one
        found.add((parts["value"], parts["text"]))
    return found


def test_a_new_debt_is_marked_for_an_hour_and_no_longer(prometheus: Watching) -> None:
    [mark] = [one for one in of_marks(read(FILES[0])) if "逾期" in one.place]
    expression = filled(mark.expression, {**EVERYTHING, "node": prometheus.node})
    assert prometheus.ask(expression) == []
    [owed] = prometheus.ask('yizhan:period_owed_timestamp_seconds{feed="civil.dibao",period="2026-10"}')
    marked = [
        [
            one.labels["department_title"]
            for one in prometheus.ask(expression.replace("time()", f"{owed.value + after}"))
        ]
        for after in (-1, 0, 3599, 3600)
    ]
    assert marked == [[], ["民政局"], ["民政局"], []]


def test_debts_stay_and_no_count_says_nought_when_the_exporter_is_gone() -> None:
    with watching(exposition(time.time())) as watched:
        watched.take_exporter_away()
        wait_until(lambda: watched.ask("yizhan_feed_period_state") == [])
        shown = {}
        for dashboard, panel in PANELS:
            if panel["type"] == "stat":
                [answer] = _answers(watched, dashboard, panel).values()
                shown[panel["title"]] = [one.value for one in answer]
        assert shown.pop("逾期未报") == [len(OVERDUE)]
        assert {tuple(values) for values in shown.values()} == {()}
        [debts] = [panel for _, panel in PANELS if panel["title"] == "逾期清单"]
        listed = _answers(watched, read(FILES[0]), debts)
        assert {(one.labels["feed"], one.labels["title"]) for one in listed["A"]} == {
            ("civil.dibao", "低保名册"),
            ("agri.village", "村级凭证"),
        }
        assert len(listed["B"]) == len(OVERDUE)
