"""What the vectors are made of: sample signers, a seeded source of bytes, and good batches.

Everything comes out the same every time: deterministic ECDSA (RFC 6979), keys from `certs/sample`. Seeded keys protect
nothing: they are samples.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID

from gateway.envelope import receipt, sealing
from gateway.envelope.canonical import ControlTotals
from gateway.envelope.effect import Effect
from gateway.envelope.fiscal import FiscalBatch, People
from gateway.envelope.manifest import Kind, Manifest, ManifestField, PayloadFacts, ProblemTotals
from gateway.envelope.payload import PayloadWriter
from gateway.envelope.receipt import LedgerPlace, Receipt
from gateway.envelope.suite import INTL
from gateway.errors import YizhanError

HERE = Path(__file__).parent
SAMPLE = HERE.parents[1] / "certs" / "sample"
P256_ORDER = 0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551


class Seeded:
    """`os.urandom` that repeats itself."""

    def __init__(self, seed: str) -> None:
        self._seed, self._count = seed.encode(), 0

    def __call__(self, size: int) -> bytes:
        self._count += 1
        return hashlib.shake_256(self._seed + self._count.to_bytes(4, "big")).digest(size)


@dataclass(frozen=True, kw_only=True)
class SampleSigner:
    """A sample certificate and its key; signs the same bytes the same way every time."""

    certificate: bytes
    intermediates: tuple[bytes, ...]
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def load(cls, stem: str) -> SampleSigner:
        chain = x509.load_pem_x509_certificates((SAMPLE / f"{stem}.crt").read_bytes())
        leaf, *others = (one.public_bytes(Encoding.DER) for one in chain)
        key = load_pem_private_key((SAMPLE / f"{stem}.key").read_bytes(), None)
        return cls(certificate=leaf, intermediates=tuple(others), key=key)

    def sign(self, data: bytes) -> bytes:
        return self.key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))


@dataclass(frozen=True, kw_only=True)
class Vector:
    """One line of `index.json`.

    Attributes:
        name: its directory. shows: what is wrong, or what is good. code: the refusal, or None.
        files: part -> bytes, or the name of the good vector whose file it is.
        open_as: the centre whose private key opens it, or None: verified only.
        via: `api` (the functions in order) and `files` (`report`, as the command line does it).
    """

    name: str
    shows: str
    code: str | None
    files: dict[str, bytes | str]
    open_as: str | None = None
    via: tuple[str, ...] = ("api", "files")


FINANCE, CIVIL, CHANGNING = (SampleSigner.load(f"{who}/sign") for who in ("finance", "civil", "changning"))
CHANGNING_ENCRYPT = SampleSigner.load("changning/encrypt")


def hengyang() -> tuple[bytes, ec.EllipticCurvePrivateKey]:
    """A second centre's encryption certificate, self-signed: the envelope leaves its trust to the keys room."""
    key = ec.derive_private_key(int.from_bytes(Seeded("hengyang")(32), "big") % (P256_ORDER - 1) + 1, ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hengyang encrypt")])
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), 1, datetime(2020, 1, 1, tzinfo=UTC), datetime(2049, 12, 31, tzinfo=UTC)
    ).add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    certificate = builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    return certificate.public_bytes(Encoding.DER), key


HENGYANG, HENGYANG_KEY = hengyang()

ROWS = pa.record_batch(
    {"serial_no": ["0001", "0002", "0003"], "amount": pa.array([100_00, 200_05, 300_00], pa.int64())}
)
TOTALS = ControlTotals(rows=3, sums=(("amount", 60_005),))
PROBLEMS = ProblemTotals(rows=1, sums=(("amount", 9_900),), codes=(("YZ-3101", 1), ("YZ-3205", 1)))
NOTHING = ControlTotals(rows=0, sums=(("amount", 0),))


def arrow(*batches: pa.RecordBatch) -> bytes:
    """The plaintext of a payload: an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, ROWS.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


@dataclass(frozen=True, kw_only=True)
class Made:
    """A good batch and what is needed to make bad ones of it."""

    name: str
    declared: Manifest
    content_key: bytes
    manifest: bytes
    keys: bytes
    payload: bytes

    @property
    def digest(self) -> str:
        return INTL.digest(self.manifest).hex()


def encrypt(plain: bytes, seed: str) -> tuple[bytes, bytes, PayloadFacts]:
    """Content key, payload, and what the manifest says about it."""
    entropy = Seeded(f"payload {seed}")
    content_key, _ = sealing.new_key(entropy)
    sink = io.BytesIO()
    with PayloadWriter(sink, content_key, entropy) as writer:
        writer.write(plain)
    return content_key, sink.getvalue(), PayloadFacts(digest=writer.digest, size=writer.size)


def facts(payload: PayloadFacts, content_key: bytes) -> Manifest:
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
        released_by="预算股复核岗",
        rectification_order=None,
        fields=(ManifestField(name="serial_no", type="code"), ManifestField(name="amount", type="money")),
        schema_digest=hashlib.sha256(b"the schema of the vectors").hexdigest(),
        totals=TOTALS,
        extracted=TOTALS + PROBLEMS.totals,
        problems=PROBLEMS,
        payload=payload,
        key_commitment=INTL.commitment(content_key),
        recipients=("changning",),
        reconciliation=None,
        landed_at=datetime.fromisoformat("2026-11-08T16:20:00+08:00"),
        created_at=datetime.fromisoformat("2026-11-09T02:00:00.250000+08:00"),
        previous=None,
    )


def make(name: str, plain: bytes, certificates: tuple[bytes, ...], **changes: object) -> Made:
    """A good batch, made the way the product makes one."""
    content_key, payload, about = encrypt(plain, name)
    declared = replace(facts(about, content_key), **changes)
    statement = sealing.seal_manifest(declared, FINANCE)
    keys = sealing.seal_keys(statement, content_key, certificates, FINANCE, Seeded(f"keys {name}"))
    return Made(name=name, declared=declared, content_key=content_key, manifest=statement, keys=keys, payload=payload)


SINGLE = make("single", arrow(ROWS), (CHANGNING_ENCRYPT.certificate,))
TWO = make(
    "two_recipients", arrow(ROWS), (CHANGNING_ENCRYPT.certificate, HENGYANG), recipients=("changning", "hengyang")
)
NIL = make(
    "nil_return",
    arrow(),
    (CHANGNING_ENCRYPT.certificate,),
    kind=Kind.NIL,
    by="预算股负责人",
    totals=NOTHING,
    extracted=NOTHING,
    problems=ProblemTotals(rows=0, sums=(("amount", 0),)),
)
NOBODY = People(people=0, amount=0)
FISCAL = (
    FiscalBatch(
        document="湘财农〔2026〕7号",
        batch="YKT20261001",
        roster=People(people=3, amount=50_005),
        declared=People(people=3, amount=50_005),
        succeeded=People(people=1, amount=20_005),
        failed=People(people=1, amount=10_000),
        pending=People(people=1, amount=20_000),
        refunded=NOBODY,
        reissued=NOBODY,
        duplicates=People(people=2, amount=40_005),
    ),
    FiscalBatch(
        document="湘财社〔2026〕3号",
        batch="YKT20261002",
        roster=People(people=1, amount=19_900),
        declared=None,
        succeeded=People(people=1, amount=19_900),
        failed=NOBODY,
        pending=NOBODY,
        refunded=People(people=1, amount=19_900),
        reissued=People(people=1, amount=19_900),
        duplicates=NOBODY,
    ),
)
RECONCILED = make("reconciled", arrow(ROWS), (CHANGNING_ENCRYPT.certificate,), reconciliation=FISCAL)
CORRECTION = make(
    "correction",
    arrow(ROWS),
    (CHANGNING_ENCRYPT.certificate,),
    kind=Kind.CORRECTION,
    revision=2,
    reason="补发两户,原清册漏列",
    by="预算股负责人",
    previous=SINGLE.digest,
)


def answer(made: Made) -> Receipt:
    """The receipt of a centre that loaded everything."""
    return Receipt(
        centre="changning",
        batch=made.declared.batch_id,
        manifest_digest=made.digest,
        payload_digest=made.declared.payload.digest,
        sent=made.declared.extracted,
        counted=made.declared.totals,
        loaded=made.declared.totals,
        problem=made.declared.problems.totals,
        duplicate=NOTHING,
        effect=Effect(added=made.declared.totals, changed=NOTHING, replaced=NOTHING, removed=NOTHING),
        balanced=True,
        ledger=LedgerPlace(position=42, head=hashlib.sha256(b"the head of the vectors' ledger").hexdigest()),
        accepted_at=datetime.fromisoformat("2026-11-09T02:01:07+08:00"),
    )


def totals(rows: int, fen: int) -> ControlTotals:
    return ControlTotals(rows=rows, sums=(("amount", fen),))


RECEIPT = receipt.issue_receipt(answer(SINGLE), CHANGNING)
CORRECTED = receipt.issue_receipt(
    replace(
        answer(CORRECTION),
        loaded=totals(2, 50_005),
        duplicate=totals(1, 10_000),
        effect=Effect(
            added=totals(1, 30_000), changed=totals(1, 20_005), replaced=totals(1, 20_000), removed=totals(2, 7)
        ),
    ),
    CHANGNING,
)


def all_of(made: Made, **others: bytes | str) -> dict[str, bytes | str]:
    return {"manifest": made.manifest, "keys": made.keys, "payload": made.payload, **others}


def instead(**files: bytes) -> dict[str, bytes | str]:
    """`single` with some files replaced."""
    return {"manifest": "single", "keys": "single", "payload": "single", **files}


def bad(name: str, refusal: type[YizhanError], shows: str, files: dict[str, bytes | str], **how: object) -> Vector:
    return Vector(name=name, shows=shows, code=refusal.code, files=files, **how)
