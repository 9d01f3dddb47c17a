"""Keys: who a certificate speaks for, whom this site trusts, and the private keys it holds.

    ring = KeyRing(directory=site / "keys", stage=Stage.REHEARSAL)
    identity = ring.trust().verify(certificate_der, intermediates, Purpose.SIGN, at)     # Identity, or raises
    ring.signer().sign(data);  ring.decryptor().exchange(point);  ring.recipient("changning", at)
    ring.person("p003", directory=stick).sign(data)              # a person's signature, for papers only
    tls.client_context(ring), tls.server_context(ring)                                   # mutual TLS 1.3

Private keys never leave this room: others get an object that signs or decrypts.
"""

from gateway.keys.identity import Identity, Party, Purpose, identity_of, urn
from gateway.keys.private import Decryptor, Signer
from gateway.keys.revocation import RevocationPolicy
from gateway.keys.ring import KeyRing
from gateway.keys.signatory import Signatory, is_locked, open_signatory
from gateway.keys.trust import SAMPLE_UNIT, Stage, Trust

__all__ = [
    "SAMPLE_UNIT",
    "Decryptor",
    "Identity",
    "KeyRing",
    "Party",
    "Purpose",
    "RevocationPolicy",
    "Signatory",
    "Signer",
    "Stage",
    "Trust",
    "identity_of",
    "is_locked",
    "open_signatory",
    "urn",
]
