"""A small county for the envelope's tests: a throw-away PKI, two departments, two centres, and batches they sealed.

Everything is real: the same sealing the collect journey does, the same trust the centre has.
"""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

from cryptography.hazmat.primitives.serialization import Encoding

from gateway.envelope import sealing
from gateway.envelope.canonical import ControlTotals
from gateway.envelope.effect import Effect
from gateway.envelope.manifest import Kind, Manifest, ManifestField, PayloadFacts, ProblemTotals
from gateway.envelope.payload import PayloadReader, PayloadWriter
from gateway.envelope.receipt import LedgerPlace, Receipt, issue_receipt
from gateway.envelope.sealed import Batch, Sealed, verify
from gateway.keys import Decryptor, Identity, Party, Purpose, Signer, Stage, Trust, identity_of
from gateway.keys.issuing import Issued, Pki, Validity

NOW = datetime.now(UTC).replace(microsecond=0)

# Two rows set aside, three sealed: enough for totals that can go wrong.
TOTALS = ControlTotals(rows=3, sums=(("amount", 123_405),))
PROBLEMS = ProblemTotals(rows=2, sums=(("amount", 5_000),), codes=(("YZ-3101", 2), ("YZ-3205", 1)))
NOTHING = ControlTotals(rows=0, sums=(("amount", 0),))


def der(issued: Issued) -> bytes:
    return issued.certificate.public_bytes(Encoding.DER)


def signer_of(issued: Issued) -> Signer:
    chain = tuple(one.public_bytes(Encoding.DER) for one in issued.chain)
    return Signer(certificate=der(issued), intermediates=chain, _key=issued.key)


@dataclass(frozen=True, kw_only=True)
class Files:
    """The files of one sealed batch and, for the tests' eyes only, its content key."""

    manifest: bytes
    keys: bytes
    payload: bytes
    content_key: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.manifest).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Person:
    """A person's signature, whom it speaks for, and the serial number of the certificate."""

    signer: Signer
    identity: Identity
    serial: int


class World:
    """Built once for each test process; `cached_property` keeps each certificate the same throughout."""

    def __init__(self) -> None:
        self.pki = Pki.found(Validity(start=NOW - timedelta(days=1), end=NOW + timedelta(days=365)))

    @cached_property
    def trust(self) -> Trust:
        return Trust(anchors=(self.pki.root.certificate,), lists=self.pki.lists(), stage=Stage.REHEARSAL)

    @cached_property
    def finance(self) -> Signer:
        return signer_of(self.pki.department("finance", Purpose.SIGN))

    @cached_property
    def civil(self) -> Signer:
        return signer_of(self.pki.department("civil", Purpose.SIGN))

    @cached_property
    def changning(self) -> Signer:
        return signer_of(self.pki.centre("changning", Purpose.SIGN))

    @cached_property
    def hengyang(self) -> Signer:
        return signer_of(self.pki.centre("hengyang", Purpose.SIGN))

    def person(self, party: Party, name: str, number: str, validity: Validity | None = None) -> Person:
        """Somebody with a certificate of their own, as `trust` sees them while it is valid."""
        issued = self.pki.issuing.issue_person(party, name, number, validity or self.pki.validity)
        return Person(
            signer=signer_of(issued), identity=identity_of(issued.certificate), serial=issued.certificate.serial_number
        )

    @cached_property
    def reviewer(self) -> Person:
        return self.person(Party.DEPARTMENT, "finance", "p003")

    @cached_property
    def declarer(self) -> Person:
        return self.person(Party.DEPARTMENT, "finance", "p004")

    @cached_property
    def approver(self) -> Person:
        return self.person(Party.CENTRE, "changning", "p101")

    @cached_property
    def encryption(self) -> dict[str, Issued]:
        """Each centre's encryption certificate and key; `elsewhere` is on nobody's route."""
        return {name: self.pki.centre(name, Purpose.ENCRYPT) for name in ("changning", "hengyang", "elsewhere")}

    def decryptor(self, centre: str) -> Decryptor:
        issued = self.encryption[centre]
        return Decryptor(certificate=der(issued), _key=issued.key)

    def seal(self, plain: bytes = b"records", centres: tuple[str, ...] = ("changning",), **changes: object) -> Files:
        """Seal `plain` as finance's batch; `changes` replace facts of its manifest."""
        content_key, commitment = sealing.new_key(os.urandom)
        sink = io.BytesIO()
        with PayloadWriter(sink, content_key, os.urandom) as writer:
            writer.write(plain)
        declared = replace(
            facts(PayloadFacts(digest=writer.digest, size=writer.size), commitment), recipients=centres, **changes
        )
        manifest = sealing.seal_manifest(declared, self.finance)
        certificates = [der(self.encryption[one]) for one in centres]
        keys = sealing.seal_keys(manifest, content_key, certificates, self.finance, os.urandom)
        return Files(manifest=manifest, keys=keys, payload=sink.getvalue(), content_key=content_key)

    def verify(self, files: Files) -> Batch:
        return verify(Sealed.parse(files.manifest, files.keys), self.trust, NOW)

    def receipt(self, batch: Batch, signer: Signer | None = None, **changes: object) -> bytes:
        """The receipt of a load without duplicates; `changes` replace what it says."""
        return issue_receipt(replace(answer(batch), **changes), signer or self.changning)


def facts(payload: PayloadFacts, commitment: str) -> Manifest:
    """A plain first push."""
    return Manifest(
        sender="finance",
        region="430482",
        feed="finance.onecard",
        period="2026-10",
        revision=1,
        kind=Kind.DATA,
        reason=None,
        by=None,
        released_by=None,
        rectification_order=None,
        fields=(ManifestField(name="serial_no", type="code"), ManifestField(name="amount", type="money")),
        schema_digest="0" * 64,
        totals=TOTALS,
        extracted=TOTALS + PROBLEMS.totals,
        problems=PROBLEMS,
        payload=payload,
        key_commitment=commitment,
        recipients=("changning",),
        reconciliation=None,
        landed_at=NOW - timedelta(hours=1),
        created_at=NOW,
        previous=None,
    )


def added(loaded: ControlTotals) -> Effect:
    """The effect of a load onto nothing."""
    return Effect(added=loaded, changed=NOTHING, replaced=NOTHING, removed=NOTHING)


def answer(batch: Batch) -> Receipt:
    """What a centre that loaded everything would say."""
    manifest = batch.manifest
    return Receipt(
        centre="changning",
        batch=manifest.batch_id,
        manifest_digest=batch.digest,
        payload_digest=manifest.payload.digest,
        sent=manifest.extracted,
        counted=manifest.totals,
        loaded=manifest.totals,
        problem=manifest.problems.totals,
        duplicate=NOTHING,
        effect=added(manifest.totals),
        balanced=True,
        ledger=LedgerPlace(position=7, head="1" * 64),
        accepted_at=NOW,
    )


def unseal(payload: bytes, content_key: bytes) -> bytes:
    """All of a payload's plaintext, with the end checked."""
    reader = PayloadReader(io.BytesIO(payload), content_key)
    plain = b"".join(iter(lambda: bytes(reader.read(300_000)), b""))
    reader.finish()
    return plain
