"""What the tests of the papers share: an order, and every way to spoil bytes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from gateway.envelope.papers import Order
from tests.envelope.world import NOW


def approval(**changes: object) -> Order:
    """Order 7 of changning, for finance.onecard in 2026, for a month from an hour ago."""
    order = Order(
        number="7",
        centre="changning",
        person="p101",
        departments=("finance",),
        feeds=("finance.onecard",),
        first="2026-01",
        last="2026-12",
        reason="审计整改",
        issued_at=NOW - timedelta(hours=1),
        expires_at=NOW + timedelta(days=30),
        uses=1,
    )
    return replace(order, **changes)


def every_flip(good: bytes) -> list[bytes]:
    return [good[:at] + bytes([good[at] ^ 1 << at % 8]) + good[at + 1 :] for at in range(len(good))]


def every_cut(good: bytes) -> list[bytes]:
    return [*(good[:n] for n in range(1, len(good), 7)), good + b"\0", good + good]
