"""Workbooks and DBF tables as bytes, the same ones at every making: no clock, no compression library's version.

Workbooks are written by writers that are not the product's (xlsxwriter, xlwt); DBF tables byte by byte, because what
old systems leave in them no writer makes.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import xlsxwriter
import xlwt

SHEET = "xl/worksheets/sheet1.xml"
MADE = datetime(2026, 11, 1)
_ERROR = 404  # stands in xlsx where the error cell will be
_NA = 0x2A
_DAY = "yyyy-mm-dd"


@dataclass(frozen=True)
class Formula:
    """A formula that no spreadsheet has calculated yet."""

    text: str


class NotAvailable:
    """The error cell #N/A."""


Cell = str | int | float | date | Formula | NotAvailable | None
Rows = Sequence[Sequence[Cell]]


def xlsx(rows: Rows, *, merged: Sequence[str] = (), calendar: int = 1900) -> bytes:
    """As xlsxwriter writes it; None is no cell at all."""
    book = xlsxwriter.Workbook(out := io.BytesIO(), {"in_memory": True, "date_1904": calendar == 1904})
    book.set_properties({"created": MADE})
    sheet = book.add_worksheet()
    day = book.add_format({"num_format": _DAY})
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            _write(sheet, at, column, value, day)
    for area in merged:
        sheet.merge_range(area, _at(rows, area.partition(":")[0]))
    book.close()
    return patched(out.getvalue(), SHEET, f"><v>{_ERROR}</v>", ' t="e"><v>#N/A</v>')


def _write(sheet: Any, row: int, column: int, value: Cell, day: Any) -> None:
    if isinstance(value, str):
        sheet.write_string(row, column, value)
    elif isinstance(value, Formula):
        sheet.write_formula(row, column, f"={value.text}", None, "")
    elif isinstance(value, NotAvailable):
        sheet.write_number(row, column, _ERROR)
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, day)
    elif value is not None:
        sheet.write_number(row, column, value)


def _at(rows: Rows, name: str) -> Cell:
    return rows[int(name[1:]) - 1][ord(name[0]) - ord("A")]


def xls(rows: Rows, *, calendar: int = 1900) -> bytes:
    """As xlwt writes it."""
    book = xlwt.Workbook()
    book.dates_1904 = calendar == 1904
    sheet = book.add_sheet("Sheet1")
    day = xlwt.easyxf(num_format_str=_DAY)
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            if isinstance(value, NotAvailable):
                sheet.row(at).set_cell_error(column, _NA)
            elif isinstance(value, Formula):
                sheet.write(at, column, xlwt.Formula(value.text))
            elif value is not None:
                sheet.write(at, column, value, *((day,) if isinstance(value, date) else ()))
    book.save(out := io.BytesIO())
    return out.getvalue()


def patched(raw: bytes, part: str, old: str, new: str) -> bytes:
    """The same package, stored without compression, with a text in one part replaced wherever it stands."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as given, zipfile.ZipFile(out, "w") as made:
        for name in given.namelist():
            data = given.read(name)
            found = data.replace(old.encode(), new.encode()) if name == part else data
            made.writestr(zipfile.ZipInfo(name, MADE.timetuple()[:6]), found)
    return out.getvalue()


def with_password(raw: bytes) -> bytes:
    """An xls that says of itself that it is enciphered: its record INTERFACEHDR becomes FILEPASS."""
    at = raw.index(b"\xe1\x00\x02\x00")
    return raw[:at] + b"\x2f" + raw[at + 1 :]


def enciphered(raw: bytes) -> bytes:
    """What an xlsx with a password is: a compound file, here an xls's, that holds an EncryptedPackage."""
    old, new = "Workbook".encode("utf-16-le"), "EncryptedPackage".encode("utf-16-le")
    at = raw.index(old)
    return raw[:at] + new.ljust(64, b"\0") + (len(new) + 2).to_bytes(2, "little") + raw[at + 66 :]


def dbf(fields: Sequence[tuple[str, str, int]], *records: bytes, count: int | None = None, language: int = 0) -> bytes:
    """A dBASE III table; each record with its deletion mark. `count` is what the header says, if not the truth."""
    length = 1 + sum(width for _, _, width in fields)
    told = len(records) if count is None else count
    head = struct.pack("<B3sIHH17xB2x", 3, b"\x7e\x0b\x01", told, 32 + 32 * len(fields) + 1, length, language)
    for name, kind, width in fields:
        head += name.encode("gbk")[:10].ljust(11, b"\0") + kind.encode() + bytes(4) + bytes([width, 0]) + bytes(14)
    if any(len(record) != length for record in records):
        raise ValueError("a record of another length")
    return head + b"\r" + b"".join(records) + b"\x1a"
