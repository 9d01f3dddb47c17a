"""A database behind an ODBC driver, through the whole of `yizhan run`."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.sources.conftest import ROWS, Office, messages


def test_right_vouchers_lie_sealed_in_the_spool(agri: Office) -> None:
    ended = agri.run("--json")
    assert ended.json["collected"][0]["rows"] == ROWS
    assert ended.json["delivered"][0]["state"] == "ready"


def test_an_empty_table_asks_for_a_nil_return(agri: Office, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "cwgl.db") as database:
        database.execute("DELETE FROM cw_pz")
    zh, en = messages(agri, "YZ-2009", 1)
    assert zh.startswith("数据源没有数据:agri.village_finance 2025Q3。 若确无数据,应由责任人作零报送")
    assert "yizhan nil agri.village_finance --period 2025Q3 --by" in zh
    assert en.startswith("the source holds no rows: agri.village_finance 2025Q3.")
    agri.expect_nothing_sent("YZ-2009", "refused")


def test_totals_that_the_database_states_otherwise_are_unbalanced(agri: Office) -> None:
    _replace(agri, "SUM(zc) AS expense", "SUM(zc) + 1 AS expense")
    zh, en = messages(agri, "YZ-2008", 1)
    assert zh.startswith("对账不平:agri.village_finance 2025Q3:声明 ")
    rows = "yizhan problems agri.village_finance --period 2025Q3"
    assert en.endswith(f"the source, then collect again (rows that failed a check: {rows}).")
    agri.expect_nothing_sent("YZ-2008", "unbalanced")
    assert {row["period"]: row["state"] for row in agri.board().json["feeds"]}["2025Q3"] == "unbalanced"


def test_a_database_that_is_not_there_is_told_and_not_made(agri: Office, tmp_path: Path) -> None:
    (tmp_path / "cwgl.db").unlink()
    zh, _ = messages(agri, "YZ-2001", 75)
    assert zh.endswith("系统会稍后重试;请检查对方系统和网络。")
    agri.expect_nothing_sent("YZ-2001", "deferred")
    assert not (tmp_path / "cwgl.db").exists()


def test_a_driver_nobody_installed_is_told(agri: Office, tmp_path: Path) -> None:
    agri.connect(connection=f"Driver=NoSuchDriver;Database={tmp_path / 'cwgl.db'}")
    zh, en = messages(agri, "YZ-2005", 1)
    assert zh.startswith("读取源数据失败:agri.village_finance:ODBC:本机没有连接串所说的 ODBC 驱动程序")
    assert zh.endswith("未发送任何数据;请部门改正后重新采集。")
    assert en.endswith("Nothing was sent; have the department correct it and collect again.")
    agri.expect_nothing_sent("YZ-2005", "refused")


def test_sql_that_the_database_does_not_take_is_told_without_its_words(agri: Office) -> None:
    _replace(agri, "FROM cw_pz\n        WHERE", "FROM cw_pz_13974218866\n        WHERE")
    zh, _ = messages(agri, "YZ-2005", 1)
    assert "ODBC" in zh
    assert not [said for said in agri.yizhan.said if "13974218866" in said]
    agri.expect_nothing_sent("YZ-2005", "refused")


def _replace(agri: Office, old: str, new: str) -> None:
    feed = agri.site / "catalogue" / "feeds" / "agri.village_finance.yaml"
    text = feed.read_text(encoding="utf-8")
    assert old in text
    feed.write_text(text.replace(old, new), encoding="utf-8")
