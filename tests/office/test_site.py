"""Where the office interface may listen, and with what token."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from gateway.app import CentreNode, open_node
from gateway.app.office import token_of
from gateway.demo.county import County, found, place_secret
from gateway.errors import ConfigFaults, ConfigInvalid, OfficeTokenWeak, SecretLiteral
from tests.office.world import TOKEN, open_office


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> County:
    county = County(root=tmp_path_factory.mktemp("county"))
    found(county, at=datetime.now(UTC), port=8443, starts={})
    return county


@pytest.fixture
def county(made: County) -> Iterator[County]:
    """As it was founded, and put back."""
    site = made.centre / "site.yaml"
    founded = site.read_bytes()
    yield made
    site.write_bytes(founded)


def opened(county: County) -> CentreNode:
    node = open_node(county.centre, {})
    assert isinstance(node, CentreNode)
    return node


def test_a_centre_has_no_office_interface_unless_it_is_written(county: County) -> None:
    assert opened(county).file.office is None


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_on_this_machine_it_needs_no_more_than_a_token(county: County, host: str) -> None:
    open_office(county, listen={"host": host, "port": 8444})
    node = opened(county)
    assert (node.file.office.listen.host, token_of(node, node.file.office)) == (host, TOKEN)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "office.example", ""])
def test_beyond_this_machine_only_where_that_is_written_deliberately(county: County, host: str) -> None:
    open_office(county, listen={"host": host, "port": 8444})
    with pytest.raises((ConfigInvalid, ConfigFaults)) as refused:
        opened(county)
    assert "trusted_network: true" in refused.value.message("zh")
    open_office(county, listen={"host": host, "port": 8444}, trusted_network=True)
    assert opened(county).file.office.listen.host == host


def test_a_token_that_could_be_guessed_is_refused_before_anything_listens(county: County) -> None:
    open_office(county)
    place_secret(County(root=county.root), county.centre.name, "office", "x" * 31 + "\n")
    node = opened(county)
    with pytest.raises(OfficeTokenWeak) as refused:
        token_of(node, node.file.office)
    assert "xxx" not in refused.value.message("zh")


def test_a_token_in_the_site_file_itself_is_refused(county: County) -> None:
    open_office(county, token=TOKEN)
    with pytest.raises((SecretLiteral, ConfigInvalid, ConfigFaults)) as refused:
        opened(county)
    assert TOKEN not in refused.value.message("en")
