"""The register: what the database says of uploads, one short transaction a call.

The one truth about an upload is here: bytes that no row counts were never sent. Whoever moves a row on names what it
saw, and is told when somebody else was faster. Must never touch an object.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, Table, and_, delete, func, not_, select, true, update

from gateway.database import reading, upsert, writing
from gateway.envelope.papers import Papers
from gateway.errors import EntryUnknown, OffsetMismatch, Refuse, UploadUnknown
from gateway.inbox.pieces import Piece
from gateway.inbox.refusals import decode_refusal, encode_facts
from gateway.inbox.tables import PIECES, RECEIPTS, UPLOADS
from gateway.spool import EntryName

_AT_ONCE = 100  # of those that wait, how many a receiver hears of at a time: others take them too
_SHOWN = (UPLOADS.c.digest, UPLOADS.c.name, UPLOADS.c.size, UPLOADS.c.stored, UPLOADS.c.state)
_SHOWN += (UPLOADS.c.refused, UPLOADS.c.facts)


class Stage(StrEnum):
    """Where an upload is; where it is at rest, in the spool's words. HELD: only carried here, and not answered yet."""

    PARTIAL = "partial"
    READY = "ready"
    HELD = "held"
    DONE = "done"
    DEAD = "dead"


@dataclass(frozen=True, kw_only=True)
class Small:
    """The small files of a batch; `receipt` once it is settled."""

    manifest: bytes
    keys: bytes
    papers: Papers
    receipt: bytes | None = None


@dataclass(frozen=True, kw_only=True)
class Registered:
    """What is known of an upload, but for its files. `refusal` is None unless it is dead."""

    digest: str
    name: EntryName
    size: int
    stored: int
    stage: Stage
    refusal: Refuse | None


@dataclass(frozen=True, kw_only=True)
class Register:
    """The uploads of one centre, whose region code stands in every key. Every call may raise StoreUnavailable."""

    engine: Engine
    region: str

    # --- uploads ------------------------------------------------------------------------------------------------------

    def open(self, name: EntryName, digest: str, size: int, small: Small) -> Registered:
        """Enter an upload, or find it where it stands.

        Later papers take the place of those that came first. What was refused begins anew; what is settled is looked
        at again, for its sender would not have come again had the warehouse known it.
        """
        fresh = self._fresh(name, size, small)
        with writing(self.engine) as connection:
            new = upsert(connection, UPLOADS).values(region=self.region, digest=digest, **fresh)
            connection.execute(new.on_conflict_do_nothing())
            found = self._of(
                connection.execute(select(*_SHOWN).where(self._is(UPLOADS, digest)).with_for_update()).one()
            )
            whole = found.stored == found.size
            if found.stage is Stage.DEAD or (found.stage is Stage.DONE and not whole):
                connection.execute(delete(PIECES).where(self._is(PIECES, digest)))
                connection.execute(self._change(digest).values(**fresh))
            elif found.stage is Stage.DONE:
                connection.execute(self._change(digest).values(state=Stage.READY))
            elif found.stage is Stage.PARTIAL and small.papers.files():
                connection.execute(self._change(digest).values(dict(small.papers.files())))
            return self._of(connection.execute(select(*_SHOWN).where(self._is(UPLOADS, digest))).one())

    def find(self, digest: str) -> Registered:
        """Raises: UploadUnknown."""
        with reading(self.engine) as connection:
            row = connection.execute(select(*_SHOWN).where(self._is(UPLOADS, digest))).one_or_none()
        if row is None:
            raise UploadUnknown(digest=digest)
        return self._of(row)

    def small(self, digest: str) -> Small:
        """The small files. Raises UploadUnknown."""
        papers = {paper: UPLOADS.c[paper] for paper in Papers.__dataclass_fields__}
        small = (UPLOADS.c.manifest, UPLOADS.c["keys"], UPLOADS.c.receipt)
        query = select(*small, *papers.values()).where(self._is(UPLOADS, digest))
        with reading(self.engine) as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise UploadUnknown(digest=digest)
        manifest, keys, receipt, *rest = row
        there = Papers(**dict(zip(papers, rest, strict=True)))
        return Small(manifest=manifest, keys=keys, papers=there, receipt=receipt)

    def complete(self, digest: str) -> Registered:
        """Ready, if every byte is there; how it stands now. Raises UploadUnknown."""
        whole = and_(UPLOADS.c.state == Stage.PARTIAL, UPLOADS.c.stored == UPLOADS.c.size)
        with writing(self.engine) as connection:
            connection.execute(self._change(digest).where(whole).values(state=Stage.READY))
        return self.find(digest)

    # --- pieces -------------------------------------------------------------------------------------------------------

    def pieces(self, digest: str) -> list[Piece]:
        """All that count, in the order of their offsets."""
        query = select(PIECES.c.start, PIECES.c.length, PIECES.c.object).where(self._is(PIECES, digest))
        with reading(self.engine) as connection:
            found = connection.execute(query.order_by(PIECES.c.start)).all()
        return [Piece(start=row.start, length=row.length, object=row.object) for row in found]

    def complete_pieces(self, connection: Connection) -> list[Piece]:
        """All pieces of all uploads that are complete, as this transaction sees them."""
        whole = and_(UPLOADS.c.state != Stage.PARTIAL, UPLOADS.c.stored == UPLOADS.c.size)
        joined = and_(UPLOADS.c.region == PIECES.c.region, UPLOADS.c.digest == PIECES.c.digest)
        query = select(PIECES.c.start, PIECES.c.length, PIECES.c.object).join(UPLOADS, joined)
        found = connection.execute(query.where(PIECES.c.region == self.region, whole).order_by(PIECES.c.object)).all()
        return [Piece(start=row.start, length=row.length, object=row.object) for row in found]

    def count(self, digest: str, offset: int, swallowed: Sequence[Piece], fresh: Piece) -> None:
        """Let a written piece count, in the place of those it took in.

        Args:
            offset: how far the upload was when the piece was cut; it must still be there.

        Raises:
            OffsetMismatch: somebody else was faster, and this piece does not count.
            UploadUnknown: it was given up.
        """
        seen = and_(UPLOADS.c.state == Stage.PARTIAL, UPLOADS.c.stored == offset)
        with writing(self.engine) as connection:
            moved = connection.execute(self._change(digest).where(seen).values(stored=fresh.end)).rowcount
            names = [piece.object for piece in swallowed]
            gone = delete(PIECES).where(self._is(PIECES, digest), PIECES.c.object.in_(names))
            if not moved or connection.execute(gone).rowcount != len(names):
                raise self._overtaken(connection, digest)
            row = {"start": fresh.start, "length": fresh.length, "object": fresh.object}
            connection.execute(PIECES.insert().values(region=self.region, digest=digest, **row))

    def _overtaken(self, connection: Connection, digest: str) -> OffsetMismatch | UploadUnknown:
        stored = connection.execute(select(UPLOADS.c.stored).where(self._is(UPLOADS, digest))).scalar_one_or_none()
        return UploadUnknown(digest=digest) if stored is None else OffsetMismatch(digest=digest, offset=stored)

    def give_up_pieces(self, digest: str) -> None:
        """Count none of them any more: the payload of a settled batch is somewhere else now."""
        with writing(self.engine) as connection:
            done = self._change(digest).where(UPLOADS.c.state == Stage.DONE).values(stored=0)
            if connection.execute(done).rowcount:
                connection.execute(delete(PIECES).where(self._is(PIECES, digest)))

    # --- verdicts -----------------------------------------------------------------------------------------------------

    def settle(self, digest: str, receipt: bytes) -> None:
        """It is loaded, and answered with this. A second time: nothing."""
        self._decide(digest, {"state": Stage.DONE, "receipt": receipt})

    def carry(self, digest: str) -> None:
        """It is complete, and addressed to others. A second time: nothing."""
        self._decide(digest, {"state": Stage.HELD})

    def answer(self, digest: str, centre: str, receipt: bytes) -> None:
        """Keep a receipt of a centre above; the first one settles what is carried. Raises EntryUnknown."""
        mine = self._is(UPLOADS, digest)
        with writing(self.engine) as connection:
            query = select(UPLOADS.c.state, UPLOADS.c.receipt).where(mine).with_for_update()
            row = connection.execute(query).one_or_none()
            if row is None or row.state not in (Stage.HELD, Stage.DONE):
                raise EntryUnknown(name=digest)
            if row.state == Stage.HELD:
                connection.execute(self._change(digest).values(state=Stage.DONE, receipt=receipt))
            elif row.receipt != receipt:
                new = upsert(connection, RECEIPTS).values(
                    region=self.region, digest=digest, centre=centre, receipt=receipt
                )
                key = list(RECEIPTS.primary_key.columns)
                connection.execute(new.on_conflict_do_update(index_elements=key, set_={"receipt": receipt}))

    def receipts(self, digest: str) -> list[tuple[str, bytes]]:
        """(centre, DER) of the receipts beside the one it was settled with, in the order of the centres."""
        query = select(RECEIPTS.c.centre, RECEIPTS.c.receipt).where(self._is(RECEIPTS, digest))
        with reading(self.engine) as connection:
            return [(row.centre, row.receipt) for row in connection.execute(query.order_by(RECEIPTS.c.centre))]

    def bury(self, digest: str, refusal: Refuse) -> None:
        """It is refused. Nothing when another verdict was given already."""
        self._decide(digest, {"state": Stage.DEAD, "refused": refusal.code, "facts": encode_facts(refusal)})

    def _decide(self, digest: str, values: dict[str, object]) -> None:
        with writing(self.engine) as connection:
            connection.execute(self._change(digest).where(UPLOADS.c.state == Stage.READY).values(values))

    # --- all of them --------------------------------------------------------------------------------------------------

    def ready(self) -> list[str]:
        """Digests that wait to be loaded, oldest first; not more than a hundred."""
        waits = and_(UPLOADS.c.region == self.region, UPLOADS.c.state == Stage.READY)
        query = select(UPLOADS.c.digest).where(waits).order_by(UPLOADS.c.updated_at, UPLOADS.c.digest).limit(_AT_ONCE)
        with reading(self.engine) as connection:
            return list(connection.execute(query).scalars())

    def all(self, *stages: Stage) -> Iterator[Registered]:
        """Those in these stages, ordered by stage, then name."""
        chosen = and_(UPLOADS.c.region == self.region, UPLOADS.c.state.in_(stages or tuple(Stage)))
        query = select(*_SHOWN).where(chosen).order_by(UPLOADS.c.state, UPLOADS.c.name)
        with reading(self.engine) as connection:
            rows = connection.execute(query).all()
        yield from map(self._of, rows)

    def expire(self, before: datetime) -> list[str]:
        """Forget unfinished uploads to which nothing was added since; their digests."""
        return self._forget(UPLOADS.c.updated_at < before)

    def expire_all(self) -> list[str]:
        """Forget every unfinished upload; their digests."""
        return self._forget(true())

    def _forget(self, chosen: ColumnElement[bool]) -> list[str]:
        old = and_(UPLOADS.c.region == self.region, UPLOADS.c.state == Stage.PARTIAL, chosen)
        with writing(self.engine) as connection:
            gone = list(connection.execute(delete(UPLOADS).where(old).returning(UPLOADS.c.digest)).scalars())
            if gone:
                mine = and_(PIECES.c.region == self.region, PIECES.c.digest.in_(gone))
                connection.execute(delete(PIECES).where(mine))
        return gone

    def digests(self) -> set[str]:
        """Of all uploads, but for those whose payload was given up."""
        given_up = and_(UPLOADS.c.state == Stage.DONE, UPLOADS.c.stored < UPLOADS.c.size)
        query = select(UPLOADS.c.digest).where(UPLOADS.c.region == self.region, not_(given_up))
        with reading(self.engine) as connection:
            return set(connection.execute(query).scalars())

    def newest_pieces(self, many: int) -> list[Piece]:
        """Some pieces that must be there."""
        query = (
            select(PIECES.c.start, PIECES.c.length, PIECES.c.object)
            .join(UPLOADS, and_(UPLOADS.c.region == PIECES.c.region, UPLOADS.c.digest == PIECES.c.digest))
            .where(PIECES.c.region == self.region)
            .order_by(UPLOADS.c.updated_at.desc())
            .limit(many)
        )
        with reading(self.engine) as connection:
            found = connection.execute(query).all()
        return [Piece(start=row.start, length=row.length, object=row.object) for row in found]

    # --- rows ---------------------------------------------------------------------------------------------------------

    def _is(self, table: Table, digest: str) -> ColumnElement[bool]:
        return and_(table.c.region == self.region, table.c.digest == digest)

    def _change(self, digest: str) -> Any:
        return update(UPLOADS).where(self._is(UPLOADS, digest)).values(updated_at=func.now())

    def _fresh(self, name: EntryName, size: int, small: Small) -> dict[str, object]:
        return {
            "name": str(name),
            "manifest": small.manifest,
            "keys": small.keys,
            "nil": small.papers.nil,
            "release": small.papers.release,
            "order": small.papers.order,
            "receipt": None,
            "size": size,
            "stored": 0,
            "state": Stage.PARTIAL,
            "refused": None,
            "facts": None,
            "updated_at": func.now(),
        }

    def _of(self, row: Row[Any]) -> Registered:
        return Registered(
            digest=row.digest,
            name=EntryName.parse(row.name),
            size=row.size,
            stored=row.stored,
            stage=Stage(row.state),
            refusal=decode_refusal(row.refused, row.facts) if row.refused else None,
        )
