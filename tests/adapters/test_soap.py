"""SOAP services: node-soap and the demonstration's, then servers that misbehave in every way that was seen."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

import pytest

from adapters.contract import Declared, Fault, Request, Secrets
from adapters.soap import SoapAdapter, SoapConfig
from gateway.demo.sources import dibao
from gateway.demo.sources.generate import SEED
from gateway.errors import (
    LimitExceeded,
    SourceDenied,
    SourceMalformed,
    SourceNotReady,
    SourceUnavailable,
    YizhanError,
)
from tests.adapters.conftest import PASSWORD, USER, rows_of
from tests.peers.soap.scripted import Script, envelope, fault, page, parameter, serving

LAYOUT: dict[str, Any] = {
    "adapter": "soap", "operation": "queryDibao", "params": {"month": "{yyyymm}"},
    "paging": {"page": "pageNo", "size": "pageSize", "rows": 1000},
    "rows": "queryDibaoResponse/list/item", "total": "queryDibaoResponse/total",
}  # fmt: skip
LOGIN = {"login": "token_text", "user": USER, "password": "env:PASSWORD"}
Build = Callable[..., SoapAdapter]


@pytest.fixture
def build(secrets: Secrets) -> Build:
    return lambda wsdl, **changes: SoapAdapter(SoapConfig(**(LAYOUT | {"wsdl": wsdl} | changes)), secrets)


# --- real services


@pytest.mark.parametrize("size", [1000, 469, 2345, 5000])
def test_node_soap_gives_every_row_once_whatever_the_page(
    node_soap: dict[str, Any], build: Build, ask: Callable[..., Request], size: int
) -> None:
    paging = {"page": "pageNo", "size": "pageSize", "rows": size}
    reading = build(node_soap["wsdl"], **LOGIN, paging=paging).extract(ask("civil.dibao"))
    rows = rows_of(reading)
    assert [row["household_no"] for row in rows] == [f"JS{n}" for n in range(1, 2346)]
    assert [row["allowance"] for row in rows] == [f"{n}.50" for n in range(1, 2346)]
    assert {row["householder"] for row in rows} == {"王 & <芳>", "李𠮷"}
    assert reading.declared == Declared(rows=2345)
    assert rows[-1]["_position"] == f"page {-(-2345 // size)} row {(2345 - 1) % size + 1}"


def test_an_element_that_is_not_there_is_null_and_an_empty_one_is_empty(
    node_soap: dict[str, Any], build: Build, ask: Callable[..., Request]
) -> None:
    seen = build(node_soap["wsdl"], **LOGIN).probe(ask("civil.dibao")).sample
    assert seen is not None
    assert (seen.column("price_subsidy")[0].as_py(), seen.column("phone")[0].as_py()) == (None, "")


def test_node_soap_takes_the_digest_of_a_password(
    node_soap: dict[str, Any], build: Build, ask: Callable[..., Request]
) -> None:
    digest = LOGIN | {"login": "token_digest"}
    assert len(rows_of(build(node_soap["wsdl"], **digest).extract(ask("civil.dibao")))) == 2345
    with pytest.raises(SourceDenied):
        rows_of(build(node_soap["wsdl"], **(digest | {"password": "env:WRONG"})).extract(ask("civil.dibao")))


@pytest.mark.parametrize("login", [{}, LOGIN | {"password": "env:WRONG"}, LOGIN | {"user": "nobody"}])
def test_node_soap_refuses_another_account(
    node_soap: dict[str, Any], build: Build, ask: Callable[..., Request], login: dict[str, Any]
) -> None:
    with pytest.raises(SourceDenied):
        rows_of(build(node_soap["wsdl"], **login).extract(ask("civil.dibao")))


def test_the_demonstrations_service_gives_the_generated_list(
    demo_soap: dict[str, Any], build: Build, ask: Callable[..., Request]
) -> None:
    reading = build(demo_soap["wsdl"], **LOGIN).extract(ask("civil.dibao"))
    rows = rows_of(reading)
    written = dibao.block(0, 5000, date(2026, 10, 1), SEED)
    places = [dibao.ELEMENTS.index(column.source) for column in ask("civil.dibao").columns]
    assert [tuple(row.values())[2:] for row in rows] == [tuple(row[place] for place in places) for row in written]
    assert reading.declared == Declared(rows=5000)


@pytest.mark.parametrize("login", [{}, LOGIN | {"password": "env:WRONG"}])
def test_the_demonstrations_service_denies_another_account(
    demo_soap: dict[str, Any], build: Build, ask: Callable[..., Request], login: dict[str, Any]
) -> None:
    with pytest.raises(SourceDenied):
        rows_of(build(demo_soap["wsdl"], **login).extract(ask("civil.dibao")))


@pytest.mark.parametrize("changes", [{"operation": "dropAll"}, {"params": {}}, {"params": {"year": "2026"}}])
def test_a_call_that_does_not_fit_the_wsdl_is_refused_before_it_is_sent(
    demo_soap: dict[str, Any], build: Build, ask: Callable[..., Request], changes: dict[str, Any]
) -> None:
    with pytest.raises(SourceMalformed):
        rows_of(build(demo_soap["wsdl"], **LOGIN, **changes).extract(ask("civil.dibao")))


# --- services that misbehave


ELSEWHERE = "http://192.0.2.1/x"
FIRST = '<xs:element name="queryDibao">'
PAGE_OF_TWO = {"paging": {"page": "pageNo", "size": "pageSize", "rows": 2}}


def read(script: Script, build: Build, request: Request, **changes: Any) -> list[dict[str, Any]]:
    with serving(script) as wsdl:
        return rows_of(build(wsdl, **(PAGE_OF_TWO | changes)).extract(request))


def test_pages_are_asked_for_in_order_until_all_rows_are_here(build: Build, ask: Callable[..., Request]) -> None:
    script = Script(pages=[page(5, 1, 2), page(5, 3, 4), page(5, 5)])
    assert [row["household_no"] for row in read(script, build, ask("civil.dibao"))] == ["1", "2", "3", "4", "5"]
    assert [f"<ns0:pageNo>{n}</ns0:pageNo>".encode() in body for n, body in enumerate(script.asked, 1)] == [True] * 3
    assert all(b"<ns0:month>202610</ns0:month>" in body for body in script.asked)


def test_a_service_without_a_total_is_read_until_a_page_is_short(build: Build, ask: Callable[..., Request]) -> None:
    script = Script(pages=[page(0, 1, 2), page(0, 3, 4), page(0)])
    assert len(read(script, build, ask("civil.dibao"), total=None)) == 4
    assert len(script.asked) == 3


@pytest.mark.parametrize(
    ("pages", "error"),
    [
        ([page(4, 1, 2), page(4, 1, 2)], SourceMalformed),
        ([page(4, 1, 2), page(4, 3)], SourceMalformed),
        ([page(4, 1, 2), page(4)], SourceMalformed),
        ([page(1, 1, 2)], SourceMalformed),
        ([page(3, 1, 2, 3)], SourceMalformed),
        ([page(4, 1, 2), page(5, 3, 4)], SourceNotReady),
        ([envelope("<queryDibaoResponse><list/></queryDibaoResponse>")], SourceMalformed),
        ([envelope("<queryDibaoResponse><total>many</total></queryDibaoResponse>")], SourceMalformed),
        ([fault("s:Server")], SourceUnavailable),
        ([page(4, 1, 2), fault("s:Server")], SourceUnavailable),
        ([fault("s:Client")], SourceMalformed),
        ([fault("wsse:FailedAuthentication")], SourceDenied),
        (["<html><body>登录</body></html>"], SourceUnavailable),
        (["<!DOCTYPE html><p>x"], SourceUnavailable),
        (["<report><row/></report>"], SourceUnavailable),
        ([""], SourceUnavailable),
        ([page(1, 1)[:-20]], SourceMalformed),
        ([page(1, 1) + "<x/>"], SourceMalformed),
        (['<!DOCTYPE s:Envelope [<!ENTITY a "b">]>' + page(1, 1)], SourceMalformed),
        (['<!DOCTYPE s:Envelope SYSTEM "http://127.0.0.1:1/x.dtd">' + page(1, 1)], SourceMalformed),
    ],
    ids=[
        "page repeated", "page short", "page missing", "more than the total", "more than asked for", "total changed",
        "total missing", "total no number", "server fault", "server fault later", "client fault", "denied",
        "web page", "web page with doctype", "not soap", "empty", "cut off", "two documents", "entity", "external dtd",
    ],
)  # fmt: skip
def test_an_answer_that_is_not_the_page_is_classed_by_what_to_do_next(
    build: Build, ask: Callable[..., Request], pages: list[str], error: type[YizhanError]
) -> None:
    with pytest.raises(error) as refused:
        read(Script(pages=pages), build, ask("civil.dibao"))
    assert "王隐" not in refused.value.message("zh") + repr(refused.value)


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, SourceDenied), (403, SourceDenied), (404, SourceMalformed), (302, SourceMalformed), (503, SourceUnavailable),
     (429, SourceUnavailable)],
)  # fmt: skip
def test_a_status_is_classed_by_what_to_do_next(
    build: Build, ask: Callable[..., Request], status: int, error: type[YizhanError]
) -> None:
    with pytest.raises(error):
        read(Script(pages=["<html/>"], status=status, content_type="text/html"), build, ask("civil.dibao"))


def test_a_fault_with_its_status_500_is_still_read_as_a_fault(build: Build, ask: Callable[..., Request]) -> None:
    with pytest.raises(SourceMalformed):
        read(Script(pages=[fault("s:Client")], status=500), build, ask("civil.dibao"))


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n<s:Envelope",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n<s:",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"no http at all\r\n\r\n",
        b"",
    ],
)
def test_a_connection_that_breaks_off_can_be_tried_again(build: Build, ask: Callable[..., Request], raw: bytes) -> None:
    with pytest.raises(SourceUnavailable):
        read(Script(raw=raw), build, ask("civil.dibao"))


@pytest.mark.parametrize(
    ("raw", "trickle"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n<s:Envelope", b" "),
        (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-", b"a"),
    ],
    ids=["body", "headers", "one header"],
)
def test_a_server_that_trickles_is_cut_off_at_the_deadline(
    build: Build, ask: Callable[..., Request], raw: bytes, trickle: bytes
) -> None:
    started = time.monotonic()
    with pytest.raises((LimitExceeded, SourceUnavailable)):
        read(Script(raw=raw, trickle=trickle), build, ask("civil.dibao", deadline=started + 0.6))
    assert time.monotonic() - started < 3


def test_a_page_that_is_too_long_is_refused(build: Build, ask: Callable[..., Request]) -> None:
    with pytest.raises(LimitExceeded):
        read(Script(pages=[page(1, 1, extra="<x>" + "y" * 5000 + "</x>")]), build, ask("civil.dibao"), page_bytes=4096)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("<wsdl:types>", f'<wsdl:import namespace="u" location="{ELSEWHERE}"/><wsdl:types>'),
        lambda text: text.replace(FIRST, f'<xs:include schemaLocation="{ELSEWHERE}"/>{FIRST}'),
        lambda text: '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>' + text.partition("?>")[2],
        lambda text: text[:500],
        lambda text: "<html>login</html>",
    ],
    ids=["import elsewhere", "include elsewhere", "dtd", "cut off", "web page"],
)  # fmt: skip
def test_a_description_that_leads_elsewhere_or_is_none_is_refused(
    build: Build, ask: Callable[..., Request], change: Callable[[str], str]
) -> None:
    script = Script(wsdl=change)
    started = time.monotonic()
    with pytest.raises(SourceMalformed):
        read(script, build, ask("civil.dibao"))
    assert script.asked == []
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("declared", ["gb2312", "GBK", "gb18030"])
@pytest.mark.parametrize("header", ["text/xml", "text/xml; charset=utf-8", "text/xml; charset=GBK", "text/html"])
def test_a_gb_encoding_is_read_in_full_whatever_the_http_header_says(
    build: Build, ask: Callable[..., Request], declared: str, header: str
) -> None:
    body = f'<?xml version="1.0" encoding="{declared}"?>{page(1, 1).replace("王1", "朱镕基")}'.encode("gb18030")
    script = Script(pages=[body], content_type=header)
    assert [row["householder"] for row in read(script, build, ask("civil.dibao"))] == ["朱镕基"]


@pytest.mark.parametrize("header", ["text/xml; charset=utf-8", "text/xml; charset=GBK"])
def test_bytes_that_are_not_the_declared_encoding_are_refused_unless_the_feed_declares_them(
    build: Build, ask: Callable[..., Request], header: str
) -> None:
    body = f'<?xml version="1.0" encoding="UTF-8"?>{page(1, 1).replace("王1", "朱镕基")}'.encode("gb18030")
    with pytest.raises(SourceMalformed, match="page 1"):
        read(Script(pages=[body], content_type=header), build, ask("civil.dibao"))
    rows = read(Script(pages=[body], content_type=header), build, ask("civil.dibao"), encoding="gb18030")
    assert [row["householder"] for row in rows] == ["朱镕基"]


def test_the_page_with_a_byte_that_is_no_character_is_named(build: Build, ask: Callable[..., Request]) -> None:
    good, bad = (
        f'<?xml version="1.0" encoding="gbk"?>{page(4, *numbers)}'.encode("gbk") for numbers in ((1, 2), (3, 4))
    )
    with pytest.raises(SourceMalformed, match="page 2"):
        read(Script(pages=[good, bad.replace("王".encode("gbk"), b"\xff")]), build, ask("civil.dibao"))


def test_a_document_in_a_text_is_read_with_its_own_total(build: Build, ask: Callable[..., Request]) -> None:
    items = "".join(f"<row><familyNo>{n}</familyNo><holderName>朱镕基</holderName></row>" for n in (1, 2))
    document = f'<?xml version="1.0" encoding="GB2312"?><data><count>2</count><rows>{items}</rows></data>'
    paths = {"embedded": "queryDibaoResponse/return", "rows": "data/rows/row", "total": "data/count"}
    for text in (escape(document), f"<![CDATA[{document}]]>"):
        body = envelope(f"<queryDibaoResponse><return>{text}</return></queryDibaoResponse>")
        rows = read(Script(pages=[body]), build, ask("civil.dibao"), **paths)
        assert [(row["household_no"], row["householder"]) for row in rows] == [("1", "朱镕基"), ("2", "朱镕基")]


def test_an_answer_with_attachments_is_refused_as_such(build: Build, ask: Callable[..., Request]) -> None:
    script = Script(pages=["--x"], content_type='multipart/related; type="application/xop+xml"; boundary=x')
    with pytest.raises(SourceMalformed, match="MTOM"):
        read(script, build, ask("civil.dibao"))


def test_soap_1_2_is_spoken_where_the_wsdl_says_so(build: Build, ask: Callable[..., Request]) -> None:
    old, new = "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"
    script = Script(
        pages=[page(1, 1).replace(old, new)],
        content_type="application/soap+xml",
        wsdl=lambda text: text.replace(
            '"http://schemas.xmlsoap.org/wsdl/soap/"', '"http://schemas.xmlsoap.org/wsdl/soap12/"'
        ),
    )
    assert [row["household_no"] for row in read(script, build, ask("civil.dibao"))] == ["1"]
    assert new.encode() in script.asked[0]


@pytest.mark.parametrize("extra", ["<familyNo>2</familyNo>", "<allowance><yuan>1</yuan></allowance>"])
def test_a_row_of_another_shape_is_a_fault_with_its_place(
    build: Build, ask: Callable[..., Request], extra: str
) -> None:
    rows = read(Script(pages=[page(2, 1, 2, extra=extra)]), build, ask("civil.dibao"))
    assert [(row["_position"], row["_fault"], row["householder"]) for row in rows] == [
        ("page 1 row 1", Fault.LAYOUT, None), ("page 1 row 2", Fault.LAYOUT, None),
    ]  # fmt: skip


def test_rows_elsewhere_in_the_answer_are_not_taken(build: Build, ask: Callable[..., Request]) -> None:
    stray = "<other><list><item><familyNo>9</familyNo></item></list></other>"
    script = Script(pages=[page(1, 1).replace("</s:Body>", stray + "</s:Body>")])
    assert [row["household_no"] for row in read(script, build, ask("civil.dibao"))] == ["1"]


def test_nil_is_null(build: Build, ask: Callable[..., Request]) -> None:
    nil = '<allowance xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/><telephone/>'
    (row,) = read(Script(pages=[page(1, 1, extra=nil)]), build, ask("civil.dibao"))
    assert (row["allowance"], row["phone"], row["bank"]) == (None, "", None)


def test_no_error_or_log_line_tells_the_password(
    demo_soap: dict[str, Any], build: Build, ask: Callable[..., Request], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    told = []
    for changes in (LOGIN, LOGIN | {"operation": "x"}, LOGIN | {"login": "basic"}, LOGIN | {"params": {}}):
        try:
            rows_of(build(demo_soap["wsdl"], **changes).extract(ask("civil.dibao")))
        except YizhanError as error:
            told += [error.message("zh"), repr(error), repr(error.__cause__)]
    assert len(told) == 9
    assert PASSWORD not in "\n".join([*told, caplog.text])


def test_one_connection_serves_every_page(build: Build, ask: Callable[..., Request]) -> None:
    script = Script(pages=[page(5, 1, 2), page(5, 3, 4), page(5, 5)])
    read(script, build, ask("civil.dibao"))
    assert len(script.callers) == 1


def test_the_next_page_is_asked_for_while_this_one_is_taken_apart_and_none_beyond_the_last(
    build: Build, ask: Callable[..., Request]
) -> None:
    script = Script(pages=[page(6, 1, 2), page(6, 3, 4), page(6, 5, 6)])
    with serving(script) as wsdl, build(wsdl, **PAGE_OF_TWO).extract(ask("civil.dibao")) as reading:
        batches = iter(reading)
        next(batches)
        assert len(script.asked) == 1
        next(batches)
        until = time.monotonic() + 5
        while len(script.asked) < 3 and time.monotonic() < until:
            time.sleep(0.01)
        assert len(script.asked) == 3
        assert [batch.column("household_no").to_pylist() for batch in batches] == [["5", "6"]]
    assert [parameter(one, "pageNo") for one in script.asked] == ["1", "2", "3"]


def test_a_service_that_breaks_off_under_the_request_sent_ahead_can_be_tried_again(
    build: Build, ask: Callable[..., Request]
) -> None:
    script = Script(pages=[page(6, 1, 2), page(6, 3, 4), page(6, 5, 6)])
    with serving(script) as wsdl, build(wsdl, **PAGE_OF_TWO).extract(ask("civil.dibao")) as reading:
        batches = iter(reading)
        next(batches)
        script.raw = b"HTTP/1.1 200 OK\r\nContent-Le"
        with pytest.raises(SourceUnavailable):
            list(batches)
