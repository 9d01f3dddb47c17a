"""When a task is tried again, and after which pause. Must never decide that an error heals: its class does."""

from __future__ import annotations

import os
import zlib
from datetime import timedelta
from typing import Any

from airflow.sdk import RetryDecision, RetryPolicy
from airflow.sdk.exceptions import AirflowException

TRIES = 1000
_FIRST = timedelta(seconds=int(os.environ.get("YIZHAN_RETRY_SECONDS", "60")))
_MOST = timedelta(hours=1)
_SURPRISES = 5
"""So often is tried again what no error class speaks of: Airflow's own parts that cannot be reached, or a defect."""


class Later(AirflowException):
    """Time heals it: tried again, until the period's due date (whoever raises this has looked at it)."""


class ByErrorClass(RetryPolicy):
    """`Later` is tried again as long as it is raised, anything else a few times.

    The pause doubles with each try since the run was begun or cleared, up to an hour; Airflow itself would count every
    try there ever was, and let a run that was cleared often wait an hour for the first one.
    """

    def evaluate(self, exception: BaseException, try_number: int, max_tries: int, context: Any = None) -> RetryDecision:
        """As Airflow asks: `max_tries` is TRIES beyond the number of tries there were when it was cleared last."""
        tries = max(1, try_number - (max_tries - TRIES))
        if not isinstance(exception, Later) and tries > _SURPRISES:
            return RetryDecision.fail(reason=f"{type(exception).__name__}")
        pause = min(_MOST, _FIRST * 2 ** min(tries - 1, 16))
        spread = zlib.crc32(f"{context['ti'].id if context else ''}".encode()) / 2**32  # not all front-ends at once
        return RetryDecision.retry(delay=pause * (0.75 + spread / 4))


RETRIES: dict[str, Any] = {"retries": TRIES, "retry_delay": _FIRST, "max_retry_delay": _MOST}
