"""The office interface of a centre, as Airflow uses it: instruct, follow, look up; and the trigger that waits.

Owns the bearer token, which is read from its file for every call and stands nowhere else: not in a connection, not in a
trigger's arguments, not in a log. It must never hold a row of data, a key or a department's password.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

import httpx
from airflow.sdk.configuration import conf
from airflow.triggers.base import BaseTrigger, TriggerEvent
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from gateway.errors import Lang, OfficeDenied, OfficeUnreachable

_WAIT = 30
_PATIENCE = httpx.Timeout(10, read=_WAIT + 15)
_GLANCE = httpx.Timeout(10)
_PAUSES = (1, 2, 5, 10, 30)
_DENIED = (401, 403)
State = Literal["issued", "fetched", "running", "done", "failed", "expired", "withdrawn"]


class _Read(BaseModel):
    """Answers of a centre that is newer than this may hold more than is read here."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Words(_Read):
    """One text in both languages."""

    zh: str
    en: str


class Outcome(_Read):
    """What came of an instruction; amounts are decimal strings in yuan."""

    batch: str | None = None
    revision: int | None = None
    unchanged: bool | None = None
    rows: int | None = None
    amount: str | None = None
    digest: str | None = None


class Line(_Read):
    """A line of the front-end's log: codes and the product's own words."""

    at: AwareDatetime
    code: str | None = None
    text: str


class Standing(_Read):
    """How far an instruction is."""

    number: str
    state: State
    stage: str | None = None
    seq: int = 0
    code: str | None = None
    retry: bool = False
    message: Words | None = None
    next: Words | None = None
    outcome: Outcome | None = None
    lines: tuple[Line, ...] = ()

    @property
    def ended(self) -> bool:
        return self.state not in ("issued", "fetched", "running")

    @property
    def failed(self) -> bool:
        return self.ended and self.state != "done"

    def has_reached(self, stage: str | None) -> bool:
        """Whether it has ended, or has come to `stage` (None: the end alone counts)."""
        return self.ended or (stage is not None and self.stage in (stage, "receipted"))


class Issued(_Read):
    """The answer to whoever instructs. `joined`: one about the same was open already, and this is it."""

    number: str
    state: State = "issued"
    joined: bool = False


class Refusal(_Read):
    """RFC 9457, with the product's code."""

    code: str
    title: str
    detail: str = ""
    advice_zh: str = ""
    advice_en: str = ""


class Refused(Exception):
    """The office refused: with the gateway's own code and words."""

    def __init__(self, refusal: Refusal) -> None:
        self.code, self._refusal = refusal.code, refusal
        super().__init__(self.message("zh"))

    def message(self, lang: Lang) -> str:
        """What was refused and what to do next, in one language."""
        said = self._refusal
        what, then = (said.title, said.advice_zh) if lang == "zh" else (said.detail, said.advice_en)
        return f"{what} {then}".strip()


class Office:
    """One centre's office interface."""

    def __init__(self, url: str, token_file: Path) -> None:
        self._url, self._token_file = url.rstrip("/"), token_file

    @classmethod
    def configured(cls) -> Self:
        """As `YIZHAN_OFFICE_URL` and `YIZHAN_OFFICE_TOKEN_FILE` say."""
        return cls(os.environ["YIZHAN_OFFICE_URL"], Path(os.environ["YIZHAN_OFFICE_TOKEN_FILE"]))

    def instruct(self, wanted: Mapping[str, str]) -> Issued:
        """Issue an instruction. The same `request` gives the same one.

        Raises:
            Refused, OfficeDenied, OfficeUnreachable.
        """
        return Issued.model_validate(self._call("POST", "instructions", json=dict(wanted)))

    def period(self, feed: str, period: str) -> dict[str, Any]:
        """The board's row of a period. Raises: as `instruct`."""
        return self._call("GET", f"periods/{feed}/{period}")

    def batch(self, digest: str) -> dict[str, Any]:
        """A batch's ledger lines, and what their words mean. Raises: as `instruct`."""
        return self._call("GET", f"batches/{digest}")

    def now(self, number: str) -> Standing:
        """How far an instruction is at this moment. Raises: as `instruct`."""
        path = f"instructions/{number}"
        try:
            return Standing.model_validate(self._call("GET", path))
        except ValidationError:
            raise OfficeUnreachable(url=self._at(path), status="?") from None

    async def standing(self, number: str, since: int) -> Standing:
        """How far an instruction is, once there is something newer than report `since`, or after a while.

        Raises: as `instruct`.
        """
        path = f"instructions/{number}"
        try:
            return Standing.model_validate(await self.look(path, _PATIENCE, wait=_WAIT, since=since))
        except ValidationError:
            raise OfficeUnreachable(url=self._at(path), status="?") from None

    async def look(self, path: str, patience: httpx.Timeout = _GLANCE, **params: int) -> dict[str, Any]:
        """What the interface has at a path of its own. Raises: as `instruct`."""
        try:
            async with httpx.AsyncClient(timeout=patience, trust_env=False, verify=_trust()) as client:
                answer = await client.get(self._at(path), headers=self._headers(), params=params)
        except (httpx.HTTPError, OSError) as silent:
            raise OfficeUnreachable(url=self._at(path), status=type(silent).__name__) from None
        return self._read(answer)

    def _call(self, method: str, path: str, **parts: Any) -> dict[str, Any]:
        try:
            with httpx.Client(timeout=_PATIENCE, trust_env=False, verify=_trust()) as client:
                answer = client.request(method, self._at(path), headers=self._headers(), **parts)
        except (httpx.HTTPError, OSError) as silent:
            raise OfficeUnreachable(url=self._at(path), status=type(silent).__name__) from None
        return self._read(answer)

    def _read(self, answer: httpx.Response) -> dict[str, Any]:
        url = str(answer.request.url)
        if answer.status_code in _DENIED:
            raise OfficeDenied(url=url)
        try:
            content = answer.json()
            if answer.is_success and isinstance(content, dict):
                return content
            raise Refused(Refusal.model_validate(content))
        except ValueError:
            raise OfficeUnreachable(url=url, status=answer.status_code) from None

    def _at(self, path: str) -> str:
        return f"{self._url}/office/v1/{path}"

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token_file.read_text(encoding='utf-8').strip()}"}


class InstructionTrigger(BaseTrigger):
    """Waits, without holding a slot, until an instruction has ended or has come to a stage.

    A centre that is down or restarted is waited for: the instruction is in its book. It never fires while the executor
    may still be finishing what deferred: that would be taken for the end of what then runs, and be tried again.
    """

    def __init__(self, number: str, stage: str | None = None) -> None:
        super().__init__()
        self.number, self.stage = number, stage

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """As another triggerer takes it over."""
        return f"{type(self).__module__}.{type(self).__name__}", {"number": self.number, "stage": self.stage}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """One event: the standing, as JSON data."""
        await asyncio.sleep(conf.getint("workers", "min_heartbeat_interval") + 1)
        office, silent, since = Office.configured(), 0, 0
        while True:
            try:
                standing = await office.standing(self.number, since)
            except OfficeUnreachable as error:
                self.log.warning("[%s] %s", error.code, error.message("zh"))
                await asyncio.sleep(_PAUSES[min(silent, len(_PAUSES) - 1)])
                silent += 1
                continue
            silent, since = 0, standing.seq
            if standing.has_reached(self.stage):
                yield TriggerEvent(standing.model_dump(mode="json"))
                return


@cache
def _trust() -> ssl.SSLContext:
    """Made once: that takes 60 ms, for which every other trigger of the process would stand still at each look."""
    return httpx.create_ssl_context(trust_env=False)
