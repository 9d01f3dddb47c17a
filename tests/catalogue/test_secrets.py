"""Literal secrets are refused wherever they stand, and are never repeated in the refusal."""

import traceback

import pytest
from pydantic import BaseModel

from adapters.secrets import SecretRef
from gateway.catalogue import bind, load, read
from gateway.catalogue.yaml import parse
from gateway.errors import ConfigFaults, ConfigInvalid, SecretLiteral

from .conftest import SITE

WORD = "h0nter2-Xq9"


def refused_at(error, faults_of):
    return {
        (str(fault.facts["place"]), fault.facts["key"])
        for fault in faults_of(error)
        if isinstance(fault, SecretLiteral)
    }


@pytest.mark.parametrize(
    "key",
    ["password", "Password", "db_password", "dbPassword", "passwd", "PWD", "passphrase", "client_secret", "secret",
     "token", "access-token", "apiKey", "api_key", "private_key", "密码", "登录口令"],
)  # fmt: skip
@pytest.mark.parametrize("form", ["{key}: {word}", "{key}: [{word}]", "{key}: {{value: {word}}}", "{key}: '{word}'"])
def test_a_literal_under_a_key_named_like_a_secret_is_refused_even_where_no_key_belongs(tmp_path, faults_of, key, form):
    path = tmp_path / "x.yaml"
    path.write_text("top:\n  - a: 1\n    " + form.format(key=key, word=WORD) + "\n", encoding="utf-8")
    with pytest.raises((SecretLiteral, ConfigFaults)) as refused:
        read(path)
    [(place, named)] = refused_at(refused.value, faults_of)
    assert place == f"{path}:3"
    assert named.startswith(f"top[0].{key}")
    assert WORD not in "".join(traceback.format_exception(refused.value))


def test_a_number_is_a_secret_too(tmp_path):
    (tmp_path / "x.yaml").write_text("password: 123456\n", encoding="utf-8")
    with pytest.raises(SecretLiteral) as refused:
        read(tmp_path / "x.yaml")
    assert "123456" not in refused.value.message("zh")


@pytest.mark.parametrize(
    "value",
    [
        f"sftp://yizhan:{WORD}@10.0.0.1/out",
        f"http://:{WORD}@host/",
        f"DRIVER=DM8;SERVER=x;UID=sys;PWD={WORD};",
        f"Driver=x; Password = {WORD}",
        f"DRIVER=x;PWD={{{WORD}}}",
        f"DRIVER=x;PWD=:{WORD}",
        f"host=x password={WORD}",
        f"https://host/api?access_token={WORD}",
        f"scott:{WORD}@db",
        f"scott/{WORD}@10.0.0.1:1521/orcl",
        f"登录口令:{WORD}",
        f"-----BEGIN EC PRIVATE KEY----- {WORD}",
        f"SELECT * FROM t WHERE pwd = '{WORD}'",
    ],
)
def test_a_secret_inside_an_address_or_a_connection_string_is_refused(tmp_path, value):
    path = tmp_path / "x.yaml"
    path.write_text(f'a:\n  - b: "{value}"\n', encoding="utf-8")
    with pytest.raises(SecretLiteral) as refused:
        read(path)
    assert (str(refused.value.facts["place"]), refused.value.facts["key"]) == (f"{path}:2", "a[0].b")
    assert WORD not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize(
    "line",
    [
        "password: env:ONECARD_PASSWORD",
        "private_key: file:keys/sftp",
        "token: ~",
        "host_key: SHA256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "host_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMock root@finance",
        "key: [batch_no, serial_no]",
        "wsdl: http://10.0.0.1:8080/dibao?wsdl",
        "url: https://user@host/path",
        "connection: Driver=SQLite3;Database=/data/agri.db",
        "sql: SELECT a FROM t WHERE token = :cursor AND pwd = ?",
        "path: /out/report@2x_{yyyymm}.txt",
        "path: out/report@2x.txt",
        "contact: bangong@changning.gov.cn",
        "compassword: x",
        "title: 口令管理办法",
    ],
)
def test_references_and_innocent_values_are_taken(tmp_path, line):
    (tmp_path / "x.yaml").write_text(line + "\n", encoding="utf-8")
    assert read(tmp_path / "x.yaml").plain()


@pytest.mark.parametrize("reference", [WORD, "env:", "env:9", "file:", "ENV:X", "env:A B"])
def test_a_secret_key_of_a_source_takes_references_only(tmp_path, adapters, spoilt, faults_of, reference):
    path = spoilt("adapter: sftp", f"adapter: sftp\n      password: '{reference}'")
    with pytest.raises((SecretLiteral, ConfigFaults)) as refused:
        load(path, adapters)
    assert refused_at(refused.value, faults_of)
    assert WORD not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize(
    ("piece", "by"), [("file:keys/sftp", WORD), ("host: 10", f"unheard_of_token: {WORD}\n    host: 10")]
)
def test_a_literal_in_the_sites_part_of_a_source_is_refused_though_nobody_looked_before(
    tmp_path, adapters, spoilt, faults_of, piece, by
):
    (tmp_path / "site.yaml").write_text(SITE.replace(piece, by), encoding="utf-8")
    unread = dict(parse(tmp_path / "site.yaml").child("sources").items())
    with pytest.raises((SecretLiteral, ConfigFaults)) as refused:
        load(spoilt("adapter: sftp", "adapter: sftp"), adapters, unread)
    assert all(place.startswith(f"{tmp_path}/site.yaml:") for place, _ in refused_at(refused.value, faults_of))
    assert refused_at(refused.value, faults_of)
    assert WORD not in "".join(traceback.format_exception(refused.value))


class Innocent(BaseModel):
    """A model whose secret has a name like any other."""

    badge: SecretRef


def test_a_key_that_takes_a_secret_takes_a_reference_only_whatever_its_name(tmp_path):
    (tmp_path / "x.yaml").write_text(f"badge: {WORD}\n", encoding="utf-8")
    with pytest.raises(SecretLiteral) as refused:
        bind(read(tmp_path / "x.yaml"), Innocent)
    assert refused.value.facts == {"place": read(tmp_path / "x.yaml").child("badge").place, "key": "badge"}
    (tmp_path / "x.yaml").write_text("badge: env:BADGE\n", encoding="utf-8")
    assert bind(read(tmp_path / "x.yaml"), Innocent).badge.reference == "env:BADGE"


def test_a_secret_standing_where_a_key_should_is_not_repeated(tmp_path):
    (tmp_path / "x.yaml").write_text(f"sources:\n  ? sftp://yizhan:{WORD}@host\n  : x\n", encoding="utf-8")
    with pytest.raises(SecretLiteral) as refused:
        read(tmp_path / "x.yaml")
    assert refused.value.facts["key"] == "sources"
    assert WORD not in "".join(traceback.format_exception(refused.value))


def test_a_secret_and_other_faults_are_told_together(spoilt, adapters, faults_of):
    path = spoilt("adapter: sftp", f"adapter: sftp\n      passwrd: x\n      password: {WORD}")
    with pytest.raises(ConfigFaults) as refused:
        load(path, adapters)
    assert {type(fault) for fault in refused.value.faults} == {SecretLiteral, ConfigInvalid}
    assert WORD not in refused.value.message("zh") + repr(refused.value)


@pytest.mark.parametrize("piece", ["mode: snapshot", "rows: 1000", "line: first", "title: 发放清册", "type: money"])
def test_a_value_in_the_wrong_place_is_never_repeated(spoilt, adapters, piece):
    with pytest.raises((ConfigInvalid, ConfigFaults)) as refused:
        load(spoilt(piece, f"{piece.partition(':')[0]}: [{WORD}]"), adapters)
    assert WORD not in "".join(traceback.format_exception(refused.value))


def test_nothing_of_a_file_shows_in_a_repr(tmp_path):
    (tmp_path / "x.yaml").write_text(f"note: {WORD}\n", encoding="utf-8")
    assert WORD not in repr(read(tmp_path / "x.yaml"))
