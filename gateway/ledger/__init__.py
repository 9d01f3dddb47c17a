"""The ledger: an append-only, hash-chained record of every step at one node.

Owns the tables `ledger` and `ledger_head`. It must never hold personal data, and must never change or remove a line. A
centre's ledger lies in the warehouse's database, so that a load and its line are one transaction; a front-end's lies
alone.
"""

from gateway.ledger.audit import Anchor
from gateway.ledger.book import Head, Ledger
from gateway.ledger.chain import Line
from gateway.ledger.events import Detail, Event, EventKind
from gateway.ledger.table import HEAD, LEDGER, SCHEMA

__all__ = ["HEAD", "LEDGER", "SCHEMA", "Anchor", "Detail", "Event", "EventKind", "Head", "Ledger", "Line"]
