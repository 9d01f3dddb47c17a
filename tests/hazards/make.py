"""Make the corpus of hazards again: `python -m tests.hazards.make [DIR]` (default: `corpus` beside this file).

One JSON file a group: a list of cases, each with what the source holds (base64) and the one right outcome. The same
files come out every time, and a test compares them with what is here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.hazards.case import Hazard
from tests.hazards.definitions import (
    databases,
    dates,
    encoding,
    identifiers,
    layout,
    numbers,
    oracle,
    services,
    sftp,
    structured,
    tables,
)

CORPUS = Path(__file__).parent / "corpus"
_ROOMS = (encoding, numbers, dates, identifiers, layout, structured, tables, databases, oracle, services, sftp)


def hazards() -> Iterator[Hazard]:
    """Every case, in the corpus's order."""
    for room in _ROOMS:
        yield from room.hazards()


def make(directory: Path) -> None:
    """Write the corpus."""
    directory.mkdir(parents=True, exist_ok=True)
    groups: dict[str, list[dict[str, object]]] = {}
    for hazard in hazards():
        groups.setdefault(hazard.group, []).append(hazard.encode())
    for group, cases in groups.items():
        text = json.dumps(cases, ensure_ascii=False, indent=1, sort_keys=True)
        (directory / f"{group}.json").write_text(text + "\n", encoding="utf-8")


def read(directory: Path = CORPUS) -> list[Hazard]:
    """The corpus as it stands."""
    files = sorted(directory.glob("*.json"))
    return [Hazard.decode(case) for file in files for case in json.loads(file.read_text(encoding="utf-8"))]


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else CORPUS)
