"""Adapters with one flaw each, and the honest one they are made from: proof that every check of the suite can fail.

The source is a folder: `records.txt` holds a line for each record, `password` the password that opens it. A class per
flaw overrides the one step that it spoils; `FLAWS` says which promises each has to break.
"""

from __future__ import annotations

import logging
import random
import sys
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal, TextIO

import pyarrow as pa

from adapters.contract import (
    AdapterConfig,
    Extraction,
    Fault,
    Outcome,
    Probe,
    Request,
    SecretRef,
    Secrets,
    assemble,
    expect_drivers,
    glance,
)
from adapters.testing import Ability, ContractSuite, Record
from gateway.errors import SourceDenied, SourceMalformed, SourceUnavailable
from tests.adapters.away import InAFolder

SECRET = "Canary-口令-3b1d"
Line = tuple[int, list[str]]


class FolderConfig(AdapterConfig):
    """Where the folder is."""

    adapter: Literal["folder"] = "folder"
    folder: str
    password: SecretRef


class Honest:
    """Keeps the whole contract. A driver it needs, so that it can be missing: the standard library's `colorsys`."""

    kind: ClassVar[str] = "folder"
    extra: ClassVar[str] = "folders"
    drivers: ClassVar[tuple[str, ...]] = ("colorsys",)
    Config: ClassVar[type[FolderConfig]] = FolderConfig
    lacks: ClassVar[dict[Ability, str]] = {}

    def __init__(self, config: FolderConfig, secrets: Secrets) -> None:
        self._config, self._secrets = config, secrets

    def probe(self, request: Request) -> Probe:
        return glance(self.extract(request))

    def extract(self, request: Request) -> Extraction:
        self._expect_driver()
        with ExitStack() as stack:
            file = self._open(request)
            stack.callback(file.close)
            self._log_in(request)
            return self._extraction(request, file, stack.pop_all())

    def _expect_driver(self) -> None:
        expect_drivers(self)

    def _open(self, request: Request) -> TextIO:
        try:
            return Path(self._config.folder, "records.txt").open(encoding="utf-8")
        except FileNotFoundError:
            raise self._down(request) from None

    def _down(self, request: Request) -> SourceUnavailable:
        return SourceUnavailable(feed=request.feed, reason_zh="没有该文件夹", reason_en="no such folder")

    def _log_in(self, request: Request) -> None:
        if Path(self._config.folder, "password").read_text() != self._secrets.read(self._config.password):
            raise SourceDenied(feed=request.feed)

    def _extraction(self, request: Request, file: TextIO, stack: ExitStack) -> Extraction:
        return Extraction(request=request, facts=self._facts(), batches=self._batches(request, file), resources=stack)

    def _facts(self) -> tuple[tuple[str, str], ...]:
        return (("folder", self._config.folder),)

    def _batches(self, request: Request, file: TextIO) -> Generator[pa.RecordBatch, None, Outcome]:
        last = int(request.cursor or 0)
        for lines in self._portions(self._lines(file, last), request.batch_rows):
            last = lines[-1][0]
            yield self._batch(request, lines)
        return Outcome(cursor=self._cursor(last))

    def _cursor(self, last: int) -> str | None:
        return str(last)

    def _lines(self, file: TextIO, after: int) -> Iterator[Line]:
        for number, line in enumerate(file, 1):
            if number > after:
                yield number, line.removesuffix("\n").split("\t")

    def _portions(self, lines: Iterator[Line], most: int) -> Iterator[list[Line]]:
        portion: list[Line] = []
        for line in lines:
            portion.append(line)
            if len(portion) == most:
                yield portion
                portion = []
        if portion:
            yield portion

    def _batch(self, request: Request, lines: Sequence[Line]) -> pa.RecordBatch:
        positions = pa.array([self._position(number) for number, _ in lines], pa.utf8())
        faults = pa.array([None if len(parts) == 3 else Fault.LAYOUT.value for _, parts in lines], pa.utf8())
        values = [self._values(parts) for _, parts in lines]
        return assemble(
            request.columns, positions, faults, [pa.array(column, pa.utf8()) for column in zip(*values, strict=True)]
        )

    def _position(self, number: int) -> str:
        return str(number)

    def _values(self, parts: list[str]) -> list[str | None]:
        return list(parts) if len(parts) == 3 else [None] * 3


class FolderHarness(InAFolder):
    """A file of lines."""

    secret = SECRET
    patience = 0.3

    def __init__(self, home: Path, adapter: type[Honest] = Honest) -> None:
        super().__init__(home)
        self.adapter, self.lacks = adapter, adapter.lacks
        (self._folder / "password").write_text(SECRET)
        self.secrets = Secrets(root=home, environ={"PASSWORD": SECRET, "WRONG": "x" + SECRET})

    def config(self) -> FolderConfig:
        return self.adapter.Config(folder=str(self._folder), password="env:PASSWORD")  # type: ignore[arg-type]

    def denied(self) -> FolderConfig:
        return self.adapter.Config(folder=str(self._folder), password="env:WRONG")  # type: ignore[arg-type]

    def fill(self, records: Sequence[Record]) -> None:
        lines = [f"{one.no}\t{one.holder}\t{one.amount}\n" for one in records]
        (self._folder / "records.txt").write_text("".join(lines), encoding="utf-8")

    def spoil(self, at: int) -> str:
        path = self._folder / "records.txt"
        lines = path.read_text(encoding="utf-8").splitlines()
        lines[at] += "\ttoo much"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return str(at + 1)


# --- one flaw each


class DropsTheLastRow(Honest):
    def _lines(self, file: TextIO, after: int) -> Iterator[Line]:
        held: Line | None = None
        for line in super()._lines(file, after):
            if held:
                yield held
            held = line


class RepeatsAPage(Honest):
    def _portions(self, lines: Iterator[Line], most: int) -> Iterator[list[Line]]:
        for number, portion in enumerate(super()._portions(lines, most)):
            yield portion
            if number == 1:
                yield portion


class StripsSpaces(Honest):
    def _values(self, parts: list[str]) -> list[str | None]:
        return [text.strip() if text else text for text in super()._values(parts)]


class TakesNumbersForNumbers(Honest):
    def _values(self, parts: list[str]) -> list[str | None]:
        return [str(int(text)) if text and text.isdigit() else text for text in super()._values(parts)]


class TakesWordsForNothing(Honest):
    def _values(self, parts: list[str]) -> list[str | None]:
        return [None if text in ("NA", "null", "#N/A") else text for text in super()._values(parts)]


class ChangesItsOrder(Honest):
    def _portions(self, lines: Iterator[Line], most: int) -> Iterator[list[Line]]:
        for portion in super()._portions(lines, most):
            yield random.SystemRandom().sample(portion, len(portion))


class NamesPlacesByChance(Honest):
    def _position(self, number: int) -> str:
        return f"{number} {random.SystemRandom().random()}"


class CountsPlacesInTens(Honest):
    def _position(self, number: int) -> str:
        return str(number // 10)


class GivesNoPlace(Honest):
    def _position(self, number: int) -> str:
        return ""


class CallsAnEmptySourceMalformed(Honest):
    def _batches(self, request: Request, file: TextIO) -> Generator[pa.RecordBatch, None, Outcome]:
        batches = list(super()._batches(request, file))
        if not batches and request.cursor is None:
            raise SourceMalformed(feed=request.feed, where="1", reason_zh="没有数据", reason_en="nothing there")
        yield from batches
        return Outcome(cursor=str(int(request.cursor or 0) + sum(batch.num_rows for batch in batches)))


class IgnoresTheCursor(Honest):
    def _lines(self, file: TextIO, after: int) -> Iterator[Line]:
        return super()._lines(file, 0)


class CursorTooFar(Honest):
    def _cursor(self, last: int) -> str | None:
        return str(last + 1)


class ForgetsTheCursor(Honest):
    def _cursor(self, last: int) -> str | None:
        return None


class ReturnsACursorItDoesNotHave(Honest):
    lacks: ClassVar[dict[Ability, str]] = {Ability.CURSOR: "so it says"}


class TakesDownForEmpty(Honest):
    def _open(self, request: Request) -> TextIO:
        try:
            return super()._open(request)
        except SourceUnavailable:
            return Path("/dev/null").open(encoding="utf-8")

    def _log_in(self, request: Request) -> None:
        if Path(self._config.folder).exists():
            super()._log_in(request)


class LetsTheDriversErrorOut(Honest):
    def _down(self, request: Request) -> SourceUnavailable:
        raise FileNotFoundError(self._config.folder)


class TakesABreakForTheEnd(Honest):
    def _lines(self, file: TextIO, after: int) -> Iterator[Line]:
        for line in super()._lines(file, after):
            if not Path(self._config.folder).exists():
                return
            yield line


class CallsADenialAFailure(Honest):
    def _log_in(self, request: Request) -> None:
        try:
            super()._log_in(request)
        except SourceDenied:
            raise self._down(request) from None


class LetsEverybodyIn(Honest):
    def _log_in(self, request: Request) -> None:
        """No look at the password."""


class SwallowsABadRecord(Honest):
    def _lines(self, file: TextIO, after: int) -> Iterator[Line]:
        return (line for line in super()._lines(file, after) if len(line[1]) == 3)


class StopsAtABadRecord(Honest):
    def _values(self, parts: list[str]) -> list[str | None]:
        if len(parts) != 3:
            raise SourceMalformed(feed="x", where="?", reason_zh="记录损坏", reason_en="a torn record")
        return super()._values(parts)


class LogsABadRecord(Honest):
    def _values(self, parts: list[str]) -> list[str | None]:
        if len(parts) != 3:
            logging.getLogger("hostile").debug("cannot read %s", parts)
        return super()._values(parts)


class PrintsABadRecord(Honest):
    def _values(self, parts: list[str]) -> list[str | None]:
        if len(parts) != 3:
            print(parts, file=sys.stderr)
        return super()._values(parts)


class RepairsABadRecord(Honest):
    def _values(self, parts: list[str]) -> list[str | None]:
        return list(parts[:3])


class KeepsTheConnection(Honest):
    kept: ClassVar[list[TextIO]] = []

    def _extraction(self, request: Request, file: TextIO, stack: ExitStack) -> Extraction:
        self.kept.append(file)
        stack.pop_all()
        return super()._extraction(request, file, ExitStack())


class KeepsTheConnectionOfADenial(Honest):
    kept: ClassVar[list[TextIO]] = []

    def _open(self, request: Request) -> TextIO:
        self.kept.append(super()._open(request))
        return super()._open(request) if self._right() else self.kept[-1]

    def extract(self, request: Request) -> Extraction:
        del self.kept[:]
        if not self._right():
            self.kept.append(super()._open(request))
        return super().extract(request)

    def _right(self) -> bool:
        return self._secrets.read(self._config.password) == SECRET


class LeavesAThread(Honest):
    def _log_in(self, request: Request) -> None:
        super()._log_in(request)
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()


class ShowsNothingInAProbe(Honest):
    def probe(self, request: Request) -> Probe:
        return replace(super().probe(request), facts=())


class ShowsEverythingInAProbe(Honest):
    def probe(self, request: Request) -> Probe:
        return glance(self.extract(request), rows=1_000)


class SecretInItsRepr(Honest):
    def __repr__(self) -> str:
        return f"Folder({self._secrets.read(self._config.password)})"


class SecretKept(Honest):
    def __init__(self, config: FolderConfig, secrets: Secrets) -> None:
        super().__init__(config, secrets)
        self._password = secrets.read(config.password)


class SecretInAMessage(Honest):
    def _log_in(self, request: Request) -> None:
        try:
            super()._log_in(request)
        except SourceDenied:
            raise SourceDenied(feed=self._secrets.read(self._config.password)) from None


class SecretInTheLog(Honest):
    def _log_in(self, request: Request) -> None:
        logging.getLogger("hostile").debug("log in with %s", self._secrets.read(self._config.password))
        super()._log_in(request)


class SecretInAFact(Honest):
    def _facts(self) -> tuple[tuple[str, str], ...]:
        return (*super()._facts(), ("password", self._secrets.read(self._config.password)))


class HoldsTheWholeSource(Honest):
    def _portions(self, lines: Iterator[Line], most: int) -> Iterator[list[Line]]:
        return super()._portions(iter(list(lines)), most)


class SaysNothingOfAMissingDriver(Honest):
    def _expect_driver(self) -> None:
        __import__(self.drivers[0])


class NamesAnotherExtra(Honest):
    def _expect_driver(self) -> None:
        expect_drivers(type("Other", (Honest,), {"extra": "others"}))


class _Lax(Extraction):
    """Iterates without asking anybody about limits, time or cancellation."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._iterating = self._all(given["batches"])

    def _all(self, batches: Generator[pa.RecordBatch, None, Outcome]) -> Iterator[pa.RecordBatch]:
        self._outcome = yield from batches


class KnowsNoLimits(Honest):
    def _extraction(self, request: Request, file: TextIO, stack: ExitStack) -> Extraction:
        return _Lax(request=request, facts=self._facts(), batches=self._batches(request, file), resources=stack)


class ChangesTheShape(KnowsNoLimits):
    def _batch(self, request: Request, lines: Sequence[Line]) -> pa.RecordBatch:
        return super()._batch(request, lines).select([0, 1, 3, 2, 4])


class StopsTooLate(KnowsNoLimits):
    def _batch(self, request: Request, lines: Sequence[Line]) -> pa.RecordBatch:
        if request.cancelled.wait(0):
            time.sleep(2.1)
        request.remaining()
        return super()._batch(request, lines)


ONCE = "each_record_arrives_exactly_once_in_order_and_unbent"
BAD = "one_bad_record_is_a_row_with_a_fault_and_its_position_and_the_others_arrive"
CURSOR = "from_the_returned_cursor_comes_only_what_is_new"
NO_CURSOR = "without_the_ability_there_is_no_cursor"
SAME, PLACES = "the_same_request_gives_the_same_rows", "every_position_is_there_once"
DOWN, BREAK = "a_source_that_is_down_can_be_tried_again", "a_source_that_breaks_off_is_never_taken_for_its_end"
DENIED, PROBE = "refused_credentials_are_denied", "a_probe_shows_facts_and_a_few_rows_but_not_in_its_repr"
CLOSE, OPEN = "closing_early_frees_the_connection", "nothing_stays_open_after_a_reading_or_a_probe"
TOLD, MEMORY = "no_secret_in_a_repr_message_log_or_fact", "memory_is_flat_as_the_source_grows"
DRIVER, EMPTY = "a_missing_driver_names_the_extra", "an_empty_source_has_no_rows"
LIMITS, CANCEL = "a_passed_limit_refuses_the_reading", "a_cancelled_reading_stops_soon_and_frees_the_connection"

PROMISES = {name.removeprefix("test_") for name in vars(ContractSuite) if name.startswith("test_")}

FLAWS: dict[type[Honest], set[str]] = {
    Honest: set(),
    DropsTheLastRow: {ONCE, CURSOR},
    RepeatsAPage: {ONCE, PLACES},
    StripsSpaces: {ONCE},
    TakesNumbersForNumbers: {ONCE},
    TakesWordsForNothing: {ONCE},
    ChangesItsOrder: {ONCE, SAME},
    NamesPlacesByChance: {SAME, BAD},
    CountsPlacesInTens: {PLACES, BAD},
    GivesNoPlace: {PLACES},
    CallsAnEmptySourceMalformed: {EMPTY},
    IgnoresTheCursor: {CURSOR},
    CursorTooFar: {CURSOR},
    ForgetsTheCursor: {CURSOR},
    ReturnsACursorItDoesNotHave: {NO_CURSOR},
    TakesDownForEmpty: {DOWN},
    LetsTheDriversErrorOut: {DOWN},
    TakesABreakForTheEnd: {BREAK},
    CallsADenialAFailure: {DENIED},
    LetsEverybodyIn: {DENIED},
    SwallowsABadRecord: {BAD},
    StopsAtABadRecord: {BAD},
    LogsABadRecord: {BAD},
    PrintsABadRecord: {BAD},
    RepairsABadRecord: {BAD},
    KeepsTheConnection: {CLOSE},
    KeepsTheConnectionOfADenial: {DENIED},
    LeavesAThread: {OPEN},
    ShowsNothingInAProbe: {PROBE},
    ShowsEverythingInAProbe: {PROBE},
    SecretInItsRepr: {TOLD},
    SecretKept: {TOLD},
    SecretInAMessage: {TOLD},
    SecretInTheLog: {TOLD},
    SecretInAFact: {TOLD},
    HoldsTheWholeSource: {MEMORY},
    SaysNothingOfAMissingDriver: {DRIVER},
    NamesAnotherExtra: {DRIVER},
    KnowsNoLimits: {LIMITS, CANCEL},
    ChangesTheShape: {ONCE},
    StopsTooLate: {CANCEL},
}
