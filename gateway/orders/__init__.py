"""Rectification orders (整改单) as a site keeps them: below `orders/`, one signed paper a file.

    store     the files                                        `Orders`, `Kept`
    approval  whose order counts where                         `require_approved`, `require_approved_everywhere`
    office    issuing one at a centre, taking one elsewhere    `issue`, `accept`, `used`

A file is verified each time it is read. This room must never let a batch pass: collecting and receiving do.
"""

from gateway.orders.approval import require_approved, require_approved_everywhere
from gateway.orders.office import Office, accept, enter_order, issue, used
from gateway.orders.store import Kept, Orders, Unusable

__all__ = [
    "Kept",
    "Office",
    "Orders",
    "Unusable",
    "accept",
    "enter_order",
    "issue",
    "require_approved",
    "require_approved_everywhere",
    "used",
]
