"""The contract suite on a folder of GB18030 files: a fixed path, a pattern (which has a cursor), and a zip."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from adapters.contract import Secrets
from adapters.files import FilesAdapter, FilesConfig
from adapters.testing import COLUMNS, Ability, ContractSuite, Harness, Record, handles_on
from tests.adapters.dropping import FILE, PATTERN, lines, spoilt, spread

NO_LOGIN: dict[Ability, str] = {
    Ability.LOGIN: "a mounted folder has no log-in of its own",
    Ability.SECRET: "and no secret",
}


class FolderHarness(Harness):
    """A folder with one file; taking the folder away is the source going down."""

    adapter = FilesAdapter
    lacks: ClassVar = NO_LOGIN | {Ability.CURSOR: "a file is read as a whole"}
    columns = tuple(replace(column, source=f"列{column.name}") for column in COLUMNS)
    path = FILE

    def __init__(self, home: Path) -> None:
        self._home, self._root = home, home / "mounted"
        self._root.mkdir()

    @property
    def secrets(self) -> Secrets:
        return Secrets(root=self._home, environ={})

    def config(self) -> FilesConfig:
        return FilesConfig(
            adapter="files", root=str(self._root), path=self.path, ready={"by": "stable", "seconds": 0.0},
            format={"kind": "delimited"},
        )  # fmt: skip

    def fill(self, records: Sequence[Record]) -> None:
        (self._root / FILE).write_bytes(lines(records))

    def spoil(self, at: int) -> str:
        return spoilt(self._root / FILE, at)

    def stop(self) -> None:
        self._root.rename(self._home / "away")

    def start(self) -> None:
        if not self._root.exists():
            (self._home / "away").rename(self._root)

    def connections(self) -> int:
        return handles_on(self._root)


class PatternHarness(FolderHarness):
    """The same records, spread over several files."""

    lacks: ClassVar = NO_LOGIN
    path = PATTERN

    def fill(self, records: Sequence[Record]) -> None:
        spread(self._root, records)

    def spoil(self, at: int) -> str:
        return f"{FILE}:{spoilt(self._root / FILE, at)}"


class ZipHarness(FolderHarness):
    """The same file, in a zip."""

    def config(self) -> FilesConfig:
        archive = {"kind": "zip", "members": FILE, "ratio": 2000}  # the suite pads its records with one character
        return FilesConfig(**super().config().model_dump() | {"path": "a.zip", "archive": archive})

    def fill(self, records: Sequence[Record]) -> None:
        super().fill(records)
        self._pack()

    def spoil(self, at: int) -> str:
        line = super().spoil(at)
        self._pack()
        return f"a.zip/{FILE}:{line}"

    def _pack(self) -> None:
        with zipfile.ZipFile(self._root / "a.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
            made.write(self._root / FILE, FILE)


class TestFiles(ContractSuite):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[FolderHarness]:
        yield FolderHarness(tmp_path)


class TestFilesOfAPattern(ContractSuite):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[PatternHarness]:
        yield PatternHarness(tmp_path)


class TestFilesInAZip(ContractSuite):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[ZipHarness]:
        yield ZipHarness(tmp_path)
