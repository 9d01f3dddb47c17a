"""The office interface (办公接口): what programs of the office talk to at a centre, Airflow above all. OFFICE.md.

Plain HTTP on a port of its own, with one bearer token: it belongs on this machine or behind a proxy that ends TLS. It
instructs, and tells how things stand: codes, counts, ids and moments. Must never answer with a row, a key or a
password, and never with anything about a person but who answers for a step, as the ledger has it.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, partial
from typing import Annotated, Protocol, TypeVar

from aiohttp import hdrs, web
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from gateway.envelope.canonical import BatchId, FeedId, Moment, Number, PeriodText, Text, yuan
from gateway.envelope.instruction import Action
from gateway.errors import OfficeRequestMalformed, OfficeTokenWrong, Retry, TooLarge, YizhanError
from gateway.instructions import Outcome, Standing, Wanted
from gateway.server.bodies import read_json
from gateway.server.dispatch import DISPATCH, Dispatch, Open
from gateway.server.instructions import NUMBER, seconds_of
from gateway.server.problem import answer_the_office, problem
from gateway.server.visit import VISIT, Handler, write_access_line

LEAST_TOKEN = 32
"""Characters: 128 bits in hexadecimal digits."""
_MAX_BODY = 16 * 1024
_PARTY = "office"
_FEED = "{feed:[a-z0-9._-]{3,127}}"
_PERIOD = "{period:[0-9A-Z-]{4,15}}"
_DIGEST = "{digest:[0-9a-f]{64}}"

_SEQ = re.compile(r"[0-9]{1,9}", re.ASCII)
T = TypeVar("T", bound=BaseModel)
Json = Mapping[str, object]


class Shelves(Protocol):
    """What the centre knows of periods and batches; called from worker threads. The answers are those of OFFICE.md."""

    def period(self, feed: str, period: str) -> Json:
        """The board's row, and what became of the newest batch. Raises: UnknownName, PeriodInvalid, PeriodNotOwed."""

    def batch(self, digest: str) -> Json:
        """The ledger's lines of a batch, and what their words mean. Raises: BatchUnknownHere."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class Asked(_Strict):
    """The body that instructs."""

    request: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:+/@-]{0,199}$")]
    action: Action
    feed: FeedId
    period: PeriodText
    reason: Text | None = None
    by: Text | None = None
    order: Number | None = None
    batch: BatchId | None = None
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    until: Moment | None = None


class Withdrawal(_Strict):
    """The body that withdraws."""

    by: Text


_ASKED, _WITHDRAWAL = TypeAdapter(Asked), TypeAdapter(Withdrawal)
SHELVES = web.AppKey("shelves", Shelves)


def make_office(*, dispatch: Dispatch, shelves: Shelves, token: str) -> web.Application:
    """The application. `dispatch` is the same as the wire's, and is stopped by it."""
    app = web.Application(middlewares=[write_access_line, answer_the_office, _make_counter(token)])
    app[DISPATCH], app[SHELVES] = dispatch, shelves
    app.on_shutdown.append(_send_waiters_away)
    app.on_response_prepare.append(_not_to_be_kept)
    app.router.add_post("/office/v1/instructions", _instruct)
    app.router.add_get(f"/office/v1/instructions/{NUMBER}", _show, allow_head=False)
    app.router.add_post(f"/office/v1/instructions/{NUMBER}/withdraw", _withdraw)
    app.router.add_get(f"/office/v1/periods/{_FEED}/{_PERIOD}", _period, allow_head=False)
    app.router.add_get(f"/office/v1/batches/{_DIGEST}", _batch, allow_head=False)
    return app


def standing_json(one: Standing) -> dict[str, object]:
    """An instruction and how far it is; the same for the office interface and the command line."""
    said = one.instruction
    return {
        "number": said.number,
        "action": said.action,
        "department": said.department,
        "feed": said.feed,
        "period": said.period,
        "reason": said.reason,
        "by": said.by,
        "order": said.order,
        "batch": said.batch,
        "digest": said.digest,
        "issued_at": said.issued_at.isoformat(),
        "expires_at": said.expires_at.isoformat(),
        "fetched_at": _moment(one.fetched_at),
        "reported_at": _moment(one.reported_at),
        "ended_at": _moment(one.ended_at),
        "state": one.state.value,
        "stage": one.stage,
        "done": one.done,
        "total": one.total,
        "code": one.code,
        "retry": one.code in _worth_trying_again(),
        "message": {"zh": one.advice.zh, "en": one.advice.en} if one.advice else None,
        "next": {"zh": one.advice.zh_next, "en": one.advice.en_next} if one.advice else None,
        "outcome": _outcome(one.outcome) if one.outcome else None,
        "seq": one.seq,
        "lines": [{"at": line.at.isoformat(), "code": line.code, "text": line.text} for line in one.lines],
    }


async def _instruct(request: web.Request) -> web.Response:
    """201 where it is new, 200 where the request, or another about the same, was there before."""
    dispatch, asked = request.app[DISPATCH], await _read(request, _ASKED)
    issued = await dispatch.work(dispatch.book.issue, Wanted(**dict(asked)))
    dispatch.wake()
    body = {"number": issued.number, "state": issued.state.value, "fresh": issued.fresh, "joined": issued.joined}
    return web.json_response(body, status=201 if issued.fresh else 200)


async def _show(request: web.Request) -> web.Response:
    """How far it is; with `wait` once it has ended, with `since` too once there is something newer than that report."""
    dispatch, number = request.app[DISPATCH], request.match_info["number"]
    seconds, since = seconds_of(request), _since(request)
    found = await dispatch.work(dispatch.book.show, number)
    if seconds and not found.ended and (since is None or found.seq <= since):
        seen = found.state

        def moved(open_now: Open) -> bool:
            now = open_now.get(number)
            return now is None or (since is not None and (now.seq > since or now.state is not seen))

        await dispatch.until(moved, seconds)
        found = await dispatch.work(dispatch.book.show, number)
    return web.json_response(standing_json(found))


async def _withdraw(request: web.Request) -> web.Response:
    dispatch, asked = request.app[DISPATCH], await _read(request, _WITHDRAWAL)
    found = await dispatch.work(dispatch.book.withdraw, request.match_info["number"], asked.by)
    dispatch.wake()
    return web.json_response(standing_json(found))


async def _period(request: web.Request) -> web.Response:
    said = request.match_info
    return web.json_response(
        await request.app[DISPATCH].work(request.app[SHELVES].period, said["feed"], said["period"])
    )


async def _batch(request: web.Request) -> web.Response:
    return web.json_response(await request.app[DISPATCH].work(request.app[SHELVES].batch, request.match_info["digest"]))


def _make_counter(token: str) -> Callable[..., object]:
    """The middleware that asks for the token, before anything is told of what is there."""
    expected = f"Bearer {token}".encode()

    @web.middleware
    async def check_token(request: web.Request, handler: Handler) -> web.StreamResponse:
        presented = request.headers.get(hdrs.AUTHORIZATION, "").encode(errors="surrogateescape")
        if not hmac.compare_digest(presented, expected):
            return _turn_away(request)
        request[VISIT].party = _PARTY
        return await handler(request)

    return check_token


def _turn_away(request: web.Request) -> web.Response:
    error = OfficeTokenWrong()
    request[VISIT].code = error.code
    response = problem(error)
    response.headers[hdrs.WWW_AUTHENTICATE] = "Bearer"
    response.force_close()
    return response


async def _read(request: web.Request, form: TypeAdapter[T]) -> T:
    content = await read_json(request, _MAX_BODY, _too_large)
    try:
        return form.validate_json(content)
    except ValidationError as error:
        raise OfficeRequestMalformed(place=_place(error)) from None


_too_large = partial(TooLarge, what_zh="请求", what_en="the request")


def _place(error: ValidationError) -> str:
    """A key of ours, or "-"; never one of the request's."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    known = first["loc"] and str(first["loc"][0]) in (*Asked.model_fields, *Withdrawal.model_fields)
    return str(first["loc"][0]) if known else "-"


def _since(request: web.Request) -> int | None:
    text = request.query.get("since")
    if text is None:
        return None
    if not _SEQ.fullmatch(text):
        raise OfficeRequestMalformed(place="since")
    return int(text)


@cache
def _worth_trying_again() -> frozenset[str]:
    """Codes of errors that may not come again when nobody does anything."""
    return frozenset(kind.code for kind in YizhanError.all() if issubclass(kind, Retry))


def _outcome(one: Outcome) -> dict[str, object]:
    return {
        "batch": one.batch,
        "revision": one.revision,
        "unchanged": one.unchanged,
        "rows": one.rows,
        "amount": None if one.amount is None else yuan(one.amount),
        "digest": one.digest,
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


async def _not_to_be_kept(request: web.Request, response: web.StreamResponse) -> None:
    response.headers[hdrs.SERVER] = "yizhan"
    response.headers[hdrs.CACHE_CONTROL] = "no-store"


async def _send_waiters_away(app: web.Application) -> None:
    await app[DISPATCH].release()
