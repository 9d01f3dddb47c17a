"""The files of a sealed batch in any order: told apart by content, verified together, and honest about the rest."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from gateway.envelope.instruction import Instruction, sign_instruction
from gateway.envelope.manifest import Kind, ProblemTotals
from gateway.envelope.papers import sign_nil, sign_order, sign_release
from gateway.envelope.report import Files as Found
from gateway.envelope.report import Finding, Given, Report, identify, inspect, verify_files
from gateway.errors import (
    EndorsementOfAnotherBatch,
    FilesIncomplete,
    FileTooLong,
    FileUnknown,
    KeysOfAnotherBatch,
    OrderForAnotherBatch,
    ReceiptForAnotherBatch,
)
from tests.envelope.papers import approval
from tests.envelope.world import NOTHING, NOW, Files, World


@pytest.fixture
def parts(world: World, files: Files) -> dict[str, bytes]:
    receipt = world.receipt(world.verify(files))
    return {"manifest": files.manifest, "keys": files.keys, "payload": files.payload, "receipt": receipt}


def found(*contents: bytes) -> Found:
    return identify(Given(name=f"file{i}", stream=io.BytesIO(data)) for i, data in enumerate(contents))


def verified(world: World, *contents: bytes) -> Report:
    return verify_files(found(*contents), world.trust, NOW)


RELEASE, DUTIES, OPENING = "6.1-6.14", "-", "3.8-3.11, 4.4-4.5"


def steps(findings: tuple[Finding, ...]) -> list[str]:
    return [one.steps for one in findings]


def test_all_four_files_verify_in_any_order(world: World, parts: dict[str, bytes]) -> None:
    for order in permutations(parts.values()):
        report = verified(world, *order)
        assert steps(report.unchecked) == [RELEASE, OPENING]
        assert report.declared and report.sealer and report.answer


@pytest.fixture
def ordered(world: World) -> dict[str, bytes]:
    """A nil return for a frozen year with all its papers."""
    files = world.seal(
        kind=Kind.NIL,
        by="预算股负责人",
        rectification_order="7",
        totals=NOTHING,
        extracted=NOTHING,
        problems=ProblemTotals(rows=0, sums=(("amount", 0),)),
    )
    batch = world.verify(files)
    return {
        "manifest": files.manifest,
        "nil": sign_nil(batch, world.declarer.identity, world.declarer.signer, NOW),
        "release": sign_release(batch, world.reviewer.identity, world.reviewer.signer, NOW),
        "order": sign_order(approval(), world.approver.signer),
        "receipt": world.receipt(batch),
    }


def test_papers_verify_with_their_manifest_in_any_order(world: World, ordered: dict[str, bytes]) -> None:
    for order in permutations(ordered.values()):
        report = verified(world, *order)
        assert report.declared_by and report.released_by and report.order
        assert (report.declared_by.person, report.released_by.person, report.order.number) == ("p004", "p003", "7")
    assert steps(report.checked) == [
        "2.1-2.10", "6.1-6.14", "6.1-6.14", "7.1-7.11", "7.12-7.14", "5.1-5.10", "5.11-5.14",
    ]  # fmt: skip
    assert steps(report.unchecked) == ["3.1-3.7", "4.1-4.3", DUTIES, OPENING]


def test_papers_that_a_manifest_calls_for_and_nobody_gave_are_said_not_to_be_checked(
    world: World, ordered: dict[str, bytes]
) -> None:
    report = verified(world, ordered["manifest"])
    assert (report.declared_by, report.released_by, report.order) == (None, None, None)
    assert steps(report.unchecked)[2:-3] == ["6.1-6.14", "6.1-6.14", "7.1-7.11", "7.12-7.14"]


def test_an_order_alone_is_verified_and_said_to_be_matched_with_nothing(
    world: World, ordered: dict[str, bytes]
) -> None:
    report = verified(world, ordered["order"])
    assert report.order == approval()
    assert steps(report.checked) == ["7.1-7.11"]
    assert "7.12-7.14" in steps(report.unchecked)


def test_a_paper_about_another_batch_is_refused_beside_a_manifest(
    world: World, files: Files, ordered: dict[str, bytes]
) -> None:
    for paper, refusal in (
        ("nil", EndorsementOfAnotherBatch),
        ("release", EndorsementOfAnotherBatch),
        ("order", OrderForAnotherBatch),
    ):
        with pytest.raises(refusal):
            verified(world, files.manifest, ordered[paper])


INSTRUCTED = Instruction(
    number="20261122-bcdfghjklm", centre="changning", department="finance", action="collect", feed="finance.onecard",
    period="2026-10", reason="审计整改", by="值班员", order="7",
    issued_at=NOW - timedelta(days=2), expires_at=NOW - timedelta(days=1),
)  # fmt: skip


def test_an_instruction_alone_is_verified_when_it_has_expired_too_and_misses_no_batch(world: World) -> None:
    report = verified(world, sign_instruction(INSTRUCTED, world.changning))
    assert report.instruction == INSTRUCTED
    assert (steps(report.checked), steps(report.unchecked)) == (["8.1-8.11"], ["8.12-8.14"])


def test_an_instruction_is_verified_beside_the_batch_and_the_order_it_is_about_and_no_others(
    world: World, files: Files, ordered: dict[str, bytes]
) -> None:
    about = world.verify(files).manifest
    said = replace(INSTRUCTED, feed=about.feed, period=about.period, department=about.sender)
    hold = replace(said, action="hold", order=None, batch=about.batch_id, digest=world.verify(files).digest)
    for one in (said, hold):
        report = verified(world, sign_instruction(one, world.changning), files.manifest)
        assert report.instruction == one and report.declared is not None
        assert "8.12-8.14" in steps(report.unchecked)
    order = verified(world, sign_instruction(said, world.changning), ordered["order"])
    assert (order.order, order.instruction) == (approval(), said)
    for wrong in (
        replace(said, period="2026-01"),
        replace(said, department="civil"),
        replace(hold, digest="5f" * 32),
        replace(hold, batch=f"{about.feed}/{about.period}/r9", digest=None),
    ):
        with pytest.raises(FilesIncomplete):
            verified(world, sign_instruction(wrong, world.changning), files.manifest)
    with pytest.raises(FilesIncomplete):
        verified(world, sign_instruction(replace(said, order="8"), world.changning), ordered["order"])


def test_inspect_shows_who_signed_the_papers_without_any_trust(ordered: dict[str, bytes], files: Files) -> None:
    contents = inspect(found(*ordered.values()))
    assert contents.declared_by and contents.released_by
    assert (contents.declared_by.person, contents.released_by.person) == ("p004", "p003")
    assert contents.released_by.manifest_digest == contents.manifest_digest
    assert contents.order == approval()
    bare = inspect(found(files.manifest))
    assert (bare.declared_by, bare.released_by, bare.order) == (None, None, None)


@pytest.mark.parametrize(
    ("given", "unchecked"),
    [
        (("manifest",), ["3.1-3.7", "4.1-4.3", RELEASE, "5.1-5.10", "5.11-5.14"]),
        (("manifest", "keys"), ["4.1-4.3", RELEASE, "5.1-5.10", "5.11-5.14"]),
        (("manifest", "payload", "receipt"), ["3.1-3.7", RELEASE]),
        (("receipt",), ["2.1-2.10", "3.1-3.7", "4.1-4.3", RELEASE, "5.11-5.14"]),
    ],
)
def test_what_was_not_given_is_said_not_to_be_checked(
    world: World, parts: dict[str, bytes], given: tuple[str, ...], unchecked: list[str]
) -> None:
    report = verified(world, *(parts[one] for one in given))
    assert steps(report.unchecked) == [*unchecked, OPENING]
    assert all(one.zh and one.en for one in (*report.checked, *report.unchecked))


@pytest.mark.parametrize("given", [(), ("keys",), ("payload",), ("keys", "payload"), ("receipt", "payload")])
def test_files_that_only_a_manifest_can_vouch_for_are_refused_without_one(
    world: World, parts: dict[str, bytes], given: tuple[str, ...]
) -> None:
    with pytest.raises(FilesIncomplete):
        verified(world, *(parts[one] for one in given))


@pytest.mark.parametrize("part", ["manifest", "keys", "payload", "receipt"])
def test_two_files_of_a_kind_are_refused(parts: dict[str, bytes], part: str) -> None:
    with pytest.raises(FilesIncomplete):
        found(parts[part], parts[part])


@pytest.mark.parametrize("data", [b"", b"x", b"PK\x03\x04", b"\x30\x82\x01\x00" + bytes(300), b"-----BEGIN CMS-----\n"])
def test_a_file_that_is_none_of_the_four_is_refused_by_its_name(data: bytes) -> None:
    with pytest.raises(FileUnknown, match="file0"):
        found(data)


@pytest.mark.parametrize("paper", ["nil", "release"])
def test_an_endorsement_without_its_manifest_is_refused(world: World, ordered: dict[str, bytes], paper: str) -> None:
    with pytest.raises(FilesIncomplete):
        verified(world, ordered[paper], ordered["receipt"])
    with pytest.raises(FilesIncomplete):
        found(ordered[paper], ordered[paper])


def test_an_oversized_file_is_refused(parts: dict[str, bytes]) -> None:
    for part, limit in (("manifest", 1 << 20), ("keys", 64 << 10), ("receipt", 256 << 10)):
        with pytest.raises(FileTooLong):
            found(parts[part] + bytes(limit))


def test_files_of_two_batches_are_refused_together(world: World, parts: dict[str, bytes]) -> None:
    other = world.seal(b"other records")
    with pytest.raises(KeysOfAnotherBatch):
        verified(world, parts["manifest"], other.keys)
    with pytest.raises(ReceiptForAnotherBatch):
        verified(world, other.manifest, parts["receipt"])


def test_inspect_shows_what_the_files_say_without_any_trust(parts: dict[str, bytes], files: Files) -> None:
    contents = inspect(found(*parts.values()))
    assert contents.manifest is not None
    assert contents.receipt is not None
    assert contents.manifest.batch_id == contents.receipt.batch == "finance.onecard/2026-10/r1"
    assert contents.manifest_digest == files.digest
    assert [len(one) for one in contents.recipients] == [40]


def test_inspect_of_a_payload_alone_says_nothing_about_it(parts: dict[str, bytes]) -> None:
    contents = inspect(found(parts["payload"]))
    assert (contents.manifest, contents.manifest_digest, contents.recipients, contents.receipt) == (
        None,
        None,
        (),
        None,
    )
