"""How a service gives its rows out: cursors, ranges of dates, one answer; and the word for success in each answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.contract import Declared, Request, Secrets
from adapters.soap import SoapAdapter, SoapConfig
from adapters.soap.asking import spans
from adapters.soap.styles import RangeStyle
from gateway.errors import SourceMalformed, SourceNotReady, YizhanError
from tests.adapters.conftest import rows_of
from tests.peers.soap.scripted import Script, any_parameter, envelope, page, parameter, serving

LAYOUT: dict[str, Any] = {
    "adapter": "soap", "operation": "queryDibao", "params": {"month": "{yyyymm}"},
    "rows": "queryDibaoResponse/list/item",
}  # fmt: skip
CURSOR = {"style": "cursor", "parameter": "lastId", "next": "queryDibaoResponse/next", "first": "0"}
LASTING = CURSOR | {"ends": "no_rows"}
RANGE = {"style": "range", "begin": "beginTime", "end": "endTime", "end_is": "inclusive", "days": 10}
TOTAL = {"total": "queryDibaoResponse/total"}
Read = Callable[..., Any]


def chained(next_: str, *numbers: int, total: str = "") -> str:
    """One answer of a service with cursors."""
    items = "".join(f"<item><familyNo>{n}</familyNo></item>" for n in numbers)
    return envelope(f"<queryDibaoResponse>{total}{next_}<list>{items}</list></queryDibaoResponse>")


@pytest.fixture
def read(ask: Callable[..., Request], secrets: Secrets) -> Read:
    """All rows' numbers, and the reading they came from."""

    def reading(script: Script, paging: dict[str, Any], cursor: str | None = None, **changes: Any) -> Any:
        script.wsdl = any_parameter
        with serving(script) as wsdl:
            config = SoapConfig(**(LAYOUT | {"wsdl": wsdl, "paging": paging} | changes))
            extraction = SoapAdapter(config, secrets).extract(ask("civil.dibao", cursor=cursor))
            return [row["household_no"] for row in rows_of(extraction)], extraction

    return reading


def test_pages_with_numbers_need_no_word_for_their_style() -> None:
    config = SoapConfig(**LAYOUT, wsdl="http://x/?wsdl", paging={"page": "p", "size": "s"})
    assert (config.paging.style, config.paging.rows) == ("page", 1000)


# --- cursors


@pytest.mark.parametrize("end", ["", "<next/>", "<next> </next>"], ids=["absent", "empty", "blank"])
def test_a_cursor_is_followed_until_there_is_none(read: Read, end: str) -> None:
    script = Script(pages=[chained("<next>b7</next>", 1, 2), chained("<next>c9</next>"), chained(end, 3)])
    rows, reading = read(script, CURSOR)
    assert rows == ["1", "2", "3"]
    assert [parameter(one, "lastId") for one in script.asked] == ["0", "b7", "c9"]
    assert reading.cursor is None
    assert ("pages", "3") in reading.source_facts


def test_the_length_of_an_answer_is_asked_for_where_the_service_takes_one(read: Read) -> None:
    script = Script(pages=[chained("", 1)])
    read(script, CURSOR | {"size": "pageSize", "rows": 7})
    assert parameter(script.asked[0], "pageSize") == "7"


def test_a_cursor_that_lasts_is_where_the_next_reading_goes_on(read: Read) -> None:
    script = Script(pages=[chained("<next>2</next>", 1, 2), chained("<next>3</next>", 3), chained("<next>3</next>")])
    rows, reading = read(script, LASTING)
    assert (rows, reading.cursor) == (["1", "2", "3"], "3")
    script = Script(pages=[chained("")])
    rows, reading = read(script, LASTING, cursor="3")
    assert (rows, reading.cursor, parameter(script.asked[0], "lastId")) == ([], "3", "3")


def test_a_cursor_that_does_not_last_is_not_taken_up_by_another_reading(read: Read) -> None:
    script = Script(pages=[chained("", 1)])
    read(script, CURSOR, cursor="c9")
    assert parameter(script.asked[0], "lastId") == "0"


@pytest.mark.parametrize(
    ("paging", "pages"),
    [
        (CURSOR, [chained("<next>a</next>", 1), chained("<next>a</next>", 2)]),
        (CURSOR, [chained("<next>a</next>", 1), chained("<next>b</next>", 2), chained("<next>a</next>", 3)]),
        (CURSOR, [chained("<next>0</next>", 1)]),
        (LASTING, [chained("<next>a</next>", 1), chained("", 2)]),
        (CURSOR, [chained("<next>a</next><next>b</next>", 1)]),
        (CURSOR, [chained("<next>a</next>", 1), chained("<next>b</next>", 1)]),
        (CURSOR | {"size": "pageSize", "rows": 1}, [chained("", 1, 2)]),
    ],
    ids=["repeated", "in a circle", "the first again", "rows without one", "two", "rows repeated", "too many rows"],
)
def test_a_chain_that_would_never_end_or_has_a_gap_is_refused(
    read: Read, paging: dict[str, Any], pages: list[str | bytes]
) -> None:
    with pytest.raises(SourceMalformed) as refused:
        read(Script(pages=pages), paging)
    assert f"page {len(pages)}" in refused.value.message("en")


def test_a_chain_that_ends_before_its_total_is_refused(read: Read) -> None:
    total = "<total>3</total>"
    pages: list[str | bytes] = [chained("<next>a</next>", 1, total=total), chained("", 2, total=total)]
    with pytest.raises(SourceMalformed):
        read(Script(pages=pages), CURSOR, **TOTAL)


# --- ranges


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({}, [("2026-10-01", "2026-10-10"), ("2026-10-11", "2026-10-20"), ("2026-10-21", "2026-10-30"),
              ("2026-10-31", "2026-10-31")]),
        ({"end_is": "exclusive", "days": 16}, [("2026-10-01", "2026-10-17"), ("2026-10-17", "2026-11-01")]),
        ({"days": 31, "format": "%Y%m%d%H%M%S"}, [("20261001000000", "20261031235959")]),
        ({"days": 31, "format": "%Y-%m-%dT%H:%M"}, [("2026-10-01T00:00", "2026-10-31T23:59")]),
        ({"days": None, "hours": 400, "format": "%Y%m%d%H", "end_is": "exclusive"},
         [("2026100100", "2026101716"), ("2026101716", "2026110100")]),
    ],
    ids=["days", "exclusive", "to the second", "to the minute", "hours"],
)  # fmt: skip
def test_the_period_is_asked_for_in_ranges(read: Read, changes: dict[str, Any], asked: list[tuple[str, str]]) -> None:
    script = Script(answer=lambda _: page(1, len(script.asked)))
    rows, reading = read(script, RANGE | changes, **TOTAL)
    assert [(parameter(one, "beginTime"), parameter(one, "endTime")) for one in script.asked] == asked
    assert rows == [str(n) for n in range(1, len(asked) + 1)]
    assert reading.declared == Declared(rows=len(asked))
    assert reading.cursor is None


def test_each_range_may_have_pages_and_a_total_of_its_own(read: Read) -> None:
    held = {"2026-10-01": (1, 2, 3), "2026-10-17": ()}

    def answer(request: bytes) -> str:
        numbers = held[parameter(request, "beginTime") or ""]
        first = 2 * (int(parameter(request, "pageNo") or "") - 1)
        return page(len(numbers), *numbers[first : first + 2])

    within = {"page": "pageNo", "size": "pageSize", "rows": 2}
    script = Script(answer=answer)
    rows, reading = read(script, RANGE | {"days": 16, "within": within}, **TOTAL)
    assert (rows, len(script.asked)) == (["1", "2", "3"], 3)
    assert reading.declared == Declared(rows=3)


def test_a_range_may_be_chained_by_cursors(read: Read) -> None:
    script = Script(pages=[chained("<next>a</next>", 1), chained("", 2), chained("<next>a</next>", 3), chained("")])
    rows, _ = read(script, RANGE | {"days": 16, "within": CURSOR})
    assert rows == ["1", "2", "3"]


def test_a_rows_place_names_its_range(ask: Callable[..., Request], secrets: Secrets) -> None:
    script = Script(answer=lambda _: page(1, len(script.asked)), wsdl=any_parameter)
    with serving(script) as wsdl:
        config = SoapConfig(**LAYOUT, wsdl=wsdl, paging=RANGE | {"days": 16})
        rows = rows_of(SoapAdapter(config, secrets).extract(ask("civil.dibao")))
    assert [row["_position"] for row in rows] == ["2026-10-01 page 1 row 1", "2026-10-17 page 1 row 1"]


def test_a_service_that_ignores_the_range_is_found_out(read: Read) -> None:
    with pytest.raises(SourceMalformed, match="repeats"):
        read(Script(pages=[page(2, 1, 2)]), RANGE)


@settings(deadline=None)
@given(
    start=st.dates(date(2000, 1, 1), date(2100, 1, 1)), length=st.integers(1, 100), step=st.integers(1, 366),
    unit=st.sampled_from(["days", "hours"]), written=st.sampled_from(["%Y-%m-%d %H", "%Y%m%d%H%M%S"]),
    end_is=st.sampled_from(["inclusive", "exclusive"]),
)  # fmt: skip
def test_ranges_cover_the_period_without_gap_or_overlap(
    start: date, length: int, step: int, unit: str, written: str, end_is: str
) -> None:
    style = RangeStyle(style="range", begin="b", end="e", end_is=end_is, format=written, **{unit: step})
    over = start + timedelta(days=length)
    request = Request(
        feed="f", columns=(), period="p", start=start, end=over, deadline=0, max_rows=1, max_bytes=1
    )  # fmt: skip
    smallest = timedelta(seconds=1) if "%S" in written else timedelta(hours=1)
    asked = [[datetime.strptime(str(text), written) for _, text in span.params] for span in spans(style, request)]
    ends = [end + (smallest if end_is == "inclusive" else timedelta(0)) for _, end in asked]
    begins = [begin for begin, _ in asked]
    assert begins[0] == datetime(start.year, start.month, start.day)
    assert ends[-1] == datetime(over.year, over.month, over.day)
    assert begins[1:] == ends[:-1]
    assert all(timedelta(0) < end - begin <= timedelta(**{unit: step}) for begin, end in zip(begins, ends, strict=True))


@pytest.mark.parametrize(
    "paging",
    [
        RANGE | {"hours": 1},
        RANGE | {"days": None},
        RANGE | {"days": None, "hours": 6},
        RANGE | {"format": "%d.%m"},
        RANGE | {"format": "%Y-%m-%d %p"},
        RANGE | {"format": "%Y-%m-%d%"},
        RANGE | {"within": LASTING},
        RANGE | {"within": RANGE},
        CURSOR | {"pages": 3},
        {"style": "none", "rows": 10},
        {"style": "offset"},
        {key: RANGE[key] for key in ("style", "begin", "end", "days")},
    ],
    ids=[
        "days and hours", "neither", "hours without %H", "no year", "locale", "lone percent", "lasting within a range",
        "range within a range", "unknown key", "rows of one answer", "unknown style", "end unsaid",
    ],
)  # fmt: skip
def test_a_style_that_cannot_be_meant_is_refused(paging: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SoapConfig(**LAYOUT, wsdl="http://x/?wsdl", paging=paging)


def test_a_total_beside_a_lasting_cursor_is_refused() -> None:
    with pytest.raises(ValidationError):
        SoapConfig(**LAYOUT, **TOTAL, wsdl="http://x/?wsdl", paging=LASTING)


# --- one answer, and its status


def test_one_answer_holds_everything(read: Read) -> None:
    script = Script(pages=[page(3, 1, 2, 3)])
    rows, reading = read(script, {"style": "none"}, **TOTAL)
    assert (rows, len(script.asked), reading.declared) == (["1", "2", "3"], 1, Declared(rows=3))


@pytest.mark.parametrize("total", [2, 4])
def test_one_answer_that_is_not_its_total_is_refused(read: Read, total: int) -> None:
    with pytest.raises(SourceMalformed):
        read(Script(pages=[page(total, 1, 2, 3)]), {"style": "none"}, **TOTAL)


def test_one_large_answer_comes_in_many_batches(ask: Callable[..., Request], secrets: Secrets) -> None:
    with serving(Script(pages=[page(30_000, *range(1, 30_001))], wsdl=any_parameter)) as wsdl:
        config = SoapConfig(**LAYOUT, **TOTAL, wsdl=wsdl, paging={"style": "none"})
        with SoapAdapter(config, secrets).extract(ask("civil.dibao")) as reading:
            batches = list(reading)
    assert len(batches) > 1
    assert [no for one in batches for no in one.column("household_no").to_pylist()] == [
        str(n) for n in range(1, 30_001)
    ]
    assert batches[-1].column("_position")[-1].as_py() == "page 1 row 30000"


STATUS = {"status": {"at": "queryDibaoResponse/code", "good": ["0", "200"]}}


@pytest.mark.parametrize("code", ["<code>500</code>", "<code/>", "", "<code>0</code><code>0</code>"])
def test_an_answer_that_does_not_say_it_went_well_is_not_the_last_page(read: Read, code: str) -> None:
    """Without its status, an error in an answer with 200 is a page without rows: the end, and rows are lost."""
    body = envelope(f"<queryDibaoResponse>{code}<message>库忙</message></queryDibaoResponse>")
    with pytest.raises(YizhanError):
        read(Script(pages=[body]), {"style": "none"}, **STATUS)


def test_a_good_status_is_passed_over(read: Read) -> None:
    body = page(1, 1).replace("<total>", "<code> 200 </code><total>")
    rows, _ = read(Script(pages=[body]), {"style": "none"}, **STATUS)
    assert rows == ["1"]


def test_a_total_that_moves_is_not_ready(read: Read) -> None:
    within = {"page": "pageNo", "size": "pageSize", "rows": 1}
    with pytest.raises(SourceNotReady):
        read(Script(pages=[page(2, 1), page(3, 2)]), within, **TOTAL)
