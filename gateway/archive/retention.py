"""Retention: what may go, when, and how it goes.

A payload goes when its time has come, a verified archive of this node holds it and it has been sent on from here where
it has to be; an archive goes whole, oldest first, when its years are over, a later archive keeps the link and no
payload depends on it; a log file goes by the day in its name. Each leaves a line in the ledger before it goes. The
ledger itself is never purged, nor are manifests, receipts and the signed indexes of archives. It must never purge
anything earlier than the site's retention allows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path

from gateway.archive.choosing import Archivist, Resting, inside
from gateway.archive.shelf import Archived
from gateway.archive.verify import verify
from gateway.calendar import ASIA_SHANGHAI
from gateway.errors import ArchiveUnledgered, RetentionTooShort, YizhanError
from gateway.ledger import Detail, Event, EventKind
from gateway.spool import State
from gateway.spool.disk import door
from gateway.spool.entry import PAYLOAD

_LOG_DAY = re.compile(r".+\.log\.([0-9]{4}-[0-9]{2}-[0-9]{2})", re.ASCII)


class Kind(StrEnum):
    """What can be purged."""

    PAYLOAD = "payload"
    ARCHIVE = "archive"
    LOG = "log"


_TITLES = {
    Kind.PAYLOAD: ("已归档数据", "archived payloads"),
    Kind.ARCHIVE: ("归档", "archives"),
    Kind.LOG: ("日志", "logs"),
}


@dataclass(frozen=True, kw_only=True)
class Retention:
    """How long each kind is kept."""

    payload_days: int
    log_months: int
    archive_years: int

    def until(self, kind: Kind, today: date) -> date:
        """The first day of which nothing may be purged yet."""
        if kind is Kind.PAYLOAD:
            return today - timedelta(days=self.payload_days)
        months = self.log_months if kind is Kind.LOG else 12 * self.archive_years
        return months_before(today, months)


@dataclass(frozen=True, kw_only=True)
class Victim:
    """One thing that goes: a payload, an archive or a log file; `size` in bytes."""

    kind: Kind
    name: str
    size: int
    target: Resting | Archived | Path


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What would go, and what may not although its time has come, and why."""

    victims: tuple[Victim, ...]
    faults: tuple[YizhanError, ...]


def months_before(day: date, months: int) -> date:
    """The same day some months earlier, or the last one that month has."""
    month = day.year * 12 + day.month - 1 - months
    first = date(month // 12, month % 12 + 1, 1)
    following = date((month + 1) // 12, (month + 1) % 12 + 1, 1)
    return min(first.replace(day=1) + timedelta(days=day.day - 1), following - timedelta(days=1))


def plan(archivist: Archivist, logs: Path, retention: Retention, kinds: Sequence[Kind], before: date | None) -> Plan:
    """What may go, oldest first. Archives that payloads depend on are verified whole.

    Args:
        before: only what is older than this day; None for all that may go.

    Raises:
        RetentionTooShort: something of these kinds is asked for earlier than it may go.
    """
    today = archivist.clock().astimezone(ASIA_SHANGHAI).date()
    days = {kind: _limit(retention, kind, today, before) for kind in kinds}
    victims: list[Victim] = []
    faults: list[YizhanError] = []
    if Kind.PAYLOAD in days:
        found, faults = _payloads(archivist, _midnight(days[Kind.PAYLOAD]))
        victims += found
    if Kind.ARCHIVE in days:
        victims += _archives(archivist, days[Kind.ARCHIVE], {victim.name for victim in victims})
    if Kind.LOG in days:
        victims += _logs(logs, days[Kind.LOG])
    return Plan(victims=tuple(victims), faults=tuple(faults))


def purge(archivist: Archivist, victim: Victim) -> None:
    """Let one thing go, the ledger's line first: cut off between, the next purge lets it go without another line."""
    target = victim.target
    if isinstance(target, Archived):
        archivist.archives.keep_index(target)
        _enter_once(archivist, _about_archive(archivist, target, victim.size))
        archivist.archives.drop(target)
    elif not isinstance(target, Path):
        _enter_once(archivist, _about_payload(archivist, target, victim.size))
        archivist.kept.lighten(target.digest)
    else:
        archivist.ledger.append(_event(archivist, Detail(size=victim.size, files=1, reason=f"log {target.name}")))
        with door(f"清除 {target.name}", f"purge {target.name}"):
            target.unlink(missing_ok=True)


def _limit(retention: Retention, kind: Kind, today: date, before: date | None) -> date:
    allowed = retention.until(kind, today)
    if before is not None and before > allowed:
        zh, en = _TITLES[kind]
        raise RetentionTooShort(asked=before, allowed=allowed, kind_zh=zh, kind_en=en)
    return before or allowed


def _payloads(archivist: Archivist, before: datetime) -> tuple[list[Victim], list[YizhanError]]:
    """Payloads that are old enough and lie in an archive that is whole; how old they are, its signed index says."""
    due = archivist.due()
    settled = (entry for entry in archivist.kept.entries(State.DONE) if entry.name.mark not in due)
    here = {str(entry.name): entry for entry in settled if entry.size is not None}
    victims: list[Victim] = []
    faults: list[YizhanError] = []
    for one in archivist.archives.all():
        names = {facts.name for facts in one.index.files}
        old = (held.entry for held in one.index.batches if held.entry in here and held.accepted_at < before)
        found = [here[entry] for entry in old if inside(here[entry].name, PAYLOAD) in names]
        if found and not one.purged:
            wrong = _wrong(archivist, one)
            faults += wrong
            victims += [] if wrong else [_payload(entry) for entry in found]
    return victims, faults


def _payload(entry: Resting) -> Victim:
    return Victim(kind=Kind.PAYLOAD, name=str(entry.name), size=entry.size or 0, target=entry)


def _wrong(archivist: Archivist, one: Archived) -> list[YizhanError]:
    """What speaks against relying on an archive."""
    known = {line.digest for line in archivist.ledger.lines(kind=EventKind.ARCHIVED)}
    (verified,) = verify([one.path], archivist.trust(), archivist.clock())
    unknown = [] if verified.examined and verified.examined.digest in known else [ArchiveUnledgered(place=one.place)]
    return [*verified.faults, *unknown]


def _archives(archivist: Archivist, before: date, going: set[str]) -> Iterator[Victim]:
    """From the oldest on, up to one that is not old enough, is the last, or whose payloads still lie in the spool."""
    here = {str(entry.name) for entry in archivist.kept.entries(State.DONE) if entry.size is not None} - going
    standing = [one for one in archivist.archives.all() if not one.purged]
    for one in standing[:-1]:
        over = months_before(date.fromisoformat(f"{one.index.month}-01"), -1)
        if over > before or here & {held.entry for held in one.index.batches}:
            return
        yield Victim(kind=Kind.ARCHIVE, name=one.place, size=one.path.stat().st_size, target=one)


def _logs(directory: Path, before: date) -> Iterator[Victim]:
    for path in sorted(directory.glob("*.log.*")):
        match = _LOG_DAY.fullmatch(path.name)
        if match and date.fromisoformat(match[1]) < before:
            yield Victim(kind=Kind.LOG, name=path.name, size=path.stat().st_size, target=path)


def _about_payload(archivist: Archivist, entry: Resting, size: int) -> Event:
    name = entry.name
    return Event(
        at=archivist.clock(),
        kind=EventKind.PURGED,
        batch=name.batch,
        feed=name.feed,
        period=name.period,
        revision=name.revision,
        digest=entry.digest,
        detail=Detail(size=size, files=1, reason=Kind.PAYLOAD.value),
    )


def _about_archive(archivist: Archivist, one: Archived, size: int) -> Event:
    detail = Detail(size=size, files=len(one.index.files), reason=Kind.ARCHIVE.value)
    return Event(
        at=archivist.clock(),
        kind=EventKind.PURGED,
        period=one.index.month,
        revision=one.index.number,
        digest=one.digest,
        detail=detail,
    )


def _event(archivist: Archivist, detail: Detail) -> Event:
    return Event(at=archivist.clock(), kind=EventKind.PURGED, detail=detail)


def _enter_once(archivist: Archivist, event: Event) -> None:
    if all(line.digest != event.digest for line in archivist.ledger.lines(kind=EventKind.PURGED)):
        archivist.ledger.append(event)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ASIA_SHANGHAI)
