"""Problem rows go home and come back: `yizhan run` twice on a real roster, and the workbook says what was cured."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from gateway.demo.sources.onecard import TITLES
from tests.sources.conftest import Office
from tests.sources.test_missing_driver import site_packages
from tests.sources.test_sftp_sources import place

GOOD = 40  # records of the generator's that nothing is wrong with
FIRST_LINE = 3  # after the totals and the titles
WHY = ("--reason", "按整改通知更正", "--by", "p001")
RUN_ENDS = 2  # sealed; there is no centre here


@dataclass(frozen=True)
class Line:
    """One line of the roster."""

    cells: tuple[str, ...]

    def but(self, **changes: str) -> Line:
        """The same with other cells, by title."""
        return Line(tuple(changes.get(title, cell) for title, cell in zip(TITLES, self.cells, strict=True)))

    def __getitem__(self, title: str) -> str:
        return self.cells[TITLES.index(title)]


@pytest.fixture
def people(folder: Path) -> list[Line]:
    """Records that nothing is wrong with, each with a key of its own."""
    lines = (folder / "onecard_202510.txt").read_bytes().decode("gb18030").splitlines()[2:]
    return [Line(tuple(line.split("|"))) for line in lines[:GOOD]]


@dataclass(frozen=True)
class Bureau:
    """The finance bureau: it places rosters, collects them, and asks for its problem rows."""

    office: Office
    folder: Path

    def collect(self, lines: Sequence[Line], *options: str) -> dict[str, object]:
        yuan = sum(Decimal(line["金额"]) for line in lines)
        text = "\r\n".join([f"汇总|{len(lines)}|{yuan}", "|".join(TITLES), *("|".join(one.cells) for one in lines), ""])
        place(self.folder, text.encode("gb18030"))
        ended = self.office.run("--json", *options)
        assert ended.code == RUN_ENDS, ended.err
        return ended.json["collected"][0]

    def problems(self, *options: object) -> dict[str, object]:
        return json.loads(self.answer("--json", *options))

    def answer(self, *options: object) -> str:
        ended = self.office.yizhan.run("problems", self.office.feed, "--site", self.office.site, *options)
        assert ended.code == 0, ended.err
        return ended.out

    def workbook(self, *options: object) -> openpyxl.Workbook:
        out = self.office.yizhan.scratch / "home.xlsx"
        self.answer("--out", out, *options)
        with zipfile.ZipFile(out) as parts:  # where the office's own search for people looks
            parts.extractall(out.with_suffix(""))
        return openpyxl.load_workbook(out)


@pytest.fixture
def bureau(finance: Office, folder: Path) -> Bureau:
    return Bureau(finance, folder)


def wrong_day(line: Line) -> Line:
    return line.but(应发日期="2025-02-30")


def rows(sheet: object) -> list[list[object]]:
    return [[cell.value for cell in cells] for cells in sheet.iter_rows()]


def test_the_next_revision_says_which_were_cured_though_every_line_moved(bureau: Bureau, people: list[Line]) -> None:
    cured, remaining, gone, key = 4, 9, 14, 19
    first = list(people)
    for at in (cured, remaining, gone):
        first[at] = wrong_day(people[at])
    first[key] = people[key].but(批次内序号="x1")  # its key cannot be read
    made = bureau.collect(first)
    assert (made["batch"], made["problem_rows"]) == ("finance.onecard/2025-10/r1", 4)
    said = bureau.problems()
    assert [(one["position"], one["field"], one["before"]) for one in said["problems"]] == [
        (str(FIRST_LINE + at), field, None)
        for at, field in ((cured, "pay_date"), (remaining, "pay_date"), (gone, "pay_date"), (key, "serial_no"))
    ]
    assert (said["revision"], said["previous"]) == (1, None)

    second = [one for at, one in enumerate(first) if at != gone]
    second[cured] = people[cured]
    second.reverse()
    second.insert(0, wrong_day(people[30].but(批次内序号="99999")))
    made = bureau.collect(second, *WHY)
    assert (made["batch"], made["problem_rows"]) == ("finance.onecard/2025-10/r2", 3)
    said = bureau.problems()
    assert said["previous"] == {"revision": 1, "cured": 1, "remaining": 2, "gone": 1}
    assert {one["before"] for one in said["problems"]} == {None, str(FIRST_LINE + remaining), str(FIRST_LINE + key)}
    line = "上版 r1 共 4 行问题数据:已整改 1,仍有问题 2,已不在源中 1"
    assert bureau.answer().splitlines()[-1] == line
    english = "of the 4 problem rows of r1 before: 1 cured, 2 still a problem, 1 no longer in the source"
    assert bureau.answer("--lang", "en").splitlines()[-1] == english

    now = {
        one["批次内序号"]: FIRST_LINE + at for at, one in enumerate(second)
    }  # fmt: skip
    fates = {cells[0]: tuple(cells[1:4]) for cells in rows(bureau.workbook()["上版整改情况"])[4:]}
    assert fates == {
        FIRST_LINE + cured: ("已整改", None, "主键"),
        FIRST_LINE + remaining: ("仍有问题", now[people[remaining]["批次内序号"]], "主键"),
        FIRST_LINE + gone: ("已不在源中", None, "主键"),
        FIRST_LINE + key: ("仍有问题", now["x1"], "整行内容未变(主键无法读取)"),
    }

    third = [people[at] for at in range(GOOD) if at != gone]
    assert bureau.collect(third, *WHY)["problem_rows"] == 0
    assert bureau.problems()["previous"] == {"revision": 2, "cured": 1, "remaining": 0, "gone": 2}
    assert bureau.problems("--revision", 2)["previous"] == {"revision": 1, "cured": 1, "remaining": 2, "gone": 1}
    assert bureau.problems("--revision", 1)["revision"] == 1


def test_the_workbook_is_headed_by_feed_period_revision_and_batch_and_every_cell_is_masked(
    bureau: Bureau, people: list[Line]
) -> None:
    number = people[5]["身份证号"]
    spoilt = number[:-1] + ("0" if number[-1] != "0" else "1")
    bureau.collect([*people[:5], people[5].but(身份证号=spoilt, 姓名=""), *people[6:]])
    sheet = rows(bureau.workbook()["问题数据"])
    title = '惠民惠农财政补贴资金"一卡通"发放清册'
    assert re.fullmatch(
        rf"finance\.onecard  {title}  2025-10  第1版  批次 finance\.onecard/2025-10/r1"
        r"  读取于 2025-11-22T10:00:00\+08:00",
        sheet[0][0],
    )
    assert sheet[3][0] == "源位置"
    cells = {title: value for title, value in zip(sheet[3], sheet[4], strict=True) if value is not None}
    assert cells == {
        "源位置": FIRST_LINE + 5,
        "身份证号": f"{spoilt[:6]}********{spoilt[-4:]}",
        "原因": "补贴对象姓名:必填项为空,请补填;身份证号:身份证号校验位不符,请核对证件",
        "代码": "YZ-3001;YZ-3055",
    }
    parts = zipfile.ZipFile(bureau.office.yizhan.scratch / "home.xlsx")
    assert [name for name in parts.namelist() if spoilt.encode() in parts.read(name)] == []


def test_a_reading_that_did_not_balance_is_compared_too_and_called_unsealed(bureau: Bureau, people: list[Line]) -> None:
    bureau.collect([wrong_day(people[0]), *people[1:]])
    text = "\r\n".join(["汇总|1|1.00", "|".join(TITLES), *("|".join(one.cells) for one in people), ""])
    place(bureau.folder, text.encode("gb18030"))
    assert bureau.office.run(*WHY).code == 1
    assert bureau.problems()["previous"] == {"revision": 1, "cured": 1, "remaining": 0, "gone": 0}
    header = rows(bureau.workbook()["问题数据"])[0][0]
    assert ("第2版  未封装(读取后未发出)" in header, "批次" in header) == (True, False)
    assert "批次 finance.onecard/2025-10/r1" in rows(bureau.workbook("--revision", 1)["问题数据"])[0][0]


def test_a_revision_that_is_not_there_is_refused(bureau: Bureau, people: list[Line]) -> None:
    bureau.collect(people)
    ended = bureau.office.yizhan.run("problems", bureau.office.feed, "--site", bureau.office.site, "--revision", 7)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "[YZ-8071] finance.onecard 2025-10 没有第 7 版的问题数据;最新为 r1。 请核对数据期和版次。\n"


def test_without_what_writes_workbooks_the_extra_is_named_and_the_plain_file_still_is_written(
    bureau: Bureau, people: list[Line], tmp_path: Path
) -> None:
    bureau.collect([wrong_day(people[0]), *people[1:]])
    without = site_packages(tmp_path / "packages", "xlsxwriter")
    given = "problems", bureau.office.feed, "--site", bureau.office.site, "--out"
    for out, code in (("home.xlsx", 2), ("home.csv", 0)):
        out = bureau.office.yizhan.scratch / out
        ended = bureau.office.yizhan.spawn(*given, out, options=["-S"], PYTHONPATH=without)
        assert (ended.code, out.exists()) == (code, code == 0)
        if code:
            words = "适配器 problems 缺少组件 xlsxwriter。 请安装:pip install 'yizhan[files]'。"
            assert ended.err == f"[YZ-2006] {words}\n"
