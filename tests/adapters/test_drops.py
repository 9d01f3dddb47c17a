"""What departments drop in a folder: which files a period means, when they are whole, and what is settled."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.contract import Declared, Request, Secrets
from adapters.drops.matching import matches
from adapters.files import FilesAdapter, FilesConfig
from adapters.specimens import asked
from gateway.errors import ConfigInvalid, LimitExceeded, SourceMalformed, SourceNotReady
from gateway.records.types import Column, FieldType
from tests.adapters.conftest import rows_of

COLUMNS = (
    Column(name="name", type=FieldType.PERSON_NAME, source="姓名"),
    Column(name="amount", type=FieldType.MONEY, source="金额"),
)
STILL = {"by": "stable", "seconds": 0.0}
PLAIN = {"kind": "delimited"}
TOTALLED = PLAIN | {"totals": {"line": "first", "mark": "汇总", "rows": 2, "sums": {"amount": 3}}}
Opened = Callable[..., FilesAdapter]


def request(**changes: Any) -> Request:
    return asked(COLUMNS, **changes)


@pytest.fixture
def drops(tmp_path: Path) -> Opened:
    """The adapter on this test's folder; a file of every month's name unless told otherwise."""

    def build(**changes: Any) -> FilesAdapter:
        given = {"adapter": "files", "root": str(tmp_path), "path": "a_{yyyymm}.txt", "ready": STILL, "format": PLAIN}
        return FilesAdapter(FilesConfig(**(given | changes)), Secrets(root=tmp_path, environ={"ZIP": "开包-口令"}))

    return build


def put(folder: Path, name: str, *people: str, totals: str = "", at: int | None = None) -> Path:
    """A file with a line for each; `at` is its time of change in seconds."""
    path = folder / name
    path.write_bytes(f"{totals}姓名|金额\n{''.join(f'{one}|1.00{chr(10)}' for one in people)}".encode("gb18030"))
    if at is not None:
        os.utime(path, (at, at))
    return path


def names(adapter: FilesAdapter, **changes: Any) -> list[str]:
    return [row["name"] for row in rows_of(adapter.extract(request(**changes)))]


def waits(adapter: FilesAdapter, **changes: Any) -> SourceNotReady:
    """How it says that it is not ready."""
    with pytest.raises(SourceNotReady) as waiting:
        rows_of(adapter.extract(request(**changes)))
    return waiting.value


# Which files


def test_a_pattern_with_the_period_means_that_months_files_in_the_order_of_their_names(
    drops: Opened, tmp_path: Path
) -> None:
    for name in ("a_202610_2.txt", "a_202610_10.txt", "a_202609_1.txt", "b_202610_1.txt", ".a_202610_1.txt"):
        put(tmp_path, name, name)
    (tmp_path / "a_202610_0.txt").mkdir()
    assert names(drops(path="a_{yyyymm}_*.txt")) == ["a_202610_10.txt", "a_202610_2.txt"]


def test_several_files_are_one_reading_with_positions_totals_and_facts_of_each(drops: Opened, tmp_path: Path) -> None:
    put(tmp_path, "a_1.txt", "王", "李", totals="汇总|2|2.00\n")
    put(tmp_path, "a_2.txt", "赵", totals="汇总|1|1.00\n")
    reading = drops(path="a_?.txt", format=TOTALLED).extract(request())
    assert [row["_position"] for row in rows_of(reading)] == ["a_1.txt:3", "a_1.txt:4", "a_2.txt:3"]
    assert reading.declared == Declared(rows=3, sums=(("amount", 300),))
    contents = [(tmp_path / name).read_bytes() for name in ("a_1.txt", "a_2.txt")]
    told = [f"a_{n}.txt {len(raw)} {hashlib.sha256(raw).hexdigest()}" for n, raw in enumerate(contents, 1)]
    assert reading.source_facts == (
        ("pattern", "a_?.txt"), ("files", "2"), ("bytes", str(sum(map(len, contents)))),
        ("file 1", told[0]), ("file 2", told[1]),
    )  # fmt: skip


def test_the_facts_of_many_files_are_bounded(drops: Opened, tmp_path: Path) -> None:
    for number in range(60):
        put(tmp_path, f"a_{number}.txt", "王")
    reading = drops(path="a_*.txt").extract(request())
    assert len(rows_of(reading)) == 60
    assert len(reading.source_facts) == 3 + 20
    assert ("files", "60") in reading.source_facts


def test_no_match_is_not_ready_yet(drops: Opened, tmp_path: Path) -> None:
    put(tmp_path, "b.txt", "王")
    assert waits(drops(path="a_*.txt")).facts["reason_zh"] == "没有匹配的文件"
    assert waits(drops(path="nowhere/a_*.txt")).facts["reason_zh"] == "没有匹配的文件"


def test_names_that_differ_only_in_case_are_refused_not_chosen_between(drops: Opened, tmp_path: Path) -> None:
    put(tmp_path, "a_1.txt", "王")
    put(tmp_path, "A_1.TXT", "李")
    with pytest.raises(SourceMalformed) as refused:
        drops(path="a_*.txt").extract(request())
    assert refused.value.facts["reason_zh"] == "两个文件同名或只差大小写"


def test_a_name_in_another_case_is_not_passed_over(drops: Opened, tmp_path: Path) -> None:
    put(tmp_path, "A_202610.TXT", "王")
    assert names(drops(path="a_*.txt")) == ["王"]
    assert "只差大小写的 A_202610.TXT" in str(waits(drops()).facts["reason_zh"])


def test_a_name_with_control_characters_is_refused(drops: Opened, tmp_path: Path) -> None:
    put(tmp_path, "a_\x1b[2J.txt", "王")
    with pytest.raises(SourceMalformed):
        drops(path="a_*.txt").extract(request())


def test_more_files_than_a_period_can_have_are_refused(drops: Opened, tmp_path: Path) -> None:
    for number in range(2_001):
        (tmp_path / f"a_{number}.txt").touch()
    with pytest.raises(LimitExceeded):
        drops(path="a_*.txt").extract(request())


def test_the_byte_limit_is_of_all_files_together(drops: Opened, tmp_path: Path) -> None:
    for number in range(3):
        put(tmp_path, f"a_{number}.txt", *["王"] * 100)
    one = (tmp_path / "a_0.txt").stat().st_size
    with pytest.raises(LimitExceeded):
        drops(path="a_*.txt").extract(request(max_bytes=one * 2))


@given(st.text("ab.*?", max_size=6), st.text("ab.", max_size=8))
def test_a_star_is_any_text_and_a_question_mark_one_character(pattern: str, name: str) -> None:
    def fits(p: str, n: str) -> bool:
        if not p:
            return not n
        if p[0] == "*":
            return fits(p[1:], n) or (bool(n) and fits(p, n[1:]))
        return bool(n) and p[0] in ("?", n[0]) and fits(p[1:], n[1:])

    hidden = name.startswith(".") and not pattern.startswith(".")
    assert matches(pattern, name) == (fits(pattern, name) and not hidden)


@pytest.mark.parametrize(
    "changes",
    [
        {"path": "*/a.txt"}, {"path": "a?/b.txt"}, {"path": "a_{yyymm}.txt"},
        {"ready": {"by": "marker", "path": "{nam}.ok"}}, {"path": "a/"}, {"path": "../a.txt"}, {"root": "relative"},
        {"ready": {"by": "hope"}}, {"ready": {"by": "marker"}}, {"ready": {"by": "rename", "partial": "part"}},
        {"ready": {"by": "rename", "partial": "/x"}}, {"digest": {"path": "{name}.crc"}},
        {"archive": {"kind": "rar"}}, {"archive": {"kind": "zip", "members": "a/b/*.txt"}},
        {"archive": {"kind": "zip", "password": "literal"}}, {"archive": {"kind": "zip", "most_bytes": 0}},
    ],
    ids=str,
)  # fmt: skip
def test_a_configuration_that_could_not_work_is_refused_at_once(drops: Opened, changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        drops(**changes)


# When they are whole


def test_without_its_marker_a_file_waits_and_the_marker_may_come_first(drops: Opened, tmp_path: Path) -> None:
    marked = drops(ready={"by": "marker", "path": "a_{yyyymm}.ok"})
    (tmp_path / "a_202610.ok").touch()
    assert waits(marked).facts["file"] == "a_202610.txt"
    put(tmp_path, "a_202610.txt", "王", at=1_790_000_000)
    assert names(marked) == ["王"]
    (tmp_path / "a_202610.ok").unlink()
    assert waits(marked).facts["reason_zh"] == "就绪标志尚未放置"


def test_a_marker_older_than_its_data_says_nothing_about_it(drops: Opened, tmp_path: Path) -> None:
    """It came before the data was whole, or is last month's."""
    marked = drops(path="a.txt", ready={"by": "marker", "path": "a.ok"})
    put(tmp_path, "a.ok", at=1_790_000_000)
    put(tmp_path, "a.txt", "王", at=1_790_000_001)
    assert waits(marked).facts["reason_zh"] == "就绪标志早于数据文件"
    os.utime(tmp_path / "a.ok", (1_790_000_001, 1_790_000_001))
    assert names(marked) == ["王"]


@pytest.mark.parametrize(("template", "marker"), [("{stem}.ok", "a_1.ok"), ("{name}.done", "a_1.txt.done")])
def test_each_file_of_a_pattern_may_have_its_own_marker(
    drops: Opened, tmp_path: Path, template: str, marker: str
) -> None:
    """The pattern fits the markers too; they are no data."""
    marked = drops(path="a_*", ready={"by": "marker", "path": template})
    put(tmp_path, "a_1.txt", "王", at=1_790_000_000)
    assert waits(marked).facts["file"] == marker
    (tmp_path / marker).touch()
    assert names(marked) == ["王"]
    put(tmp_path, "a_2.txt", "李")
    assert waits(marked).facts["file"] == marker.replace("1", "2")


def test_a_marker_may_stand_in_another_folder(drops: Opened, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "flags").mkdir()
    put(tmp_path, "out/a.txt", "王", at=1_790_000_000)
    marked = drops(path="/out/a.txt", ready={"by": "marker", "path": "/flags/{stem}.ok"})
    assert waits(marked).facts["file"] == "/flags/a.ok"
    (tmp_path / "flags/a.ok").touch()
    assert names(marked) == ["王"]


def test_a_file_that_is_still_uploaded_under_another_name_waits(drops: Opened, tmp_path: Path) -> None:
    for path in ("a_{yyyymm}.txt", "a_*.txt"):
        renamed = drops(path=path, ready={"by": "rename"})
        put(tmp_path, "a_202610.txt.part", "王")
        waits(renamed)
        put(tmp_path, "a_202610.txt", "王")
        assert waits(renamed).facts == {
            "feed": "contract.suite", "file": "a_202610.txt.part",
            "reason_zh": "文件仍在上传", "reason_en": "it is still being uploaded",
        }  # fmt: skip
        (tmp_path / "a_202610.txt.part").unlink()
        assert names(renamed) == ["王"]
        (tmp_path / "a_202610.txt").unlink()


def test_a_new_file_on_its_way_keeps_the_whole_pattern_waiting(drops: Opened, tmp_path: Path) -> None:
    put(tmp_path, "a_1.txt", "王")
    put(tmp_path, "a_2.txt.tmp", "李")
    assert waits(drops(path="a_*.txt", ready={"by": "rename", "partial": ".tmp"})).facts["file"] == "a_2.txt.tmp"
    put(tmp_path, "b_2.txt.tmp", "李")
    (tmp_path / "a_2.txt.tmp").unlink()
    assert names(drops(path="a_*.txt", ready={"by": "rename", "partial": ".tmp"})) == ["王"]


def test_a_workbook_that_somebody_has_open_waits(drops: Opened, tmp_path: Path) -> None:
    put(tmp_path, "a.xlsx", "王")
    put(tmp_path, "~$a.xlsx")
    for path in ("a.xlsx", "*.xlsx"):
        assert waits(drops(path=path)).facts["reason_zh"] == "工作簿正被打开"


@pytest.mark.parametrize("change", ["grow", "appear", "vanish", "touch"])
def test_two_looks_that_differ_are_not_ready(drops: Opened, tmp_path: Path, change: str) -> None:
    path = put(tmp_path, "a_1.txt", "王", at=1_790_000_000)
    changes: dict[str, Callable[[], object]] = {
        "grow": lambda: put(tmp_path, "a_1.txt", "王", "李"),
        "appear": lambda: put(tmp_path, "a_2.txt", "王"),
        "vanish": path.unlink,
        "touch": path.touch,
    }
    later = threading.Timer(0.2, changes[change])
    later.start()
    waits(drops(path="a_*.txt", ready={"by": "stable", "seconds": 0.6}))
    later.join()


@pytest.mark.parametrize("at", ["a_1.txt", "a_2.txt"])
def test_a_file_that_changes_while_others_are_read_is_not_ready(drops: Opened, tmp_path: Path, at: str) -> None:
    """Also one that has been read already."""
    for name in ("a_1.txt", "a_2.txt"):
        put(tmp_path, name, "王")
    with drops(path="a_*.txt").extract(request()) as reading:
        batches = iter(reading)
        next(batches)
        put(tmp_path, at, "王", "李")
        with pytest.raises(SourceNotReady):
            list(batches)


# What is settled


def cursor_of(adapter: FilesAdapter, cursor: str | None, expected: list[str]) -> str:
    reading = adapter.extract(request(cursor=cursor))
    assert [row["name"] for row in rows_of(reading)] == expected
    assert reading.cursor is not None
    return reading.cursor


def test_what_is_settled_is_not_read_again_unless_it_changed(drops: Opened, tmp_path: Path) -> None:
    adapter = drops(path="a_*.txt")
    put(tmp_path, "a_1.txt", "王", at=1_790_000_000)
    put(tmp_path, "a_2.txt", "李", at=1_790_000_000)
    cursor = cursor_of(adapter, None, ["王", "李"])
    cursor = cursor_of(adapter, cursor, [])
    put(tmp_path, "a_3.txt", "赵")
    cursor = cursor_of(adapter, cursor, ["赵"])
    put(tmp_path, "a_1.txt", "钱", at=1_790_000_001)
    cursor = cursor_of(adapter, cursor, ["钱"])
    assert cursor_of(adapter, None, ["钱", "李", "赵"]) == cursor


def test_a_file_put_back_with_its_old_time_but_another_size_is_read_again(drops: Opened, tmp_path: Path) -> None:
    adapter = drops(path="a_*.txt")
    put(tmp_path, "a_1.txt", "王", at=1_790_000_000)
    cursor = cursor_of(adapter, None, ["王"])
    put(tmp_path, "a_1.txt", "王", "李", at=1_790_000_000)
    cursor_of(adapter, cursor, ["王", "李"])


def test_a_cursor_names_only_what_is_still_there(drops: Opened, tmp_path: Path) -> None:
    adapter = drops(path="a_*.txt")
    for number in range(50):
        put(tmp_path, f"a_{number}.txt", "王", at=1_790_000_000)
    before = cursor_of(adapter, None, ["王"] * 50)
    for number in range(49):
        (tmp_path / f"a_{number}.txt").unlink()
    after = cursor_of(adapter, before, [])
    assert json.loads(after) == ["files/1", [["a_49.txt", 18, 1_790_000_000 * 10**9]]]


def test_a_settled_file_needs_no_marker_any_more(drops: Opened, tmp_path: Path) -> None:
    adapter = drops(path="a_*.txt", ready={"by": "marker", "path": "{stem}.ok"})
    put(tmp_path, "a_1.txt", "王", at=1_790_000_000)
    (tmp_path / "a_1.ok").touch()
    cursor = cursor_of(adapter, None, ["王"])
    (tmp_path / "a_1.ok").unlink()
    cursor_of(adapter, cursor, [])


def test_a_fixed_path_has_no_cursor_and_is_read_as_a_whole_each_time(drops: Opened, tmp_path: Path) -> None:
    put(tmp_path, "a_202610.txt", "王")
    reading = drops().extract(request(cursor="whatever"))
    assert len(rows_of(reading)) == 1
    assert reading.cursor is None


@pytest.mark.parametrize("cursor", ["", "17", "[]", '["files/2",[]]', '["files/1",[["a"]]]', '["files/1",7]', "{}"])
def test_a_cursor_of_another_source_is_refused(drops: Opened, tmp_path: Path, cursor: str) -> None:
    put(tmp_path, "a_1.txt", "王")
    with pytest.raises(ConfigInvalid):
        drops(path="a_*.txt").extract(request(cursor=cursor))


# Control digests


@pytest.mark.parametrize("algorithm", ["md5", "sha256", "sm3"])
@pytest.mark.parametrize(
    "form", ["{hex}", "{HEX}  a_202610.txt\n", "{hex} *out/a_202610.txt\r\n", "\ufeff{hex}\t清册\n"]
)
def test_a_digest_that_agrees_is_taken_in_every_form_in_use(
    drops: Opened, tmp_path: Path, algorithm: str, form: str
) -> None:
    raw = put(tmp_path, "a_202610.txt", "王").read_bytes()
    digest = hashlib.new(algorithm, raw).hexdigest()
    stated = form.format(hex=digest, HEX=digest.upper())
    (tmp_path / f"a_202610.txt.{algorithm}").write_text(stated.replace("清册", "a_202610.txt"), encoding="utf-8")
    assert names(drops(digest={"path": f"{{name}}.{algorithm}"})) == ["王"]


def test_a_file_that_is_not_what_was_digested_is_refused(drops: Opened, tmp_path: Path) -> None:
    raw = put(tmp_path, "a_202610.txt", "王").read_bytes()
    (tmp_path / "a_202610.md5").write_text(hashlib.md5(raw).hexdigest())
    (tmp_path / "a_202610.txt").write_bytes(raw.replace(b"1.00", b"2.00"))
    with pytest.raises(SourceMalformed) as refused:
        names(drops(digest={"path": "{stem}.md5"}))
    assert refused.value.facts["reason_zh"] == "摘要不符"


@pytest.mark.parametrize("stated", ["", "not a digest", "00" * 16, "{0}  other.txt\n", "{0}\n" + "11" * 32], ids=str)
def test_a_control_file_that_does_not_state_the_digest_is_refused(drops: Opened, tmp_path: Path, stated: str) -> None:
    raw = put(tmp_path, "a_202610.txt", "王").read_bytes()
    (tmp_path / "a.sum").write_text(stated.format(hashlib.sha256(raw).hexdigest()))
    with pytest.raises(SourceMalformed):
        names(drops(digest={"path": "a.sum", "algorithm": "sha256"}))


def test_without_its_control_file_a_file_waits(drops: Opened, tmp_path: Path) -> None:
    put(tmp_path, "a_202610.txt", "王")
    assert waits(drops(digest={"path": "{name}.md5"})).facts["file"] == "a_202610.txt.md5"


# Uploads that went wrong


def test_a_resumed_upload_that_appended_twice_does_not_agree_with_its_totals(drops: Opened, tmp_path: Path) -> None:
    raw = put(tmp_path, "a_202610.txt", "王", "李", totals="汇总|2|2.00\n").read_bytes()
    (tmp_path / "a_202610.txt").write_bytes(raw + raw)
    reading = drops(format=TOTALLED).extract(request())
    rows = rows_of(reading)
    assert reading.declared == Declared(rows=2, sums=(("amount", 200),))
    assert [row["name"] for row in rows if row["_fault"] is None].count("王") == 2
    assert len(rows) > 2


def test_a_file_cut_off_in_the_middle_does_not_agree_with_its_totals(drops: Opened, tmp_path: Path) -> None:
    path = put(tmp_path, "a_202610.txt", "王", "李", totals="汇总|2|2.00\n")
    os.truncate(path, path.stat().st_size - 8)
    reading = drops(format=TOTALLED).extract(request())
    assert len(rows_of(reading)) == 1
    assert reading.declared == Declared(rows=2, sums=(("amount", 200),))
