"""The words of the freshness board: states fit into a list, days are the calendar's, usage in one language."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.cli.shell import Shell
from gateway.cli.status import show
from gateway.envelope.manifest import Kind
from gateway.freshness import every_period
from tests.cli.conftest import County
from tests.freshness.county import ONECARD, at, delivery, facts
from tests.peers.command import Yizhan

NOW = at("2026-11-05T00:00:00")


def shown(capsys: pytest.CaptureFixture[str], lang: str, accepted: str, **more: object) -> str:
    known = facts(delivery("finance.onecard", "2026-09", accepted, **more))
    show(every_period(ONECARD, known, NOW)[:1], NOW, Shell(lang=lang, site=None))
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("accepted", "zh", "en"),
    [
        ("2026-10-20T09:00:00", "按时零报送 1(共 1 期)", "nil on time 1 (1 in all)"),
        ("2026-11-02T09:00:00", "迟报零报送 1(共 1 期)", "nil late 1 (1 in all)"),
    ],
)
def test_a_state_has_no_comma_that_a_list_would_be_cut_at(
    capsys: pytest.CaptureFixture[str], accepted: str, zh: str, en: str
) -> None:
    for lang, words in (("zh", zh), ("en", en)):
        assert shown(capsys, lang, accepted, kind=Kind.NIL).splitlines()[0].endswith(words)


@pytest.mark.parametrize(
    ("accepted", "zh", "en"),
    [
        ("2026-10-31T23:59:59", "当日报送", "on the day"),
        ("2026-11-01T00:00:00", "迟 1 天", "1 d late"),
        ("2026-11-02T00:00:00", "迟 2 天", "2 d late"),
    ],
)
def test_how_late_it_was_is_counted_in_days_of_the_calendar(
    capsys: pytest.CaptureFixture[str], accepted: str, zh: str, en: str
) -> None:
    assert zh in shown(capsys, "zh", accepted) and en in shown(capsys, "en", accepted)


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("zh", "[YZ-1012] 命令写法不对:--period 与 --all 只能写一个。"),
        ("en", "[YZ-1012] wrong usage: give --period or --all, not both."),
    ],
)
def test_two_choices_of_periods_are_refused_in_one_language(
    county: County, yizhan: Yizhan, lang: str, words: str
) -> None:
    ended = yizhan.run("--lang", lang, "status", "--all", "--period", "2026-10", "--site", Path(county.site("centre")))
    assert ended.code == 2 and ended.err.startswith(words)
