"""The centre's HTTP face: mutual TLS, admission, resumable upload (tus 1.0), receipts, problem documents (RFC 9457).

    app = make_app(reception=..., trust=ring.trust, clock=..., limits=Limits())
    await serve(app, host=..., port=..., tls=server_context(ring), ready=print)     # until SIGTERM

What a batch means is decided behind `Reception`, which `gateway.receive` implements. Instructions are handed out to
agents on the same wire, and issued by the office on a face of its own (`office`, OFFICE.md). This room must never open
a manifest, touch the warehouse, or put a name, an amount or a driver's words into a log or an answer.
"""

from gateway.server.app import Face, make_app, serve
from gateway.server.dispatch import Dispatch
from gateway.server.limits import Limits
from gateway.server.office import Shelves, make_office, standing_json
from gateway.server.reception import Admitted, Receipted, Reception, Upload

__all__ = [
    "Admitted",
    "Dispatch",
    "Face",
    "Limits",
    "Receipted",
    "Reception",
    "Shelves",
    "Upload",
    "make_app",
    "make_office",
    "serve",
    "standing_json",
]
