"""How a service gives its rows out, as `paging:` declares it. Must stay importable without zeep and lxml."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from adapters.contract import config_error

ElementPath = Annotated[str, Field(pattern=r"^[^/\s]+(/[^/\s]+)*$", max_length=500)]
Parameter = Annotated[str, Field(min_length=1, max_length=100)]
Length = Annotated[int, Field(ge=1, le=50_000)]
_STEPS = {"%S": "second", "%M": "minute", "%H": "hour", "%d": "day"}


class _Style(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class PageStyle(_Style):
    """Pages with numbers.

    Attributes:
        style: may be left out.
        page, size: the names of the operation's parameters for the page's number and its length.
        rows: the length of a page.
        first: the number of the first page (some services count from 0).
    """

    style: Literal["page"] = "page"
    page: Parameter
    size: Parameter
    rows: Length = 1000
    first: Annotated[int, Field(ge=0, le=1)] = 1


class CursorStyle(_Style):
    """Each answer says from where the next one goes on.

    Attributes:
        style: this style's name.
        parameter: the operation's parameter for that place.
        first: what that parameter holds at the start.
        next: path of the element that holds the next place.
        ends: `no_next`, when the last answer has no next place, or an empty one; then a place is good for this reading
            only. `no_rows`, when the place is the last row's own and an answer without rows is the end; then it lasts,
            and the next reading goes on from it.
        size, rows: the parameter for the length of an answer and that length, where the service takes one.
    """

    style: Literal["cursor"]
    parameter: Parameter
    next: ElementPath
    ends: Literal["no_next", "no_rows"] = "no_next"
    first: str = ""
    size: Parameter | None = None
    rows: Length = 1000


class WholeStyle(_Style):
    """One answer holds everything.

    Attributes:
        style: this style's name.
    """

    style: Literal["none"]


class RangeStyle(_Style):
    """The period is cut into ranges, each asked for by its begin and end.

    Attributes:
        style: this style's name.
        begin, end: the operation's parameters for them.
        end_is: whether the service takes `end` as part of the range. `inclusive`: it is given the range's last day (or
            hour, minute, second: the smallest that `format` writes). `exclusive`: the first instant after it.
        days, hours: the length of a range; one of the two.
        format: how the parameters are written: `%Y %m %d %H %M %S` and any separators.
        within: how the rows of one range are given out.
    """

    style: Literal["range"]
    begin: Parameter
    end: Parameter
    end_is: Literal["inclusive", "exclusive"]
    days: Annotated[int, Field(ge=1, le=366)] | None = None
    hours: Annotated[int, Field(ge=1, le=744)] | None = None
    format: Annotated[str, Field(max_length=50)] = "%Y-%m-%d"
    within: Annotated[
        Annotated[PageStyle | CursorStyle | WholeStyle, Field(discriminator="style")],
        BeforeValidator(lambda given: _styled(given)),
    ] = WholeStyle(style="none")

    @model_validator(mode="after")
    def _can_be_written(self) -> Self:
        if (self.days is None) == (self.hours is None):
            raise config_error("range", "days 和 hours 应填且只填一个", "give days or hours, one of the two")
        written = set(re.findall(r"%.?", self.format))
        if not {"%Y", "%m", "%d"} <= written <= {"%Y", "%m", "%d", "%H", "%M", "%S"}:
            zh, en = "format 用 %Y %m %d 和 %H %M %S 书写", "format is written with %Y %m %d and %H %M %S"
            raise config_error("range", zh, en)
        if self.hours is not None and "%H" not in written:
            raise config_error("range", "按小时切分时 format 应有 %H", "ranges of hours need %H in their format")
        if isinstance(self.within, CursorStyle) and self.within.ends == "no_rows":
            zh, en = "分段内的游标不能长期有效", "a cursor within a range cannot last: ends is no_next"
            raise config_error("range", zh, en)
        return self

    @property
    def smallest(self) -> str:
        """The smallest unit that `format` writes: day, hour, minute or second."""
        return next(unit for written, unit in _STEPS.items() if written in self.format)


def _styled(given: Any) -> Any:
    """Pages with numbers unless said otherwise."""
    return {"style": "page", **given} if isinstance(given, dict) else given


Paging = Annotated[
    Annotated[PageStyle | CursorStyle | RangeStyle | WholeStyle, Field(discriminator="style")],
    BeforeValidator(_styled),
]
