"""The tables as a distributed PostgreSQL (Citus) needs them, read from a real server's own catalogue.

Citus distributes a table by one column, here the region: every primary key and unique index must contain it, and no
foreign key may leave it. What is not distributed (the ledger) stays where it is. Proved on the DDL, not on Citus.
"""

from __future__ import annotations

import pytest

from tests.peers.postgres import Postgres
from tests.peers.stores import Stranger, fresh, stranger
from tests.warehouse.feeds import SCHEMAS, open_warehouse

DISTRIBUTED = {"batches": "region", "current__civil__dibao": "_region", "history__civil__dibao": "_region"}
_UNIQUE = (
    "SELECT i.indexrelid::regclass::text, array_agg(a.attname::text) FROM pg_index i JOIN pg_attribute a"
    " ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey) WHERE i.indisunique AND i.indrelid = to_regclass(?)"
    " GROUP BY 1"
)


@pytest.fixture(scope="module")
def inside(server: Postgres) -> Stranger:
    where = fresh(server, *SCHEMAS)
    open_warehouse(where)
    with stranger(where) as connection:
        yield connection


@pytest.mark.parametrize(("table", "region"), DISTRIBUTED.items())
def test_the_region_stands_in_every_primary_and_unique_key(inside: Stranger, table: str, region: str) -> None:
    found = inside.execute(_UNIQUE, (table,)).fetchall()
    assert found
    assert [name for name, columns in found if region not in columns] == []


def test_no_table_has_a_foreign_key_and_none_a_sequence(inside: Stranger) -> None:
    assert inside.execute("SELECT conname FROM pg_constraint WHERE contype = 'f'").fetchall() == []
    assert inside.execute("SELECT relname FROM pg_class WHERE relkind = 'S'").fetchall() == []


def test_feed_tables_have_no_trigger_which_a_distributed_table_could_not_have(inside: Stranger) -> None:
    found = inside.execute("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal").fetchall()
    assert sorted(name for (name,) in found) == ["batches", "ledger"]
