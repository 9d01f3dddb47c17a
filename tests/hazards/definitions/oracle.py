"""Hazards of Oracle: one value each, as it comes over the wire to the real driver.

The wire server of the tests gives the bytes; what a real Oracle does is shown where the tests are run against one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.hazards.case import Hazard
from tests.hazards.definitions.text import NAME, of

YUAN, DAY, MOMENT, WHOLE, TEXT = (of(kind) for kind in ("money", "date", "timestamp", "integer", "text"))
PLACES, WIDE, PERSON = of("decimal", precision=38, scale=10), of("decimal", precision=38, scale=0), NAME
REFUSED = "YZ-2005"
NINES = "9" * 38
RAW = "gb18030"


def _held(raw: bytes) -> str:
    """Bytes in a column of a wrongly declared database, as the wire server takes them."""
    return "'" + raw.decode("latin-1") + "'"


def _bytes_of(raw: bytes) -> str:
    return f"utl_raw.cast_to_raw({_held(raw)})"


# The group, the name, what it shows, the service, the value, its field, the outcome, the feed's charset
CELLS: tuple[tuple[str, str, str, str, str, dict[str, Any], str | None, str | None], ...] = (
    ("numbers", "number_of_no_size", "NUMBER, which the driver gives as a float", "ORCL", "CAST('9007199254740993' AS NUMBER)", WHOLE, "9007199254740993", None),
    ("numbers", "number_19", "an identifier beyond 2^53", "ORCL", "CAST('9007199254740993' AS NUMBER(19))", WHOLE, "9007199254740993", None),
    ("numbers", "number_18_2", "an amount that a float cannot hold", "ORCL", "CAST('1234567890123456.78' AS NUMBER(18,2))", YUAN, "1234567890123456.78", None),
    ("numbers", "number_38", "38 digits, of which a wider schema would change some", "ORCL", f"CAST('{NINES}' AS NUMBER(38))", WIDE, NINES, None),
    ("numbers", "tenth", "0.1 of no declared size", "ORCL", "CAST('0.1' AS NUMBER)", PLACES, "0.1000000000", None),
    ("numbers", "null", "null is missing, not zero", "ORCL", "CAST(NULL AS NUMBER(18,2))", YUAN, None, None),
    ("numbers", "binary_double", "a double has lost what it could not hold", "ORCL", "CAST('0.1' AS BINARY_DOUBLE)", YUAN, REFUSED, None),
    ("dates", "day", "a DATE at midnight", "ORCL", "CAST('2026-10-01 00:00:00' AS DATE)", DAY, "2026-10-01", None),
    ("dates", "day_with_time", "a DATE holds a time of day", "ORCL", "CAST('2026-10-01 08:30:00' AS DATE)", DAY, "YZ-3036", None),
    ("dates", "day_bc", "44 before Christ, which drivers read as AD 44", "ORCL", "CAST('0044-03-15 (BC)' AS DATE)", DAY, REFUSED, None),
    ("dates", "day_summer_time", "a midnight that summer time of 1940 left out is still its day", "ORCL", "CAST('1940-06-03 00:00:00' AS DATE)", DAY, "1940-06-03", None),
    ("dates", "for_ever", "9999-12-31 for long term", "ORCL", "CAST('9999-12-31 00:00:00' AS DATE)", DAY, "YZ-3033", None),
    ("dates", "moment", "microseconds stay", "ORCL", "CAST('2026-10-01 08:30:00.123456' AS TIMESTAMP(6))", MOMENT, "2026-10-01T08:30:00.123456+08:00", None),
    ("dates", "moment_nanoseconds", "a ninth decimal that the driver cuts off", "ORCL", "CAST('2026-10-01 08:30:00.123456789' AS TIMESTAMP(9))", MOMENT, REFUSED, None),
    ("dates", "moment_zone", "a zone that the driver applies and then forgets", "ORCL", "CAST('2026-10-01 08:30:00+08' AS TIMESTAMP(6) WITH TIME ZONE)", MOMENT, REFUSED, None),
    ("encoding", "four_bytes", "characters beyond the basic plane", "ORCL", "'𠮷田'", PERSON, "𠮷田", None),
    ("encoding", "gbk_in_us7ascii", "GBK in a database that declares US7ASCII, taken as bytes", "US7", _bytes_of("王芳".encode(RAW)), PERSON, "王芳", RAW),
    ("encoding", "four_bytes_in_us7ascii", "the same with a character of four bytes", "US7", _bytes_of("𠮷田".encode(RAW)), PERSON, "𠮷田", RAW),
    ("encoding", "half_a_character_in_us7ascii", "the same, cut in the middle of a character", "US7", _bytes_of("王芳".encode(RAW)[:-1]), PERSON, "YZ-3003", RAW),
    ("encoding", "lost_in_conversion", "the same taken as text: the server has replaced the bytes", "US7", _held("王芳".encode(RAW)), PERSON, "YZ-3003", RAW),
    ("encoding", "lost_and_nobody_declared", "the same where the feed declares no charset", "US7", _held("王芳".encode(RAW)), PERSON, "YZ-3011", None),
    ("encoding", "gbk_behind_utf8", "GBK in a database that declares UTF-8", "LIES", _held("王芳".encode(RAW)), PERSON, "YZ-3003", None),
    ("encoding", "raw_nobody_declared", "bytes without a charset are no text", "ORCL", "utl_raw.cast_to_raw('A')", TEXT, REFUSED, None),
)  # fmt: skip

REFUSALS = (
    ("old_server", "a server of 11.2, which thin mode does not speak to", "V11", "YZ-2041"),
    ("old_verifier", "an account that has a verifier of 10G alone", "V19_10G", "YZ-2041"),
    ("no_such_service", "a service nobody offers", "NOWHERE", "YZ-2001"),
)


def hazards() -> Iterator[Hazard]:
    """All of them."""
    for group, name, shows, service, value, field, outcome, charset in CELLS:
        bad = outcome is not None and outcome.startswith("YZ-3")
        refused = outcome if outcome == REFUSED else None
        source = {"adapter": "oracle", "sql": f"SELECT {value} AS value FROM dual"}
        yield Hazard(
            name=f"oracle_{name}", group=group, shows=shows, found="adapters-facts 1, domain 6.12", peer="oracle",
            fields=(field | {"source": "value"},), source=source | ({"charset": charset} if charset else {}),
            given={"service": service.encode()}, rows=() if bad or refused else ((outcome,),),
            problems=(("1", str(outcome)),) if bad else (), refused=refused,
        )  # fmt: skip
    for name, shows, service, code in REFUSALS:
        yield Hazard(
            name=f"oracle_{name}", group="transport", shows=shows, found="adapters-facts 1", peer="oracle",
            fields=(TEXT | {"source": "value"},), source={"adapter": "oracle", "sql": "SELECT 'A' AS value FROM dual"},
            given={"service": service.encode()}, refused=code,
        )  # fmt: skip
