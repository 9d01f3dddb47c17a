"""Located data into a pydantic model, and pydantic's errors into ours: place, nearest key, Chinese and English.

Every strict file of the product (catalogue, site file) goes through `bind`. This file must never put a value into an
error: what stands in the wrong place may be a secret.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gateway.catalogue.literals import dotted
from gateway.catalogue.yaml import Located, Place, Step
from gateway.errors import ConfigFaults, ConfigInvalid, SecretLiteral, YizhanError

M = TypeVar("M", bound=BaseModel)

_SHOWN = 60
_QUOTED = re.compile(r"'([^']*)'")

# pydantic's error type -> what we say; braces are filled from pydantic's own limits, never from the input
_TOLD = {
    "string_type": ("应为文字;像数字的编码请加引号", "must be text; quote a code that looks like a number"),
    "int_type": ("应为整数", "must be a whole number"),
    "int_from_float": ("应为整数", "must be a whole number"),
    "float_type": ("应为数字", "must be a number"),
    "bool_type": ("应为 true 或 false", "must be true or false"),
    "tuple_type": ("应为列表", "must be a list"),
    "list_type": ("应为列表", "must be a list"),
    "dict_type": ("应为若干键值", "must be a mapping"),
    "model_type": ("应为若干键值", "must be a mapping"),
    "string_too_short": ("不能少于 {min_length} 个字符", "must have at least {min_length} characters"),
    "string_too_long": ("不能超过 {max_length} 个字符", "must have at most {max_length} characters"),
    "too_short": ("至少要有 {min_length} 项", "must have at least {min_length} items"),
    "too_long": ("不能超过 {max_length} 项", "must have at most {max_length} items"),
    "greater_than": ("必须大于 {gt}", "must be greater than {gt}"),
    "greater_than_equal": ("不能小于 {ge}", "must be at least {ge}"),
    "less_than": ("必须小于 {lt}", "must be less than {lt}"),
    "less_than_equal": ("不能大于 {le}", "must be at most {le}"),
    "string_pattern_mismatch": ("写法应符合 {pattern}", "must match {pattern}"),
}


def bind(located: Located, model: type[M]) -> M:
    """`located` as a strict `model`.

    Raises:
        ConfigInvalid, SecretLiteral: the one fault there is.
        ConfigFaults: there are several.
    """
    return raise_faults(*attempt(located, model))


def raise_faults(bound: M | None, faults: Sequence[YizhanError]) -> M:
    """What was bound, unless there are faults: then these, one alone or several as `ConfigFaults`."""
    if len(faults) == 1:
        raise faults[0]
    if faults or bound is None:
        raise ConfigFaults(faults=tuple(faults))
    return bound


def attempt(
    located: Located, model: type[M], absent: frozenset[str] = frozenset()
) -> tuple[M | None, list[YizhanError]]:
    """The model, or None and its faults. Top-level keys in `absent` may be missing: then it is None without a fault."""
    try:
        # through JSON: only there does strict mean that a list is a tuple, a word an enum, and nothing else bends
        return model.model_validate_json(json.dumps(located.plain())), []
    except ValidationError as error:
        details = error.errors(include_url=False)
    told = (one for one in details if not _may_be_absent(one, absent) and not _follows(one, details))
    return None, _once_each(_fault(located, model, one) for one in told)


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` most like `name`, if any is like it at all."""
    folded = {known.casefold().replace("-", "_"): known for known in names}
    found = difflib.get_close_matches(name.casefold().replace("-", "_"), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def unknown(place: Place, kind: tuple[str, str], name: str, names: Iterable[str]) -> ConfigInvalid:
    """A name that is not among `names`; `kind` says in Chinese and English what it should be the name of."""
    known = sorted(names)
    near = nearest(name, known)
    shown = name if len(name) <= _SHOWN else name[:_SHOWN] + "…"
    if near:
        zh, en = f";最接近的是 {near}", f"; nearest is {near}"
    else:
        zh, en = f";可用的有 {'、'.join(known) or '(无)'}", f"; known: {', '.join(known) or '(none)'}"
    return ConfigInvalid(
        place=place, problem_zh=f"没有这个{kind[0]} {shown}{zh}", problem_en=f"unknown {kind[1]} {shown}{en}"
    )


def _may_be_absent(error: ErrorDetails, absent: frozenset[str]) -> bool:
    return error["type"] == "missing" and len(error["loc"]) == 1 and error["loc"][0] in absent


def _follows(error: ErrorDetails, others: Sequence[ErrorDetails]) -> bool:
    """A list is too short also once its items at fault are left out: what is wrong with them is told, and enough."""
    loc = error["loc"]
    return error["type"] == "too_short" and any(
        len(one["loc"]) > len(loc) and one["loc"][: len(loc)] == loc for one in others
    )


def _once_each(faults: Iterable[YizhanError]) -> list[YizhanError]:
    """A union reports every form it tried; the same words at the same place are said once."""
    return list({(type(fault), str(fault)): fault for fault in faults}.values())


def _fault(located: Located, model: type[BaseModel], error: ErrorDetails) -> YizhanError:
    path = _data_path(located, error["loc"])
    place = located.place_of(path)
    if error["type"] == "secret_literal":
        return SecretLiteral(place=place, key=dotted(path))
    if error["type"] == "extra_forbidden":
        return unknown(place, ("键", "key"), str(path[-1]), _keys(model, located, error["loc"][:-1]))
    if error["type"] == "missing":
        key = str(error["loc"][-1])
        return ConfigInvalid(
            place=place, problem_zh=f"{_inside(path)}缺少键 {key}", problem_en=f"{_inside(path)}key {key} is missing"
        )
    zh, en = _words(error)
    return ConfigInvalid(place=place, problem_zh=f"{_inside(path)}{zh}", problem_en=f"{_inside(path)}{en}")


def _inside(path: Sequence[Step]) -> str:
    return f"{dotted(tuple(path))} " if path else ""


def _words(error: ErrorDetails) -> tuple[str, str]:
    facts: Mapping[str, Any] = error.get("ctx", {})
    if error["type"] in ("enum", "literal_error"):
        return _choice(error["input"], _QUOTED.findall(str(facts["expected"])))
    if error["type"].startswith("union_tag"):
        return _tag(facts)
    if error["type"] in _TOLD:
        zh, en = _TOLD[error["type"]]
        return zh.format(**facts), en.format(**facts)
    said = str(facts["error"]) if error["type"] == "value_error" else error["msg"]
    return str(facts.get("zh", f"不符合要求({said})")), said


def _tag(facts: Mapping[str, Any]) -> tuple[str, str]:
    """Which form of a block is meant is not said, or is said wrongly."""
    key = str(facts["discriminator"]).strip("'")
    if "tag" not in facts:
        return f"缺少键 {key}", f"lacks the key {key}"
    zh, en = _choice(facts["tag"], _QUOTED.findall(str(facts["expected_tags"])))
    return f"的 {key} {zh}", f"{key} {en}"


def _choice(given: object, allowed: list[str]) -> tuple[str, str]:
    near = nearest(given, allowed) if isinstance(given, str) else None
    zh, en = (f",最接近的是 {near}", f"; nearest is {near}") if near else ("", "")
    return f"应为 {' 或 '.join(allowed)}{zh}", f"must be {' or '.join(allowed)}{en}"


def _data_path(located: Located, loc: tuple[Step, ...]) -> tuple[Step, ...]:
    """pydantic's location without what is not in the data: names of union members, and a missing last key."""
    path: tuple[Step, ...] = ()
    here = located
    for step in loc:
        below = dict(here.items())
        if step in below:
            path, here = (*path, step), below[step]
    return path


def _keys(model: type[BaseModel], located: Located, loc: Sequence[Step]) -> set[str]:
    """The keys that may stand where pydantic's location leads; a step that is not in the data chooses of a union."""
    here: list[Any] = [model]
    for step in loc:
        below = dict(located.items())
        if step in below:
            here, located = [one for each in here for one in _below(each, step)], below[step]
        else:
            here = [one for one in here if _chosen(one, step)] or here
    return {name for one in here for name in getattr(one, "model_fields", ())}


def _chosen(alternative: Any, tag: Step) -> bool:
    """Whether a union's tag, `delimited` of `kind: Literal["delimited"]`, means this alternative."""
    fields = getattr(alternative, "model_fields", {})
    return any(tag in get_args(field.annotation) for field in fields.values())


def _below(annotation: Any, step: Step) -> list[Any]:
    """The models (and containers) that may stand one step below a model or container."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        known = annotation.model_fields.get(str(step))
        return _opened(known.annotation) if known else []
    return [one for argument in get_args(annotation) for one in _opened(argument)]


def _opened(annotation: Any) -> list[Any]:
    """An annotation's alternatives: the annotation itself, and for `X | None` or `Annotated[X, ...]` also X."""
    return [annotation, *(one for argument in get_args(annotation) for one in _opened(argument))]
