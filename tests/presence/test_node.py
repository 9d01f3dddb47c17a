"""What a node knows of itself: from its own spool, ledger and keys, by its own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.app.presence import certificates, disk_facts, held_periods, last_attempts, spool_facts
from gateway.calendar import Period
from gateway.database import open_database
from gateway.errors import KeyFileUnreadable, SpoolUnavailable
from gateway.keys import KeyRing, Party
from gateway.keys.issuing import Pki, Validity, write_certificates
from gateway.ledger import Event, EventKind, Ledger
from gateway.presence import Attempt, Certificate, HeldPeriod, SpoolFacts
from gateway.spool import Entry, EntryName, Spool, State

FEED = "civil.dibao"
START = datetime(2026, 11, 1, 8, tzinfo=UTC)
NOW = START + timedelta(days=30)
SHORT = Validity(start=START, end=START + timedelta(days=400))
LONG = Validity(start=START, end=START + timedelta(days=4000))


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(open_database(tmp_path / "ledger.db"), "civil")


def put(spool: Spool, revision: int, state: State = State.READY) -> Entry:
    name = EntryName.of(feed=FEED, period="2026-10", revision=revision, digest=f"{revision}" * 64)
    with spool.begin() as draft:
        draft.payload.write(b"x" * 10 * revision)
        return draft.commit(name, b"manifest", b"keys", state=state)


def enter(ledger: Ledger, entry: Entry, day: int, kind: EventKind, code: str | None = None) -> None:
    name = entry.name
    ledger.append(
        Event(
            at=START + timedelta(days=day), kind=kind, batch=name.batch, feed=name.feed, period=name.period,
            revision=name.revision, digest=name.mark * 4, code=code,
        )
    )  # fmt: skip


def test_an_empty_spool_has_nothing_to_tell(spool: Spool, ledger: Ledger) -> None:
    nothing = SpoolFacts(ready=0, inflight=0, held=0, dead=0, bytes=0, oldest_at=None, held_since=None)
    assert spool_facts(spool, ledger, NOW) == nothing
    assert held_periods(spool, ledger, NOW) == ()


def test_since_when_entries_wait_is_what_the_ledger_says_and_not_the_file_system(spool: Spool, ledger: Ledger) -> None:
    for revision, day in ((1, 3), (2, 2), (3, 1)):
        enter(ledger, put(spool, revision), day, EventKind.LANDED)
    claim = spool.claim(EntryName.of(feed=FEED, period="2026-10", revision=3, digest="3" * 64))
    enter(ledger, put(spool, 4, State.HELD), 0, EventKind.SEALED)
    with claim:
        assert spool_facts(spool, ledger, NOW) == SpoolFacts(
            ready=2, inflight=1, held=1, dead=0, bytes=10 + 20 + 30 + 40,
            oldest_at=START + timedelta(days=1), held_since=START,
        )  # fmt: skip
        spool.bury(claim)
    facts = spool_facts(spool, ledger, NOW)
    assert (facts.inflight, facts.dead, facts.oldest_at) == (0, 1, START + timedelta(days=2))


def test_what_is_done_is_not_counted(spool: Spool, ledger: Ledger) -> None:
    put(spool, 1)
    with spool.claim() as claim:
        spool.settle(claim, b"receipt")
    assert spool_facts(spool, ledger, NOW).bytes == 0


def test_an_entry_that_the_ledger_does_not_know_yet_came_now(spool: Spool, ledger: Ledger) -> None:
    put(spool, 1)
    put(spool, 2, State.HELD)
    facts = spool_facts(spool, ledger, NOW)
    assert (facts.oldest_at, facts.held_since) == (NOW, NOW)


@pytest.mark.parametrize(
    ("happened", "since"),
    [
        ([EventKind.LANDED, EventKind.SEALED], 0),
        ([EventKind.LANDED, EventKind.SEALED, EventKind.HELD], 2),
        ([EventKind.SEALED, EventKind.HELD, EventKind.BURIED, EventKind.RETRIED], 3),
    ],
)
def test_a_period_is_held_since_it_was_held_last(
    spool: Spool, ledger: Ledger, happened: list[EventKind], since: int
) -> None:
    entry = put(spool, 1, State.HELD)
    for day, kind in enumerate(happened):
        enter(ledger, entry, day, kind)
    moment = START + timedelta(days=since)
    assert spool_facts(spool, ledger, NOW).held_since == moment
    assert held_periods(spool, ledger, NOW) == (HeldPeriod(feed=FEED, period=Period.parse("2026-10"), since=moment),)


def test_of_a_periods_held_revisions_the_one_that_waits_longest_counts(spool: Spool, ledger: Ledger) -> None:
    for revision, day in ((1, 5), (2, 4)):
        enter(ledger, put(spool, revision, State.HELD), day, EventKind.HELD)
    (held,) = held_periods(spool, ledger, NOW)
    assert held.since == START + timedelta(days=4)


@pytest.mark.parametrize(
    ("kind", "code", "told"),
    [
        (EventKind.DEFERRED, "YZ-6101", "YZ-6101"),
        (EventKind.REFUSED, "YZ-4301", "YZ-4301"),
        (EventKind.UNBALANCED, "YZ-3001", "YZ-3001"),
        (EventKind.RECEIPTED, None, None),
        (EventKind.SEALED, None, None),
        (EventKind.DUPLICATE, "YZ-2009", None),
    ],
)
def test_the_last_attempt_of_a_feed_is_told_with_the_code_it_failed_with(
    spool: Spool, ledger: Ledger, kind: EventKind, code: str | None, told: str | None
) -> None:
    entry = put(spool, 1)
    enter(ledger, entry, 0, EventKind.DEFERRED, "YZ-2001")
    enter(ledger, entry, 1, kind, code)
    enter(ledger, entry, 2, EventKind.ARCHIVED)
    attempt = Attempt(feed=FEED, period=Period.parse("2026-10"), at=START + timedelta(days=1), code=told)
    assert last_attempts(ledger.lines()) == (attempt,)


def test_certificates_are_told_by_role_and_end_with_the_first_of_a_chain_and_people_stay_out(tmp_path: Path) -> None:
    soon, late = Pki.found(SHORT), Pki.found(LONG)
    keys = tmp_path / "keys"
    encrypt = late.write_centre(tmp_path / "centre", "changning")
    late.write_department(keys, "finance", {"changning": encrypt})
    late.write_persons(keys, Party.DEPARTMENT, "finance", ["p001"])
    write_certificates(keys / "tls.crt", (late.root.certificate, soon.root.certificate))
    write_certificates(keys / "anchors" / "张三13812345678.crt", (soon.root.certificate,))
    write_certificates(keys / "anchors" / "13812345678.crt", (soon.root.certificate,))
    serial = f"{soon.root.certificate.serial_number:x}"
    assert certificates(KeyRing(directory=keys)) == (
        Certificate(name="anchors.root", not_after=LONG.end),
        Certificate(name=f"anchors.serial-{serial}", not_after=SHORT.end),
        Certificate(name="intermediates.issuing", not_after=LONG.end),
        Certificate(name="recipients.changning", not_after=LONG.end),
        Certificate(name="sign", not_after=LONG.end),
        Certificate(name="tls", not_after=SHORT.end),
    )


@pytest.mark.parametrize("content", [b"", b"not PEM"])
def test_a_certificate_file_that_is_none_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tls.crt").write_bytes(content)
    with pytest.raises(KeyFileUnreadable) as unreadable:
        certificates(KeyRing(directory=tmp_path))
    assert unreadable.value.facts["path"] == tmp_path / "tls.crt"


def test_the_disk_of_a_directory_is_told_and_one_that_is_not_there_is_named(tmp_path: Path) -> None:
    facts = disk_facts(tmp_path)
    assert 0 < facts.free <= facts.total
    with pytest.raises(SpoolUnavailable):
        disk_facts(tmp_path / "gone")
