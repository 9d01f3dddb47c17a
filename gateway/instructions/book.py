"""The book of instructions of a centre: issued, handed out, reported on, ended; each in one short transaction.

Several receivers may share it: what is done to the instructions of one department is done one after the other, and an
end stands in the ledger by the transaction that ends it. Must never carry anything out, and never ask what came of a
batch: the ledger's own lines of it say that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, Engine

from gateway.database import alone, reading, settle, writing
from gateway.envelope.instruction import Instruction, sign_instruction
from gateway.errors import (
    InstructionDamaged,
    InstructionOutOfTime,
    InstructionsTooMany,
    InstructionUnderWay,
    InstructionUnknown,
    InstructionWithdrawn,
    RequestTaken,
)
from gateway.instructions import rows
from gateway.instructions.ending import Ending, end, expire, expired, give_up, is_over, moves
from gateway.instructions.entering import concluded, issued
from gateway.instructions.handing import MAX_GIVEN, MAX_KNOWN, Given, Heard
from gateway.instructions.issuing import Bureau, Wanted, about_the_same, prepared
from gateway.instructions.report import InstructionReport
from gateway.instructions.state import Damaged, Issued, Standing, State
from gateway.instructions.table import SCHEMA
from gateway.ledger import EventKind


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
        instruction, paper = prepared(wanted, self._bureau)
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
            if expire(connection, found, self._bureau) or found.state is not State.ISSUED:
                state = _whole(rows.standing(connection, number)).state
            else:
                taken_back = InstructionWithdrawn(number=number, by=by)
                end(connection, found, Ending(state=State.WITHDRAWN, error=taken_back, by=by), self._bureau)
                return _whole(rows.standing(connection, number))
        raise InstructionUnderWay(number=number, state=state.value)

    def show(self, number: str) -> Standing:
        """Where it stands, with its lines. Raises: InstructionUnknown, InstructionDamaged."""
        with reading(self._engine) as connection:
            found = rows.standing(connection, number)
        if isinstance(found, Standing) and not is_over(found, self._bureau.clock()):
            return found
        with self._one(number) as (connection, found):
            expire(connection, found, self._bureau)
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
        now = self._bureau.clock()
        late = [one.number for one in found if is_over(one, now)]
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
                if moves(found, report):
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
            end(connection, found, Ending(state=State.EXPIRED, error=expired(found)), self._bureau)
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
            if about_the_same(said, new) and new.issued_at <= said.expires_at:
                rows.remember(connection, wanted.request, said.number, wanted.fingerprint)
                return Issued(number=said.number, state=one.state, fresh=False, joined=True)
        if len(open_now) >= MAX_KNOWN:
            raise InstructionsTooMany(department=new.department, limit=MAX_KNOWN)
        return None

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
            give_up(connection, found, self._bureau)
        raise InstructionDamaged(number=number)

    def _alive(self, connection: Connection, department: str, *, without: Collection[str] = ()) -> list[Standing]:
        """What is open of a department, oldest first, once all that is not to be waited for has been ended."""
        alive = []
        for one in rows.open_of(connection, department, without=without):
            if isinstance(one, Damaged):
                give_up(connection, one, self._bureau)
            elif not expire(connection, one, self._bureau):
                alive.append(one)
        return alive


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


def _lock(department: str) -> str:
    return f"instructions {department}"


def _request_lock(request: str) -> str:
    return f"instruction request {request}"
