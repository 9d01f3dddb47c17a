"""Durable steps on a POSIX file system: write whole, move whole, hold alone.

Owns the order of write, fsync, rename, fsync of the directories, and the translation of OSError at the spool's door.
It must never decide which entry moves where. The spool's tree must lie on one local file system: rename is atomic only
there, and flock is honoured by every process only there.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from gateway.errors import OutputRefused, SpoolFull, SpoolUnavailable

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_PRIVATE_DIRECTORY, _PRIVATE_FILE = 0o700, 0o600  # sealed, yet nobody else's business


@contextmanager
def door(action_zh: str, action_en: str) -> Iterator[None]:
    """Turn an OSError of what stands inside into the spool's own errors.

    Raises:
        SpoolFull: no space, or the quota is used up.
        SpoolUnavailable: anything else the file system refuses.
    """
    try:
        yield
    except OSError as refused:
        if refused.errno in _FULL:
            raise SpoolFull(action_zh=action_zh, action_en=action_en) from None
        symbol = errno.errorcode.get(refused.errno or 0, "?")
        raise SpoolUnavailable(action_zh=action_zh, action_en=action_en, errno=symbol) from None


def sync(path: Path) -> None:
    """Force a file's content, or a directory's list of names, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_directory(path: Path) -> None:
    """Make one directory, its name on the disk when this returns; one that is there already is as good."""
    try:
        path.mkdir(mode=_PRIVATE_DIRECTORY)
    except FileExistsError:
        return
    sync(path.parent)


def create(path: Path) -> int:
    """Open a new private file for appending; the descriptor is the caller's."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, _PRIVATE_FILE)


def write_all(handle: int, data: bytes | memoryview) -> None:
    """Write every byte; the kernel may take them in pieces."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def write_new(path: Path, content: bytes) -> None:
    """Write a file that is not there yet, durable content; the name waits for a sync of the directory."""
    handle = create(path)
    try:
        write_all(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)


def write_whole(path: Path, content: bytes) -> None:
    """Write or replace a file so that at every instant it is absent, old, or new: never in part."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    write_new(temporary, content)
    temporary.rename(path)
    sync(path.parent)


def made_once(path: Path, make: Callable[[], bytes]) -> bytes:
    """A small file's content; whoever comes first makes it.

    A link is there whole or not at all, and never takes another's place.
    """
    if not path.exists():
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        write_new(fresh, make())
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
        sync(path.parent)
    return path.read_bytes()


def move(source: Path, target: Path) -> None:
    """One rename, and both directories on the disk; the target first, so that a power cut never loses the entry."""
    source.rename(target)
    sync(target.parent)
    sync(source.parent)


class Hold:
    """An exclusive flock on a directory. It follows the directory through renames and dies with the process.

    The lock is on the inode, so an entry needs no lock file beside it and a dead process leaves nothing to clean up.
    """

    def __init__(self, handle: int) -> None:
        self._handle: int | None = handle

    @classmethod
    def try_on(cls, directory: Path) -> Hold | None:
        """Take the lock, or `None` if another holder has it or the directory was moved meanwhile."""
        try:
            hold = cls(os.open(directory, os.O_RDONLY | os.O_DIRECTORY))
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(hold.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            hold.release()
            return None
        if not hold.still_at(directory):
            hold.release()
            return None
        return hold

    @classmethod
    def wait_on(cls, directory: Path) -> Hold:
        """Take the lock, waiting for the other holder; for the few short steps that must not interleave."""
        hold = cls(os.open(directory, os.O_RDONLY | os.O_DIRECTORY))
        fcntl.flock(hold.fileno(), fcntl.LOCK_EX)
        return hold

    def still_at(self, directory: Path) -> bool:
        """Whether this still locks the directory of that name; it may have been renamed before the lock was taken."""
        if self._handle is None:
            return False
        try:
            found = directory.stat()
        except FileNotFoundError:
            return False
        held = os.fstat(self._handle)
        return (held.st_dev, held.st_ino) == (found.st_dev, found.st_ino)

    def release(self) -> None:
        """Let go; a second call does nothing."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def fileno(self) -> int:
        """The locked descriptor."""
        if self._handle is None:
            raise ValueError("the hold was released")
        return self._handle

    def __enter__(self) -> Hold:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()


@contextmanager
def alone_in(directory: Path) -> Iterator[None]:
    """Nobody else hands a file out into this directory meanwhile. Raises OutputRefused: it cannot be held."""
    try:
        hold = Hold.wait_on(directory)
    except OSError:
        raise OutputRefused(path=directory) from None
    with hold:
        yield
