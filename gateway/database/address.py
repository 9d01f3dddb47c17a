"""Where a PostgreSQL database is, and as whom it is entered. A value only; must never show its password."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class PostgresAddress:
    """One log-in to one database.

    Attributes:
        host: a name or address, or several with commas between (the one that takes writes is chosen).
        sslmode: as libpq knows it (PostgreSQL manual, 34.1.2); only `verify-full` knows whom it talks to.
        sslrootcert: the authority of the server's certificate; None takes libpq's own default.
        patience: seconds during which the fate of a COMMIT whose answer was lost is asked for.
    """

    host: str
    port: int = 5432
    database: str
    user: str
    password: str = field(repr=False)
    sslmode: str = "verify-full"
    sslrootcert: Path | None = None
    patience: float = 30.0
