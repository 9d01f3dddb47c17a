"""One-card configurations: nested sources judged by their own adapters, layouts as data, each fault at its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.onecard import OnecardConfig
from adapters.onecard.layout import FAILURES, Layout, State, load, shipped
from adapters.registry import Registry
from gateway.catalogue import load as load_catalogue
from gateway.catalogue.literals import read
from gateway.errors import ConfigFaults, YizhanError
from tests.adapters.onecard import configured, layout

SFTP = {
    "adapter": "sftp", "host": "10.0.0.1", "host_key": "SHA256:" + "A" * 43, "user": "u", "password": "env:P",
    "path": "/a.txt",
}  # fmt: skip
ROSTER = {"layout": "fiscal_roster", "source": SFTP}
RETURNS = {"layout": "bocom_return", "source": SFTP}
GOOD = {
    "title": "t", "found": "f", "holds": "returns", "match": ["serial"], "roles": {"serial": "序号", "state": "状态"},
    "states": {"0": "success"},
}  # fmt: skip


def faults(**parts: Any) -> list[tuple[str, str]]:
    """Where and why a configuration is refused."""
    with pytest.raises(ValidationError) as refused:
        configured(**parts)
    return [(".".join(map(str, one["loc"])), one["msg"]) for one in refused.value.errors()]


def test_a_layouts_blocks_go_to_the_source_that_has_none_of_its_own() -> None:
    config = configured(roster=ROSTER, returns={**RETURNS, "source": {**SFTP, "archive": None}})
    assert config.roster.source.format.totals.mark == "汇总"
    assert config.returns is not None
    assert (config.returns.source.format.delimiter, config.returns.source.archive) == ("|!", None)
    own = configured(roster={**ROSTER, "source": {**SFTP, "format": {"kind": "delimited", "delimiter": ";"}}})
    assert own.roster.source.format.delimiter == ";"


def test_a_database_takes_no_format() -> None:
    source = {"adapter": "odbc", "connection": "Driver=SQLite3", "sql": "SELECT 1"}
    assert configured(roster={"layout": "fiscal_roster", "source": source}).roster.source.adapter == "odbc"


def test_a_nested_sources_faults_stand_at_their_own_places() -> None:
    lacking = {key: value for key, value in SFTP.items() if key != "host"}
    assert faults(roster={**ROSTER, "source": lacking}) == [("roster.source.host", "Field required")]
    assert faults(roster={**ROSTER, "source": {**SFTP, "hots": 1}}) == [
        ("roster.source.hots", "is no known key; nearest is host")
    ]
    assert faults(roster={**ROSTER, "source": {**SFTP, "password": "hunter2"}}) == [
        ("roster.source.password", "write env:NAME or file:PATH, not the secret")
    ]
    assert faults(roster={**ROSTER, "source": {"adapter": "sfpt"}}) == [
        ("roster.source", "no such adapter in source; nearest is sftp")
    ]
    assert faults(roster={**ROSTER, "source": "sftp"}) == [("roster.source", "source must be a mapping")]


def test_a_one_card_source_is_not_composed_of_one_card_sources() -> None:
    place, words = faults(roster={**ROSTER, "source": {"adapter": "onecard"}})[0]
    assert (place, words[:15]) == ("roster.source", "no such adapter")


def test_a_wrong_layout_is_told_once_with_the_nearest() -> None:
    assert faults(roster={**ROSTER, "layout": "fiscal_rostr"}) == [
        ("roster.layout", "no layout fiscal_rostr; nearest is fiscal_roster")
    ]
    assert faults(roster={**ROSTER, "layout": "mine/own.yaml"})[0][1].endswith("or given by its absolute path")
    assert faults(roster={**ROSTER, "layout": "/nowhere/own.yaml"})[0][1] == "layout /nowhere/own.yaml cannot be read"
    assert faults(roster={**ROSTER, "layout": "bocom_return"}) == [("", "the layout of roster is not one of roster")]
    assert faults(roster=ROSTER, returns=ROSTER) == [("", "the layout of returns is not one of returns")]


def test_the_roster_has_what_the_answers_are_matched_by(tmp_path: Path) -> None:
    by_account = {**GOOD, "match": ["account", "item"], "roles": {"account": "a", "item": "b", "state": "c"}}
    config = {"layout": layout(tmp_path, by_account), "source": {**SFTP, "format": {"kind": "delimited"}}}
    assert configured(roster=ROSTER, returns=config).match == ("account", "item")
    assert faults(roster={**ROSTER, "layout": "lanzhou_bank"}, returns=config) == [
        ("", "the roster's layout lacks item, which returns matches")
    ]
    assert faults(roster=ROSTER, returns=config, refunds=RETURNS) == [
        ("", "the layouts of all answers must have the same match")
    ]


def test_documents_are_stated_on_both_sides_or_on_neither() -> None:
    batches = {"layout": "fiscal_batches", "source": SFTP}
    assert faults(roster={**ROSTER, "layout": "lanzhou_bank"}, batches=batches) == [
        ("", "roster and batches both state documents, or neither does")
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"delimeter": "|"}, "unknown key delimeter; nearest is -"),
        ({"role": {}}, "unknown key role; nearest is roles"),
        ({"roles": {"serail": "x"}}, "nearest is serial"),
        ({"states": {"0": "sucess"}}, "states.0 is none of the agreed words; nearest is success"),
        ({"reasons": {"x": "12"}}, "reasons.x does not hold what it should"),
        ({"title": None}, "title does not hold what it should"),
        ({"states": {}}, "a state column and states go together"),
        ({"every_line": "refund"}, "answers need a state column or every_line, not both"),
        ({"match": ["batch"]}, "it lacks the roles batch"),
        ({"roles": {"serial": "a", "state": "a"}}, "one column has two roles"),
        ({"constants": {"serial": "1"}}, "a role has both a column and a constant"),
        ({"constants": {"amount": "1"}}, "a role that cannot be the same for every row is constant"),
        ({"holds": "roster"}, "it lacks the roles amount"),
    ],
)
def test_a_layout_is_strict(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    path = layout(tmp_path, {**GOOD, **changes})
    source = {**SFTP, "format": {"kind": "delimited"}}
    place, said = faults(roster=ROSTER, returns={"layout": path, "source": source})[0]
    assert place == "returns.layout"
    assert said.startswith(f"layout {path}: ")
    assert said.endswith(words)


@pytest.mark.parametrize("text", ["a: [", "a: 1\na: 2\n", "", "- 1", "\x00"])
def test_a_file_that_is_no_layout_is_refused_without_being_quoted(tmp_path: Path, text: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(text)
    assert faults(roster={**ROSTER, "layout": str(path)})[0][0] == "roster.layout"


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_layout_says_where_it_was_found_and_reads_what_an_adapter_reads(name: str) -> None:
    one = load(name)
    assert one.title
    assert one.found
    part = {"layout": name, "source": SFTP}
    config = configured(**{"roster": ROSTER, one.holds: part})
    assert getattr(config, one.holds).layout == one
    assert set(one.reasons.values()) <= FAILURES.keys()


def test_three_layouts_are_of_the_real_world() -> None:
    real = {name for name in shipped() if load(name).found.startswith("http")}
    assert {"lanzhou_bank", "bocom_return", "yonyou_payroll"} <= real
    assert set(load("bocom_return").reasons.values()) == FAILURES.keys()
    assert set(load("bocom_return").states.values()) == set(State)


def test_neither_repr_nor_json_shows_a_reference() -> None:
    config = configured(roster=ROSTER)
    assert "env:P" not in repr(config)
    assert json.loads(config.model_dump_json())["roster"]["layout"] == "财政一卡通发放清册"
    assert isinstance(config.roster.layout, Layout)


CATALOGUE = """
region: "430482"
centres: [{id: changning, title: 中心, level: county, region: "430482"}]
departments: [{id: finance, title: 财政局, region: "430482", contact: 预算股}]
due_rules: [{id: f, title: 资金, cadence: monthly, months_after: 1, day: last, judged_by: accepted, article: 第十八条}]
feeds:
  - id: finance.cards
    title: 一卡通
    department: finance
    due: f
    starts: 2026-10
    mode: snapshot
    routes: [changning]
    key: [serial_no]
    amount: amount
    fields:
      - {name: serial_no, title: 序号, type: integer, required: true, source: 批次内序号}
      - {name: amount, title: 金额, type: money, required: true, source: 金额}
    limits: {rows: 1000, seconds: 60}
    source:
      adapter: onecard
      roster: {layout: fiscal_roster, source: {adapter: sftp, path: "/out/{yyyymm}.txt"}}
"""
SITE = """
finance.cards:
  roster: {source: {host: 10.0.0.1, host_key: "SHA256:%s", user: u, password: "env:P"}}
"""


def catalogued(folder: Path, text: str, site: str | None = None) -> Any:
    (folder / "catalogue.yaml").write_text(text)
    overrides = {}
    if site is not None:
        (folder / "site.yaml").write_text(site)
        overrides = dict(read(folder / "site.yaml").items())
    configs = {**Registry.installed().configs(), "onecard": OnecardConfig}
    return load_catalogue(folder / "catalogue.yaml", configs, overrides).feed("finance.cards").source_config


def test_a_catalogue_may_leave_the_nested_connection_to_the_site(tmp_path: Path) -> None:
    assert catalogued(tmp_path, CATALOGUE) is None
    config = catalogued(tmp_path, CATALOGUE, SITE % ("A" * 43))
    assert (config.roster.source.host, config.roster.source.path) == ("10.0.0.1", "/out/{yyyymm}.txt")


def test_what_the_site_leaves_out_is_named_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(ConfigFaults) as refused:
        catalogued(tmp_path, CATALOGUE, "finance.cards:\n  roster: {source: {host: 10.0.0.1}}\n")
    assert "roster.source.host_key" in refused.value.message("zh")


def test_a_wrong_nested_key_is_told_at_its_line_and_its_value_is_not(tmp_path: Path) -> None:
    wrong = CATALOGUE.replace('path: "/out', 'pth: "/secret-place", path: "/out')
    with pytest.raises(YizhanError) as refused:
        catalogued(tmp_path, wrong)
    told = refused.value.message("en")
    line = next(at for at, text in enumerate(wrong.splitlines(), start=1) if "pth" in text)
    assert f"catalogue.yaml:{line}" in told
    assert "nearest is path" in told
    assert "secret-place" not in told
