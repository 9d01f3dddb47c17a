"""Dunning notices: numbered, counted and handed out, each exactly once, whatever is killed in between."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway import ledger as ledger_room
from gateway.calendar import Period
from gateway.database import open_database
from gateway.dunning import DunningOffice, Item, Notice, Paper, draw, require_dunner
from gateway.dunning.notices import next_number
from gateway.errors import DunnerMissing, LedgerTextRefused, OutputRefused
from gateway.freshness import Facts, Imbalance, Row, Waiver, WaiverKind, board
from gateway.ledger import Ledger
from tests.bulletin.county import CENTRE
from tests.freshness.county import at, county, delivery, feed
from tests.peers.command import Yizhan
from tests.peers.processes import ROOT
from tests.peers.products import product, server
from tests.peers.stores import drop, fresh

__all__ = ["product", "server"]

NOW = at("2026-11-10T09:30:00")
CATALOGUE = county(feed("finance.onecard"), feed("civil.dibao"), feed("police.household", starts="2026-10"))
OFFICE = "gateway.dunning.office"


def rows(*known: object, now: datetime = NOW) -> tuple[Row, ...]:
    facts = Facts(
        deliveries=tuple(one for one in known if not isinstance(one, Imbalance | Waiver)),
        imbalances=tuple(one for one in known if isinstance(one, Imbalance)),
        waivers=tuple(one for one in known if isinstance(one, Waiver)),
    )
    return board(CATALOGUE, facts, now)


@pytest.fixture
def office(product: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[DunningOffice]:
    where = tmp_path / "w.db" if product == "sqlite" else fresh(request.getfixturevalue("server"), ledger_room.SCHEMA)
    engine = open_database(where)
    yield DunningOffice(
        centre=CENTRE, catalogue=CATALOGUE, ledger=Ledger(engine, "centre"), engine=engine, clock=lambda: NOW
    )
    engine.dispose()
    if product != "sqlite":
        drop(request.getfixturevalue("server"), where)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    directory = tmp_path / "out"
    directory.mkdir()
    return directory


def test_each_department_gets_one_notice_and_each_overdue_period_one_line(office: DunningOffice, out: Path) -> None:
    first, second = office.write(rows(), out, "p101", "zh")
    assert [(one.notice.number, one.notice.department, one.file.name) for one in (first, second)] == [
        ("催〔2026〕1号", "finance", "dun_changning_2026_1_finance.html"),
        ("催〔2026〕2号", "civil", "dun_changning_2026_2_civil.html"),
    ]
    due = at("2026-10-31T23:59:59")
    assert first.notice.items == (Item(feed="finance.onecard", period=Period.parse("2026-09"), due=due),)
    lines = list(office.ledger.lines())
    assert [
        (line.event, line.feed, line.period, line.by, line.said.department, line.said.number) for line in lines
    ] == [
        ("dunned", "finance.onecard", "2026-09", "p101", "finance", "催〔2026〕1号"),
        ("dunned", "civil.dibao", "2026-09", "p101", "civil", "催〔2026〕2号"),
    ]
    assert office.notices() == (first.notice, second.notice)
    for one in (first, second):
        assert hashlib.sha256(one.file.read_bytes()).hexdigest() == one.notice.digest
    assert list(office.ledger.verify()) == []


def test_a_notice_with_several_periods_is_one_notice(office: DunningOffice, out: Path) -> None:
    (first, *_) = office.write(rows(now=at("2026-12-01T09:00:00")), out, "p101", "zh")
    assert [str(item.period) for item in first.notice.items] == ["2026-09", "2026-10"]
    assert [one.number for one in office.notices()].count(first.notice.number) == 1
    assert len(office.notices()) == 3


def test_nothing_overdue_writes_no_file_and_no_line(office: DunningOffice, out: Path) -> None:
    assert office.write(rows(now=at("2026-10-20T09:00:00")), out, "p101", "zh") == ()
    assert list(out.iterdir()) == [] and list(office.ledger.lines()) == []


@pytest.mark.parametrize(
    ("known", "served"),
    [
        pytest.param((), ["finance", "civil"], id="nothing came"),
        pytest.param((delivery("finance.onecard", "2026-09", "2026-11-05T09:00:00"),), ["civil"], id="came late"),
        pytest.param(
            (Imbalance(feed="finance.onecard", period=Period.parse("2026-09"), at=at("2026-11-01T09:00:00")),),
            ["finance", "civil"],
            id="did not balance",
        ),
        pytest.param(
            (
                delivery("finance.onecard", "2026-09", "2026-10-05T09:00:00"),
                Imbalance(feed="finance.onecard", period=Period.parse("2026-09"), at=at("2026-11-01T09:00:00")),
            ),
            ["civil"],
            id="a correction did not balance",
        ),
        pytest.param(
            (
                Waiver(
                    feed="civil.dibao", period=Period.parse("2026-09"), at=at("2026-11-01T09:00:00"), position=1,
                    kind=WaiverKind.EXEMPT, until=None, number="3号", by="p101", reason="-",
                ),
            ),
            ["finance"],
            id="exempt",
        ),
        pytest.param(
            (
                Waiver(
                    feed="civil.dibao", period=Period.parse("2026-09"), at=at("2026-11-01T09:00:00"), position=1,
                    kind=WaiverKind.EXTENDED, until=at("2026-11-10T09:30:00"), number="3号", by="p101", reason="-",
                ),
            ),
            ["finance"],
            id="extended up to this second",
        ),
    ],
)  # fmt: skip
def test_only_what_nothing_was_accepted_of_is_dunned(
    office: DunningOffice, out: Path, known: tuple[object, ...], served: list[str]
) -> None:
    assert [one.notice.department for one in office.write(rows(*known), out, "p101", "zh")] == served


def test_a_paper_says_what_is_owed_by_when_under_which_rule_and_what_to_do(office: DunningOffice, out: Path) -> None:
    office.write(rows(), out, "p101", "zh")
    (again, _) = office.write(rows(), out, "p101", "zh")
    text = again.file.read_text("utf-8")
    plain = re.sub(r"<[^>]+>", " ", text)
    for said in (
        "催〔2026〕3号", "finance.onecard 清册", "2026-09", "2026年10月31日24时(北京时间)", "10天", "第2次",
        "yizhan run finance.onecard --period 2026-09", "yizhan nil", "常宁市政务数据中心(盖章)", "2026年11月10日",
        "经办:p101", "签收人",
    ):  # fmt: skip
        assert said in plain, said
    assert "@page { size: A4 portrait;" in text and "<script" not in text


def test_whatever_stands_in_the_catalogue_is_text_on_the_paper(office: DunningOffice, out: Path) -> None:
    evil = tuple(replace(one, title="<img src=x onerror=alert(1)>", contact='"><b>') for one in CATALOGUE.departments)
    told = replace(office, catalogue=replace(CATALOGUE, departments=evil))
    (first, _) = told.write(rows(), out, "p101", "en")
    text = first.file.read_text("utf-8")
    assert "<img" not in text and "<b>" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;(&quot;&gt;&lt;b&gt;)" in text
    assert '<html lang="en">' in text and "2026-10-31 24:00 (Beijing time)" in text


def test_numbers_begin_anew_with_the_year_in_beijing() -> None:
    def known(number: str) -> Notice:
        return Notice(number=number, department="x", at=NOW, by=None, items=(), digest="")

    given = [known("催〔2026〕1号"), known("催〔2026〕12号"), known("催〔2026〕3号")]
    assert next_number(given, NOW) == "催〔2026〕13号"
    last = at("2026-12-31T23:59:59")
    assert next_number(given, last) == "催〔2026〕13号"
    assert next_number(given, last + timedelta(seconds=1)) == "催〔2027〕1号"
    assert next_number([], NOW) == "催〔2026〕1号"


@pytest.mark.parametrize(
    ("due", "zh", "en"),
    [
        ("2026-11-10T08:00:00", "今日", "today"),
        ("2026-11-09T23:59:59", "1天", "1 d"),  # nine hours ago, and a day as `yizhan status` and the alerts count it
        ("2026-10-31T23:59:59", "10天", "10 d"),
    ],
)
def test_days_are_counted_by_the_calendar_in_beijing(due: str, zh: str, en: str) -> None:
    late = tuple(replace(row, due=at(due), rule_due=at(due)) for row in rows()[:1])
    for lang, said in (("zh", zh), ("en", en)):
        paper = Paper(
            number="催〔2026〕1号", at=NOW, by="p101", centre=CENTRE, department=county().departments[0], rows=late,
            articles=("第十八条",), earlier=(0,),
        )  # fmt: skip
        assert f"<td>{said}</td>" in draw(paper, lang)


def test_two_offices_at_once_never_share_a_number(office: DunningOffice, tmp_path: Path) -> None:
    places = [tmp_path / str(n) for n in range(4)]

    def write(place: Path) -> None:
        place.mkdir()
        office.write(rows(), place, "p101", "zh")

    threads = [threading.Thread(target=write, args=(place,)) for place in places]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    numbers = [one.number for one in office.notices()]
    assert sorted(numbers) == sorted(f"催〔2026〕{n}号" for n in range(1, 9))
    papers = [file.read_text("utf-8") for place in places for file in place.iterdir()]
    assert sorted(re.search(r"催〔2026〕\d+号", text)[0] for text in papers) == sorted(numbers)


def test_what_cannot_be_written_is_counted_nowhere(office: DunningOffice, tmp_path: Path, out: Path) -> None:
    with pytest.raises(OutputRefused):
        office.write(rows(), tmp_path / "none", "p101", "zh")
    taken = out / "dun_changning_2026_1_finance.html"
    taken.write_text("of another ledger")
    with pytest.raises(OutputRefused):
        office.write(rows(), out, "p101", "zh")
    assert taken.read_text() == "of another ledger" and office.notices() == ()


def test_who_answers_for_it_is_of_this_centre_and_named_by_no_number_of_a_person(
    office: DunningOffice, out: Path
) -> None:
    for nobody in ("p999", "p102", "文书岗", ""):  # p102 is of the centre, and has no duty
        with pytest.raises(DunnerMissing) as refused:
            office.write(rows(), out, nobody, "zh")
        assert refused.value.message("zh").endswith("请以 --by 写明由谁负责,可为:p101(审批岗)。")
    anybody = replace(office, centre=replace(CENTRE, people=()))
    with pytest.raises(LedgerTextRefused):
        anybody.write(rows(), out, "430482199001010011", "zh")
    assert list(out.iterdir()) == [] and office.notices() == ()


@pytest.mark.parametrize(
    ("moment", "lines", "visible"),
    [
        pytest.param(f"call:{OFFICE}:_hidden:1", 0, 0, id="before the paper"),
        pytest.param(f"return:{OFFICE}:_hidden:1", 0, 0, id="between the paper and its line"),
        pytest.param("return:gateway.ledger.book:Ledger.append:1", 0, 0, id="within its lines"),
        pytest.param(f"call:{OFFICE}:_hand_out:1", 2, 0, id="between its lines and its name"),
        pytest.param(f"return:{OFFICE}:_hand_out:1", 2, 1, id="before the next department's"),
        pytest.param(f"call:{OFFICE}:_hand_out:2", 4, 1, id="between the next one's lines and its name"),
    ],
)
def test_a_kill_there_loses_no_count_and_uses_no_number_twice(
    site: Path, out: Path, yizhan: Yizhan, moment: str, lines: int, visible: int
) -> None:
    """In November finance and civil owe two months each here; agri owes a quarter."""
    environ = {**os.environ, "YIZHAN_NOW": "2026-12-01T10:00:00+08:00"}
    command = [
        sys.executable,
        "-m",
        "tests.journeys.kill",
        moment,
        "--site",
        str(site),
        "dun",
        "--out",
        out,
        "--by",
        "p101",
    ]
    killed = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, timeout=60, check=False)
    assert killed.returncode == -9, killed.stderr
    assert len(dunned(site, yizhan)) == lines
    assert len(seen(out)) == visible
    first = seen(out)
    ended = yizhan.run("--site", site, "dun", "--out", out, "--by", "p101", "--json", YIZHAN_NOW=environ["YIZHAN_NOW"])
    assert ended.code == 0, ended.err
    assert [path.name for path in out.iterdir() if path.name.startswith(".")] == []
    said = [json.loads(one["detail"]) for one in dunned(site, yizhan)]
    counted = {one["number"]: one["content"] for one in said}
    papers = {re.search(r"催〔2026〕\d+号", path.read_text("utf-8"))[0]: path for path in out.iterdir()}
    assert set(papers) == set(counted)
    assert {n: hashlib.sha256(p.read_bytes()).hexdigest() for n, p in papers.items()} == counted
    assert sorted(counted) == [f"催〔2026〕{n}号" for n in range(1, len(counted) + 1)]
    assert set(first) <= set(seen(out))
    assert yizhan.run("--site", site, "ledger", "verify").code == 0


def dunned(site: Path, yizhan: Yizhan) -> list[dict]:
    lines = yizhan.run("--site", site, "ledger", "list", "--json").json["lines"]
    return [line for line in lines if line["event"] == "dunned"]


def seen(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir() if not path.name.startswith("."))


def test_the_command_says_that_nothing_is_overdue_and_exits_0(site: Path, out: Path, yizhan: Yizhan) -> None:
    for lang, words in (("zh", "没有逾期未报"), ("en", "nothing is overdue")):
        said = ("--site", site, "--lang", lang, "dun", "--out", out, "--by", "p101")
        ended = yizhan.run(*said, YIZHAN_NOW="2026-10-05T10:00:00+08:00")
        assert (ended.code, ended.err) == (0, "") and words in ended.out
    assert list(out.iterdir()) == []


def test_the_command_duns_one_department_and_tells_where_the_paper_lies(site: Path, out: Path, yizhan: Yizhan) -> None:
    ended = yizhan.run("--site", site, "dun", "--department", "agri", "--out", out, "--by", "p101", "--json")
    (notice,) = ended.json["notices"]
    assert (notice["number"], notice["department"], notice["by"]) == ("催〔2026〕1号", "agri", "p101")
    assert notice["items"] == [
        {
            "feed": "agri.village_finance",
            "period": "2026Q3",
            "due": "2026-10-31T23:59:59+08:00",
            "days_over": 22,
        }
    ]
    text = Path(notice["file"]).read_text("utf-8")
    assert "农村经济经营服务中心(农村财务管理站)" in text
    assert "《湖南省&quot;互联网+监督&quot;平台运行管理办法》第十八条" in text
    table = yizhan.run("--site", site, "--lang", "en", "dun", "--department", "civil", "--out", out, "--by", "p101")
    assert table.code == 0 and "催〔2026〕2号" in table.out and "Dunning notices" in table.out


def test_the_command_is_refused_at_a_front_end_and_for_an_unknown_department(
    founded: Path, site: Path, out: Path, yizhan: Yizhan
) -> None:
    assert "[YZ-1010]" in yizhan.run("--site", founded.parent / "agri", "dun", "--out", out, "--by", "p101").err
    assert "[YZ-1006]" in yizhan.run("--site", site, "dun", "--department", "argi", "--out", out, "--by", "p101").err


@pytest.mark.parametrize("given", [(), ("--by", ""), ("--by", "p004")])
def test_the_command_wants_to_know_who_answers_and_says_who_can(
    site: Path, out: Path, yizhan: Yizhan, given: tuple[str, ...]
) -> None:
    for lang, words in (("zh", "可为:p101(审批岗)。"), ("en", "Say with --by who does: p101 (审批岗).")):
        ended = yizhan.run("--site", site, "--lang", lang, "dun", "--out", out, *given)
        assert (ended.code, ended.out) == (2, "") and ended.err.startswith("[YZ-8136]") and words in ended.err
    assert list(out.iterdir()) == [] and dunned(site, yizhan) == []


def test_where_nobody_is_listed_a_post_answers_and_nobody_does_not(office: DunningOffice, out: Path) -> None:
    anybody = replace(office, centre=replace(CENTRE, people=()))
    with pytest.raises(DunnerMissing) as refused:
        require_dunner(anybody.centre, None)
    assert "a staff number or a post" in refused.value.message("en")
    (first, _) = anybody.write(rows(), out, "文书岗", "zh")
    assert first.notice.by == "文书岗"


@pytest.mark.parametrize(("count", "words"), [(1, "following 1 period of"), (2, "following 2 periods of")])
def test_a_notice_counts_periods_as_english_does(count: int, words: str) -> None:
    paper = Paper(
        number="催〔2026〕1号", at=NOW, by="p101", centre=CENTRE, department=county().departments[0],
        rows=rows()[:1] * count, articles=("第十八条",) * count, earlier=(0,) * count,
    )  # fmt: skip
    assert words in draw(paper, "en")
