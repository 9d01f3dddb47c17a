"""The signed papers that travel with a sealed batch: a release, a nil declaration, a rectification order.

Each is a small SignedData by one person about one batch, or, for an order, about what may be corrected. Pure: bytes in,
a trusted value or an exception out. Must never decide who has a duty; that stands in the catalogue.

    bundle        as bytes, unverified           `Papers`
    endorsement   release and nil declaration    `sign_release`, `check_release`, `sign_nil`, `check_nil`, `Endorsed`
    order         rectification order            `Order`, `sign_order`, `read_order`, `check_order`
    checked       all that came with a batch     `check_papers`, `Checked`
"""

from gateway.envelope.papers.bundle import Papers
from gateway.envelope.papers.checked import Checked, check_papers
from gateway.envelope.papers.endorsement import Endorsed, check_nil, check_release, sign_nil, sign_release
from gateway.envelope.papers.order import Order, check_order, read_order, sign_order

__all__ = [
    "Checked",
    "Endorsed",
    "Order",
    "Papers",
    "check_nil",
    "check_order",
    "check_papers",
    "check_release",
    "read_order",
    "sign_nil",
    "sign_order",
    "sign_release",
]
