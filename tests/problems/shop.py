"""A feed, and problem books written out of rows given as text, as collecting writes them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from adapters.registry import Registry
from gateway.calendar import ASIA_SHANGHAI
from gateway.catalogue import Feed, load
from gateway.catalogue.tree import Field
from gateway.problems import Book, ProblemBooks
from gateway.records.check import Checker
from gateway.records.types import FAULT, POSITION, FieldType
from tests.peers.processes import ROOT

PERIOD = "2026-10"
AT = datetime(2026, 11, 22, 10, 30, tzinfo=ASIA_SHANGHAI)
FIELDS = (
    Field(name="id_number", title="身份证号", type=FieldType.ID_NUMBER, required=True),
    Field(name="name", title="姓名", type=FieldType.PERSON_NAME, required=True),
    Field(name="amount", title="金额", type=FieldType.MONEY),
    Field(name="remark", title="备注", type=FieldType.CODE),
)
PEOPLE = ("11010519491231002X", "430482199111047045", "430482196010064088", "430425197402244640", "430482200107134678")
"""Right numbers; each names a record."""

Row = Mapping[str, str | None]


def feed(**facts: object) -> Feed:
    """One whose records are people."""
    known = load(ROOT / "sample" / "catalogue", Registry.installed().configs(), {}).feed("civil.dibao")
    usual = {"id": "civil.relief", "title": "临时救助", "fields": FIELDS, "key": ("id_number",)}
    return replace(known, **usual | facts)


def row(person: int | str, **cells: str | None) -> Row:
    """A record of a person, right unless told otherwise; a number that is none may stand instead of the person."""
    number = PEOPLE[person] if isinstance(person, int) else person
    return {"id_number": number, "name": "王芳", "amount": "100.00", "remark": "a", **cells}


@dataclass(frozen=True, kw_only=True)
class Shop:
    """Where books are kept."""

    root: Path
    feed: Feed = field(default_factory=feed)

    @property
    def books(self) -> ProblemBooks:
        return ProblemBooks(root=self.root / "problems", secret=self.root / "problems.secret")

    def book(self, revision: int, rows: Sequence[Row], *, places: Sequence[str] = (), cut: int = 1000) -> Book:
        """Read a whole source in batches of `cut` rows; places are line numbers from 1 unless given."""
        names = [one.name for one in self.feed.fields]
        positions = list(places) or [str(number) for number in range(1, len(rows) + 1)]
        columns = [pa.array(positions, pa.utf8())]
        columns += [pa.array([one.get(name) for one in rows], pa.utf8()) for name in (FAULT, *names)]
        whole = pa.record_batch(columns, names=[POSITION, FAULT, *names])
        checker = Checker(self.feed.fields, key=self.feed.key, salt=os.urandom(32))
        previous = revision - 1 if revision > 1 else None
        writer = self.books.open(self.feed, PERIOD, revision, previous=previous, at=AT, entropy=os.urandom)
        with writer as book:
            for first in range(0, whole.num_rows, cut):
                batch = whole.slice(first, cut)
                book.add(batch, checker.check(batch))
            return Book(path=book.keep())


def fates(book: Book) -> list[tuple[str, str, str, str | None]]:
    """Of each row of the revision before: where it stood, what became of it, what tells so, where it stands."""
    return [(one.row.position, one.fate.state, one.fate.by, one.fate.now) for one in book.past()]
