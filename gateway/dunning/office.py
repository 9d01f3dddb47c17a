"""Writing dunning notices: the paper, its lines in the ledger, its name in the directory, in this order.

The paper lies whole and forced to the disk under a name nobody looks for; then, in one transaction, its number is taken
and the ledger has it; then the paper gets its name. Cut off before the ledger had it, nobody saw the paper, and its
number goes to the next one. Cut off after, the next call for this directory finds the paper by its digest, hands it out
and counts nothing twice. Must never remove a line, nor give a number that a line has.
"""

from __future__ import annotations

import glob
import hashlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from gateway.catalogue import Catalogue, Centre
from gateway.database import alone, writing
from gateway.dunning.notices import Item, Notice, events_of, file_stem, next_number, notices_in
from gateway.dunning.page import Paper, draw
from gateway.errors import DunnerMissing, Lang, OutputRefused
from gateway.freshness import Row, State
from gateway.freshness.judging import keeps
from gateway.ledger import EventKind, Ledger
from gateway.spool.disk import alone_in, sync, write_new

_MARK = 8  # hex digits behind a hidden name
_NUMBERING = "dunning"


@dataclass(frozen=True, kw_only=True)
class Written:
    """A notice that was handed out, and where it lies."""

    notice: Notice
    file: Path


@dataclass(frozen=True, kw_only=True)
class DunningOffice:
    """The rooms that dunning needs; `engine` is the database that the ledger lies in."""

    centre: Centre
    catalogue: Catalogue
    ledger: Ledger
    engine: Engine
    clock: Callable[[], datetime]

    def notices(self) -> tuple[Notice, ...]:
        """Every notice ever written here, in order."""
        return notices_in(self.ledger.lines(kind=EventKind.DUNNED))

    def write(self, rows: Sequence[Row], directory: Path, by: str, lang: Lang) -> tuple[Written, ...]:
        """One notice for each department that has something overdue among these rows, in the catalogue's order.

        A department whose notice was cut off in this directory gets that one, and no second.

        Raises:
            DunnerMissing: see `require_dunner`. OutputRefused: the directory does not take a file. LedgerTextRefused.
        """
        require_dunner(self.centre, by)
        with alone_in(directory):
            finished = tuple(self._finished(directory))
            served = {one.notice.department for one in finished}
            overdue = [row for row in rows if is_overdue(row, self.clock())]
            owing = {row.department for row in overdue} - served
            fresh = [
                self._one(
                    department.id, [row for row in overdue if row.department == department.id], directory, by, lang
                )
                for department in self.catalogue.departments
                if department.id in owing
            ]
        return (*finished, *fresh)

    def _one(self, department: str, rows: Sequence[Row], directory: Path, by: str, lang: Lang) -> Written:
        at = self.clock()
        with writing(self.engine) as connection:
            alone(connection, _NUMBERING)
            known = notices_in(self.ledger.lines(kind=EventKind.DUNNED, connection=connection))
            number = next_number(known, at)
            paper = self._paper(department, rows, number, at, by, known)
            drawn = draw(paper, lang).encode()
            notice = _notice(paper, hashlib.sha256(drawn).hexdigest())
            events = tuple(events_of(notice))
            target = directory / f"{self._stem}_{file_stem(number)}_{department}.html"
            hidden = _hidden(target, drawn)
            for event in events:
                self.ledger.append(event, connection)
        _hand_out(hidden, target)
        return Written(notice=notice, file=target)

    def _paper(
        self, department: str, rows: Sequence[Row], number: str, at: datetime, by: str, known: Sequence[Notice]
    ) -> Paper:
        return Paper(
            number=number,
            at=at,
            by=by,
            centre=self.centre,
            department=self.catalogue.department(department),
            rows=tuple(rows),
            articles=tuple(self.catalogue.feed(row.feed).schedule.rule_of(row.period).article for row in rows),
            earlier=tuple(_times(known, row) for row in rows),
        )

    def _finished(self, directory: Path) -> Iterator[Written]:
        """What a call that was cut off left here: handed out if the ledger has it, gone if it has not."""
        known = {one.digest: one for one in self.notices()}
        pattern = f".{glob.escape(self._stem)}_*.html.{'[0-9a-f]' * _MARK}"
        for hidden in sorted(directory.glob(pattern)):
            notice = known.get(_digest(hidden))
            if notice is None:
                hidden.unlink()
                continue
            target = directory / hidden.name[1 : -_MARK - 1]
            _hand_out(hidden, target)
            yield Written(notice=notice, file=target)

    @property
    def _stem(self) -> str:
        return f"dun_{self.centre.id}"


def is_overdue(row: Row, at: datetime) -> bool:
    """Whether nothing has been accepted of it and its due has passed, be it that an attempt did not balance."""
    if row.state is State.UNBALANCED:
        return row.receipted_at is None and not keeps(row.due, at)
    return row.state is State.OVERDUE


def require_dunner(centre: Centre, by: str | None) -> str:
    """Who answers for a notice: somebody of the centre with a duty where its people are listed, else a post, as typed.

    Raises:
        DunnerMissing: nobody is named, or nobody of these.
    """
    possible = [person for person in centre.people if person.duties]
    if by and by.strip() and (not centre.people or by in {person.id for person in possible}):
        return by
    raise DunnerMissing(
        person=by or "-",
        party=centre.id,
        possible_zh="、".join(f"{one.id}({one.post})" for one in possible) or ("无" if centre.people else "工号或岗位"),
        possible_en=", ".join(f"{one.id} ({one.post})" for one in possible)
        or ("nobody yet" if centre.people else "a staff number or a post"),
    )


def _times(known: Sequence[Notice], row: Row) -> int:
    return sum((row.feed, row.period) in {(item.feed, item.period) for item in one.items} for one in known)


def _notice(paper: Paper, digest: str) -> Notice:
    return Notice(
        number=paper.number,
        department=paper.department.id,
        at=paper.at,
        by=paper.by,
        items=tuple(Item(feed=row.feed, period=row.period, due=row.due) for row in paper.rows),
        digest=digest,
    )


def _hidden(target: Path, content: bytes) -> Path:
    """A file on the disk under a name that nobody looks for. It stays if the rest fails: it may be in the ledger."""
    path = target.with_name(f".{target.name}.{secrets.token_hex(_MARK // 2)}")
    try:
        if target.exists():
            raise OutputRefused(path=target)
        write_new(path, content)
        sync(path.parent)
    except OSError:
        raise OutputRefused(path=target) from None
    return path


def _hand_out(hidden: Path, target: Path) -> None:
    try:
        hidden.rename(target)
        sync(target.parent)
    except OSError:
        raise OutputRefused(path=target) from None


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        raise OutputRefused(path=path) from None
