"""The source's own totals: one row of exact numbers, read in the snapshot of the rows. Never a float."""

from __future__ import annotations

import re
from decimal import Decimal

from adapters.contract import Declared, Request
from adapters.oracle.failures import malformed
from adapters.oracle.forms import by_rows
from adapters.oracle.session import Session, bound, spoken
from adapters.statements import Statement
from gateway.errors import ConfigInvalid
from gateway.records.types import FieldType, Unit

_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,10})?")
_FEN = {Unit.FEN: 1, Unit.YUAN: 100, Unit.WAN_YUAN: 1_000_000}
_ROWS = "ROWS"


def declared(session: Session, sql: str | None, request: Request) -> Declared | None:
    """Raises: ours; SourceMalformed: not one row, no column `rows`, or a number that is not exact."""
    if sql is None:
        return None
    statement = Statement.parse(sql)
    cursor = session.execute(spoken(statement), bound(statement, request), handler=by_rows)
    names = [described.name.upper() for described in cursor.description]
    with session.call():
        rows = cursor.fetchmany(2)
    if len(rows) != 1 or _ROWS not in names:
        raise malformed(
            request, 'totals_sql 应为一行并含 "rows" 列', 'totals_sql must give one row with a column "rows"'
        )
    given = dict(zip(names, rows[0], strict=True))
    count = _exact(given.pop(_ROWS), 1, request)
    return Declared(rows=count, sums=tuple(_sum(name, value, request) for name, value in given.items()))


def _sum(name: str, value: object, request: Request) -> tuple[str, int]:
    for column in request.columns:
        if column.name.upper() == name and column.type is FieldType.MONEY:
            return column.name, _exact(value, _FEN[column.unit or Unit.YUAN], request)
    problem = {
        "problem_zh": f"totals_sql 的 {name} 不是金额字段",
        "problem_en": f"totals_sql: {name} is no money field",
    }
    raise ConfigInvalid(place=request.feed, **problem)


def _exact(value: object, scale: int, request: Request) -> int:
    """A whole number of fen (or rows) out of the driver's text; the sum of no rows is null, which is zero."""
    if value is None:
        return 0
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        scaled = Decimal(value) * scale
        if scaled == scaled.to_integral_value():
            return int(scaled)
    raise malformed(request, "totals_sql 的结果不是精确数值", "totals_sql did not give exact numbers")
