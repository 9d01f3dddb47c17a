"""Rectification orders: genuine, by a person of that centre, for this batch, in time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.calendar import ASIA_SHANGHAI, Cadence, Period
from gateway.envelope.papers import (
    check_order,
    read_order,
    sign_order,
)
from gateway.envelope.papers.form import CLOCK_SKEW
from gateway.envelope.papers.order import MAX_LIFE
from gateway.envelope.sealed import Batch
from gateway.errors import (
    CertificateRevoked,
    OrderForAnotherBatch,
    OrderFromTheFuture,
    OrderNotInForce,
    OrderOutOfScope,
    OrderRefused,
    OrderSignerNotNamed,
    PersonMissing,
    SealRefused,
)
from gateway.keys import Party
from tests.envelope.papers import approval, every_cut, every_flip
from tests.envelope.world import NOW, World

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def ordered(world: World) -> Batch:
    """A batch whose manifest names order 7."""
    return world.verify(world.seal(rectification_order="7"))


@pytest.mark.parametrize("spoil", [every_flip, every_cut])
def test_an_order_with_any_byte_changed_added_or_missing_is_refused(
    world: World, spoil: Callable[[bytes], list[bytes]]
) -> None:
    for changed in spoil(sign_order(approval(), world.approver.signer)):
        with pytest.raises(OrderRefused):
            read_order(changed, world.trust, NOW)


def test_an_order_says_what_may_be_corrected(world: World, ordered: Batch) -> None:
    data = sign_order(approval(), world.approver.signer)
    assert read_order(data, world.trust, NOW) == approval()
    assert check_order(data, ordered, world.trust, NOW) == approval()


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"number": "8"}, OrderForAnotherBatch),
        ({"feeds": ("finance.salary",)}, OrderOutOfScope),
        ({"departments": ("civil", "agri")}, OrderOutOfScope),
        ({"first": "2026-11"}, OrderOutOfScope),
        ({"last": "2026-09"}, OrderOutOfScope),
        ({"first": "2026", "last": "2026"}, OrderOutOfScope),
        ({"expires_at": NOW - SECOND}, OrderNotInForce),
    ],
)
def test_an_order_for_something_else_is_refused(
    world: World, ordered: Batch, changes: dict[str, object], refusal: type[OrderRefused]
) -> None:
    data = sign_order(approval(**changes), world.approver.signer)
    with pytest.raises(refusal):
        check_order(data, ordered, world.trust, NOW)


def test_an_order_for_all_departments_covers_each(world: World, ordered: Batch) -> None:
    data = sign_order(approval(departments=(), first="2026-10", last="2026-10"), world.approver.signer)
    assert check_order(data, ordered, world.trust, NOW).departments == ()


def test_an_order_is_signed_by_the_person_of_the_centre_it_names(world: World) -> None:
    others = (
        world.person(Party.CENTRE, "hengyang", "p101"),
        world.person(Party.DEPARTMENT, "changning", "p101"),
        world.person(Party.CENTRE, "changning", "p102"),
    )
    for other in others:
        with pytest.raises(OrderSignerNotNamed):
            read_order(sign_order(approval(), other.signer), world.trust, NOW)
    with pytest.raises(PersonMissing):
        read_order(sign_order(approval(), world.changning), world.trust, NOW)


def test_an_order_outlives_its_approvers_certificate_but_is_not_issued_after_it(world: World) -> None:
    data = sign_order(approval(), world.approver.signer)
    since = replace(world.trust, lists=world.pki.lists({world.approver.serial: NOW}))
    before = replace(world.trust, lists=world.pki.lists({world.approver.serial: approval().issued_at}))
    assert read_order(data, since, NOW + DAY) == approval()
    with pytest.raises(CertificateRevoked):
        read_order(data, before, NOW + DAY)


def test_an_order_counts_from_its_issue_to_its_end_both_included() -> None:
    order = approval()
    for at in (order.issued_at - CLOCK_SKEW, order.issued_at, order.expires_at):
        order.in_force(at)
    for at in (order.issued_at - CLOCK_SKEW - SECOND, order.expires_at + SECOND):
        with pytest.raises(OrderNotInForce):
            order.in_force(at)


def test_an_order_from_the_future_is_refused_before_anybody_is_trusted_for_it(world: World) -> None:
    issued = NOW + CLOCK_SKEW
    assert read_order(sign_order(approval(issued_at=issued), world.approver.signer), world.trust, NOW)
    with pytest.raises(OrderFromTheFuture):
        read_order(sign_order(approval(issued_at=issued + SECOND), world.approver.signer), world.trust, NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"number": ""},
        {"number": "x" * 65},
        {"number": "7\n8"},
        {"reason": " "},
        {"feeds": ()},
        {"feeds": ("finance.onecard",) * 2},
        {"feeds": ("finance",)},
        {"departments": ("civil", "civil")},
        {"departments": tuple(f"d{n}" for n in range(65))},
        {"first": "2026-12", "last": "2026-01"},
        {"first": "2026Q1"},
        {"first": "2026-1", "last": "2026-9"},
        {"uses": 0},
        {"uses": 101},
        pytest.param({"expires_at": approval().issued_at}, id="ends when it begins"),
        pytest.param({"expires_at": approval().issued_at + MAX_LIFE + SECOND}, id="lasts too long"),
        {"person": "P 101"},
        {"format": "yizhan-order/2"},
    ],
    ids=repr,
)
def test_an_order_out_of_form_or_against_itself_is_not_signed(world: World, changes: dict[str, object]) -> None:
    with pytest.raises(SealRefused):
        sign_order(approval(**changes), world.approver.signer)


def test_the_longest_order_there_can_be_fits(world: World) -> None:
    longest = approval(
        number="号" * 64,
        reason="由" * 200,
        departments=tuple(f"d{n:039}" for n in range(64)),
        feeds=tuple(f"f{n:029}.{'x' * 29}" for n in range(64)),
        expires_at=approval().issued_at + MAX_LIFE,
        uses=100,
    )
    assert read_order(sign_order(longest, world.approver.signer), world.trust, NOW) == longest


@given(
    st.sampled_from(list(Cadence)),
    *[st.datetimes(datetime(1992, 1, 1), datetime(2090, 12, 31), timezones=st.just(ASIA_SHANGHAI))] * 3,
    st.sampled_from(list(Cadence)),
)
def test_an_order_covers_the_periods_of_its_cadence_between_first_and_last_and_no_other(
    cadence: Cadence, one: datetime, other: datetime, day: datetime, asked: Cadence
) -> None:
    first, last = sorted((_period(cadence, one), _period(cadence, other)), key=lambda p: p.moment)
    period = _period(asked, day)
    order = approval(first=str(first), last=str(last))
    inside = asked is cadence and first.moment <= period.moment <= last.moment
    try:
        order.covers("finance.onecard", "finance", str(period))
        assert inside
    except OrderOutOfScope:
        assert not inside


def _period(cadence: Cadence, moment: datetime) -> Period:
    return Period.of_event(moment) if cadence is Cadence.EVENT else Period.containing(cadence, moment.date())
