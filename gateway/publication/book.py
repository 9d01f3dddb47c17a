"""The versions of a centre's catalogue: published, handed out, and which of them each front-end says it uses.

Several receivers may share the tables. Must never judge a catalogue: whoever publishes one has checked it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, insert, select, update

from gateway.database import alone, reading, settle, upsert, writing
from gateway.envelope.catalogue import (
    MAX_VERSION,
    CatalogueFile,
    PublishedCatalogue,
    digest_of,
    peek,
    sign_catalogue,
)
from gateway.envelope.parties import Signer
from gateway.ledger import Detail, Event, EventKind, Ledger
from gateway.publication.table import SCHEMA, USES, VERSIONS

KEPT = 10
"""Versions of which the paper itself is kept; of the others the ledger knows the digest."""
AHEAD = 1_000
"""How far beyond the newest version a front-end's word is believed: a centre that was restored from an older backup
goes on behind what is in use, and no front-end can use the numbers up."""
_LOCK = "catalogue versions"


@dataclass(frozen=True, kw_only=True)
class Press:
    """What publishing needs. centre: this one's id. signer: the centre's signing key."""

    centre: str
    ledger: Ledger
    signer: Callable[[], Signer]
    clock: Callable[[], datetime]


@dataclass(frozen=True, kw_only=True)
class Published:
    """A version. content: SHA-256 (hex) of the paper. files, size: how many, and the paper's bytes."""

    version: int
    content: str
    files: int
    size: int
    issued_at: datetime
    by: str
    note: str | None


@dataclass(frozen=True, kw_only=True)
class Use:
    """What a front-end says. version: in force there, 0: its own. refused, code: the version it will not have, why."""

    version: int
    refused: int | None = None
    code: str | None = None


@dataclass(frozen=True, kw_only=True)
class Using:
    """What a department's front-end said when it asked last, and when that was."""

    department: str
    use: Use
    at: datetime


class CatalogueBook:
    """The tables in one centre's database. Every call may raise StoreUnavailable, StoreDamaged, StoreForbidden."""

    def __init__(self, engine: Engine, press: Press) -> None:
        """Raises: what `gateway.database.settle` raises."""
        self._engine, self._press = engine, press
        settle(engine, SCHEMA)

    def publish(self, files: Sequence[CatalogueFile], by: str, note: str | None = None) -> Published | None:
        """Sign the next version; None where the newest one holds exactly these files.

        Raises:
            SealRefused: it is too long, or what is said is not in form. LedgerTextRefused: so is who or why.
        """
        with writing(self._engine) as connection:
            alone(connection, _LOCK)
            newest, claimed = _newest(connection), _claimed(connection)
            if newest is not None and newest.version >= claimed and peek(newest.document).files == tuple(files):
                return None
            said = PublishedCatalogue(
                centre=self._press.centre,
                version=max(newest.version if newest else 0, claimed) + 1,
                issued_at=self._press.clock(),
                by=by,
                note=note,
                files=tuple(files),
            )
            return self._enter(connection, said)

    def newer(self, department: str, use: Use) -> bytes | None:
        """The newest version's paper, if it is neither what the department uses nor what it refused, but later.

        What it said is remembered.
        """
        has = max(use.version, use.refused or 0)
        with reading(self._engine) as connection:
            known = connection.execute(select(func.max(VERSIONS.c.version))).scalar_one() or 0
            paper = select(VERSIONS.c.document).where(VERSIONS.c.version == known)
            document = connection.execute(paper).scalar_one() if known > has else None
        if has <= known + AHEAD:
            self._remember(department, use)
        return document

    def versions(self) -> tuple[Published, ...]:
        """All that were ever published, newest first."""
        columns = [column for column in VERSIONS.c if column is not VERSIONS.c.document]
        with reading(self._engine) as connection:
            rows = connection.execute(select(*columns).order_by(VERSIONS.c.version.desc())).all()
        return tuple(_published(row) for row in rows)

    def uses(self) -> tuple[Using, ...]:
        """What each department's front-end uses, in the order of their ids."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(USES).order_by(USES.c.department)).all()
        return tuple(
            Using(
                department=row.department,
                use=Use(version=row.version, refused=row.refused, code=row.code),
                at=datetime.fromisoformat(row.at),
            )
            for row in rows
        )

    def _enter(self, connection: Connection, said: PublishedCatalogue) -> Published:
        document = sign_catalogue(said, self._press.signer())
        made = Published(
            version=said.version,
            content=digest_of(document),
            files=len(said.files),
            size=len(document),
            issued_at=said.issued_at,
            by=said.by,
            note=said.note,
        )
        self._press.ledger.append(_event(made, said.centre), connection)
        connection.execute(
            insert(VERSIONS).values(
                version=made.version,
                content=made.content,
                document=document,
                files=made.files,
                size=made.size,
                issued_at=made.issued_at.isoformat(),
                issued_by=made.by,
                note=made.note,
            )
        )
        connection.execute(update(VERSIONS).where(VERSIONS.c.version <= made.version - KEPT).values(document=None))
        return made

    def _remember(self, department: str, use: Use) -> None:
        said: dict[str, object] = {
            "version": use.version,
            "refused": use.refused,
            "code": use.code,
            "at": self._press.clock().isoformat(),
        }
        with writing(self._engine) as connection:
            row = upsert(connection, USES).values(department=department, **said)
            connection.execute(row.on_conflict_do_update(index_elements=[USES.c.department], set_=said))


def _newest(connection: Connection) -> Row[Any] | None:
    return connection.execute(select(VERSIONS).order_by(VERSIONS.c.version.desc()).limit(1)).one_or_none()


def _claimed(connection: Connection) -> int:
    """The latest version that any front-end says it has, taken or refused."""
    said = connection.execute(select(func.max(USES.c.version), func.max(USES.c.refused))).one()
    return min(max(one or 0 for one in said), MAX_VERSION - 1)


def _published(row: Row[Any]) -> Published:
    return Published(
        version=row.version,
        content=row.content,
        files=row.files,
        size=row.size,
        issued_at=datetime.fromisoformat(row.issued_at),
        by=row.issued_by,
        note=row.note,
    )


def _event(made: Published, centre: str) -> Event:
    detail = Detail(
        number=str(made.version),
        centre=centre,
        reason=made.note,
        files=made.files,
        size=made.size,
        content=made.content,
    )
    return Event(at=made.issued_at, kind=EventKind.CATALOGUED, by=made.by, detail=detail)
