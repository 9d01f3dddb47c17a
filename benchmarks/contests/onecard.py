"""The `onecard` adapter on a roster and its returns, reconciled, beside pyarrow reading both files and nothing more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.contest import Contest
from benchmarks.contests.files import FILE, arrow_reads, write
from benchmarks.rows import tables, texts

_TEXT = {"kind": "delimited", "delimiter": "|"}
ROSTER = {
    "title": "清册", "found": "benchmark", "holds": "roster", "format": _TEXT,
    "roles": {"batch": "batch", "serial": "serial", "amount": "amount"},
}  # fmt: skip
RETURNS = {
    "title": "回盘", "found": "benchmark", "holds": "returns", "match": ["batch", "serial"], "format": _TEXT,
    "roles": {"batch": "批次", "serial": "序号", "amount": "金额", "state": "状态"},
    "states": {"1": "success", "2": "failure"},
}  # fmt: skip


@contextmanager
def reconciled(rows: int, home: Path) -> Iterator[list[Contest]]:
    """One return for each entry of the roster; every sixty-fourth failed."""
    write(home / FILE, rows)
    _returns(home / "returns.txt", rows)

    def read_both() -> None:
        arrow_reads(home / FILE)
        arrow_reads(home / "returns.txt")

    yield [Contest(name="onecard, files", rows=rows, plain="pyarrow, both files", run=read_both, source={
        "adapter": "onecard",
        "roster": _part(home, "roster", ROSTER, FILE),
        "returns": _part(home, "returns", RETURNS, "returns.txt"),
    })]  # fmt: skip


def _part(home: Path, name: str, layout: dict[str, Any], file: str) -> dict[str, Any]:
    path = home / f"{name}.yaml"
    path.write_text(json.dumps(layout, ensure_ascii=False), encoding="utf-8")
    source = {"adapter": "files", "root": str(home), "path": file, "ready": {"by": "stable", "seconds": 0}}
    return {"layout": str(path), "source": source}


def _returns(path: Path, rows: int) -> None:
    with path.open("wb") as file:
        file.write("批次|序号|金额|状态\n".encode("gb18030"))
        for table in tables(rows):
            text = texts(table)
            failed = pc.equal(pc.bit_wise_and(table["serial"], 63), 0)
            state = pc.if_else(failed, pa.scalar("2"), pa.scalar("1"))
            lines = pc.binary_join_element_wise(text["batch"], text["serial"], text["amount"], state, "|").to_pylist()
            file.write(("\n".join(lines) + "\n").encode("gb18030"))
