"""The source's own totals: one row of exact numbers, read in the snapshot of the rows. Never a float."""

from __future__ import annotations

from adapters.contract import Declared, Request
from adapters.oracle.failures import malformed
from adapters.oracle.forms import by_rows
from adapters.oracle.session import Session, bound, spoken
from adapters.statements import Statement
from adapters.totals import NotExact, of_query


def declared(session: Session, sql: str | None, request: Request) -> Declared | None:
    """Raises: ours; SourceMalformed: not one row, no column `rows`, or a number that is not exact."""
    if sql is None:
        return None
    statement = Statement.parse(sql)
    cursor = session.execute(spoken(statement), bound(statement, request), handler=by_rows)
    names = [described.name for described in cursor.description]
    with session.call():
        rows = cursor.fetchmany(2)
    try:
        return of_query(names, rows, request)
    except NotExact as wrong:
        raise malformed(request, wrong.zh, wrong.en) from None
