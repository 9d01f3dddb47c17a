"""Telling the office how an instruction fares: what is reported, when, and how much of it is kept while offline.

A report carries a stage, counts, codes and what stands in the batch's manifest: never a value of a row, a path or a
driver's words. Reports go into the tray first; sending them is another's work. While the office is out of reach, a
progress gives way to the next one, so that what waits stays small.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from gateway.agent.folders import Key
from gateway.agent.tray import Tray
from gateway.carriage import code_of
from gateway.errors import YizhanError
from gateway.instructions.report import (
    Advice,
    InstructionReport,
    Outcome,
    ReportLine,
    Stage,
    encode_report,
    quiet,
)
from gateway.journal import Clock

_PACE = 1.0  # seconds between two progress reports


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What stopped an instruction: the code, a centre's own where it was the centre that refused, and what to do."""

    code: str
    advice: Advice

    @classmethod
    def of(cls, error: YizhanError) -> Fault:
        """An error as it is reported."""
        return cls(code=code_of(error), advice=Advice.of(error))


class Teller:
    """Tells of one instruction. Not for two threads."""

    def __init__(
        self, tray: Tray, key: Key, clock: Clock, told: Callable[[], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        """`told` is called whenever a report waits to be sent; `now` counts seconds."""
        self._tray, self._key, self._clock, self._told, self._now = tray, key, clock, told, now
        self._stage: Stage | None = None
        self._seq: int | None = None  # of the newest progress report, while the next one may take its place
        self._last = float("-inf")
        self._complained: str | None = None

    def stage(self, stage: Stage, words: str) -> None:
        """It has come to this stage, with a line for the office's log; said once in a row."""
        if stage != self._stage:
            self._stage, self._seq = stage, None
            line = ReportLine(at=self._clock(), text=quiet(words))
            self._write(InstructionReport(seq=self._next(), state="running", stage=stage, lines=(line,)))

    def progress(self, done: int, total: int | None = None) -> None:
        """How far the stage is: rows read, or bytes sent of how many; at most one report a second."""
        if self._now() - self._last < _PACE:
            return
        self._last = self._now()
        if self._seq is None or not self._tray.holds(self._key, self._seq):
            self._seq = self._next()
        self._write(InstructionReport(seq=self._seq, state="running", stage=self._stage, done=done, total=total))

    def complain(self, error: YizhanError) -> None:
        """Something did not work and is tried again; the same thing is said once in a row."""
        fault = Fault.of(error)
        if fault.code != self._complained:
            self._complained, self._seq = fault.code, None
            line = ReportLine(at=self._clock(), code=fault.code, text=quiet(error.message("zh")))
            self._write(InstructionReport(seq=self._next(), state="running", stage=self._stage, lines=(line,)))

    def end(self, stage: Stage | None, outcome: Outcome | None, fault: Fault | None) -> None:
        """It has ended, and will never be begun again."""
        self._tray.end(self._key, last_report(self._next(), stage or self._stage, outcome, fault))
        self._told()

    def _next(self) -> int:
        return self._tray.next_seq(self._key)

    def _write(self, report: InstructionReport) -> None:
        self._tray.tell(self._key, report.seq, encode_report(report))
        self._told()


def last_report(seq: int, stage: Stage | None, outcome: Outcome | None, fault: Fault | None) -> bytes:
    """The document that says how an instruction ended."""
    code, advice = (fault.code, fault.advice) if fault else (None, None)
    state: Literal["done", "failed"] = "failed" if fault else "done"
    return encode_report(
        InstructionReport(seq=seq, state=state, stage=stage, code=code, advice=advice, outcome=outcome)
    )
