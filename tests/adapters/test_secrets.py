"""References to secrets: read from where they say, never accepted as literals, never shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from adapters.contract import SecretRef, Secrets
from adapters.odbc import OdbcConfig
from adapters.sftp import SftpConfig
from adapters.soap import SoapConfig
from gateway.errors import SecretUnavailable

CANARY = "Canary-literal-91"


def kept(tmp_path: Path, mode: int = 0o600, content: bytes = "口令 x\n".encode()) -> Secrets:
    path = tmp_path / "p.txt"
    path.write_bytes(content)
    path.chmod(mode)
    return Secrets(root=tmp_path, environ={"GOOD": CANARY, "EMPTY": ""})


def test_a_variable_and_a_file_are_read(tmp_path: Path) -> None:
    secrets = kept(tmp_path)
    assert secrets.read(SecretRef.parse("env:GOOD")) == CANARY
    assert secrets.read(SecretRef.parse("file:p.txt")) == "口令 x"
    assert secrets.read(SecretRef.parse(f"file:{tmp_path / 'p.txt'}")) == "口令 x"


@pytest.mark.parametrize("reference", ["env:ABSENT", "env:EMPTY", "file:absent", "file:."])
def test_a_secret_that_is_not_there_is_named_by_its_reference(tmp_path: Path, reference: str) -> None:
    with pytest.raises(SecretUnavailable) as refused:
        kept(tmp_path).read(SecretRef.parse(reference))
    assert reference in refused.value.message("zh")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(SecretUnavailable):
        kept(tmp_path, mode).read(SecretRef.parse("file:p.txt"))


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"x" * 70_000])
def test_a_file_that_holds_no_secret_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(SecretUnavailable):
        kept(tmp_path, content=content).read(SecretRef.parse("file:p.txt"))


def test_neither_reference_nor_value_is_in_a_repr(tmp_path: Path) -> None:
    secrets = kept(tmp_path)
    assert CANARY not in repr(secrets)
    assert "GOOD" not in repr(SecretRef.parse("env:GOOD"))


SFTP = {
    "adapter": "sftp", "host": "h", "user": "u", "path": "p", "host_key": "SHA256:" + "a" * 43,
    "format": {"kind": "delimited"},
}  # fmt: skip
SOAP = {
    "adapter": "soap", "wsdl": "http://h/?wsdl", "operation": "o", "rows": "a/b", "paging": {"page": "p", "size": "s"},
    "login": "basic", "user": "u",
}  # fmt: skip
ODBC = {"adapter": "odbc", "connection": "DSN=x", "user": "u", "sql": "SELECT 1"}


@pytest.mark.parametrize(
    ("model", "given"), [(SftpConfig, SFTP), (SoapConfig, SOAP), (OdbcConfig, ODBC)], ids=["sftp", "soap", "odbc"]
)
def test_a_literal_password_is_refused_and_not_repeated(model: type, given: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as refused:
        model(**given, password=CANARY)
    assert refused.value.errors()[0]["type"] == "secret_literal"
    assert CANARY not in str(refused.value)
    assert model(**given, password="env:GOOD").password == SecretRef.parse("env:GOOD")


@pytest.mark.parametrize(
    ("model", "given"),
    [
        (OdbcConfig, ODBC | {"connection": f"Driver=X;Pwd={CANARY}"}),
        (OdbcConfig, ODBC | {"connection": f"password = {CANARY};Driver=X"}),
        (SoapConfig, SOAP | {"wsdl": f"http://u:{CANARY}@h/?wsdl", "password": "env:GOOD"}),
    ],
)
def test_a_password_hidden_in_an_address_is_refused(model: type, given: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as refused:
        model(**given)
    assert refused.value.errors()[0]["type"] == "secret_literal"
    assert CANARY not in str(refused.value)


@pytest.mark.parametrize(
    ("model", "given"),
    [
        (SftpConfig, SFTP),
        (SftpConfig, SFTP | {"password": "env:GOOD", "host_key": "accept-any"}),
        (SftpConfig, SFTP | {"password": "env:GOOD", "hostkey": "x"}),
        (SftpConfig, SFTP | {"password": "env:GOOD", "port": "22"}),
        (SftpConfig, SFTP | {"password": "env:GOOD", "legacy": "yes"}),
        (SftpConfig, SFTP | {"password": "env:GOOD", "certificate": "env:GOOD"}),
        (SftpConfig, SFTP | {"password": "env:GOOD", "format": {"kind": "delimited", "delimiter": "\n"}}),
        (SoapConfig, SOAP),
        (SoapConfig, SOAP | {"password": "env:GOOD", "wsdl": "file:///etc/passwd"}),
        (OdbcConfig, ODBC | {"sql": "DELETE FROM t"}),
        (OdbcConfig, ODBC | {"sql": "SELECT :name"}),
    ],
)
def test_a_configuration_that_could_not_work_is_refused_at_once(model: type, given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        model(**given)
