"""Reports of a front-end, for whoever needs one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from gateway.calendar import Period
from gateway.presence import Attempt, Certificate, DiskFacts, HeldPeriod, Report, SpoolFacts

AT = datetime(2026, 12, 1, 8, tzinfo=UTC)
IDLE = SpoolFacts(ready=0, inflight=0, held=0, dead=0, bytes=0, oldest_at=None, held_since=None)
REPORT = Report(
    version="0.1.0",
    spool=replace(IDLE, ready=2, held=1, bytes=4096, oldest_at=AT, held_since=AT),
    disk=DiskFacts(free=10, total=100),
    certificates=(Certificate(name="recipients.changning", not_after=AT), Certificate(name="tls", not_after=AT)),
    attempts=(Attempt(feed="finance.onecard", period=Period.parse("2026-11"), at=AT, code="YZ-2001"),),
    held=(HeldPeriod(feed="finance.onecard", period=Period.parse("2026-11"), since=AT),),
)
