"""Workbooks made by writers that are not the product's, and what the sheet format makes of them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
import xlwt

from adapters.contract import Request
from adapters.formats import records
from adapters.formats.sheet.config import Sheet
from gateway.errors import SourceMalformed
from gateway.records.check import Checked, Checker
from gateway.records.types import Column, FieldType, Unit
from tests.adapters.held import Held, asking, found

Rows = Sequence[Sequence[Any]]


def xlsx(rows: Rows, *, merged: Sequence[str] = (), adjust: Callable[[Any], object] = lambda sheet: None) -> bytes:
    """As openpyxl writes it; None is no cell at all."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for area in merged:
        book.active.merge_cells(area)
    adjust(book.active)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xls(rows: Rows, *, dates: str = "yyyy-mm-dd", adjust: Callable[[Any], object] = lambda sheet: None) -> bytes:
    """As xlwt writes it."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Sheet")
    style = xlwt.easyxf(num_format_str=dates)
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            if value is not None:
                plain = isinstance(value, str | bool | int | float | xlwt.Formula)
                sheet.write(at, column, value, *(() if plain else (style,)))
    adjust(sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def patched(raw: bytes, part: str, old: str, new: str) -> bytes:
    """The same package with a text in one part replaced; it has to be there."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as given, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in given.namelist():
            data = given.read(name)
            if name == part:
                assert old.encode() in data
                data = data.replace(old.encode(), new.encode())
            made.writestr(name, data)
    return out.getvalue()


def layout(**keys: Any) -> Sheet:
    """Titles in the first row unless told otherwise."""
    given: dict[str, Any] = {"kind": "sheet", "header": {"rows": [1]}}
    return Sheet.model_validate(given | keys)


def held(raw: bytes, name: str = "名册.xlsx") -> Held:
    return Held(raw=raw, name=name)


def typed(unit: Unit | None = None, **kinds: FieldType) -> Request:
    """A request for columns of these types, named and titled by the keywords."""
    columns = tuple(
        Column(name=name, title=name, type=kind, unit=unit if kind is FieldType.MONEY else None)
        for name, kind in kinds.items()
    )
    return asking(columns=columns)


def rows_of(raw: bytes, config: Sheet, request: Request) -> dict[str, tuple[str | None, ...]]:
    """All rows; none may have a fault."""
    seen = found(held(raw), config, request)
    assert seen.faults == {}
    return seen.rows


def refused(raw: bytes, config: Sheet, request: Request, name: str = "名册.xlsx") -> str:
    """What the refusal says, in Chinese."""
    with pytest.raises(SourceMalformed) as caught:
        found(held(raw, name), config, request)
    assert caught.value.message("en").isascii() or name in caught.value.message("en")
    return caught.value.message("zh")


def checked(raw: bytes, config: Sheet, request: Request) -> Checked:
    """The rows after the checks."""
    batches = pa.Table.from_batches(list(records(held(raw), config, request))).combine_chunks().to_batches()
    return Checker(request.columns, salt=bytes(16)).check(batches[0])
