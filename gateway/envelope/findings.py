"""What a report rests on and what it does not say: one finding for each group of steps of ENVELOPE.md.

Owns which steps can be checked with which files. It must never check one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.envelope.manifest import Kind, Manifest


class Part(StrEnum):
    """The kinds of files in a sealed batch, by their names in its directory."""

    MANIFEST = "manifest.p7s"
    KEYS = "keys.p7m"
    PAYLOAD = "payload"
    NIL = "nil.p7s"
    RELEASE = "release.p7s"
    ORDER = "order.p7s"
    RECEIPT = "receipt.p7s"
    INSTRUCTION = "instruction.p7s"  # of no batch, yet looked at with the same tools
    CATALOGUE = "catalogue.p7s"  # likewise


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of a report: steps of ENVELOPE.md, and what was or was not checked."""

    steps: str
    zh: str
    en: str


_MANIFEST = Finding(steps="2.1-2.10", zh="清单:签名、证书、内容", en="manifest: signature, certificates, content")
_KEYS = Finding(
    steps="3.1-3.7", zh="密钥封:签名、证书、属于本清单", en="key envelope: signature, certificates, its manifest"
)
_PAYLOAD = Finding(steps="4.1-4.3", zh="数据:长度与摘要", en="payload: length and digest")
_NIL = Finding(
    steps="6.1-6.14", zh="零报送声明:签名、证书、内容、对应本批次", en="nil declaration: genuine, and about this batch"
)
_RELEASE = Finding(
    steps="6.1-6.14", zh="放行单:签名、证书、内容、对应本批次", en="release: genuine, and about this batch"
)
_ORDER = Finding(
    steps="7.1-7.11", zh="整改单:签名、证书、内容", en="rectification order: signature, certificates, content"
)
_ORDER_MATCH = Finding(
    steps="7.12-7.14",
    zh="整改单:清单所列、范围与有效期",
    en="rectification order: named, covering this batch, in force",
)
_DUTIES = Finding(
    steps="-",
    zh="签署人的职责、整改单已用次数(由目录与台账决定)",
    en="the signers' duties and the order's uses so far (the catalogue and the ledger say)",
)
_RECEIPT = Finding(steps="5.1-5.10", zh="回执:签名、证书、内容", en="receipt: signature, certificates, content")
_MATCH = Finding(steps="5.11-5.14", zh="回执:对应本批次且对账平", en="receipt: answers this batch and balances")
_INSTRUCTION = Finding(steps="8.1-8.11", zh="指令:签名、证书、内容", en="instruction: signature, certificates, content")
_BEGUN = Finding(
    steps="8.12-8.14",
    zh="指令:是否在有效期内开始、为谁所执行(由前置机的目录与台账决定)",
    en="instruction: begun in time, and by whom it is for (the front-end's catalogue and ledger say)",
)
_CATALOGUE = Finding(
    steps="9.1-9.11", zh="下发目录:签名、证书、内容", en="published catalogue: signature, certificates, content"
)
_TAKEN = Finding(
    steps="9.12-9.13",
    zh="下发目录:前置机是否接受该中心的、是否比已有的新、各文件的含义(由前置机核对)",
    en="published catalogue: of the right centre, newer, what its files say (the front-end checks)",
)
_OPENING = Finding(
    steps="3.8-3.11, 4.4-4.5", zh="解密数据(需要中心的私钥)", en="decrypting the payload (needs a centre's private key)"
)

_ABOUT = {
    _MANIFEST: Part.MANIFEST,
    _KEYS: Part.KEYS,
    _PAYLOAD: Part.PAYLOAD,
    _NIL: Part.NIL,
    _RELEASE: Part.RELEASE,
    _ORDER: Part.ORDER,
    _ORDER_MATCH: Part.ORDER,
    _RECEIPT: Part.RECEIPT,
    _MATCH: Part.RECEIPT,
    _INSTRUCTION: Part.INSTRUCTION,
    _CATALOGUE: Part.CATALOGUE,
}
_AGAINST_MANIFEST = (_ORDER_MATCH, _MATCH)
_OF_NO_BATCH = {Part.INSTRUCTION: _BEGUN, Part.CATALOGUE: _TAKEN}
_PAPERS = frozenset({Part.NIL, Part.RELEASE, Part.ORDER})


def checked(given: frozenset[Part]) -> tuple[Finding, ...]:
    """What is checked of the files given; how one fits the manifest, only if that is given too."""
    alone = Part.MANIFEST not in given
    return tuple(one for one, part in _ABOUT.items() if part in given and not (alone and one in _AGAINST_MANIFEST))


def unchecked(given: frozenset[Part], declared: Manifest | None) -> tuple[Finding, ...]:
    """What there should have been more of, and what no file can tell. Of papers of no batch alone, none is missed."""
    begun = tuple(one for part, one in _OF_NO_BATCH.items() if part in given)
    if given <= _OF_NO_BATCH.keys():
        return begun
    done, wanted = checked(given), given | _called_for(declared)
    left = tuple(one for one, part in _ABOUT.items() if one not in done and part in wanted)
    return (*left, *begun, *((_DUTIES,) if given & _PAPERS else ()), _OPENING)


def _called_for(declared: Manifest | None) -> frozenset[Part]:
    """The files there should be. Whether a feed needs a release no file says, so one that is missing is always told."""
    papers = {
        Part.NIL: declared is not None and declared.kind is Kind.NIL,
        Part.ORDER: declared is not None and declared.rectification_order is not None,
        Part.INSTRUCTION: False,
        Part.CATALOGUE: False,
    }
    return frozenset(part for part in Part if papers.get(part, True))
