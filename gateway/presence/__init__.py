"""Presence: when a centre last heard of each department's front-end, how its clock goes, and how it fares.

report   what a front-end says of itself                     `Report`, `encode`, `parse` ("yizhan-heartbeat/1")
skew     moments as HTTP writes them, and how far apart two clocks are
table    the table in the centre's database                  `SCHEMA`, `PRESENCE`
hearing  who was heard, and what they said                   `Presence`, `Heard`

Whose report it is, the connection's certificate says and never the report. Must never judge what is late or wrong, and
must never hold anything about a person: no name, no certificate of one, no path.
"""

from gateway.presence.hearing import Heard, Presence
from gateway.presence.report import (
    MAX_LISTED,
    MAX_REPORT,
    Attempt,
    Certificate,
    DiskFacts,
    HeldPeriod,
    Report,
    SpoolFacts,
    encode,
    parse,
)
from gateway.presence.skew import http_date, milliseconds, skew_of
from gateway.presence.table import PRESENCE, SCHEMA

__all__ = [
    "MAX_LISTED",
    "MAX_REPORT",
    "PRESENCE",
    "SCHEMA",
    "Attempt",
    "Certificate",
    "DiskFacts",
    "Heard",
    "HeldPeriod",
    "Presence",
    "Report",
    "SpoolFacts",
    "encode",
    "http_date",
    "milliseconds",
    "parse",
    "skew_of",
]
