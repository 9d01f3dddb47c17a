"""The front-end's side of the wire: submit, resumable upload, receipt.

    tls = client_context(ring, "changning", clock)
    with CentreClient(centre="changning", url="https://…", tls=tls, clock=clock) as client:
        receipt = client.deliver(manifest, keys, payload_path, progress)

Every failure is a Retry (the batch stays in the spool) or a Refuse (somebody has to change something first). The
receipt is returned as it came: whether it is genuine and for this batch is for `gateway.envelope` to say. This room
must never believe an answer's size, place or text.
"""

from gateway.transport.answers import Hearing, KnownReceipts
from gateway.transport.client import PATIENCE, CentreClient, Opened, Receipted
from gateway.transport.patience import Patience

__all__ = ["PATIENCE", "CentreClient", "Hearing", "KnownReceipts", "Opened", "Patience", "Receipted"]
