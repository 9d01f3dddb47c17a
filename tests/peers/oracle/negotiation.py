"""From CONNECT to the common language: service, version, packet size, character sets, capabilities.

The client's CONNECT names the service in its connect data; the server answers ACCEPT with its TNS version, or REFUSE
with a descriptor whose ERR the driver turns into an error of its own. Then two TTC messages: protocol (banner,
character sets, capability arrays) and data types (nothing to add).
"""

from __future__ import annotations

import re
import struct

from tests.peers.oracle.packets import HEADER, Packet, Wire
from tests.peers.oracle.primitives import with_length
from tests.peers.oracle.services import SERVICES, Service

UNKNOWN_SERVICE = 12514
_SERVICE = re.compile(rb"SERVICE_NAME=([^)]+)", re.IGNORECASE)
_FIELD_VERSION_AT, _CAPABILITIES = 7, 55
_LONG_STRINGS_AT, _RUNTIME_CAPABILITIES, _LONG_STRINGS = 6, 13, 0x04
_ZHS16GBK, _AL16UTF16 = 852, 2000
PROTOCOL, DATA_TYPES = 1, 2


def accept(wire: Wire) -> Service | None:
    """The service that a client asked for; None when there is none such and it has been refused."""
    _, body = wire.read()
    length, offset = struct.unpack(">HH", body[16:20])
    (wanted,) = struct.unpack(">I", body[50:54])
    # Connect data that does not fit beside the header follows in a DATA packet of its own.
    inside = body[offset - HEADER : offset - HEADER + length]
    found = _SERVICE.search(inside if len(inside) == length else wire.read()[1])
    service = SERVICES.get(found[1].decode().upper()) if found else None
    if service is None:
        _refuse(wire)
        return None
    sdu = min(wanted, service.sdu)
    wire.send(Packet.ACCEPT, _accept_body(service, sdu))
    wire.accepted(sdu)
    return service


def _accept_body(service: Service, sdu: int) -> bytes:
    body = struct.pack(">HH", service.tns, 0) + bytes(20) + struct.pack(">I", sdu)
    return body + (bytes(5) + struct.pack(">I", 0) if service.tns >= 318 else b"")


def _refuse(wire: Wire) -> None:
    text = (
        f"(DESCRIPTION=(TMP=)(VSNNUM=0)(ERR={UNKNOWN_SERVICE})(ERROR_STACK=(ERROR=(CODE={UNKNOWN_SERVICE})(EMFI=4))))"
    )
    wire.send(Packet.REFUSE, b"\0\0" + struct.pack(">H", len(text)) + text.encode())


def protocol_reply(service: Service) -> bytes:
    sets = bytes(9) + struct.pack(">H", _AL16UTF16)
    capabilities, runtime = bytearray(_CAPABILITIES), bytearray(_RUNTIME_CAPABILITIES)
    capabilities[_FIELD_VERSION_AT] = service.fields
    runtime[_LONG_STRINGS_AT] = _LONG_STRINGS
    return b"".join(
        (
            bytes((PROTOCOL, 6, 0)), b"WireTest/Linux64\0", struct.pack("<H", _ZHS16GBK), b"\0", struct.pack("<H", 0),
            struct.pack(">H", len(sets)), sets, with_length(bytes(capabilities)), with_length(bytes(runtime)),
        )
    )  # fmt: skip


def data_types_reply() -> bytes:
    return bytes((DATA_TYPES, 0, 0))
