"""What a front-end says of an instruction it carries out: the document `yizhan-report/1` (gateway/server/WIRE.md).

Codes, counts, catalogue ids, digests and the product's own words. Words are held back where they look as if they named
a person by number (`quiet`); nothing else is free text. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from gateway.envelope.canonical import STRICT, BatchId, Count, Moment, Sha256, Yuan, write
from gateway.errors import ReportMalformed, YizhanError

FORMAT = "yizhan-report/1"
MAX_DOCUMENT = 256 * 1024
"""Bytes of one report."""
MAX_LINES = 100
"""Lines of one report; a report that is behind by more says the rest in the next."""
MAX_WORDS = 400
MAX_SEQ = 10**9

_NUMBER_OF_A_PERSON = re.compile(r"(?:\d[\s-]?){14,}\d|\d{11,}|1[3-9]\d[\s-]\d{4}[\s-]\d{4}")  # as the ledger has it
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
_HELD_BACK = "***"


def quiet(text: str) -> str:
    """Words as they may leave a front-end: one line, no number of a person, no longer than MAX_WORDS."""
    return _NUMBER_OF_A_PERSON.sub(_HELD_BACK, _UNSEEN.sub(" ", text)).strip()[:MAX_WORDS]


def _as_it_left(text: str) -> str:
    if quiet(text) != text:
        raise ValueError("words that must not leave a front-end")
    return text


Words = Annotated[str, Field(min_length=1, max_length=MAX_WORDS), AfterValidator(_as_it_left)]
Code = Annotated[str, Field(pattern=r"^YZ-[0-9]{4}$")]
Stage = Literal["collecting", "checking", "sealing", "held", "delivering", "receipted"]
"""How far it is: the stages of the journey; `held` waits for a reviewer."""


@dataclass(frozen=True, kw_only=True)
class Advice:
    """What went wrong and what to do next, in both languages, with the facts filled in."""

    __pydantic_config__ = STRICT

    zh: Words
    en: Words
    zh_next: Annotated[str, Field(max_length=MAX_WORDS), AfterValidator(_as_it_left)]
    en_next: Annotated[str, Field(max_length=MAX_WORDS), AfterValidator(_as_it_left)]

    @classmethod
    def of(cls, error: YizhanError) -> Self:
        """An error's words."""
        said = (error.zh, error.en, error.zh_next, error.en_next)
        zh, en, zh_next, en_next = (quiet(one.format(**error.facts)) for one in said)
        return cls(zh=zh or error.code, en=en or error.code, zh_next=zh_next, en_next=en_next)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of it, as far as there is something to say.

    Attributes:
        batch, revision, digest: which batch, `feed/period/rN`, N, and SHA-256 of its manifest.p7s, 64 hex digits.
        unchanged: what the source holds was sealed before: nothing new came of it.
        rows: of the batch. amount: fen, of the feed's amount field; None where it has none.
    """

    __pydantic_config__ = STRICT

    batch: BatchId | None = None
    revision: Annotated[int, Field(ge=1, le=9999)] | None = None
    unchanged: bool | None = None
    rows: Count | None = None
    amount: Yuan | None = None
    digest: Sha256 | None = None


@dataclass(frozen=True, kw_only=True)
class ReportLine:
    """A line of the log. code: of an error, None where it only tells."""

    __pydantic_config__ = STRICT

    at: Moment
    code: Code | None = None
    text: Words


@dataclass(frozen=True, kw_only=True)
class InstructionReport:
    """How far one instruction is.

    Attributes:
        seq: 1, 2, 3 …; a report whose number is not above the last one heard changes nothing.
        state: `fetched` (it waits for its turn), `running`, or how it ended: `done`, `failed`.
        stage: None before the first.
        done, total: of the present stage, in rows while collecting and in bytes while delivering; None: unknown.
        code, advice: why it failed; None otherwise.
        outcome: as soon as there is something to say, and when it is done.
        lines: new since the report before.
    """

    __pydantic_config__ = STRICT

    format: Literal["yizhan-report/1"] = FORMAT
    seq: Annotated[int, Field(ge=1, le=MAX_SEQ)]
    state: Literal["fetched", "running", "done", "failed"]
    stage: Stage | None = None
    done: Count | None = None
    total: Count | None = None
    code: Code | None = None
    advice: Advice | None = None
    outcome: Outcome | None = None
    lines: Annotated[tuple[ReportLine, ...], Field(max_length=MAX_LINES)] = ()

    def __post_init__(self) -> None:
        """Raises ValueError: it contradicts itself."""
        if (self.state == "failed") != (self.code is not None) or (self.code is None) != (self.advice is None):
            raise ValueError("a code and its advice say why something failed")
        if self.done is not None and self.total is not None and self.done > self.total:
            raise ValueError("more is done than there is")

    @property
    def ends(self) -> bool:
        """Whether it is the last one."""
        return self.state in ("done", "failed")


_FORM = TypeAdapter(InstructionReport)
_OUTCOME = TypeAdapter(Outcome)
_ADVICE = TypeAdapter(Advice)


def encode_report(report: InstructionReport) -> bytes:
    """The document, JSON with sorted keys."""
    return write(report, _FORM)


def parse_report(content: bytes) -> InstructionReport:
    """Read a document.

    Raises:
        ReportMalformed: it is none, or says what cannot be; `place` is a key of ours or "-", never a value of it.
    """
    try:
        return _FORM.validate_json(content)
    except ValidationError as error:
        raise ReportMalformed(place=_place(error)) from None


def outcome_json(outcome: Outcome) -> bytes:
    """JSON with sorted keys; the amount a decimal string in yuan."""
    return write(outcome, _OUTCOME)


def read_outcome(content: str) -> Outcome:
    """What `outcome_json` wrote."""
    return _OUTCOME.validate_json(content)


def advice_json(advice: Advice) -> bytes:
    """JSON with sorted keys."""
    return write(advice, _ADVICE)


def read_advice(content: str) -> Advice:
    """What `advice_json` wrote."""
    return _ADVICE.validate_json(content)


def _place(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    known = first["loc"] and first["loc"][0] in InstructionReport.__dataclass_fields__
    return str(first["loc"][0]) if known else "-"
