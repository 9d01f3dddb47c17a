"""A folder on an SFTP server that knows only old algorithms, or names its files in GBK: through asyncssh.

Must be chosen in the configuration, never fallen back to: what is sent this way may be deciphered. The host key is
pinned as strictly as elsewhere. asyncssh runs in an event loop in a thread of its own, out of which nothing leads.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Awaitable, Generator
from concurrent.futures import Future, wait
from contextlib import suppress
from typing import TypeVar

import asyncssh
from asyncssh.constants import FILEXFER_TYPE_DIRECTORY, FILEXFER_TYPE_REGULAR

from adapters.contract import Request, Secrets
from adapters.drops import Kind, Look
from adapters.sftp.config import SftpConfig
from adapters.sftp.greeting import greeted, legacy_errors

_IDLE_SECONDS = 60.0
_PIECE = 131_072  # as in `modern`
_BLOCK = 8 * _PIECE  # pieces asked for at once; a hand-over between two threads costs more than a piece
_AHEAD = 3  # blocks under way
_TICK = 0.1  # how soon a cancellation is noticed
_NANO = 10**9
_KINDS = {FILEXFER_TYPE_REGULAR: Kind.FILE, FILEXFER_TYPE_DIRECTORY: Kind.FOLDER}
Answer = TypeVar("Answer")


class LegacyFolder:
    """See `adapters.drops.Folder`."""

    def __init__(self, config: SftpConfig, secrets: Secrets, request: Request) -> None:
        self._config, self._secrets, self._request = config, secrets, request
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connection: asyncssh.SSHClientConnection | None = None
        try:
            self.reconnect()
        except BaseException:
            self.close()
            raise

    def reconnect(self) -> None:
        self.close()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="yizhan-sftp-legacy", daemon=True)
        self._thread.start()
        self._connection = self._wait(greeted(self._config, self._secrets, self._request))
        self._client = self._wait(self._connection.start_sftp_client(path_encoding="gb18030"))

    def close(self) -> None:
        loop, self._loop = self._loop, None
        if loop is None:
            return
        asyncio.run_coroutine_threadsafe(_ended(self._connection), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join()
        loop.close()
        self._connection = None

    def look(self, path: str) -> Look | None:
        try:
            seen = self._wait(self._client.stat(path))
        except FileNotFoundError:
            return None
        kind = _KINDS.get(seen.type, Kind.OTHER) if seen.size is not None else Kind.OTHER
        return Look(kind=kind, size=seen.size or 0, changed=(seen.mtime or 0) * _NANO)

    def names(self, path: str) -> tuple[str, ...]:
        try:
            return tuple(name for name in self._wait(self._client.listdir(path)) if name not in (".", ".."))
        except FileNotFoundError:
            return ()

    def stream(self, path: str, start: int, stop: int) -> Generator[bytes, None, None]:
        try:
            file = self._wait(self._client.open(path, "rb", encoding=None, block_size=0))
        except FileNotFoundError:
            return
        under_way: deque[tuple[Future[bytes], int]] = deque()
        try:
            while start < stop or under_way:
                while start < stop and len(under_way) < _AHEAD:
                    length = min(_BLOCK, stop - start)
                    under_way.append((self._begun(_block(file, start, length)), length))
                    start += length
                begun, length = under_way.popleft()
                block = self._answer(begun)
                yield block
                if len(block) < length:  # the file is shorter than it was
                    return
        finally:
            for begun, _ in under_way:
                begun.cancel()
            if self._loop is not None:
                self._begun(_closed(file))

    def _begun(self, work: Awaitable[Answer]) -> Future[Answer]:
        if self._loop is None:
            raise RuntimeError("the folder is closed")
        return asyncio.run_coroutine_threadsafe(_awaited(work), self._loop)

    def _wait(self, work: Awaitable[Answer]) -> Answer:
        return self._answer(self._begun(work))

    def _answer(self, begun: Future[Answer]) -> Answer:
        """What the other thread found. Raises: FileNotFoundError; as `legacy_errors`; as `Request.remaining`."""
        until = time.monotonic() + _IDLE_SECONDS
        try:
            with legacy_errors(self._request):
                while not wait([begun], min(_TICK, self._request.remaining())).done:
                    if time.monotonic() > until:
                        raise TimeoutError
                return begun.result()
        finally:
            begun.cancel()


async def _awaited(work: Awaitable[Answer]) -> Answer:
    """asyncssh gives awaitables that are no coroutines."""
    return await work


async def _block(file: asyncssh.SFTPClientFile[bytes], at: int, length: int) -> bytes:
    """Many pieces at once, joined in order up to the first that is not there.

    asyncssh's own parallel reader fills a gap with zeros; here a gap is the end.
    """
    starts = range(at, at + length, _PIECE)
    pieces = await asyncio.gather(*(_piece(file, start, min(_PIECE, at + length - start)) for start in starts))
    short = next(
        (n for n, piece in enumerate(pieces) if len(piece) < min(_PIECE, at + length - starts[n])), len(pieces)
    )
    return b"".join(pieces[: short + 1])


async def _piece(file: asyncssh.SFTPClientFile[bytes], at: int, length: int) -> bytes:
    """So many bytes, however few the server gives at once; fewer only at the file's end."""
    parts, got = [], 0
    while got < length and (part := await file.read(length - got, at + got)):
        parts.append(part)
        got += len(part)
    return b"".join(parts)


async def _closed(file: asyncssh.SFTPClientFile[bytes]) -> None:
    """Give the handle back, if there still is a connection."""
    with suppress(asyncssh.Error, OSError):
        await file.close()


async def _ended(connection: asyncssh.SSHClientConnection | None) -> None:
    """End the connection and every task that waits for it."""
    if connection is not None:
        connection.abort()
        await connection.wait_closed()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
