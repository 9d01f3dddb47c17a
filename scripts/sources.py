"""The keys of every adapter's `source:` block, from the live configuration models and their docstrings.

Owns docs/sources.md's text. A key without a line under `Attributes:` of its model is shown as undocumented, and a test
fails on that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from inspect import cleandoc
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from adapters.contract import AdapterConfig, SecretRef
from adapters.registry import Registry

UNDOCUMENTED = "(undocumented)"
_NAMED = ("kind", "by", "style")  # their one word says which block it is
_WHICH = "says that it is this block."
Row = tuple[str, ...]
_ATTRIBUTE = re.compile(r"^    (\w+(?:, \w+)*): (.*(?:\n {6,}.*)*)", re.MULTILINE)
_PLAIN = {str: "text", int: "whole number", float: "number", bool: "true / false", SecretRef: "env:NAME / file:PATH"}


def adapters() -> Mapping[str, type[AdapterConfig]]:
    """This distribution's own adapters, by name."""
    entries = Registry.installed().entries
    ours = {entry.name: entry.adapter for entry in entries if entry.distribution == "yizhan" and entry.adapter}
    return {name: adapter.Config for name, adapter in ours.items()}


def blocks(config: type[BaseModel]) -> Iterator[tuple[type[BaseModel], list[Row]]]:
    """A configuration's own keys, then those of each block inside it, once each."""
    waiting, seen = [config], set()
    while waiting:
        model = waiting.pop(0)
        if model in seen:
            continue
        seen.add(model)
        yield model, [_row(model, name) for name in model.model_fields if name != "adapter"]
        waiting += [found for field in model.model_fields.values() for found in _models(field.annotation)]


def _row(model: type[BaseModel], name: str) -> Row:
    field = model.model_fields[name]
    given = ("site" if name in model.connection_keys else "catalogue",) if issubclass(model, AdapterConfig) else ()
    default = "" if field.default in (PydanticUndefined, None) else f"`{_written(field.default)}`"
    needed = "required" if field.is_required() else default
    said = meanings(model).get(name, UNDOCUMENTED)
    if said == UNDOCUMENTED and _is_its_name(model, name):
        needed, said = "required", _WHICH  # whatever the model takes when it is built in Python
    return f"`{name}`", *given, _type(field.annotation), needed, said


def _is_its_name(model: type[BaseModel], name: str) -> bool:
    annotation = model.model_fields[name].annotation
    return name in _NAMED and get_origin(annotation) is Literal and len(get_args(annotation)) == 1


def meanings(model: type[BaseModel]) -> dict[str, str]:
    """What the docstrings of a model and those it extends say of each attribute."""
    found: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        text = cleandoc(kind.__doc__ or "") if issubclass(kind, BaseModel) else ""
        for names, words in _ATTRIBUTE.findall(text.partition("Attributes:\n")[2]):
            found |= dict.fromkeys(names.split(", "), re.sub(r"\s+", " ", words).strip())
    return found


def first_line(model: type[BaseModel]) -> str:
    """What the model says of itself."""
    return cleandoc(model.__doc__ or "").partition("\n\n")[0].replace("\n", " ")


def _written(default: object) -> str:
    if isinstance(default, BaseModel):
        said = default.model_dump(exclude_none=True)
        return "{" + ", ".join(f"{key}: {value}" for key, value in said.items()) + "}"
    return str(default) if not isinstance(default, tuple) else str([str(one) for one in default])


def _type(annotation: Any) -> str:
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(inside[0])
    if origin is Literal:
        return " / ".join(f"`{word}`" for word in inside)
    if origin in (Union, UnionType):
        return " / ".join(dict.fromkeys(_type(one) for one in inside if one is not NoneType))
    if origin is tuple:
        return f"list of {_type(inside[0])}"
    if origin is dict:
        return f"{_type(inside[0])}: {_type(inside[1])}"
    return f"[{annotation.__name__}](#{annotation.__name__.lower()})" if _is_model(annotation) else "text"


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if _is_model(annotation):
        yield annotation
    for inside in get_args(annotation):
        yield from _models(inside)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
