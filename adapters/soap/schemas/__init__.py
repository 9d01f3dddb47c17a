"""The schemas that half the world's WSDL import by the address of a standards body, shipped so that none is fetched.

Each file declares the names and types of the published schema that a client's WSDL refers to; no documentation, and no
constraint that is of no use to a client. Must never reach for a network.
"""

from __future__ import annotations

from importlib.resources import files

_FILES = {
    "soap-envelope-1.1.xsd": ("schemas.xmlsoap.org/soap/envelope",),
    "soap-encoding-1.1.xsd": ("schemas.xmlsoap.org/soap/encoding",),
    "soap-envelope-1.2.xsd": ("www.w3.org/2003/05/soap-envelope",),
    "soap-encoding-1.2.xsd": ("www.w3.org/2003/05/soap-encoding",),
    "xml.xsd": (
        "www.w3.org/2001/xml.xsd", "www.w3.org/2001/03/xml.xsd", "www.w3.org/2005/08/xml.xsd",
        "www.w3.org/2009/01/xml.xsd", "www.w3.org/XML/1998/namespace",
    ),
    "xmlmime.xsd": ("www.w3.org/2005/05/xmlmime",),
    "xop-include.xsd": ("www.w3.org/2004/08/xop/include",),
    "ws-addressing.xsd": (
        "www.w3.org/2005/08/addressing", "www.w3.org/2005/08/addressing/ws-addr.xsd",
        "www.w3.org/2006/03/addressing/ws-addr.xsd",
    ),
}  # fmt: skip
_PLACES = {place: name for name, places in _FILES.items() for place in places}


def shipped(url: str) -> bytes | None:
    """The schema published at `url`, or None when it is not one of these."""
    scheme, _, place = url.partition("://")
    if scheme not in ("http", "https"):
        return None
    name = _PLACES.get(place.rstrip("/"))
    return None if name is None else files(__name__).joinpath(name).read_bytes()
