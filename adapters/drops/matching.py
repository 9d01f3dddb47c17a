"""Which files a pattern means. Must never choose between two that could both be meant, or pass one over unsaid."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from adapters.contract import Request
from adapters.drops.folder import Folder, Kind, Look, not_ready
from gateway.errors import LimitExceeded, SourceDenied, SourceMalformed

MOST_FILES = 2_000
_UNSEEN = (".", "~$")  # hidden files, and what Office writes beside a workbook that somebody has open


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file that a pattern means."""

    path: str
    name: str
    look: Look


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The files that a path means now; for a pattern, every name that stands beside them too."""

    found: tuple[Found, ...]
    beside: frozenset[str] | None


def matches(pattern: str, name: str) -> bool:
    """Whether a name fits `*` and `?`, in whatever case: servers differ in it, and a file must not be passed over."""
    if name.startswith(_UNSEEN) and not pattern.startswith(_UNSEEN):
        return False
    parts = (".*" if letter == "*" else "." if letter == "?" else re.escape(letter) for letter in pattern)
    return re.fullmatch("".join(parts), name, re.IGNORECASE | re.DOTALL) is not None


def beside(path: str, name: str) -> str:
    """The path of another name in the same folder; a name with a `/` in it is a path of its own."""
    return name if "/" in name else path[: len(path) - len(path.rpartition("/")[2])] + name


def find(folder: Folder, path: str, aside: re.Pattern[str], request: Request) -> Listing:
    """The files that `path` means, by name; `aside` are names that are no data (markers, digests, unfinished ones).

    Raises:
        SourceNotReady: there is none (yet). SourceMalformed: it is no plain file, or two differ only in case.
        LimitExceeded: more than can be one period's.
    """
    pattern = path.rpartition("/")[2]
    if not set("*?") & set(pattern):
        return Listing(found=(_single(folder, path, pattern, request),), beside=None)
    names = folder.names(path[: -len(pattern)] or ".")
    fitting = sorted(name for name in names if matches(pattern, name) and not aside.fullmatch(name))
    if any("/" in name for name in fitting):
        zh, en = "目录中的文件名含 /", "a name in the folder holds a /"
        raise SourceMalformed(feed=request.feed, where=path, reason_zh=zh, reason_en=en)
    expect_distinct(fitting, path, request)
    found = tuple(_plain(folder, (beside(path, name) for name in fitting), request))
    if not found:
        raise not_ready(request, path, "没有匹配的文件", "no file matches")
    return Listing(found=found, beside=frozenset(names))


def expect_distinct(names: Sequence[str], where: str, request: Request) -> None:
    """Raises: SourceMalformed: names that a careless copy makes two of, or that cannot be shown. LimitExceeded."""
    if len(names) > MOST_FILES:
        zh, en = f"{where} 匹配超过 {MOST_FILES} 个文件", f"{where} means over {MOST_FILES} files"
        raise LimitExceeded(feed=request.feed, limit_zh=zh, limit_en=en)
    if not all(name.isprintable() for name in names):
        zh, en = "文件名含不可显示的字符", "a file's name holds characters that cannot be shown"
        raise SourceMalformed(feed=request.feed, where=where, reason_zh=zh, reason_en=en)
    twice = [name for name, times in Counter(name.casefold() for name in names).items() if times > 1]
    if twice:
        zh, en = "两个文件同名或只差大小写", "two files have one name, or names that differ only in case"
        raise SourceMalformed(feed=request.feed, where=beside(where, twice[0]), reason_zh=zh, reason_en=en)


def _plain(folder: Folder, paths: Iterable[str], request: Request) -> Iterator[Found]:
    """Folders are passed over: a pattern means files."""
    for path in paths:
        seen = folder.look(path)
        if seen is None:
            raise not_ready(request, path, "文件已消失", "it has vanished")
        if seen.kind is not Kind.FOLDER:
            yield _found(path, seen, request)


def _single(folder: Folder, path: str, name: str, request: Request) -> Found:
    seen = folder.look(path)
    if seen is not None:
        return _found(path, seen, request)
    near = _near(folder, path, name)
    if near:
        zh, en = f"文件尚未出现,但有只差大小写的 {near}", f"it has not appeared, but {near}, in another case, has"
        raise not_ready(request, path, zh, en)
    raise not_ready(request, path, "文件尚未出现", "it has not appeared")


def _near(folder: Folder, path: str, name: str) -> str | None:
    """A name that differs only in case; a folder that cannot be listed does not matter to a file that is not there."""
    try:
        names = folder.names(path[: -len(name)] or ".")
    except SourceDenied:
        return None
    except SourceMalformed:  # names in another encoding, of which ours may be one
        if path.isascii():
            return None
        raise
    return next((one for one in sorted(names) if one.casefold() == name.casefold()), None)


def _found(path: str, seen: Look, request: Request) -> Found:
    if seen.kind is not Kind.FILE:
        zh, en = "不是普通文件", "it is not a plain file"
        raise SourceMalformed(feed=request.feed, where=path, reason_zh=zh, reason_en=en)
    return Found(path=path, name=path.rpartition("/")[2], look=seen)
