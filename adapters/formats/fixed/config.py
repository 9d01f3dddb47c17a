"""The `format:` block of a file of fixed-width records, measured in bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from adapters.contract import config_error
from adapters.formats.block import AsTuple, Encoding, FormatBlock
from adapters.formats.charset import PrivateUse

At = Annotated[int, Field(ge=1, le=65_536)]
Trim = Literal["both", "left", "right", "none"]
Padding = Literal["space", "wide_space", "nul"]


class Span(FormatBlock):
    """Bytes of a record.

    Attributes:
        start: the first of them, counted from 1.
        length: how many.
    """

    start: At
    length: At


class FixedField(FormatBlock):
    """One field.

    Attributes:
        name: the source's own name of it.
        start: of its bytes, counted from 1; where absent it follows the field before.
        length: how many bytes it has.
        trim: on which sides padding is taken off; where absent, as the whole layout.
    """

    name: Annotated[str, Field(min_length=1, max_length=200)]
    start: At | None = None
    length: At
    trim: Trim | None = None


class TotalsRecord(FormatBlock):
    """A record of the file that carries its own totals.

    Attributes:
        record: the file's first or last one. Without line ends it is as long as the others.
        rows: the bytes of the number of records.
        sums: by field name, the bytes of that money field's sum, in the field's own unit.
        mark: the text that it has to begin with, where the layout has one.
    """

    record: Literal["first", "last"] = "first"
    rows: Span
    sums: dict[str, Span] = Field(default_factory=dict)
    mark: str | None = None


class Fixed(FormatBlock):
    """How the records are cut.

    Attributes:
        encoding: gb18030 reads GBK and GB2312 too.
        private_use: the 25 characters that the first edition of GB 18030 had no code point for (`charset`).
        totals: the record in which the file states its own totals.
        record_bytes: the length of each record, without its line end.
        line_end: `newline` (LF or CRLF) or `none`: records follow one another.
        fields: they may leave gaps, and may not overlap.
        trim, padding: what is taken off a field; zeros never are.
        skip: `summaries` where totals among the records (合计 in the first field) may be passed over; not declared,
            each is a problem row.
    """

    kind: Literal["fixed"] = "fixed"
    encoding: Encoding = "gb18030"
    private_use: PrivateUse = "standard"
    record_bytes: At
    line_end: Literal["newline", "none"] = "newline"
    fields: Annotated[tuple[FixedField, ...], AsTuple, Field(min_length=1)]
    trim: Trim = "both"
    padding: Annotated[tuple[Padding, ...], AsTuple] = ("space", "wide_space")
    totals: TotalsRecord | None = None
    skip: Annotated[tuple[Literal["summaries"], ...], AsTuple] = ()

    def spans(self) -> Iterator[tuple[FixedField, int, int]]:
        """Each field with the place of its first byte and the one after its last, from 0."""
        end = 0
        for each in self.fields:
            start = end if each.start is None else each.start - 1
            end = start + each.length
            yield each, start, end

    @model_validator(mode="after")
    def _fits(self) -> Self:
        last = 0
        for _, start, end in sorted(self.spans(), key=lambda span: span[1]):
            if start < last:
                raise config_error("overlap", "fields 的位置重叠", "two fields share bytes")
            if end > self.record_bytes:
                raise config_error("beyond", "fields 超出 record_bytes", "a field lies beyond record_bytes")
            last = end
        if len({each.name for each in self.fields}) != len(self.fields):
            raise config_error("repeated", "fields 有重名", "two fields have one name")
        return self
