"""A `source:` block inside another: validated by the Config of the adapter it names, found through the registry.

The registry loads this package, so it is asked only when a block is validated, never at import. Must never name an
adapter.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Never

from pydantic import ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from adapters.contract import AdapterConfig, config_error
from adapters.onecard.layout import Layout

OWN = "onecard"


class NestedKeys:
    """`connection_keys` of a configuration with nested sources: the nested adapters' own, as dotted paths.

    A descriptor, because which adapters there are is known only once all are loaded.
    """

    def __init__(self, *parts: str) -> None:
        self._parts = parts

    def __get__(self, instance: object, owner: type) -> frozenset[str]:
        keys = {key for config in _configs().values() for key in config.connection_keys}
        return frozenset(f"{part}.source.{key}" for part in self._parts for key in keys)


def source(given: object, layout: Layout | None) -> AdapterConfig:
    """The nested block, with the layout's blocks where it has none of its own.

    Raises:
        ValidationError: of the nested adapter's Config.
        PydanticCustomError: it is no block, or names no adapter that can be composed.
    """
    if isinstance(given, AdapterConfig):
        return given
    if not isinstance(given, Mapping):
        raise config_error("source", "source 应为若干键值", "source must be a mapping")
    name, configs = given.get("adapter"), _configs()
    if name not in configs:
        near = (get_close_matches(str(name), configs, 1) or ["-"])[0]
        zh, en = f"source.adapter 应为已安装的适配器;最接近的是 {near}", f"no such adapter in source; nearest is {near}"
        raise config_error("source", zh, en)
    config = configs[name]
    laid = {} if layout is None else {key: block for key, block in layout.blocks() if key in config.model_fields}
    return config.model_validate_json(json.dumps({**laid, **given}))


def _configs() -> Mapping[str, type[AdapterConfig]]:
    from adapters.registry import Registry

    return {name: config for name, config in Registry.installed().configs().items() if name != OWN}


def tell(error: ValidationError) -> Never:
    """The same errors in words that the catalogue can place: a missing key by its whole path, so that it may be left
    to the site like any connection key; an unknown one with the nearest of its own block.

    Raises: ValidationError
    """
    raise ValidationError.from_exception_data(error.title, list(_told(error)), hide_input=True)


def _told(error: ValidationError) -> Iterator[InitErrorDetails]:
    found = error.errors(include_url=False)
    laid_out_wrongly = {one["loc"][:1] for one in found if one["loc"][1:] == ("layout",)}
    for one in found:
        if one["loc"][:1] in laid_out_wrongly and one["loc"][1:] == ("source", "format"):
            continue  # it would have come from the layout
        if one["type"] == "missing" and len(one["loc"]) > 1:
            yield InitErrorDetails(type="missing", loc=(".".join(map(str, one["loc"])),), input=None)
        elif one["type"] == "extra_forbidden" and "source" in one["loc"]:
            yield InitErrorDetails(type=_unknown(one), loc=one["loc"], input=None)
        else:
            yield InitErrorDetails(type=_kind(one), loc=one["loc"], input=one["input"], ctx=one.get("ctx", {}))


def _kind(one: ErrorDetails) -> str | PydanticCustomError:
    """pydantic's own kinds are rebuilt from their name and context, ours from their words."""
    context = one.get("ctx", {})
    return PydanticCustomError(one["type"], "{en}", context) if "en" in context else one["type"]


def _unknown(one: ErrorDetails) -> PydanticCustomError:
    key = str(one["loc"][-1])
    near = (get_close_matches(key, _keys(), 1) or ["-"])[0]
    return config_error("unknown_key", f"没有这个键;最接近的是 {near}", f"is no known key; nearest is {near}")


def _keys() -> set[str]:
    """Of every adapter: which one the block names is not in the error."""
    return {key for config in _configs().values() for key in config.model_fields}
