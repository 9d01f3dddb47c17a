"""A source that lies in a folder: taking the folder away is the source going down."""

from __future__ import annotations

from pathlib import Path

from adapters.testing import Harness, handles_on


class InAFolder(Harness):
    """`_folder` is where the source is while it is up."""

    def __init__(self, home: Path) -> None:
        self._folder, self._away = home / "source", home / "away"
        self._folder.mkdir()

    def stop(self) -> None:
        self._folder.rename(self._away)

    def start(self) -> None:
        if self._away.exists():
            self._away.rename(self._folder)

    def connections(self) -> int:
        return handles_on(self._folder) + handles_on(self._away)
