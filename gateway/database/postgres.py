"""PostgreSQL 15 or later, through psycopg 3; many writers, each alone only with what it names.

Owns the settings of a session, COPY, advisory locks and triggers. psycopg is an extra and imported when it is needed.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.csv
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Table,
    Transaction,
    create_engine,
    event,
    exc,
    func,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.interfaces import DBAPIConnection

from gateway.database.address import PostgresAddress
from gateway.database.resolving import PATIENCE, commit_for_certain
from gateway.errors import (
    DatabaseDriverMissing,
    DatabaseUnsuitable,
    StoreDamaged,
    StoreForbidden,
    StoreUnavailable,
    YizhanError,
)

_OLDEST = 15
# libpq's: a peer that vanished is noticed in a minute, not after the two hours that TCP allows
_CONNECTION = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
    "target_session_attrs": "read-write",
    "application_name": "yizhan",
}
# the server's, for each session
_SESSION = {
    "search_path": "public",  # not "$user": whose table a name means must not depend on who asks
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "lock_timeout": "120s",  # other writers wait for the longest load
    "idle_in_transaction_session_timeout": "600s",  # a receiver that froze lets go of what it holds
    "temp_buffers": "64MB",  # staged rows stay in memory
    "work_mem": "64MB",
    # of a period that came a moment ago the planner knows nothing: it must not keep it as a list, thinking that it has
    # one row, and walk that for every row staged (a join by hash costs as much for one row, and stays cheap for many)
    "enable_material": "off",
    "jit": "off",  # each statement of a load runs once
    "synchronous_commit": "on",  # a receipt is a promise: the commit is on the disk before it is sent
}
_DRIVER_LOST = ("无法连接,或拒绝登录", "it cannot be reached, or refuses the log-in")
_BUSY = ("等待其他写入超时", "another writer holds it too long")
_REASONS = {
    "08": _DRIVER_LOST,
    "40": _BUSY,
    "53100": ("磁盘空间不足", "the disk is full"),
    "53300": ("连接数已满", "it takes no more connections"),
    "53": ("资源不足", "it lacks memory or other resources"),
    "55P03": _BUSY,
    "57": ("正在停机或启动", "it is being stopped or started"),
    "58": ("磁盘读写失败", "the disk failed"),
}
_FORBIDDEN, _DAMAGED = "42501", "XX00"
_CSV = pa.csv.WriteOptions(include_header=False, quoting_style="needed")  # text is quoted, so '' and NULL stay apart


def open_address(address: PostgresAddress) -> Engine:
    """An engine; nothing is connected yet. Raises DatabaseDriverMissing."""
    url = URL.create(
        "postgresql+psycopg",
        username=address.user,
        host=address.host,
        port=address.port,
        database=address.database,
    )
    secret = {"password": address.password, "sslmode": address.sslmode}
    if address.sslrootcert is not None:
        secret["sslrootcert"] = str(address.sslrootcert)
    try:
        engine = create_engine(
            url,
            connect_args=_CONNECTION | secret,  # not in the URL, which is shown
            hide_parameters=True,
            pool_pre_ping=True,  # connections that did not outlive a restart of the server are made anew
            max_overflow=-1,
            execution_options={PATIENCE: address.patience},
        )
    except ImportError:
        raise DatabaseDriverMissing from None
    event.listen(engine, "connect", _configure)
    return engine


def observe_address(address: PostgresAddress, patience_ms: int) -> Engine:
    """An engine whose sessions only read, and wait for a lock no longer than that. Raises DatabaseDriverMissing."""
    engine = open_address(address)
    engine.update_execution_options(postgresql_readonly=True)  # of every transaction, also one that asks to write
    event.listen(engine, "connect", lambda connection, _record: _set(connection, {"lock_timeout": f"{patience_ms}ms"}))
    return engine


class Postgres:
    """See `Product`."""

    reading: Mapping[str, object] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    writing: Mapping[str, object] = {"isolation_level": "READ COMMITTED"}
    migrates_itself = False

    def place(self, url: URL) -> str:
        """`host:port/database`."""
        return f"{url.host}:{url.port}/{url.database}"

    def fault(self, failed: BaseException, place: str) -> YizhanError:
        """By SQLSTATE (PostgreSQL manual, appendix A); none means that the server said nothing."""
        original = failed.orig if isinstance(failed, exc.DBAPIError) else failed
        state: str | None = getattr(original, "sqlstate", None)
        if state is None:
            return StoreUnavailable(file=place, reason_zh=_DRIVER_LOST[0], reason_en=_DRIVER_LOST[1])
        if state == _FORBIDDEN:
            return StoreForbidden(place=place)
        if state.startswith(_DAMAGED) and state != "XX000":
            return StoreDamaged(file=place)
        known = (words for prefix, words in _REASONS.items() if state.startswith(prefix))
        zh, en = next(known, (f"数据库拒绝 {state}", f"it refused, {state}"))
        return StoreUnavailable(file=place, reason_zh=zh, reason_en=en)

    def commit(self, engine: Engine, connection: Connection, transaction: Transaction) -> None:
        """See `resolving`."""
        commit_for_certain(engine, connection, transaction, self.place(engine.url))

    def alone(self, connection: Connection, names: Sequence[str]) -> None:
        """Advisory locks until the end of the transaction; in one order, so that no two wait for each other."""
        for number in sorted(map(lock_number, names)):
            connection.execute(select(func.pg_advisory_xact_lock(number)))

    def upsert(self, table: Table) -> postgresql.Insert:
        """PostgreSQL's INSERT."""
        return postgresql.insert(table)

    def insert_rows(self, connection: Connection, table: Table, rows: pa.RecordBatch) -> None:
        """By COPY."""
        preparer = connection.dialect.identifier_preparer
        columns = ", ".join(map(preparer.quote, rows.schema.names))
        written = io.BytesIO()
        pa.csv.write_csv(rows, written, _CSV)
        statement = f"COPY {preparer.quote(table.name)} ({columns}) FROM STDIN (FORMAT csv)"
        with connection.connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(written.getbuffer())

    def insert_new_rows(
        self, connection: Connection, table: Table, stage: Table, fixed: Mapping[str, object], rows: pa.RecordBatch
    ) -> int:
        """Through the stage: COPY knows no ON CONFLICT, and is not allowed into a table with row-level security."""
        self.insert_rows(connection, stage, rows)
        same = (literal(value, table.c[name].type) for name, value in fixed.items())
        staged, names = select(*same, *(stage.c[name] for name in rows.schema.names)), [*fixed, *rows.schema.names]
        try:
            with connection.begin_nested():  # the usual case, in half the time that ON CONFLICT takes
                connection.execute(insert(table).from_select(names, staged))
            taken = rows.num_rows
        except exc.IntegrityError:
            first_wins = postgresql.insert(table).from_select(names, staged.order_by(*stage.primary_key.columns))
            # of an INSERT the number of rows is not kept unless it is asked for
            statement = first_wins.on_conflict_do_nothing().execution_options(preserve_rowcount=True)
            taken = connection.execute(statement).rowcount
        self.empty(connection, stage)
        return taken

    def empty(self, connection: Connection, table: Table) -> None:
        """TRUNCATE: deleted rows would stay in the way until the end."""
        connection.exec_driver_sql(f"TRUNCATE {connection.dialect.identifier_preparer.quote(table.name)}")

    def gather_statistics(self, connection: Connection, table: Table) -> None:
        """Autovacuum never sees a temporary table."""
        connection.exec_driver_sql(f"ANALYZE {connection.dialect.identifier_preparer.quote(table.name)}")

    def guards(self, table: Table) -> Mapping[str, Sequence[str]]:
        """Triggers that refuse, also while replicating (ALWAYS), and the one function they call."""
        made = f"CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $guard${_REFUSAL}$guard$"
        return {
            f"{table.name}_{name}": [
                made,
                f"CREATE TRIGGER {table.name}_{name} BEFORE {when} ON {table.name}"
                f" FOR EACH STATEMENT EXECUTE FUNCTION {_FUNCTION}()",
                f"ALTER TABLE {table.name} ENABLE ALWAYS TRIGGER {table.name}_{name}",
            ]
            for name, when in {"no_update": "UPDATE", "no_delete": "DELETE", "no_truncate": "TRUNCATE"}.items()
        }

    def guards_present(self, connection: Connection, table: Table) -> Sequence[str]:
        """Triggers in force whose function is ours, word for word."""
        return connection.execute(_PRESENT, {"table": table.name, "refusal": _REFUSAL}).scalars().all()

    def require_suitable(self, connection: Connection) -> None:
        """Raises DatabaseUnsuitable."""
        version = connection.dialect.server_version_info or (0,)
        encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
        if version[0] < _OLDEST or encoding != "UTF8":
            place = self.place(connection.engine.url)
            raise DatabaseUnsuitable(place=place, version=".".join(map(str, version)), encoding=encoding)


POSTGRES = Postgres()

_FUNCTION = "yizhan_refuse_change"
_REFUSAL = " BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END "
_PRESENT = text(
    "SELECT t.tgname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
    " WHERE t.tgrelid = to_regclass(:table) AND t.tgenabled = 'A' AND p.prosrc = :refusal"
)


def lock_number(name: str) -> int:
    """A signed 64-bit number: what two names share is one needless wait in 2**64."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)


def _configure(connection: DBAPIConnection, _record: object) -> None:
    _set(connection, _SESSION)


def _set(connection: DBAPIConnection, wanted: Mapping[str, str]) -> None:
    """One round trip; committed at once, so that a rollback does not undo it."""
    settings = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in wanted.items())
    cursor = connection.cursor()
    cursor.execute(f"SELECT {settings}")
    cursor.close()
    connection.commit()
