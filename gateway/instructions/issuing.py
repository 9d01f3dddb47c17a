"""What somebody at the office asks for, and the instruction that it becomes. Must never keep one, nor sign it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from json import dumps

from gateway.calendar import ASIA_SHANGHAI, Period
from gateway.catalogue import Catalogue, Feed
from gateway.envelope.instruction import Action, Instruction
from gateway.envelope.parties import Signer
from gateway.errors import InstructionNotHere, PeriodNotOwed
from gateway.ledger import Ledger

LIFE = timedelta(days=7)
"""How long an instruction waits for its front-end where nobody says otherwise: over the longest public holiday."""
_LETTERS = "bcdfghjklmnpqrstvwxz"  # no vowels: no words by chance
_LETTERS_OF_A_NUMBER = 10


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody at the office asks for; see `Instruction` for the fields.

    Attributes:
        request: the asker's own key: asked again under it, the same instruction is given.
        until: when it expires; None: after LIFE.
    """

    request: str
    action: Action
    feed: str
    period: str
    reason: str | None = None
    by: str | None = None
    order: str | None = None
    batch: str | None = None
    digest: str | None = None
    until: datetime | None = None

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all but the key."""
        said = {name: str(value) for name, value in asdict(self).items() if name != "request" and value is not None}
        return hashlib.sha256(dumps(said, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Bureau:
    """What issuing needs.

    Attributes:
        centre: this one's id. paper: the rectification order of a number, as DER.
        signer: the centre's signing key. entropy: `os.urandom`.
    """

    centre: str
    catalogue: Catalogue
    ledger: Ledger
    signer: Callable[[], Signer]
    paper: Callable[[str], bytes]
    clock: Callable[[], datetime]
    entropy: Callable[[int], bytes]


def prepared(wanted: Wanted, bureau: Bureau) -> tuple[Instruction, bytes | None]:
    """The instruction that it becomes, and the rectification order that goes with it (DER).

    Raises: UnknownName, PeriodInvalid, PeriodNotOwed, InstructionNotHere, OrderUnknown.
    """
    now = bureau.clock()
    feed = bureau.catalogue.feed(wanted.feed)
    if feed.path[0] != bureau.centre:
        raise InstructionNotHere(feed=feed.id, first=feed.path[0], centre=bureau.centre)
    instruction = Instruction(
        number=_number(now, bureau.entropy),
        centre=bureau.centre,
        department=feed.department,
        action=wanted.action,
        feed=feed.id,
        period=str(_period(feed, wanted.period)),
        reason=wanted.reason,
        by=wanted.by,
        order=wanted.order,
        batch=wanted.batch,
        digest=wanted.digest,
        issued_at=now,
        expires_at=wanted.until or now + LIFE,
    )
    return instruction, None if wanted.order is None else bureau.paper(wanted.order)


def about_the_same(one: Instruction, other: Instruction) -> bool:
    """Whether carrying out one is carrying out the other."""
    return all(getattr(one, name) == getattr(other, name) for name in ("feed", "period", "action", "batch", "digest"))


def _period(feed: Feed, text: str) -> Period:
    period = Period.parse(text)
    if not feed.schedule.fits(period) or period.moment < feed.starts.moment:
        cadence = feed.schedule.rule_of(period).cadence
        said = {"cadence_zh": cadence.zh, "cadence_en": cadence.en}
        raise PeriodNotOwed(feed=feed.id, period=text, starts=feed.starts, **said)
    return period


def _number(now: datetime, entropy: Callable[[int], bytes]) -> str:
    letters = "".join(_LETTERS[byte % len(_LETTERS)] for byte in entropy(_LETTERS_OF_A_NUMBER))
    return f"{now.astimezone(ASIA_SHANGHAI):%Y%m%d}-{letters}"
