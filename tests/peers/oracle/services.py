"""The databases that one listener pretends to be, chosen by SERVICE_NAME: versions, verifiers and quirks as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum, auto


class Verifier(IntEnum):
    """How an account's password is kept; the number says it on the wire (AUTH_VFR_DATA's flags)."""

    OF_10G = 0x939
    OF_11G = 0x1B25
    OF_12C = 0x4815


class Text(Enum):
    """What becomes of text on its way to the client."""

    RIGHT = auto()
    """The database declares its character set rightly."""
    LOST = auto()
    """It declares US7ASCII and holds other bytes: each is replaced in the conversion."""
    PASSED = auto()
    """It declares AL32UTF8 and holds other bytes: nothing is converted, they arrive as they are."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """One pretended database.

    Attributes:
        tns: the TNS version it accepts: 314 is 11.2, 315 is 12.1, 318 and later 18c and 19c.
        fields: its TTC field version, on which the layout of some messages depends: 7 is 12.1, 12 is 19.1.
        version: as `AUTH_VERSION_NO` says it.
        sdu: the largest packet it takes.
        repeats: whether a value equal to the one in the row before is left out (a bit vector says so).
        text: what becomes of its text; but for RIGHT, a character below 256 in a table stands for that byte.
    """

    tns: int = 318
    fields: int = 12
    version: tuple[int, int, int, int, int] = (19, 3, 0, 0, 0)
    verifier: Verifier = Verifier.OF_12C
    sdu: int = 8192
    repeats: bool = True
    text: Text = Text.RIGHT

    @property
    def version_number(self) -> int:
        major, minor, third, fourth, fifth = self.version
        if self.fields >= 11:
            return major << 24 | minor << 16 | third << 12 | fourth << 4 | fifth
        return major << 24 | minor << 20 | third << 12 | fourth << 8 | fifth


_OLD = (12, 1, 0, 2, 0)

SERVICES = {
    "ORCL": Service(),
    "V12": Service(tns=315, fields=7, version=_OLD),
    "V12_11G": Service(tns=315, fields=7, version=_OLD, verifier=Verifier.OF_11G),
    "V19_11G": Service(verifier=Verifier.OF_11G),
    "V19_10G": Service(verifier=Verifier.OF_10G),
    "V11": Service(tns=314),
    "NARROW": Service(sdu=600),
    "NARROW_12": Service(tns=315, fields=7, version=_OLD, sdu=600),
    "PLAIN": Service(repeats=False),
    "US7": Service(text=Text.LOST),
    "LIES": Service(text=Text.PASSED),
}
