"""The `format:` block of a delimited text file."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from adapters.contract import config_error
from adapters.formats.block import AsTuple, FormatBlock, Names, Place
from adapters.formats.charset import PrivateUse


class TotalsRow(FormatBlock):
    """A line of the file that carries its own totals, with the file's delimiter; places are counted from 1.

    Attributes:
        line: the file's first or last line.
        rows: the place of the number of records.
        sums: by field name, the place of that money field's sum, in the field's own unit.
        mark: the text that has to stand in place 1, where the layout has one ("HZ", "合计").
    """

    line: Literal["first", "last"] = "first"
    rows: Place
    sums: dict[str, Place] = Field(default_factory=dict)
    mark: str | None = None


class Delimited(FormatBlock):
    """How the lines are read.

    Attributes:
        delimiter: what stands between two fields.
        totals: the line in which the file states its own totals.
        encoding: gb18030 reads GBK and GB2312 too; utf-16 has to begin with its byte order mark.
        private_use: the 25 characters that the first edition of GB 18030 had no code point for (`charset`).
        columns: the file's columns in order; where absent, the line after the totals holds their titles.
        quote: the character around fields that hold delimiters or line breaks (RFC 4180, strictly); None: none has
            a meaning of its own.
        line_end: `delimiter` where every record ends with one delimiter more.
        skip: lines that are no record and may be passed over where they stand among the records: the titles again,
            or a total (合计, 小计, 总计 in the first field). Not declared, each is a problem row.
    """

    kind: Literal["delimited"] = "delimited"
    encoding: Literal["gb18030", "utf-8", "utf-16"] = "gb18030"
    private_use: PrivateUse = "standard"
    delimiter: Annotated[str, Field(min_length=1, max_length=8, pattern=r"^[^\r\n\x00]+$")] = "|"
    columns: Names | None = None
    quote: Literal['"', "'"] | None = None
    line_end: Literal["plain", "delimiter"] = "plain"
    totals: TotalsRow | None = None
    skip: Annotated[tuple[Literal["titles", "summaries"], ...], AsTuple] = ()

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if len(self.delimiter) > 1 and "\x1f" in self.delimiter:
            zh, en = "多字符分隔符不能含有 \\x1f", "a delimiter of several characters cannot hold \\x1f"
            raise config_error("unit_separator", zh, en)
        if self.quote is not None and self.quote in self.delimiter:
            raise config_error("quote_in_delimiter", "delimiter 不能含有 quote", "the delimiter cannot hold the quote")
        return self
