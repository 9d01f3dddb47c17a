"""How the hazards of text files are written: a value, or a whole file, and the outcome it must have."""

from __future__ import annotations

from typing import Any

from tests.hazards.case import Hazard

FILE = "a.txt"
NAME = {"name": "name", "title": "姓名", "type": "person_name"}


def of(kind: str, **options: Any) -> dict[str, Any]:
    """A field of one type, in the column `值`."""
    return {"name": "value", "title": "值", "type": kind, "source": "值", **options}


def cell(
    name: str, group: str, shows: str, found: str, value: str, field: dict[str, Any], outcome: str | None
) -> Hazard:
    """One value in line 2 of a file: `outcome` is the exact value, null if missing, or the code of its problem."""
    content = f"序号|值\n1|{value}\n".encode("gb18030")
    return _told(name, group, shows, found, field, content, outcome)


def raw_cell(
    name: str, group: str, shows: str, found: str, value: bytes, field: dict[str, Any], outcome: str | None
) -> Hazard:
    """As `cell`, of bytes."""
    content = "序号|值\n1|".encode("gb18030") + value + b"\n"
    return _told(name, group, shows, found, field, content, outcome)


def _told(
    name: str, group: str, shows: str, found: str, field: dict[str, Any], content: bytes, outcome: str | None
) -> Hazard:
    bad = outcome is not None and outcome.startswith("YZ-3")
    return Hazard(
        name=name, group=group, shows=shows, found=found, peer="files", fields=(field,), source=delimited(),
        given={FILE: content}, rows=() if bad else ((outcome,),), problems=(("2", str(outcome)),) if bad else (),
    )  # fmt: skip


def delimited(**options: Any) -> dict[str, Any]:
    """The source block of a delimited file."""
    return {"adapter": "files", "path": FILE, "ready": {"by": "stable", "seconds": 0},
            "format": {"kind": "delimited", **options}}  # fmt: skip


def file(name: str, group: str, shows: str, found: str, content: bytes, **given: Any) -> Hazard:
    """A whole file: fields `a` and `b` of type text in columns 甲 and 乙 unless told otherwise."""
    options = {
        "fields": (
            {"name": "a", "title": "甲", "type": "text", "source": "甲"},
            {"name": "b", "title": "乙", "type": "text", "source": "乙"},
        ),
        "source": delimited(),
        "given": {FILE: content},
    }
    return Hazard(name=name, group=group, shows=shows, found=found, peer="files", **(options | given))
