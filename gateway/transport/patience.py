"""How often and how long a front-end tries before it leaves a batch to the next run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Patience:
    """Seconds, and how many times.

    Attributes:
        attempts: tries in a row without progress; an upload that moved forward starts counting again.
        first, factor, most: the pause before the second try, its growth, its limit.
        connect, answer: the longest to wait for a connection, and for the next byte either way.
        receipt: the longest to wait for a receipt in all; `hold` of it in one question.
    """

    attempts: int = 6
    first: float = 0.5
    factor: float = 2.0
    most: float = 30.0
    connect: float = 10.0
    answer: float = 60.0
    receipt: float = 120.0
    hold: int = 20

    def pauses(self) -> Iterator[float]:
        """The pauses between `attempts` tries."""
        pause = self.first
        for _ in range(self.attempts - 1):
            yield min(pause, self.most)
            pause *= self.factor
