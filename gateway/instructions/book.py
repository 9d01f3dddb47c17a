"""The book of instructions of a centre: issued, handed out, reported on, ended; each in one short transaction.

Several receivers may share it: what is done to the instructions of one department is done one after the other, and an
end stands in the ledger by the transaction that ends it. Must never carry anything out, and never ask what came of a
batch: the ledger's own lines of it say that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from json import dumps

from sqlalchemy import Connection, Engine

from gateway.calendar import ASIA_SHANGHAI, Period
from gateway.catalogue import Catalogue, Feed
from gateway.database import alone, reading, settle, writing
from gateway.envelope.instruction import Action, Instruction, sign_instruction
from gateway.envelope.papers.form import CLOCK_SKEW
from gateway.envelope.parties import Signer
from gateway.errors import (
    InstructionDamaged,
    InstructionExpired,
    InstructionNotHere,
    InstructionOutOfTime,
    InstructionsTooMany,
    InstructionUnderWay,
    InstructionUnknown,
    InstructionWithdrawn,
    PeriodNotOwed,
    RequestTaken,
    YizhanError,
)
from gateway.instructions import rows
from gateway.instructions.entering import concluded, given_up, issued
from gateway.instructions.handing import MAX_GIVEN, MAX_KNOWN, Given, Heard
from gateway.instructions.report import Advice, InstructionReport
from gateway.instructions.rows import End
from gateway.instructions.state import Damaged, Issued, Standing, State
from gateway.instructions.table import SCHEMA
from gateway.ledger import EventKind, Ledger

LIFE = timedelta(days=7)
"""How long an instruction waits for its front-end where nobody says otherwise: over the longest public holiday."""
SILENCE = timedelta(days=1)
"""How long one that is being carried out may say nothing after its end of life, and still counts as open."""
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


class InstructionBook:
    """The tables in one centre's database. Every call may raise StoreUnavailable, StoreDamaged, StoreForbidden."""

    def __init__(self, engine: Engine, bureau: Bureau) -> None:
        """Raises: what `gateway.database.settle` raises."""
        self._engine = engine
        self._bureau = bureau
        settle(engine, SCHEMA)

    # --- the office ---------------------------------------------------------------------------------------------------

    def issue(self, wanted: Wanted) -> Issued:
        """Instruct; the same request again: the same instruction, whatever has become of it.

        Where one about the same is open (feed, period and action; batch and digest), that one is given.

        Raises:
            UnknownName, PeriodInvalid, PeriodNotOwed, InstructionNotHere, OrderUnknown, InstructionsTooMany.
            RequestTaken: the request was used for something else.
            SealRefused: it contradicts itself. LedgerTextRefused: reason or name look like a person's number.
            InstructionDamaged: the request was answered with one whose row is damaged.
        """
        with reading(self._engine) as connection:
            known = _requested(connection, wanted)
        if known is not None:
            return known
        instruction, paper = self._prepared(wanted)
        document = sign_instruction(instruction, self._bureau.signer())
        with writing(self._engine) as connection:
            alone(connection, _request_lock(wanted.request), _lock(instruction.department))
            answered = _requested(connection, wanted) or self._joined(connection, wanted, instruction)
            if answered is not None:
                return answered
            line = self._bureau.ledger.append(issued(instruction), connection)
            rows.enter(connection, instruction, document, paper, line.seq)
            rows.remember(connection, wanted.request, instruction.number, wanted.fingerprint)
        return Issued(number=instruction.number, state=State.ISSUED, fresh=True, joined=False)

    def withdraw(self, number: str, by: str) -> Standing:
        """Take back what no front-end has fetched; again: nothing changes.

        Raises:
            InstructionUnknown, InstructionDamaged, LedgerTextRefused; InstructionUnderWay: it was fetched, or has
            ended otherwise.
        """
        with self._one(number) as (connection, found):
            if found.state is State.WITHDRAWN:
                return found
            if self._expire(connection, found) or found.state is not State.ISSUED:
                state = _whole(rows.standing(connection, number)).state
            else:
                self._end(connection, found, State.WITHDRAWN, InstructionWithdrawn(number=number, by=by), by)
                return _whole(rows.standing(connection, number))
        raise InstructionUnderWay(number=number, state=state.value)

    def show(self, number: str) -> Standing:
        """Where it stands, with its lines. Raises: InstructionUnknown, InstructionDamaged."""
        with reading(self._engine) as connection:
            found = rows.standing(connection, number)
        if isinstance(found, Standing) and not self._over(found):
            return found
        with self._one(number) as (connection, found):
            self._expire(connection, found)
            return _whole(rows.standing(connection, number))

    def paper(self, number: str) -> Given:
        """What was signed, and the order that goes with it. Raises: InstructionUnknown, InstructionDamaged."""
        self.show(number)
        with reading(self._engine) as connection:
            return rows.papers(connection, (number,))[0]

    def newest(
        self, limit: int, *, feed: str | None = None, period: str | None = None
    ) -> tuple[Standing | Damaged, ...]:
        """At most `limit`, newest first, without their lines; a damaged one hides no other."""
        with reading(self._engine) as connection:
            found = rows.newest(connection, limit, feed, period)
        late = [one.number for one in found if (not one.ended if isinstance(one, Damaged) else self._over(one))]
        for number in late:
            with suppress(InstructionDamaged):
                self.show(number)
        if not late:
            return found
        with reading(self._engine) as connection:
            return rows.newest(connection, limit, feed, period)

    def faults(self) -> Iterator[InstructionDamaged]:
        """Every instruction whose row is damaged, or gone while the ledger has it. Changes nothing."""
        with reading(self._engine) as connection:
            there = rows.numbers(connection)
            damaged = list(rows.faults(connection))
        known = (line.said.number for line in self._bureau.ledger.lines(kind=EventKind.INSTRUCTED))
        for number in (*damaged, *(one for one in known if one not in there)):
            yield InstructionDamaged(number=number)

    # --- the front-end ------------------------------------------------------------------------------------------------

    def give(self, department: str, known: Collection[str] = ()) -> tuple[Given, ...]:
        """What is open for this department and not among `known`, oldest first, at most MAX_GIVEN.

        From then on it counts as fetched. What expired meanwhile, or is damaged, is ended, and not given.
        """
        with reading(self._engine) as connection:
            if not rows.open_of(connection, department, without=known):
                return ()
        with writing(self._engine) as connection:
            alone(connection, _lock(department))
            alive = [one.number for one in self._alive(connection, department, without=known)][:MAX_GIVEN]
            rows.fetched(connection, alive, self._bureau.clock())
            return rows.papers(connection, alive)

    def report(self, department: str, number: str, report: InstructionReport) -> Heard:
        """What a front-end says of one of its own. A report that was heard before changes nothing.

        Nor does one about what has ended; but for the true end of what had only been given up (`expired`).

        Raises:
            InstructionUnknown: there is none, or it is another department's.
        """
        try:
            with self._one(number, department) as (connection, found):
                if _moves(found, report):
                    self._hear(connection, found, report)
                    found = _whole(rows.standing(connection, number))
        except InstructionDamaged:  # no report is of any use to it: the ledger has what came of the batch
            return Heard(number=number, state=State.FAILED, seq=report.seq)
        return Heard(number=number, state=found.state, seq=found.seq)

    def open(self) -> Mapping[str, rows.Glimpse]:
        """A glimpse of everything open, by number: for those who wait for a change."""
        with reading(self._engine) as connection:
            return rows.glimpses(connection)

    # --- within a transaction -----------------------------------------------------------------------------------------

    def _hear(self, connection: Connection, found: Standing, report: InstructionReport) -> None:
        """Enter what moves it. That it came too late is an end as the centre's own: it may be instructed again."""
        now = self._bureau.clock()
        if report.code == InstructionOutOfTime.code:
            self._end(connection, found, State.EXPIRED, _expired(found), None)
            return
        rows.hear(connection, found, report, now)
        if report.ends:
            self._bureau.ledger.append(concluded(found.instruction, now, report.code), connection)

    def _joined(self, connection: Connection, wanted: Wanted, new: Instruction) -> Issued | None:
        """One about the same that is open, from now on this request's too. Raises: InstructionsTooMany.

        One that is past its end of life and still being carried out is waited for by nobody new.
        """
        open_now = self._alive(connection, new.department)
        for one in open_now:
            said = one.instruction
            if _about_the_same(said, new) and new.issued_at <= said.expires_at:
                rows.remember(connection, wanted.request, said.number, wanted.fingerprint)
                return Issued(number=said.number, state=one.state, fresh=False, joined=True)
        if len(open_now) >= MAX_KNOWN:
            raise InstructionsTooMany(department=new.department, limit=MAX_KNOWN)
        return None

    def _prepared(self, wanted: Wanted) -> tuple[Instruction, bytes | None]:
        bureau, now = self._bureau, self._bureau.clock()
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

    @contextmanager
    def _one(self, number: str, department: str | None = None) -> Iterator[tuple[Connection, Standing]]:
        """A transaction alone with the instructions of this one's department.

        Raises: InstructionUnknown; InstructionDamaged: its row cannot be read, and it is ended for that.
        """
        with reading(self._engine) as connection:
            owner = rows.department_of(connection, number)
        if owner is None or department not in (None, owner):
            raise InstructionUnknown(number=number)
        with writing(self._engine) as connection:
            alone(connection, _lock(owner))
            found = rows.standing(connection, number)
            if isinstance(found, Standing):
                yield connection, found
                return
            self._give_up(connection, found)
        raise InstructionDamaged(number=number)

    def _alive(self, connection: Connection, department: str, *, without: Collection[str] = ()) -> list[Standing]:
        """What is open of a department, oldest first, once all that is not to be waited for has been ended."""
        alive = []
        for one in rows.open_of(connection, department, without=without):
            if isinstance(one, Damaged):
                self._give_up(connection, one)
            elif not self._expire(connection, one):
                alive.append(one)
        return alive

    def _give_up(self, connection: Connection, one: Damaged) -> None:
        """End a damaged one, if it is open: nobody could be told what it says."""
        if one.ended:
            return
        now, error = self._bureau.clock(), InstructionDamaged(number=one.number)
        rows.end(connection, one.number, End(state=State.FAILED, at=now, code=error.code, advice=Advice.of(error)))
        self._bureau.ledger.append(given_up(one, now, error.code), connection)

    def _over(self, one: Standing) -> bool:
        """Whether nobody is waited for any longer: it was not fetched, not begun, or not heard of for too long."""
        now, end = self._bureau.clock(), one.instruction.expires_at
        match one.state:
            case State.ISSUED:
                return now > end
            case State.FETCHED:
                return now > end + CLOCK_SKEW
            case State.RUNNING:
                return now > max(end, one.reported_at or end) + SILENCE
            case _:
                return False

    def _expire(self, connection: Connection, one: Standing) -> bool:
        """End it if it is over; whether it was."""
        if not self._over(one):
            return False
        self._end(connection, one, State.EXPIRED, _expired(one), None)
        return True

    def _end(self, connection: Connection, one: Standing, state: State, error: YizhanError, by: str | None) -> None:
        now = self._bureau.clock()
        end = End(state=state, at=now, code=error.code, advice=Advice.of(error))
        rows.end(connection, one.number, end)
        self._bureau.ledger.append(concluded(one.instruction, now, error.code, by), connection)


def _moves(found: Standing, report: InstructionReport) -> bool:
    """Whether a report changes anything: one that goes on from the last, or ends what nobody has ended yet.

    An end counts whatever its number: a front-end that was restored from its backup counts from there. That one which
    was given up as expired was found expired by the front-end too is nothing new.
    """
    if found.state is State.EXPIRED:
        return found.fetched_at is not None and report.ends and report.code != InstructionOutOfTime.code
    return not found.ended and (report.ends or report.seq > found.seq)


def _expired(one: Standing) -> InstructionExpired:
    return InstructionExpired(number=one.number, expires_at=one.instruction.expires_at.isoformat())


def _whole(found: Standing | Damaged) -> Standing:
    """Raises: InstructionDamaged."""
    if isinstance(found, Damaged):
        raise InstructionDamaged(number=found.number)
    return found


def _requested(connection: Connection, wanted: Wanted) -> Issued | None:
    """What this request was answered with before. Raises: RequestTaken."""
    known = rows.requested(connection, wanted.request)
    if known is None:
        return None
    if known.wanted != wanted.fingerprint:
        raise RequestTaken(request=wanted.request, number=known.number)
    state = _whole(rows.standing(connection, known.number)).state
    return Issued(number=known.number, state=state, fresh=False, joined=False)


def _about_the_same(one: Instruction, other: Instruction) -> bool:
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


def _lock(department: str) -> str:
    return f"instructions {department}"


def _request_lock(request: str) -> str:
    return f"instruction request {request}"
