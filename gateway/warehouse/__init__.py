"""The warehouse: what a centre has been sent and believes, with every superseded row and every receipt.

Owns one current and one history table for each feed, and the table `batches`. A load, its ledger line and its receipt
are one transaction. It must never commit a batch whose rows and sums are not those of the signed manifest, and must
never see a byte that was not authenticated: it is handed an iterator that raises instead.
"""

from gateway.warehouse.asof import Belief, Contribution, MaskedRow
from gateway.warehouse.facts import BatchFacts, Delivery, Effect, LoadResult, OrderUse, ReceiptMaker
from gateway.warehouse.outward import Disclosure
from gateway.warehouse.shape import FeedShape, Reach
from gateway.warehouse.store import Warehouse
from gateway.warehouse.tables import BATCHES, SCHEMA

__all__ = [
    "BATCHES",
    "SCHEMA",
    "BatchFacts",
    "Belief",
    "Contribution",
    "Delivery",
    "Disclosure",
    "Effect",
    "FeedShape",
    "LoadResult",
    "MaskedRow",
    "OrderUse",
    "Reach",
    "ReceiptMaker",
    "Warehouse",
]
