"""What each part's adapter is asked for: the columns of its layout, and for the roster the feed's own besides.

Owns the names under which columns come out of a nested reading: a role's own word, or the feed's name. Must never
read anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa

from adapters.contract import Column, Request
from adapters.onecard.layout import Layout, Role
from gateway.records.types import FieldType, Unit


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One part's reading.

    Attributes:
        request: what its adapter is asked for.
        roles: the column's name in the answer, by role. constants: the text of roles that have no column.
        passed: for each of the feed's fields that the roster itself holds, the column's name in the answer.
    """

    layout: Layout
    request: Request
    roles: Mapping[Role, str]
    constants: Mapping[Role, str]
    passed: Mapping[str, str]

    @property
    def unit(self) -> Unit:
        """Of the amount; the feed's own field says it for a roster."""
        for column in self.request.columns:
            if column.name == self.roles.get(Role.AMOUNT):
                return column.unit or Unit.YUAN
        return self.layout.unit

    def has(self, role: Role) -> bool:
        return role in self.roles or role in self.constants

    def text(self, batch: pa.RecordBatch, role: Role) -> pa.Array:
        """A role's column as text, or its constant; all null where there is neither."""
        if role in self.roles:
            return batch.column(self.roles[role]).cast(pa.utf8())
        if role in self.constants:
            return pa.repeat(pa.scalar(self.constants[role], pa.utf8()), batch.num_rows)
        return pa.nulls(batch.num_rows, pa.utf8())

    def texts(self, batch: pa.RecordBatch, roles: Iterable[Role]) -> list[pa.Array]:
        return [self.text(batch, role) for role in roles]


def part_plan(layout: Layout, request: Request) -> Plan:
    """Of anything but the roster. A bank may answer twice about an entry, so it may hold more rows."""
    columns = tuple(_column(role, title, layout) for role, title in layout.roles.items())
    return Plan(
        layout=layout,
        request=replace(request, columns=columns, cursor=None, max_rows=4 * request.max_rows),
        roles={role: role.value for role in layout.roles},
        constants=_constants(layout, request),
        passed={},
    )


def roster_plan(layout: Layout, filled: frozenset[str], request: Request) -> Plan:
    """A field of the feed whose source is a role's column is that column; `filled` are not the roster's to give."""
    by_title = {title: role for role, title in layout.roles.items()}
    columns = {role.value: _column(role, title, layout) for role, title in layout.roles.items()}
    passed = {}
    for column in request.columns:
        if column.name in filled:
            continue
        role = by_title.get(column.source or column.name)
        name = role.value if role else f"field_{column.name}"
        columns[name] = replace(column, name=name, source=column.source or column.name)
        passed[column.name] = name
    return Plan(
        layout=layout,
        request=replace(request, columns=tuple(columns.values()), cursor=None),
        roles={role: role.value for role in layout.roles},
        constants=_constants(layout, request),
        passed=passed,
    )


def _column(role: Role, title: str, layout: Layout) -> Column:
    if role is Role.AMOUNT:
        return Column(name=role.value, type=FieldType.MONEY, source=title, unit=layout.unit)
    return Column(name=role.value, type=FieldType.TEXT, source=title)


def _constants(layout: Layout, request: Request) -> dict[Role, str]:
    return {role: request.fill(text) for role, text in layout.constants.items()}
