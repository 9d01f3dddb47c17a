"""`yizhan warehouse`: a centre's PostgreSQL made by its owner, used by its loader, and nobody else's secret told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from psycopg import sql

from gateway.app.upgrading import SCHEMAS
from gateway.demo.county import CENTRE, County, found
from tests.cli.conftest import edit_site
from tests.peers.command import Ended, Yizhan
from tests.peers.postgres import Postgres, postgres
from tests.peers.stores import address, stranger

OWNER, LOADER = "yizhan_owner", "yizhan_changning"
SECRETS = {"YIZHAN_DB_PASSWORD": "p-装入-1", "YIZHAN_DB_OWNER_PASSWORD": "p-属主-2"}
DATABASE = "yizhan"
WHY = ("--by", "p101", "--reason", "低保比对")
GRANT = ("--to", "livelihood_supervision", "--feed", "civil.dibao", "--until", "2999-12-31", *WHY)


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        running.create_database(DATABASE)
        for name, secret in zip((LOADER, OWNER), SECRETS.values(), strict=True):
            running.create_reader(name, secret)
        yield running


@pytest.fixture
def site(tmp_path: Path, server: Postgres) -> Path:
    """A centre that is told of the server."""
    county = County(root=tmp_path / "county")
    found(county, at=datetime.now(UTC), port=8443, starts={})
    login = {"host": server.host, "port": server.port, "database": DATABASE, "sslmode": "disable"}
    users = {"user": LOADER, "password": "env:YIZHAN_DB_PASSWORD"}
    owner = {"owner": {"user": OWNER, "password": "env:YIZHAN_DB_OWNER_PASSWORD"}}
    edit_site(county.centre, lambda file: file.update(warehouse=login | users | owner))
    return county.centre


def run(yizhan: Yizhan, site: Path, *arguments: str) -> Ended:
    ended = yizhan.run(*arguments, "--site", site, **SECRETS)
    assert not any(secret in ended.out + ended.err for secret in SECRETS.values())
    return ended


def test_from_an_empty_database_to_one_that_is_as_it_should_be(server: Postgres, site: Path, yizhan: Yizhan) -> None:
    before = run(yizhan, site, "status")
    assert (before.code, before.err[:10]) == (2, "[YZ-7042] ")
    assert "yizhan warehouse upgrade" in before.err

    script = run(yizhan, site, "warehouse", "roles", "--sql")
    administrator = script.out.partition("-- 由 yizhan warehouse upgrade 执行")[0]
    assert (script.code, script.err) == (0, "")
    server.execute([administrator], DATABASE)
    server.execute([sql.SQL("GRANT yizhan_loader TO {}").format(sql.Identifier(LOADER))])

    upgraded = run(yizhan, site, "warehouse", "upgrade")
    made = " ".join(f"{schema.name}={schema.head}" for schema in SCHEMAS)
    assert (upgraded.code, upgraded.out, upgraded.err) == (0, f"已升级:{made};权限已核定。\n", "")
    again = run(yizhan, site, "warehouse", "upgrade", "--lang", "en")
    assert (again.code, again.out) == (0, "tables are up to date; rights granted.\n")

    checked = run(yizhan, site, "warehouse", "check")
    assert (checked.code, checked.out, checked.err) == (0, "核对无误。\n", "")
    lines = run(yizhan, site, "ledger", "list", "--json").json["lines"]
    assert [(line["event"], line["seq"]) for line in lines] == [("migrated", 1)]
    for command in (("status",), ("fsck",), ("ledger", "verify")):
        assert run(yizhan, site, *command).code == 0

    server.execute(["GRANT DELETE ON ledger TO yizhan_loader"], DATABASE)
    found = run(yizhan, site, "warehouse", "check", "--lang", "en")
    assert (found.code, found.out[:63]) == (1, "[YZ-7049] rights differ: yizhan_loader, DELETE on ledger: too m")
    assert run(yizhan, site, "warehouse", "upgrade").code == 0
    assert run(yizhan, site, "warehouse", "check").code == 0


def test_a_grant_follows_into_the_database_or_the_command_says_that_it_has_not(
    server: Postgres, site: Path, yizhan: Yizhan
) -> None:
    administrator = run(yizhan, site, "warehouse", "roles", "--sql").out.partition("-- 由 yizhan warehouse upgrade")[0]
    server.execute([administrator], DATABASE)
    server.execute([sql.SQL("GRANT yizhan_loader TO {}").format(sql.Identifier(LOADER))])
    assert run(yizhan, site, "warehouse", "upgrade").code == 0
    server.execute(["DROP TABLE current__finance__onecard, history__finance__onecard"], DATABASE)

    added = run(yizhan, site, "grant", "add", "一号", *GRANT)
    assert (added.code, added.out, added.err) == (0, "已授权:一号 → livelihood_supervision\n", "")
    assert granted(server) == ["current__civil__dibao", "history__civil__dibao"]
    missing = run(yizhan, site, "warehouse", "check", "--lang", "en")
    assert "current__finance__onecard" in missing.out, "a grant makes no tables"

    owner: dict[str, object] = {}
    edit_site(site, lambda file: owner.update(file["warehouse"].pop("owner")))
    revoked = run(yizhan, site, "grant", "revoke", "一号", *WHY)
    assert (revoked.code, revoked.out, revoked.err[:9]) == (75, "已撤销:一号\n", "[YZ-7051]")
    assert "yizhan warehouse upgrade" in revoked.err
    lines = run(yizhan, site, "ledger", "list", "--json").json["lines"]
    assert [line["event"] for line in lines[-2:]] == ["granted", "revoked"]
    assert granted(server) == ["current__civil__dibao", "history__civil__dibao"], "which is why it is not 0"
    assert run(yizhan, site, "grant", "add", "二号", *GRANT).code == 75
    assert run(yizhan, site, "grant", "revoke", "二号", *WHY).code == 75

    edit_site(site, lambda file: file["warehouse"].update(owner=owner))
    assert run(yizhan, site, "warehouse", "upgrade").code == 0
    assert (granted(server), run(yizhan, site, "warehouse", "check").code) == ([], 0)


def granted(server: Postgres) -> list[str]:
    """The tables with a policy that a grant made."""
    where = address(server, DATABASE, user=OWNER, password=SECRETS["YIZHAN_DB_OWNER_PASSWORD"])
    with stranger(where) as connection:
        query = "SELECT tablename FROM pg_policies WHERE starts_with(policyname, 'grant_') ORDER BY 1"
        return [name for (name,) in connection.execute(query).fetchall()]


def test_roles_are_listed_with_what_they_are_for(site: Path, yizhan: Yizhan) -> None:
    listed = run(yizhan, site, "warehouse", "roles", "--json").json["roles"]
    roles = {one["role"]: one["purpose"] for one in listed}
    assert roles.keys() >= {"yizhan_loader", "yizhan_auditor", "yizhan_reader_430482"}
    assert roles["yizhan_auditor"] == "查台账与批次;看不到业务数据"


def test_without_an_owner_nothing_is_upgraded(site: Path, yizhan: Yizhan) -> None:
    edit_site(site, lambda file: file["warehouse"].pop("owner"))
    ended = run(yizhan, site, "warehouse", "upgrade")
    assert (ended.code, ended.err[:9]) == (2, "[YZ-7051]")


def test_a_centre_with_its_own_file_has_nothing_to_upgrade(site: Path, yizhan: Yizhan) -> None:
    edit_site(site, lambda file: file.pop("warehouse"))
    ended = run(yizhan, site, "warehouse", "upgrade")
    assert (ended.code, ended.err[:9], "centre" in ended.err) == (2, "[YZ-7050]", True)
    assert run(yizhan, site, "ledger", "verify").code == 0
    assert (site / "warehouse.db").exists()


def test_an_unencrypted_connection_is_for_rehearsals_only(site: Path, yizhan: Yizhan) -> None:
    edit_site(site, lambda file: file.pop("rehearsal"))
    ended = run(yizhan, site, "warehouse", "check")
    assert (ended.code, ended.err[:9], "sslmode" in ended.err) == (2, "[YZ-1001]", True)


def test_a_password_in_the_site_file_is_refused_and_not_repeated(site: Path, yizhan: Yizhan) -> None:
    edit_site(site, lambda file: file["warehouse"].update(password=SECRETS["YIZHAN_DB_PASSWORD"]))
    ended = run(yizhan, site, "warehouse", "check")
    assert (ended.code, ended.err[:9]) == (2, "[YZ-1003]")


def test_a_front_end_has_no_warehouse(site: Path, yizhan: Yizhan) -> None:
    ended = run(yizhan, site.parent / "finance", "warehouse", "check")
    assert ended.code == 2
    assert CENTRE not in ended.out
