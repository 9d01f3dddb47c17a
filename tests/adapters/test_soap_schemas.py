"""Schemas that a WSDL imports: the common ones from the package, others from the allow-list, none from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from lxml import etree

from adapters.contract import Request, Secrets
from adapters.soap import SoapAdapter, SoapConfig
from adapters.soap.schemas import shipped
from gateway.errors import SourceMalformed
from tests.adapters.conftest import rows_of
from tests.peers.soap.scripted import Script, page, serving

FIRST = '<xs:element name="queryDibao">'
COMMON = {
    "http://www.w3.org/2005/05/xmlmime": ("http://www.w3.org/2005/05/xmlmime", "base64Binary"),
    "http://schemas.xmlsoap.org/soap/encoding/": ("http://schemas.xmlsoap.org/soap/encoding/", "string"),
    "http://www.w3.org/2003/05/soap-encoding": ("http://www.w3.org/2003/05/soap-encoding/", "string"),
    "http://schemas.xmlsoap.org/soap/envelope/": ("http://schemas.xmlsoap.org/soap/envelope/", "Body"),
    "http://www.w3.org/2003/05/soap-envelope": ("https://www.w3.org/2003/05/soap-envelope/", "Body"),
    "http://www.w3.org/2005/08/addressing": (
        "http://www.w3.org/2006/03/addressing/ws-addr.xsd", "EndpointReferenceType",
    ),
    "http://www.w3.org/2004/08/xop/include": ("http://www.w3.org/2004/08/xop/include", "Include"),
}  # fmt: skip


MORE = (
    '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:more">'
    '<xs:complexType name="T"/></xs:schema>'
)


def importing(namespace: str, location: str | None, name: str) -> Callable[[str], str]:
    """The WSDL, whose answer has one more element, of a type from an imported schema."""
    where = f' schemaLocation="{location}"' if location else ""
    imported = f'<xs:import namespace="{namespace}"{where}/>'
    element = f'<xs:element name="more" type="m:{name}" xmlns:m="{namespace}" minOccurs="0"/><xs:element name="total"'
    return lambda text: text.replace(FIRST, imported + FIRST).replace('<xs:element name="total"', element)


def service(wsdl: str, secrets: Secrets, **changes: Any) -> SoapAdapter:
    config = SoapConfig(
        adapter="soap", wsdl=wsdl, operation="queryDibao", params={"month": "{yyyymm}"},
        paging={"page": "pageNo", "size": "pageSize"}, rows="queryDibaoResponse/list/item", **changes,
    )  # fmt: skip
    return SoapAdapter(config, secrets)


def read(script: Script, ask: Callable[..., Request], secrets: Secrets) -> list[str]:
    with serving(script) as wsdl:
        return [row["household_no"] for row in rows_of(service(wsdl, secrets).extract(ask("civil.dibao")))]


@pytest.mark.parametrize("namespace", COMMON)
def test_a_wsdl_that_imports_a_common_schema_loads_without_a_network(
    namespace: str, ask: Callable[..., Request], secrets: Secrets
) -> None:
    """The standards bodies' hosts are not on the allow-list, so a fetch would be refused."""
    script = Script(pages=[page(1, 1)], wsdl=importing(namespace, *COMMON[namespace]))
    assert read(script, ask, secrets) == ["1"]
    assert script.fetched == ["/x?wsdl"]


def test_an_attribute_of_xml_itself_loads_without_a_network(ask: Callable[..., Request], secrets: Secrets) -> None:
    imported = '<xs:import namespace="http://www.w3.org/XML/1998/namespace"/>'
    used = '<xs:complexType name="T"><xs:attribute ref="xml:lang"/></xs:complexType>'
    script = Script(pages=[page(1, 1)], wsdl=lambda text: text.replace(FIRST, imported + used + FIRST))
    assert read(script, ask, secrets) == ["1"]


@pytest.mark.parametrize(
    "location",
    [
        "http://192.0.2.1/common.xsd",
        "http://www.w3.org/2005/05/xmlmime.xsd",
        "http://www.w3.org.example.org/2005/05/xmlmime",
        "ftp://www.w3.org/2005/05/xmlmime",
        "file:///etc/hostname",
    ],
)
def test_a_schema_from_any_other_place_is_refused(location: str, ask: Callable[..., Request], secrets: Secrets) -> None:
    script = Script(pages=[page(1, 1)], wsdl=importing("urn:more", location, "T"))
    with pytest.raises(SourceMalformed):
        read(script, ask, secrets)
    assert script.asked == []


def test_a_schema_beside_the_wsdl_is_fetched(ask: Callable[..., Request], secrets: Secrets) -> None:
    script = Script(
        pages=[page(1, 1)], files={"/more.xsd": MORE}, wsdl=importing("urn:more", "more.xsd", "T")
    )  # fmt: skip
    assert read(script, ask, secrets) == ["1"]
    assert script.fetched == ["/x?wsdl", "/more.xsd"]


@pytest.mark.parametrize(("hosts", "allowed"), [((), False), (("localhost",), True)])
def test_a_schema_on_another_host_is_fetched_only_where_the_site_allows_it(
    hosts: tuple[str, ...], allowed: bool, ask: Callable[..., Request], secrets: Secrets
) -> None:
    script = Script(pages=[page(1, 1)], files={"/more.xsd": MORE})
    with serving(script) as wsdl:
        script.wsdl = importing("urn:more", wsdl.replace("127.0.0.1", "localhost").replace("x?wsdl", "more.xsd"), "T")
        if allowed:
            assert len(rows_of(service(wsdl, secrets, schema_hosts=hosts).extract(ask("civil.dibao")))) == 1
        else:
            with pytest.raises(SourceMalformed):
                service(wsdl, secrets, schema_hosts=hosts).extract(ask("civil.dibao"))


def test_every_shipped_schema_is_a_schema_of_its_namespace() -> None:
    names = sorted(one.name for one in files("adapters.soap.schemas").iterdir() if one.name.endswith(".xsd"))
    assert len(names) == 8
    for name in names:
        document = etree.fromstring(files("adapters.soap.schemas").joinpath(name).read_bytes())
        etree.XMLSchema(document)
        space = document.get("targetNamespace", "")
        assert (shipped(space) or b"") == files("adapters.soap.schemas").joinpath(name).read_bytes()
