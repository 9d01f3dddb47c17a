"""The centre's signed answer to a health check: nobody else's, for no other challenge, and nothing but that."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.attestation import Attestation, is_challenge, issue, new_challenge, verify
from gateway.envelope import signed
from gateway.envelope.receipt import read_receipt
from gateway.errors import CertificateExpired, FileTooLong, HealthAnswerUnsound, ReceiptFormatUnsupported, SealRefused
from gateway.keys import KeyRing, Stage
from gateway.keys.issuing import Pki, Validity

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
VALID = Validity(start=AT - timedelta(days=1), end=AT + timedelta(days=1))
CHALLENGE = "0123456789abcdef" * 4
SAID = Attestation(centre="changning", challenge=CHALLENGE, version="0.1.0", ledger=12, at=AT)


@pytest.fixture(scope="module")
def rings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, KeyRing]:
    root, pki = tmp_path_factory.mktemp("keys"), Pki.found(VALID)
    for name in ("changning", "leiyang"):
        pki.write_centre(root / name, name)
    pki.write_department(root / "finance", "finance", {})
    pki.write_department(root / "changning-department", "changning", {})
    return {path.name: KeyRing(directory=path, stage=Stage.REHEARSAL) for path in root.iterdir()}


def read(data: bytes, rings: dict[str, KeyRing], at: datetime = AT, challenge: str = CHALLENGE) -> Attestation:
    return verify(data, centre="changning", challenge=challenge, trust=rings["finance"].trust(), at=at)


def test_what_is_issued_is_read(rings: dict[str, KeyRing]) -> None:
    assert read(issue(SAID, rings["changning"].signer()), rings) == SAID


def test_an_answer_to_another_challenge_is_none(rings: dict[str, KeyRing]) -> None:
    with pytest.raises(HealthAnswerUnsound):
        read(issue(SAID, rings["changning"].signer()), rings, challenge="0" * 64)


@pytest.mark.parametrize("who", ["leiyang", "finance", "changning-department"])
def test_nobody_else_signs_for_the_centre(rings: dict[str, KeyRing], who: str) -> None:
    with pytest.raises(HealthAnswerUnsound):
        read(issue(SAID, rings[who].signer()), rings)


def test_the_centre_signs_for_no_other(rings: dict[str, KeyRing]) -> None:
    with pytest.raises(HealthAnswerUnsound):
        read(issue(replace(SAID, centre="leiyang"), rings["changning"].signer()), rings)


def test_a_certificate_that_has_ended_attests_nothing(rings: dict[str, KeyRing]) -> None:
    with pytest.raises(CertificateExpired):
        read(issue(SAID, rings["changning"].signer()), rings, at=AT + timedelta(days=2))


def test_no_byte_can_be_changed(rings: dict[str, KeyRing]) -> None:
    data = issue(SAID, rings["changning"].signer())
    for place in range(0, len(data), 7):
        spoilt = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises(HealthAnswerUnsound):
            read(spoilt, rings)


def test_what_is_no_answer_at_all_is_refused(rings: dict[str, KeyRing]) -> None:
    for data in (b"ok", os.urandom(500)):
        with pytest.raises(HealthAnswerUnsound):
            read(data, rings)
    for data in (b"", b"0" * 1024 * 1024):
        with pytest.raises(FileTooLong):
            read(data, rings)


def test_a_signed_answer_is_no_receipt_and_a_signed_text_no_answer(rings: dict[str, KeyRing]) -> None:
    signer = rings["changning"].signer()
    with pytest.raises(ReceiptFormatUnsupported):
        read_receipt(issue(SAID, signer), rings["finance"].trust(), AT)
    with pytest.raises(HealthAnswerUnsound):
        read(signed.sign(b'{"format":"yizhan-receipt/1"}', signer).encode(), rings)


def test_only_64_hex_digits_are_a_challenge(rings: dict[str, KeyRing]) -> None:
    assert is_challenge(new_challenge(os.urandom))
    for text in ("", "0" * 63, "0" * 65, "G" * 64, "A" * 64, "0" * 63 + "\n", '"' * 64):
        assert not is_challenge(text)
        with pytest.raises(SealRefused):
            issue(replace(SAID, challenge=text), rings["changning"].signer())
