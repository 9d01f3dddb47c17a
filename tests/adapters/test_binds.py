"""Named binds: found where they are, left alone in quotes and comments, refused where they could be misread."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.statements import BindError, Statement


@pytest.mark.parametrize(
    ("sql", "text", "binds"),
    [
        ("SELECT a FROM t WHERE d >= :period_start", "SELECT a FROM t WHERE d >= ?", ("period_start",)),
        ("SELECT :cursor,:cursor", "SELECT ?,?", ("cursor", "cursor")),
        ("SELECT ':cursor', \":period\", `:x`, [a:b] FROM t", "SELECT ':cursor', \":period\", `:x`, [a:b] FROM t", ()),
        ("SELECT 'it''s :cursor ?' -- :nope ?\n", "SELECT 'it''s :cursor ?' -- :nope ?\n", ()),
        ("SELECT /* :nope ' ? ; */ a::date FROM t", "SELECT /* :nope ' ? ; */ a::date FROM t", ()),
        ("SELECT $$ :nope ' $$, $q$ ? $q$", "SELECT $$ :nope ' $$, $q$ ? $q$", ()),
        ("-- a\n/* b */ with x as (q) select :period;", "-- a\n/* b */ with x as (q) select ?", ("period",)),
        ("SELECT 1; -- the end\n", "SELECT 1", ()),
    ],
)  # fmt: skip
def test_binds_are_found_and_nothing_else_is_touched(sql: str, text: str, binds: tuple[str, ...]) -> None:
    statement = Statement.parse(sql)
    assert (statement.text(lambda name: "?"), statement.binds) == (text, binds)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT :name", "SELECT ?", "SELECT 'open", 'SELECT "open', "SELECT /* open", "SELECT 1; DROP TABLE t",
        "SELECT 1; SELECT 2;", "UPDATE t SET a = 1", "", "-- SELECT", "SELECT 'a\\' , :cursor , 'b\\'",
    ],
)  # fmt: skip
def test_what_could_be_misread_is_refused(sql: str) -> None:
    with pytest.raises(BindError):
        Statement.parse(sql)


QUOTED = st.text(st.characters(exclude_characters="'\\", exclude_categories=("Cs",))).map(lambda text: f"'{text}'")


@given(st.lists(st.tuples(QUOTED, st.sampled_from(["period", "period_start", "period_end", "cursor"]))))
def test_any_text_in_quotes_stays_and_every_bind_is_taken(pairs: list[tuple[str, str]]) -> None:
    sql = "SELECT 0" + "".join(f", {quoted}, :{name}" for quoted, name in pairs)
    statement = Statement.parse(sql)
    assert statement.binds == tuple(name for _, name in pairs)
    assert statement.text(lambda name: f":{name}") == sql
