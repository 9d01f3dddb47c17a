"""The `format:` block of an XML file."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from adapters.formats.block import Encoding, FormatBlock
from adapters.formats.charset import PrivateUse

_NAME = r"[^\s/@<>&\"'=]+"
ElementPath = Annotated[str, Field(max_length=500, pattern=rf"^{_NAME}(/{_NAME})*$")]
ValuePath = Annotated[str, Field(max_length=500, pattern=rf"^{_NAME}(/{_NAME})*(/@{_NAME})?$")]


class TotalsPlaces(FormatBlock):
    """Where the document states its own totals: paths from the root element down, `a/b` or `a/b/@attribute`.

    Attributes:
        rows: the number of records.
        sums: by field name, that money field's sum, in the field's own unit.
    """

    rows: ValuePath
    sums: dict[str, ValuePath] = Field(default_factory=dict)


class Xml(FormatBlock):
    """Where the records stand in the document. Names are local ones: prefixes and namespaces are passed over.

    Attributes:
        private_use: the 25 characters that the first edition of GB 18030 had no code point for (`charset`).
        totals: where the document states its own totals.
        encoding: what the bytes are, whatever the document says of itself; where absent, what it says, GB2312 and GBK
            read as gb18030.
        rows: the path of a record's element, from the root element down: `BATCH/DETAILS/DETAIL`.

    A column's source names a child of the record's element, or with `@` before it one of its attributes.
    """

    drivers: ClassVar[tuple[str, ...]] = ("lxml.etree",)

    kind: Literal["xml"] = "xml"
    encoding: Encoding | None = None
    private_use: PrivateUse = "standard"
    rows: ElementPath
    totals: TotalsPlaces | None = None
