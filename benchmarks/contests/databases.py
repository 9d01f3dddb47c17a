"""PostgreSQL, MariaDB and SQLite through their real ODBC drivers, beside what each ships to get a table out.

A million rows in one table each; the same SELECT for both sides.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.csv

from benchmarks.contest import Contest
from benchmarks.rows import COLUMNS, tables, texts
from tests.peers.mariadb import mariadb
from tests.peers.postgres import SUPERUSER, postgres, program

_NAMES = ", ".join(column.name for column in COLUMNS)
_TYPES = {"serial": "INTEGER", "amount": "DECIMAL(20,2)", "paid_on": "DATE"}
_CREATE = "CREATE TABLE roster ({})"
SELECT = f"SELECT {_NAMES} FROM roster ORDER BY serial"
_PASSWORD = "bench-口令-1"


def _create(text: str) -> str:
    return _CREATE.format(", ".join(f"{column.name} {_TYPES.get(column.name, text)}" for column in COLUMNS))


@contextmanager
def on_postgres(rows: int, home: Path) -> Iterator[list[Contest]]:
    """pyodbc and arrow-odbc beside `psql` COPY."""
    with postgres() as server:
        server.create_database("bench")
        server.create_reader("reader", _PASSWORD)
        with psycopg.connect(server.dsn("bench")) as connection, connection.cursor() as cursor:
            cursor.execute(_create("TEXT"))
            with cursor.copy(f"COPY roster ({_NAMES}) FROM STDIN WITH (FORMAT csv)") as copy:
                for table in tables(rows):
                    copy.write(_csv(table))
            cursor.execute("ALTER TABLE roster ADD PRIMARY KEY (serial)")
            cursor.execute("GRANT SELECT ON roster TO reader")
        server.execute(["VACUUM ANALYZE roster"], database="bench")
        source = {
            "adapter": "odbc", "sql": SELECT, "user": "reader", "password": "env:PASSWORD",
            "connection": f"Driver=PostgreSQL Unicode;Server={server.host};Port={server.port};Database=bench",
        }  # fmt: skip
        command = [
            program("psql"), "-q", "-h", server.host, "-p", str(server.port), "-U", SUPERUSER, "-d", "bench", "-c",
            f"COPY ({SELECT}) TO STDOUT",
        ]  # fmt: skip
        environ = os.environ | {"PGPASSWORD": server.password}

        def copy_out() -> None:
            subprocess.run(command, env=environ, stdout=subprocess.DEVNULL, check=True)

        secrets = {"PASSWORD": _PASSWORD}
        yield [
            Contest(name="odbc, PostgreSQL", rows=rows, plain="psql COPY", run=copy_out, wanted=0.15, source=source,
                    secrets=secrets),
            Contest(name="odbc, PostgreSQL, arrow-odbc", rows=rows, plain="psql COPY", run=copy_out,
                    source=source | {"accelerator": "arrow-odbc"}, secrets=secrets),
        ]  # fmt: skip


@contextmanager
def on_mariadb(rows: int, home: Path) -> Iterator[list[Contest]]:
    """pyodbc beside the `mariadb` client."""
    with mariadb() as server:
        server.create_database("bench")
        server.create_reader("reader", _PASSWORD, "bench")
        file = home / "roster.csv"
        with file.open("wb") as sink:
            for table in tables(rows):
                sink.write(_csv(table))
        server.execute([_create("VARCHAR(40)"), _load(file), "ALTER TABLE roster ADD PRIMARY KEY (serial)"], "bench")
        file.unlink()
        option = home / "client.cnf"
        option.touch(0o600)
        option.write_text(f"[client]\nuser=reader\npassword={_PASSWORD}\n", encoding="utf-8")
        command = [
            "mariadb", f"--defaults-file={option}", f"--host={server.host}", f"--port={server.port}", "--protocol=tcp",
            "--quick", "--batch", "--default-character-set=utf8mb4", "bench", "-e", SELECT,
        ]  # fmt: skip

        def print_out() -> None:
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)

        source = {
            "adapter": "odbc", "sql": SELECT, "user": "reader", "password": "env:PASSWORD",
            "connection": f"Driver=MariaDB Unicode;Server={server.host};Port={server.port};Database=bench",
        }  # fmt: skip
        yield [Contest(name="odbc, MariaDB", rows=rows, plain="mariadb --quick", run=print_out, source=source,
                       secrets={"PASSWORD": _PASSWORD})]  # fmt: skip


@contextmanager
def on_sqlite(rows: int, home: Path) -> Iterator[list[Contest]]:
    """pyodbc beside Python's own sqlite3."""
    path = home / "roster.db"
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute(_create("VARCHAR(40)"))
        marks = ", ".join("?" * len(COLUMNS))
        for table in tables(rows):
            columns = [column.to_pylist() for column in texts(table).columns]
            opened.executemany(f"INSERT INTO roster VALUES ({marks})", zip(*columns, strict=True))

    def fetch_all() -> None:
        with closing(sqlite3.connect(path)) as opened:
            cursor = opened.execute(SELECT)
            while cursor.fetchmany(10_000):
                pass

    source = {"adapter": "odbc", "sql": SELECT, "connection": f"Driver=SQLite3;Database={path};StepAPI=1;NoCreat=1"}
    yield [Contest(name="odbc, SQLite", rows=rows, plain="sqlite3 fetchmany", run=fetch_all, source=source)]


def _csv(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none")
    pyarrow.csv.write_csv(texts(table), sink, options)
    return sink.getvalue().to_pybytes()


def _load(file: Path) -> str:
    return f"LOAD DATA LOCAL INFILE '{file}' INTO TABLE roster CHARACTER SET utf8mb4 FIELDS TERMINATED BY ','"
