"""Access files through mdbtools' own programs: a real JET4 file, and copies of it changed byte by byte.

What is expected comes from `tests.peers.jet`, which reads the file's pages itself; mdbtools has no part in it.
"""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.contract import Column, Request, Secrets
from adapters.odbc import OdbcAdapter, OdbcConfig
from adapters.odbc.drivers import access_file
from adapters.odbc.mdbtools import whole_rows
from gateway.errors import (
    CollectingStopped,
    ConfigInvalid,
    LimitExceeded,
    SourceMalformed,
    SourceUnavailable,
    YizhanError,
)
from gateway.records.types import FieldType
from tests.adapters.conftest import rows_of
from tests.peers import jet
from tests.peers.jet import Jet
from tests.peers.processes import ROOT

ZERO = date(1899, 12, 30)
BROKEN = 'a"\r\n,"b\n"",\n..'
TEXTS = tuple(name for name in jet.COLUMNS if name not in ("Id No", "Date of order of Court", "Freedom", "Livery"))
Build = Callable[..., OdbcAdapter]
Ask = Callable[..., Request]


def column(source: str, kind: FieldType = FieldType.TEXT) -> Column:
    return Column(name="f" + str(jet.COLUMNS.index(source)), type=kind, source=source)


ID = Column(name="id", type=FieldType.INTEGER, source="Id No")


@pytest.fixture
def build(tmp_path: Path) -> Build:
    def adapter(file: Path | Jet, **changes: Any) -> OdbcAdapter:
        path = file.write(tmp_path / "村级财务.mdb") if isinstance(file, Jet) else file
        given = {"adapter": "odbc", "connection": f"Driver=MDBTools;DBQ={path}", "table": {"name": jet.TABLE}}
        return OdbcAdapter(OdbcConfig(**(given | changes)), Secrets(root=tmp_path, environ={}))

    return adapter


@pytest.fixture
def small(ask: Ask) -> Ask:
    return lambda **changes: replace(ask("finance.onecard", columns=(ID, column("Surname"))), **changes)


def refusal(adapter: OdbcAdapter, request: Request, kind: type[YizhanError]) -> YizhanError:
    with pytest.raises(kind) as caught:
        rows_of(adapter.extract(request))
    return caught.value


def children_ids() -> list[int]:
    """The programs of mdbtools that this process has started and not ended."""
    listed = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    found = [pid for one in listed for pid in one.read_text().split()]
    return [int(pid) for pid in found if Path(f"/proc/{pid}/comm").read_text().startswith("mdb-")]


def children() -> list[str]:
    return [Path(f"/proc/{pid}/comm").read_text().strip() for pid in children_ids()]


# --- what is read -----------------------------------------------------------------------------------------------------


def test_every_row_and_every_text_is_what_the_files_pages_hold(build: Build, small: Ask) -> None:
    held = Jet()
    request = small(columns=(ID, *map(column, TEXTS)), batch_rows=7)
    found = rows_of(build(held).extract(request))
    expected = [[held.cell(row, name) for name in ("Id No", *TEXTS)] for row in held.rows()]
    assert [[int(row["id"]), *(row[column(name).name] for name in TEXTS)] for row in found] == expected
    assert [row["_position"] for row in found] == [str(number) for number in range(1, 21)]
    assert {row["_fault"] for row in found} == {None}


def test_batches_are_as_small_as_asked_for_and_the_facts_say_which_file_it_was(build: Build, small: Ask) -> None:
    with build(Jet()).extract(small(batch_rows=7)) as extraction:
        assert [len(batch) for batch in extraction] == [7, 7, 6]
        assert extraction.source_facts == (
            ("driver", "mdbtools"),
            ("dbms", "JET4"),
            ("file", "村级财务.mdb"),
            ("size", "188416"),
        )
        assert extraction.cursor is None


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0.0, "1899-12-30"),
        (0.75, "1899-12-30 18:00:00"),
        (float((date(2026, 10, 5) - ZERO).days), "2026-10-05"),
        ((date(2026, 10, 5) - ZERO).days + 45_296 / 86_400, "2026-10-05 12:34:56"),
        (float((date(1900, 1, 1) - ZERO).days), "1900-01-01"),
        (float((date(2028, 2, 29) - ZERO).days), "2028-02-29"),
        (-1.0, "1900-01-00"),
        (1e9, "1900-01-00"),
    ],
)
def test_a_date_is_that_day_or_is_seen_to_be_none(build: Build, small: Ask, days: float, expected: str) -> None:
    held = Jet()
    held.put(held.rows()[3], "Freedom", struct.pack("<d", days))
    found = rows_of(build(held).extract(small(columns=(column("Freedom", FieldType.DATE),))))
    assert found[3]["f8"] == expected
    assert found[9]["f8"] == str(ZERO + timedelta(days=4329))


def test_currency_is_exact_to_its_last_place(build: Build, small: Ask) -> None:
    held = Jet()
    held.retype("Freedom", jet.CURRENCY)
    units = [9_223_372_036_854_775_807, -9_223_372_036_854_775_808, 1, -1, 0, 12_345_600, 90_071_992_547_409_931]
    rows = [row for row in held.rows() if held.span(row, "Freedom")]
    for row, value in zip(rows, units, strict=False):
        held.put(row, "Freedom", struct.pack("<q", value))
    found = rows_of(build(held).extract(small(columns=(column("Freedom", FieldType.MONEY),))))
    given = [Decimal(row["f8"]) for row in found if row["f8"] is not None]
    assert given[: len(units)] == [Decimal(value).scaleb(-4) for value in units]


@pytest.mark.parametrize("value", [Decimal("0.01"), Decimal("-1234567890123456.78"), Decimal("9" * 26 + ".99")])
def test_decimal_is_exact_to_its_last_place(build: Build, small: Ask, value: Decimal) -> None:
    held = Jet()
    held.retype("Surname_Master_or_Father", jet.DECIMAL, places=(28, 2))
    kept = only(held, "Surname_Master_or_Father", 17)
    digits = int(abs(value).scaleb(2)).to_bytes(16, "big")
    words = b"".join(digits[at : at + 4][::-1] for at in range(0, 16, 4))
    held.put(kept, "Surname_Master_or_Father", (b"\x80" if value < 0 else b"\0") + words)
    found = rows_of(build(held).extract(small(columns=(column("Surname_Master_or_Father", FieldType.MONEY),))))
    assert [Decimal(row["f5"]) for row in found if row["f5"] is not None] == [value]


def test_a_memo_keeps_its_line_breaks_quotes_and_commas(build: Build, small: Ask) -> None:
    held = Jet()
    held.retype("Surname_Master_or_Father", jet.MEMO)
    kept = only(held, "Surname_Master_or_Father", 17)
    held.put(kept, "Surname_Master_or_Father", struct.pack("<III", 0x80000005, 0, 0) + b"\xff\xfea\r\n")
    (found,) = [row["f5"] for row in rows_of(build(held).extract(small(columns=(column(MASTER),)))) if row["f5"]]
    assert found == "a\r\n"


@pytest.mark.parametrize(
    "text", ['a"\r\n,"b', ",,,,\n\n\n\n", '""""""""', " \t a \t ", "\r\r\r\r\r\r\r\r", "\\n\\r\\t\\\\"]
)
def test_a_text_keeps_every_character(build: Build, small: Ask, text: str) -> None:
    held = Jet()
    held.put(held.rows()[3], "Forenames_Master_or_Father", b"\xff\xfe" + text.ljust(14)[:14].encode("latin-1"))
    found = rows_of(build(held).extract(small(columns=(column("Forenames_Master_or_Father"),))))
    assert found[3]["f4"] == text.ljust(14)[:14]
    assert found[4]["f4"] == "David Clark"


def test_chinese_columns_and_texts_are_exact(build: Build, small: Ask) -> None:
    held = Jet()
    held.rename("Surname", "姓名及曾用名字")
    held.put(held.rows()[7], "Surname", "欧阳龘〇".encode("utf-16-le"))
    name = Column(name="who", type=FieldType.PERSON_NAME, source="姓名及曾用名字")
    assert rows_of(build(held).extract(small(columns=(name,))))[7]["who"] == "欧阳龘〇"


def test_a_character_that_mdbtools_cannot_tell_is_a_row_with_a_fault(build: Build, small: Ask) -> None:
    held = Jet()
    held.put(held.rows()[7], "Surname", "𠮷田〇".encode("utf-16-le"))
    held.put(held.rows()[8], "Surname", b"\xff\xfeWhose?")
    found = rows_of(build(held).extract(small()))
    assert [(row["_position"], row["id"], row["f1"]) for row in found if row["_fault"]] == [("8", None, None)]
    assert {row["_fault"] for row in found} == {None, "encoding"}
    assert found[8]["f1"] == "Whose?"


def test_deleted_rows_are_not_read_and_a_table_may_be_empty(build: Build, small: Ask) -> None:
    held = Jet()
    rows = held.rows()
    for row in rows[:5]:
        held.delete(row)
    assert [row["id"] for row in rows_of(build(held).extract(small()))] == [
        str(held.cell(r, "Id No")) for r in rows[5:]
    ]
    for row in rows[5:]:
        held.delete(row)
    assert rows_of(build(held).extract(small())) == []


def test_yes_and_no_are_booleans(build: Build, small: Ask) -> None:
    held = Jet()
    held.retype("Livery", jet.BOOLEAN)
    found = rows_of(build(held).extract(small(columns=(column("Livery", FieldType.BOOLEAN),))))
    assert [row["f9"] for row in found] == [held.cell(row, "Livery") is not None for row in held.rows()]


def test_the_periods_own_days_are_chosen_and_keep_their_numbers(build: Build, small: Ask) -> None:
    held = Jet()
    days = {2: "2026-09-30 23:59:59", 4: "2026-10-01 00:00:00", 5: "2026-10-31 23:59:59", 6: "2026-11-01 00:00:00"}
    for number, moment in days.items():
        day, clock = moment.split()
        hours, minutes, seconds = map(int, clock.split(":"))
        part = (hours * 3600 + minutes * 60 + seconds) / 86_400
        held.put(held.rows()[number - 1], "Freedom", struct.pack("<d", (date.fromisoformat(day) - ZERO).days + part))
    adapter = build(held, table={"name": jet.TABLE, "period": "Freedom"})
    assert [row["_position"] for row in rows_of(adapter.extract(small()))] == ["4", "5"]


def test_a_period_kept_as_text_is_read_where_it_is_equal(build: Build, small: Ask) -> None:
    adapter = build(Jet(), table={"name": jet.TABLE, "period_text": "Forenames"})
    assert [row["_position"] for row in rows_of(adapter.extract(small(period="Robert")))] == ["11", "12"]


MASTER = "Surname_Master_or_Father"


def only(held: Jet, name: str, size: int) -> jet.Span:
    """The first row whose cell has so many bytes; the cell is cleared in all others."""
    spans = {row.start: held.span(row, name) for row in held.rows()}
    kept = next(row for row in held.rows() if (at := spans[row.start]) and at.end - at.start == size)
    for row in held.rows():
        if row != kept:
            held.clear(row, name)
    return kept


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"table": None, "sql": "SELECT 1"}, "sql"),
        ({"table": {"name": "t", "order_by": ["a"]}}, "order_by"),
        ({"table": {"name": "t", "handshake": {"sign": "s", "key": ["k"]}}}, "handshake"),
        ({"cursor_column": "no"}, "cursor_column"),
        ({"totals_sql": "SELECT 1 AS rows"}, "totals_sql"),
        ({"accelerator": "arrow-odbc"}, "accelerator"),
        ({"user": "admin"}, "user"),
        ({"marking": {"user": "admin"}}, "marking"),
        ({"connection": "Driver=MDBTools"}, "connection"),
        ({"connection": "Driver=MDBTools;DBQ=x.mdb"}, "connection"),
    ],
)
def test_whatever_cannot_be_done_exactly_is_refused_before_anything_is_opened(
    build: Build, small: Ask, changes: dict[str, Any], place: str
) -> None:
    error = refusal(build(Path("/nowhere/x.mdb"), **changes), small(), ConfigInvalid)
    assert error.facts["place"] == place


def test_the_driver_is_never_connected_for_marking_either(build: Build, small: Ask) -> None:
    adapter = build(Jet(), table={"name": "t", "handshake": {"sign": "s", "key": ["k"]}})
    with pytest.raises(ConfigInvalid):
        adapter.acknowledge(small(), None)


@pytest.mark.parametrize("kind", [jet.SINGLE, jet.DOUBLE, jet.BINARY, jet.OLE, jet.GUID])
@pytest.mark.parametrize("field", [FieldType.MONEY, FieldType.DECIMAL, FieldType.TEXT])
def test_floats_and_bytes_are_refused_with_the_columns_name(
    build: Build, small: Ask, kind: int, field: FieldType
) -> None:
    held = Jet()
    held.retype("Livery", kind)
    error = refusal(build(held), small(columns=(column("Livery", field),)), SourceMalformed)
    assert "Livery" in error.facts["reason_zh"]


@pytest.mark.parametrize("field", [FieldType.TEXT, FieldType.CODE, FieldType.MONEY])
def test_a_date_is_not_taken_for_a_text_because_an_old_one_would_not_be_seen(
    build: Build, small: Ask, field: FieldType
) -> None:
    refusal(build(Jet()), small(columns=(column("Freedom", field),)), SourceMalformed)


def test_a_table_or_column_that_is_not_there_is_named(build: Build, small: Ask) -> None:
    absent = refusal(build(Jet(), table={"name": "册"}), small(), SourceMalformed)
    assert absent.facts["reason_zh"] == "文件中没有表 册"
    unknown = refusal(
        build(Jet()), small(columns=(Column(name="x", type=FieldType.TEXT, source="金额"),)), SourceMalformed
    )
    assert unknown.facts["reason_zh"] == "表 merchant_taylors 没有列 金额"


@pytest.mark.parametrize(("key", "name"), [("period", "Surname"), ("period_text", "Freedom"), ("period", "absent")])
def test_a_period_is_a_column_of_its_kind(build: Build, small: Ask, key: str, name: str) -> None:
    error = refusal(build(Jet(), table={"name": jet.TABLE, key: name}), small(), SourceMalformed)
    assert name in error.facts["reason_zh"]


@pytest.mark.parametrize("rows", [19, 21, 0])
def test_another_number_of_rows_than_the_table_says_is_refused(build: Build, small: Ask, rows: int) -> None:
    held = Jet()
    held.count(rows)
    error = refusal(build(held), small(), SourceMalformed)
    assert f"{rows} 行" in error.facts["reason_zh"]


@pytest.mark.parametrize("size", [0, 10, 4096, 100_000, 188_415])
def test_a_file_cut_short_is_refused_although_mdb_export_ends_well(
    build: Build, small: Ask, tmp_path: Path, size: int
) -> None:
    path = tmp_path / "cut.mdb"
    path.write_bytes(Jet().data[:size])
    refusal(build(path), small(), SourceMalformed)


def test_a_missing_file_is_tried_again(build: Build, small: Ask, tmp_path: Path) -> None:
    refusal(build(tmp_path / "absent.mdb"), small(), SourceUnavailable)
    refusal(build(tmp_path), small(), SourceUnavailable)
    os.mkfifo(tmp_path / "pipe.mdb")
    refusal(build(tmp_path / "pipe.mdb"), small(), SourceUnavailable)


def test_a_probe_shows_the_first_rows_and_leaves_nothing_running(
    build: Build, small: Ask, large: tuple[Path, int]
) -> None:
    sample = build(large[0]).probe(small()).sample
    assert sample is not None
    assert sample.column("f1").to_pylist() == ["Aaron", "Abbey", "Abbis", "Abbis", "Abbis"]
    assert children() == []


def test_a_file_that_changes_while_it_is_read_is_tried_again(build: Build, small: Ask, tmp_path: Path) -> None:
    with build(Jet()).extract(small(batch_rows=7)) as extraction:
        next(iter(extraction))
        os.utime(tmp_path / "村级财务.mdb", (1, 1))
        with pytest.raises(SourceUnavailable):
            list(extraction)


def test_a_machine_without_mdbtools_is_told_which_package_to_install(
    build: Build, small: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    error = refusal(build(Jet()), small(), SourceMalformed)
    assert "mdbtools" in error.facts["reason_zh"]


def test_an_access_97_file_needs_its_encoding(build: Build, small: Ask) -> None:
    held = Jet()
    held.data[0x14] = 0
    assert refusal(build(held), small(), ConfigInvalid).facts["place"] == "encoding"


def test_a_file_is_found_by_its_drivers_name_alone() -> None:
    assert access_file("DSN=village", {"village": "/usr/lib/libmdbodbcW.so"}) == ""
    assert access_file("driver={MDBTools};dbq={/a b.mdb}", {}) == "/a b.mdb"
    assert access_file("Driver=SQLite3;Database=/x.mdb", {}) is None


def test_only_an_access_table_needs_no_order() -> None:
    with pytest.raises(ValidationError):
        OdbcConfig(adapter="odbc", connection="Driver=SQLite3;Database=/x.mdb", table={"name": "t"})


# --- how it ends ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    held = Jet()
    held.put(held.rows()[3], "Forenames_Master_or_Father", b"\xff\xfe" + BROKEN.encode("latin-1"))
    rows = held.grow(20_000)
    return held.write(tmp_path_factory.mktemp("large") / "large.mdb"), rows


def test_a_large_file_is_read_whole_and_exactly(build: Build, small: Ask, large: tuple[Path, int]) -> None:
    path, rows = large
    fathers = column("Forenames_Master_or_Father")
    with build(path).extract(small(columns=(fathers,))) as extraction:
        found = pa.Table.from_batches(list(extraction))
    original = Jet()
    expected = [original.cell(row, "Forenames_Master_or_Father") for row in original.rows()]
    expected[3] = BROKEN
    assert rows == 400_020
    assert found.column("_position").to_pylist() == [str(number) for number in range(1, rows + 1)]
    assert found.column("f4").to_pylist() == expected * 20_001
    assert children() == []


CELLS = st.one_of(st.none(), st.text(alphabet='a",\n\r', min_size=1, max_size=6))


@given(st.lists(st.tuples(CELLS, CELLS), max_size=6), st.integers(min_value=0, max_value=80))
def test_a_block_is_cut_behind_its_last_whole_row_and_nowhere_else(
    rows: list[tuple[str | None, str | None]], size: int
) -> None:
    lines = [",".join("" if cell is None else '"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    ends = list(accumulate(len(line) + 1 for line in lines))
    text = "".join(f"{line}\n" for line in lines)
    assert whole_rows(text[:size].encode()) == max((end for end in ends if end <= size), default=0)


def test_closing_early_ends_the_child(build: Build, small: Ask, large: tuple[Path, int]) -> None:
    extraction = build(large[0]).extract(small(batch_rows=100))
    next(iter(extraction))
    assert children() == ["mdb-export"]
    extraction.close()
    assert children() == []


def test_closing_before_the_first_row_ends_the_child(build: Build, small: Ask, large: tuple[Path, int]) -> None:
    build(large[0]).extract(small()).close()
    assert children() == []


def test_the_deadline_and_a_cancellation_end_the_child(build: Build, small: Ask, large: tuple[Path, int]) -> None:
    stopping = threading.Event()
    for request, error in (
        (small(batch_rows=100, deadline=time.monotonic() + 0.3), LimitExceeded),
        (small(batch_rows=100, cancelled=stopping), CollectingStopped),
    ):
        with build(large[0]).extract(request) as extraction, pytest.raises(error):
            for _ in extraction:
                time.sleep(0.05)
                if error is CollectingStopped:
                    stopping.set()
        assert children() == []


def test_a_child_that_hangs_is_ended_at_the_deadline(build: Build, small: Ask, large: tuple[Path, int]) -> None:
    began = time.monotonic()
    with build(large[0]).extract(small(batch_rows=100, deadline=began + 1)) as extraction:
        next(iter(extraction))
        os.kill(*children_ids(), signal.SIGSTOP)
        with pytest.raises(LimitExceeded):
            list(extraction)
    assert time.monotonic() - began < 4
    assert children() == []


def test_a_child_that_is_killed_from_outside_is_no_end_of_the_rows(
    build: Build, small: Ask, large: tuple[Path, int]
) -> None:
    with build(large[0]).extract(small(batch_rows=100)) as extraction:
        next(iter(extraction))
        os.kill(*children_ids(), signal.SIGKILL)
        with pytest.raises(SourceMalformed):
            list(extraction)


def test_memory_stays_flat_however_many_rows_there_are(large: tuple[Path, int], tmp_path: Path) -> None:
    half = Jet()
    half.grow(2_000)
    grown = {name: _peak(path) for name, path in (("s", half.write(tmp_path / "s.mdb")), ("l", large[0]))}
    assert grown["l"] - grown["s"] < 16 << 10  # KiB


_READ = """
import sys, time
from datetime import date
from pathlib import Path
from adapters.contract import Column, Request, Secrets
from adapters.odbc import OdbcAdapter, OdbcConfig
from gateway.records.types import FieldType
config = OdbcConfig(adapter="odbc", connection="Driver=MDBTools;DBQ=" + sys.argv[1], table={"name": sys.argv[2]})
columns = tuple(Column(name=f"c{i}", type=FieldType.TEXT, source=s) for i, s in enumerate(sys.argv[3:]))
request = Request(feed="x", columns=columns, period="2026-10", start=date(2026, 10, 1), end=date(2026, 11, 1),
    deadline=time.monotonic() + 60, max_rows=10**7, max_bytes=1 << 33, batch_rows=8192)
with OdbcAdapter(config, Secrets(root=Path("/"), environ={})).extract(request) as extraction:
    for _ in extraction:
        pass
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""


def _peak(path: Path) -> int:
    """Of a process of its own that reads the file, in KiB; ru_maxrss would begin with this one's."""
    command = [sys.executable, "-c", _READ, str(path), jet.TABLE, *TEXTS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
    return int(done.stdout)
