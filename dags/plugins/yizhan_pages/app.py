"""The pages as Airflow's api-server serves them: after its own log-in, for whoever may see the feed's runs.

Asks the office interface with the token that Airflow has, as the tasks do. Must never hand the token, or an answer
unread, to a browser.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar
from urllib.parse import urlencode

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from fastapi import FastAPI, HTTPException, Request, status
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from yizhan_links import airflow_path
from yizhan_office import Office, Refused

from gateway.errors import BatchUnknownHere, Lang, OfficeDenied, OfficeUnreachable, Retry, YizhanError
from yizhan_pages.answers import BatchStory, PeriodRow
from yizhan_pages.view import POLICY, failure_html, ledger_html, period_html

T = TypeVar("T", bound=BaseModel)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_FEED = re.compile(r"[a-z0-9][a-z0-9._-]{2,126}", re.ASCII)
_PERIOD = re.compile(r"[0-9A-Z-]{4,15}", re.ASCII)
_TONGUE = re.compile(r"\s*(zh|en)\b", re.IGNORECASE)
_CODES = {error.code: error for error in YizhanError.all()}
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def make_app() -> FastAPI:
    """What the plugin mounts."""
    app = FastAPI(title="yizhan", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_api_route("/ledger/{digest}", show_ledger, response_class=HTMLResponse)
    app.add_api_route("/periods/{feed}/{period}", show_period, response_class=HTMLResponse)
    app.add_exception_handler(YizhanError, _failed)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(HTTPException, _turned_away)
    return app


async def show_ledger(request: Request, digest: str, user: GetUserDep) -> Response:
    """A batch's ledger lines. Raises: BatchUnknownHere, and as `_asked`."""
    if not _DIGEST.fullmatch(digest):
        raise BatchUnknownHere(digest=digest[:64])
    story = await _asked(f"batches/{digest}", BatchStory)
    for feed in {line.feed for line in story.lines if line.feed}:
        await _let_see(request, user, feed)
    return _html(ledger_html(story, digest, tongue(request)), status.HTTP_200_OK)


async def show_period(request: Request, feed: str, period: str, user: GetUserDep) -> Response:
    """The board's row. Raises: HTTPException (404), and as `_asked`."""
    if not (_FEED.fullmatch(feed) and _PERIOD.fullmatch(period)):
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    await _let_see(request, user, feed)
    row = await _asked(f"periods/{feed}/{period}", PeriodRow)
    return _html(period_html(row, tongue(request)), status.HTTP_200_OK)


def tongue(request: Request) -> Lang:
    """What the address asks for, or else the first language of the browser's that is one of ours, or else Chinese."""
    wishes = (request.query_params.get("lang", ""), *request.headers.get("accept-language", "").split(","))
    found = next((match[1].lower() for wish in wishes if (match := _TONGUE.match(wish))), "zh")
    return "en" if found == "en" else "zh"


async def _asked(path: str, form: type[T]) -> T:
    """What the office interface says there. Raises: Refused, OfficeDenied, OfficeUnreachable."""
    try:
        office = Office.configured()
    except KeyError as unset:
        raise OfficeUnreachable(url=unset.args[0], status="-") from None
    try:
        return form.model_validate(await office.look(path))
    except ValidationError:
        raise OfficeUnreachable(url=path, status="?") from None


async def _let_see(request: Request, user: Any, feed: str) -> None:
    """As Airflow decides who may see a DAG's tasks. Raises: HTTPException (403)."""
    await run_in_threadpool(requires_access_dag("GET", DagAccessEntity.TASK_INSTANCE, feed), request, user)


async def _failed(request: Request, error: YizhanError) -> Response:
    """Of the office interface, or of the address."""
    lang = tongue(request)
    return _html(failure_html(error.code, error.message(lang), lang), _status(type(error)))


async def _refused(request: Request, error: Refused) -> Response:
    """By the centre, in its own words."""
    lang = tongue(request)
    return _html(failure_html(error.code, error.message(lang), lang), _status(_CODES.get(error.code)))


async def _turned_away(request: Request, error: HTTPException) -> Response:
    """To the log-in, where that would help and a person asks; Airflow's own answer otherwise."""
    unknown = error.status_code == status.HTTP_401_UNAUTHORIZED or error.detail == "Invalid JWT token"
    if unknown and "text/html" in request.headers.get("accept", ""):
        wanted = f"{request.url.path}?{request.url.query}".removesuffix("?")
        login = f"{airflow_path()}/api/v2/auth/login?{urlencode({'next': wanted})}"
        return RedirectResponse(login, status_code=status.HTTP_303_SEE_OTHER, headers=_HEADERS)
    return JSONResponse({"detail": error.detail}, status_code=error.status_code, headers=_HEADERS)


def _status(kind: type[YizhanError] | None) -> int:
    """Not there, not now, or not this way (RFC 9110): 404, 503, 502."""
    if kind is None or kind is OfficeDenied or (kind.status >= 500 and not issubclass(kind, Retry)):
        return status.HTTP_502_BAD_GATEWAY
    return status.HTTP_503_SERVICE_UNAVAILABLE if issubclass(kind, Retry) else status.HTTP_404_NOT_FOUND


def _html(text: str, code: int) -> HTMLResponse:
    return HTMLResponse(text, status_code=code, headers=_HEADERS)
