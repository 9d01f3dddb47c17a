"""`yizhan ledger` and `yizhan waiver` for whoever looks into what was decided: narrowed lists, and whole documents."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import BATCHES, FEEDS, NOW, County
from tests.peers.command import Yizhan

DIBAO = FEEDS["civil"]
EXEMPT = ("--number", "湘财〔2025〕12号", "--by", "p101", "--reason", "机构改革")


@pytest.fixture
def centre(county: County, tmp_path: Path) -> Path:
    """The finished centre, to be changed."""
    return Path(shutil.copytree(county.site("centre"), tmp_path / "centre"))


def test_a_decision_told_as_json_names_its_periods_and_how_many_are_new(centre: Path, yizhan: Yizhan) -> None:
    span = (DIBAO, "--period", "2025-11", "--to", "2025-12")
    said = {
        "feed": DIBAO, "periods": ["2025-11", "2025-12"], "number": "湘财〔2025〕12号", "by": "p101",
        "reason": "机构改革", "entered": 2,
    }  # fmt: skip
    until = ("--until", "2026-02-28")

    def office(verb: str, *words: object) -> object:
        return yizhan.run("waiver", verb, *span, *words, *EXEMPT, "--json", "--site", centre).json

    assert office("extend", *until) == {**said, "kind": "extended", "until": "2026-02-28T23:59:59+08:00"}
    assert office("withdraw") == {**said, "kind": "withdrawn"}
    assert office("exempt") == {**said, "kind": "exempt"}
    assert office("exempt") == {**said, "kind": "exempt", "entered": 0}


def test_the_ledgers_list_is_narrowed_by_feed_period_event_and_person(centre: Path, yizhan: Yizhan) -> None:
    def listed(*words: str) -> list[dict[str, object]]:
        return yizhan.run("ledger", "list", *words, "--json", "--site", centre).json["lines"]

    yizhan.run("waiver", "exempt", DIBAO, "--period", "2025-12", *EXEMPT, "--site", centre)
    every = listed()
    (exempted,) = listed("--event", "exempted")
    assert exempted == every[-1]
    assert (exempted["feed"], exempted["period"], exempted["by"]) == (DIBAO, "2025-12", "p101")
    assert listed("--by", "p101", "--feed", DIBAO, "--period", "2025-12") == [exempted]
    assert listed("--feed", DIBAO) == [line for line in every if line["feed"] == DIBAO] != every
    assert listed("--period", "2025-10") == [line for line in every if line["period"] == "2025-10"] != []
    assert listed("--feed", DIBAO, "--event", "exempted", "--period", "2025-10") == []


def test_a_wrong_event_is_told_with_the_nearest_and_a_wrong_period_refused(county: County, yizhan: Yizhan) -> None:
    def refused(*words: str) -> str:
        ended = yizhan.run("ledger", "list", *words, "--site", county.site("centre"))
        assert (ended.code, ended.out) == (2, "")
        return ended.err

    assert refused("--event", "exempt") == "[YZ-1006] 没有这个事件:exempt。 最接近的是:exempted。\n"
    assert refused("--period", "October").startswith("[YZ-1007] ")


def test_what_is_no_batch_is_told_how_to_ask_for_a_feed_or_a_period(county: County, yizhan: Yizhan) -> None:
    ended = yizhan.run("ledger", "show", DIBAO, "--site", county.site("centre"))
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"[YZ-1019] 台账中没有批次 {DIBAO}。 ledger show 按批次号查询,如 {BATCHES['civil']};")
    assert "yizhan ledger list --feed … --period …" in ended.err


def test_cadences_are_told_in_words(county: County, yizhan: Yizhan) -> None:
    listed = yizhan.run("catalogue", "list", "--site", county.site("centre")).out
    assert "每季度" in listed and "每月" in listed and "quarterly" not in listed
    shown = yizhan.run("catalogue", "show", FEEDS["agri"], "--site", county.site("centre")).out
    assert "(每季度)" in shown.splitlines()[1]
    refused = yizhan.run("event", DIBAO, "--at", NOW, "--by", "p101", "--site", county.site("centre"))
    assert refused.err.startswith(f"[YZ-8106] {DIBAO} 按周期报送(每月),不登记事件。")


def test_a_grant_is_told_as_json_when_it_is_entered_and_when_it_ends(centre: Path, yizhan: Yizhan) -> None:
    words = ("--to", "livelihood_supervision", "--feed", DIBAO, "--until", "2025-12-31", "--by", "p101")
    added = yizhan.run("grant", "add", "一号", *words, "--reason", "比对", "--json", "--site", centre).json
    assert (added["number"], added["in_force"], added["revoked_at"]) == ("一号", True, None)
    ended = ("grant", "revoke", "一号", "--by", "p101", "--reason", "比对完成", "--json", "--site", centre)
    assert yizhan.run(*ended).json == {**added, "in_force": False, "revoked_at": NOW}
