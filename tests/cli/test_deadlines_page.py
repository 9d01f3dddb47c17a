"""docs/deadlines.md: its commands run, in their order, and do what the page says they do."""

from __future__ import annotations

import json
import re
from datetime import datetime

import pytest

from gateway.calendar import Cadence, DueRule, Shift
from gateway.catalogue.entries import DueRuleEntry, WorkingDaysEntry
from gateway.demo.county import County, found
from gateway.errors import YizhanError
from gateway.freshness import State
from tests.cli.conftest import FEEDS
from tests.peers.command import Ended, Yizhan
from tests.peers.pages import blocks, page, typed

NOW = "2026-11-22T10:00:00+08:00"
PAGE = page("deadlines.md")
FEED = FEEDS["agri"]


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    """The page walked through at a county where nothing has ever run, and what each line said."""
    county = County(root=tmp_path_factory.mktemp("page"))
    found(county, at=datetime.fromisoformat(NOW), port=1, starts={FEED: "2026Q3"})
    yizhan, said = Yizhan(scratch=tmp_path_factory.mktemp("scratch")), {}
    for line in (line for _, text in blocks(PAGE) for line in text.splitlines()):
        said[line] = typed(line, county.root, yizhan, NOW)
        assert said[line].code == 0, f"{line}\n{said[line].out}{said[line].err}"
    return said


def test_the_page_names_only_codes_there_are() -> None:
    named = set(re.findall(r"YZ-\d{4}", PAGE))
    assert named and named <= {error.code for error in YizhanError.all()}


def test_every_key_of_a_rule_and_every_word_of_it_stands_on_the_page() -> None:
    keys = {*DueRuleEntry.model_fields, *WorkingDaysEntry.model_fields}
    words = {one.value for one in (*Cadence, *Shift, *State)}
    assert len(keys) > 15 and len(words) > 20
    assert {word for word in keys | words if not re.search(rf"\b{word}\b", PAGE)} == set()
    assert DueRule.__dataclass_fields__.keys() <= DueRuleEntry.model_fields.keys()


def test_a_feed_of_which_nothing_ever_came_is_overdue_and_was_due_soon_before(walked: dict[str, Ended]) -> None:
    states = [ended.out for line, ended in walked.items() if "status" in line]
    assert "逾期未报" in states[0]
    assert "即将到期" in states[1] and "逾期未报" not in states[1]


def test_an_extension_an_exemption_and_a_withdrawal_change_the_board_and_stand_in_the_ledger(
    walked: dict[str, Ended],
) -> None:
    (extended,) = (
        ended.out for line, ended in walked.items() if line == "yizhan --site centre status --department agri"
    )
    assert "2026-11-30 24:00" in extended and "逾期" not in extended
    told = next(ended.out for line, ended in walked.items() if line.endswith("ledger list"))
    events = [word for word in told.split() if word in ("延期", "撤销免报/延期", "免报")]
    assert events == ["延期", "撤销免报/延期", "免报"]


def test_an_auditor_is_told_what_was_decided_and_that_nobody_was_dunned(walked: dict[str, Ended]) -> None:
    assert walked["yizhan --site centre ledger verify"].out.startswith("台账完好:共 3 行")
    (withdrawn,) = (line for line in walked["yizhan --site centre waiver list --all"].out.splitlines() if "3号" in line)
    assert withdrawn.split()[-4:] == ["2026-11-22", "10:00", "p101", "迁移已提前完成"]
    only = json.loads(walked[f"yizhan --site centre ledger list --feed {FEED} --period 2026Q3 --json"].out)["lines"]
    assert [line["event"] for line in only] == ["extended", "withdrawn", "exempted"]
    assert "台账中没有符合条件的记录" in walked["yizhan --site centre ledger list --event dunned"].err


def test_the_json_of_the_board_is_the_periods_asked_for(walked: dict[str, Ended]) -> None:
    said = json.loads(walked["yizhan --site centre status --period 2026Q3 --json || true"].out)
    rows = {(row["feed"], row["period"]): row for row in said["feeds"]}
    assert {period for _, period in rows} <= {"2026-07", "2026-08", "2026-09", "2026Q3"}
    assert rows[FEED, "2026Q3"]["due"] == "2026-10-31T23:59:59+08:00"
