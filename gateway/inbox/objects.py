"""Objects: immutable files in a folder that several machines mount, or in a bucket that speaks S3's protocol.

Reached through fsspec, which is an extra and imported when it is needed. An object is there whole or not at all. Owns
the door at which a file system's errors become ours. Must never know what an object is a part of, and never let a
driver's words or a log-in through.
"""

from __future__ import annotations

import errno
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.errors import InboxDriverMissing, InboxFull, InboxUnavailable
from gateway.spool.disk import make_directory, sync, write_new

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_TRIES = 2
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_LOST = ("无法连接或没有应答", "it cannot be reached, or does not answer")
_FORBIDDEN = ("拒绝访问,请核对访问密钥与权限", "it refuses access: check the keys and the rights")
_MISSING = ("文件夹或存储桶不存在", "there is no such folder or bucket")
_REASONS = {FileNotFoundError: _MISSING, PermissionError: _FORBIDDEN}


@dataclass(frozen=True, kw_only=True)
class Service:
    """How an S3 service is reached; what is None is left to the driver (instance roles, the usual endpoint).

    Attributes:
        seconds: to connect; to answer it is given four times as long.
        attempts: at a request that the service or the line failed, the first one among them.
        certificates: the authority of the service's certificate, where it is not a public one.
    """

    endpoint_url: str | None = None
    region: str | None = None
    key: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)
    certificates: Path | None = None
    seconds: float = 10.0
    attempts: int = 3


@dataclass(frozen=True, kw_only=True)
class Objects:
    """Objects below one root, each called `<folder>/<name>`.

    Attributes:
        place: the root as messages show it.
        root: its path, as the driver wants it.
        ground: raises OSError unless what lies below the root is there: an inbox makes neither folder nor bucket.
        write: puts whole, durable bytes at a path.
        faults: what the driver raises besides OSError.
    """

    place: str
    root: str
    ground: Callable[[], object] = field(repr=False)
    files: AbstractFileSystem = field(repr=False)
    write: Callable[[str, bytes], None] = field(repr=False)
    faults: tuple[type[Exception], ...] = ()

    def put(self, name: str, data: bytes) -> None:
        """Store an object; when this returns it survives a power cut. Raises InboxUnavailable, InboxFull."""
        with self._door():
            self.write(self._path(name), data)

    def read(self, name: str, length: int) -> bytes | None:
        """The first `length` bytes of an object, all if it has fewer, None if it is gone. Raises InboxUnavailable."""
        with self._door():
            try:
                return self.files.cat_file(self._path(name), start=0, end=length)
            except FileNotFoundError:
                return None

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects; those that are gone already are as good. Raises InboxUnavailable."""
        with self._door():
            for name in names:
                with suppress(FileNotFoundError):
                    self.files.rm_file(self._path(name))

    def folders(self) -> list[str]:
        """Names of the folders. Raises InboxUnavailable: also where the shared folder or the bucket is not there."""
        with self._door():
            self.ground()
            return [name for name in self._names(self.root) if not name.startswith(".")]

    def objects(self, folder: str) -> list[str]:
        """Names of the objects in a folder. Raises InboxUnavailable."""
        with self._door():
            return [f"{folder}/{name}" for name in self._names(self._path(folder))]

    def is_older(self, name: str, moment: datetime) -> bool:
        """Whether an object is there and was written before this moment. Raises InboxUnavailable."""
        with self._door(), suppress(FileNotFoundError):
            return self.files.modified(self._path(name)) < moment
        return False

    def _names(self, path: str) -> list[str]:
        try:
            found = self.files.ls(path, detail=False)
        except FileNotFoundError:
            return []  # a bucket has no folders: where nothing is, none was ever
        return [name for one in found if (name := one.rstrip("/").rpartition("/")[2])]

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}"

    @contextmanager
    def _door(self) -> Iterator[None]:
        try:
            yield
        except (OSError, *self.faults) as failed:
            raise self._fault(failed) from None

    def _fault(self, failed: Exception) -> InboxFull | InboxUnavailable:
        number = failed.errno if isinstance(failed, OSError) else None
        if number in _FULL:
            return InboxFull(place=self.place)
        zh, en = next((words for kind, words in _REASONS.items() if isinstance(failed, kind)), _LOST)
        return InboxUnavailable(place=self.place, reason_zh=zh, reason_en=en)


def shared_folder(path: Path) -> Objects:
    """Objects in a folder that is mounted at every receiver; the folder must be there. Raises InboxDriverMissing."""
    root = str(path)
    return Objects(
        place=f"file://{root}",
        root=root,
        ground=path.stat,
        files=_file_system("file"),
        write=_write_file,
    )


def bucket(name: str, prefix: str, service: Service) -> Objects:
    """Objects in a bucket, below a prefix that may be empty. Raises InboxDriverMissing."""
    files = _file_system(
        "s3",
        endpoint_url=service.endpoint_url,
        key=service.key,
        secret=service.secret,
        client_kwargs={"region_name": service.region, "verify": _verified_by(service)},
        config_kwargs={
            "connect_timeout": service.seconds,
            "read_timeout": 4 * service.seconds,
            "retries": {"max_attempts": service.attempts, "mode": "standard"},
        },
        use_listings_cache=False,  # other receivers write too
        skip_instance_cache=True,
    )
    files.retries = (
        _TRIES  # of what fails on the line, each with the attempts above; five would hold an upload too long
    )
    return Objects(
        place=f"s3://{name}/{prefix}".rstrip("/"),
        root=f"{name}/{prefix}".rstrip("/"),
        ground=lambda: files.call_s3("head_bucket", Bucket=name),
        files=files,
        write=files.pipe_file,  # one PUT: an object store shows an object whole, or not at all
        faults=_driver_faults(),
    )


def _file_system(protocol: str, **options: Any) -> AbstractFileSystem:
    try:
        import fsspec

        return fsspec.filesystem(protocol, **options)
    except ImportError as missing:
        raise InboxDriverMissing(module="fsspec" if missing.name == "fsspec" else "s3fs") from None


def _driver_faults() -> tuple[type[Exception], ...]:
    from aiohttp import ClientError as LineError
    from botocore.exceptions import BotoCoreError, ClientError

    return BotoCoreError, ClientError, LineError


def _verified_by(service: Service) -> str | None:
    return str(service.certificates) if service.certificates else None


def _write_file(path: str, data: bytes) -> None:
    """A name of its own first, then the rename: other machines never see a part of an object."""
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    make_directory(target.parent)
    write_new(temporary, data)
    temporary.rename(target)
    sync(target.parent)
