"""A local or mounted folder. Must never write in it, follow a link out of it, or open anything but a plain file.

Every path is walked from the open root without following links, after it has been resolved: what changes in between
fails, it does not lead elsewhere.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

from adapters.contract import Request
from adapters.drops import Kind, Look
from adapters.files.patience import Caller
from gateway.errors import SourceDenied, SourceMalformed, SourceUnavailable, YizhanError

_PIECE = 1 << 20
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
Answer = TypeVar("Answer")


class Descriptors:
    """What is open; touched by the calling thread alone, so that nothing stays open when nobody waits any more."""

    def __init__(self) -> None:
        self._open: set[int] = set()

    def open(self, path: str, flags: int, folder: int | None = None) -> int:
        opened = os.open(path, flags, dir_fd=folder)
        self._open.add(opened)
        return opened

    def close(self, opened: int) -> None:
        if opened in self._open:
            self._open.remove(opened)
            os.close(opened)

    def close_all(self) -> None:
        for opened in list(self._open):
            self.close(opened)


class LocalFolder:
    """See `adapters.drops.Folder`; paths are below `root`, with or without a `/` before them."""

    def __init__(self, root: str, request: Request) -> None:
        self._root, self._request = root, request
        self._caller: Caller | None = None
        self.reconnect()

    def reconnect(self) -> None:
        self.close()
        descriptors = self._descriptors = Descriptors()
        self._caller = Caller(self._request, descriptors.close_all)
        try:
            self._base = self._made(lambda: descriptors.open(self._root, _FOLDER))
        except (FileNotFoundError, NotADirectoryError):
            self.close()
            zh, en = "目录不存在或未挂载", "the folder is not there, or not mounted"
            raise SourceUnavailable(feed=self._request.feed, reason_zh=zh, reason_en=en) from None
        except YizhanError:
            self.close()
            raise

    def close(self) -> None:
        caller, self._caller = self._caller, None
        if caller is not None:
            caller.close()

    def look(self, path: str) -> Look | None:
        try:
            return self._made(lambda: self._seen(path))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def names(self, path: str) -> tuple[str, ...]:
        """Raises: as ever; SourceMalformed: a name is not in the mount's own encoding."""
        try:
            found = self._made(lambda: self._listed(path))
        except (FileNotFoundError, NotADirectoryError):
            return ()
        if not all(name.isascii() or name.encode("utf-8", "replace").decode() == name for name in found):
            zh = "目录中有非UTF-8(多为GBK)的文件名,请以 iocharset=utf8 重新挂载"
            raise self._malformed(path, zh, "a file's name there is not UTF-8: mount it with iocharset=utf8")
        return found

    def stream(self, path: str, start: int, stop: int) -> Generator[bytes, None, None]:
        """One piece is read ahead while the last one is used."""
        try:
            file = self._made(lambda: self._opened(path))
        except (FileNotFoundError, NotADirectoryError):
            return
        caller, descriptors = self._waiting(), self._descriptors
        begun = caller.begin(lambda: os.pread(file, min(_PIECE, stop - start), start))
        try:
            while piece := self._answer(begun):
                start += len(piece)
                begun = caller.begin(lambda at=start: os.pread(file, min(_PIECE, stop - at), at))
                yield piece
        finally:
            caller.begin(lambda: descriptors.close(file))

    def _seen(self, path: str) -> Look:
        with self._parent(path) as (folder, name):
            seen = os.stat(name, dir_fd=folder, follow_symlinks=False)
        mode = seen.st_mode
        kind = Kind.FILE if stat.S_ISREG(mode) else Kind.FOLDER if stat.S_ISDIR(mode) else Kind.OTHER
        return Look(kind=kind, size=seen.st_size, changed=seen.st_mtime_ns)

    def _listed(self, path: str) -> tuple[str, ...]:
        with self._parent(path) as (folder, name), _open(name, _FOLDER | os.O_NOFOLLOW, folder) as opened:
            return tuple(entry.name for entry in os.scandir(opened))

    def _opened(self, path: str) -> int:
        with self._parent(path) as (folder, name):
            file = self._descriptors.open(name, _FILE, folder)
        if stat.S_ISREG(os.fstat(file).st_mode):
            return file
        self._descriptors.close(file)
        raise FileNotFoundError(path)

    @contextmanager
    def _parent(self, path: str) -> Iterator[tuple[int, str]]:
        """The open folder that the path's last part stands in, links resolved. Raises: OSError; SourceMalformed."""
        base = Path(os.path.realpath(self._root))  # unlike Path.resolve, it says nothing of a loop: the walk does
        real = Path(os.path.realpath(base / path.lstrip("/")))
        if not real.is_relative_to(base):
            raise self._malformed(path, "链接指向目录之外", "a link leads out of the folder")
        parts = real.relative_to(base).parts or (".",)
        with ExitStack() as stack:
            folder = self._base
            for part in parts[:-1]:
                folder = stack.enter_context(_open(part, _FOLDER | os.O_NOFOLLOW, folder))
            yield folder, parts[-1]

    def _waiting(self) -> Caller:
        if self._caller is None:
            raise RuntimeError("the folder is closed")
        return self._caller

    def _made(self, call: Callable[[], Answer]) -> Answer:
        return self._answer(self._waiting().begin(call))

    def _answer(self, begun: Future[Answer]) -> Answer:
        """The operating system's errors as ours; a missing file is left to the caller, who knows which it was."""
        try:
            return self._waiting().answer(begun)
        except (FileNotFoundError, NotADirectoryError):
            raise
        except PermissionError:
            raise SourceDenied(feed=self._request.feed) from None
        except OSError:
            zh, en = "目录读取失败或已断开", "the folder cannot be read, or is gone"
            raise SourceUnavailable(feed=self._request.feed, reason_zh=zh, reason_en=en) from None

    def _malformed(self, path: str, zh: str, en: str) -> SourceMalformed:
        return SourceMalformed(feed=self._request.feed, where=path, reason_zh=zh, reason_en=en)


@contextmanager
def _open(name: str, flags: int, folder: int) -> Iterator[int]:
    opened = os.open(name, flags, dir_fd=folder)
    try:
        yield opened
    finally:
        os.close(opened)
