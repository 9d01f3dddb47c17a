"""What a published catalogue may not change: pure, over every adapter that is installed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.registry import Registry
from gateway.catalogue import Located, OwnedSource
from gateway.catalogue.yaml import parse_text
from gateway.errors import CatalogueConnectionPushed
from gateway.publication.connections import Consent, require_connections_kept

ADAPTERS = Registry.installed().configs()
KEYS = sorted((name, key) for name, model in ADAPTERS.items() for key in model.connection_keys if "." not in key)
NESTED = sorted(key for key in ADAPTERS["onecard"].connection_keys)
FEED = "agri.village_finance"


def block(**said: object) -> Located:
    def lines(value: object, indent: str) -> str:
        if not isinstance(value, dict):
            return f" {value}\n"
        return "\n" + "".join(f"{indent}{key}:{lines(below, indent + '  ')}" for key, below in value.items())

    return parse_text(lines(said, "").lstrip("\n"), Path("feeds.yaml"))


def owned(source: Located, department: str = "agri") -> dict[str, OwnedSource]:
    return {FEED: OwnedSource(department=department, centres=frozenset(), source=source)}


def require(
    new: Located, before: dict[str, OwnedSource], site: Located | None = None, department: str = "agri"
) -> None:
    consent = Consent(department="agri", adapters=ADAPTERS, overrides={FEED: site} if site else {})
    require_connections_kept(owned(new, department), before, consent)


def refused(new: Located, before: dict[str, OwnedSource], site: Located | None = None) -> str:
    with pytest.raises(CatalogueConnectionPushed) as error:
        require(new, before, site)
    assert error.value.facts["feed"] == FEED
    return str(error.value.facts["key"])


SITE = block(connection="Driver=SQLite3", user="reader", password="file:secrets/agri")
BEFORE = owned(block(adapter="odbc", sql="SELECT 1"))


def test_the_layout_may_change() -> None:
    require(block(adapter="odbc", sql="SELECT 2", totals_sql="SELECT 3", login_seconds=20), BEFORE, SITE)


@given(st.sampled_from(KEYS), st.sampled_from(["elsewhere", "1", "file:secrets/agri", "env:PASSWORD"]))
def test_no_connection_key_of_any_adapter_can_be_pushed(pair: tuple[str, str], value: str) -> None:
    adapter, key = pair
    before = owned(block(adapter=adapter))
    assert refused(block(**{"adapter": adapter, key: value}), before) == key
    assert refused(block(**{"adapter": adapter, key: value}), {}) == key, "a feed that is new"
    other = next(one for name, one in KEYS if name == adapter and one != key) if adapter != "files" else "sql"
    assert refused(block(**{"adapter": adapter, key: value}), before, block(**{other: "own"})) == key


@given(st.sampled_from(KEYS))
def test_what_the_site_itself_says_counts_whatever_is_pushed(pair: tuple[str, str]) -> None:
    adapter, key = pair
    site = block(**{key: "own"})
    require(block(**{"adapter": adapter, key: "elsewhere"}), owned(block(adapter=adapter)), site)


@given(st.sampled_from(NESTED), st.booleans())
def test_nor_can_one_of_a_nested_source(path: str, connected: bool) -> None:
    part, _, key = path.split(".")
    kind = next(name for name, known in KEYS if known == key)
    before = block(adapter="onecard", roster={"source": {"adapter": kind}}, **_beside(part, kind))
    pushed = {"adapter": kind, key: "elsewhere"}
    beside = _beside(part, kind) | {part: {"source": pushed}}
    new = block(**({"adapter": "onecard", "roster": {"source": {"adapter": kind}}} | beside))
    site = block(roster={"layout": "own"}) if connected else None
    assert refused(new, owned(before), site) == path


def _beside(part: str, kind: str) -> dict[str, object]:
    return {} if part == "roster" else {part: {"source": {"adapter": kind}}}


def test_a_block_that_the_site_writes_is_not_added_to() -> None:
    site = block(wsdl="https://own/", signature={"key": "file:secrets/key", "certificate": "own.crt"})
    before = owned(block(adapter="soap"))
    require(block(adapter="soap", rows="a/b"), before, site)
    assert refused(block(adapter="soap", signature={"replies": "theirs.crt"}), before, site) == "signature"


def test_a_reference_to_a_secret_can_stand_nowhere_else_either() -> None:
    before, site = owned(block(adapter="sftp", format={"kind": "zip"})), block(host="own")
    for reference in ("file:secrets/onecard", "env:HOME"):
        new = block(adapter="sftp", format={"kind": "zip", "password": reference})
        assert refused(new, before, site) == "format.password"


def test_another_adapter_is_not_given_the_connection_of_the_one_before() -> None:
    site = block(user="reader", password="file:secrets/agri")
    assert refused(block(adapter="oracle", sql="SELECT 1"), BEFORE, site) == "adapter"
    require(block(adapter="oracle", sql="SELECT 1"), BEFORE)


def test_what_stood_in_the_catalogue_in_force_may_stay_and_nothing_else() -> None:
    before = owned(block(adapter="sftp", host="own", port=2222, password="file:secrets/agri"))
    require(block(adapter="sftp", host="own", port=2222, password="file:secrets/agri", path="new"), before)
    assert refused(block(adapter="sftp", host="own", password="file:secrets/agri"), before) == "port"
    assert refused(block(adapter="sftp", host="own", port=22, password="file:secrets/agri"), before) == "port"


def test_a_source_that_stood_there_as_another_departments_counts_for_nothing() -> None:
    """Else an office could prepare it there, where this department does not look, and hand the feed over next time."""
    theirs = block(adapter="sftp", host="elsewhere", password="file:secrets/onecard")
    assert refused(theirs, owned(theirs, "civil")) == "host"
    require(theirs, {}, department="civil")


def test_what_is_written_at_a_connected_source_cannot_be_pushed() -> None:
    """A handshake updates rows with the department's own account."""
    plain, signed = (
        block(adapter="odbc", table={"name": "inf_pay", "order_by": "[id]"} | more)
        for more in ({}, {"handshake": {"sign": "state", "taken": "PAID", "key": "[id]"}})
    )
    other = block(adapter="odbc", table={"name": "person", "handshake": {"sign": "state", "key": "[id]"}})
    assert refused(signed, owned(plain), SITE) == "table"
    assert refused(other, owned(signed), SITE) == "table"
    assert refused(plain, owned(signed), SITE) == "table"
    require(signed, owned(signed), SITE)
    require(block(adapter="odbc", table={"name": "inf_paid"}), owned(plain), SITE)
    require(signed, {}, None)


def test_nor_can_what_a_nested_source_writes() -> None:
    def cards(**table: object) -> Located:
        return block(adapter="onecard", roster={"source": {"adapter": "odbc", "table": {"name": "roster"} | table}})

    site = block(roster={"source": {"connection": "Driver=SQLite3"}})
    before = owned(cards())
    assert refused(cards(handshake={"sign": "state", "key": "[id]"}), before, site) == "roster.source.table"


@pytest.mark.parametrize("part", ["roster", "batches", "returns", "refunds", "reissues"])
def test_a_layout_that_is_a_file_of_this_machine_cannot_be_pushed(part: str) -> None:
    own = block(adapter="onecard", **{part: {"layout": "/etc/passwd"}})
    shipped = block(adapter="onecard", **{part: {"layout": "bocom_return"}})
    for before in ({}, owned(shipped)):
        assert refused(own, before) == f"{part}.layout"
    require(own, owned(own))
    require(block(adapter="onecard", **{part: {"layout": "lanzhou_bank"}}), owned(shipped))
