"""Members of a zip file as contents: Chinese names, bounded inflation, one level of zip inside zip.

A member's name is only a name here: nothing is ever unpacked to disk. Must never trust a header's sizes, skip a
checksum, or choose between two members of one name.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager

from adapters.contract import Request, SecretRef, Secrets
from adapters.drops.config import Archive
from adapters.drops.matching import expect_distinct, matches
from adapters.drops.window import Window
from adapters.formats import Content
from gateway.errors import LimitExceeded, SourceDenied, SourceMalformed

_PIECE = 256 * 1024
_RATIO_FROM = 1 << 20
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Budget:
    """How much all members of one reading may inflate to."""

    def __init__(self, archive: Archive, request: Request) -> None:
        self.archive, self.request, self._left = archive, request, archive.most_bytes

    def spend(self, inflated: int) -> None:
        """Raises: LimitExceeded."""
        self._left -= inflated
        if self._left < 0:
            most = self.archive.most_bytes
            raise self.exceeded(f"压缩包解开超过 {most} 字节", f"the zip inflates to over {most} bytes")

    def expect_modest(self, inflated: int, packed: int) -> None:
        """Raises: LimitExceeded: no roster is packed that tightly."""
        if inflated > _RATIO_FROM and inflated > packed * self.archive.ratio:
            ratio = self.archive.ratio
            raise self.exceeded(f"压缩比超过 {ratio}", f"a compression ratio of over {ratio}")

    def exceeded(self, zh: str, en: str) -> LimitExceeded:
        return LimitExceeded(feed=self.request.feed, limit_zh=zh, limit_en=en)


class Member:
    """A `Content`: one member of an open zip, inflated anew each time it is read, its checksum checked at its end."""

    def __init__(
        self, opened: zipfile.ZipFile, info: zipfile.ZipInfo, where: str, key: bytes | None, budget: Budget
    ) -> None:
        self._opened, self._info, self._key, self._budget = opened, info, key, budget
        self._where, self._spent = where, 0

    @property
    def name(self) -> str:
        return f"{self._where}/{self._info.filename}"

    @property
    def size(self) -> int:
        return self._info.file_size

    def stream(self, start: int = 0) -> Generator[bytes, None, None]:
        """Raises: LimitExceeded, SourceMalformed, SourceDenied; what the zip's own transport raises."""
        self._budget.expect_modest(self.size, self._info.compress_size)
        with zip_errors(self.name, self._budget.request), self._opened.open(self._info, pwd=self._key) as inflated:
            at = 0
            while piece := inflated.read(_PIECE):
                self._count(at + len(piece))
                at += len(piece)
                if at > start:
                    yield piece[max(start - at, -len(piece)) :]
            if at != self.size:
                raise EOFError

    def _count(self, upto: int) -> None:
        self._budget.request.remaining()
        self._budget.expect_modest(upto, self._info.compress_size)
        self._budget.spend(max(upto - self._spent, 0))
        self._spent = max(upto, self._spent)


def members(content: Content, archive: Archive, secrets: Secrets, budget: Budget) -> Iterator[Member]:
    """The members that the pattern means, by name, each to be read before the next is asked for.

    Raises:
        SourceMalformed: it is no whole zip, holds none that fits, or holds what is not read here.
        SourceDenied: the password does not open it. LimitExceeded: it is a bomb.
    """
    outer, _, inner = archive.members.rpartition("/")
    yield from _level(content, [outer, inner] if outer else [inner], _key(archive.password, secrets), budget)


def _level(content: Content, patterns: list[str], key: bytes | None, budget: Budget) -> Iterator[Member]:
    request = budget.request
    with closing(Window(content, request)) as window:
        with zip_errors(content.name, request):
            # names without the UTF-8 flag were written by Chinese Windows; with it they are UTF-8
            opened = zipfile.ZipFile(window, metadata_encoding="gb18030")  # type: ignore[arg-type] # reads and seeks only
        for info in _fitting(opened, patterns[0], content.name, key, request):
            member = Member(opened, info, content.name, key, budget)
            if len(patterns) == 1:
                yield member
            else:
                yield from _level(member, patterns[1:], key, budget)


def _fitting(
    opened: zipfile.ZipFile, pattern: str, where: str, key: bytes | None, request: Request
) -> list[zipfile.ZipInfo]:
    found = [one for one in opened.infolist() if not one.is_dir() and matches(pattern, _own_name(one.filename))]
    expect_distinct([one.filename for one in found], where, request)
    if not found:
        raise malformed(where, request, "压缩包中没有匹配的文件", "no member of the zip matches")
    for one in found:
        at = f"{where}/{one.filename}"
        if one.flag_bits & _ENCRYPTED and (key is None or one.compress_type not in _METHODS):
            raise malformed(
                at,
                request,
                "成员已加密,请约定口令或改为不加密",
                "it is encrypted, by a password or in a way not known here",
            )
        if one.compress_type not in _METHODS:
            raise malformed(at, request, "压缩方法不支持,请用 deflate", "its compression is not supported: use deflate")
    return sorted(found, key=lambda one: one.filename)


def _own_name(path: str) -> str:
    """Without the folders inside the zip, however they are parted."""
    return path.replace("\\", "/").rpartition("/")[2]


def _key(password: SecretRef | None, secrets: Secrets) -> bytes | None:
    return secrets.read(password).encode("gb18030") if password is not None else None


@contextmanager
def zip_errors(where: str, request: Request) -> Iterator[None]:
    """zipfile's many ways to say that a file is not what it should be."""
    try:
        yield
    except RuntimeError as error:  # the one thing that zipfile says about a wrong password
        if isinstance(error, NotImplementedError | RecursionError):
            raise malformed(where, request, "压缩包的格式不支持", "a kind of zip that is not supported") from None
        raise SourceDenied(feed=request.feed) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, UnicodeError, ValueError, OverflowError):
        raise malformed(where, request, "压缩包损坏或不完整", "the zip is damaged or not whole") from None


def malformed(where: str, request: Request, zh: str, en: str) -> SourceMalformed:
    """How a zip that cannot be read exactly is told."""
    return SourceMalformed(feed=request.feed, where=where, reason_zh=zh, reason_en=en)
