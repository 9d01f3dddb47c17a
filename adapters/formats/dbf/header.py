"""The header of a DBF table: how many records, how long, and which fields stand where in each.

Must never believe the header where the file's size says otherwise.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from adapters.formats.charset import Charset
from adapters.formats.refusal import Unreadable

_PREFIX, _FIELD, _END = 32, 32, 0x0D
_FOXPRO = frozenset({0x30, 0x31, 0x32})
_READABLE = _FOXPRO | {0x03, 0x43, 0x63, 0x83, 0x8B, 0xCB, 0xF5, 0xFB}  # dBASE II and 7 describe fields otherwise
_NULLABLE, _FLAGS, _VARIABLE = 0x02, "0", frozenset("VQ")


@dataclass(frozen=True, kw_only=True)
class DbfField:
    """Attributes:
    start, width: bytes within a record, whose first byte is its deletion mark.
    kind: the letter of its type.
    null_bit: which bit of the table's hidden null flags says that it holds nothing; None where it cannot.
    """

    name: str
    kind: str
    start: int
    width: int
    null_bit: int | None


@dataclass(frozen=True, kw_only=True)
class DbfHeader:
    """Attributes:
    size: of the header itself, in bytes; `length` of a record.
    flags: the hidden field of null flags, where there is one.
    """

    records: int
    size: int
    length: int
    foxpro: bool
    fields: tuple[DbfField, ...]
    flags: DbfField | None


def header_size(prefix: bytes) -> int:
    """The size of the header whose first 32 bytes these are. Raises: Unreadable: no DBF table."""
    if len(prefix) < _PREFIX or prefix[0] not in _READABLE:
        zh, en = "不是可读取的 DBF 文件(只支持 dBASE III/IV、FoxPro)", "no DBF table of dBASE III, IV or FoxPro"
        raise _malformed(zh, en)
    size: int = struct.unpack_from("<H", prefix, 8)[0]
    if size <= _PREFIX:
        raise _malformed("DBF 表头已损坏", "the DBF header is damaged")
    return size


def read_header(raw: bytes, size: int, charset: Charset) -> DbfHeader:
    """The whole header, and the size of the file it stands in. Raises: Unreadable."""
    records, header, length = struct.unpack_from("<IHH", raw, 4)
    fields = tuple(_numbered(_fields(raw, charset)))
    if len(raw) < header or sum(field.width for field in fields) + 1 != length:
        raise _malformed("DBF 表头已损坏(记录长度与字段不符)", "the fields do not add up to the record's length")
    _expect_size(size - header, records, length)
    flags = next((field for field in fields if field.kind == _FLAGS), None)
    foxpro = raw[0] in _FOXPRO
    return DbfHeader(records=records, size=header, length=length, foxpro=foxpro, fields=fields, flags=flags)


def _expect_size(body: int, records: int, length: int) -> None:
    """One end mark may follow the last record; anything else is lost, or belongs to nobody."""
    if body not in (records * length, records * length + 1):
        held = body // length
        zh = f"表头记有 {records} 条,文件中有 {held} 条"
        raise _malformed(zh, f"the header counts {records} records, the file holds {held}")


def _fields(raw: bytes, charset: Charset) -> Iterable[tuple[str, str, int, int, int]]:
    """Name, type, place, width and attributes of each field."""
    start = 1
    for at in range(_PREFIX, len(raw) - _FIELD + 1, _FIELD):
        if raw[at] == _END:
            return
        kind, width, decimals, told = chr(raw[at + 11]), raw[at + 16], raw[at + 17], raw[at + 18]
        width += decimals * 256 if kind == "C" else 0
        yield _field_name(raw[at : at + 11].partition(b"\0")[0], charset), kind, start, width, told
        start += width


def _numbered(described: Iterable[tuple[str, str, int, int, int]]) -> Iterable[DbfField]:
    """The null flags hold one bit for each field of variable length and one for each that may hold nothing."""
    bit = 0
    for name, kind, start, width, told in described:
        bit += kind in _VARIABLE
        nullable = bool(told & _NULLABLE) and kind != _FLAGS
        yield DbfField(name=name, kind=kind, start=start, width=width, null_bit=bit if nullable else None)
        bit += nullable


def _field_name(raw: bytes, charset: Charset) -> str:
    """A name cut off in mid-character is nobody's: it is shown with a mark and equals no declared name."""
    try:
        return charset.text(raw).strip()
    except UnicodeDecodeError:
        return raw.decode(charset.encoding, "replace")


def _malformed(zh: str, en: str) -> Unreadable:
    return Unreadable(place="", zh=zh, en=en)
