"""DBF tables as an independent writer makes them: the same values, exactly, or a refusal that says why."""

from __future__ import annotations

import struct
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import dbf
import numpy as np
import pyarrow as pa
import pytest

from adapters.contract import Declared, Request
from adapters.formats.charset import Charset
from adapters.formats.dbf.config import Dbf
from adapters.formats.dbf.header import DbfField
from adapters.formats.dbf.values import values
from gateway.errors import SourceMalformed
from gateway.records.check import Checker
from gateway.records.types import FAULT, Column, Fault, FieldType
from tests.adapters.held import Found, Held, asking, found

LAYOUT = Dbf(kind="dbf")
PEOPLE = [
    ("张三", Decimal("1234.50"), date(2018, 1, 1), True),
    ("欧阳䶮", Decimal("-0.01"), date(2017, 12, 31), False),
    ("LI SI", Decimal("99999999.99"), None, None),
    ("", None, date(1949, 10, 1), True),
]


def table(path: Path, fields: str, rows: list[tuple[Any, ...]], kind: str = "vfp") -> bytes:
    """A table as the `dbf` package writes it; GBK text in it is bytes of the writer's code page."""
    made = dbf.Table(str(path), fields, dbf_type=kind, codepage="cp936")
    made.open(mode=dbf.READ_WRITE)
    for row in rows:
        made.append(row)
    made.close()
    return Path(made.filename).read_bytes()


def held(raw: bytes) -> Held:
    return Held(raw=raw, cut=1000, name="roster.dbf")


def refused(raw: bytes, request: Request) -> SourceMalformed:
    with pytest.raises(SourceMalformed) as caught:
        found(held(raw), LAYOUT, request)
    return caught.value


def told(seen: Found) -> Declared:
    assert seen.declared is not None
    return seen.declared


def by_hand(
    fields: list[tuple[bytes, str, int]], records: list[bytes], *, version: int = 0x03, count: int | None = None
) -> bytes:
    """A table byte by byte, for what no writer makes; its language byte is 0."""
    length = 1 + sum(width for _, _, width in fields)
    size = 32 + 32 * len(fields) + 1
    told = len(records) if count is None else count
    head = struct.pack("<B3xIHH20x", version, told, size, length)
    for name, kind, width in fields:
        head += name.ljust(11, b"\0") + kind.encode() + bytes(4) + bytes([width, 0]) + bytes(14)
    assert all(len(record) == length for record in records)
    return head + b"\r" + b"".join(records) + b"\x1a"


def test_every_value_is_the_one_that_an_independent_writer_wrote(tmp_path: Path) -> None:
    raw = table(tmp_path / "a", "name C(20); money N(12,2); day D; yes L", PEOPLE[:1] + PEOPLE[2:], "db3")
    seen = found(held(raw), LAYOUT, asking("NAME", "MONEY", "DAY", "YES"))
    assert seen.rows == {
        "1": ("张三", "1234.50", "20180101", "TRUE"),
        "2": ("LI SI", "99999999.99", None, None),
        "3": (None, None, "19491001", "TRUE"),
    }
    assert (seen.faults, told(seen).rows) == ({}, 3)


def test_the_binary_types_of_foxpro_are_exact(tmp_path: Path) -> None:
    moment = datetime(2026, 10, 1, 8, 30, 15)
    rows = [(-5, Decimal("1234.5000"), 0.1, moment), (2_147_483_646, Decimal("-0.0001"), 12345.678, moment)]
    raw = table(tmp_path / "a", "n I; y Y; b B; t T", rows)
    assert found(held(raw), LAYOUT, asking("N", "Y", "B", "T")).rows == {
        "1": ("-5", "1234.50", "0.1", "2026-10-01 08:30:15.000"),
        "2": ("2147483646", "-0.0001", "12345.678", "2026-10-01 08:30:15.000"),
    }


def test_ten_thousand_rows_in_gbk_equal_what_was_written_value_by_value(tmp_path: Path) -> None:
    rows = [(f"张{chr(0x4E00 + n)}", f"{n:018d}", Decimal(n) / 100) for n in range(10_000)]
    raw = table(tmp_path / "a", "name C(12); id C(18); money N(14,2)", rows)
    seen = found(held(raw), LAYOUT, asking("NAME", "ID", "MONEY", batch_rows=777))
    assert seen.rows == {str(n + 1): (name, id_, f"{money:.2f}") for n, (name, id_, money) in enumerate(rows)}


def test_gbk_text_is_read_as_declared_whatever_the_language_byte_says() -> None:
    fields = [("姓名".encode("gbk"), "C", 8)]
    raw = bytearray(by_hand(fields, [b" " + "朱镕基".encode("gbk").ljust(8)]))
    for language in (0x00, 0x03, 0x4D, 0x78, 0xC8):
        raw[29] = language
        assert found(held(bytes(raw)), LAYOUT, asking("姓名")).rows == {"1": ("朱镕基",)}


def test_characters_that_gbk_does_not_have_are_read_as_gb18030() -> None:
    raw = by_hand([(b"NAME", "C", 10)], [b" " + "䶮𠮷".encode("gb18030").ljust(10), b" " + b"\xaa\xa1".ljust(10)])
    assert found(held(raw), LAYOUT, asking("NAME")).rows == {"1": ("䶮𠮷",), "2": ("\ue000",)}


@pytest.mark.parametrize("cut", ["张三丰".encode("gbk")[:5], "张三丰".encode("gbk")[:3], "张𠮷".encode("gb18030")[:4]])
def test_a_name_cut_in_mid_character_is_a_problem_row_and_the_others_go_on(cut: bytes) -> None:
    raw = by_hand([(b"NAME", "C", 6)], [b" " + "李四".encode("gbk").ljust(6), b" " + cut.ljust(6)])
    seen = found(held(raw), LAYOUT, asking("NAME"))
    assert (seen.rows, seen.faults) == ({"1": ("李四",)}, {"2": Fault.ENCODING})


def test_deleted_records_are_no_data_and_are_counted() -> None:
    raw = by_hand([(b"NAME", "C", 4)], [b" A   ", b"*B   ", b" C   "])
    seen = found(held(raw), LAYOUT, asking("NAME"))
    assert seen.rows == {"1": ("A",), "3": ("C",)}
    assert told(seen) == Declared(rows=2, facts=(("deleted_records", "1"),))


def test_padding_of_nul_or_spaces_is_no_part_of_a_text_and_leading_spaces_are() -> None:
    raw = by_hand([(b"NAME", "C", 6)], [b" AB\0\0\0\0", b"   AB  ", b" \0\0\0\0\0\0", b"       "])
    assert found(held(raw), LAYOUT, asking("NAME")).rows == {"1": ("AB",), "2": ("  AB",), "3": (None,), "4": (None,)}


def test_numbers_stay_the_digits_that_are_written_and_overflow_is_left_to_the_checks() -> None:
    cells = [b" 12.50", b"******", b"   .50", b"  -.50", b"      ", b"\0\0\0\0\0\0", b"1.E+05", b"000012"]
    raw = by_hand([("金额".encode("gbk"), "N", 6)], [b" " + cell for cell in cells])
    request = asking("金额")
    seen = found(held(raw), LAYOUT, request)
    texts = [row[0] for row in seen.rows.values()]
    assert texts == ["12.50", "******", "0.50", "-0.50", None, None, "1.E+05", "000012"]
    checked = _checked(held(raw), request)
    assert [(p.position, p.code) for p in checked.problems] == [("2", "YZ-3021"), ("7", "YZ-3023")]


def test_blank_and_zero_dates_are_nothing_and_impossible_ones_reach_the_checks() -> None:
    cells = [b"20180101", b"00000000", b"        ", b"20170230", b"99991231"]
    raw = by_hand([(b"DAY", "D", 8)], [b" " + cell for cell in cells])
    seen = found(held(raw), LAYOUT, asking("DAY"))
    assert [row[0] for row in seen.rows.values()] == ["20180101", None, None, "20170230", "99991231"]
    checked = _checked(held(raw), asking("DAY", columns=(Column(name="c0", source="DAY", type=FieldType.DATE),)))
    assert [(p.position, p.code) for p in checked.problems] == [("4", "YZ-3032"), ("5", "YZ-3033")]


def test_yes_no_fields_have_three_states_and_anything_else_reaches_the_checks() -> None:
    raw = by_hand([(b"OK", "L", 1)], [b" " + letter for letter in (b"T", b"y", b"F", b"n", b"?", b" ", b"x")])
    seen = found(held(raw), LAYOUT, asking("OK"))
    assert [row[0] for row in seen.rows.values()] == ["TRUE", "TRUE", "FALSE", "FALSE", None, None, "x"]


def test_a_memo_field_is_refused_only_when_the_feed_asks_for_it(tmp_path: Path) -> None:
    raw = table(tmp_path / "a", "name C(8); note M", [("张三", "旧事")], "fp")
    assert found(held(raw), LAYOUT, asking("NAME")).rows == {"1": ("张三",)}
    assert "字段 NOTE 为 M 型" in refused(raw, asking("NAME", "NOTE")).message("zh")


@pytest.mark.parametrize(("records", "count"), [([b" A   ", b" B   "], 3), ([b" A   ", b" B   "], 1), ([b" A   "], 0)])
def test_a_header_that_counts_other_records_than_the_file_holds_is_refused(records: list[bytes], count: int) -> None:
    said = refused(by_hand([(b"NAME", "C", 4)], records, count=count), asking("NAME")).message("zh")
    assert f"表头记有 {count} 条,文件中有 {len(records)} 条" in said


@pytest.mark.parametrize("version", [0x02, 0x04, 0x8C, 0x00, 0x50])
def test_what_is_no_table_of_these_kinds_is_refused(version: int) -> None:
    said = refused(by_hand([(b"NAME", "C", 4)], [], version=version), asking("NAME")).message("zh")
    assert "不是可读取的 DBF" in said


def test_a_file_cut_off_anywhere_is_refused_and_never_read_in_part() -> None:
    raw = by_hand([(b"NAME", "C", 4)], [b" A   ", b" B   "])
    for size in range(len(raw) - 1):
        assert refused(raw[:size], asking("NAME")).code == "YZ-2005"


def test_columns_are_found_by_name_in_any_case_and_a_missing_one_is_named() -> None:
    raw = by_hand([("身份证号码".encode("gbk"), "C", 4), (b"NAME", "C", 4)], [b" 1   A   "])
    assert found(held(raw), LAYOUT, asking("name", "身份证号码")).rows == {"1": ("A", "1")}
    assert "缺少列 身份证" in refused(raw, asking("身份证")).message("zh")


def test_a_field_that_the_null_flags_call_empty_is_null_and_not_zero(tmp_path: Path) -> None:
    rows = [(7, "甲"), (dbf.Null, "乙")]
    raw = table(tmp_path / "a", "n I null; name C(4)", rows)
    assert found(held(raw), LAYOUT, asking("N", "NAME")).rows == {"1": ("7", "甲"), "2": (None, "乙")}


def test_a_double_with_more_digits_than_it_can_tell_apart_spoils_its_row() -> None:
    cells = np.array([0.1 + 0.2, 0.3, 1e15, 123456789012345.0, 1e-6, float("nan")], "<f8").view(np.uint8).reshape(6, 8)
    field = DbfField(name="B", kind="B", start=1, width=8, null_bit=None)
    seen = values(cells, field, Charset(encoding="gb18030"))
    assert seen.text.to_pylist() == [None, "0.3", None, "123456789012345", "0.000001", None]
    assert (seen.spoiled.tolist(), seen.fault) == ([True, False, True, False, False, True], Fault.CONVERTED)


def test_an_impossible_moment_spoils_its_row_and_a_blank_one_is_nothing() -> None:
    cells = np.frombuffer(struct.pack("<iiiiii", 0, 0, 2_440_588, 1, 99, 1), np.uint8).reshape(3, 8)
    seen = values(cells, DbfField(name="T", kind="T", start=1, width=8, null_bit=None), Charset(encoding="gb18030"))
    assert seen.text.to_pylist() == [None, "1970-01-01 00:00:00.001", None]
    assert (seen.spoiled.tolist(), seen.fault) == ([False, False, True], Fault.LAYOUT)


def test_a_column_that_holds_every_separator_is_still_read_exactly() -> None:
    odd = [bytes([byte]) + "龙".encode("gbk") for byte in (10, 30, 31, 29, 28, 1, 2)]
    raw = by_hand([(b"NAME", "C", 3)], [b" " + cell for cell in odd])
    texts = [row[0] for row in found(held(raw), LAYOUT, asking("NAME")).rows.values()]
    assert texts == [cell.decode("gbk") for cell in odd]


def _checked(content: Held, request: Request) -> Any:
    from adapters.formats import records

    batches = pa.Table.from_batches(list(records(content, LAYOUT, request))).combine_chunks().to_batches()
    assert batches[0].column(FAULT).null_count == batches[0].num_rows
    return Checker(request.columns, salt=bytes(16)).check(batches[0])
