"""What may be written in a catalogue: one strict model for each kind of entry.

Owns keys, types and written forms. It must never look from one entry to another (that is `references.py`) and nothing
outside this room sees these models: they become the frozen tree.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from gateway.calendar import Cadence, JudgedBy, Shift
from gateway.catalogue.tree import Duty, Level, Mode, Review
from gateway.records.types import FieldType, Unit


class Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


def _refused(zh: str, en: str) -> PydanticCustomError:
    return PydanticCustomError("refused", "{en}", {"zh": zh, "en": en})


def _written(pattern: str, zh: str, en: str) -> AfterValidator:
    """A written form; the words are told instead of the pattern, which only editors get."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise _refused(zh, en)
        return text

    return AfterValidator(check)


def _pattern(pattern: str) -> object:
    return Field(json_schema_extra={"pattern": f"^(?:{pattern})$"})


def _day(text: str) -> str:
    try:
        real = re.fullmatch(_DAY, text) and date.fromisoformat(text)
    except ValueError:
        real = None
    if not real:
        raise _refused("应为日期,写作 2026-07-01", "must be a date, written 2026-07-01")
    return text


def _month_day(given: object) -> object:
    """A day that every month has, or its last; said at once, for a union would report both of its forms."""
    if given != "last" and (type(given) is not int or not 1 <= given <= 28):
        raise _refused("应为 1 至 28,月底写 last", "must be 1 to 28, or last")
    return given


_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_NAME = r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*"
_NAME_WORDS = ("应为小写字母开头的英文名(小写字母、数字、下划线)", "must be a lower-case name (a-z, 0-9, _)")
_FEED_WORDS = ("应写作 <部门>.<名称>,均为小写英文名", "must be <department>.<name>, both lower-case names")
_REGION = r"[0-9]{6}(?:[0-9]{3}(?:[0-9]{3})?)?"
_REGION_WORDS = ("应为 6、9 或 12 位区划代码", "must be a region code of 6, 9 or 12 digits")

Name = Annotated[str, Field(max_length=40), _written(_NAME, *_NAME_WORDS), _pattern(_NAME)]
FeedId = Annotated[
    str, Field(max_length=60), _written(rf"{_NAME}\.{_NAME}", *_FEED_WORDS), _pattern(rf"{_NAME}\.{_NAME}")
]
Region = Annotated[str, _written(_REGION, *_REGION_WORDS), _pattern(_REGION)]
Day = Annotated[str, AfterValidator(_day), _pattern(_DAY)]
Title = Annotated[str, Field(min_length=1, max_length=200)]
Article = Annotated[Title, _written(r"(?s).*\S.*", "须写明所依据的条文", "must name the article it rests on")]
MonthDay = Annotated[Annotated[int, Field(ge=1, le=28)] | Literal["last"], BeforeValidator(_month_day)]
PeriodText = Annotated[
    str,
    # YAML reads a bare year as a number; every other written form of a period is text
    BeforeValidator(lambda given: str(given) if type(given) is int else given, json_schema_input_type=str | int),
]


class PersonEntry(Entry):
    id: Name
    post: Title
    duties: Annotated[tuple[Duty, ...], Field(min_length=1)]


class CentreEntry(Entry):
    id: Name
    title: Title
    level: Level
    region: Region
    people: tuple[PersonEntry, ...] = ()


class DepartmentEntry(Entry):
    id: Name
    title: Title
    region: Region
    contact: str = ""
    people: tuple[PersonEntry, ...] = ()
    real_names: bool = False


class SubscriberEntry(Entry):
    id: Name
    title: Title
    contact: str = ""


class YearFreezeEntry(Entry):
    id: Name
    effective: str
    closes: str
    article: Article


_Rung = Annotated[int, Field(ge=1, le=60)]


class HolidayEntry(Entry):
    first: Day
    last: Day
    title: Title


class WorkingDaysEntry(Entry):
    id: Name
    year: Annotated[int, Field(ge=2000, le=2999)]
    complete: bool
    holidays: tuple[HolidayEntry, ...] = ()
    workdays: tuple[Day, ...] = ()
    article: Article


class DueRuleEntry(Entry):
    id: Name
    title: Title
    effective: Day | None = None
    cadence: Cadence
    months_after: Annotated[int, Field(ge=1, le=24)] | None = None
    day: MonthDay | None = None
    days_after: Annotated[int, Field(ge=1, le=366)] | None = None
    workdays_after: Annotated[int, Field(ge=1, le=250)] | None = None
    hours_after: Annotated[int, Field(ge=1, le=8784)] | None = None
    cutoff: str = "24:00"
    inclusive: bool = True
    shift: Shift = Shift.NONE
    remind_days: Annotated[tuple[_Rung, ...], Field(min_length=1, max_length=3)] = (5, 3, 1)
    judged_by: JudgedBy
    article: Article


_OPTIONS = {
    "unit": FieldType.MONEY,
    "values": FieldType.CODE,
    "precision": FieldType.DECIMAL,
    "scale": FieldType.DECIMAL,
    "allow_15": FieldType.ID_NUMBER,
}


class FieldEntry(Entry):
    name: Name
    title: Title
    type: FieldType
    required: bool = False
    source: str = ""
    unit: Unit | None = None
    values: Annotated[dict[str, Title], Field(min_length=1)] | None = None
    precision: Annotated[int, Field(ge=1, le=38)] | None = None
    scale: Annotated[int, Field(ge=0, le=38)] | None = None
    allow_15: bool | None = None

    @model_validator(mode="after")
    def _options_fit_the_type(self) -> Self:
        for option, kind in _OPTIONS.items():
            if getattr(self, option) is not None and self.type is not kind:
                raise _refused(f"{option} 只用于 {kind} 类型", f"{option} is for type {kind} only")
        if self.type is FieldType.DECIMAL and (self.precision is None or self.scale is None):
            raise _refused("decimal 须写明 precision 和 scale", "a decimal needs precision and scale")
        if self.precision is not None and self.scale is not None and self.scale > self.precision:
            raise _refused("scale 不能大于 precision", "scale must not exceed precision")
        return self


class LimitsEntry(Entry):
    rows: Annotated[int, Field(ge=1)] = 5_000_000
    bytes: Annotated[int, Field(ge=1)] = 8 << 30
    seconds: Annotated[int, Field(ge=1, le=86_400)] = 3600


class OperationEntry(Entry):
    field: str
    delete: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]


class FeedEntry(Entry):
    id: FeedId
    title: Title
    department: str
    due: str
    starts: PeriodText
    mode: Mode
    routes: Annotated[tuple[str, ...], Field(min_length=1)]
    relays: tuple[str, ...] = ()
    key: Annotated[tuple[str, ...], Field(min_length=1)]
    operation: OperationEntry | None = None
    review: Review = Review.NONE
    amount: str | None = None
    fields: Annotated[tuple[FieldEntry, ...], Field(min_length=1)]
    limits: LimitsEntry = LimitsEntry()
    source: dict[str, JsonValue]


class Outline(Entry):
    """A catalogue file as a whole; a catalogue is one or more of them, lists joined. Entries are bound one by one."""

    region: Region | None = None
    centres: tuple[JsonValue, ...] = ()
    departments: tuple[JsonValue, ...] = ()
    due_rules: tuple[JsonValue, ...] = ()
    working_days: tuple[JsonValue, ...] = ()
    year_freeze: tuple[JsonValue, ...] = ()
    subscribers: tuple[JsonValue, ...] = ()
    feeds: tuple[JsonValue, ...] = ()


ENTRIES: dict[str, type[Entry]] = {
    "centres": CentreEntry,
    "departments": DepartmentEntry,
    "due_rules": DueRuleEntry,
    "working_days": WorkingDaysEntry,
    "year_freeze": YearFreezeEntry,
    "subscribers": SubscriberEntry,
    "feeds": FeedEntry,
}
"""The lists of a catalogue file, and what each holds."""
