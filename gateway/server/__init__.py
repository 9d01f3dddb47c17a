"""The centre's HTTP face: mutual TLS, admission, resumable upload (tus 1.0), receipts, problem documents (RFC 9457).

    app = make_app(reception=..., trust=ring.trust, clock=..., limits=Limits())
    await serve(app, host=..., port=..., tls=server_context(ring), ready=print)     # until SIGTERM

What a batch means is decided behind `Reception`, which `gateway.receive` implements; this room must never open a
manifest, touch the warehouse, or put a name, an amount or a driver's words into a log or an answer.
"""

from gateway.server.app import make_app, serve
from gateway.server.limits import Limits
from gateway.server.reception import Admitted, Receipted, Reception, Upload

__all__ = ["Admitted", "Limits", "Receipted", "Reception", "Upload", "make_app", "serve"]
