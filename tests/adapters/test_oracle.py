"""Values out of Oracle: exact or refused. Against the wire server, or the real database of YIZHAN_TEST_ORACLE_DSN."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import Column, Declared, Secrets
from adapters.oracle.texts import texts
from gateway.errors import ConfigInvalid, SourceMalformed
from gateway.records.types import FieldType, Unit
from tests.adapters.oracle_cases import TABLE, adapter, column_of, config, oracle, read, request, wire
from tests.peers.oracle import primitives
from tests.peers.oracle.running import Oracle

__all__ = ["oracle", "wire"]  # fixtures

SERVICES = ("ORCL", "V12", "V12_11G", "V19_11G", "NARROW", "NARROW_12", "PLAIN")
NINES = "9" * 38
WHO = Column(name="who", type=FieldType.PERSON_NAME)
NOTE = Column(name="note", type=FieldType.TEXT, source="NOTE_CLOB")
DAY = Column(name="day", type=FieldType.DATE)
MOMENT = Column(name="moment", type=FieldType.TIMESTAMP)


def numbers(*kinds: str) -> tuple[Column, ...]:
    return tuple(Column(name=f"n{at}", type=FieldType.DECIMAL) for at in range(len(kinds)))


def test_numbers_of_a_declared_size_arrive_digit_for_digit(oracle: Oracle, secrets: Secrets) -> None:
    rows = [(Decimal(NINES), Decimal("1234567890123456.78"), 9007199254740993, Decimal("-0.000001")),
            (Decimal("-" + NINES), Decimal("-0.05"), -9007199254740993, Decimal("0.1")),
            (0, Decimal("1200"), None, None)]  # fmt: skip
    oracle.make(TABLE, "n0 NUMBER(38), n1 NUMBER(18,2), n2 NUMBER(19), n3 NUMBER(9,6)", rows)
    found = read(oracle, config(oracle, f"SELECT * FROM {TABLE} ORDER BY n0 DESC"), secrets, *numbers(*"abcd"))
    assert [tuple(row.values())[2:] for row in found] == [
        (NINES, "1234567890123456.78", "9007199254740993", "-0.000001"),
        ("0", "1200.00", None, None),
        ("-" + NINES, "-0.05", "-9007199254740993", "0.100000"),
    ]


def test_numbers_of_no_declared_size_arrive_digit_for_digit_and_without_an_exponent(
    oracle: Oracle, secrets: Secrets
) -> None:
    """What the driver's Arrow fetch gives as a float, or as another number (see adapters/oracle/forms.py)."""
    said = ["9007199254740993", "-9007199254740993", "0.0000000001", "-12345678901234567890.0123456789", "0", "120"]
    oracle.make(TABLE, "n0 NUMBER, n1 NUMBER(12,8)", [(Decimal(one), Decimal("0.00000001")) for one in said])
    found = read(oracle, config(oracle), secrets, *numbers(*"ab"))
    assert column_of(found, "n0") == said
    assert set(column_of(found, "n1")) == {"0.00000001"}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("kind", ["NUMBER(18,2)", "NUMBER"])
def test_every_kind_of_server_gives_every_row_by_arrow_and_by_rows(
    wire: Oracle, secrets: Secrets, service: str, kind: str
) -> None:
    """Repeated values left out by a bit vector, packets of 600 bytes, nulls, 12.1 and 19c, 11G and 12C log-ins."""
    wire.make(TABLE, f"no VARCHAR2(20), who VARCHAR2(300), amount {kind}, day DATE, note_clob CLOB", [
        (f"{at:05d}", None if at % 5 == 0 else "王" * (at // 50), Decimal(at // 7), datetime(2026, 1, 1 + at % 3 // 2),
         None if at % 2 else "记" * (at % 4)) for at in range(3_000)
    ])  # fmt: skip
    columns = (Column(name="no", type=FieldType.CODE), WHO, Column(name="amount", type=FieldType.MONEY), DAY, NOTE)
    given = config(wire, f"SELECT * FROM {TABLE} ORDER BY no", dsn=wire.service(service))
    found = read(wire, given, secrets, *columns, batch_rows=700)
    zeros = ".00" if kind == "NUMBER(18,2)" else ""
    assert [tuple(row.values()) for row in found] == [
        (str(at + 1), None, f"{at:05d}", None if at % 5 == 0 or at < 50 else "王" * (at // 50), f"{at // 7}{zeros}",
         f"2026-01-0{1 + at % 3 // 2}", None if at % 2 or at % 4 == 0 else "记" * (at % 4)) for at in range(3_000)
    ]  # fmt: skip


@pytest.mark.parametrize("more", ["", ", n NUMBER DEFAULT 1.5"], ids=["by Arrow", "by rows"])
def test_dates_and_moments_are_text_of_what_the_database_holds(oracle: Oracle, secrets: Secrets, more: str) -> None:
    said = ["0001-01-01 00:00:00", "1940-06-03 00:00:00", "2026-10-31 23:59:59", "9999-12-31 00:00:00"]
    oracle.make(TABLE, f"day DATE, moment TIMESTAMP(6){more}")
    rows = (f"(TIMESTAMP '{one}', TIMESTAMP '{one}.123457')" for one in said)
    oracle.run(*(f"INSERT INTO {TABLE} (day, moment) VALUES {row}" for row in rows))
    found = read(oracle, config(oracle, f"SELECT * FROM {TABLE} ORDER BY day"), secrets, DAY, MOMENT)
    assert column_of(found, "day") == ["0001-01-01", "1940-06-03", "2026-10-31 23:59:59", "9999-12-31"]
    assert column_of(found, "moment") == [f"{one}.123457" for one in said]


@pytest.mark.parametrize("more", ["", ", n NUMBER"], ids=["by Arrow", "by rows"])
def test_a_date_before_christ_is_refused_soon_and_never_another_date(wire: Oracle, secrets: Secrets, more: str) -> None:
    wire.make(TABLE, f"day DATE{more}")
    wire.run(f"INSERT INTO {TABLE} (day) VALUES ('0044-03-15 (BC)')")
    with pytest.raises(SourceMalformed) as refused:
        read(wire, config(wire), secrets, DAY, seconds=5)
    assert "公元前" in refused.value.message("zh")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("TIMESTAMP(6) WITH TIME ZONE", "TIMESTAMP_TZ"),
        ("TIMESTAMP(9)", "TIMESTAMP"),
        ("BINARY_DOUBLE", "BINARY_DOUBLE"),
    ],
)
def test_a_type_that_the_driver_would_bend_is_refused_with_what_to_write_instead(
    oracle: Oracle, secrets: Secrets, kind: str, said: str
) -> None:
    oracle.make(TABLE, f"amount {kind}, who VARCHAR2(20)")
    with pytest.raises(SourceMalformed) as refused:
        read(oracle, config(oracle), secrets, Column(name="amount", type=FieldType.MONEY))
    assert f"AMOUNT 为 {said} 类型" in refused.value.message("zh")
    assert "TO_CHAR" in refused.value.message("en")
    value = "1.5" if kind == "BINARY_DOUBLE" else "TIMESTAMP '2026-01-01 00:00:00'"
    oracle.run(f"INSERT INTO {TABLE} VALUES ({value}, 'WANG')")
    assert column_of(read(oracle, config(oracle), secrets, WHO), "who") == ["WANG"]


def test_a_long_clob_arrives_whole(oracle: Oracle, secrets: Secrets) -> None:
    oracle.make(TABLE, "no NUMBER(3), note_clob CLOB", [(1, "长文𠮷" * 30_000), (2, None), (3, "短")])
    found = read(oracle, config(oracle, f"SELECT * FROM {TABLE} ORDER BY no"), secrets, NOTE)
    assert column_of(found, "note") == ["长文𠮷" * 30_000, None, "短"]


RAW_WHO = f"SELECT no, utl_raw.cast_to_raw(who) AS who FROM {TABLE} ORDER BY no"


def gbk(*values: bytes | None) -> list[tuple[int, str | None]]:
    """As the wire server keeps the bytes of a wrongly declared database."""
    return [(at, None if value is None else value.decode("latin-1")) for at, value in enumerate(values, 1)]


def test_gbk_bytes_in_a_us7ascii_database_are_decoded_and_a_torn_one_is_a_row_with_a_fault(
    wire: Oracle, secrets: Secrets
) -> None:
    who = ["王芳".encode("gb18030"), b"\xcd\xf5\xb7", None, "𠮷田".encode("gb18030"), b"A\nB", b"\xff\xff"]
    wire.make(TABLE, "no NUMBER(3), who VARCHAR2(40)", gbk(*who))
    given = config(wire, RAW_WHO, dsn=wire.service("US7"), charset="gb18030")
    found = read(wire, given, secrets, Column(name="no", type=FieldType.INTEGER), WHO)
    assert [tuple(row.values()) for row in found] == [
        ("1", None, "1", "王芳"), ("2", "encoding", None, None), ("3", None, "3", None), ("4", None, "4", "𠮷田"),
        ("5", None, "5", "A\nB"), ("6", "encoding", None, None),
    ]  # fmt: skip


def test_text_that_went_through_the_servers_conversion_is_not_trusted_beyond_ascii(
    wire: Oracle, secrets: Secrets
) -> None:
    wire.make(TABLE, "no NUMBER(3), who VARCHAR2(40)", gbk(b"WANG", "王芳".encode("gb18030")))
    given = config(wire, f"SELECT * FROM {TABLE} ORDER BY no", dsn=wire.service("US7"), charset="gb18030")
    found = read(wire, given, secrets, WHO)
    assert [tuple(row.values()) for row in found] == [("1", None, "WANG"), ("2", "encoding", None)]


@pytest.mark.parametrize("more", ["", ", n NUMBER DEFAULT 1"], ids=["by Arrow", "by rows"])
def test_gbk_bytes_behind_a_declared_utf_8_are_rows_with_a_fault(wire: Oracle, secrets: Secrets, more: str) -> None:
    rows = gbk(b"WANG", "王芳".encode("gb18030"), "王芳".encode())
    wire.make(TABLE, f"no NUMBER(3), who VARCHAR2(40){more}", [(*row, *((1,) if more else ())) for row in rows])
    given = config(wire, f"SELECT * FROM {TABLE} ORDER BY no", dsn=wire.service("LIES"))
    found = read(wire, given, secrets, WHO)
    assert [tuple(row.values()) for row in found] == [("1", None, "WANG"), ("2", "encoding", None), ("3", None, "王芳")]


def test_raw_bytes_are_refused_where_no_charset_is_declared(oracle: Oracle, secrets: Secrets) -> None:
    oracle.make(TABLE, "no NUMBER(3), who VARCHAR2(40)", [(1, "WANG")])
    with pytest.raises(SourceMalformed, match="charset: gb18030"):
        read(oracle, config(oracle, RAW_WHO), secrets, WHO)


@given(st.lists(st.none() | st.text(st.characters(exclude_categories=("Cs",)))))
def test_any_text_survives_gb18030_bytes_and_nothing_moves_between_rows(values: list[str | None]) -> None:
    raw = pa.array([None if value is None else value.encode("gb18030") for value in values], pa.binary())
    found = texts(raw, FieldType.TEXT, "gb18030")
    assert found.values.to_pylist() == values
    assert not any(found.bad.to_pylist())


@given(st.decimals(allow_nan=False, allow_infinity=False, places=10, min_value=-(10**27), max_value=10**27))
def test_the_wire_servers_numbers_read_back_as_written(value: Decimal) -> None:
    assert primitives.read_number(primitives.number(value)) == value


TOTALS = f'SELECT COUNT(*) AS "rows", SUM(amount) AS amount FROM {TABLE}'
AMOUNT = Column(name="amount", type=FieldType.MONEY)


def test_totals_and_rows_are_of_the_moment_the_source_was_opened(oracle: Oracle, secrets: Secrets) -> None:
    oracle.make(TABLE, "amount NUMBER(18,2)", [(Decimal("10.10"),), (Decimal("-0.10"),)])
    reading = adapter(oracle, config(oracle, totals_sql=TOTALS), secrets).extract(request(AMOUNT))
    oracle.insert(TABLE, [(Decimal("5.00"),)])
    with reading:
        rows = [row for batch in reading for row in batch.to_pylist()]
        assert reading.declared == Declared(rows=2, sums=(("amount", 1000),))
    assert sorted(column_of(rows, "amount")) == ["-0.10", "10.10"]


@pytest.mark.parametrize(("unit", "fen"), [(Unit.FEN, 12), (Unit.YUAN, 1200), (Unit.WAN_YUAN, 12_000_000)])
def test_a_total_is_in_the_fields_own_unit(oracle: Oracle, secrets: Secrets, unit: Unit, fen: int) -> None:
    oracle.make(TABLE, "amount NUMBER", [(12,)])
    column = Column(name="amount", type=FieldType.MONEY, unit=unit)
    with adapter(oracle, config(oracle, totals_sql=TOTALS), secrets).extract(request(column)) as reading:
        assert sum(batch.num_rows for batch in reading) == 1
        assert reading.declared == Declared(rows=1, sums=(("amount", fen),))


@pytest.mark.parametrize(
    ("totals", "error"),
    [
        (f"SELECT SUM(amount) AS amount FROM {TABLE}", SourceMalformed),
        (f'SELECT amount AS "rows" FROM {TABLE}', SourceMalformed),
        (f'SELECT COUNT(*) AS "rows", SUM(amount) AS other FROM {TABLE}', ConfigInvalid),
        (f'SELECT COUNT(*) AS "rows", SUM(amount) / 1000 AS amount FROM {TABLE}', SourceMalformed),
    ],
)
def test_totals_that_are_not_exact_are_refused(
    oracle: Oracle, secrets: Secrets, totals: str, error: type[Exception]
) -> None:
    oracle.make(TABLE, "amount NUMBER(18,2)", [(1,), (2,)])
    with pytest.raises(error):
        read(oracle, config(oracle, totals_sql=totals), secrets, AMOUNT)


def test_the_periods_first_and_last_day_bound_the_rows(oracle: Oracle, secrets: Secrets) -> None:
    days = [datetime(2026, 9, 30, 23, 59), datetime(2026, 10, 1), datetime(2026, 10, 31, 12), datetime(2026, 11, 1)]
    oracle.make(TABLE, "day DATE", [(day,) for day in days])
    sql = f"SELECT day FROM {TABLE} WHERE day >= :period_start AND day < :period_end ORDER BY day"
    assert column_of(read(oracle, config(oracle, sql), secrets, DAY), "day") == ["2026-10-01", "2026-10-31 12:00:00"]


@pytest.mark.parametrize("sql", ["SELECT 1 AS other FROM dual", 'SELECT 1 AS who, 2 AS "WHO" FROM dual'])
def test_a_missing_or_doubled_column_is_refused(wire: Oracle, secrets: Secrets, sql: str) -> None:
    with pytest.raises(SourceMalformed, match="named who"):
        read(wire, config(wire, sql), secrets, WHO)


def test_long_texts_are_held_a_few_rows_at_a_time(oracle: Oracle, secrets: Secrets) -> None:
    oracle.make(TABLE, "note_clob CLOB", [("长" * 1_000,)] * 450)
    with adapter(oracle, config(oracle), secrets).extract(request(NOTE)) as reading:
        assert [batch.num_rows for batch in reading] == [200, 200, 50]
