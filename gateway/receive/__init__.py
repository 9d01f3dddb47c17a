"""Receive, the third journey: admit -> unseal -> warehouse (rows, dedup, ledger, receipt: one transaction).

journey      what the wire calls, in order          `Reception`, `Rooms`, `Admitted`, `Receipted`
entitlement  who may send what
account      a manifest's figures as the warehouse, the receipt and the ledger say them
"""

from gateway.receive.journey import Admitted, Receipted, Reception, Rooms

__all__ = ["Admitted", "Receipted", "Reception", "Rooms"]
