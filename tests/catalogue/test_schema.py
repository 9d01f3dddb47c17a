"""The editors' schema: takes the sample, and underlines what `load` would refuse in one file.

`check` below is the part of JSON Schema 2020-12 that the schema uses; a keyword it does not know fails the test, so it
cannot pass by overlooking one.
"""

import json
import re

import pytest

from gateway.catalogue import read, schema

from .conftest import SMALL

# `discriminator` only tells an editor which member of a `oneOf` is meant; the members themselves are judged.
NOTES = {"$schema", "$defs", "title", "description", "default", "discriminator"}
TYPES = {"string": str, "integer": int, "number": (int, float), "object": dict, "array": list, "null": type(None)}


def check(value, rule, root):
    """The faults of `value` under `rule`, as a list of short texts."""
    if rule is True or rule == {}:
        return []
    if unknown := set(rule) - NOTES - set(KEYWORDS):
        raise AssertionError(f"the schema uses keywords this test does not judge: {unknown}")
    return [fault for word, judge in KEYWORDS.items() if word in rule for fault in judge(value, rule, root)]


def of_type(value, rule, root):
    if rule["type"] == "boolean" or isinstance(value, bool):
        return [] if rule["type"] == "boolean" and isinstance(value, bool) else ["type"]
    return [] if isinstance(value, TYPES[rule["type"]]) else ["type"]


def properties(value, rule, root):
    known = rule.get("properties", {})
    inside = [fault for key in known if key in value for fault in check(value[key], known[key], root)]
    rest = rule.get("additionalProperties", True)
    others = [key for key in value if key not in known]
    if rest is False:
        return inside + [f"unknown key {key}" for key in others]
    return inside + [fault for key in others for fault in check(value[key], rest, root)]


def mapping(judge):
    return lambda value, rule, root: judge(value, rule, root) if isinstance(value, dict) else []


def within(kind, keep):
    return lambda value, rule, root: (
        ["bounds"] if isinstance(value, kind) and not isinstance(value, bool) and not keep(value, rule) else []
    )


def any_of(value, rule, root):
    return [] if any(not check(value, one, root) for one in rule["anyOf"]) else ["anyOf"]


def one_of(value, rule, root):
    return [] if sum(not check(value, one, root) for one in rule["oneOf"]) == 1 else ["oneOf"]


KEYWORDS = {
    "$ref": lambda value, rule, root: check(value, root["$defs"][rule["$ref"].removeprefix("#/$defs/")], root),
    "type": of_type,
    "const": lambda value, rule, root: [] if value == rule["const"] else ["const"],
    "enum": lambda value, rule, root: [] if value in rule["enum"] else ["enum"],
    "anyOf": any_of,
    "oneOf": one_of,
    "required": mapping(lambda value, rule, root: [f"missing {k}" for k in rule["required"] if k not in value]),
    "properties": mapping(properties),
    "additionalProperties": mapping(lambda v, rule, root: [] if "properties" in rule else properties(v, rule, root)),
    "items": lambda v, rule, root: [f for x in v for f in check(x, rule["items"], root)] if isinstance(v, list) else [],
    "pattern": within(str, lambda value, rule: re.search(rule["pattern"], value)),
    "minLength": within(str, lambda value, rule: len(value) >= rule["minLength"]),
    "maxLength": within(str, lambda value, rule: len(value) <= rule["maxLength"]),
    "minItems": within(list, lambda value, rule: len(value) >= rule["minItems"]),
    "minProperties": within(dict, lambda value, rule: len(value) >= rule["minProperties"]),
    "minimum": within((int, float), lambda value, rule: value >= rule["minimum"]),
    "exclusiveMinimum": within((int, float), lambda value, rule: value > rule["exclusiveMinimum"]),
    "maximum": within((int, float), lambda value, rule: value <= rule["maximum"]),
}


@pytest.fixture(scope="module")
def written(adapters):
    return schema(adapters)


def test_the_schema_is_json_with_no_reference_to_nowhere(written):
    text = json.dumps(written)
    assert set(re.findall(r'"#/\$defs/(\w+)"', text)) <= set(written["$defs"])
    assert written["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_it_takes_every_file_of_the_sample(sample, written):
    files = sorted(sample.rglob("*.yaml"))
    assert len(files) >= 5
    for file in files:
        assert check(read(file).plain(), written, written) == [], file


@pytest.mark.parametrize(
    ("piece", "by"),
    [
        ("region: \"430482\"\ncentres", "regoin: x\ncentres"),
        ("level: county", "levle: county"),
        ("unit: yuan", "units: yuan"),
        ("limits: {rows", "limits: {row"),
        ("path: /out", "pathh: /out"),
        ("sums: {amount", "sum: {amount"),
        ("mode: snapshot", "mode: all"),
        ("adapter: sftp", "adapter: ftp"),
        ("title: 发放清册", "title: 5"),
        ("    routes: [changning]\n", ""),
        ("rows: 1000", "rows: 0"),
        ("id: finance.onecard", "id: onecard"),
    ],
)  # fmt: skip
def test_it_underlines_what_cannot_be_right(tmp_path, written, piece, by):
    assert SMALL.count(piece) == 1
    (tmp_path / "x.yaml").write_text(SMALL.replace(piece, by), encoding="utf-8")
    assert check(read(tmp_path / "x.yaml").plain(), written, written)


def test_it_takes_the_small_catalogue_and_a_year_written_as_a_number(tmp_path, written):
    (tmp_path / "x.yaml").write_text(SMALL.replace("starts: 2026-10", "starts: 2026"), encoding="utf-8")
    assert check(read(tmp_path / "x.yaml").plain(), written, written) == []
