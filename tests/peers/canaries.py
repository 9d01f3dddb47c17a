"""Looks for people's numbers, names and passwords where they must not be, in every file below a directory.

Sets of tens of thousands of patterns: numbers are found by sliding a window of each length over every run of digits,
names by sliding one over every run of Chinese characters, in all encodings that anything here writes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_DIGITS = re.compile(r"[0-9]{11,}[Xx]?")
_HAN = re.compile(r"[\u4e00-\u9fff]{3,}")
_ENCODINGS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be")


@dataclass(frozen=True)
class Canaries:
    """`numbers` of 11 characters and more, `names` of three, `secrets` of any kind."""

    numbers: frozenset[str]
    names: frozenset[str]
    secrets: frozenset[str]

    @classmethod
    def of(cls, *, numbers: Iterable[str], names: Iterable[str], secrets: Iterable[str]) -> Canaries:
        """Only what is long enough to be found by no accident."""
        return cls(
            frozenset(number for number in numbers if _DIGITS.fullmatch(number)),
            frozenset(name for name in names if len(name) == 3),
            frozenset(secrets),
        )

    def in_text(self, text: str) -> set[str]:
        """Those that stand in a text, each shortened so that a failing test does not print it."""
        found = {secret for secret in self.secrets if secret in text}
        for pattern, wanted in ((_DIGITS, self._numbers()), (_HAN, {3: self.names})):
            for run in pattern.findall(text):
                for length, among in wanted.items():
                    windows = {run[at : at + length] for at in range(len(run) - length + 1)}
                    found |= windows & among
        return {f"{one[:3]}… ({len(one)} characters)" for one in found}

    def in_bytes(self, data: bytes) -> set[str]:
        """In a file's bytes, whatever its encoding."""
        return {hit for encoding in _ENCODINGS for hit in self.in_text(data.decode(encoding, errors="replace"))}

    def below(self, directory: Path, *, but: Iterable[Path] = ()) -> Iterator[str]:
        """`file: what` for every find in the files below a directory, but for those (or all below those) named."""
        allowed = tuple(but)
        for file in sorted(path for path in directory.rglob("*") if path.is_file()):
            if not any(file == one or one in file.parents for one in allowed):
                yield from (f"{file}: {hit}" for hit in self.in_bytes(file.read_bytes()))

    def _numbers(self) -> dict[int, set[str]]:
        by_length: dict[int, set[str]] = defaultdict(set)
        for number in self.numbers:
            by_length[len(number)].add(number)
        return by_length
