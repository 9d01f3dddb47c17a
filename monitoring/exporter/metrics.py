"""The metrics: every name the exporter can say, its words of help and its labels, in the order of the exposition.

The one place where a name of a metric stands; rules and dashboards are tested against it. Everything is a gauge,
moments are Unix seconds, and what has not happened yet is absent. It must never have a label that names a run, a file,
a digest or a person: each value of a label is one more series for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One gauge."""

    name: str
    help: str
    labels: tuple[str, ...] = ()

    def family(self) -> GaugeMetricFamily:
        """An empty family of it."""
        return GaugeMetricFamily(self.name, self.help, labels=self.labels)


_FEED = ("feed", "department")
_PERIOD = (*_FEED, "period")
_DEPARTMENT = ("department",)
_SOURCE = ("source",)


def _period(name: str, words: str, *more: str) -> Metric:
    return Metric(name=f"yizhan_feed_period_{name}", help=words, labels=(*_PERIOD, *more))


# --- what is owed -----------------------------------------------------------------------------------------------------

FEED_INFO = Metric(
    name="yizhan_feed_info",
    help="A feed of the catalogue; owner is the post that answers for it, article the rule it is owed under.",
    labels=(*_FEED, "title", "department_title", "owner", "cadence", "judged_by", "article"),
)
PERIOD_INFO = _period("info", "A period on the board; deadline is what the rule says, in words.", "deadline", "article")
PERIOD_DUE = _period("due_timestamp_seconds", "When the period is due, extensions counted; absent where exempt.")
PERIOD_REMIND = _period(
    "remind_timestamp_seconds",
    "When a period that has ended and has no receipt is to be reminded of, days before it is due.",
    "step",
    "days",
)

# --- what has come ----------------------------------------------------------------------------------------------------

PERIOD_RECEIPTED = _period("receipted_timestamp_seconds", "When the centre first accepted data of the period.")
PERIOD_LANDED = _period("landed_timestamp_seconds", "When the first accepted data reached the front-end.")
PERIOD_ON_TIME = _period("on_time", "1 where the first accepted data came in time, 0 where it was late.")
PERIOD_STATE = _period("state", "The state in which the period is now; the others have no series.", "state")
PERIOD_REVISION = _period("revision", "Number of the newest accepted revision.")
PERIOD_ROWS = _period("rows", "Rows that the centre counted, loaded and duplicate; of portions, their net number.")
PERIOD_AMOUNT = _period("amount_yuan", "Sum of the feed's amount over those rows, in yuan.")
PERIOD_PROBLEM_ROWS = _period("problem_rows", "Rows set aside at the front-end and at the centre.")
PERIOD_BALANCED = _period("balanced", "0 while the newest attempt does not balance and nothing settled it, else 1.")
PERIOD_HELD = _period("held_since_timestamp_seconds", "Since when a batch of the period waits for a reviewer.")
PERIOD_FORECAST_LATE = _period("forecast_late", "1 where the feed's own history says it will be late, else 0.")
LAST_ATTEMPT = Metric(
    name="yizhan_feed_last_attempt_timestamp_seconds", help="When the feed was last attempted.", labels=_FEED
)
LAST_ATTEMPT_FAILED = Metric(
    name="yizhan_feed_last_attempt_failed",
    help="1 with the code of the error while the feed's last attempt failed.",
    labels=(*_FEED, "code"),
)
DUNNINGS = Metric(name="yizhan_dunnings", help="Dunning notices written to the department in all.", labels=_DEPARTMENT)

# --- the machines -----------------------------------------------------------------------------------------------------

HEARD = Metric(
    name="yizhan_front_end_heard_timestamp_seconds",
    help="When the department's front-end was last heard here.",
    labels=_DEPARTMENT,
)
CLOCK_SKEW = Metric(
    name="yizhan_front_end_clock_skew_seconds",
    help="By how much the front-end's clock was ahead of the centre's when it was last heard.",
    labels=_DEPARTMENT,
)
SPOOL_ENTRIES = Metric(
    name="yizhan_spool_entries", help="Batches in each state of a spool.", labels=(*_DEPARTMENT, "state")
)
SPOOL_BYTES = Metric(name="yizhan_spool_bytes", help="Bytes of the payloads that wait in a spool.", labels=_DEPARTMENT)
SPOOL_OLDEST = Metric(
    name="yizhan_spool_oldest_timestamp_seconds",
    help="Since when the oldest batch waits to be sent; absent while none does.",
    labels=_DEPARTMENT,
)
SPOOL_HELD = Metric(
    name="yizhan_spool_held_since_timestamp_seconds",
    help="Since when the oldest batch waits for a reviewer; absent while none does.",
    labels=_DEPARTMENT,
)
DISK_FREE = Metric(name="yizhan_disk_free_bytes", help="Free bytes of the node's disk.", labels=_DEPARTMENT)
DISK_SIZE = Metric(name="yizhan_disk_size_bytes", help="Size of the node's disk.", labels=_DEPARTMENT)
CERTIFICATE = Metric(
    name="yizhan_certificate_not_after_timestamp_seconds",
    help="Until when a certificate is valid; an empty department is this node.",
    labels=(*_DEPARTMENT, "certificate"),
)

# --- the calendar, the ledger, the exporter ---------------------------------------------------------------------------

CALENDAR_END = Metric(
    name="yizhan_calendar_coverage_end_timestamp_seconds",
    help="End of the last day of which it is known whether it is worked.",
)
CALENDAR_RULES = Metric(
    name="yizhan_calendar_rules_needing_workdays", help="Rules of the catalogue that ask for working days."
)
CALENDAR_UNKNOWN = Metric(
    name="yizhan_calendar_unknown_years",
    help="Years that a rule in use asks for and of which nobody knows the working days.",
)
LEDGER_POSITION = Metric(name="yizhan_ledger_position", help="Number of the last line of the ledger.")
LEDGER_VERIFIED = Metric(
    name="yizhan_ledger_verified_timestamp_seconds",
    help="When the exporter last found the whole ledger to be what was written.",
)
LEDGER_FAULTS = Metric(
    name="yizhan_ledger_faults", help="Faults found when the exporter last verified the whole ledger."
)
NODE_INFO = Metric(name="yizhan_node_info", help="The node.", labels=("site", "role", "version"))
SOURCE_SUCCESS = Metric(
    name="yizhan_exporter_source_success",
    help="1 where the source could be read for this scrape, else 0; its code is in the exporter's log.",
    labels=_SOURCE,
)
SOURCE_DURATION = Metric(
    name="yizhan_exporter_source_duration_seconds", help="How long reading the source took.", labels=_SOURCE
)
SCRAPE = Metric(
    name="yizhan_exporter_scrape_timestamp_seconds", help="The node's clock, by which this scrape was judged."
)

TABLE: tuple[Metric, ...] = (
    NODE_INFO,
    FEED_INFO,
    PERIOD_INFO,
    PERIOD_DUE,
    PERIOD_REMIND,
    PERIOD_RECEIPTED,
    PERIOD_LANDED,
    PERIOD_ON_TIME,
    PERIOD_STATE,
    PERIOD_REVISION,
    PERIOD_ROWS,
    PERIOD_AMOUNT,
    PERIOD_PROBLEM_ROWS,
    PERIOD_BALANCED,
    PERIOD_HELD,
    PERIOD_FORECAST_LATE,
    LAST_ATTEMPT,
    LAST_ATTEMPT_FAILED,
    DUNNINGS,
    HEARD,
    CLOCK_SKEW,
    SPOOL_ENTRIES,
    SPOOL_BYTES,
    SPOOL_OLDEST,
    SPOOL_HELD,
    DISK_FREE,
    DISK_SIZE,
    CERTIFICATE,
    CALENDAR_END,
    CALENDAR_RULES,
    CALENDAR_UNKNOWN,
    LEDGER_POSITION,
    LEDGER_VERIFIED,
    LEDGER_FAULTS,
    SOURCE_SUCCESS,
    SOURCE_DURATION,
    SCRAPE,
)
"""Every metric there is."""

SOURCES = ("board", "ledger", "presence", "certificates", "disk", "spool")
"""Values of the label `source`."""

BY_NAME: Mapping[str, Metric] = {metric.name: metric for metric in TABLE}
