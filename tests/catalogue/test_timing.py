"""Due rules and working days as they are written: what they come to, and every fault at its place."""

import re
import shutil
from datetime import date, datetime, timedelta

import pytest

from gateway.calendar import ASIA_SHANGHAI, Cadence, DayKind, Period, Shift
from gateway.catalogue import load
from gateway.errors import ConfigFaults, ConfigInvalid

from .conftest import SMALL

MONTHLY = """\
  - {id: monthly, title: 月报, cadence: monthly, months_after: 1, day: last, judged_by: accepted, article: 第十八条}
"""
CHANGED = """\
  - id: monthly
    title: 月报(新)
    effective: 2026-12-01
    cadence: monthly
    months_after: 1
    day: 10
    cutoff: "17:00"
    shift: next_workday
    remind_days: [7, 2]
    judged_by: landed
    article: 新办法第九条
"""
EVENTS = """\
  - id: quarterly
    title: 事件
    cadence: event
    hours_after: 24
    judged_by: accepted
    article: 第五条
"""
DAYS = """\
working_days:
  - id: y2027
    year: 2027
    complete: true
    holidays:
      - {first: "2027-01-01", last: "2027-01-03", title: 元旦}
      - {first: "2027-05-01", last: "2027-05-03", title: 劳动节}
      - {first: "2027-10-01", last: "2027-10-07", title: 国庆节}
    workdays: ["2027-01-09"]
    article: 国务院办公厅关于2027年部分节假日安排的通知
  - id: snow
    year: 2026
    complete: false
    holidays:
      - first: 2026-12-10
        last: 2026-12-11
        title: 暴雪停工
    article: 市政府通告
feeds:
"""
QUARTERLY = """\
  - {id: quarterly, title: 季报, cadence: quarterly, months_after: 1, day: last, judged_by: accepted, article: 第十八条}
"""
WHOLE = SMALL.replace(MONTHLY, MONTHLY + CHANGED).replace(QUARTERLY, EVENTS).replace("feeds:\n", DAYS)


@pytest.fixture
def written(tmp_path):
    """The small catalogue with all of the above, and one piece of it replaced."""

    def write(piece="", by=""):
        assert not piece or WHOLE.count(piece) == 1, f"{piece!r} stands {WHOLE.count(piece)} times"
        path = tmp_path / "catalogue.yaml"
        path.write_text(WHOLE.replace(piece, by) if piece else WHOLE, encoding="utf-8")
        return path

    return write


def line_of(piece, text=WHOLE):
    return text.count("\n", 0, text.index(piece)) + 1


def test_entries_of_one_id_are_versions_of_one_rule(written, adapters):
    schedule = load(written(), adapters).feed("finance.onecard").schedule
    assert [rule.effective for rule in schedule.rules] == [None, date(2026, 12, 1)]
    dues = {period: schedule.due(Period.parse(period)).isoformat() for period in ("2026-10", "2026-11", "2026-12")}
    assert dues == {
        "2026-10": "2026-11-30T23:59:59+08:00",
        "2026-11": "2026-12-31T23:59:59+08:00",
        "2026-12": "2027-01-11T16:59:59+08:00",
    }
    newest = schedule.newest
    assert (newest.shift, newest.remind_days, newest.article) == (Shift.NEXT_WORKDAY, (7, 2), "新办法第九条")
    assert schedule.rules[0].remind_days == (5, 3, 1)


def test_the_offices_working_days_are_laid_over_the_official_ones(written, adapters):
    catalogue = load(written(), adapters)
    working = catalogue.working_days
    assert working.known_until == date(2027, 12, 31)
    assert [working.kind(date(2027, 1, day)) for day in (1, 9, 10)] == [
        DayKind.HOLIDAY, DayKind.WORKDAY, DayKind.WEEKEND,
    ]  # fmt: skip
    assert [working.kind(date(2026, 12, day)) for day in (9, 10, 11)] == [
        DayKind.WORKDAY, DayKind.HOLIDAY, DayKind.HOLIDAY,
    ]  # fmt: skip
    assert all(schedule.working == working for schedule in catalogue.schedules)


def test_a_rule_of_events_is_owed_after_each(written, adapters):
    schedule = load(written(), adapters).schedule("quarterly")
    assert (schedule.event_driven, schedule.newest.cadence) == (True, Cadence.EVENT)
    event = Period.of_event(datetime(2026, 12, 1, 9, 30, tzinfo=ASIA_SHANGHAI))
    assert schedule.due(event).isoformat() == "2026-12-02T09:30:00+08:00"


def test_a_feed_of_events_counts_from_a_minute(written, adapters):
    path = written("    due: monthly\n    starts: 2026-10\n", "    due: quarterly\n    starts: 2026-10-01T0000\n")
    assert load(path, adapters).feed("finance.onecard").starts == Period.parse("2026-10-01T0000")


def test_the_digest_does_not_follow_the_order_of_versions_but_their_content(written, adapters, tmp_path):
    digest = load(written(), adapters).digest
    (tmp_path / "turned").mkdir()
    turned = tmp_path / "turned" / "catalogue.yaml"
    turned.write_text(WHOLE.replace(MONTHLY + CHANGED, CHANGED + MONTHLY), encoding="utf-8")
    assert load(turned, adapters).digest == digest
    assert load(written("effective: 2026-12-01", "effective: 2027-01-01"), adapters).digest != digest
    assert load(written('workdays: ["2027-01-09"]', 'workdays: ["2027-01-16"]'), adapters).digest != digest


@pytest.mark.parametrize(
    ("piece", "by", "zh", "en"),
    [
        ("effective: 2026-12-01", "effective: 2026-12-02", "首日", "first day of a period (monthly)"),
        ("effective: 2026-12-01", "effective: 2026-13-01", "应为日期", "must be a date"),
        ("effective: 2026-12-01", "effective: 20261201", "应为文字", "must be text"),
        ("effective: 2026-12-01", 'effective: "2026-W49-2"', "应为日期", "must be a date"),
        ("    cadence: monthly\n", "    cadence: monthyl\n", "最接近的是 monthly", "nearest is monthly"),
        ('cutoff: "17:00"', 'cutoff: "17:60"', "cutoff 应写作 HH:MM", "cutoff must be HH:MM"),
        ("shift: next_workday", "shift: next_workdays", "最接近的是 next_workday", "nearest is next_workday"),
        ("shift: next_workday", "shfit: next_workday", "最接近的是 shift", "nearest is shift"),
        ("article: 新办法第九条", 'article: " "', "须写明所依据的条文", "must name the article"),
        ("remind_days: [7, 2]", "remind_days: [2, 7]", "由大到小", "falling"),
        ("remind_days: [7, 2]", "remind_days: []", "至少要有 1 项", "at least 1 items"),
        ("remind_days: [7, 2]", "remind_days: [9, 7, 5, 3]", "不能超过 3 项", "at most 3 items"),
        ("remind_days: [7, 2]", "remind_days: [7, 0]", "不能小于 1", "at least 1"),
        ("    hours_after: 24", "    workdays_after: 300", "不能大于 250", "at most 250"),
        ("    hours_after: 24", "    hours_after: 24\n    cutoff: 17:00", "hours_after 不用 cutoff", "takes no cutoff"),
        ("complete: true", "complete: yes", "应为 true 或 false", "must be true or false"),
        ("year: 2027", "year: 1999", "不能小于 2000", "at least 2000"),
        ("year: 2026", "year: 2028", "尚不可知", "nobody knows 2028 yet"),
        ("id: snow", "id: y2027", "工作日安排 y2027 重复", "duplicate working-day arrangement y2027"),
        ("        last: 2026-12-11", "        last: 2026-12-09", "last 早于 first", "last is before first"),
        ("        last: 2026-12-11", "        last: 2027-12-11", "不在 2026 年", "2027-12-11 is not in 2026"),
        ("        title: 暴雪停工", "        titel: 暴雪停工", "最接近的是 title", "nearest is title"),
        ('workdays: ["2027-01-09"]', 'workdays: ["2027-01-08"]', "本来就上班", "is a working day already"),
        ('workdays: ["2027-01-09"]', 'workdays: ["2028-01-09"]', "不在 2027 年", "is not in 2027"),
        ('workdays: ["2027-01-09"]', 'workdays: ["2027-01-09", "2027-01-09"]', "写了两次", "is given twice"),
        ('workdays: ["2027-01-09"]', 'workdays: ["2027-01-03"]', "写了两次", "is given twice"),
        ('workdays: ["2027-01-09"]', "workdays: 2027-01-09", "应为列表", "must be a list"),
    ],
)  # fmt: skip
def test_a_fault_of_a_rule_or_a_day_is_told_at_its_line_in_both_languages(
    written, adapters, faults_of, piece, by, zh, en
):
    path = written(piece, by)
    with pytest.raises((ConfigInvalid, ConfigFaults)) as refused:
        load(path, adapters)
    first = line_of(piece)
    places = {f"{path}:{line}" for line in range(first, first + by.count("\n") + 1)}
    told = [one for one in faults_of(refused.value) if en in one.message("en") and zh in one.message("zh")]
    assert {str(one.facts["place"]) for one in told} & places, refused.value


@pytest.mark.parametrize(
    ("by", "line", "said"),
    [
        (CHANGED.replace("    effective: 2026-12-01\n", ""), "  - id: monthly", "duplicate due rule monthly, first at"),
        (CHANGED + CHANGED, "    effective", "duplicate due rule monthly from 2026-12-01 on, first at"),
        (CHANGED.replace("cadence: monthly", "cadence: quarterly").replace("2026-12-01", "2026-12-02"), "    effective",
         "effective must be the first day of a period (quarterly)"),
        (CHANGED.replace("cadence: monthly", "cadence: weekly").replace("2026-12-01", "2026-12-07"), "    effective",
         "effective must also be the first day of a period as it was (monthly)"),
        (CHANGED.replace("cadence: monthly", "cadence: event"), "    effective", "events and a rhythm cannot follow"),
    ],
)  # fmt: skip
def test_versions_that_cannot_follow_each_other_are_told_at_the_later_one(
    tmp_path, adapters, faults_of, by, line, said
):
    text, path = SMALL.replace(MONTHLY, MONTHLY + by), tmp_path / "catalogue.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises((ConfigInvalid, ConfigFaults)) as refused:
        load(path, adapters)
    (fault,) = faults_of(refused.value)
    assert said in fault.message("en")
    last = max(number for number, one in enumerate(text.splitlines(), 1) if one.startswith(line))
    assert str(fault.facts["place"]) == f"{path}:{last}"


@pytest.mark.parametrize(
    ("starts", "said"),
    [("2026-11", None), ("2026-12", "which is quarterly"), ("2027Q1", None), ("2026Q4", "which is monthly")],
)
def test_a_feed_starts_with_a_period_of_the_version_in_force_then(tmp_path, adapters, starts, said):
    changed = CHANGED.replace("cadence: monthly", "cadence: quarterly").replace("2026-12-01", "2026-10-01")
    if starts in ("2026-11", "2026Q4"):
        changed = changed.replace("2026-10-01", "2027-01-01")
    path = tmp_path / "catalogue.yaml"
    text = SMALL.replace(MONTHLY, MONTHLY + changed).replace("starts: 2026-10", f"starts: {starts}")
    path.write_text(text, encoding="utf-8")
    if said is None:
        assert str(load(path, adapters).feed("finance.onecard").starts) == starts
        return
    with pytest.raises(ConfigInvalid, match=f"starts does not fit due rule monthly, {said}"):
        load(path, adapters)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            "{id: a, year: 2027, complete: true, article: 通知}",
            "needs all holidays of the year: .* at least 11 .* not 0",
        ),
        (
            '{id: a, year: 2027, complete: true, holidays: [{first: "2027-01-01", last: "2027-01-10", title: 元旦}],'
            " article: 通知}",
            "needs all holidays of the year: .* at least 11 .* not 10",
        ),
        ("{id: a, year: 2026, complete: false, article: 通知}", "give holidays or workdays"),
        ('{id: a, year: 2026, complete: false, workdays: ["2026-10-10"], article: 通知}', "is a working day already"),
    ],
)
def test_an_arrangement_that_says_nothing_is_refused(tmp_path, adapters, entry, said):
    path = tmp_path / "catalogue.yaml"
    path.write_text(SMALL.replace("feeds:\n", f"working_days:\n  - {entry}\nfeeds:\n"), encoding="utf-8")
    with pytest.raises(ConfigInvalid, match=said):
        load(path, adapters)


def test_two_notices_may_not_both_be_the_whole_year_nor_name_one_day(tmp_path, adapters):
    holiday = '{first: "2027-01-01", last: "2027-01-11", title: 元旦}'
    entries = [
        f"  - {{id: a, year: 2027, complete: true, holidays: [{holiday}], article: 通知}}",
        f"  - {{id: b, year: 2027, complete: true, holidays: [{holiday}], article: 通知}}",
        '  - {id: c, year: 2026, complete: false, workdays: ["2026-12-12"], article: 通知}',
        '  - {id: d, year: 2026, complete: false, workdays: ["2026-12-12"], article: 通知}',
    ]
    path, text = (
        tmp_path / "catalogue.yaml",
        SMALL.replace("feeds:\n", "working_days:\n" + "\n".join(entries) + "\nfeeds:\n"),
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigFaults) as refused:
        load(path, adapters)
    second, fourth = (line_of(f"{{id: {name},", text) for name in "bd")
    told = [(str(fault.facts["place"]), fault.facts["problem_en"]) for fault in refused.value.faults]
    assert told == [
        (f"{path}:{second}", f"the whole arrangement of 2027 is given twice, first at {path}:{second - 1}"),
        (f"{path}:{fourth}", "2026-12-12 is given twice"),
    ]


def test_the_examples_of_the_sample_hold_once_their_mark_is_taken_away(sample, adapters, tmp_path):
    shutil.copytree(sample, tmp_path / "catalogue")
    rules = tmp_path / "catalogue" / "due_rules.yaml"
    text = re.sub(r"^#(?=  |working_days:)", "", rules.read_text(encoding="utf-8"), flags=re.M)
    rules.write_text(text, encoding="utf-8")
    catalogue, plain = load(tmp_path / "catalogue", adapters), load(sample, adapters)
    assert {schedule.id for schedule in catalogue.schedules} - {schedule.id for schedule in plain.schedules} == {
        "weekly_report", "incident",
    }  # fmt: skip
    changed = catalogue.schedule("comparison_data")
    assert [changed.rule_on(date(year, 1, 1)).shift for year in (2027, 2028)] == [Shift.NONE, Shift.NEXT_WORKDAY]
    assert plain.working_days.arrangements == ()
    (written,) = catalogue.working_days.arrangements
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    official = plain.working_days
    assert [catalogue.working_days.kind(day) for day in days] == [official.kind(day) for day in days]
    assert (written.complete, len(written.workdays)) == (True, 6)
