"""`adapter check`, below the command line: every finding is kept by the honest adapter and broken by a flaw."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from adapters.conformance import Witness
from adapters.contract import Column, Request, assemble
from adapters.examination import Finding, Subject, examine
from adapters.specimens import asked, records
from gateway.errors import AdapterBroken, SourceDenied, SourceUnavailable
from gateway.records.types import FieldType
from tests.adapters import hostile
from tests.adapters.hostile import SECRET, FolderHarness, Honest, Line

BROKEN = {
    hostile.ShowsNothingInAProbe: "probe",
    hostile.ShowsEverythingInAProbe: "probe",
    hostile.ChangesTheShape: "shape",
    hostile.RepairsABadRecord: "shape",
    hostile.CountsPlacesInTens: "positions",
    hostile.ChangesItsOrder: "same",
    hostile.NamesPlacesByChance: "same",
    hostile.KeepsTheConnection: "closing",
    hostile.LeavesAThread: "closing",
    hostile.SecretInItsRepr: "secrets",
    hostile.SecretKept: "secrets",
    hostile.SecretInTheLog: "secrets",
    hostile.SecretInAFact: "secrets",
}
LAX = {"rows", "deadline", "cancelled"}


def findings(home: Path, adapter: type[Honest], count: int = 400, **changes: object) -> dict[str, Finding]:
    harness = FolderHarness(home, adapter)
    harness.fill(records(count))
    if count > 5:
        harness.spoil(5)
    return {found.name: found for found in examine(subject_of(harness, **changes))}


def subject_of(harness: FolderHarness, **changes: object) -> Subject:
    given = {
        "adapter": harness.adapter, "config": harness.config(), "secrets": harness.secrets,
        "request": asked(harness.columns, batch_rows=150), "patience": 0.3,
    }  # fmt: skip
    return Subject(**(given | changes))


def broken(found: dict[str, Finding]) -> set[str]:
    return {name for name, finding in found.items() if finding.error}


def test_the_honest_adapter_keeps_every_promise_and_all_are_judged(tmp_path: Path) -> None:
    found = findings(tmp_path, Honest)
    assert (len(found), broken(found), [f for f in found.values() if f.unjudged]) == (9, set(), [])


@pytest.mark.parametrize(("adapter", "name"), BROKEN.items(), ids=lambda given: getattr(given, "__name__", given))
def test_a_flaw_is_found_by_the_check_that_is_about_it(tmp_path: Path, adapter: type[Honest], name: str) -> None:
    assert name in broken(findings(tmp_path, adapter))


def test_an_adapter_that_knows_no_limits_is_found_by_each_of_the_three(tmp_path: Path) -> None:
    assert broken(findings(tmp_path, hostile.KnowsNoLimits)) == LAX


def test_an_exception_of_its_own_is_a_finding_that_does_not_quote_it(tmp_path: Path) -> None:
    class Raises(Honest):
        def _position(self, number: int) -> str:
            raise KeyError(SECRET)

    found = findings(tmp_path, Raises)
    assert {"probe", "shape", "closing"} <= broken(found)
    told = "".join(f.error.message("zh") + f.error.message("en") for f in found.values() if f.error)
    assert "KeyError" in told
    assert SECRET not in told


def test_what_the_source_holds_too_little_for_is_not_called_kept(tmp_path: Path) -> None:
    found = findings(tmp_path, Honest, count=1)
    assert [name for name, finding in found.items() if finding.unjudged] == ["rows"]
    found = findings(tmp_path / "source", Honest, count=0)
    assert [name for name, finding in found.items() if finding.unjudged] == ["positions", "rows"]


def test_no_more_rows_are_read_than_allowed(tmp_path: Path) -> None:
    class Counts(Honest):
        batches = 0

        def _batch(self, request: Request, lines: Sequence[Line]) -> pa.RecordBatch:
            Counts.batches += 1
            return super()._batch(request, lines)

    findings(tmp_path, Counts, count=5_000, rows=100, request=asked(FolderHarness.columns, batch_rows=100))
    assert Counts.batches < 10


def test_a_source_that_is_down_or_denies_is_no_finding(tmp_path: Path) -> None:
    harness = FolderHarness(tmp_path)
    harness.fill(records(3))
    with pytest.raises(SourceDenied):
        list(examine(subject_of(harness, config=harness.denied())))
    harness.stop()
    with pytest.raises(SourceUnavailable):
        list(examine(subject_of(harness)))
    assert logging.getLogger().handlers  # pytest's own are back


@pytest.mark.parametrize("batches", [[4], [1, 3], [2, 2], [1, 1, 1, 1]], ids=str)
def test_a_digest_does_not_depend_on_where_batches_end(batches: list[int]) -> None:
    assert digest(["a", None, "", "bc"], batches) == digest(["a", None, "", "bc"], [4])


@pytest.mark.parametrize(
    "other", [["a", "", None, "bc"], ["ab", None, "", "c"], ["a", None, "", "cb"], ["a", "", "bc"]]
)
def test_a_digest_tells_null_from_empty_and_one_split_from_another(other: list[str | None]) -> None:
    assert digest(other, [len(other)]) != digest(["a", None, "", "bc"], [4])


def digest(values: list[str | None], sizes: list[int]) -> str:
    columns = (Column(name="x", type=FieldType.TEXT),)
    count = len(values)
    whole = assemble(columns, pa.array(["1"] * count), pa.nulls(count, pa.utf8()), [pa.array(values, pa.utf8())])
    witness = Witness(adapter="x", columns=columns)
    at = 0
    for size in sizes:
        witness.take(whole.slice(at, size))
        at += size
    return witness.digest


@pytest.mark.parametrize(
    ("place", "column"),
    [(0, pa.array([None], pa.utf8())), (0, pa.array([""])), (1, pa.array(["torn"])), (1, pa.array(["layout"]))],
    ids=["no position", "empty position", "a word of its own", "a fault that keeps its values"],
)
def test_a_row_that_breaks_the_shape_is_refused(place: int, column: pa.Array) -> None:
    columns = (Column(name="x", type=FieldType.TEXT),)
    good = assemble(columns, pa.array(["1"]), pa.nulls(1, pa.utf8()), [pa.array(["v"])])
    Witness(adapter="x", columns=columns).take(good)
    with pytest.raises(AdapterBroken):
        Witness(adapter="x", columns=columns).take(good.set_column(place, good.schema.names[place], column))
