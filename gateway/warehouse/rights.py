"""Granting the rights of `roles`, and comparing them with what the database says. PostgreSQL only.

Faults are values of gateway.errors, yielded, not raised: one fault must not hide the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Engine, text

from gateway.database import reading, writing
from gateway.errors import FeedTablesMissing, RightsDiffer, RolesMissing, YizhanError
from gateway.warehouse.roles import (
    GRANTED,
    LOADER,
    PRIVILEGES,
    QUIET,
    Layout,
    Policy,
    owner_statements,
    policies,
    rights,
)

_TABLES = text("SELECT c.relname, c.relrowsecurity FROM pg_class c WHERE c.oid = to_regclass(:name)")
_ROLES = text("SELECT rolname FROM pg_roles")
_MAY = text("SELECT has_table_privilege(:role, :table, :privilege)")
_POLICIES = text(
    "SELECT policyname, tablename, roles::text[] AS roles, permissive, qual FROM pg_policies"
    " WHERE schemaname = 'public'"
)
_OWN = text(
    "SELECT rolsuper OR rolbypassrls AS above, pg_has_role(rolname, :loader, 'USAGE') AS member,"
    " has_schema_privilege(rolname, 'public', 'CREATE') AS makes FROM pg_roles WHERE rolname = current_user"
)
_SHOWN_IN = text("SET LOCAL DateStyle = ISO")  # so that a moment in a policy can be read back
_GRANTED_ROWS = re.compile(
    r"\(*_region (?:LIKE|~~) '([0-9]+)%'(?:::text\))? AND \(?now\(\) < '([^']+)'::timestamp(?:tz| with time zone)\)*"
)

_SETTING = text("SELECT current_setting(:name)")

_MISSING, _TOO_MUCH = ("缺少", "missing"), ("多余", "too much")


def grant(engine: Engine, layout: Layout, place: str) -> None:
    """Bring all rights to what `roles` says, as the owner, in one transaction.

    Raises:
        RolesMissing: an administrator has to make them first.
        StoreForbidden: the log-in does not own the tables.
    """
    with writing(engine) as connection:
        missing = _missing_roles(connection, layout)
        if missing:
            raise RolesMissing(place=place, roles=" ".join(missing))
        for statement in owner_statements(layout):
            connection.exec_driver_sql(statement.replace("%", "%%"))


def of_tables_there(engine: Engine, layout: Layout) -> Layout:
    """The same without the feeds whose tables have yet to be made."""
    with reading(engine) as connection:
        there = {name for name in layout.feeds if connection.execute(_TABLES, {"name": name}).first() is not None}
    return replace(
        layout,
        current=tuple(name for name in layout.current if name in there),
        history=tuple(name for name in layout.history if name in there),
        openings=tuple(policy for policy in layout.openings if policy.table in there),
    )


def differences(engine: Engine, layout: Layout, place: str) -> Iterator[YizhanError]:
    """Whatever is missing or too much, seen with the log-in that loads."""
    with reading(engine) as connection:
        missing = _missing_roles(connection, layout)
        if missing:
            yield RolesMissing(place=place, roles=" ".join(missing))
            return
        absent = [name for name in layout.feeds if connection.execute(_TABLES, {"name": name}).first() is None]
        yield from (FeedTablesMissing(place=place, feed=name) for name in absent)
        if not absent:
            yield from _rights(connection, layout)
            yield from _policies(connection, layout)
        yield from _own(connection)


def _missing_roles(connection: Connection, layout: Layout) -> list[str]:
    found = set(connection.execute(_ROLES).scalars())
    return [role for role in layout.roles if role not in found]


def _rights(connection: Connection, layout: Layout) -> Iterator[YizhanError]:
    given = {(right.role, right.table): right.privileges for right in rights(layout)}
    for role in layout.roles:
        for table in (*layout.fixed, *layout.feeds):
            wanted = given.get((role, table), ())
            for privilege in PRIVILEGES:
                may = connection.execute(_MAY, {"role": role, "table": table, "privilege": privilege}).scalar_one()
                if may != (privilege in wanted):
                    yield _difference(role, privilege, table, _TOO_MUCH if may else _MISSING)


def _policies(connection: Connection, layout: Layout) -> Iterator[YizhanError]:
    connection.execute(_SHOWN_IN)
    found = {(row.tablename, row.policyname): row for row in connection.execute(_POLICIES)}
    wanted = {(policy.table, policy.name): policy for policy in policies(layout)}
    for place, policy in wanted.items():
        row = found.get(place)
        if row is None or (row.roles, row.permissive) != ([policy.role], "PERMISSIVE") or not _says(row.qual, policy):
            yield _difference(policy.role, "POLICY", policy.table, _MISSING)
    for (table, name), row in found.items():
        if (table in layout.feeds or name.startswith(GRANTED)) and (table, name) not in wanted:
            yield _difference(" ".join(row.roles), f"POLICY {name}", table, _TOO_MUCH)
    for table in layout.feeds:
        if not connection.execute(_TABLES, {"name": table}).one().relrowsecurity:
            yield _difference("PUBLIC", "ROW LEVEL SECURITY", table, _MISSING)


def _says(found: str | None, policy: Policy) -> bool:
    """Whether PostgreSQL writes down this policy's condition: `(_region ~~ '43%'::text)`."""
    if policy.name.startswith(GRANTED):
        return _opened(found or "") == _opened(policy.rows)
    column, _, pattern = policy.rows.partition(" LIKE ")
    return found == (policy.rows if policy.rows == "true" else f"({column} ~~ {pattern}::text)")


def _opened(rows: str) -> tuple[str, datetime] | None:
    """The regions' prefix and the end that a granted policy names, as we write it or as PostgreSQL does."""
    match = _GRANTED_ROWS.fullmatch(rows)
    try:
        return (match[1], datetime.fromisoformat(match[2])) if match else None
    except ValueError:  # `infinity`, which is no moment that we ever write
        return None


def _own(connection: Connection) -> Iterator[YizhanError]:
    """The log-in of this node is a loader and nothing more."""
    own = connection.execute(_OWN, {"loader": LOADER}).one()
    if own.above:
        yield _difference("current_user", "SUPERUSER / BYPASSRLS", "*", _TOO_MUCH)
    if own.makes:
        yield _difference("current_user", "CREATE", "public", _TOO_MUCH)
    if not own.member:
        yield _difference("current_user", LOADER, "*", _MISSING)
    for name, wanted in QUIET.items():
        if connection.execute(_SETTING, {"name": name}).scalar_one() != wanted:
            yield _difference("current_database", f"SET {name} = {wanted}", "*", _MISSING)


def _difference(role: str, right: str, table: str, found: tuple[str, str]) -> RightsDiffer:
    return RightsDiffer(role=role, right=right, table=table, found_zh=found[0], found_en=found[1])
