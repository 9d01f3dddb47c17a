"""WS-Security X.509 signatures (WSS X.509 Token Profile 1.1): ours on what is sent, the service's on what it answers.

Imported only for a feed that signs, so that a machine without xmlsec can read all others. Must never take a key out of
an answer: what an answer is verified with is the certificate the site pinned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import xmlsec
from lxml import etree
from zeep.wsse.utils import WSU, ensure_id, get_security_header

from adapters.contract import Request, Secrets
from adapters.soap.bodies import Body
from adapters.soap.config import Signature
from adapters.soap.refusals import PageError
from adapters.soap.verifying import verify
from gateway.errors import ConfigInvalid

_OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
_WSSE = f"{_OASIS}wssecurity-secext-1.0.xsd"
_WSU = f"{_OASIS}wssecurity-utility-1.0.xsd"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_X509 = f"{_OASIS}x509-token-profile-1.0#X509v3"
_BASE64 = f"{_OASIS}soap-message-security-1.0#Base64Binary"
_VALID = timedelta(minutes=5)
_SLICE = 1 << 19
_METHODS = {
    "sha256": (xmlsec.Transform.RSA_SHA256, xmlsec.Transform.SHA256),
    "sha1": (xmlsec.Transform.RSA_SHA1, xmlsec.Transform.SHA1),
}


class Signer:
    """Signs calls (zeep's `wsse` protocol: `apply`) and verifies answers."""

    def __init__(
        self, config: Signature, key: xmlsec.Key, certificate: str, pinned: xmlsec.Key | None,
        now: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self._config, self._key, self._certificate, self._pinned, self._now = config, key, certificate, pinned, now

    def apply(self, envelope: etree._Element, headers: dict[str, str]) -> tuple[etree._Element, dict[str, str]]:
        """Body, timestamp and user name token are signed; nothing may change the envelope after this."""
        security = get_security_header(envelope)
        timestamp = self._timestamp()
        security.insert(0, timestamp)
        method, digest = _METHODS[self._config.algorithm]
        signature = xmlsec.template.create(envelope, xmlsec.Transform.EXCL_C14N, method)
        context = xmlsec.SignatureContext(None)
        context.key = self._key
        body = envelope.find(etree.QName(etree.QName(envelope).namespace, "Body"))
        for part in (body, timestamp, *security.findall(f"{{{_WSSE}}}UsernameToken")):
            reference = xmlsec.template.add_reference(signature, digest, uri=f"#{ensure_id(part)}")
            xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
            context.register_id(part, "Id", _WSU)
        self._show(security, signature)
        security.append(signature)
        context.sign(signature)
        return envelope, headers

    def verified(self, given: Body) -> Body:
        """The same answer, once it is sure that the service's own key signed its body.

        Held as a whole, for a signature covers all of it. Raises: PageError.
        """
        if self._pinned is None:
            return given
        whole = b"".join(given.chunks)
        sha1 = self._config.algorithm == "sha1"
        verify(_parsed(whole, given.encoding), self._pinned, self._now(), ("sha1",) if sha1 else ())
        return Body(encoding=given.encoding, chunks=_sliced(whole))

    def _timestamp(self) -> etree._Element:
        created = self._now().replace(microsecond=0)
        instants = (f"{instant:%Y-%m-%dT%H:%M:%SZ}" for instant in (created, created + _VALID))
        return WSU.Timestamp(*(make(text) for make, text in zip((WSU.Created, WSU.Expires), instants, strict=True)))

    def _show(self, security: etree._Element, signature: etree._Element) -> None:
        """Where the receiver finds our certificate."""
        info = xmlsec.template.ensure_key_info(signature)
        pointer = etree.SubElement(info, f"{{{_WSSE}}}SecurityTokenReference", nsmap={"wsse": _WSSE})
        if self._config.shown_as == "data":
            data = etree.SubElement(pointer, f"{{{_DS}}}X509Data")
            etree.SubElement(data, f"{{{_DS}}}X509Certificate").text = self._certificate
            return
        name = f"x509-{uuid4()}"
        token = etree.SubElement(security, f"{{{_WSSE}}}BinarySecurityToken", EncodingType=_BASE64, ValueType=_X509)
        token.set(f"{{{_WSU}}}Id", name)
        token.text = self._certificate
        etree.SubElement(pointer, f"{{{_WSSE}}}Reference", URI=f"#{name}", ValueType=_X509)


def signer(config: Signature, secrets: Secrets, request: Request, now: Callable[[], datetime]) -> Signer:
    """Raises: ConfigInvalid: a file that is not what it should be; SecretUnavailable."""
    passphrase = secrets.read(config.passphrase) if config.passphrase else ""
    certificate = _certificate(secrets, config.certificate, request, "certificate")
    try:
        # A passphrase is given in any case: without one OpenSSL would ask the terminal for it.
        key = xmlsec.Key.from_memory(secrets.read(config.key), xmlsec.KeyFormat.PEM, passphrase)
    except (xmlsec.Error, ValueError) as error:
        zh, en = "signature.key 不是PEM私钥,或口令不对", "signature.key is no PEM key, or its passphrase is another"
        raise ConfigInvalid(place=request.feed, problem_zh=zh, problem_en=en) from error
    pinned = None
    if config.replies is not None:
        pinned = _pinned(_certificate(secrets, config.replies, request, "replies"), request)
    return Signer(config, key, certificate, pinned, now)


def _certificate(secrets: Secrets, name: str, request: Request, key: str) -> str:
    """The base64 of the first certificate in a PEM file."""
    try:
        text = (secrets.root / Path(name)).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise _no_certificate(request, key) from error
    _, begun, rest = text.partition("-----BEGIN CERTIFICATE-----")
    inside, ended, _ = rest.partition("-----END CERTIFICATE-----")
    if not (begun and ended and inside.strip()):
        raise _no_certificate(request, key)
    return "".join(inside.split())


def _pinned(certificate: str, request: Request) -> xmlsec.Key:
    text = f"-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n"
    try:
        return xmlsec.Key.from_memory(text, xmlsec.KeyFormat.CERT_PEM)
    except (xmlsec.Error, ValueError) as error:
        raise _no_certificate(request, "replies") from error


def _no_certificate(request: Request, key: str) -> ConfigInvalid:
    zh, en = f"signature.{key} 不是PEM证书文件", f"signature.{key} is no file with a PEM certificate"
    return ConfigInvalid(place=request.feed, problem_zh=zh, problem_en=en)


def _parsed(whole: bytes, encoding: str | None) -> etree._Element:
    if b"<!doctype" in whole.lower():
        raise PageError("应答带有DTD,已拒绝", "the answer carries a DTD and is refused")
    parser = etree.XMLParser(encoding=encoding, resolve_entities=False, no_network=True, load_dtd=False, recover=False)
    try:
        return etree.fromstring(whole, parser)
    except etree.XMLSyntaxError:
        raise PageError("应答不是完整正确的XML", "the answer is not well-formed XML") from None


def _sliced(whole: bytes) -> Iterator[bytes]:
    return (whole[start : start + _SLICE] for start in range(0, len(whole), _SLICE))
