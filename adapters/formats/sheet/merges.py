"""Merged areas among the records: their other cells look empty and are not. Owns what such a row becomes."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.formats.sheet.body import Numbered
from adapters.formats.sheet.workbook import Cell, Grid

Place = tuple[int, int]


class Merges:
    """The cells of the columns read that belong to a merged area and are not its first; places from 0."""

    def __init__(self, grid: Grid, columns: Sequence[int], first: int) -> None:
        self._left = grid.left
        self._covered: dict[int, list[tuple[int, Place]]] = {}
        self._firsts: dict[int, list[Place]] = {}
        self._shown: dict[Place, Cell] = {}
        inside = range(grid.left, grid.left + grid.width)
        wanted = [column for column in sorted(set(columns)) if column in inside]
        for (top, left), (bottom, right) in grid.merged:
            touched = [column for column in wanted if left <= column <= right]
            if touched and bottom >= first and left in inside:
                self._add((top, left), range(max(top, first), bottom + 1), touched)

    def covered(self, numbered: list[Numbered]) -> list[int]:
        """Which of these rows have such a cell, by their place in the list."""
        return [at for at, (number, _) in enumerate(numbered) if number - 1 in self._covered] if self._covered else []

    def fill(self, numbered: list[Numbered]) -> None:
        """Give each such cell what its area shows; the rows have to come in their order."""
        for number, row in numbered if self._covered else ():
            for place in self._firsts.get(number - 1, ()):
                self._shown[place] = row[place[1] - self._left]
            for column, place in self._covered.get(number - 1, ()):
                row[column - self._left] = self._shown.get(place, "")

    def _add(self, place: Place, rows: range, columns: list[int]) -> None:
        self._firsts.setdefault(place[0], []).append(place)
        for row in rows:
            cells = [(column, place) for column in columns if (row, column) != place]
            if cells:
                self._covered.setdefault(row, []).extend(cells)
