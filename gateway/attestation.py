"""A centre's signed answer to a health check: "it is I, I read my ledger just now, and this is for your challenge".

    issue(Attestation(centre=…, challenge=new_challenge(os.urandom), …), signer)   # DER, at the centre
    verify(der, centre="changning", challenge=…, trust=…, at=…)                    # Attestation, or raises

Whoever can connect may ask, so the answer must never say more than a receipt does, and never be of use for anything
else: it has a format of its own, and its only free part is 64 hex digits.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from gateway.envelope import signed
from gateway.envelope.canonical import STRICT, Count, Moment, Name, Text
from gateway.envelope.papers.form import Form, open_paper, sign_paper
from gateway.envelope.parties import Signer, Trust
from gateway.errors import HealthAnswerUnsound, SealRefused

FORMAT = "yizhan-health/1"
_CHALLENGE = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Attestation:
    """What a centre says of itself.

    Attributes:
        centre: its id. challenge: what was asked, 64 hex digits. version: of the product.
        ledger: position of the last line, read for this answer. at: the centre's clock.
    """

    __pydantic_config__ = STRICT

    format: Literal["yizhan-health/1"] = FORMAT
    centre: Name
    challenge: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    version: Text
    ledger: Count
    at: Moment


_FORM = Form(
    file="health.p7s",
    format=FORMAT,
    shape=TypeAdapter(Attestation),
    steps=signed.Steps(
        not_cms=HealthAnswerUnsound,
        not_canonical=HealthAnswerUnsound,
        digest=HealthAnswerUnsound,
        certificates=HealthAnswerUnsound,
        signature=HealthAnswerUnsound,
    ),
    unsupported=HealthAnswerUnsound,
    malformed=HealthAnswerUnsound,
)


def new_challenge(entropy: Callable[[int], bytes]) -> str:
    """64 hex digits that nobody asked with before; `entropy` is `os.urandom`."""
    return entropy(32).hex()


def is_challenge(text: str) -> bool:
    """Whether a centre signs an answer to this."""
    return _CHALLENGE.fullmatch(text) is not None


def issue(attestation: Attestation, signer: Signer) -> bytes:
    """Sign an answer: DER. Raises SealRefused: no challenge, or the signing certificate does not fit."""
    if not is_challenge(attestation.challenge):
        raise SealRefused(reason_zh="询问须为 64 位十六进制数字", reason_en="the challenge is not 64 hex digits")
    return sign_paper(attestation, _FORM, signer)


def verify(data: bytes, *, centre: str, challenge: str, trust: Trust, at: datetime) -> Attestation:
    """Verify that this is `centre`'s answer to `challenge`.

    Raises:
        FileTooLong, HealthAnswerUnsound; YZ-5xxx from `trust` about the signing certificate at the instant `at`.
    """
    attestation, chain = open_paper(data, _FORM)
    own, *others = chain
    signer = trust.verify(own, tuple(others), "sign", at)
    if (signer.party, signer.id) != ("centre", centre):
        raise HealthAnswerUnsound()
    if (attestation.centre, attestation.challenge) != (centre, challenge):
        raise HealthAnswerUnsound()
    return attestation
