"""What the office interface says of a batch and a period (gateway/server/OFFICE.md), read. Must never write HTML.

Answers of a centre that is newer than this may hold more than is read here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Json

Figure = int | str | tuple[int, ...]


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Words(_Read):
    """One text in both languages."""

    zh: str
    en: str

    def say(self, lang: Literal["zh", "en"]) -> str:
        return self.zh if lang == "zh" else self.en


class Explained(_Read):
    """What a code means, and what to do next."""

    message: Words
    next: Words


class LedgerLine(_Read):
    """One line, as `yizhan ledger show --json` has it."""

    seq: int
    at: datetime
    event: str
    batch: str | None = None
    feed: str | None = None
    period: str | None = None
    code: str | None = None
    by: str | None = None
    detail: Json[dict[str, Figure]]


class BatchStory(_Read):
    """A batch's lines, oldest first, and what their words mean."""

    lines: tuple[LedgerLine, ...]
    events: dict[str, Words] = {}
    codes: dict[str, Explained] = {}


class PeriodRow(_Read):
    """The board's row of a period; amounts are decimal strings in yuan."""

    feed: str
    title: str
    period: str
    due: datetime
    state: str
    words: Words | None = None
    receipted_at: datetime | None = None
    revision: int | None = None
    amount: str | None = None
    batch: str | None = None
    digest: str | None = None
    sent: int | None = None
    loaded: int | None = None
    problem: int | None = None
    duplicate: int | None = None
    held: bool = False
