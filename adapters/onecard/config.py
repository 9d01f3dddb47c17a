"""The `source:` block of a one-card feed: which parts there are, in which layout, and where each is read from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ModelWrapValidatorHandler,
    PlainSerializer,
    PlainValidator,
    SerializeAsAny,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from adapters.contract import AdapterConfig, config_error
from adapters.onecard import nested
from adapters.onecard.layout import Layout, Role, load

_ANSWERS = ("returns", "refunds", "reissues")
_PARTS = ("roster", "batches", *_ANSWERS)


def _layout(given: object) -> Layout:
    if isinstance(given, Layout):
        return given
    if not isinstance(given, str):
        raise config_error("layout", "layout 应为布局名称或绝对路径", "layout is a layout's name or its absolute path")
    return load(given)


def _source(given: object, info: ValidationInfo) -> AdapterConfig:
    """With a layout that is at fault itself, the block is judged without it."""
    return nested.source(given, info.data.get("layout"))


class Part(BaseModel):
    """One thing that is read.

    Attributes:
        layout: how it is laid out: a shipped layout's name (`bocom_return`, `channel_xml`, `fiscal_batches`,
            `fiscal_roster`, `lanzhou_bank`, `yonyou_payroll`), or the absolute path of a site's own.
        source: the block of the adapter that reads it, `adapter:` first; `format` and `archive` come from the layout
            where absent. What the site gives stands in the same place below its feed:
            `roster: {source: {root: /data/onecard}}`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    layout: Annotated[
        Layout,
        PlainValidator(_layout, json_schema_input_type=str),
        PlainSerializer(lambda layout: layout.title, return_type=str),
    ]
    source: Annotated[
        SerializeAsAny[AdapterConfig], PlainValidator(_source, json_schema_input_type=dict[str, JsonValue])
    ]


class Answers(Part):
    """What a bank returns.

    Attributes:
        layout: as in `roster`, of a file of answers.
        source: as in `roster`.
        absent: what to do while it is not there: take everybody for not yet returned, or wait for it (try again later).
    """

    absent: Literal["pending", "wait"] = "pending"


class Fills(BaseModel):
    """Which of the feed's fields are filled in the standard codes, where a layout states them.

    What no layout states is read from the roster like any other field.

    Attributes:
        state: the field of the state (发放状态): 0 not yet returned, 1 succeeded, 2 failed, 3 refunded, 4 re-issued.
        reason: the field of the failure reason, 01 to 11; a bank's other words are passed on for the checks. Where no
            layout has the role, the field is read from the roster, which then needs its column.
        original_batch, original_serial: the fields that link a re-issue to the entry it pays again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    state: str = "pay_state"
    reason: str = "failure"
    original_batch: str = "original_batch_no"
    original_serial: str = "original_serial_no"


class OnecardConfig(AdapterConfig):
    """The parts of a one-card payment.

    Attributes:
        roster: the payment roster (清册): one row of the feed for each of its entries.
        batches: the fiscal batches' own counts and sums by document number; absent: the roster's own totals alone.
        returns, refunds, reissues: the bank's answers, in one file or several: success and failure with its reason;
            money that came back (退汇); failed entries paid again (补发).
        fills: which fields of the feed are filled from the answers.
    """

    connection_keys: ClassVar[Any] = nested.NestedKeys(*_PARTS)
    file_keys: ClassVar[frozenset[str]] = frozenset(f"{part}.layout" for part in _PARTS)

    adapter: Literal["onecard"]
    roster: Part
    batches: Part | None = None
    returns: Answers | None = None
    refunds: Answers | None = None
    reissues: Answers | None = None
    fills: Fills = Field(default_factory=Fills)

    @model_validator(mode="wrap")
    @classmethod
    def _placed(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(given)
        except ValidationError as error:
            nested.tell(error)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        parts = (("roster", self.roster, "roster"), ("batches", self.batches, "batches"))
        for name, part, holds in (*parts, *((name, part, "returns") for name, part in self.answers())):
            if part is not None and part.layout.holds != holds:
                zh, en = f"{name} 的布局不是用于 {holds} 的", f"the layout of {name} is not one of {holds}"
                raise config_error("layout", zh, en)
        if self.batches is not None and not self._same_documents(self.batches.layout):
            zh, en = (
                "清册和批次的布局须都有或都没有资金文号",
                "roster and batches both state documents, or neither does",
            )
            raise config_error("layout", zh, en)
        for name, part in self.answers():
            if part.layout.match != self.match:
                zh, en = "各回盘布局的 match 应相同", "the layouts of all answers must have the same match"
                raise config_error("layout", zh, en)
            lacking = [role for role in self.match if role not in self.roster.layout.given]
            if lacking:
                zh = f"清册布局缺少 {name} 核对所用的 {'、'.join(lacking)}"
                raise config_error(
                    "layout", zh, f"the roster's layout lacks {', '.join(lacking)}, which {name} matches"
                )
        return self

    def _same_documents(self, batches: Layout) -> bool:
        return (Role.DOCUMENT in batches.given) == (Role.DOCUMENT in self.roster.layout.given)

    def answers(self) -> Iterator[tuple[str, Answers]]:
        """Those that are configured, by name."""
        for name in _ANSWERS:
            part = getattr(self, name)
            if part is not None:
                yield name, part

    @property
    def filled(self) -> frozenset[str]:
        """Names of the fields that are filled."""
        layouts = [self.roster.layout, *(part.layout for _, part in self.answers())]
        stated = frozenset(role for layout in layouts for role in layout.roles)
        if any(True for _ in self.answers()):
            stated |= {Role.STATE}
        return frozenset(name for role, name in self.fills if Role(role) in stated)

    @property
    def match(self) -> tuple[Role, ...]:
        """The roles by which an answer finds its entry."""
        for _, part in self.answers():
            return part.layout.match
        return self.roster.layout.match
