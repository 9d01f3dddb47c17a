"""Who a certificate speaks for: the sample certificates, good and bad, and what time and revocation do to them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.errors import (
    CertificateExpired,
    CertificateMalformed,
    CertificateNotYetValid,
    CertificateRevoked,
    ChainUntrusted,
    Refuse,
    Retry,
    RevocationUnknown,
    SampleAuthorityRefused,
    YizhanError,
)
from gateway.keys import Identity, KeyRing, Party, Purpose, RevocationPolicy, Stage, Trust, urn
from gateway.keys.issuing import Authority, Issued, Pki, Validity
from gateway.keys.trust import MAX_CERTIFICATE

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "certs" / "sample"
EXPECTED = json.loads((SAMPLE / "bad" / "expected.json").read_text())
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
DAY = timedelta(days=1)
VALID = Validity(start=NOW - 300 * DAY, end=NOW + 300 * DAY)
PKI = Pki.found(VALID)
SIGNING = PKI.department("finance", Purpose.SIGN)


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def trust(*lists: x509.CertificateRevocationList, policy: RevocationPolicy = RevocationPolicy.REQUIRED) -> Trust:
    return Trust(
        anchors=(PKI.root.certificate,),
        intermediates=(PKI.issuing.certificate,),
        lists=lists or PKI.lists(),
        policy=policy,
        stage=Stage.REHEARSAL,
    )


def verify(trusted: Trust, issued: Issued = SIGNING, at: datetime = NOW) -> Identity:
    return trusted.verify(der(issued.certificate), tuple(map(der, issued.chain)), Purpose.SIGN, at)


def chain_of(path: Path) -> tuple[bytes, tuple[bytes, ...]]:
    leaf, *chain = (der(item) for item in x509.load_pem_x509_certificates(path.read_bytes()))
    return leaf, tuple(chain)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_each_bad_sample_is_refused_with_its_own_code(name: str) -> None:
    trusted = KeyRing(directory=SAMPLE / "changning", stage=Stage.REHEARSAL).trust()
    with pytest.raises(YizhanError) as fault:
        trusted.verify(*chain_of(SAMPLE / "bad" / f"{name}.crt"), EXPECTED[name]["purpose"], NOW)
    assert fault.value.code == EXPECTED[name]["code"]


def test_the_samples_readme_lists_each_bad_one_with_its_purpose_and_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (YZ-\d+) \|", (SAMPLE / "README.md").read_text(), re.MULTILINE)
    assert {name: {"purpose": purpose, "code": code} for name, purpose, code in rows} == EXPECTED
    assert {path.stem for path in (SAMPLE / "bad").glob("*.crt")} == set(EXPECTED)


@pytest.mark.parametrize(
    ("path", "purpose", "party"),
    [
        ("finance/sign", Purpose.SIGN, "department:finance"),
        ("finance/tls", Purpose.TLS_CLIENT, "department:finance"),
        ("civil/sign", Purpose.SIGN, "department:civil"),
        ("agri/tls", Purpose.TLS_CLIENT, "department:agri"),
        ("changning/sign", Purpose.SIGN, "centre:changning"),
        ("changning/encrypt", Purpose.ENCRYPT, "centre:changning"),
        ("finance/persons/p003", Purpose.PERSON, "department:finance:person:p003"),
        ("civil/persons/p001", Purpose.PERSON, "department:civil:person:p001"),
        ("changning/persons/p101", Purpose.PERSON, "centre:changning:person:p101"),
    ],
)
def test_each_good_sample_speaks_for_its_party_and_serves_no_other_purpose(
    path: str, purpose: Purpose, party: str
) -> None:
    trusted = KeyRing(directory=SAMPLE / "finance", stage=Stage.REHEARSAL).trust()
    leaf, chain = chain_of(SAMPLE / f"{path}.crt")
    assert str(trusted.verify(leaf, chain, purpose, NOW)) == party
    for other in set(Purpose) - {purpose}:
        with pytest.raises(Refuse) as fault:
            trusted.verify(leaf, chain, other, NOW)
        assert fault.value.code == refusal_of(purpose, other)


def test_a_centres_connection_certificate_takes_connections_and_makes_them_to_the_centre_above() -> None:
    trusted = KeyRing(directory=SAMPLE / "finance", stage=Stage.REHEARSAL).trust()
    leaf, chain = chain_of(SAMPLE / "changning" / "tls.crt")
    for purpose in (Purpose.TLS_SERVER, Purpose.TLS_CLIENT):
        assert str(trusted.verify(leaf, chain, purpose, NOW)) == "centre:changning"
    for purpose in set(Purpose) - {Purpose.TLS_SERVER, Purpose.TLS_CLIENT}:
        with pytest.raises(Refuse):
            trusted.verify(leaf, chain, purpose, NOW)


def refusal_of(purpose: Purpose, other: Purpose) -> str:
    """A person's for a node, a node's for a person, or one of the node's own for another."""
    if Purpose.PERSON in (purpose, other):
        return "YZ-5014" if purpose is Purpose.PERSON else "YZ-5015"
    return "YZ-5007"


def test_the_sample_authority_is_refused_outside_a_rehearsal() -> None:
    trusted = KeyRing(directory=SAMPLE / "finance").trust()
    with pytest.raises(SampleAuthorityRefused):
        trusted.verify(*chain_of(SAMPLE / "finance" / "sign.crt"), Purpose.SIGN, NOW)


def test_the_samples_can_be_made_again(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "certs/sample/make.py", str(tmp_path)], cwd=ROOT, check=True, env={"PYTHONPATH": "."}
    )
    made = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    kept = {path.relative_to(SAMPLE) for path in SAMPLE.glob("*/**/*") if path.is_file()}
    assert made == {path for path in kept if "__pycache__" not in path.parts}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*.key")} == {0o600}


@pytest.mark.parametrize("node", ["finance", "changning"])
def test_openssl_agrees_about_the_samples(node: str) -> None:
    keys = SAMPLE / node
    lists = b"".join(path.read_bytes() for path in sorted((keys / "crls").glob("*.crl")) if path.stem != "asleep")
    base = ["openssl", "verify", "-x509_strict", "-crl_check_all", "-CAfile", "anchors/root.crt", "-CRLfile"]
    for file, purpose, word in (("sign.crt", "smimesign", "OK"), ("../bad/revoked.crt", "smimesign", "revoked")):
        command = [*base, "/dev/stdin", "-untrusted", "intermediates/issuing.crt", "-purpose", purpose, file]
        done = subprocess.run(command, cwd=keys, input=lists, capture_output=True, check=False)
        assert word.encode() in done.stdout + done.stderr


def test_both_ends_of_the_validity_belong_to_it() -> None:
    lists = tuple(
        authority.revocations(Validity(start=VALID.start, end=VALID.end + DAY)) for authority in (PKI.root, PKI.issuing)
    )
    trusted, second = trust(*lists), timedelta(seconds=1)
    for at in (VALID.start, VALID.end):
        assert verify(trusted, at=at).id == "finance"
    with pytest.raises(CertificateNotYetValid):
        verify(trusted, at=VALID.start - second)
    with pytest.raises(CertificateExpired):
        verify(trusted, at=VALID.end + second)


def test_what_was_signed_before_the_revocation_still_verifies_in_the_archive() -> None:
    since = NOW - 10 * DAY
    trusted = trust(*PKI.lists({SIGNING.certificate.serial_number: since}))
    assert verify(trusted, at=since - timedelta(seconds=1)).id == "finance"
    for at in (since, NOW):
        with pytest.raises(CertificateRevoked) as fault:
            verify(trusted, at=at)
        assert fault.value.facts["since"] == since.isoformat()


def test_a_key_that_was_lost_before_its_revocation_counts_from_the_loss() -> None:
    lost, revoked = NOW - 20 * DAY, NOW - 10 * DAY
    entry = (
        x509.RevokedCertificateBuilder()
        .serial_number(SIGNING.certificate.serial_number)
        .revocation_date(revoked)
        .add_extension(x509.InvalidityDate(lost.replace(tzinfo=None)), critical=False)
        .build()
    )
    trusted = trust(PKI.root.revocations(VALID), crl(PKI.issuing, entry))
    assert verify(trusted, at=lost - DAY).id == "finance"
    with pytest.raises(CertificateRevoked):
        verify(trusted, at=lost + DAY)


def crl(
    authority: Authority, *entries: x509.RevokedCertificate, extension: x509.ExtensionType | None = None
) -> x509.CertificateRevocationList:
    builder = x509.CertificateRevocationListBuilder().issuer_name(authority.certificate.subject)
    builder = builder.last_update(VALID.start).next_update(VALID.end)
    for entry in entries:
        builder = builder.add_revoked_certificate(entry)
    if extension is not None:
        builder = builder.add_extension(extension, critical=True)
    return builder.sign(authority.key, hashes.SHA256())


def test_a_newer_list_that_dropped_an_entry_does_not_undo_the_revocation() -> None:
    root, old = PKI.lists({SIGNING.certificate.serial_number: NOW - 10 * DAY})
    newer = PKI.issuing.revocations(Validity(start=NOW - DAY, end=VALID.end), number=2)
    with pytest.raises(CertificateRevoked):
        verify(trust(root, old, newer))


def test_a_revoked_issuing_authority_takes_its_certificates_along() -> None:
    root = PKI.root.revocations(VALID, {PKI.issuing.certificate.serial_number: NOW - DAY})
    with pytest.raises(CertificateRevoked):
        verify(trust(root, PKI.lists()[1]))


def test_a_missing_list_is_a_reason_to_wait_unless_the_policy_lets_it_be_missing() -> None:
    only_root = PKI.lists()[:1]
    with pytest.raises(RevocationUnknown) as fault:
        verify(trust(*only_root))
    assert isinstance(fault.value, Retry)
    assert verify(trust(*only_root, policy=RevocationPolicy.WHEN_HELD)).id == "finance"


def test_a_stale_list_is_never_passed_over() -> None:
    stale = PKI.issuing.revocations(Validity(start=VALID.start, end=NOW))
    for policy in RevocationPolicy:
        with pytest.raises(RevocationUnknown):
            verify(trust(PKI.lists()[0], stale, policy=policy))
    assert verify(trust(PKI.lists()[0], stale), at=NOW - timedelta(seconds=1)).id == "finance"


@pytest.mark.parametrize("policy", RevocationPolicy)
def test_a_forged_list_neither_clears_nor_revokes(policy: RevocationPolicy) -> None:
    """The same names, another key: anybody can make that."""
    forger = Pki.found(VALID)
    forged = forger.issuing.revocations(VALID, {SIGNING.certificate.serial_number: NOW - DAY})
    assert verify(trust(*PKI.lists(), forged, policy=policy)).id == "finance"
    with pytest.raises(RevocationUnknown):
        verify(trust(PKI.lists()[0], forged))


def test_a_partial_list_does_not_count_as_a_list() -> None:
    some_reasons = x509.IssuingDistributionPoint(
        full_name=None,
        relative_name=None,
        only_contains_user_certs=False,
        only_contains_ca_certs=True,
        only_some_reasons=None,
        indirect_crl=False,
        only_contains_attribute_certs=False,
    )
    for extension in (some_reasons, x509.DeltaCRLIndicator(1)):
        with pytest.raises(RevocationUnknown):
            verify(trust(PKI.lists()[0], crl(PKI.issuing, extension=extension)))


def test_an_authority_the_other_side_sends_along_is_used_but_not_trusted() -> None:
    bare = Trust(anchors=(PKI.root.certificate,), lists=PKI.lists(), stage=Stage.REHEARSAL)
    assert verify(bare).id == "finance"
    with pytest.raises(ChainUntrusted):
        verify(bare, Pki.found(VALID).department("finance", Purpose.SIGN))


def test_more_certificates_sent_along_than_any_path_needs_are_refused() -> None:
    with pytest.raises(ChainUntrusted):
        trust().verify(der(SIGNING.certificate), [der(PKI.issuing.certificate)] * 9, Purpose.SIGN, NOW)


def test_an_anchor_need_not_be_self_signed() -> None:
    county = Trust(anchors=(PKI.issuing.certificate,), lists=PKI.lists(), stage=Stage.REHEARSAL)
    assert verify(county).id == "finance"


def test_without_an_anchor_nobody_is_trusted() -> None:
    with pytest.raises(ChainUntrusted):
        verify(Trust(anchors=(), stage=Stage.REHEARSAL))


@pytest.mark.parametrize("data", [b"", b"\x30", b"\x30\x00", b"x" * (MAX_CERTIFICATE + 1)])
def test_what_is_no_certificate_is_malformed(data: bytes) -> None:
    with pytest.raises(CertificateMalformed):
        trust().verify(data, (), Purpose.SIGN, NOW)


def test_bytes_after_a_certificate_are_refused() -> None:
    with pytest.raises(CertificateMalformed):
        trust().verify(der(SIGNING.certificate) + b"\x00", (), Purpose.SIGN, NOW)


@example(place=der(SIGNING.certificate).rindex(b"\x00" + SIGNING.certificate.signature), bit=0)  # unused bits: 1
@given(place=st.integers(min_value=0, max_value=len(der(SIGNING.certificate)) - 1), bit=st.integers(0, 7))
def test_a_certificate_with_any_bit_flipped_is_refused_with_a_code(place: int, bit: int) -> None:
    data = bytearray(der(SIGNING.certificate))
    data[place] ^= 1 << bit
    with pytest.raises(YizhanError):
        TRUSTED.verify(bytes(data), (), Purpose.SIGN, NOW)


TRUSTED = trust()


@given(st.text(alphabet="abcz019_-:/. A", max_size=70))
def test_only_plain_ids_become_names(name: str) -> None:
    plain = re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", name) is not None
    try:
        assert urn(Party.DEPARTMENT, name) == f"urn:yizhan:department:{name}"
        assert plain
    except ValueError:
        assert not plain


@given(st.text(alphabet="abcz019_-:/. A", max_size=70))
def test_only_plain_staff_numbers_become_names(person: str) -> None:
    plain = re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", person) is not None
    try:
        assert urn(Party.CENTRE, "changning", person) == f"urn:yizhan:centre:changning:person:{person}"
        assert plain
    except ValueError:
        assert not plain


@pytest.mark.parametrize("bit", ["key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign"])
def test_a_persons_certificate_that_may_do_more_than_sign_is_refused(bit: str) -> None:
    bits = {one: one in ("digital_signature", bit) for one in KEY_USAGES}
    assert refusal_of_person(x509.KeyUsage(**bits)) == "YZ-5007"
    assert refusal_of_person(x509.KeyUsage(**(bits | {bit: False}))) is None


KEY_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


def refusal_of_person(usage: x509.KeyUsage) -> str | None:
    """What a reviewer's certificate with this key usage is refused with."""
    good = PKI.person(Party.DEPARTMENT, "finance", "p003")
    kept = good.certificate.extensions
    builder = (
        x509.CertificateBuilder()
        .subject_name(good.certificate.subject)
        .public_key(good.key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(VALID.start)
        .not_valid_after(VALID.end)
        .add_extension(usage, critical=True)
        .add_extension(kept.get_extension_for_class(x509.ExtendedKeyUsage).value, critical=False)
        .add_extension(kept.get_extension_for_class(x509.SubjectAlternativeName).value, critical=False)
    )
    try:
        trust().verify(der(PKI.issuing.sign(builder, good.key)), (), Purpose.PERSON, NOW)
    except YizhanError as fault:
        return fault.code
    return None


def test_a_refusal_quotes_the_serial_number_and_never_the_subject() -> None:
    with pytest.raises(CertificateRevoked) as fault:
        verify(trust(*PKI.lists({SIGNING.certificate.serial_number: NOW - DAY})))
    for lang in ("zh", "en"):
        text = fault.value.message(lang)
        assert f"{SIGNING.certificate.serial_number:x}" in text
        assert "finance" not in text
