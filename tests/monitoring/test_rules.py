"""The rules as shipped: accepted by Prometheus' own tool, tested alert by alert, and naming only what exists."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
from ruamel.yaml import YAML

from gateway.cli.main import app
from monitoring.exporter.metrics import BY_NAME, SOURCES
from tests.peers.processes import ROOT
from tests.peers.prometheus import ALERTMANAGER_YML, PROMETHEUS_YML, RULE_TESTS, RULES, changed, tool

PAGE = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
RULE_FILES, TEST_FILES = sorted(RULES.glob("*.yml")), sorted(RULE_TESTS.glob("*.yml"))
SEVERITIES = {"info", "warning", "critical", "emergency"}

_STRING = re.compile(r'"[^"]*"')
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_MATCHING = re.compile(r"\b(?:on|by|without|group_left|ignoring)\s*\(([^)]*)\)")
_SELECTOR = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^}]*)\}")
_DURATION = re.compile(r"\[[0-9a-z:]+\]")
_LABEL = re.compile(r"\$labels\.(\w+)")
_COMMAND = re.compile(r"yizhan ([a-z]+)")
_LANGUAGE = {
    "abs", "absent", "and", "floor", "group", "group_left", "max", "max_over_time", "on", "by", "or",
    "predict_linear", "scalar", "time", "timestamp", "unless", "vector",
}  # fmt: skip
_SCRAPED = {"instance", "job"}
_OTHERS = {"up": ()}
"""Series of Prometheus itself."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    name: str
    expression: str
    labels: dict[str, str]
    annotations: dict[str, str]


def _rules(key: str) -> Iterator[Rule]:
    for path in RULE_FILES:
        for group in YAML(typ="safe").load(path)["groups"]:
            for rule in group["rules"]:
                if key in rule:
                    yield Rule(
                        name=rule[key], expression=rule["expr"],
                        labels=rule.get("labels", {}), annotations=rule.get("annotations", {}),
                    )  # fmt: skip


RECORDINGS = {rule.name: rule for rule in _rules("record")}
ALERTS = list(_rules("alert"))
ALERT_NAMES = sorted({rule.name for rule in ALERTS})
EVERY = [*RECORDINGS.values(), *ALERTS]


def _cases() -> Iterator[tuple[str, list[dict]]]:
    for path in TEST_FILES:
        for case in YAML(typ="safe").load(path)["tests"]:
            yield case["name"], case["alert_rule_test"]


CASES = list(_cases())


def _named(rule: Rule) -> set[str]:
    """The metrics an expression asks for."""
    bare = _DURATION.sub("", _SELECTOR.sub(r"\1", _MATCHING.sub(" ", _STRING.sub("", rule.expression))))
    return set(_NAME.findall(bare)) - _LANGUAGE


def _labels_of(metric: str) -> set[str]:
    """The labels that series of a metric or of a recording may have."""
    if metric in BY_NAME:
        return {*BY_NAME[metric].labels, *_SCRAPED}
    if metric in _OTHERS:
        return set(_SCRAPED)
    named = _named(RECORDINGS[metric]) - {metric}
    return set().union(*(_labels_of(one) for one in named))


# --- accepted ---------------------------------------------------------------------------------------------------------


def test_prometheus_accepts_the_rules_without_a_complaint() -> None:
    checked = tool("promtool", "check", "rules", "--lint=all", "--lint-fatal", *RULE_FILES)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.count("SUCCESS") == len(RULE_FILES) == 5


def test_prometheus_accepts_its_configuration() -> None:
    checked = tool("promtool", "check", "config", "--syntax-only", PROMETHEUS_YML)
    assert checked.returncode == 0, checked.stderr


def test_alertmanager_accepts_its_configuration() -> None:
    checked = tool("amtool", "check-config", ALERTMANAGER_YML)
    assert checked.returncode == 0, checked.stderr
    assert " - 3 receivers" in checked.stdout


@pytest.mark.parametrize("path", TEST_FILES, ids=lambda path: path.stem)
def test_every_alert_fires_and_is_silent_when_its_tests_say_so(path: Path) -> None:
    tested = tool("promtool", "test", "rules", path)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_a_memory_that_looks_back_over_a_range_would_revive_settled_debts(tmp_path: Path) -> None:
    """The trap that the recording rules avoid; also the proof that their tests can fail."""
    shutil.copytree(RULES, tmp_path / "rules")
    shutil.copytree(RULE_TESTS, tmp_path / "tests")
    memory = tmp_path / "rules" / "memory.yml"
    own = "            yizhan:period_owed_timestamp_seconds\n"
    ranged = "            last_over_time(yizhan:period_owed_timestamp_seconds[6h])\n"
    memory.write_text(changed(memory.read_text(encoding="utf-8"), {own: ranged}), encoding="utf-8")
    tested = tool("promtool", "test", "rules", tmp_path / "tests" / "deadlines.yml")
    assert tested.returncode == 1
    assert "never revives in absence of the exporter what was settled before it" in tested.stdout + tested.stderr


# --- complete ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alert", ALERT_NAMES)
def test_an_alert_has_a_case_in_which_it_fires(alert: str) -> None:
    fired = [checks for name, checks in CASES if name.startswith(f"{alert} fires")]
    assert fired
    assert all(any(check["alertname"] == alert and check.get("exp_alerts") for check in case) for case in fired)


@pytest.mark.parametrize("alert", ALERT_NAMES)
def test_an_alert_has_a_case_in_which_it_is_silent(alert: str) -> None:
    silent = [checks for name, checks in CASES if name.startswith(f"{alert} is silent") and " absence " not in name]
    assert silent
    assert all(any(not check.get("exp_alerts") for check in case) for case in silent)


@pytest.mark.parametrize("alert", ALERT_NAMES)
def test_an_alert_has_a_case_for_the_absence_of_its_metric(alert: str) -> None:
    assert [name for name, _ in CASES if name.startswith(f"{alert} ") and " in absence of " in name]


def test_every_level_of_every_alert_is_seen_firing() -> None:
    promised = {(rule.name, rule.labels["severity"]) for rule in ALERTS if "{{" not in rule.labels["severity"]}
    promised |= {("YizhanPeriodDueSoon", "info"), ("YizhanPeriodDueSoon", "warning")}
    seen = {
        (check["alertname"], expected["exp_labels"]["severity"])
        for _, checks in CASES
        for check in checks
        for expected in check.get("exp_alerts") or ()
    }
    assert seen == promised


# --- naming only what exists ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.name)
def test_a_rule_names_only_metrics_of_the_exporter_and_recordings_of_its_own(rule: Rule) -> None:
    named = _named(rule)
    assert named
    assert named <= {*BY_NAME, *RECORDINGS, *_OTHERS}


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.name)
def test_a_rule_selects_and_joins_by_labels_that_these_metrics_have(rule: Rule) -> None:
    known = set().union(*(_labels_of(one) for one in _named(rule)))
    joined = {label.strip() for listed in _MATCHING.findall(rule.expression) for label in listed.split(",")}
    assert joined <= known
    for metric, matchers in _SELECTOR.findall(rule.expression):
        assert set(re.findall(r"(\w+)\s*(?:=|!)", _STRING.sub("", matchers))) <= _labels_of(metric)
    asked = re.findall(r'source!?=~?"([^"]+)"', rule.expression)
    assert {source for one in asked for source in one.split("|")} <= set(SOURCES)


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: f"{rule.name}-{rule.labels['severity'][:8]}")
def test_an_alert_says_what_happened_what_to_do_next_and_where_it_is_explained(rule: Rule) -> None:
    assert set(rule.annotations) == {"summary", "next_step", "runbook"}
    assert rule.annotations["runbook"] == f"docs/monitoring.md#{rule.name.lower()}"
    assert rule.labels["concerns"] in {"deadline", "machine"}
    assert rule.labels["severity"] in SEVERITIES or rule.name == "YizhanPeriodDueSoon"
    known = set().union(*(_labels_of(one) for one in _named(rule)))
    for text in (*rule.annotations.values(), *rule.labels.values()):
        assert set(_LABEL.findall(text)) <= known


@pytest.mark.parametrize("alert", ALERT_NAMES)
def test_an_alert_has_a_section_of_the_runbook(alert: str) -> None:
    assert PAGE.count(f"\n### {alert}\n") == 1


def test_the_runbook_has_no_section_for_an_alert_that_does_not_exist() -> None:
    assert set(re.findall(r"\n### (Yizhan\w+)\n", PAGE)) == set(ALERT_NAMES)


def test_what_alerts_and_runbook_tell_people_to_type_exists() -> None:
    commands = set(typer.main.get_command(app).commands)
    told = {command for rule in ALERTS for command in _COMMAND.findall(rule.annotations["next_step"])}
    assert told | set(re.findall(r"`yizhan ([a-z]+)", PAGE)) <= commands
