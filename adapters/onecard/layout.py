"""Layouts: what a county's or a bank's file calls each thing, and what its codes mean. Data, in YAML files.

Owns the shape of such a file and its reading. Shipped ones lie in `layouts/`; a site adds its own by an absolute path.
Must never guess a column from its title, and never quote a value out of a file that may not be a layout at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from enum import StrEnum
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from adapters.contract import config_error
from gateway.records.types import Unit

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_QUOTED = re.compile("'([^']*)'")
_MOST_BYTES = 256 * 1024
_SHIPPED = files(__package__) / "layouts"


class Role(StrEnum):
    """What a column is, whatever it is called. Nothing else of a row is looked at."""

    DOCUMENT = "document"  # 资金文号
    BATCH = "batch"  # 批次号
    SERIAL = "serial"  # 批次内序号
    PERSON = "person"  # 身份证号
    NAME = "name"
    ACCOUNT = "account"
    ITEM = "item"  # 补贴项目
    COVERS = "covers"  # the month or year the payment is for, where one roster holds several
    AMOUNT = "amount"
    PEOPLE = "people"  # a fiscal batch's own count
    STATE = "state"
    REASON = "reason"
    ORIGINAL_BATCH = "original_batch"
    ORIGINAL_SERIAL = "original_serial"


_CONSTANT = frozenset({Role.DOCUMENT, Role.BATCH, Role.ITEM, Role.COVERS})


class State(StrEnum):
    """What a code of the bank's says of an entry."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"
    REFUND = "refund"
    REISSUE = "reissue"


FAILURES: Mapping[str, str] = {
    "01": "户名不符", "02": "证件号不符", "03": "账号不存在", "04": "账户已销户", "05": "账户冻结或止付",
    "06": "睡眠户", "07": "账户状态异常", "08": "超限额", "09": "重复", "10": "死亡", "11": "银行通讯失败",
}  # fmt: skip
"""The standard failure codes, as the sample catalogue's `finance.onecard` declares them."""

Failure = Annotated[str, Field(pattern=r"^(0[1-9]|1[01])$")]
Title = Annotated[str, Field(min_length=1, max_length=100)]
Roles = Annotated[
    tuple[Role, ...],
    BeforeValidator(lambda given: tuple(given) if isinstance(given, list) else given),
    Field(min_length=1, max_length=6),
]


class Layout(BaseModel):
    """One layout.

    Attributes:
        title, found: what it is the layout of, and where that is written down.
        holds: entries of a roster, fiscal batches (one row each), or a bank's answers.
        format, archive: the blocks of that name for a source that is files; a source that says its own keeps it.
        roles: the column's own name for each role: `document` 资金文号, `batch` 批次号, `serial` 批次内序号, `person`
            身份证号, `name`, `account`, `item` 补贴项目, `covers` the month or year paid for, `amount`, `people`,
            `state`, `reason`, `original_batch`, `original_serial`.
        constants: a text for roles that no column holds, with the period in it (`{yyyymm}`).
        unit: what amounts are stated in; a roster's amount keeps its field's own unit.
        match: the roles by which an answer finds its entry.
        padded: of those, the ones whose leading zeros do not matter ("0012" finds "12").
        states: what each code of the column `state` says (`pending`, `success`, `failure`, `refund`, `reissue`); "" is
            an empty cell.
        reasons: the standard failure code of each of the bank's; another is passed on as it stands, for the checks.
        every_line: what every line says, where the file has no such column (a list of refunds).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    title: Title
    found: Annotated[str, Field(min_length=1, max_length=500)]
    holds: Literal["roster", "batches", "returns"]
    format: dict[str, JsonValue] | None = None
    archive: dict[str, JsonValue] | None = None
    roles: dict[Role, Title]
    constants: dict[Role, Title] = Field(default_factory=dict)
    unit: Unit = Unit.YUAN
    match: Roles = (Role.BATCH, Role.SERIAL)
    padded: Roles | None = None
    states: dict[Annotated[str, Field(max_length=40)], State] = Field(default_factory=dict)
    reasons: dict[Title, Failure] = Field(default_factory=dict)
    every_line: State | None = None

    @model_validator(mode="after")
    def _says_enough(self) -> Self:
        if self.roles.keys() & self.constants.keys():
            raise config_error("layout", "同一角色既有列又有常数", "a role has both a column and a constant")
        if not self.constants.keys() <= _CONSTANT:
            raise config_error("layout", "该角色不能为常数", "a role that cannot be the same for every row is constant")
        if len(set(self.roles.values())) != len(self.roles):
            raise config_error("layout", "同一列被指为两个角色", "one column has two roles")
        lacking = [role for role in self._needed if role not in self.given]
        if lacking:
            names = "、".join(lacking)
            raise config_error("layout", f"缺少角色 {names}", f"it lacks the roles {', '.join(lacking)}")
        if (Role.STATE in self.roles) != bool(self.states):
            raise config_error("layout", "state 列与 states 代码表须同时给出", "a state column and states go together")
        if self.holds == "returns" and (Role.STATE in self.roles) == (self.every_line is not None):
            zh, en = "回盘须有 state 列或 every_line,二者取一", "answers need a state column or every_line, not both"
            raise config_error("layout", zh, en)
        return self

    @property
    def _needed(self) -> tuple[Role, ...]:
        match self.holds:
            case "roster":
                return (Role.AMOUNT,)
            case "batches":
                return (Role.BATCH, Role.PEOPLE, Role.AMOUNT)
            case _:
                return self.match

    @cached_property
    def given(self) -> frozenset[Role]:
        """The roles that have a column or a constant."""
        return frozenset(self.roles) | frozenset(self.constants)

    def blocks(self) -> Iterator[tuple[str, dict[str, JsonValue]]]:
        """What a source that is files takes from here."""
        for name, block in (("format", self.format), ("archive", self.archive)):
            if block is not None:
                yield name, block


def shipped() -> tuple[str, ...]:
    """The names of the layouts that come with the product."""
    return tuple(sorted(one.name.removesuffix(".yaml") for one in _SHIPPED.iterdir()))


def load(name: str) -> Layout:
    """A shipped layout by its name, or a site's own by its absolute path.

    Raises:
        PydanticCustomError: no such layout, or what is wrong in it, with the nearest key. Never a value of it.
    """
    try:
        return Layout.model_validate_json(json.dumps(_plain(name)))
    except ValidationError as error:
        zh, en = _words(error.errors(include_url=False)[0])
        raise config_error("layout", f"布局 {name}:{zh}", f"layout {name}: {en}") from None


def _plain(name: str) -> Any:
    text = _text(name)
    try:
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError:
        zh, en = f"布局 {name} 不是合法的 YAML", f"layout {name} is not valid YAML"
        raise config_error("layout", zh, en) from None


def _text(name: str) -> str:
    if _NAME.fullmatch(name):
        if name not in shipped():
            near = (get_close_matches(name, shipped(), 1, 0.5) or ["-"])[0]
            zh, en = f"没有布局 {name};最接近的是 {near}", f"no layout {name}; nearest is {near}"
            raise config_error("layout", zh, en)
        return (_SHIPPED / f"{name}.yaml").read_text("utf-8")
    if not name.startswith("/"):
        zh, en = "布局应为自带布局的名称,或绝对路径", "a layout is named, or given by its absolute path"
        raise config_error("layout", zh, en)
    try:
        if not Path(name).is_file():  # a pipe would be waited for
            raise FileNotFoundError
        with Path(name).open("rb") as file:
            return file.read(_MOST_BYTES).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        raise config_error("layout", f"布局 {name} 无法读取", f"layout {name} cannot be read") from None


def _words(error: Mapping[str, Any]) -> tuple[str, str]:
    place = ".".join(str(step) for step in error["loc"] if step != "[key]") or "-"
    if error["type"] == "extra_forbidden":
        near = (get_close_matches(place, Layout.model_fields, 1, 0.5) or ["-"])[0]
        return f"没有这个键 {place};最接近的是 {near}", f"unknown key {place}; nearest is {near}"
    if error["type"] == "enum":
        near = (get_close_matches(str(error["input"]), _QUOTED.findall(error["ctx"]["expected"]), 1, 0.5) or ["-"])[0]
        return f"{place} 不是约定的词;最接近的是 {near}", f"{place} is none of the agreed words; nearest is {near}"
    if error["type"] == "missing":
        return f"缺少键 {place}", f"key {place} is missing"
    facts = error.get("ctx", {})
    if "zh" in facts:
        return str(facts["zh"]), str(facts["en"])
    return f"{place} 的值不符合要求", f"{place} does not hold what it should"
