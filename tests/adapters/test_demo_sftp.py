"""The demonstration's own SFTP server: a password, one folder, read only; the adapter reads it as any other."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import paramiko
import pytest

from adapters.contract import Request, Secrets
from adapters.sftp import SftpAdapter, SftpConfig
from gateway.demo.sources.generate import write_onecard
from gateway.demo.sources.sftp import Folder, Gate, fingerprint, host_key, serve
from gateway.errors import SourceDenied, SourceMalformed
from gateway.records.types import Column, FieldType
from tests.adapters.conftest import PASSWORD, USER, rows_of
from tests.peers.processes import announced, python


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    home = tmp_path_factory.mktemp("demo")
    (home / "root" / "out").mkdir(parents=True)
    (home / "outside.txt").write_text("not yours")
    write_onecard(home / "root" / "out" / "onecard_202610.txt", 3000, date(2026, 10, 1), 1)
    command = python(
        "gateway.demo.sources.sftp", "--root", home / "root", "--host-key", home / "key", "--user", USER,
        "--password-env", "DEMO_PASSWORD",
    )  # fmt: skip
    with announced(command, {"DEMO_PASSWORD": PASSWORD}) as said:
        yield said


@pytest.fixture
def adapter(demo: dict[str, Any], catalogue_layout: dict[str, Any], secrets: Secrets) -> Callable[[str], SftpAdapter]:
    def build(password: str) -> SftpAdapter:
        site = {"host": "127.0.0.1", "port": demo["port"], "host_key": demo["host_key"], "user": USER}
        return SftpAdapter(SftpConfig(**catalogue_layout, **site, password=password), secrets)

    return build


@pytest.fixture
def catalogue_layout() -> dict[str, Any]:
    return {
        "adapter": "sftp", "path": "/out/onecard_{yyyymm}.txt",
        "ready": {"by": "marker", "path": "/out/onecard_{yyyymm}.ok"},
        "format": {
            "kind": "delimited", "totals": {"line": "first", "mark": "汇总", "rows": 2, "sums": {"amount": 3}},
        },
    }  # fmt: skip


def test_a_password_logs_in_and_every_row_arrives(
    adapter: Callable[[str], SftpAdapter], ask: Callable[..., Request]
) -> None:
    reading = adapter("env:PASSWORD").extract(ask("finance.onecard"))
    assert len(rows_of(reading)) == 3000
    assert reading.declared is not None
    assert reading.declared.rows == 3000


def test_a_wrong_password_is_denied_and_told_to_nobody(
    adapter: Callable[[str], SftpAdapter], ask: Callable[..., Request], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    with pytest.raises(SourceDenied) as refused:
        adapter("env:WRONG").extract(ask("finance.onecard"))
    assert PASSWORD not in caplog.text + refused.value.message("zh") + repr(refused.value.__cause__)


@pytest.fixture
def client(demo: dict[str, Any]) -> Iterator[paramiko.SFTPClient]:
    with paramiko.Transport(("127.0.0.1", demo["port"])) as transport:
        transport.connect(username=USER, password=PASSWORD)
        opened = paramiko.SFTPClient.from_transport(transport)
        assert opened is not None
        yield opened


def test_the_folder_can_be_listed_and_read_only(client: paramiko.SFTPClient) -> None:
    assert client.listdir("/out") == ["onecard_202610.ok", "onecard_202610.txt"]
    for change in (
        lambda: client.open("/out/new.txt", "w").close(),
        lambda: client.remove("/out/onecard_202610.ok"),
        lambda: client.mkdir("/x"),
        lambda: client.rename("/out/onecard_202610.ok", "/x"),
    ):
        with pytest.raises(OSError, match=r".*"):
            change()


@pytest.mark.parametrize("path", ["../outside.txt", "/../outside.txt", "/out/../../outside.txt"])
def test_no_path_leads_out_of_the_folder(client: paramiko.SFTPClient, path: str) -> None:
    with pytest.raises(OSError, match=r".*"):
        client.open(path).read()


class _Grudging(Folder):
    """Grants less at once than it is asked for, as old servers do."""

    def open(self, path: str, flags: int, attributes: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:
        handle = super().open(path, flags, attributes)
        if isinstance(handle, paramiko.SFTPHandle):
            whole = handle.read
            handle.read = lambda offset, length: whole(offset, min(length, 10_000))
        return handle


class _Misleading(Folder):
    """Lists a name that leads elsewhere."""

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
        return [paramiko.SFTPAttributes.from_stat(self._root.stat(), "x/../a.txt")]


@pytest.fixture
def serving(tmp_path: Path, secrets: Secrets) -> Iterator[Callable[..., SftpAdapter]]:
    """The adapter on a server of that kind."""
    with ExitStack() as stack:

        def build(folder: type[Folder], **changes: Any) -> SftpAdapter:
            key = host_key(tmp_path / "key")
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            given = (listener, key, Gate(USER, PASSWORD, None), tmp_path, folder)
            threading.Thread(target=serve, args=given, daemon=True).start()
            stack.callback(listener.shutdown, socket.SHUT_RDWR)
            here = {"host": "127.0.0.1", "port": listener.getsockname()[1], "host_key": fingerprint(key)}
            account = {"user": USER, "password": "env:PASSWORD"}
            layout = {"adapter": "sftp", "ready": {"by": "stable", "seconds": 0.0}, "format": {"kind": "delimited"}}
            return SftpAdapter(SftpConfig(**here, **account, **layout, **changes), secrets)

        yield build


@pytest.mark.parametrize("legacy", [False, True], ids=["paramiko", "asyncssh"])
def test_a_server_that_grants_little_at_once_gives_every_byte(
    serving: Callable[..., SftpAdapter], tmp_path: Path, ask: Callable[..., Request], legacy: bool
) -> None:
    numbers = [str(number) for number in range(600_000)]
    (tmp_path / "a.txt").write_text("\n".join(["no", *numbers]))
    columns = (Column(name="no", type=FieldType.CODE),)
    reading = serving(_Grudging, path="a.txt", legacy=legacy).extract(ask("finance.onecard", columns=columns))
    assert [row["no"] for row in rows_of(reading)] == numbers


@pytest.mark.parametrize("legacy", [False, True], ids=["paramiko", "asyncssh"])
def test_a_listed_name_that_leads_elsewhere_is_refused(
    serving: Callable[..., SftpAdapter], ask: Callable[..., Request], legacy: bool
) -> None:
    with pytest.raises(SourceMalformed) as refused:
        serving(_Misleading, path="*.txt", legacy=legacy).extract(ask("finance.onecard"))
    assert refused.value.facts["reason_zh"] == "目录中的文件名含 /"
