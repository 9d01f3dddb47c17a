"""The service as its WSDL describes it: zeep reads the description and writes the envelope of each call.

Sending and reading are not zeep's here: its objects cost four times the time and ten times the memory of a streamed
page (measured). Must never fetch a schema from a host outside the allow-list, nor resolve an entity.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import zeep
import zeep.exceptions
from lxml import etree
from zeep.wsse.username import UsernameToken

from adapters.contract import Request, Secrets
from adapters.soap.config import SoapConfig
from adapters.soap.schemas import shipped
from adapters.soap.wire import Wire
from gateway.errors import SourceMalformed

if TYPE_CHECKING:
    from adapters.soap.signing import Signer


@dataclass(frozen=True, kw_only=True)
class Call:
    """One HTTP request that asks for one answer."""

    url: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class _Loader(zeep.Transport):
    """Gives zeep its documents: common schemas from this package, all else through our own wire."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def load(self, url: str) -> bytes:
        known = shipped(url)
        if known is not None:
            return known
        with self._wire.exchange("GET", url, {}) as answer:
            if answer.status != 200:
                raise self._wire.unavailable("服务描述暂时取不到", "its WSDL cannot be had now")
            return b"".join(answer.chunks)


class Service:
    """One operation of one service, ready to be called again and again."""

    def __init__(
        self, config: SoapConfig, secrets: Secrets, wire: Wire, request: Request, signing: Signer | None
    ) -> None:
        """Raises: SourceMalformed: no usable WSDL, or no such operation; and what `Wire.exchange` raises."""
        self._config, self._request = config, request
        self._login = (config.user or "", secrets.read(config.password)) if config.password else None
        # Where an imported schema may come from is the loader's business; zeep's own word would forbid them all.
        settings = zeep.Settings(strict=True, forbid_dtd=True, forbid_entities=True, forbid_external=False)
        security = [part for part in (self._token(), signing) if part is not None]
        try:
            client = zeep.Client(config.wsdl, transport=_Loader(wire), settings=settings, wsse=security)
            self._proxy = client.service
            self._operation = self._proxy._binding.get(config.operation)
        except (zeep.exceptions.Error, etree.XMLSyntaxError, ValueError) as error:
            raise self._malformed(
                "WSDL 无法使用,或没有该操作", "its WSDL cannot be used or lacks the operation"
            ) from error

    def call(self, asked: Mapping[str, str | int]) -> Call:
        """`asked` are the parameters that change from call to call.

        Raises: SourceMalformed: the parameters are not those of the operation.
        """
        config = self._config
        params: dict[str, Any] = {name: self._request.fill(text) for name, text in config.params.items()}
        try:
            # `Client.create_message` is the public way, but it drops the headers (SOAPAction, SOAP 1.1 or 1.2).
            envelope, headers = self._proxy._binding._create(
                config.operation,
                (),
                params | asked,
                client=self._proxy._client,
                options=self._proxy._binding_options,
            )
        except (zeep.exceptions.Error, TypeError, ValueError) as error:
            raise self._malformed("参数与 WSDL 不符", "the parameters do not fit the WSDL") from error
        url = config.endpoint or self._proxy._binding_options["address"]
        return Call(
            url=url,
            headers={**headers, **self._basic()},
            body=etree.tostring(envelope, xml_declaration=True, encoding="utf-8"),
        )

    def _token(self) -> UsernameToken | None:
        if self._login is None or not self._config.login.startswith("token"):
            return None
        return UsernameToken(*self._login, use_digest=self._config.login == "token_digest")

    def _basic(self) -> dict[str, str]:
        if self._login is None or self._config.login != "basic":
            return {}
        return {"Authorization": "Basic " + base64.b64encode(":".join(self._login).encode()).decode()}

    def _malformed(self, zh: str, en: str) -> SourceMalformed:
        return SourceMalformed(feed=self._request.feed, where=self._config.operation, reason_zh=zh, reason_en=en)
