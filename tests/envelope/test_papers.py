"""Papers: genuine, by a person who may speak for that department or centre, about this batch and no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.envelope.manifest import Kind, ProblemTotals
from gateway.envelope.papers import (
    Papers,
    check_nil,
    check_order,
    check_papers,
    check_release,
    read_order,
    sign_nil,
    sign_order,
    sign_release,
)
from gateway.envelope.papers.bundle import MAX_PAPER
from gateway.envelope.papers.endorsement import RELEASE, Endorsement
from gateway.envelope.papers.form import CLOCK_SKEW, sign_paper
from gateway.envelope.papers.order import ORDER
from gateway.envelope.sealed import Batch
from gateway.errors import (
    CertificateExpired,
    CertificateRevoked,
    EndorsementFormatUnsupported,
    EndorsementFromTheFuture,
    EndorsementMisplaced,
    EndorsementOfAnotherBatch,
    EndorsementRefused,
    EndorsementTooEarly,
    EndorserNotNamed,
    EndorserOfAnotherDepartment,
    FileTooLong,
    OrderForAnotherBatch,
    OrderFormatUnsupported,
    OrderRefused,
    PersonMissing,
    SealRefused,
)
from gateway.keys import Party, Purpose
from gateway.keys.issuing import Validity
from tests.envelope.papers import approval, every_cut, every_flip
from tests.envelope.world import NOTHING, NOW, Files, Person, World

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def batch(world: World, files: Files) -> Batch:
    return world.verify(files)


@pytest.fixture(scope="module")
def nil(world: World) -> Batch:
    """A nil return."""
    nothing = ProblemTotals(rows=0, sums=(("amount", 0),))
    return world.verify(
        world.seal(kind=Kind.NIL, by="预算股负责人", totals=NOTHING, extracted=NOTHING, problems=nothing)
    )


@pytest.fixture(scope="module")
def ordered(world: World) -> Batch:
    """A batch whose manifest names order 7."""
    return world.verify(world.seal(rectification_order="7"))


def release_by(person: Person, batch: Batch, **changes: object) -> bytes:
    """A release that says what an honest one would, but for `changes`, truly signed."""
    said = Endorsement(
        format="yizhan-release/1",
        batch=batch.manifest.batch_id,
        manifest_digest=batch.digest,
        department="finance",
        person="p003",
        at=NOW,
    )
    return sign_paper(replace(said, **changes), RELEASE, person.signer)


def test_a_release_says_who_let_exactly_this_batch_go(world: World, batch: Batch) -> None:
    data = sign_release(batch, world.reviewer.identity, world.reviewer.signer, NOW + MINUTE)
    got = check_release(data, batch, world.trust, NOW + DAY)
    assert (got.department, got.person, got.at) == ("finance", "p003", NOW + MINUTE)
    assert (got.batch, got.manifest_digest) == ("finance.onecard/2026-10/r1", batch.digest)


def test_a_nil_declaration_says_who_answers_for_it(world: World, nil: Batch) -> None:
    data = sign_nil(nil, world.declarer.identity, world.declarer.signer, NOW)
    got = check_nil(data, nil, world.trust, NOW)
    assert (got.department, got.person, got.at) == ("finance", "p004", NOW)


@pytest.mark.parametrize("spoil", [every_flip, every_cut])
def test_a_release_with_any_byte_changed_added_or_missing_is_refused(
    world: World, batch: Batch, spoil: Callable[[bytes], list[bytes]]
) -> None:
    for changed in spoil(sign_release(batch, world.reviewer.identity, world.reviewer.signer, NOW)):
        with pytest.raises(EndorsementRefused):
            check_release(changed, batch, world.trust, NOW)


@pytest.mark.parametrize("spoil", [every_flip, every_cut])
def test_a_nil_declaration_with_any_byte_changed_added_or_missing_is_refused(
    world: World, nil: Batch, spoil: Callable[[bytes], list[bytes]]
) -> None:
    for changed in spoil(sign_nil(nil, world.declarer.identity, world.declarer.signer, NOW)):
        with pytest.raises(EndorsementRefused):
            check_nil(changed, nil, world.trust, NOW)


@pytest.mark.parametrize("data", [b"", bytes(MAX_PAPER + 1)])
def test_nothing_is_parsed_of_a_paper_that_is_empty_or_too_long(world: World, batch: Batch, data: bytes) -> None:
    for check in (check_release, check_nil, check_order):
        with pytest.raises(FileTooLong):
            check(data, batch, world.trust, NOW)


def test_a_release_of_another_batch_is_refused(world: World, batch: Batch) -> None:
    other = world.verify(world.seal(b"other records"))
    assert other.manifest.batch_id == batch.manifest.batch_id
    with pytest.raises(EndorsementOfAnotherBatch):
        check_release(release_by(world.reviewer, other), batch, world.trust, NOW)


def test_a_release_by_a_person_of_another_department_is_refused(world: World, batch: Batch) -> None:
    stranger = world.person(Party.DEPARTMENT, "civil", "p003")
    with pytest.raises(EndorserOfAnotherDepartment):
        check_release(release_by(stranger, batch, department="civil"), batch, world.trust, NOW)
    with pytest.raises(EndorserNotNamed):
        check_release(release_by(stranger, batch), batch, world.trust, NOW)


def test_a_release_in_a_colleagues_name_is_refused(world: World, batch: Batch) -> None:
    with pytest.raises(EndorserNotNamed) as refusal:
        check_release(release_by(world.declarer, batch), batch, world.trust, NOW)
    assert refusal.value.facts["signer"] == "department:finance:person:p004"


def test_a_person_of_a_centre_of_the_same_name_does_not_speak_for_the_department(world: World, batch: Batch) -> None:
    with pytest.raises(EndorserNotNamed):
        check_release(release_by(world.person(Party.CENTRE, "finance", "p003"), batch), batch, world.trust, NOW)


def test_a_release_by_a_machine_is_refused(world: World, batch: Batch) -> None:
    machine = replace(world.reviewer, signer=world.finance)
    with pytest.raises(PersonMissing):
        check_release(release_by(machine, batch), batch, world.trust, NOW)


def test_an_expired_reviewer_cannot_release_but_what_they_released_before_still_verifies(
    world: World, batch: Batch
) -> None:
    ends = NOW + timedelta(hours=1)
    leaving = world.person(Party.DEPARTMENT, "finance", "p003", Validity(start=NOW - DAY, end=ends))
    with pytest.raises(CertificateExpired):
        check_release(release_by(leaving, batch, at=ends + SECOND), batch, world.trust, NOW + DAY)
    assert check_release(release_by(leaving, batch, at=ends), batch, world.trust, NOW + 30 * DAY).person == "p003"


def test_a_revoked_reviewer_cannot_release_but_what_they_released_before_still_verifies(
    world: World, batch: Batch
) -> None:
    revoked = NOW + timedelta(hours=1)
    trust = replace(world.trust, lists=world.pki.lists({world.reviewer.serial: revoked}))
    with pytest.raises(CertificateRevoked):
        check_release(release_by(world.reviewer, batch, at=revoked), batch, trust, NOW + DAY)
    kept = release_by(world.reviewer, batch, at=revoked - SECOND)
    assert check_release(kept, batch, trust, NOW + 30 * DAY).at == revoked - SECOND


def test_a_revoked_reviewer_cannot_let_go_what_was_sealed_since_whatever_instant_they_write(
    world: World, batch: Batch
) -> None:
    revoked = NOW - timedelta(hours=1)
    trust = replace(world.trust, lists=world.pki.lists({world.reviewer.serial: revoked}))
    with pytest.raises(EndorsementTooEarly):
        check_release(release_by(world.reviewer, batch, at=revoked - SECOND), batch, trust, NOW)
    with pytest.raises(CertificateRevoked):
        check_release(release_by(world.reviewer, batch, at=NOW), batch, trust, NOW)


def test_clocks_may_differ_by_five_minutes_and_no_more(world: World, batch: Batch) -> None:
    sealed = batch.manifest.created_at
    for at in (sealed - CLOCK_SKEW, NOW + CLOCK_SKEW):
        assert check_release(release_by(world.reviewer, batch, at=at), batch, world.trust, NOW).at == at
    with pytest.raises(EndorsementTooEarly):
        check_release(release_by(world.reviewer, batch, at=sealed - CLOCK_SKEW - SECOND), batch, world.trust, NOW)
    with pytest.raises(EndorsementFromTheFuture):
        check_release(release_by(world.reviewer, batch, at=NOW + CLOCK_SKEW + SECOND), batch, world.trust, NOW)
    assert timedelta(minutes=5) == CLOCK_SKEW


def test_trust_is_asked_about_a_person_at_the_instant_of_signing(world: World, batch: Batch) -> None:
    asked = []

    class Recorder:
        def verify(self, certificate: bytes, intermediates: object, purpose: str, at: object) -> object:
            asked.append((certificate, intermediates, purpose, at))
            return world.trust.verify(certificate, intermediates, purpose, at)

    check_release(release_by(world.reviewer, batch), batch, Recorder(), NOW + DAY)
    read_order(sign_order(approval(), world.approver.signer), Recorder(), NOW + DAY)
    reviewer, approver = world.reviewer.signer, world.approver.signer
    assert asked == [
        (reviewer.certificate, reviewer.intermediates, Purpose.PERSON, NOW),
        (approver.certificate, approver.intermediates, Purpose.PERSON, approval().issued_at),
    ]


def test_one_paper_is_never_taken_for_another(world: World, batch: Batch, nil: Batch, files: Files) -> None:
    release = release_by(world.reviewer, batch)
    declared = sign_nil(nil, world.declarer.identity, world.declarer.signer, NOW)
    order, receipt = sign_order(approval(), world.approver.signer), world.receipt(batch)
    for data in (declared, order, receipt, files.manifest):
        with pytest.raises(EndorsementFormatUnsupported):
            check_release(data, batch, world.trust, NOW)
    for data in (release, order, receipt, files.manifest):
        with pytest.raises(EndorsementFormatUnsupported):
            check_nil(data, nil, world.trust, NOW)
    for data in (release, declared, receipt, files.manifest):
        with pytest.raises(OrderFormatUnsupported):
            read_order(data, world.trust, NOW)


def test_what_would_be_refused_is_not_signed(world: World, batch: Batch, nil: Batch) -> None:
    reviewer, civil = world.reviewer, world.person(Party.DEPARTMENT, "civil", "p003")
    for person in (civil.identity, world.approver.identity, batch.signer):
        with pytest.raises(SealRefused):
            sign_release(batch, person, reviewer.signer, NOW)
    with pytest.raises(SealRefused):
        sign_release(batch, reviewer.identity, reviewer.signer, NOW - DAY)
    with pytest.raises(SealRefused):
        sign_nil(batch, reviewer.identity, reviewer.signer, NOW)
    with pytest.raises(SealRefused):
        sign_release(batch, reviewer.identity, replace(reviewer.signer, certificate=civil.signer.certificate), NOW)
    assert check_nil(sign_nil(nil, reviewer.identity, reviewer.signer, NOW), nil, world.trust, NOW).person == "p003"


def test_a_plain_batch_needs_no_paper(world: World, batch: Batch) -> None:
    got = check_papers(Papers(), batch, world.trust, NOW)
    assert (got.declared_by, got.released_by, got.order) == (None, None, None)


def test_a_nil_return_that_nobody_signed_is_refused(world: World, nil: Batch) -> None:
    release = release_by(world.reviewer, nil)
    with pytest.raises(EndorsementMisplaced):
        check_papers(Papers(release=release), nil, world.trust, NOW)


def test_a_nil_declaration_of_a_batch_with_rows_is_refused(world: World, batch: Batch, nil: Batch) -> None:
    good = sign_nil(nil, world.declarer.identity, world.declarer.signer, NOW)
    assert check_papers(Papers(nil=good), nil, world.trust, NOW).declared_by is not None
    with pytest.raises(EndorsementOfAnotherBatch):
        check_papers(Papers(nil=good), batch, world.trust, NOW)


def test_a_manifest_that_names_an_order_has_it_with_it_and_none_other(
    world: World, batch: Batch, ordered: Batch
) -> None:
    order = sign_order(approval(), world.approver.signer)
    assert check_papers(Papers(order=order), ordered, world.trust, NOW).order == approval()
    for papers, declared in ((Papers(), ordered), (Papers(order=order), batch)):
        with pytest.raises(OrderForAnotherBatch):
            check_papers(papers, declared, world.trust, NOW)


def test_every_paper_of_a_bundle_is_checked(world: World, ordered: Batch) -> None:
    order, release = sign_order(approval(), world.approver.signer), release_by(world.reviewer, ordered)
    got = check_papers(Papers(order=order, release=release), ordered, world.trust, NOW)
    assert got.order and got.released_by
    for spoiled in (Papers(order=order[:-1], release=release), Papers(order=order, release=release[:-1])):
        with pytest.raises((OrderRefused, EndorsementRefused)):
            check_papers(spoiled, ordered, world.trust, NOW)


def test_papers_travel_in_one_order_and_under_their_own_names_only() -> None:
    papers = Papers.of([("order", b"o"), ("nil", b"n"), ("release", b"r")])
    assert papers.files() == (("nil", b"n"), ("release", b"r"), ("order", b"o"))
    assert Papers.of(papers.files()) == papers
    assert Papers().files() == ()
    with pytest.raises(TypeError):
        Papers.of([("manifest", b"m")])
    assert [f"{name}.p7s" for name, _ in papers.files()][1:] == [RELEASE.file, ORDER.file]
