"""Pages asked for one after the other until all rows are here, each page checked against the others.

Imported only when a source is opened, so that a machine without zeep can still read the catalogue.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow as pa

from adapters.contract import Declared, Extraction, Outcome, Request, Secrets, assemble
from adapters.soap.config import SoapConfig
from adapters.soap.pages import NotSoap, Page, PageError, PageReader, SoapFault
from adapters.soap.service import Service
from adapters.soap.wire import Wire
from gateway.errors import ConfigInvalid, SourceDenied, SourceMalformed, SourceNotReady, SourceUnavailable, YizhanError

_DENIALS = frozenset(
    {"AuthenticationFailure", "FailedAuthentication", "FailedCheck", "InvalidSecurityToken", "InvalidSecurity"}
)


def open_service(config: SoapConfig, secrets: Secrets, request: Request) -> Extraction:
    """Raises: as `Adapter.extract`."""
    with ExitStack() as stack:
        wire = Wire(
            hosts=_hosts(config),
            context=_tls(config, secrets, request),
            idle=config.idle_seconds,
            most=config.page_bytes,
            request=request,
        )
        stack.callback(wire.close)
        service = Service(config, secrets, wire, request)
        return Extraction(
            request=request,
            facts=(("service", urlsplit(config.wsdl).netloc), ("operation", config.operation)),
            batches=_Reading(service=service, wire=wire, config=config, request=request).batches(),
            resources=stack.pop_all(),
        )


def _hosts(config: SoapConfig) -> frozenset[str]:
    addresses = filter(None, (config.wsdl, config.endpoint))
    return frozenset({urlsplit(address).hostname or "" for address in addresses} | set(config.schema_hosts))


def _tls(config: SoapConfig, secrets: Secrets, request: Request) -> ssl.SSLContext:
    trusted = secrets.root / Path(config.ca_file) if config.ca_file else None
    try:
        return ssl.create_default_context(cafile=trusted)
    except (OSError, ssl.SSLError) as error:
        problem = {"problem_zh": "ca_file 不是PEM证书文件", "problem_en": "ca_file is not a file of PEM certificates"}
        raise ConfigInvalid(place=request.feed, **problem) from error


class _Reading:
    def __init__(self, *, service: Service, wire: Wire, config: SoapConfig, request: Request) -> None:
        self._service, self._wire, self._config, self._request = service, wire, config, request
        names = tuple(column.source or column.name for column in request.columns)
        self._reader = PageReader(rows=config.rows, total=config.total, names=names)
        self._digests: set[bytes] = set()
        self._total: int | None = None

    def batches(self) -> Generator[pa.RecordBatch, None, Outcome]:
        seen = number = 0
        while True:
            page = self._page(number)
            seen += page.rows
            self._expect_consistent(page, number, seen)
            if page.rows:
                batch = self._batch(page, number)
                self._expect_new(batch, number)
                yield batch
            number += 1
            if self._complete(page, seen):
                break
        declared = Declared(rows=self._total) if self._config.total else None
        return Outcome(declared=declared, facts=(("pages", str(number)),))

    def _complete(self, page: Page, seen: int) -> bool:
        return seen == self._total if self._config.total else page.rows < self._config.paging.rows

    def _page(self, number: int) -> Page:
        call = self._service.call(number + self._config.paging.first)
        with self._wire.exchange("POST", call.url, call.headers, call.body) as answer:
            try:
                return self._reader.read(answer.chunks)
            except SoapFault as fault:
                raise self._of_fault(fault, number) from None
            except NotSoap as error:
                raise SourceUnavailable(feed=self._request.feed, reason_zh=error.zh, reason_en=error.en) from None
            except PageError as error:
                raise self._malformed(number, error.zh, error.en) from None

    def _of_fault(self, fault: SoapFault, number: int) -> YizhanError:
        """Client / Sender: our call is wrong, and will be again. Anything else: the service is in trouble, wait."""
        if fault.code in _DENIALS:
            return SourceDenied(feed=self._request.feed)
        if fault.code in ("Client", "Sender"):
            return self._malformed(number, "对方服务拒绝了该请求", "the service refused the call")
        return SourceUnavailable(feed=self._request.feed, reason_zh=fault.zh, reason_en=fault.en)

    def _expect_consistent(self, page: Page, number: int, seen: int) -> None:
        """Every page full but the last, and the same total on every page."""
        if page.rows > self._config.paging.rows:
            raise self._malformed(number, "行数多于所请求的", "more rows than were asked for")
        if self._config.total is None:
            return
        total = self._number(page, number)
        if self._total not in (None, total):
            zh, en = "总行数在读取时变化", "its total changed while it was read"
            raise SourceNotReady(feed=self._request.feed, file=self._config.operation, reason_zh=zh, reason_en=en)
        self._total = total
        expected = min(self._config.paging.rows, total - (seen - page.rows))
        if page.rows != expected:
            raise self._malformed(
                number, f"应有 {expected} 行,实有 {page.rows} 行", f"{page.rows} rows where {expected} belong"
            )

    def _number(self, page: Page, number: int) -> int:
        text = (page.total or "").strip()
        if not (text.isascii() and text.isdigit() and len(text) <= 12):
            raise self._malformed(number, "缺少总行数", "the number of all rows is missing")
        return int(text)

    def _batch(self, page: Page, number: int) -> pa.RecordBatch:
        shown = number + self._config.paging.first
        positions = pa.array([f"page {shown} row {row}" for row in range(1, page.rows + 1)], pa.utf8())
        return assemble(self._request.columns, positions, pa.array(page.faults, pa.utf8()), page.arrays())

    def _expect_new(self, batch: pa.RecordBatch, number: int) -> None:
        """A service that ignores the page's number answers with the same rows again, and its totals still agree."""
        digest = hashlib.blake2b(digest_size=16)
        for column in batch.columns[1:]:
            for buffer in column.buffers():
                digest.update(buffer or b"")
        if digest.digest() in self._digests:
            raise self._malformed(number, "与前面某页完全相同", "it repeats an earlier page")
        self._digests.add(digest.digest())

    def _malformed(self, number: int, zh: str, en: str) -> SourceMalformed:
        shown = number + self._config.paging.first
        return SourceMalformed(feed=self._request.feed, where=f"page {shown}", reason_zh=zh, reason_en=en)
