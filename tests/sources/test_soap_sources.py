"""A SOAP service, through the whole of `yizhan run`: one in Python, one in JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.sources.conftest import PASSWORD, ROWS, USER, Office, messages, soap_service

LOGIN = {"login": "token_text", "user": USER}


@pytest.fixture
def civil(office: Callable[[str], Office], soap: dict[str, Any]) -> Office:
    opened = office("civil.dibao")
    opened.connect(wsdl=soap["wsdl"], password=PASSWORD, **LOGIN)
    return opened


def test_a_right_list_lies_sealed_in_the_spool(civil: Office) -> None:
    ended = civil.run("--json")
    assert ended.json["collected"][0]["rows"] == ROWS
    assert ended.json["delivered"][0]["state"] == "ready"


def test_a_list_from_a_service_that_is_not_python_is_read_whole(
    office: Callable[[str], Office], node_soap: dict[str, Any]
) -> None:
    civil = office("civil.dibao")
    civil.connect(wsdl=node_soap["wsdl"], password=PASSWORD, **LOGIN)
    collected = civil.run("--json").json["collected"][0]
    assert (collected["rows"], collected["code"]) == (2345, None)


@pytest.mark.parametrize("service", ["soap", "node_soap"])
def test_a_wrong_password_is_refused_and_not_repeated(
    office: Callable[[str], Office], request: pytest.FixtureRequest, service: str
) -> None:
    civil = office("civil.dibao")
    wsdl = request.getfixturevalue(service)["wsdl"]
    civil.connect(wsdl=wsdl, password="wrong-9d4c-口令", **LOGIN)
    zh, en = messages(civil, "YZ-2003", 1)
    assert zh == "登录或读取数据源被拒绝:civil.dibao。 请核对账号、口令引用和读取权限,更新后重试。"
    assert en.startswith("the source of civil.dibao refused the log-in or the reading.")
    assert not [said for said in civil.yizhan.said if "9d4c" in said]
    civil.expect_nothing_sent("YZ-2003", "refused")


def test_a_service_that_is_down_is_tried_again_later(office: Callable[[str], Office]) -> None:
    with soap_service(10) as said:
        wsdl = said["wsdl"]
    civil = office("civil.dibao")
    civil.connect(wsdl=wsdl, password=PASSWORD, **LOGIN)
    zh, en = messages(civil, "YZ-2001", 75)
    assert zh.startswith("连接数据源失败:civil.dibao:")
    assert zh.endswith("系统会稍后重试;请检查对方系统和网络。")
    assert en.endswith("It will be tried again; check that system and the network.")
    civil.expect_nothing_sent("YZ-2001", "deferred")


def test_an_empty_list_asks_for_a_nil_return(office: Callable[[str], Office]) -> None:
    civil = office("civil.dibao")
    with soap_service(0) as said:
        civil.connect(wsdl=said["wsdl"], password=PASSWORD, **LOGIN)
        zh, en = messages(civil, "YZ-2009", 1)
    assert zh.startswith("数据源没有数据:civil.dibao 2025-10。 若确无数据,应由责任人作零报送")
    assert "yizhan nil civil.dibao --period 2025-10 --by" in zh
    assert en.startswith("the source holds no rows: civil.dibao 2025-10.")
    civil.expect_nothing_sent("YZ-2009", "refused")


def test_an_operation_the_service_does_not_have_is_named(office: Callable[[str], Office], soap: dict[str, Any]) -> None:
    civil = office("civil.dibao")
    civil.connect(wsdl=soap["wsdl"], password=PASSWORD, operation="queryNothing", **LOGIN)
    zh, en = messages(civil, "YZ-2005", 1)
    assert "queryNothing" in zh
    assert "queryNothing" in en
    civil.expect_nothing_sent("YZ-2005", "refused")


def test_a_list_that_passes_its_limit_half_way_is_refused(civil: Office) -> None:
    """Rows were read, checked and encrypted before it was found out; nothing of that is left."""
    feed = civil.site / "catalogue" / "feeds" / "civil.dibao.yaml"
    text = feed.read_text(encoding="utf-8")
    assert "limits: {rows: 500000," in text
    feed.write_text(text.replace("limits: {rows: 500000,", f"limits: {{rows: {ROWS - 1},"), encoding="utf-8")
    zh, en = messages(civil, "YZ-2007", 1)
    assert zh == f"采集超出限额:civil.dibao:超过 {ROWS - 1} 行。 未发送任何数据;请核实数据量,必要时调整限额。"
    assert en.endswith("Nothing was sent; check the volume, then raise the limit if it is right.")
    civil.expect_nothing_sent("YZ-2007", "refused")
