"""The driver's exceptions as ours, by code. Must never let a word of the driver out: it quotes names and values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import oracledb

from adapters.contract import Request
from adapters.oracle.refusals import OTHER, UNREADABLE, Kind, Refusal, meaning
from gateway.errors import ClientUnfit, DatabaseDenied, SourceMalformed, SourceUnavailable, YizhanError

_MARK = re.compile(r"\b(?:ORA|DPY|DPI)-[0-9]{4,5}\b")


@contextmanager
def driver_errors(request: Request) -> Iterator[None]:
    """Raises: ours, in place of what the driver raises inside; the deadline's and a cancellation's own first.

    A ValueError is the driver's for a value that Python cannot hold; an OSError the socket's, which it lets through.
    """
    try:
        yield
    except oracledb.Error as error:
        request.remaining()
        raise _told(request, *meaning(tuple(_MARK.findall(str(error))))) from None
    except OSError:
        request.remaining()
        raise _told(request, "-", OTHER) from None
    except (ValueError, OverflowError):
        request.remaining()
        raise _told(request, "-", UNREADABLE) from None


def malformed(request: Request, zh: str, en: str, where: str = "SQL") -> SourceMalformed:
    """What a result that is not exact is told as."""
    return SourceMalformed(feed=request.feed, where=where, reason_zh=zh, reason_en=en)


def _told(request: Request, mark: str, refusal: Refusal) -> YizhanError:
    if refusal.kind in (Kind.DENIED, Kind.CLIENT):
        kind = DatabaseDenied if refusal.kind is Kind.DENIED else ClientUnfit
        return kind(
            feed=request.feed, mark=mark, reason_zh=refusal.zh, reason_en=refusal.en,
            advice_zh=refusal.advice_zh, advice_en=refusal.advice_en,
        )  # fmt: skip
    zh, en = f"{refusal.zh},{refusal.advice_zh}", f"{refusal.en}: {refusal.advice_en}"
    if refusal.kind is Kind.STATEMENT:
        return malformed(request, zh, en, where=mark)
    return SourceUnavailable(feed=request.feed, reason_zh=f"{zh}({mark})", reason_en=f"{en} ({mark})")
