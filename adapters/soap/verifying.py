"""Whether the body of a SOAP answer is what a pinned certificate's holder signed, all of it and nothing beside it.

A valid signature over something is not enough: the classic attack moves the signed body aside and puts another in its
place. So the signed element has to be the one body of the envelope, found by a name that nothing else bears, and the
transforms may not leave a part of it out. A `Fault` alone is let through unsigned: it only ever ends a reading.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import xmlsec
from lxml import etree

from adapters.soap.refusals import PageError

_OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
_WSU = f"{_OASIS}wssecurity-utility-1.0.xsd"
_SPACES = {"ds": "http://www.w3.org/2000/09/xmldsig#", "wsse": f"{_OASIS}wssecurity-secext-1.0.xsd", "wsu": _WSU}
_XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
_NAMING = (f"{{{_WSU}}}Id", "Id", "ID", "id", _XML_ID)
_C14N = (
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
)
_TRANSFORMS = (*_C14N, "http://www.w3.org/2000/09/xmldsig#enveloped-signature")
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_SIGNED_BY = {
    "": tuple(f"{_MORE}{kind}" for kind in ("rsa-sha256", "rsa-sha384", "rsa-sha512", "ecdsa-sha256", "ecdsa-sha384")),
    "sha1": ("http://www.w3.org/2000/09/xmldsig#rsa-sha1",),
}
_DIGESTS = {
    "": (
        "http://www.w3.org/2001/04/xmlenc#sha256", f"{_MORE}sha384", "http://www.w3.org/2001/04/xmlenc#sha512",
    ),
    "sha1": ("http://www.w3.org/2000/09/xmldsig#sha1",),
}  # fmt: skip
_SKEW = timedelta(minutes=5)


def verify(root: etree._Element, pinned: xmlsec.Key, now: datetime, old: tuple[str, ...]) -> None:
    """Raises: PageError: not signed, not by that key, not all of it, or no longer valid. `old`: ("sha1",) or ()."""
    body = _body(root)
    if [etree.QName(child).localname for child in body] == ["Fault"]:
        return
    signatures = root.findall("./{*}Header/wsse:Security/ds:Signature", _SPACES)
    if not signatures:
        raise PageError("应答没有签名,而配置要求签名", "the answer is not signed, and has to be")
    if len(signatures) > 1:
        raise PageError("应答有多个签名", "the answer has several signatures")
    signature = signatures[0]
    _expect_methods(signature, old)
    signed = _signed(root, signature)
    if not any(part is body for part, _ in signed):
        raise PageError("签名未覆盖报文正文", "the signature does not cover the body")
    _expect_valid(signature, pinned, signed)
    _expect_current(signature, [part for part, _ in signed], now)


def _body(root: etree._Element) -> etree._Element:
    """The envelope's one body, with at most a header before it and nothing else beside it."""
    space = etree.QName(root).namespace
    names = [child.tag for child in root.iterchildren(etree.Element)]
    if names not in ([f"{{{space}}}Body"], [f"{{{space}}}Header", f"{{{space}}}Body"]):
        raise PageError("对方返回的不是规范的SOAP报文", "it answered with something that is not proper SOAP")
    return root.find(f"{{{space}}}Body")


def _expect_methods(signature: etree._Element, old: tuple[str, ...]) -> None:
    found = {
        path: {node.get("Algorithm") for node in signature.findall(f"ds:SignedInfo/{path}", _SPACES)}
        for path in (
            "ds:CanonicalizationMethod", "ds:SignatureMethod", "ds:Reference/ds:DigestMethod",
            "ds:Reference/ds:Transforms/ds:Transform",
        )
    }  # fmt: skip
    allowed = (_C14N, _known(_SIGNED_BY, old), _known(_DIGESTS, old), _TRANSFORMS)
    if not all(given <= set(known) for given, known in zip(found.values(), allowed, strict=True)):
        raise PageError("签名使用了不允许的算法", "the signature uses an algorithm that is not allowed")


def _known(methods: dict[str, tuple[str, ...]], old: tuple[str, ...]) -> tuple[str, ...]:
    return sum((methods[kind] for kind in ("", *old)), ())


def _signed(root: etree._Element, signature: etree._Element) -> list[tuple[etree._Element, str]]:
    """Each signed element with the attribute that names it."""
    found = []
    for reference in signature.findall("ds:SignedInfo/ds:Reference", _SPACES):
        name = (reference.get("URI") or "").removeprefix("#")
        bearers = [(node, key) for node in root.iter(etree.Element) for key in _NAMING if node.get(key) == name]
        if not name or len(bearers) != 1 or bearers[0][1] == _XML_ID:
            raise PageError("签名所指的内容不唯一", "what the signature points at is not one element")
        found.append(bearers[0])
    return found


def _expect_valid(signature: etree._Element, pinned: xmlsec.Key, signed: list[tuple[etree._Element, str]]) -> None:
    context = xmlsec.SignatureContext()
    context.key = pinned
    for part, key in signed:
        name = etree.QName(key)
        context.register_id(part, name.localname, name.namespace)
    try:
        context.verify(signature)
    except xmlsec.Error:
        raise PageError("应答的签名不符", "the answer's signature does not verify") from None


def _expect_current(signature: etree._Element, signed: list[etree._Element], now: datetime) -> None:
    """A signed timestamp has to be of now; an unsigned one says nothing and is refused."""
    for timestamp in signature.getparent().findall("wsu:Timestamp", _SPACES):
        if not any(part is timestamp for part in signed):
            raise PageError("签名未覆盖时间戳", "the signature does not cover the timestamp")
        created, expires = (
            _instant(timestamp.findtext(f"wsu:{name}", None, _SPACES)) for name in ("Created", "Expires")
        )
        if (created and created > now + _SKEW) or (expires and expires < now - _SKEW):
            raise PageError("应答的签名已过期或时间不对", "the answer's signature is not of now")


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise PageError("应答的时间戳无法识别", "the answer's timestamp cannot be read") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
