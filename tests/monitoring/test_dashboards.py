"""The committed dashboards: made by the code, readable by Prometheus' own parser, and naming only what there is."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from ruamel.yaml import YAML

from gateway.freshness import State
from gateway.freshness.words import STATE_WORDS
from monitoring.dashboards.collection import documents
from monitoring.dashboards.queries import RECORDED
from monitoring.dashboards.states import STATES
from monitoring.exporter.metrics import BY_NAME
from tests.monitoring.dashboards_asked import EVERYTHING, FILES, HOME, everything, filled, panels, read
from tests.peers.processes import ROOT
from tests.peers.prometheus import RULES, tool

CHOSEN = {**EVERYTHING, "node": "127.0.0.1:9"}
LABELS = {name: {*metric.labels, "instance", "job"} for name, metric in BY_NAME.items()} | {
    metric.name: {*metric.labels, "instance", "job"} for metric in RECORDED
}
DUE_TODAY = "yizhan-freshness · 今日到期"

each = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def test_there_are_four_dashboards() -> None:
    assert [file.stem for file in FILES] == [
        "yizhan-freshness",
        "yizhan-front-ends",
        "yizhan-reconciliation",
        "yizhan-upkeep",
    ]


def test_the_committed_files_are_what_the_code_builds() -> None:
    assert {file.name: file.read_text(encoding="utf-8") for file in FILES} == documents()


def test_the_module_writes_the_same_files_elsewhere(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "monitoring.dashboards", tmp_path], cwd=ROOT, check=True, capture_output=True)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {f.name: f.read_bytes() for f in FILES}


@each
def test_the_sdk_of_grafana_reads_a_file_and_writes_the_same(file: Path) -> None:
    register_default_plugins()
    again = JSONEncoder(sort_keys=True).encode(Dashboard.from_json(read(file)))
    assert YAML(typ="safe").load(again) == read(file)


@each
def test_a_dashboard_keeps_its_uid_and_the_time_of_beijing(file: Path) -> None:
    dashboard = read(file)
    assert (dashboard["uid"], dashboard["timezone"]) == (file.stem, "Asia/Shanghai")
    assert dashboard["tags"] == ["yizhan"]


@each
def test_titles_are_chinese_and_each_is_explained_in_english(file: Path) -> None:
    dashboard = read(file)
    for shown in (dashboard, *panels(dashboard)):
        assert re.search("[\u4e00-\u9fff]", shown["title"]), shown["title"]
        assert re.fullmatch(r"[\x20-\x7e]{15,}", shown["description"]), shown["title"]
    assert all(re.search("[\u4e00-\u9fff]", one["label"]) for one in dashboard["templating"]["list"])


@each
def test_panels_lie_within_the_grid_and_never_on_each_other(file: Path) -> None:
    shown = read(file)["panels"]
    places = [one["gridPos"] for one in shown]
    assert len({one["id"] for one in shown}) == len(shown)
    assert all(place["w"] > 0 and place["h"] > 0 and place["x"] + place["w"] <= 24 for place in places)
    assert not [(one, other) for one, other in combinations(places, 2) if _overlap(one, other)]


def _overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    across = one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"]
    return across and one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"]


@each
def test_every_dashboard_leads_to_the_others_and_takes_the_choice_along(file: Path) -> None:
    [link] = read(file)["links"]
    assert (link["type"], link["tags"], link["includeVars"], link["keepTime"]) == ("dashboards", ["yizhan"], True, True)


def test_rows_lead_only_to_dashboards_and_variables_that_exist() -> None:
    known = {file.stem: {one["name"] for one in read(file)["templating"]["list"]} for file in FILES}
    found = re.findall(r'"/d/([^?"]+)\?([^"]*)"', "".join(file.read_text(encoding="utf-8") for file in FILES))
    assert len(found) == 3
    for uid, query in found:
        named = set(re.findall(r"var-(\w+)=", query)) | set(re.findall(r"\$\{(\w+):queryparam\}", query))
        assert named == {"department", "period", "datasource", "role", "node"}
        assert named <= known[uid]


@each
def test_expressions_use_only_the_dashboards_own_variables(file: Path) -> None:
    dashboard = read(file)
    named = {one["name"] for one in dashboard["templating"]["list"]}
    expressions = [one.expression for one in everything() if one.place.startswith(dashboard["uid"])]
    used = {name for expression in expressions for name in re.findall(r"\$(\w+)", expression)}
    assert used | {"role", "datasource"} == named
    assert all(panel["datasource"]["uid"] == "${datasource}" for panel in panels(dashboard))


def test_promtool_parses_every_expression(tmp_path: Path) -> None:
    asked = everything()
    rules = [{"record": f"asked:{n}", "expr": filled(one.expression, CHOSEN)} for n, one in enumerate(asked)]
    ran = _promtool("check", "rules", _written(tmp_path / "rules.yml", {"groups": [{"name": "asked", "rules": rules}]}))
    assert f"SUCCESS: {len(asked)} rules found" in ran
    assert len(asked) > 80


def test_promtool_would_refuse_an_expression_that_is_none(tmp_path: Path) -> None:
    rules = [{"record": "asked:0", "expr": "sum(by"}]
    file = _written(tmp_path / "rules.yml", {"groups": [{"name": "asked", "rules": rules}]})
    with pytest.raises(AssertionError, match="parse error"):
        _promtool("check", "rules", file)


def test_every_selector_names_a_metric_that_exists_and_labels_it_has() -> None:
    for one in everything():
        selectors = re.findall(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{([^}]*)\})", one.expression)
        bare = re.fullmatch(r"[a-z_:]+", one.expression)
        assert selectors or bare, one
        for name, matchers in [*selectors, *([(bare[0], "")] if bare else [])]:
            assert name in LABELS, (one.place, name)
            assert set(re.findall(r"(\w+)(?:=~|!~|!=|=)\"", matchers)) <= LABELS[name], (one.place, name)


def test_every_name_with_the_products_prefix_is_a_metric() -> None:
    named = {name for one in everything() for name in re.findall(r"yizhan[_:][a-z_:]+", one.expression)}
    assert named <= set(LABELS)
    assert len(named) > 30


def test_recorded_series_are_recorded_by_the_rules_that_are_shipped() -> None:
    loaded = [YAML(typ="safe").load(file) for file in RULES.glob("*.yml")]
    recorded = {rule.get("record") for file in loaded for group in file["groups"] for rule in group["rules"]}
    assert {metric.name for metric in RECORDED} <= recorded


def test_every_state_of_the_board_has_a_word_and_a_colour() -> None:
    assert sorted(one.state for one in STATES) == sorted(state.value for state in State)
    assert len({one.word for one in STATES}) == len(STATES)


def test_a_state_has_the_word_that_the_status_board_has_for_it() -> None:
    page = (ROOT / "docs" / "deadlines.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(\w+)` \| (\S+) \|", page, re.MULTILINE))
    words = {one.state: one.word for one in STATES}
    assert {state: words[state] for state in told} == told
    assert sorted(told) == ["due_soon", "exempt", "held", "not_due", "overdue", "unbalanced"]
    assert words == {state.value: word for state, (word, _) in STATE_WORDS.items()}


@pytest.mark.parametrize(
    ("now", "due", "listed"),
    [
        ("2026-11-22T15:59:30Z", "2026-11-22T15:59:59Z", True),  # 23:59:30 in Beijing, due at that day's end
        ("2026-11-21T16:00:00Z", "2026-11-22T15:59:59Z", True),  # midnight has just begun that day
        ("2026-11-21T15:59:30Z", "2026-11-22T15:59:59Z", False),  # still the day before
        ("2026-11-22T16:00:00Z", "2026-11-22T15:59:59Z", False),  # the day after
        ("2026-11-22T01:00:00Z", "2026-11-22T16:00:00Z", True),  # the day's own midnight still belongs to it
        ("2026-11-22T16:00:30Z", "2026-11-22T16:00:00Z", False),
    ],
)
def test_what_is_due_today_goes_by_the_day_in_beijing(tmp_path: Path, now: str, due: str, listed: bool) -> None:
    [days_left] = [one for one in everything() if one.place == DUE_TODAY and one.letter == "B"]
    seconds, owed = _unix(now), _unix(due)
    due_series = (
        'yizhan_feed_period_due_timestamp_seconds{instance="127.0.0.1:9",job="y",feed="f",department="d",period="p"}'
    )
    expected = [{"labels": '{department="d", feed="f", period="p"}', "value": (owed - seconds) / 86400 * 24}]
    test = {
        "interval": "1m",
        "input_series": [{"series": due_series, "values": f"{owed}+0x2"}],
        "promql_expr_test": [
            {
                "expr": _at(filled(days_left.expression, CHOSEN), seconds),
                "eval_time": "1m",
                "exp_samples": expected if listed else [],
            }
        ],
    }
    file = _written(tmp_path / "tests.yml", {"rule_files": [], "evaluation_interval": "1m", "tests": [test]})
    assert "SUCCESS" in _promtool("test", "rules", file)


def _at(expression: str, seconds: int) -> str:
    """promtool's time begins at 0; the present is put in its place."""
    assert "time()" in expression
    return expression.replace("time()", str(seconds))


def _unix(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())


def _written(file: Path, document: dict[str, Any]) -> Path:
    with file.open("w", encoding="utf-8") as opened:
        YAML(typ="safe").dump(document, opened)
    return file


def _promtool(*arguments: object) -> str:
    ran = tool("promtool", *arguments)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_what_is_provisioned_is_this_folder_and_the_data_source_is_prometheus() -> None:
    loader = YAML(typ="safe")
    [provider] = loader.load(HOME / "provisioning" / "dashboards" / "yizhan.yaml")["providers"]
    [source] = loader.load(HOME / "provisioning" / "datasources" / "yizhan.yaml")["datasources"]
    assert (provider["type"], provider["options"]["path"]) == ("file", "/var/lib/grafana/dashboards/yizhan")
    assert (source["type"], source["jsonData"]["timeInterval"]) == ("prometheus", "1m")
