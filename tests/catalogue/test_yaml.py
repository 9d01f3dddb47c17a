"""Strict YAML: what a file shows is what it means, and every value has a place."""

import pytest

from gateway.catalogue import read
from gateway.errors import ConfigInvalid, ConfigMissing


def write(tmp_path, content):
    path = tmp_path / "x.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_values_are_those_of_yaml_1_2_and_nothing_is_guessed(tmp_path):
    flat = "a: 1\nb: -2.5\nc: true\nd: ~\ne: no\nf: 2026-11-22\ng: 2026-10\nh: '012'\n"
    deep = "i: [x, {j: ''}]\nk: |\n  two\n  lines\n"
    assert read(write(tmp_path, flat + deep)).plain() == {
        "a": 1,
        "b": -2.5,
        "c": True,
        "d": None,
        "e": "no",
        "f": "2026-11-22",
        "g": "2026-10",
        "h": "012",
        "i": ["x", {"j": ""}],
        "k": "two\nlines\n",
    }


def test_every_key_and_item_knows_its_line(tmp_path):
    located = read(write(tmp_path, "a:\n  - x\n  -\n    b: 1\nc: 2\n"))
    assert str(located.child("a", 1, "b").place) == f"{tmp_path}/x.yaml:4"
    assert [located.place_of(path).line for path in (["a"], ["a", 0], ["c"], ["a", 1, "nowhere"])] == [1, 2, 5, 4]


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "duplicate key a, first on line 1"),
        ("x:\n  y: 1\n  y: 1\n", 3, "duplicate key y"),
        ("a: &n 1\nb: *n\n", 1, "anchors and aliases"),
        ("a: !!python/object:os.system x\n", 1, "tags"),
        ("a: !secret x\n", 1, "tags"),
        ("a: 1\n---\nb: 2\n", 2, "not valid YAML"),
        ("a:\n\t- x\n", 2, "not valid YAML"),
        ("a: [1, 2\nb: 3\n", 2, "not valid YAML"),
        ("a: 'x\n", 2, "not valid YAML"),
        ("1: x\n", 1, "a key must be text"),
        ("a: 1\ntrue: x\n", 2, "a key must be text"),
        ("? [a, b]\n: x\n", 1, "a key must be text"),
        ("a: 1\nb: 012\n", 2, "not a plain number"),
        ("a: 0x1f\n", 1, "not a plain number"),
        ("a: .nan\n", 1, "not a plain number"),
        ("", 1, "empty"),
        ("# nothing\n", 1, "empty"),
        ("标题: 财政\n".encode("gbk"), 1, "not UTF-8"),
        (b"a: 1\nb: \xff\n", 2, "not UTF-8"),
        (b"a: \x00\n", 1, "not valid YAML"),
        ("[" * 5000, 1, "not valid YAML"),
        (b"a: " + b"x" * (16 * 1024 * 1024), 1, "larger than 16 MB"),
    ],
)
def test_what_a_strict_file_does_not_hold_is_refused_with_its_line(tmp_path, content, line, said):
    with pytest.raises(ConfigInvalid) as refused:
        read(write(tmp_path, content))
    assert str(refused.value.facts["place"]) == f"{tmp_path}/x.yaml:{line}"
    assert said in refused.value.message("en")


def test_a_byte_order_mark_of_a_windows_editor_is_no_part_of_the_first_key(tmp_path):
    assert read(write(tmp_path, b"\xef\xbb\xbfa: 1\n")).plain() == {"a": 1}


def test_a_file_that_is_not_there_is_missing(tmp_path):
    with pytest.raises(ConfigMissing):
        read(tmp_path / "none.yaml")


def test_a_directory_is_not_a_file(tmp_path):
    with pytest.raises(ConfigInvalid):
        read(tmp_path)


def test_a_broken_line_is_never_quoted(tmp_path):
    path = write(tmp_path, "password: 'hunter2\nx: y\n")
    with pytest.raises(ConfigInvalid) as refused:
        read(path)
    assert "hunter2" not in refused.value.message("zh") + refused.value.message("en") + repr(refused.value.facts)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
