"""What a front-end may say of an instruction."""

from __future__ import annotations

import json
import string
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ConfigFaults, InstructionsUnreadable, ReportMalformed, SourceUnavailable, YizhanError
from gateway.instructions import (
    MAX_ANSWER,
    MAX_DOCUMENT,
    MAX_GIVEN,
    MAX_LINES,
    Advice,
    Given,
    Heard,
    InstructionReport,
    Outcome,
    ReportLine,
    State,
    encode_given,
    encode_heard,
    encode_report,
    parse_given,
    parse_heard,
    parse_report,
    quiet,
)

AT = datetime(2026, 12, 1, 8, tzinfo=UTC)
NUMBER = "20261201-bcdfghjklm"
OUTCOME = Outcome(
    batch="finance.onecard/2026-11/r2", revision=2, unchanged=False, rows=1204, amount=36_120_000, digest="5f" * 32
)
REPORT = InstructionReport(
    seq=4,
    state="running",
    stage="delivering",
    done=5,
    total=9,
    outcome=OUTCOME,
    lines=(ReportLine(at=AT, code="YZ-6101", text="连不上中心,稍后重试"),),
)


def test_a_report_is_read_as_it_was_written() -> None:
    assert parse_report(encode_report(REPORT)) == REPORT
    assert json.loads(encode_report(REPORT))["outcome"]["amount"] == "361200.00"


def test_the_fullest_report_fits_and_keys_with_nothing_may_be_left_out() -> None:
    words = "字" * 400
    line = ReportLine(at=AT, code="YZ-6101", text=words)
    advice = Advice(zh=words, en=words, zh_next=words, en_next=words)
    full = replace(REPORT, state="failed", code="YZ-6101", advice=advice, lines=(line,) * MAX_LINES)
    assert len(encode_report(full)) <= MAX_DOCUMENT
    short = b'{"format":"yizhan-report/1","seq":1,"state":"running"}'
    assert parse_report(short) == InstructionReport(seq=1, state="running")


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"seq": 0}, "seq"),
        ({"seq": "4"}, "seq"),
        ({"state": "expired"}, "state"),
        ({"stage": "sleeping"}, "stage"),
        ({"done": -1}, "done"),
        ({"done": 10}, "-"),
        ({"state": "failed"}, "-"),
        ({"code": "YZ-2001"}, "-"),
        ({"code": "it broke"}, "code"),
        ({"outcome": {"rows": 1.5}}, "outcome"),
        ({"outcome": {"amount": "1.5"}}, "outcome"),
        ({"lines": [{"at": "2026-12-01T08:00:00+08:00", "text": "张三 430482199001011234"}]}, "lines"),
        ({"lines": [{"at": "2026-12-01T08:00:00", "text": "no offset"}]}, "lines"),
        ({"lines": [{"at": "2026-12-01T08:00:00+08:00", "text": "two\nlines"}]}, "lines"),
        ({"lines": [{"at": "2026-12-01T08:00:00+08:00", "text": "again"}] * 101}, "lines"),
        ({"password": "x"}, "-"),
        ({"format": "yizhan-report/2"}, "format"),
    ],
    ids=repr,
)
def test_what_cannot_be_or_must_not_leave_is_refused_without_being_quoted(
    changes: dict[str, object], place: str
) -> None:
    said = json.loads(encode_report(REPORT)) | changes
    with pytest.raises(ReportMalformed) as refused:
        parse_report(json.dumps(said).encode())
    assert refused.value.facts == {"place": place}


@pytest.mark.parametrize("junk", [b"", b"[]", b"null", b"\xff", b"{" * 10_000])
def test_what_is_no_report_is_refused(junk: bytes) -> None:
    with pytest.raises(ReportMalformed):
        parse_report(junk)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("身份证 430482199001011234 已读", "身份证 *** 已读"),
        ("电话 138 0013 8000", "电话 ***"),
        ("卡号 6217 0000 1000 2000 300", "卡号 ***"),
        ("finance.onecard/2026-11/r2:1204 行,361200.00 元", "finance.onecard/2026-11/r2:1204 行,361200.00 元"),
        ("2026-12-01 08:00:07 已封装", "2026-12-01 08:00:07 已封装"),
        ("two\nlines\x1b[31m ", "two lines [31m"),
    ],
)
def test_numbers_that_could_be_a_persons_are_held_back(said: str, told: str) -> None:
    assert quiet(said) == told


@given(st.text(max_size=900))
def test_quiet_words_stay_as_they_are_and_are_taken(text: str) -> None:
    told = quiet(text)
    assert quiet(told) == told
    if told:
        line = ReportLine(at=AT, text=told)
        assert parse_report(encode_report(replace(REPORT, lines=(line,)))).lines == (line,)


def test_the_advice_of_every_error_of_the_product_can_be_reported() -> None:
    for kind in YizhanError.all():
        facts: dict[str, object] = {name: f"{name}-事项.甲/2026-11/r1" for name in _facts_of(kind)}
        error = kind(**(facts if kind is not ConfigFaults else {"faults": ()}))
        report = InstructionReport(seq=1, state="failed", code=kind.code, advice=Advice.of(error))
        assert parse_report(encode_report(report)) == report, kind.code


def _facts_of(kind: type[YizhanError]) -> set[str]:
    templates = (kind.zh, kind.en, kind.zh_next, kind.en_next)
    return {name for template in templates for _, name, _, _ in string.Formatter().parse(template) if name}


def test_what_is_handed_out_and_heard_is_read_as_it_was_written() -> None:
    given = (
        Given(number=NUMBER, document=b"x" * 16_384, order=b"y" * 16_384),
        Given(number=NUMBER, document=b"z"),
    )
    assert parse_given(encode_given(given)) == given
    assert parse_given(encode_given(())) == ()
    assert len(encode_given(given[:1] * MAX_GIVEN)) <= MAX_ANSWER
    heard = Heard(number=NUMBER, state=State.DONE, seq=7)
    assert parse_heard(encode_heard(heard)) == heard


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{}",
        b'{"instructions":[{"number":"7","document":"eA=="}]}',
        b'{"instructions":[{"number":"20261201-bcdfghjklm","document":"not base64"}]}',
        b'{"instructions":[{"number":"20261201-bcdfghjklm","document":""}]}',
        b'{"instructions":[{"number":"../../etc/passwd","document":"eA=="}]}',
    ],
)
def test_a_centres_answer_out_of_form_is_tried_again(answer: bytes) -> None:
    with pytest.raises(InstructionsUnreadable):
        parse_given(answer)
    with pytest.raises(InstructionsUnreadable):
        parse_heard(answer)


def test_advice_is_the_errors_own_words() -> None:
    error = SourceUnavailable(feed="finance.onecard", reason_zh="连接超时", reason_en="timed out")
    advice = Advice.of(error)
    assert f"{advice.zh} {advice.zh_next}".strip() == error.message("zh")
    assert f"{advice.en} {advice.en_next}".strip() == error.message("en")
