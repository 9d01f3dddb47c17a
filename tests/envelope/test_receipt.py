"""Receipts: genuine, for this batch and no other, and balanced to the fen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.envelope import signed
from gateway.envelope.canonical import ControlTotals
from gateway.envelope.effect import Effect
from gateway.envelope.receipt import MAX_RECEIPT, check_receipt, encode, issue_receipt, peek, read_receipt
from gateway.envelope.sealed import Batch
from gateway.errors import (
    FileTooLong,
    ReceiptForAnotherBatch,
    ReceiptFormatUnsupported,
    ReceiptFromStranger,
    ReceiptInconsistent,
    ReceiptRefused,
    ReceiptTotalsWrong,
    SealRefused,
    SignerNotCentre,
)
from tests.envelope.world import NOTHING, NOW, PROBLEMS, TOTALS, Files, World, added, answer

FEN_LESS = ControlTotals(rows=3, sums=(("amount", 123_404),))


@pytest.fixture
def batch(world: World, files: Files) -> Batch:
    return world.verify(files)


def test_a_receipt_answers_its_batch(world: World, batch: Batch) -> None:
    got = check_receipt(world.receipt(batch), batch, world.trust, NOW)
    assert got.receipt == answer(batch)
    assert (got.signer.party, got.signer.id) == ("centre", "changning")


def test_every_flipped_byte_of_a_receipt_is_refused(world: World, batch: Batch) -> None:
    good = world.receipt(batch)
    for at in range(len(good)):
        changed = bytearray(good)
        changed[at] ^= 1 << at % 8
        with pytest.raises(ReceiptRefused):
            check_receipt(bytes(changed), batch, world.trust, NOW)


def test_a_truncated_or_extended_receipt_is_refused(world: World, batch: Batch) -> None:
    good = world.receipt(batch)
    for changed in (*(good[:n] for n in range(1, len(good), 7)), good + b"\0"):
        with pytest.raises(ReceiptRefused):
            check_receipt(changed, batch, world.trust, NOW)
    for changed in (b"", bytes(MAX_RECEIPT + 1)):
        with pytest.raises(FileTooLong):
            check_receipt(changed, batch, world.trust, NOW)


def test_receipt_for_another_batch_is_refused(world: World, batch: Batch) -> None:
    other = world.verify(world.seal(b"other records"))
    with pytest.raises(ReceiptForAnotherBatch):
        check_receipt(world.receipt(other), batch, world.trust, NOW)


def test_a_receipt_signed_by_another_centre_or_the_sender_itself_is_refused(world: World, batch: Batch) -> None:
    for signer in (world.hengyang, world.finance):
        with pytest.raises(SignerNotCentre):
            check_receipt(world.receipt(batch, signer), batch, world.trust, NOW)


def test_a_centre_nobody_sent_to_cannot_answer(world: World, batch: Batch) -> None:
    with pytest.raises(ReceiptFromStranger):
        check_receipt(world.receipt(batch, world.hengyang, centre="hengyang"), batch, world.trust, NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"counted": ControlTotals(rows=3, sums=(("amount", 123_404),))},
        {"sent": TOTALS, "problem": NOTHING},
        {
            "problem": ControlTotals(rows=1, sums=(("amount", 5_000),)),
            "duplicate": ControlTotals(rows=1, sums=(("amount", 0),)),
        },
        {"loaded": FEN_LESS, "effect": added(FEN_LESS), "balanced": False},
        {"balanced": False},
    ],
    ids=["counted", "sent", "fewer_problems", "a_fen_is_missing", "says_so_itself"],
)
def test_a_receipt_that_does_not_balance_against_the_manifest_is_refused(
    world: World, batch: Batch, changes: dict[str, object]
) -> None:
    with pytest.raises(ReceiptTotalsWrong):
        check_receipt(world.receipt(batch, **changes), batch, world.trust, NOW)


def test_duplicates_and_the_centres_own_problem_rows_balance(world: World, batch: Batch) -> None:
    one = ControlTotals(rows=1, sums=(("amount", 100),))
    rest = ControlTotals(rows=1, sums=(("amount", 123_205),))
    data = world.receipt(batch, loaded=rest, duplicate=one, problem=PROBLEMS.totals + one, effect=added(rest))
    assert check_receipt(data, batch, world.trust, NOW).receipt.adds_up


def test_a_receipt_that_would_be_refused_is_not_signed(world: World, batch: Batch) -> None:
    good = answer(batch)
    unequal = ControlTotals(rows=2, sums=TOTALS.sums)
    for wrong in (
        replace(good, loaded=unequal),
        replace(good, effect=added(FEN_LESS)),
        replace(good, centre="No Centre"),
        replace(good, loaded=ControlTotals(rows=3)),
    ):
        with pytest.raises(SealRefused):
            issue_receipt(wrong, world.changning)


def test_a_receipt_can_be_verified_alone_and_looked_at_unverified(world: World, batch: Batch) -> None:
    data = world.receipt(batch)
    assert read_receipt(data, world.trust, NOW).receipt == peek(data) == answer(batch)


def test_a_manifest_is_no_receipt(world: World, batch: Batch, files: Files) -> None:
    with pytest.raises(ReceiptFormatUnsupported):
        check_receipt(files.manifest, batch, world.trust, NOW)


def totals(rows: int, fen: int) -> ControlTotals:
    return ControlTotals(rows=rows, sums=(("amount", fen),))


def test_a_corrections_receipt_says_by_how_much_the_belief_changed(world: World, batch: Batch) -> None:
    effect = Effect(added=totals(1, 100), changed=totals(1, 250), replaced=totals(1, 300), removed=totals(3, 999))
    order = totals(1, 122_995)  # it removes a record, and is neither added nor changed
    data = world.receipt(batch, loaded=effect.added + effect.changed + order, effect=effect, duplicate=totals(0, 60))
    said = check_receipt(data, batch, world.trust, NOW).receipt.effect
    assert said == effect
    assert (said.net_rows, said.net_sums) == (-2, (("amount", 100 + 250 - 300 - 999),))


@pytest.mark.parametrize(
    "effect",
    [
        Effect(added=NOTHING, changed=TOTALS, replaced=NOTHING, removed=NOTHING),
        Effect(added=totals(4, 123_405), changed=NOTHING, replaced=NOTHING, removed=NOTHING),
        Effect(added=totals(3, 123_404), changed=NOTHING, replaced=NOTHING, removed=NOTHING),
        Effect(added=TOTALS, changed=NOTHING, replaced=NOTHING, removed=ControlTotals(rows=0)),
    ],
    ids=["changed_without_replaced", "more_than_loaded", "another_sum", "other_fields"],
)
def test_an_effect_no_load_can_have_is_refused(world: World, batch: Batch, effect: Effect) -> None:
    forged = signed.sign(encode(replace(answer(batch), effect=effect)), world.changning).encode()
    with pytest.raises(ReceiptInconsistent):
        check_receipt(forged, batch, world.trust, NOW)
