"""Answers asked for one after the other until all rows are here, each checked against the others.

Imported only when a source is opened, so that a machine without zeep can still read the catalogue.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pyarrow as pa

from adapters.contract import Declared, Extraction, Outcome, Request, Secrets, assemble
from adapters.soap.asking import Answered, Ask, Span, Steps, spans, steps
from adapters.soap.bodies import Body, body
from adapters.soap.config import SoapConfig
from adapters.soap.digests import PageDigest
from adapters.soap.pages import Ends, Layout, Path, read
from adapters.soap.refusals import Changing, NotSoap, PageError, SoapFault
from adapters.soap.service import Call, Service
from adapters.soap.slabs import Slab
from adapters.soap.styles import CursorStyle, RangeStyle
from adapters.soap.tls import context
from adapters.soap.wire import Answer, Wire
from gateway.errors import (
    DriverMissing,
    SourceDenied,
    SourceMalformed,
    SourceNotReady,
    SourceUnavailable,
    YizhanError,
)

if TYPE_CHECKING:
    from adapters.soap.signing import Signer

_DENIALS = frozenset(
    {"AuthenticationFailure", "FailedAuthentication", "FailedCheck", "InvalidSecurityToken", "InvalidSecurity"}
)


def open_service(config: SoapConfig, secrets: Secrets, request: Request) -> Extraction:
    """Raises: as `Adapter.extract`."""
    with ExitStack() as stack:
        wire = Wire(
            hosts=_hosts(config),
            context=context(config, secrets, request),
            idle=config.idle_seconds,
            most=config.page_bytes,
            request=request,
        )
        stack.callback(wire.close)
        signing = _signer(config, secrets, request)
        service = Service(config, secrets, wire, request, signing)
        reading = _Reading(service=service, wire=wire, config=config, request=request, signing=signing)
        return Extraction(
            request=request,
            facts=(("service", urlsplit(config.wsdl).netloc), ("operation", config.operation)),
            batches=reading.batches(),
            resources=stack.pop_all(),
        )


def _signer(config: SoapConfig, secrets: Secrets, request: Request) -> Signer | None:
    """Raises: DriverMissing, and what `signing.signer` raises."""
    if config.signature is None:
        return None
    try:
        from adapters.soap.signing import signer
    except ImportError as error:
        raise DriverMissing(adapter=config.adapter, extra="soap", package="xmlsec") from error
    return signer(config.signature, secrets, request, now=lambda: datetime.now(UTC))


def _hosts(config: SoapConfig) -> frozenset[str]:
    addresses = filter(None, (config.wsdl, config.endpoint))
    return frozenset({urlsplit(address).hostname or "" for address in addresses} | set(config.schema_hosts))


class _Reading:
    def __init__(
        self, *, service: Service, wire: Wire, config: SoapConfig, request: Request, signing: Signer | None
    ) -> None:
        self._service, self._wire, self._config, self._request = service, wire, config, request
        self._signing = signing
        self._layout, self._texts = _layout(config, request)
        self._digests: set[bytes] = set()
        self._answers = 0
        self._sent: Call | None = None

    def batches(self) -> Generator[pa.RecordBatch, None, Outcome]:
        style, totals, cursor = self._config.paging, [], None
        within = style.within if isinstance(style, RangeStyle) else style
        for span in spans(style, self._request) if isinstance(style, RangeStyle) else (Span(),):
            asked = steps(within, self._config.total, self._request)
            yield from self._span(span, asked)
            totals.append(asked.total)
            cursor = asked.cursor
        declared = Declared(rows=sum(one or 0 for one in totals)) if self._config.total else None
        return Outcome(declared=declared, cursor=cursor, facts=(("pages", str(self._answers)),))

    def _span(self, span: Span, asked: Steps) -> Generator[pa.RecordBatch, None, None]:
        ask: Ask | None = asked.first()
        while ask is not None:
            try:
                ends = yield from self._answer(ask, span, asked)
                following = asked.after(self._answered(ends))
            except PageError as error:
                raise self._refusal(error, span.place + ask.place) from None
            ask = following
            self._answers += 1

    def _answer(self, ask: Ask, span: Span, asked: Steps) -> Generator[pa.RecordBatch, None, Ends]:
        """Where the next question is known already, it is sent before this answer is taken apart, so that the service
        works meanwhile; never more than one at a time.
        """
        call = self._sent or self._service.call(dict(span.params + ask.params))
        self._sent, ahead, place = None, asked.ahead, span.place + ask.place
        with self._wire.exchange("POST", call.url, call.headers, call.body) as answer:
            if ahead is None:
                return (yield from self._rows(answer, place))
            held = replace(answer, chunks=iter(list(answer.chunks)))
        self._sent = self._service.call(dict(span.params + ahead.params))
        self._wire.send_ahead("POST", self._sent.url, self._sent.headers, self._sent.body)
        return (yield from self._rows(held, place))

    def _rows(self, answer: Answer, place: str) -> Generator[pa.RecordBatch, None, Ends]:
        digest, ends = PageDigest(len(self._request.columns)), Ends.of(self._layout)
        for one in read(self._body(answer), self._layout, ends):
            batch = self._batch(one, place, ends.rows - one.rows)
            digest.take(batch)
            yield batch
        if ends.rows:
            self._expect_new(digest)
        return ends

    def _body(self, answer: Answer) -> Body:
        if answer.content_type.startswith("multipart/"):
            zh, en = "应答为附件格式(MTOM),不支持", "it answered with attachments (MTOM), which are not supported"
            raise PageError(zh, en)
        given = body(answer.chunks, self._config.encoding)
        return self._signing.verified(given) if self._signing is not None else given

    def _answered(self, ends: Ends) -> Answered:
        said = dict(zip(self._texts, ends.texts, strict=True))
        status = self._config.status
        if status is not None and (said["status"] or "").strip() not in status.good:
            raise PageError("对方返回的状态不是成功", "its own status does not say that all is well")
        return Answered(rows=ends.rows, total=said.get("total"), next=said.get("next"))

    def _refusal(self, error: PageError, place: str) -> YizhanError:
        feed = self._request.feed
        reasons = {"feed": feed, "reason_zh": error.zh, "reason_en": error.en}
        if isinstance(error, SoapFault):
            return self._of_fault(error, place)
        if isinstance(error, NotSoap):
            return SourceUnavailable(**reasons)
        if isinstance(error, Changing):
            return SourceNotReady(file=self._config.operation, **reasons)
        return SourceMalformed(where=place, **reasons)

    def _of_fault(self, fault: SoapFault, place: str) -> YizhanError:
        """Client / Sender: our call is wrong, and will be again. Anything else: the service is in trouble, wait."""
        feed = self._request.feed
        if fault.code in _DENIALS:
            return SourceDenied(feed=feed)
        if fault.code in ("Client", "Sender"):
            zh, en = "对方服务拒绝了该请求", "the service refused the call"
            return SourceMalformed(feed=feed, where=place, reason_zh=zh, reason_en=en)
        return SourceUnavailable(feed=feed, reason_zh=fault.zh, reason_en=fault.en)

    def _batch(self, one: Slab, place: str, before: int) -> pa.RecordBatch:
        positions = pa.array([f"{place} row {row}" for row in range(before + 1, before + one.rows + 1)], pa.utf8())
        by_name = dict(zip(self._layout.names, one.columns, strict=True))
        values = [by_name[column.source or column.name] for column in self._request.columns]
        return assemble(self._request.columns, positions, one.faults, values)

    def _expect_new(self, digest: PageDigest) -> None:
        """A service that ignores what it is asked for answers with the same rows again, and totals still agree."""
        if digest.value in self._digests:
            raise PageError("与前面某页完全相同", "it repeats an earlier page")
        self._digests.add(digest.value)


def _layout(config: SoapConfig, request: Request) -> tuple[Layout, tuple[str, ...]]:
    """Where things stand, and what the wanted texts mean, in the same order."""
    style = config.paging.within if isinstance(config.paging, RangeStyle) else config.paging
    wanted = {
        "total": config.total,
        "next": style.next if isinstance(style, CursorStyle) else None,
        "status": config.status.at if config.status else None,
    }
    texts = {meaning: path for meaning, path in wanted.items() if path}
    layout = Layout(
        rows=_path(config.rows),
        names=tuple(dict.fromkeys(column.source or column.name for column in request.columns)),
        texts=tuple(_path(path) for path in texts.values()),
        embedded=_path(config.embedded) if config.embedded else None,
    )
    return layout, tuple(texts)


def _path(written: str) -> Path:
    return tuple(written.split("/"))
