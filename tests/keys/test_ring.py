"""Reading a site's `keys/`: file modes, passphrases, pairs, and lists that change while we run."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.errors import (
    CertificateRevoked,
    IdentityMissing,
    KeyFileExposed,
    KeyFileUnreadable,
    KeyMismatch,
    KeyUnsuitable,
    KeyUsageWrong,
    PersonMismatch,
    YizhanError,
)
from gateway.keys import KeyRing, Purpose, Stage
from gateway.keys.private import write_private
from gateway.keys.tls import server_context

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


@pytest.fixture
def finance(sample: Path, tmp_path: Path) -> KeyRing:
    shutil.copytree(sample / "finance", tmp_path / "keys")
    return KeyRing(directory=tmp_path / "keys", stage=Stage.REHEARSAL)


@pytest.fixture
def changning(sample: Path, tmp_path: Path) -> KeyRing:
    shutil.copytree(sample / "changning", tmp_path / "centre")
    return KeyRing(directory=tmp_path / "centre", stage=Stage.REHEARSAL)


def test_a_signature_made_here_verifies_with_openssl(finance: KeyRing, tmp_path: Path) -> None:
    signer = finance.signer()
    data, signature, public = tmp_path / "data", tmp_path / "signature", tmp_path / "public"
    data.write_bytes(b"what left is what arrived")
    signature.write_bytes(signer.sign(data.read_bytes()))
    key = x509.load_der_x509_certificate(signer.certificate).public_key()
    public.write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    check = ["openssl", "dgst", "-sha256", "-verify", public, "-signature", signature, data]
    assert subprocess.run(check, capture_output=True, check=True).stdout == b"Verified OK\n"
    assert str(finance.trust().verify(signer.certificate, signer.intermediates, "sign", NOW)) == "department:finance"


def test_both_sides_of_an_exchange_agree_and_a_point_off_the_curve_is_refused(changning: KeyRing) -> None:
    decryptor = changning.decryptor()
    ephemeral = ec.generate_private_key(ec.SECP256R1())
    point = ephemeral.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    theirs = x509.load_der_x509_certificate(decryptor.certificate).public_key()
    assert decryptor.exchange(point) == ephemeral.exchange(ec.ECDH(), theirs)
    with pytest.raises(ValueError, match="Invalid EC key"):
        decryptor.exchange(point[:-1] + bytes([point[-1] ^ 1]))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601, 0o610, 0o644])
def test_a_private_key_in_others_reach_is_refused(finance: KeyRing, mode: int) -> None:
    (finance.directory / "sign.key").chmod(mode)
    with pytest.raises(KeyFileExposed) as fault:
        finance.signer()
    assert fault.value.facts["mode"] == f"{mode:04o}"


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_private_key_in_our_reach_alone_is_read(finance: KeyRing, mode: int) -> None:
    (finance.directory / "sign.key").chmod(mode)
    assert finance.signer().sign(b"x")


def test_a_written_private_key_is_never_in_others_reach_and_never_overwritten(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        write_private(tmp_path / "key", b"first")
    finally:
        os.umask(umask)
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        write_private(tmp_path / "key", b"second")
    assert (tmp_path / "key").read_bytes() == b"first"


@pytest.fixture
def under_passphrase(finance: KeyRing) -> KeyRing:
    """As the README tells operators to make it: scrypt PKCS#8 by openssl."""
    for stem in ("sign", "tls"):
        key = finance.directory / f"{stem}.key"
        key.write_bytes(locked(key, "Zhengwu-2026"))
        assert b"ENCRYPTED PRIVATE KEY" in key.read_bytes()
    return finance


def test_a_key_under_a_passphrase_opens_with_it_for_signing_and_for_tls(under_passphrase: KeyRing) -> None:
    ring = KeyRing(directory=under_passphrase.directory, stage=Stage.REHEARSAL, passphrase=b"Zhengwu-2026")
    assert ring.signer().sign(b"x")
    assert server_context(ring)
    assert "Zhengwu" not in repr(ring)


@pytest.mark.parametrize("passphrase", [None, b"", b"wrong"])
def test_a_key_under_a_passphrase_does_not_open_without_it(under_passphrase: KeyRing, passphrase: bytes | None) -> None:
    ring = KeyRing(directory=under_passphrase.directory, stage=Stage.REHEARSAL, passphrase=passphrase)
    for use in (ring.signer, ring.tls_files):
        with pytest.raises(KeyFileUnreadable) as fault:
            use()
        assert "wrong" not in fault.value.message("zh")


def test_a_plain_key_is_refused_where_the_site_believes_its_keys_are_locked(finance: KeyRing) -> None:
    ring = KeyRing(directory=finance.directory, stage=Stage.REHEARSAL, passphrase=b"any")
    with pytest.raises(KeyFileUnreadable):
        ring.signer()


def test_two_files_of_different_issues_are_refused(finance: KeyRing) -> None:
    shutil.copy(finance.directory / "tls.key", finance.directory / "sign.key")
    with pytest.raises(KeyMismatch):
        finance.signer()


def test_an_rsa_key_is_refused(finance: KeyRing, sample: Path) -> None:
    shutil.copy(sample / "bad" / "rsa.key", finance.directory / "sign.key")
    with pytest.raises(KeyUnsuitable):
        finance.signer()


@pytest.mark.parametrize(
    "content", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", b"\xff" * 9]
)
def test_what_is_no_key_is_refused(finance: KeyRing, content: bytes) -> None:
    (finance.directory / "sign.key").write_bytes(content)
    with pytest.raises(KeyFileUnreadable):
        finance.signer()


def test_a_missing_part_is_named_and_missed_only_when_asked_for(finance: KeyRing) -> None:
    assert finance.signer()
    with pytest.raises(KeyFileUnreadable) as fault:
        finance.decryptor()
    assert str(fault.value.facts["path"]).endswith("encrypt.crt")
    assert fault.value.exit_code == 2


def test_no_private_key_shows_in_a_representation(finance: KeyRing, changning: KeyRing) -> None:
    for holder in (finance.signer(), changning.decryptor()):
        assert "_key" not in repr(holder)
        assert "EllipticCurve" not in repr(holder)


def test_the_recipient_is_that_centres_encryption_certificate(finance: KeyRing, changning: KeyRing) -> None:
    assert finance.recipient("changning", NOW) == changning.decryptor().certificate


def test_another_centres_certificate_in_a_recipients_file_is_refused(finance: KeyRing) -> None:
    place = finance.directory / "recipients"
    shutil.copy(place / "changning.crt", place / "hengyang.crt")
    with pytest.raises(IdentityMissing):
        finance.recipient("hengyang", NOW)


def test_a_signing_certificate_in_a_recipients_file_is_refused(finance: KeyRing, changning: KeyRing) -> None:
    shutil.copy(changning.directory / "sign.crt", finance.directory / "recipients" / "changning.crt")
    with pytest.raises(KeyUsageWrong):
        finance.recipient("changning", NOW)


def test_a_new_revocation_list_counts_as_soon_as_it_is_in_place(finance: KeyRing, sample: Path) -> None:
    revoked = x509.load_pem_x509_certificates((sample / "bad" / "revoked.crt").read_bytes())
    leaf, chain = revoked[0].public_bytes(Encoding.DER), ()
    kept = (finance.directory / "crls" / "issuing.crl").read_bytes()
    (finance.directory / "crls" / "issuing.crl").unlink()
    with pytest.raises(YizhanError) as fault:
        finance.trust().verify(leaf, chain, Purpose.SIGN, NOW)
    assert fault.value.code == "YZ-5006"
    (finance.directory / "crls" / "issuing.crl").write_bytes(kept)
    with pytest.raises(CertificateRevoked):
        finance.trust().verify(leaf, chain, Purpose.SIGN, NOW)


def test_unchanged_files_are_not_parsed_again(finance: KeyRing) -> None:
    assert finance.trust().lists[0] is finance.trust().lists[0]


@pytest.mark.parametrize("file", ["crls/issuing.crl", "anchors/root.crt", "intermediates/issuing.crt"])
def test_a_file_that_cannot_be_parsed_is_named_not_skipped(finance: KeyRing, file: str) -> None:
    (finance.directory / file).write_bytes(b"half a")
    with pytest.raises(KeyFileUnreadable) as fault:
        finance.trust()
    assert str(fault.value.facts["path"]).endswith(file)


def test_no_anchor_at_all_is_refused(finance: KeyRing) -> None:
    (finance.directory / "anchors" / "root.crt").unlink()
    with pytest.raises(KeyFileUnreadable):
        finance.trust()


def locked(key: Path, passphrase: str) -> bytes:
    """As the README tells people to keep it: scrypt PKCS#8 by openssl."""
    command = ["openssl", "pkcs8", "-topk8", "-scrypt", "-in", key, "-passout", f"pass:{passphrase}"]
    return subprocess.run(command, capture_output=True, check=True).stdout


def test_a_persons_signature_is_read_by_staff_number(finance: KeyRing) -> None:
    signer = finance.person("p003")
    identity = finance.trust().verify(signer.certificate, signer.intermediates, Purpose.PERSON, NOW)
    assert (str(identity), identity.person) == ("department:finance:person:p003", "p003")
    assert signer.sign(b"x")


def test_a_persons_signature_is_read_from_their_own_stick_under_their_own_passphrase(
    finance: KeyRing, tmp_path: Path
) -> None:
    persons, stick = finance.directory / "persons", tmp_path / "stick"
    stick.mkdir()
    shutil.move(persons / "p003.crt", stick)
    write_private(stick / "p003.key", locked(persons / "p003.key", "Shenhe-2026"))
    (persons / "p003.key").unlink()
    with pytest.raises(KeyFileUnreadable) as fault:
        finance.person("p003")
    assert fault.value.facts["path"] == persons / "p003.crt"
    assert finance.person("p003", stick, b"Shenhe-2026").sign(b"x")
    for wrong in (None, b"", b"Zhengwu-2026"):
        with pytest.raises(KeyFileUnreadable):
            finance.person("p003", stick, wrong)


def test_the_nodes_passphrase_does_not_open_a_persons_key(finance: KeyRing) -> None:
    key = finance.directory / "persons" / "p003.key"
    key.write_bytes(locked(key, "Zhengwu-2026"))
    ring = KeyRing(directory=finance.directory, stage=Stage.REHEARSAL, passphrase=b"Zhengwu-2026")
    with pytest.raises(KeyFileUnreadable):
        ring.person("p003")


def test_another_persons_or_a_nodes_certificate_in_a_persons_file_is_refused(finance: KeyRing, sample: Path) -> None:
    persons = finance.directory / "persons"
    for stem in (persons / "p004", finance.directory / "sign", sample / "bad" / "no_name"):
        for suffix in (".crt", ".key"):
            shutil.copy(stem.with_suffix(suffix), persons / f"p003{suffix}")
        with pytest.raises(PersonMismatch) as fault:
            finance.person("p003")
        assert fault.value.facts == {"path": persons / "p003.crt", "person": "p003"}


def test_a_persons_key_in_others_reach_or_of_another_issue_is_refused(finance: KeyRing) -> None:
    persons = finance.directory / "persons"
    (persons / "p003.key").chmod(0o640)
    with pytest.raises(KeyFileExposed):
        finance.person("p003")
    shutil.copy(persons / "p004.key", persons / "p003.key")
    (persons / "p003.key").chmod(0o600)
    with pytest.raises(KeyMismatch):
        finance.person("p003")


@pytest.mark.parametrize("name", ["", "../sign", "p003/../p003", "P003", "p003.crt", "张三"])
def test_what_is_no_staff_number_never_becomes_a_path(finance: KeyRing, name: str) -> None:
    with pytest.raises(KeyFileUnreadable) as fault:
        finance.person(name)
    assert fault.value.facts["path"] == finance.directory / "persons"
