"""docs/bulletin.md: its commands run, in their order, and do what the page says they do."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date, datetime
from pathlib import Path

import pytest

from gateway.bulletin import Column
from gateway.bulletin.columns import heading
from gateway.demo.county import County, connect, found
from gateway.demo.servers import free_port
from gateway.demo.sources import vouchers
from gateway.errors import YizhanError
from tests.bulletin.conftest import STARTS
from tests.peers.command import Ended, Yizhan
from tests.peers.pages import blocks, page, served, typed

PAGE = page("bulletin.md")
BLOCKS = blocks(PAGE)
FEED = "agri.village_finance"


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Ended]]:
    """The page walked through, from its first command to its last, and what each said."""
    county, port = County(root=tmp_path_factory.mktemp("page")), free_port()
    found(county, at=datetime.fromisoformat("2026-10-01T08:00:00+08:00"), port=port, starts=STARTS)
    vouchers.write(county.root / "cwgl.db", 200, date(2026, 7, 1), date(2026, 10, 1), 7)
    driver = f"Driver=SQLite3;Database={county.root / 'cwgl.db'};StepAPI=1;NoCreat=1"
    connect(county, "agri", FEED, {"connection": driver})
    assert [hook for hook, _ in BLOCKS] == ["2026-11-22", "", "", "", "2026-11-24 arrived", ""]
    said: dict[str, Ended] = {}
    yizhan, day = Yizhan(scratch=tmp_path_factory.mktemp("scratch")), ""
    for hook, text in BLOCKS:
        day, _, happened = (hook or day).partition(" ")
        if happened == "arrived":
            with served(county.centre, port, _moment(day)):
                assert (
                    typed(f"yizhan --site agri run {FEED} --period 2026Q3", county.root, yizhan, _moment(day)).code == 0
                )
        for line in text.splitlines():
            said[line] = typed(line, county.root, yizhan, _moment(day))
            assert said[line].code == 0, f"{line}\n{said[line]}"
    return county.root, said


def test_the_page_names_only_codes_there_are_and_every_column() -> None:
    named = set(re.findall(r"YZ-\d{4}", PAGE))
    assert len(named) == 7 and named <= {error.code for error in YizhanError.all()}
    for column in set(Column) - {Column.RANK, Column.DEPARTMENT}:
        title = re.sub(r"\(.*", "", heading(column, "en")).strip()
        assert f"| {title} | " in PAGE, title


def test_notices_are_handed_out_and_counted_in_the_bulletin(walked: tuple[Path, dict[str, Ended]]) -> None:
    root, said = walked
    assert sorted(path.name for path in (root / "notices").iterdir()) == [
        "dun_changning_2026_1_finance.html",
        "dun_changning_2026_2_civil.html",
        "dun_changning_2026_3_agri.html",
        "dun_changning_2026_4_agri.html",
    ]
    agri = (root / "notices" / "dun_changning_2026_4_agri.html").read_text("utf-8")
    assert "Dunning notice" in agri and "<td>2</td>" in agri
    quarter = said["yizhan --site centre bulletin 2026Q3 --json"].json
    assert (quarter["number"], quarter["issued"]) == (0, False)
    told = {one["department"]: (one["due"], one["missing"], one["dunnings"]) for one in quarter["departments"][:3]}
    assert told == {"finance": (1, 1, 1), "civil": (1, 1, 1), "agri": (1, 1, 2)}


def test_a_notice_is_what_its_line_in_the_ledger_says(walked: tuple[Path, dict[str, Ended]]) -> None:
    _, said = walked
    (digest,) = [one.out.split()[0] for line, one in said.items() if line.startswith("sha256sum notices/")]
    lines = said["yizhan --site centre ledger list --json"].json["lines"]
    details = [json.loads(line["detail"]) for line in lines if line["event"] == "dunned"]
    assert [one["content"] for one in details if one["number"] == "催〔2026〕1号"] == [digest]


def test_what_was_issued_is_shown_as_issued_though_rows_arrived(
    walked: tuple[Path, dict[str, Ended]], tmp_path: Path
) -> None:
    root, said = walked
    assert (root / "first.csv").read_bytes() == (root / "bulletin.csv").read_bytes()
    late = [one for line, one in said.items() if line == "yizhan --site centre bulletin 2026-09"]
    assert "发布后数据有变化,涉及 1 个单位" in late[-1].err and "未报:1 → 0" in late[-1].err
    yizhan = Yizhan(scratch=tmp_path, environ={"YIZHAN_NOW": "2026-12-24T10:00:00+08:00"})
    for ending in ("csv", "html", "xlsx"):
        again = tmp_path / f"again.{ending}"
        shown = yizhan.run("--site", root / "centre", "bulletin", "2026-09", "--number", 1, "--out", again)
        assert shown.code == 0, shown.err
        assert again.read_bytes() == (root / f"bulletin.{ending}").read_bytes()


def test_the_correction_notice_says_what_changed_from_and_to(
    walked: tuple[Path, dict[str, Ended]], tmp_path: Path
) -> None:
    root, _ = walked
    yizhan = Yizhan(scratch=tmp_path, environ={"YIZHAN_NOW": "2026-11-25T10:00:00+08:00"})
    shown = yizhan.run("--site", root / "centre", "bulletin", "2026-09", "--json").json
    assert (shown["number"], shown["correction"], shown["by"]) == (2, 1, "p101")
    assert shown["reason"] == "农经中心11月24日补报"
    assert [(one["figure"], one["was"], one["now"]) for one in shown["changes"] if one["department"] == "agri"] == [
        ("late", "0", "1"),
        ("missing", "1", "0"),
        ("sent", "0", "200"),
        ("held", "0", "200"),
        ("compliance", "—", "100.00%"),
        ("mean_delay", "22.0", "24.0"),
    ]
    assert {one["department"] for one in shown["changes"]} == {"agri"}
    assert shown["changed_since"] == []
    text = (root / "notice.html").read_text("utf-8")
    assert "(更正通报第1号)" in text and "更正号:1" in text
    assert "<td>农村经济经营服务中心</td><td>未报</td><td>1</td><td>0</td>" in text
    rows = list(csv.reader(io.StringIO((root / "bulletin.csv").read_bytes().decode("utf-8-sig"), newline="")))
    assert [row[9] for row in rows].count("无应报任务") == len(rows) - 4
    assert yizhan.run("--site", root / "centre", "ledger", "verify").code == 0


def _moment(day: str) -> str:
    return f"{day}T10:00:00+08:00"
