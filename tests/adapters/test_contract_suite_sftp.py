"""The contract suite on OpenSSH's sshd, a GB18030 file with a line for each record."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import ClassVar

import pytest

from adapters.contract import Secrets
from adapters.sftp import SftpAdapter, SftpConfig
from adapters.testing import COLUMNS, Ability, ContractSuite, Harness, Record, connections_to
from tests.peers.sshd import Sshd, enterable_home, new_key, sshd

FILE = "a.txt"
HEAD = 1  # lines above the first record


class SshdHarness(Harness):
    """A server with one file; ending it and its sessions is the source going down."""

    adapter = SftpAdapter
    lacks: ClassVar = {Ability.CURSOR: "a file is read as a whole"}
    columns = tuple(replace(column, source=f"列{column.name}") for column in COLUMNS)

    def __init__(self, home: Path, running: ExitStack) -> None:
        self._home, self._running, self._content = home, running, b""
        self._homes = count()
        self.start()
        new_key(home / "other")

    @property
    def secret(self) -> str:
        return self._server.key.read_text().splitlines()[2]

    @property
    def secrets(self) -> Secrets:
        return Secrets(root=self._home, environ={})

    def config(self) -> SftpConfig:
        return self._config(self._server.key)

    def denied(self) -> SftpConfig:
        return self._config(self._home / "other")

    def _config(self, key: Path) -> SftpConfig:
        return SftpConfig(
            adapter="sftp", host="127.0.0.1", port=self._server.port, host_key=self._server.fingerprint,
            user=self._server.user, private_key=f"file:{key}", path=FILE, stable_seconds=0.0,
        )  # fmt: skip

    def fill(self, records: Sequence[Record]) -> None:
        lines = [f"{one.no}|{one.holder}|{one.amount}\n" for one in records]
        self._put("".join(["列no|列holder|列amount\n", *lines]).encode("gb18030"))

    def spoil(self, at: int) -> str:
        lines = self._content.splitlines(keepends=True)
        lines[HEAD + at] = b"\x81\xff" + lines[HEAD + at]
        self._put(b"".join(lines))
        return str(HEAD + at + 1)

    def _put(self, content: bytes) -> None:
        self._content = content
        (self._server.folder / FILE).write_bytes(content)

    def stop(self) -> None:
        for session in list(_below(self._server.pid)):
            with suppress(ProcessLookupError):  # it has just ended by itself
                os.kill(session, signal.SIGKILL)
        self._running.close()

    def start(self) -> None:
        home = self._home / str(next(self._homes))
        home.mkdir(mode=0o711)
        self._server: Sshd = self._running.enter_context(sshd(home))
        self._put(self._content)

    def connections(self) -> int:
        return connections_to(self._server.port)


def _below(pid: int) -> Iterator[int]:
    with suppress(FileNotFoundError, ProcessLookupError):  # likewise
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from _below(int(child))
            yield int(child)


class TestSftp(ContractSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls) -> Iterator[SshdHarness]:
        with enterable_home() as home, ExitStack() as running:
            yield SshdHarness(home, running)
