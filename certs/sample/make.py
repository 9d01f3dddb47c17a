"""Make the sample PKI again: `python certs/sample/make.py [DIR]` (default: this directory; what was there is replaced).

Good: one complete `keys/` directory for each node of the sample site. Bad: one certificate for each way to be refused,
and `bad/expected.json`, which names the purpose it is shown for and the code it must be refused with; the tests read
that file. Every key in here is public knowledge: `Trust` refuses the whole tree outside a rehearsal.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from gateway import errors
from gateway.errors import YizhanError
from gateway.keys import Party, Purpose
from gateway.keys.issuing import Authority, Issued, Pki, Validity

ALWAYS = Validity(start=datetime(2020, 1, 1, tzinfo=UTC), end=datetime(2049, 12, 31, tzinfo=UTC))
PAST = Validity(start=datetime(2020, 1, 1, tzinfo=UTC), end=datetime(2021, 1, 1, tzinfo=UTC))
FUTURE = Validity(start=datetime(2049, 1, 1, tzinfo=UTC), end=datetime(2049, 12, 31, tzinfo=UTC))
REVOKED = datetime(2026, 3, 1, tzinfo=UTC)
CENTRE = "changning"
DEPARTMENTS = ("finance", "civil", "agri")
PERSONS = ("p001", "p003", "p004")
APPROVERS = ("p101",)


@dataclass(frozen=True, kw_only=True)
class World:
    """The authorities there are: the sample PKI, and a sister authority whose last revocation list ended in 2021."""

    pki: Pki
    asleep: Authority

    @property
    def issuing(self) -> Authority:
        return self.pki.issuing


@dataclass(frozen=True, kw_only=True)
class Bad:
    """One deliberately bad certificate: how it is made, what it is shown for, how it must be refused."""

    name: str
    make: Callable[[World], Issued]
    refusal: type[YizhanError]
    purpose: Purpose = Purpose.SIGN


def finance(
    authority: Authority, purpose: Purpose = Purpose.SIGN, validity: Validity = ALWAYS, key: object = None
) -> Issued:
    """A certificate that speaks for the finance department, as `authority` would issue it."""
    return authority.issue(Party.DEPARTMENT, "finance", purpose, validity, key=key)


def stranger(world: World) -> Issued:
    """Same names everywhere, other keys: only the signatures tell it from a real one."""
    return finance(Pki.found(ALWAYS).issuing)


def named(*uris: str) -> Callable[[World], Issued]:
    """A signing certificate with these URIs, whatever they are."""
    return lambda world: altered(world, x509.SubjectAlternativeName([x509.UniformResourceIdentifier(u) for u in uris]))


def altered(world: World, *extensions: x509.ExtensionType, critical: bool = False) -> Issued:
    """A signing certificate with nothing but `extensions` beside its usage."""
    key = ec.generate_private_key(ec.SECP256R1())
    plain = finance(world.issuing, key=key)
    usage = plain.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    builder = (
        x509.CertificateBuilder()
        .subject_name(plain.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ALWAYS.start)
        .not_valid_after(ALWAYS.end)
        .add_extension(usage, critical=True)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return Issued(certificate=world.issuing.sign(builder, key), key=key, chain=world.issuing.chain)


def reviewer(world: World, validity: Validity = ALWAYS) -> Issued:
    """A certificate of finance's reviewer."""
    return world.issuing.issue_person(Party.DEPARTMENT, "finance", "p003", validity)


def talkative(world: World) -> Issued:
    """A person's certificate that may open connections as well."""
    uri = x509.UniformResourceIdentifier("urn:yizhan:department:finance:person:p003")
    extended = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.CLIENT_AUTH])
    return altered(world, x509.SubjectAlternativeName([uri]), extended)


def unknown_critical(world: World) -> Issued:
    """A critical extension nobody knows beside a good name."""
    oid = x509.ObjectIdentifier("2.25.1")
    uri = x509.UniformResourceIdentifier("urn:yizhan:department:finance")
    strange = x509.UnrecognizedExtension(oid, b"\x05\x00")
    return altered(world, x509.SubjectAlternativeName([uri]), strange, critical=True)


def by_a_department(world: World) -> Issued:
    """The civil department plays authority and makes itself a finance certificate."""
    civil = world.pki.department("civil", Purpose.SIGN)
    return finance(Authority(certificate=civil.certificate, chain=(civil.certificate, *civil.chain), key=civil.key))


def too_deep(world: World) -> Issued:
    """An authority below the issuing one, which may have none (path length 0)."""
    return finance(world.issuing.subordinate("Yizhan Sample Below", ALWAYS))


def self_signed(world: World) -> Issued:
    """No authority at all."""
    key = ec.generate_private_key(ec.SECP256R1())
    good = finance(world.issuing, key=key).certificate
    builder = x509.CertificateBuilder(
        issuer_name=good.subject,
        subject_name=good.subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=ALWAYS.start,
        not_valid_after=ALWAYS.end,
        extensions=list(good.extensions)[:4],
    )
    return Issued(certificate=builder.sign(key, hashes.SHA256()), key=key, chain=())


def no_list(world: World) -> Issued:
    """A sister authority that publishes no revocation list."""
    return finance(world.pki.root.subordinate("Yizhan Sample Silent", ALWAYS))


BAD = (
    Bad(name="expired", make=lambda world: finance(world.issuing, validity=PAST), refusal=errors.CertificateExpired),
    Bad(
        name="not_yet_valid",
        make=lambda world: finance(world.issuing, validity=FUTURE),
        refusal=errors.CertificateNotYetValid,
    ),
    Bad(name="revoked", make=lambda world: finance(world.issuing), refusal=errors.CertificateRevoked),
    Bad(name="other_authority", make=stranger, refusal=errors.ChainUntrusted),
    Bad(name="self_signed", make=self_signed, refusal=errors.ChainUntrusted),
    Bad(name="issued_by_a_department", make=by_a_department, refusal=errors.ChainUntrusted),
    Bad(name="authority_too_deep", make=too_deep, refusal=errors.ChainUntrusted),
    Bad(name="no_revocation_list", make=no_list, refusal=errors.RevocationUnknown),
    Bad(name="stale_list", make=lambda world: finance(world.asleep), refusal=errors.RevocationUnknown),
    Bad(
        name="connection_used_to_sign",
        make=lambda world: finance(world.issuing, Purpose.TLS_CLIENT),
        refusal=errors.KeyUsageWrong,
    ),
    Bad(
        name="signature_used_to_connect",
        make=lambda world: finance(world.issuing),
        refusal=errors.KeyUsageWrong,
        purpose=Purpose.TLS_CLIENT,
    ),
    Bad(
        name="client_used_as_server",
        make=lambda world: finance(world.issuing, Purpose.TLS_CLIENT),
        refusal=errors.KeyUsageWrong,
        purpose=Purpose.TLS_SERVER,
    ),
    Bad(
        name="signature_used_to_encrypt",
        make=lambda world: finance(world.issuing),
        refusal=errors.KeyUsageWrong,
        purpose=Purpose.ENCRYPT,
    ),
    Bad(name="unknown_critical_extension", make=unknown_critical, refusal=errors.KeyUsageWrong),
    Bad(name="no_name", make=altered, refusal=errors.IdentityMissing),
    Bad(
        name="two_names",
        make=named("urn:yizhan:department:finance", "urn:yizhan:department:civil"),
        refusal=errors.IdentityMissing,
    ),
    Bad(name="malformed_name", make=named("urn:yizhan:department:Finance/.."), refusal=errors.IdentityMissing),
    Bad(
        name="rsa",
        make=lambda world: finance(world.issuing, key=rsa.generate_private_key(public_exponent=65537, key_size=2048)),
        refusal=errors.KeyUnsuitable,
    ),
    Bad(
        name="p384",
        make=lambda world: finance(world.issuing, key=ec.generate_private_key(ec.SECP384R1())),
        refusal=errors.KeyUnsuitable,
    ),
    Bad(
        name="person_expired",
        make=lambda world: reviewer(world, PAST),
        refusal=errors.CertificateExpired,
        purpose=Purpose.PERSON,
    ),
    Bad(name="person_revoked", make=reviewer, refusal=errors.CertificateRevoked, purpose=Purpose.PERSON),
    Bad(
        name="person_may_connect",
        make=talkative,
        refusal=errors.KeyUsageWrong,
        purpose=Purpose.PERSON,
    ),
    Bad(
        name="person_without_number",
        make=named("urn:yizhan:department:finance:person:"),
        refusal=errors.IdentityMissing,
        purpose=Purpose.PERSON,
    ),
    Bad(
        name="person_other_authority",
        make=lambda world: reviewer(World(pki=Pki.found(ALWAYS), asleep=world.asleep)),
        refusal=errors.ChainUntrusted,
        purpose=Purpose.PERSON,
    ),
    Bad(name="person_used_to_seal", make=reviewer, refusal=errors.PersonRefused),
    Bad(
        name="person_used_to_connect",
        make=reviewer,
        refusal=errors.PersonRefused,
        purpose=Purpose.TLS_CLIENT,
    ),
    Bad(
        name="node_used_as_person",
        make=lambda world: finance(world.issuing),
        refusal=errors.PersonMissing,
        purpose=Purpose.PERSON,
    ),
)


def main(directory: Path) -> None:
    """Write the whole tree below `directory`."""
    pki = Pki.found(ALWAYS)
    world = World(pki=pki, asleep=pki.root.subordinate("Yizhan Sample Asleep", ALWAYS))
    for old in ("bad", CENTRE, *DEPARTMENTS):
        shutil.rmtree(directory / old, ignore_errors=True)
    revoked = write_bad(directory / "bad", world)
    encrypt = pki.write_centre(directory / CENTRE, CENTRE)
    pki.write_persons(directory / CENTRE, Party.CENTRE, CENTRE, APPROVERS)
    for department in DEPARTMENTS:
        pki.write_department(directory / department, department, {CENTRE: encrypt})
        pki.write_persons(directory / department, Party.DEPARTMENT, department, PERSONS)
    lists = {"issuing": pki.lists(revoked)[1], "asleep": world.asleep.revocations(PAST)}
    for node in (CENTRE, *DEPARTMENTS):
        for stem, item in lists.items():
            (directory / node / "crls" / f"{stem}.crl").write_bytes(item.public_bytes(Encoding.PEM))


def write_bad(directory: Path, world: World) -> dict[int, datetime]:
    """Write every bad certificate; answers with what the revocation list has to say."""
    directory.mkdir(parents=True)
    issued = {item.name: item.make(world) for item in BAD}
    for name, pair in issued.items():
        pair.write(directory, name)
    expected = {item.name: {"purpose": item.purpose, "code": item.refusal.code} for item in BAD}
    (directory / "expected.json").write_text(json.dumps(expected, indent=2) + "\n")
    return {issued[name].certificate.serial_number: REVOKED for name in ("revoked", "person_revoked")}


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
