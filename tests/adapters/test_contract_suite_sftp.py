"""The contract suite on OpenSSH's sshd: a fixed path, a pattern, and a server that knows only old algorithms."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import ClassVar

import pytest

from adapters.contract import Secrets
from adapters.sftp import SftpAdapter, SftpConfig
from adapters.testing import COLUMNS, Ability, ContractSuite, Harness, Record, connections_to
from tests.adapters.dropping import FILE, PATTERN, lines, spoilt, spread
from tests.peers.sshd import OLDER, Sshd, enterable_home, new_key, old_key, sshd


class SshdHarness(Harness):
    """A server with one file; ending it and its sessions is the source going down."""

    adapter = SftpAdapter
    lacks: ClassVar = {Ability.CURSOR: "a file is read as a whole"}
    columns = tuple(replace(column, source=f"列{column.name}") for column in COLUMNS)
    path = FILE
    legacy = False

    def __init__(self, home: Path, running: ExitStack) -> None:
        self._home, self._running = home, running
        self._homes = count()
        self._server: Sshd | None = None
        self.start()
        new_key(home / "other")

    @property
    def server(self) -> Sshd:
        assert self._server is not None
        return self._server

    @property
    def secret(self) -> str:
        return self.server.key.read_text().splitlines()[2]

    @property
    def secrets(self) -> Secrets:
        return Secrets(root=self._home, environ={})

    def config(self) -> SftpConfig:
        return self._config(self.server.key)

    def denied(self) -> SftpConfig:
        return self._config(self._home / "other")

    def _config(self, key: Path) -> SftpConfig:
        return SftpConfig(
            adapter="sftp", host="127.0.0.1", port=self.server.port, host_key=self.server.fingerprint,
            user=self.server.user, private_key=f"file:{key}", path=self.path,
            ready={"by": "stable", "seconds": 0.0}, format={"kind": "delimited"}, legacy=self.legacy,
        )  # fmt: skip

    def fill(self, records: Sequence[Record]) -> None:
        (self.server.folder / FILE).write_bytes(lines(records))

    def spoil(self, at: int) -> str:
        return spoilt(self.server.folder / FILE, at)

    def stop(self) -> None:
        self.server.drop_sessions()
        self._running.close()

    def start(self) -> None:
        """A new server each time, holding what the last one held."""
        home = self._home / str(next(self._homes))
        home.mkdir(mode=0o711)
        before, self._server = self._server, self._running.enter_context(self.serving(home))
        if before is not None:
            shutil.copytree(before.folder, self.server.folder, dirs_exist_ok=True)

    def serving(self, home: Path) -> AbstractContextManager[Sshd]:
        return sshd(home)

    def connections(self) -> int:
        return connections_to(self.server.port)


class PatternHarness(SshdHarness):
    """The same records, spread over several files."""

    lacks: ClassVar = {}
    path = PATTERN

    def fill(self, records: Sequence[Record]) -> None:
        spread(self.server.folder, records)

    def spoil(self, at: int) -> str:
        return f"{FILE}:{super().spoil(at)}"


class OldHarness(SshdHarness):
    """A server that only `legacy: true` reaches."""

    legacy = True

    def serving(self, home: Path) -> AbstractContextManager[Sshd]:
        return sshd(home, OLDER, old_key)


class TestSftp(ContractSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls) -> Iterator[SshdHarness]:
        with enterable_home() as home, ExitStack() as running:
            yield SshdHarness(home, running)


class TestSftpOfAPattern(ContractSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls) -> Iterator[PatternHarness]:
        with enterable_home() as home, ExitStack() as running:
            yield PatternHarness(home, running)


class TestLegacySftp(ContractSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls) -> Iterator[OldHarness]:
        with enterable_home() as home, ExitStack() as running:
            yield OldHarness(home, running)
