"""A workbook opened: its bytes judged first, then one sheet's cells as the reader gives them, with their own places.

Owns the reader (calamine). Must never hand out a cell without its flaws known: the reader gives an error, and a
formula that was never calculated, as if the cell were empty.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain, repeat

import python_calamine as calamine

from adapters.formats.sheet.biff import Globals, locked, read_flaws, read_globals
from adapters.formats.sheet.compound import Compound
from adapters.formats.sheet.faults import SheetError
from adapters.formats.sheet.flaws import Flaws
from adapters.formats.sheet.kinds import container, not_a_workbook
from adapters.formats.sheet.package import Package
from adapters.formats.sheet.scan import Scan
from adapters.formats.sheet.shared import expect_text

Cell = str | float | int | bool | date | datetime | time | timedelta
Area = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, kw_only=True)
class Grid:
    """One sheet. Rows and columns are numbered from 0, as the sheet's own A1 is (0, 0).

    Attributes:
        left: the column that the first cell of every row stands in; `width`: cells in a row.
        merged: first and last cell of each merged area.
        flaws: the cells that stand empty in `rows` and are not.
        from_1904: the workbook's calendar.
    """

    name: str
    left: int
    width: int
    merged: tuple[Area, ...]
    flaws: Flaws
    from_1904: bool
    source: calamine.CalamineSheet

    def rows(self) -> Iterator[list[Cell]]:
        """From the sheet's first row on; those that only hold flaws are there too."""
        given = self.source.iter_rows() if self.width else iter(())
        flawed = self.flaws.rows
        last = int(flawed[-1]) + 1 if len(flawed) else 0
        end = self.source.end
        missing = last - (end[0] + 1 if end else 0)
        return chain(given, repeat([""] * self.width, max(missing, 0)))


class Workbook:
    """Raises: SheetError: it is no workbook, damaged, locked, or too large."""

    def __init__(self, data: bytes) -> None:
        self._package: Package | None = None
        self._globals: Globals | None = None
        if container(data) == "xlsx":
            self._package = Package(data)
            self._package.check_parts()
        else:
            self._globals, self._known = _judged(_book(Compound(data)))
        with _Guarded():
            self._reader = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))

    def sheet(self, wanted: str | int) -> Grid:
        """By name, or by number from 1. Raises: SheetError."""
        name = self._name(wanted)
        flaws = self._flaws(name)
        with _Guarded():
            found = self._reader.get_sheet_by_name(name)
            merged = tuple(found.merged_cell_ranges or ())
        left = found.start[1] if found.start else 0
        return Grid(
            name=name,
            left=left,
            width=found.width,
            merged=merged,
            flaws=flaws,
            from_1904=self._from_1904,
            source=found,
        )

    def has(self, name: str) -> bool:
        """Whether a sheet of that name is there, hidden or not."""
        return name in self._reader.sheet_names

    def close(self) -> None:
        """Give the memory back."""
        self._reader.close()

    def _name(self, wanted: str | int) -> str:
        names = self._reader.sheet_names
        if isinstance(wanted, int) and wanted <= len(names):
            return names[wanted - 1]
        if isinstance(wanted, str) and wanted in names:
            return wanted
        raise SheetError(place=str(wanted), zh="工作簿中没有这张表", en="the workbook has no such sheet")

    def _flaws(self, name: str) -> Flaws:
        if self._package is not None:
            part = self._package.sheet_part(name)
            expect_text(self._package.pieces(part), self._package.texts)
            return Scan(uncalculated=self._package.uncalculated).flaws(self._package.pieces(part))
        if name not in self._known:
            raise _unreadable()
        return self._known[name]

    @property
    def _from_1904(self) -> bool:
        known = self._package or self._globals
        return bool(known and known.from_1904)


class _Guarded:
    """What the reader raises, as the product's own: its errors, and its panic on a damaged file, which is no Exception
    and has no name to be caught by.
    """

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: object) -> None:
        if kind is None:
            return
        if issubclass(kind, calamine.PasswordError):
            raise locked() from None
        if issubclass(kind, calamine.CalamineError | OSError | ValueError) or kind.__module__ == "pyo3_runtime":
            raise _unreadable() from None


def _judged(stream: bytes) -> tuple[Globals, dict[str, Flaws]]:
    """An xls as a whole: the reader lays out all of its sheets at once, so all are judged before it sees any."""
    try:
        known = read_globals(stream)
        return known, {name: read_flaws(stream, at, known.texts) for name, at in known.sheets.items()}
    except (struct.error, IndexError, UnicodeDecodeError):
        raise _unreadable() from None


def _book(compound: Compound) -> bytes:
    """The stream that holds an xls workbook; other compound files are told by theirs."""
    names = compound.names
    if "EncryptedPackage" in names:
        raise locked()
    for name in ("Workbook", "Book"):
        if name in names:
            return compound.stream(name)
    if "WordDocument" in names:
        raise not_a_workbook(" Word 文档", "a Word document")
    raise not_a_workbook("其他 Office 文件", "another Office file")


def _unreadable() -> SheetError:
    zh, en = "工作簿无法读取,请用 Excel 打开后另存为 xlsx", "the workbook cannot be read: open it and save it as xlsx"
    return SheetError(zh=zh, en=en)
