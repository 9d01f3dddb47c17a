"""Hazards of SOAP services: the whole answer as it came over the wire, head and body."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.hazards.case import Hazard

FIELDS = (
    {"name": "no", "title": "户编号", "type": "code", "source": "familyNo"},
    {"name": "holder", "title": "户主", "type": "person_name", "source": "holderName"},
)
SOURCE: dict[str, Any] = {
    "adapter": "soap", "operation": "queryDibao", "params": {"month": "{yyyymm}"},
    "paging": {"page": "pageNo", "size": "pageSize", "rows": 10},
    "rows": "queryDibaoResponse/list/item", "total": "queryDibaoResponse/total",
}  # fmt: skip
ONE = (("1", "王芳"),)


def item(holder: str, no: str = "1") -> str:
    return f"<item><familyNo>{no}</familyNo><holderName>{holder}</holderName></item>"


def page(*items: str, total: int | None = None) -> str:
    count = len(items) if total is None else total
    return f'<q:queryDibaoResponse xmlns:q="urn:x"><total>{count}</total><list>{"".join(items)}</list></q:queryDibaoResponse>'


def envelope(body: str, head: str = "") -> str:
    return f'{head}<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{body}</s:Body></s:Envelope>'


def declared(encoding: str) -> str:
    return f'<?xml version="1.0" encoding="{encoding}"?>'


def answer(
    body: bytes, status: str = "200 OK", kind: str = "text/xml", more: str = "", length: int | None = None
) -> bytes:
    size = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n{more}Connection: close\r\n\r\n"
    return head.encode("ascii") + body


def fault(code: str) -> bytes:
    body = envelope(f"<s:Fault><faultcode>{code}</faultcode><faultstring>ORA-00942</faultstring></s:Fault>")
    return answer(body.encode(), "500 Internal Server Error")


GBK = "gb18030"
WHOLE = envelope(page(item("王芳")))
NIL = '<holderName xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/>'
HTML = "<html><body>系统维护中</body></html>"
DTD = '<!DOCTYPE x [<!ENTITY a "王芳">]>'

CASES: tuple[tuple[str, str, bytes, dict[str, Any]], ...] = (
    ("plain", "an answer as it should be", answer(WHOLE.encode()), {"rows": ONE}),
    ("gb2312_that_is_gbk", "declared gb2312, holds 镕: a recovering parser drops all that follows", answer(envelope(page(item("朱镕基"), item("王芳", "2")), declared("gb2312")).encode(GBK)), {"rows": (("1", "朱镕基"), ("2", "王芳"))}),
    ("header_lies", "GBK declared in the document, utf-8 in the HTTP header", answer(envelope(page(item("王芳")), declared("GBK")).encode(GBK), kind="text/xml; charset=utf-8"), {"rows": ONE}),
    ("declaration_lies", "GBK bytes declared UTF-8", answer(envelope(page(item("王芳")), declared("utf-8")).encode(GBK)), {"refused": "YZ-2005"}),
    ("declaration_lies_declared", "the same where the feed declares what the bytes are", answer(envelope(page(item("王芳")), declared("utf-8")).encode(GBK)), {"source": SOURCE | {"encoding": "gb18030"}, "rows": ONE}),
    ("web_page_with_200", "a web page with status 200", answer(HTML.encode(), kind="text/html"), {"refused": "YZ-2001"}),
    ("nothing", "an empty answer", answer(b""), {"refused": "YZ-2001"}),
    ("truncated_body", "a body that ends before its length", answer(WHOLE.encode()[:-40], length=len(WHOLE.encode())), {"refused": "YZ-2001"}),
    ("truncated_document", "a document that ends in its middle, of the right length", answer(WHOLE.encode()[:-40]), {"refused": "YZ-2005"}),
    ("fault_server", "a fault of the service", fault("s:Server"), {"refused": "YZ-2001"}),
    ("fault_client", "a fault that blames the call", fault("s:Client"), {"refused": "YZ-2005"}),
    ("fault_login", "a fault of the log-in", fault("s:FailedAuthentication"), {"refused": "YZ-2003"}),
    ("status_401", "HTTP 401", answer(b"", "401 Unauthorized"), {"refused": "YZ-2003"}),
    ("status_503", "HTTP 503", answer(b"", "503 Service Unavailable"), {"refused": "YZ-2001"}),
    ("status_404", "HTTP 404", answer(b"", "404 Not Found"), {"refused": "YZ-2005"}),
    ("redirect", "a redirect to another host is never followed", answer(b"", "302 Found", more="Location: http://192.0.2.1/\r\n"), {"refused": "YZ-2005"}),
    ("dtd", "an answer with a DTD", answer(envelope(page(item("&a;")), declared("utf-8") + DTD).encode()), {"refused": "YZ-2005"}),
    ("fewer_than_the_total", "fewer rows than the total says", answer(envelope(page(item("王芳"), total=2)).encode()), {"refused": "YZ-2005"}),
    ("no_total", "a total that is no number", answer(envelope(page(item("王芳"))).replace("<total>1<", "<total>一<").encode()), {"refused": "YZ-2005"}),
    ("nil", "nil is missing, an empty element is empty", answer(envelope(page(f"<item><familyNo>1</familyNo>{NIL}</item>")).encode()), {"rows": (("1", None),)}),
    ("child_twice", "a row with one child twice", answer(envelope(page("<item><familyNo>1</familyNo><familyNo>2</familyNo></item>")).encode()), {"problems": (("page 1 row 1", "YZ-3002"),)}),
    ("unknown_child", "a child nobody asked for", answer(envelope(page("<item><x>1</x><familyNo>1</familyNo><holderName>王芳</holderName></item>")).encode()), {"rows": ONE}),
    ("escaped_markup", "markup within a value, escaped", answer(envelope(page(item("&lt;王&gt;&amp;"))).encode()), {"rows": (("1", "<王>&"),)}),
)  # fmt: skip


def hazards() -> Iterator[Hazard]:
    """All of them."""
    for name, shows, raw, given in CASES:
        yield Hazard(
            name=f"soap_{name}", group="transport", shows=shows, found="adapters-facts 4, domain 6.11", peer="soap",
            fields=FIELDS, given={"answer": raw}, **{"source": SOURCE} | given,
        )  # fmt: skip
