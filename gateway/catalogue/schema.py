"""The JSON Schema of a catalogue file, for editors: completion and red underlines while writing.

It says what one file can be judged by alone. References, secrets in odd places and the site's part of a source are
judged by `load`; this file must never be what the product itself relies on.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, JsonValue
from pydantic.json_schema import models_json_schema

from gateway.catalogue.entries import ENTRIES, Outline

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, JsonValue]


def schema(adapters: Mapping[str, type[BaseModel]]) -> Schema:
    """JSON Schema 2020-12 of one catalogue file. `adapters` as for `load`."""
    models: list[type[BaseModel]] = [Outline, *ENTRIES.values(), *adapters.values()]
    refs, whole = models_json_schema([(model, "validation") for model in models])
    definitions = whole["$defs"]
    outline = definitions.pop("Outline")
    for key, entry in ENTRIES.items():
        outline["properties"][key]["items"] = refs[entry, "validation"]
    sources = {kind: refs[model, "validation"]["$ref"].rpartition("/")[2] for kind, model in adapters.items()}
    for kind, name in sources.items():
        definitions[name] = _source(kind, definitions[name])
    definitions["FeedEntry"]["properties"]["source"] = {
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in sources.values()]
    }
    return {**outline, "$schema": _DIALECT, "title": "yizhan catalogue", "$defs": definitions}


def _source(kind: str, definition: Schema) -> Schema:
    """An adapter's block as it stands in a catalogue: connection keys are the site's, so only `adapter` is required."""
    properties = definition["properties"]
    return {**definition, "properties": {**properties, "adapter": {"const": kind}}, "required": ["adapter"]}
