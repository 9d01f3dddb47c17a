"""What ends the reading of a sheet as a whole, and how its places are named: `H12` as the sheet itself does."""

from __future__ import annotations

from adapters.formats.refusal import Unreadable


class SheetError(Unreadable):
    """The sheet cannot be read exactly. Facts: `place` (a row, a cell, a sheet; empty: the file), `zh`, `en`."""

    def __init__(self, *, place: int | str = "", zh: str, en: str) -> None:
        super().__init__(place=place, zh=zh, en=en)


def column_number(letters: str) -> int:
    """`A` is 0, `AA` is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def column_letters(number: int) -> str:
    """0 is `A`, 26 is `AA`."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def cell_place(name: str) -> tuple[int, int]:
    """`H2` as row and column, both from 0."""
    letters = name.rstrip("0123456789")
    return int(name[len(letters) :]) - 1, column_number(letters)
