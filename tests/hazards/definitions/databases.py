"""Hazards of databases: one value each, as the real server holds it and its real ODBC driver hands it over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.hazards.case import Hazard
from tests.hazards.definitions.text import NAME, of

YUAN, DAY, MOMENT, WHOLE, TEXT, CODE = (of(kind) for kind in ("money", "date", "timestamp", "integer", "text", "code"))
PLACES, YES = of("decimal", precision=38, scale=10), of("boolean")
PERSON = NAME
REFUSED = "YZ-2005"
GROUPS = {"money": "numbers", "decimal": "numbers", "integer": "numbers", "date": "dates", "timestamp": "dates"}
LONG = "长" * 20_000

POSTGRES = (
    ("numeric_38", "38 digits", "CAST('1234567890123456789012345678.0123456789' AS numeric(38,10))", PLACES, "1234567890123456789012345678.0123456789"),
    ("numeric_free", "a numeric of no declared size", "CAST('0.1' AS numeric)", PLACES, "0.1000000000"),
    ("numeric_nan", "NaN is no amount", "CAST('NaN' AS numeric)", YUAN, "YZ-3021"),
    ("numeric_infinity", "an infinite numeric is no amount", "CAST('Infinity' AS numeric)", YUAN, "YZ-3021"),
    ("float_for_money", "a double has lost what it could not hold", "CAST(0.1 AS double precision)", YUAN, REFUSED),
    ("bigint_beyond_a_float", "2^53 and one", "CAST(9007199254740993 AS bigint)", WHOLE, "9007199254740993"),
    ("date", "a day", "DATE '2026-10-01'", DAY, "2026-10-01"),
    ("date_infinity", "infinity, which drivers read as today", "CAST('infinity' AS date)", DAY, "YZ-3031"),
    ("date_bc", "44 before Christ, which drivers read as AD 44", "CAST('0044-03-15 BC' AS date)", DAY, "YZ-3034"),
    ("date_far", "a year of five digits", "CAST('12026-10-01' AS date)", DAY, "YZ-3034"),
    ("moment_zone", "a moment with its zone is that instant", "TIMESTAMP WITH TIME ZONE '2026-10-01 09:30:00+09'", MOMENT, "2026-10-01T08:30:00+08:00"),
    ("moment_infinity", "a moment without end", "CAST('infinity' AS timestamp)", MOMENT, "YZ-3039"),
    ("moment_microseconds", "microseconds stay", "TIMESTAMP '2026-10-01 08:30:00.123456'", MOMENT, "2026-10-01T08:30:00.123456+08:00"),
    ("boolean", "true, which drivers give as '1'", "TRUE", YES, "True"),
    ("bytes", "bytes are no text", "CAST('\\xDEAD' AS bytea)", TEXT, REFUSED),
    ("money_type", "the type money depends on the server's language", "CAST(12.5 AS money)", YUAN, REFUSED),
    ("null", "null is missing", "CAST(NULL AS numeric)", YUAN, None),
    ("empty_text", "an empty text is no null", "CAST('' AS text)", TEXT, ""),
    ("long_text", "text longer than the driver's usual buffer", "repeat('长', 20000)", TEXT, LONG),
    ("four_bytes", "characters beyond the basic plane", "CAST('𠮷田😀' AS text)", TEXT, "𠮷田😀"),
    ("padded_char", "CHAR(6) is filled up with spaces, which are no part of a code", "CAST('01' AS char(6))", CODE, "YZ-3014"),
    ("quote", "an apostrophe in a name", "CAST('O''Neil' AS text)", PERSON, "O'Neil"),
)  # fmt: skip

MARIADB = (
    ("decimal", "an exact decimal", "CAST('1234567890123456.78' AS DECIMAL(20,2))", YUAN, "1234567890123456.78"),
    ("unsigned", "the largest BIGINT UNSIGNED, which drivers read as -1", "CAST(18446744073709551615 AS UNSIGNED)", WHOLE, "YZ-3028"),
    ("zero_date", "0000-00-00, which drivers read as null", "d0", DAY, "YZ-3033"),
    ("no_day", "2024-00-15", "d1", DAY, "YZ-3032"),
    ("nul", "a NUL within a text, at which drivers stop reading", "CONCAT('a', CHAR(0 USING utf8mb4), 'b')", TEXT, "YZ-3012"),
    ("bits", "BIT(8) is no text", "b0", TEXT, REFUSED),
    ("float_for_money", "a double has lost what it could not hold", "f0", YUAN, REFUSED),
    ("time_negative", "a time of minus 838 hours is no moment", "t0", MOMENT, REFUSED),
    ("four_bytes", "characters beyond the basic plane", "_utf8mb4'𠮷田😀'", TEXT, "𠮷田😀"),
    ("gbk_column", "a column in GBK arrives as its characters", "g0", TEXT, "王芳"),
    ("long_text", "300,000 characters", "REPEAT('a', 300000)", TEXT, "a" * 300_000),
    ("null", "null is missing", "CAST(NULL AS DECIMAL(10,2))", YUAN, None),
)  # fmt: skip
MARIADB_TABLE = (
    "CREATE TABLE odd (d0 DATE, d1 DATE, f0 DOUBLE, t0 TIME, b0 BIT(8), g0 VARCHAR(20) CHARACTER SET gbk)",
    "SET STATEMENT sql_mode='' FOR INSERT INTO odd VALUES ('0000-00-00', '2024-00-15', 0.1, '-838:59:59', 170, '王芳')",
)

SQLITE = (
    ("beyond_32_bits", "an integer that the driver cuts to 32 bits", "i", WHOLE, "9007199254740993"),
    ("real_for_money", "a real has lost what it could not hold", "r", YUAN, REFUSED),
    ("text_amount", "an amount kept as text", "'0.10'", YUAN, "0.10"),
    ("empty_text", "an empty text is no null", "''", TEXT, ""),
    ("null", "null is missing", "NULL", TEXT, None),
    ("four_bytes", "characters beyond the basic plane", "v", TEXT, "𠮷田😀"),
)
SQLITE_TABLE = (
    "CREATE TABLE odd (i BIGINT, r REAL, v VARCHAR(20))",
    "INSERT INTO odd VALUES (9007199254740993, 0.1, '𠮷田😀')",
)  # fmt: skip


def _one(peer: str, name: str, shows: str, value: str, field: dict[str, Any], outcome: str | None, of: str) -> Hazard:
    bad = outcome is not None and outcome.startswith("YZ-3")
    refused = outcome if outcome == REFUSED else None
    return Hazard(
        name=f"{peer}_{name}", group=GROUPS.get(field["type"], "encoding"),
        shows=shows, found="adapters-facts 2", peer=peer, fields=(field | {"source": "value"},),
        source={"adapter": "odbc", "sql": f"SELECT {value} AS value{of}"}, given={},
        rows=() if bad or refused else ((outcome,),), problems=(("1", str(outcome)),) if bad else (), refused=refused,
    )  # fmt: skip


def hazards() -> Iterator[Hazard]:
    """All of them."""
    for peer, cells, of_ in (
        ("postgres", POSTGRES, ""),
        ("mariadb", MARIADB, " FROM odd"),
        ("sqlite", SQLITE, " FROM odd"),
    ):
        for name, shows, value, field, outcome in cells:
            yield _one(peer, name, shows, value, field, outcome, of_)
