"""TTC's small parts: integers of variable length, strings with a length, and Oracle's own numbers and dates.

* An unsigned integer ("ub4") is a count byte and that many bytes, big-endian; zero is the one byte 0.
* A string is a length byte and its bytes; longer than 252 it is 0xFE and chunks, each with its length, closed by zero.
* NUMBER is base 100 with an exponent byte (excess 193, inverted when negative); each digit is stored plus 1, or taken
  from 101 when negative, and a negative number shorter than 20 digits ends in 102.
* DATE is 7 bytes: century and year of the century plus 100, month, day, and hour, minute, second each plus 1. A year
  before Christ has them below 100. TIMESTAMP adds four bytes of nanoseconds, WITH TIME ZONE two of offset, in UTC.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from decimal import Decimal

_CHUNK = 32767
_LONGEST = 252
_MICROSECONDS_A_DAY = 86_400_000_000
_EPOCH_DAYS = 719_468  # from 0000-03-01, where the civil calendar's arithmetic begins, to 1970-01-01


def ub(number: int) -> bytes:
    if number == 0:
        return b"\0"
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes((len(raw),)) + raw


def with_length(raw: bytes) -> bytes:
    if len(raw) <= _LONGEST:
        return bytes((len(raw),)) + raw
    chunks = (raw[at : at + _CHUNK] for at in range(0, len(raw), _CHUNK))
    return b"\xfe" + b"".join(ub(len(chunk)) + chunk for chunk in chunks) + b"\0"


def with_two_lengths(raw: bytes) -> bytes:
    return ub(len(raw)) + (with_length(raw) if raw else b"")


def number(value: Decimal) -> bytes:
    sign, digits, exponent = value.as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    if not text:
        return b"\x80"
    short = text.rstrip("0")
    power = int(exponent) + len(text) - len(short)
    if power % 2:
        short, power = short + "0", power - 1
    short = short.zfill(len(short) + len(short) % 2)
    pairs = [int(short[at : at + 2]) for at in range(0, len(short), 2)]
    head = 192 + len(pairs) + power // 2
    if not sign:
        return bytes([head, *(pair + 1 for pair in pairs)])
    return bytes([~head & 0xFF, *(101 - pair for pair in pairs), *([102] if len(pairs) < 20 else [])])


def read_number(raw: bytes) -> Decimal:
    if raw == b"\x80":
        return Decimal(0)
    positive = bool(raw[0] & 0x80)
    mantissa = raw[1:] if positive else raw[1:].removesuffix(b"\x66")
    head = (raw[0] if positive else ~raw[0] & 0xFF) - 193
    digits = 0
    for byte in mantissa:
        digits = digits * 100 + (byte - 1 if positive else 101 - byte)
    return Decimal(f"{'' if positive else '-'}{digits}E{2 * (head - len(mantissa) + 1)}")  # exact, however many digits


def civil(days: int) -> tuple[int, int, int]:
    """Year, month and day of a day since 1970-01-01, also before Christ (year 0 is 1 BC): H. Hinnant's algorithm."""
    era, day_of_era = divmod(days + _EPOCH_DAYS, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return year_of_era + era * 400 + (month <= 2), month, day_of_year - (153 * shifted + 2) // 5 + 1


def date(microseconds: int) -> bytes:
    """DATE of microseconds since 1970-01-01."""
    days, rest = divmod(microseconds, _MICROSECONDS_A_DAY)
    year, month, day = civil(days)
    seconds = rest // 1_000_000
    # Oracle counts years before Christ without a zero: 1 BC is -1.
    said = year if year > 0 else year - 1
    century, of_century = (said // 100, said % 100) if said > 0 else (-(-said // 100), -(-said % 100))
    clock = (seconds // 3600 + 1, seconds // 60 % 60 + 1, seconds % 60 + 1)
    return bytes((century + 100, of_century + 100, month, day, *clock))


def timestamp(nanoseconds: int) -> bytes:
    return date(nanoseconds // 1000) + struct.pack(">I", nanoseconds % 1_000_000_000)


def zoned(nanoseconds: int) -> bytes:
    """In UTC, with the offset of +08:00."""
    return timestamp(nanoseconds) + bytes((8 + 20, 60))


def double(value: float) -> bytes:
    raw = struct.pack(">d", value)
    return bytes((raw[0] | 0x80,)) + raw[1:] if not raw[0] & 0x80 else bytes(~byte & 0xFF for byte in raw)


def read_date(raw: bytes) -> str:
    """As SQL text."""
    year = (raw[0] - 100) * 100 + raw[1] - 100
    text = f"{year:04d}-{raw[2]:02d}-{raw[3]:02d} {raw[4] - 1:02d}:{raw[5] - 1:02d}:{raw[6] - 1:02d}"
    return f"{text}.{struct.unpack('>I', raw[7:11])[0]:09d}" if len(raw) >= 11 else text


class Reader:
    """Reads a message, asking for the next packet whenever what is there runs out."""

    def __init__(self, more: Callable[[], bytes]) -> None:
        self._more, self._held, self._at = more, b"", 0

    def raw(self, count: int) -> bytes:
        while len(self._held) - self._at < count:
            self._held, self._at = self._held[self._at :] + self._more(), 0
        self._at += count
        return self._held[self._at - count : self._at]

    def byte(self) -> int:
        return self.raw(1)[0]

    def skip(self, count: int) -> None:
        self.raw(count)

    def ub(self) -> int:
        count = self.byte()
        return int.from_bytes(self.raw(count & 0x7F), "big") if count else 0

    def skip_ubs(self, count: int) -> None:
        for _ in range(count):
            self.ub()

    def string(self) -> bytes | None:
        count = self.byte()
        if count in (0, 255):
            return None
        if count != 254:
            return self.raw(count)
        chunks = []
        while size := self.ub():
            chunks.append(self.raw(size))
        return b"".join(chunks)

    def string_with_two_lengths(self) -> bytes:
        return (self.string() or b"") if self.ub() else b""
