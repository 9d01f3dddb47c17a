"""Receive, the third journey: admit -> unseal -> warehouse (rows, dedup, ledger, receipt: one transaction).

journey      what the wire calls, in order          `Reception`, `Rooms`, `Admitted`, `Receipted`, `Known`
entitlement  who may send what
clearance    what a batch must bring besides itself: an order, a release, a signed nil return
carrying     batches that are not addressed to this centre and only pass it; refusals above
holding      what front-ends hold for a reviewer, entered when it changes
account      a manifest's figures as the warehouse, the receipt and the ledger say them
"""

from gateway.receive.journey import Admitted, Known, Receipted, Reception, Rooms

__all__ = ["Admitted", "Known", "Receipted", "Reception", "Rooms"]
