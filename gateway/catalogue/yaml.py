"""Strict YAML 1.2 with a place for every value.

Owns the step from bytes to plain data: each mapping entry and list item knows its file and line. It takes the JSON
subset only (text, whole and decimal numbers, true/false, null, lists, mappings with text keys) and refuses what makes
a file mean more than it shows: duplicate keys, anchors, tags, several documents. It must never quote a line of the
file in an error, because that line may hold a secret.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from gateway.errors import ConfigInvalid, ConfigMissing

MAX_BYTES = 16 * 1024 * 1024

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,29})")
"""Python takes no longer ones than 4,300 digits, and nobody writes one of thirty."""
_TAG = "tag:yaml.org,2002:"
_SCALARS = frozenset({"str", "timestamp", "null", "bool", "int", "float"})


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a value stands; `str()` gives `file:line`, lines counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


Step = str | int
Scalar = str | int | float | bool | None


@dataclass(frozen=True, kw_only=True)
class Located:
    """A value with its place, all the way down. A mapping entry stands where its key stands.

    The value is left out of `repr`: it is configuration not yet known to be free of secrets.
    """

    place: Place
    value: Scalar | tuple[Located, ...] | Mapping[str, Located] = field(repr=False)

    def plain(self) -> JsonValue:
        """The data without its places."""
        if isinstance(self.value, Mapping):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, tuple):
            return [child.plain() for child in self.value]
        return self.value

    def child(self, *steps: Step) -> Located:
        """The value below, by keys and list positions. Raises: KeyError when it is not there."""
        found = self
        for step in steps:
            found = found._entries()[step]
        return found

    def items(self) -> tuple[tuple[Step, Located], ...]:
        """Entries of a mapping by key, items of a list by position; nothing for a scalar."""
        return tuple(self._entries().items())

    def place_of(self, path: Sequence[Step]) -> Place:
        """The place of the value at `path`, or of the nearest thing around it that is there."""
        found = self
        for step in path:
            if step not in found._entries():
                break
            found = found._entries()[step]
        return found.place

    def _entries(self) -> Mapping[Step, Located]:
        if isinstance(self.value, Mapping):
            return {**self.value}
        return dict(enumerate(self.value)) if isinstance(self.value, tuple) else {}


def parse(path: Path) -> Located:
    """The one document in a file, not yet looked through for secrets (`read` in `literals.py` does).

    Raises:
        ConfigMissing: there is no such file.
        ConfigInvalid: it is not readable, not UTF-8, not YAML, empty, or uses what this house does not take.
    """
    return parse_text(read_text(path), path)


def parse_text(text: str, path: Path) -> Located:
    """The one document of a text; `path` is the file it is of, for the places. Raises: ConfigInvalid, as `parse`."""
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _invalid(path, mark.line + 1 if mark else 1, *_NOT_YAML) from None
    except (YAMLError, RecursionError, ValueError, OverflowError):  # the last two: an escape that is no character
        raise _invalid(path, 1, *_NOT_YAML) from None
    if root is None:
        raise _invalid(path, 1, "文件是空的", "the file is empty")
    return _located(root, Place(file=str(path), line=1))


def overlay(base: Located, over: Located) -> Located:
    """`base` with what `over` says instead or in addition; mappings are merged, anything else is replaced whole."""
    if not isinstance(base.value, Mapping) or not isinstance(over.value, Mapping):
        return over
    merged = dict(base.value)
    for key, child in over.value.items():
        merged[key] = overlay(merged[key], child) if key in merged else child
    return Located(place=base.place, value=merged)


_NOT_YAML = (
    "不是合法的 YAML(检查缩进、引号和冒号;花括号内的值如含 { } 须加引号)",
    "not valid YAML (check indentation, quotes and colons; inside braces quote a value that holds { or })",
)


def read_text(path: Path) -> str:
    """A file's text, at most MAX_BYTES. Raises: ConfigMissing, ConfigInvalid."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigMissing(path=path) from None
    except OSError:
        raise _invalid(path, 1, "无法读取该文件", "the file cannot be read") from None
    if len(raw) > MAX_BYTES:
        raise _invalid(path, 1, "文件超过 16 MB", "the file is larger than 16 MB")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _invalid(path, line, "不是 UTF-8 编码", "not UTF-8") from None


def _located(node: Node, place: Place) -> Located:
    """Recursive; depth is bounded because the composer has already walked the same depth."""
    if node.anchor:
        raise _refused(
            place, "不使用锚点和别名(& *),请把内容写全", "anchors and aliases (& *) are not used, write it out"
        )
    if isinstance(node, MappingNode) and node.tag == _TAG + "map":
        return Located(place=place, value=_mapping(node, place.file))
    if isinstance(node, SequenceNode) and node.tag == _TAG + "seq":
        items = tuple(_located(item, _place(item, place.file)) for item in node.value)
        return Located(place=place, value=items)
    if isinstance(node, ScalarNode):
        return Located(place=place, value=_scalar(node, place))
    raise _tagged(place)


def _mapping(node: MappingNode, file: str) -> dict[str, Located]:
    entries: dict[str, Located] = {}
    for key, value in node.value:
        place = _place(key, file)
        if key.tag != _TAG + "str" or key.anchor:
            raise _refused(
                place, "键必须是文字,像数字的键请加引号", "a key must be text; quote one that looks like a number"
            )
        if key.value in entries:
            first = entries[key.value].place.line
            raise _refused(
                place, f"键 {key.value} 重复,已见于第 {first} 行", f"duplicate key {key.value}, first on line {first}"
            )
        entries[key.value] = _located(value, place)
    return entries


def _scalar(node: ScalarNode, place: Place) -> Scalar:
    kind = node.tag.removeprefix(_TAG)
    if kind not in _SCALARS:
        raise _tagged(place)
    if kind in ("str", "timestamp"):  # a date stays the text it was written as: the calendar room reads it
        return node.value
    if kind == "null":
        return None
    if kind == "bool":
        return node.value.lower() == "true"
    if kind == "int" and _INTEGER.fullmatch(node.value):
        return int(node.value)
    if kind == "float" and math.isfinite(number := _float(node.value)):
        return number
    raise _refused(place, "数字写法不受支持,若是编码请加引号", "not a plain number; quote it if it is a code")


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _place(node: Node, file: str) -> Place:
    return Place(file=file, line=node.start_mark.line + 1)


def _tagged(place: Place) -> ConfigInvalid:
    return _refused(place, "不使用 YAML 标签(!)", "YAML tags (!) are not used")


def _invalid(path: Path, line: int, zh: str, en: str) -> ConfigInvalid:
    return _refused(Place(file=str(path), line=line), zh, en)


def _refused(place: Place, zh: str, en: str) -> ConfigInvalid:
    return ConfigInvalid(place=place, problem_zh=zh, problem_en=en)
