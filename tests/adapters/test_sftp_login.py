"""Getting into an SFTP server: certificates, and servers that know only what is no longer safe."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_ssh_private_key,
)
from pydantic import ValidationError

from adapters.contract import Secrets
from adapters.sftp import SftpAdapter, SftpConfig
from adapters.specimens import asked
from gateway.errors import HostKeyUnknown, SecretUnavailable, SourceDenied, SourceMalformed, SourceNotReady
from gateway.records.types import Column, FieldType
from tests.adapters.conftest import rows_of
from tests.peers.sshd import OLDER, OLDEST, Sshd, certify, enterable_home, new_key, old_key, sshd

COLUMNS = (Column(name="name", type=FieldType.PERSON_NAME, source="姓名"),)
ROSTER = "姓名\n王\n".encode("gb18030")
Asked = Callable[..., list[dict[str, Any]]]


def asking(server: Sshd) -> Asked:
    """Reads the one file there with a configuration that is right but for the changes."""

    def ask(**changes: Any) -> list[dict[str, Any]]:
        given = {
            "adapter": "sftp", "host": "127.0.0.1", "port": server.port, "host_key": server.fingerprint,
            "user": server.user, "private_key": f"file:{server.key}", "path": "a.txt",
            "ready": {"by": "stable", "seconds": 0.0}, "format": {"kind": "delimited"},
        }  # fmt: skip
        adapter = SftpAdapter(
            SftpConfig(**(given | changes)), Secrets(root=server.folder, environ={"WORD": "x", "OTHER": "y"})
        )
        return rows_of(adapter.extract(asked(COLUMNS)))

    return ask


@pytest.fixture(scope="module")
def certified() -> Iterator[tuple[Sshd, Path]]:
    """A server that trusts an authority, and a folder for keys."""
    with enterable_home() as home:
        authority = new_key(home / "authority")
        authority.with_suffix(".pub").chmod(0o644)
        with sshd(home, f"TrustedUserCAKeys {authority}.pub\n") as server:
            (server.folder / "a.txt").write_bytes(ROSTER)
            yield server, home


@pytest.mark.parametrize("legacy", [False, True], ids=["paramiko", "asyncssh"])
def test_a_certificate_of_the_authority_logs_in_where_its_key_alone_does_not(
    certified: tuple[Sshd, Path], tmp_path: Path, legacy: bool
) -> None:
    server, home = certified
    key = new_key(tmp_path / "clerk")
    certificate = certify(home / "authority", key, server.user)
    ask = asking(server)
    assert len(ask(private_key=f"file:{key}", certificate=f"file:{certificate}", legacy=legacy)) == 1
    with pytest.raises(SourceDenied):
        ask(private_key=f"file:{key}", legacy=legacy)


@pytest.mark.parametrize("legacy", [False, True], ids=["paramiko", "asyncssh"])
@pytest.mark.parametrize("wrong", ["another user", "another authority"])
def test_a_certificate_that_is_not_for_this_account_is_denied(
    certified: tuple[Sshd, Path], tmp_path: Path, legacy: bool, wrong: str
) -> None:
    server, home = certified
    key = new_key(tmp_path / "clerk")
    authority = home / "authority" if wrong == "another user" else new_key(tmp_path / "other")
    certificate = certify(authority, key, "somebody" if wrong == "another user" else server.user)
    with pytest.raises(SourceDenied):
        asking(server)(private_key=f"file:{key}", certificate=f"file:{certificate}", legacy=legacy)


@pytest.mark.parametrize("legacy", [False, True], ids=["paramiko", "asyncssh"])
def test_what_is_no_key_or_certificate_is_named_by_its_reference(certified: tuple[Sshd, Path], legacy: bool) -> None:
    for changes in ({"private_key": "env:WORD"}, {"certificate": "env:WORD"}):
        with pytest.raises(SecretUnavailable) as refused:
            asking(certified[0])(**changes, legacy=legacy)
        assert "env:WORD" in refused.value.message("zh")


@pytest.mark.parametrize("legacy", [False, True], ids=["paramiko", "asyncssh"])
def test_a_key_is_opened_by_its_passphrase_and_by_no_other(server: Sshd, tmp_path: Path, legacy: bool) -> None:
    (server.folder / "locked.txt").write_bytes(ROSTER)
    locked = tmp_path / "locked"
    locked.touch(0o600)
    key = load_ssh_private_key(server.key.read_bytes(), None)
    locked.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, BestAvailableEncryption(b"x")))
    ask = asking(server)
    given = {"private_key": f"file:{locked}", "path": "locked.txt", "legacy": legacy}
    assert len(ask(**given, passphrase="env:WORD")) == 1
    for changes in ({}, {"passphrase": "env:OTHER"}):
        with pytest.raises(SecretUnavailable) as refused:
            ask(**given, **changes)
        assert str(locked) in refused.value.message("zh")


def test_a_certificate_needs_its_key(certified: tuple[Sshd, Path]) -> None:
    with pytest.raises(ValidationError):
        asking(certified[0])(private_key=None, password="env:WORD", certificate="env:WORD")


@pytest.fixture(scope="module", params=[OLDEST, OLDER], ids=["group1, 3des-cbc", "group14, aes128-cbc"])
def old(request: pytest.FixtureRequest) -> Iterator[Asked]:
    """A server whose algorithms are those of long ago: SHA-1 key exchange, CBC, ssh-rsa."""
    with enterable_home() as home, sshd(home, request.param, old_key) as server:
        (server.folder / "a.txt").write_bytes(ROSTER)
        yield asking(server)


def test_a_server_of_long_ago_is_read_only_when_that_is_declared(old: Asked) -> None:
    with pytest.raises(SourceMalformed) as refused:
        old()
    assert "legacy: true" in refused.value.message("zh")
    assert [row["name"] for row in old(legacy=True)] == ["王"]


def test_the_host_key_of_a_server_of_long_ago_is_pinned_all_the_same(old: Asked, tmp_path: Path) -> None:
    other = " ".join(old_key(tmp_path / "other").with_suffix(".pub").read_text().split()[:2])
    for pin in ("SHA256:" + "A" * 43, other):
        with pytest.raises(HostKeyUnknown) as refused:
            old(legacy=True, host_key=pin)
        assert str(refused.value.facts["presented"]).startswith("SHA256:")


def test_a_stranger_is_denied_and_an_absent_file_awaited_there_too(old: Asked, tmp_path: Path) -> None:
    with pytest.raises(SourceDenied):
        old(legacy=True, private_key=f"file:{old_key(tmp_path / 'stranger')}")
    with pytest.raises(SourceNotReady):
        old(legacy=True, path="b.txt")


def test_a_server_of_today_can_be_read_the_legacy_way(server: Sshd) -> None:
    """For the sake of its file names."""
    (server.folder / "today.txt").write_bytes(ROSTER)
    assert len(asking(server)(legacy=True, path="today.txt")) == 1


def test_the_legacy_way_warns_each_time_and_leaves_its_mark_in_the_facts(
    server: Sshd, caplog: pytest.LogCaptureFixture
) -> None:
    (server.folder / "warned.txt").write_bytes(ROSTER)
    config = {
        "adapter": "sftp", "host": "127.0.0.1", "port": server.port, "host_key": server.fingerprint,
        "user": server.user, "private_key": f"file:{server.key}", "path": "warned.txt",
        "ready": {"by": "stable", "seconds": 0.0}, "format": {"kind": "delimited"},
    }  # fmt: skip
    for legacy, told in ((False, 0), (True, 1)):
        caplog.clear()
        adapter = SftpAdapter(SftpConfig(**config, legacy=legacy), Secrets(root=server.folder, environ={}))
        facts = adapter.probe(asked(COLUMNS)).facts
        warned = [record for record in caplog.records if record.levelno == logging.WARNING]
        assert len(warned) == told
        assert [said for name, said in facts if name == "security"] == ["legacy"] * told
