"""What a driver has to be told so that it neither bends values nor holds a whole result in memory.

Owns the settings, found by the driver's name alone, before anything is connected. The site's connection string is never
overruled: a setting is added only where the string does not name it. Must never add a host, an account or a password.

Measured here: psqlodbc 13.02, MariaDB Connector/ODBC 3.1.15, libsqliteodbc 0.9998. By their documentation alone: MySQL
Connector/ODBC, the drivers of KingbaseES and openGauss (relatives of psqlodbc), FreeTDS. MDBTools' driver is told
nothing: it is never connected (see `adapters.odbc.access`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_ACCESS = ("mdbtools", "mdbodbc")
_KEY = re.compile(r"(?:^|;)\s*([^=;{}]+?)\s*=\s*(\{(?:[^}]|\}\})*\}|[^;]*)")


@dataclass(frozen=True, kw_only=True)
class Driver:
    """A family of drivers: words of which one is in the name, and what it is told."""

    words: tuple[str, ...]
    settings: tuple[tuple[str, str], ...]


FAMILIES = (
    # A server-side cursor in place of the whole result (94 instead of 636 MB for a million rows); booleans as booleans.
    Driver(
        words=("postgres", "psqlodbc", "kingbase", "gauss"),
        settings=(("UseDeclareFetch", "1"), ("Fetch", "5000"), ("BoolsAsChar", "0")),
    ),
    # FORWARDONLY: without it the driver keeps every result of a statement (see `adapters.odbc.mariadb`).
    Driver(words=("mariadb", "maodbc"), settings=(("CHARSET", "utf8mb4"), ("FORWARDONLY", "1"))),
    Driver(words=("mysql", "myodbc"), settings=(("CHARSET", "utf8mb4"), ("NO_CACHE", "1"))),
    Driver(words=("sqlite",), settings=(("StepAPI", "1"), ("NoCreat", "1"))),
    Driver(words=("freetds", "tdsodbc"), settings=(("TDS_Version", "7.4"), ("ClientCharset", "UTF-8"))),
)


def completed(connection: str, sources: Mapping[str, str]) -> str:
    """The connection string with the settings of its driver's family that it lacks.

    Args:
        sources: the data source names of this machine (`DSN=` of the string) and the driver of each.
    """
    given = _given(connection)
    name = _driver(given, sources)
    family = next((one for one in FAMILIES if any(word in name for word in one.words)), None)
    missing = [f"{key}={value}" for key, value in (family.settings if family else ()) if key.lower() not in given]
    return ";".join([connection.rstrip("; "), *missing])


def access_file(connection: str, sources: Mapping[str, str]) -> str | None:
    """The Access file that a connection string for MDBTools' driver names, "" where it names none.

    Args:
        sources: as of `completed`.

    Returns:
        None where the driver is another one.
    """
    given = _given(connection)
    if not any(word in _driver(given, sources) for word in _ACCESS):
        return None
    return given.get("dbq") or given.get("database") or ""


def _given(connection: str) -> dict[str, str]:
    return {name.lower(): value.strip("{}") for name, value in _KEY.findall(connection)}


def _driver(given: Mapping[str, str], sources: Mapping[str, str]) -> str:
    """Its name, or its library's, in small letters."""
    return (given.get("driver") or sources.get(given.get("dsn", ""), "")).lower()
