"""node-soap: the `soap` adapter beside the same pages fetched over one connection and thrown away."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from benchmarks.contest import Contest
from tests.peers.processes import ROOT, announced

PAGE = 5_000
_USER, _PASSWORD = "bench", "bench-口令-1"
_SERVER = ROOT / "tests" / "peers" / "soap" / "server.js"
_TITLES = {
    "region": "regionCode", "township": "bankName", "household": "familyNo", "holder": "holderName",
    "id_number": "holderIdCard", "phone": "telephone", "account": "bankAccount", "item": "category",
    "batch": "payMonth", "serial": "personCount", "amount": "allowance", "paid_on": "approveDate",
}  # fmt: skip
_CALL = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header>'
    '<w:Security xmlns:w="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd">'
    "<w:UsernameToken><w:Username>{user}</w:Username><w:Password>{password}</w:Password></w:UsernameToken>"
    '</w:Security></s:Header><s:Body><q:queryDibao xmlns:q="{namespace}"><q:month>202610</q:month>'
    "<q:pageNo>{page}</q:pageNo><q:pageSize>{size}</q:pageSize></q:queryDibao></s:Body></s:Envelope>"
)


@contextmanager
def on_node(rows: int, home: Path) -> Iterator[list[Contest]]:
    """Pages of 5,000 rows; the service makes them while it is asked, for both sides."""
    environ = {"PEER_USER": _USER, "PEER_PASSWORD": _PASSWORD}
    with announced(["node", str(_SERVER), str(rows)], environ) as said:
        address = str(said["wsdl"]).removesuffix("?wsdl")

        def fetch_pages() -> None:
            _fetch(address, rows)

        source: dict[str, Any] = {
            "adapter": "soap", "wsdl": said["wsdl"], "login": "token_text", "user": _USER, "password": "env:PASSWORD",
            "operation": "queryDibao", "params": {"month": "{yyyymm}"}, "rows": "queryDibaoResponse/list/item",
            "total": "queryDibaoResponse/total", "paging": {"page": "pageNo", "size": "pageSize", "rows": PAGE},
        }  # fmt: skip
        yield [Contest(name="soap, node-soap", rows=rows, plain="the same pages, unread", run=fetch_pages, wanted=0.5,
                       source=source, secrets={"PASSWORD": _PASSWORD}, titles=_TITLES)]  # fmt: skip


def _fetch(address: str, rows: int) -> None:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc)
    for page in range(1, -(-rows // PAGE) + 1):
        body = _CALL.format(user=_USER, password=escape(_PASSWORD), namespace=_namespace(), page=page, size=PAGE)
        connection.request("POST", parts.path, body.encode(), {"Content-Type": "text/xml; charset=utf-8"})
        answer = connection.getresponse()
        if answer.status != 200 or not answer.read():
            raise RuntimeError(f"page {page}: HTTP {answer.status}")
    connection.close()


def _namespace() -> str:
    wsdl = (ROOT / "gateway" / "demo" / "sources" / "dibao.wsdl").read_text(encoding="utf-8")
    return wsdl.partition('targetNamespace="')[2].partition('"')[0]
