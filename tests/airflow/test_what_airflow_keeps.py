"""After all the other tests here: what lies in Airflow's database and logs."""

from __future__ import annotations

import sqlite3

from scripts.airflow_county import Running
from tests.airflow.county import MONTH, ROWS


def test_airflow_keeps_no_token_no_password_and_nothing_personal(world: Running) -> None:
    home, county = world.airflow.place.home, world.county
    secrets = [path.read_text().strip() for site in county.root.iterdir() for path in (site / "secrets").glob("*")]
    assert len(secrets) == 3  # the office's token, and the sources that ask for a password
    month = (county.sources / "finance" / "out" / f"onecard_{MONTH.start:%Y%m}.txt").read_bytes().decode("gb18030")
    rows = [line.split("|") for line in month.splitlines()[2:]]
    people = {value for row in rows for value in (row[6], row[9]) if len(value) > 14}  # 身份证号, 银行账号
    assert len(people) > ROWS.onecard
    for path in [*home.rglob("*.log"), home / "airflow.db"]:
        held = path.read_bytes()
        assert [one for one in secrets if one.encode() in held] == [], path
        assert [one for one in people if one.encode() in held] == [], path
    with sqlite3.connect(home / "airflow.db") as database:
        assert database.execute("select count(*) from xcom").fetchone()[0] > 0
