"""The `format:` block of a DBF table."""

from __future__ import annotations

from typing import Literal

from adapters.formats.block import Encoding, FormatBlock
from adapters.formats.charset import PrivateUse


class Dbf(FormatBlock):
    """How its text is read; the table's own header tells everything else.

    Attributes:
        encoding: what is declared here counts, whatever the header's language byte says: it is 0, or wrong, in most
            files of older Chinese systems.
        private_use: the 25 characters that the first edition of GB 18030 had no code point for (`charset`).
    """

    kind: Literal["dbf"]
    encoding: Encoding = "gb18030"
    private_use: PrivateUse = "standard"
