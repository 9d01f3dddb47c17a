"""The rectification order (整改单): a centre's approval to correct what a frozen year closed. ENVELOPE.md section 7.

Somebody at the centre signs it before the correction is made; the batch carries it and its manifest names its number.
How often it was used, the centre's ledger says, and who may approve, the catalogue; this module must never decide
either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from gateway.envelope import signed
from gateway.envelope.canonical import STRICT, FeedId, Moment, Name, Number, PeriodText, Text
from gateway.envelope.papers.form import CLOCK_SKEW, Form, open_paper, sign_paper
from gateway.envelope.parties import Signer, Trust
from gateway.envelope.sealed import Declared
from gateway.errors import (
    OrderCertificatesWrong,
    OrderDigestWrong,
    OrderForAnotherBatch,
    OrderFormatUnsupported,
    OrderFromTheFuture,
    OrderInconsistent,
    OrderMalformed,
    OrderNotCanonical,
    OrderNotCms,
    OrderNotInForce,
    OrderOutOfScope,
    OrderSignatureInvalid,
    OrderSignerNotNamed,
)

FORMAT = "yizhan-order/1"
MAX_SCOPE = 64
"""Departments, and feeds, one order can name."""

MAX_USES = 100
MAX_LIFE = timedelta(days=366)
"""A year and its leap day: an approval nobody has used by then is asked for again."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What may be corrected, and until when.

    Attributes:
        number: as the centre's office writes it. centre, person: who approves: centre id and staff number.
        departments: ids; empty: all. feeds: feed ids.
        first, last: periods of one cadence, both included. reason: why.
        issued_at, expires_at: its life, at most MAX_LIFE; both ends belong to it.
        uses: how many batches may be accepted under it.
    """

    __pydantic_config__ = STRICT

    format: Literal["yizhan-order/1"] = FORMAT
    number: Number
    centre: Name
    person: Name
    departments: Annotated[tuple[Name, ...], Field(max_length=MAX_SCOPE)]
    feeds: Annotated[tuple[FeedId, ...], Field(min_length=1, max_length=MAX_SCOPE)]
    first: PeriodText
    last: PeriodText
    reason: Text
    issued_at: Moment
    expires_at: Moment
    uses: Annotated[int, Field(ge=1, le=MAX_USES)]

    def covers(self, feed: str, department: str, period: str) -> None:
        """Raise unless a batch of this feed, department and period is within the scope.

        Raises:
            OrderOutOfScope
        """
        in_time = _cadence(period) == _cadence(self.first) and self.first <= period <= self.last
        if feed not in self.feeds or (self.departments and department not in self.departments) or not in_time:
            raise OrderOutOfScope(number=self.number, feed=feed, department=department, period=period)  # ENVELOPE 7.13

    def in_force(self, at: datetime) -> None:
        """Raise unless the order counts at this instant. Whoever uses it right away may have a clock that is late.

        Raises:
            OrderNotInForce
        """
        if not self.issued_at - CLOCK_SKEW <= at <= self.expires_at:
            raise OrderNotInForce(
                number=self.number,
                at=at.isoformat(),
                issued_at=self.issued_at.isoformat(),
                expires_at=self.expires_at.isoformat(),
            )  # ENVELOPE 7.14


def _cadence(period: str) -> str:
    """What tells cadences apart in writing: every digit alike."""
    return re.sub("[0-9]", "0", period)


def _rules(order: Order) -> tuple[tuple[bool, str, str], ...]:
    return (
        (len(set(order.departments)) == len(order.departments), "部门重复", "a department is named twice"),
        (len(set(order.feeds)) == len(order.feeds), "事项重复", "a feed is named twice"),
        (_cadence(order.first) == _cadence(order.last), "起止数据期周期不同", "its periods are of two cadences"),
        (order.first <= order.last, "起止数据期颠倒", "its last period is before its first"),
        (order.issued_at < order.expires_at, "失效早于签发", "it expires before it is issued"),
        (order.expires_at - order.issued_at <= MAX_LIFE, "有效期超过一年", "it is meant to last more than a year"),
    )


def _check_rules(order: Order) -> None:
    for holds, zh, en in _rules(order):
        if not holds:
            raise OrderInconsistent(rule_zh=zh, rule_en=en)  # ENVELOPE 7.8


ORDER = Form(
    file="order.p7s",
    format=FORMAT,
    shape=TypeAdapter(Order),
    steps=signed.Steps(
        not_cms=OrderNotCms,
        not_canonical=OrderNotCanonical,
        digest=OrderDigestWrong,
        certificates=OrderCertificatesWrong,
        signature=OrderSignatureInvalid,
    ),
    unsupported=OrderFormatUnsupported,
    malformed=OrderMalformed,
    rules=_check_rules,
)


def sign_order(order: Order, signer: Signer) -> bytes:
    """Issue an order: the bytes of order.p7s.

    Raises:
        SealRefused: it would be refused by whoever reads it.
    """
    return sign_paper(order, ORDER, signer)


def read_order(data: bytes, trust: Trust, at: datetime) -> Order:
    """Verify an order by itself: genuine, well-formed, by a person of the centre it names. Steps 7.1 to 7.11.

    Args:
        at: the instant of checking. The certificate is judged at the instant of issue, which may not be later: whoever
            approved may have left since.

    Raises:
        FileTooLong; OrderRefused (YZ-4701 to YZ-4711); YZ-5xxx from `trust`.
    """
    order, (own, *others) = open_paper(data, ORDER)
    if order.issued_at > at + CLOCK_SKEW:
        raise OrderFromTheFuture(number=order.number, issued_at=order.issued_at.isoformat())  # ENVELOPE 7.9
    signer = trust.verify(own, tuple(others), "person", order.issued_at)  # ENVELOPE 7.10
    if (signer.party, signer.id, signer.person) != ("centre", order.centre, order.person):
        named = f"centre:{order.centre}:person:{order.person}"
        raise OrderSignerNotNamed(signer=str(signer), named=named)  # ENVELOPE 7.11
    return order


def check_order(data: bytes, declared: Declared, trust: Trust, at: datetime) -> Order:
    """Verify that an order lets this batch pass at the instant `at`. Steps 7.1 to 7.14.

    Raises:
        FileTooLong; OrderRefused (YZ-4701 to YZ-4714); YZ-5xxx from `trust`.
    """
    order = read_order(data, trust, at)
    match_order(order, declared, at)
    return order


def match_order(order: Order, declared: Declared, at: datetime) -> None:
    """Raise unless a verified order is the one this verified manifest names, covers it, and is in force.

    Raises:
        OrderForAnotherBatch, OrderOutOfScope, OrderNotInForce
    """
    manifest = declared.manifest
    if order.number != manifest.rectification_order:
        raise another_order(declared, order.number)  # ENVELOPE 7.12
    order.covers(manifest.feed, manifest.sender, manifest.period)
    order.in_force(at)


def another_order(declared: Declared, number: str) -> OrderForAnotherBatch:
    """The order given (`-`: none) is not the one the manifest names."""
    manifest = declared.manifest
    return OrderForAnotherBatch(batch=manifest.batch_id, named=manifest.rectification_order or "-", number=number)
