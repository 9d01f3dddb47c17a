"""Whether the files are whole: marker, two equal looks, or the final name. SFTP has no lock, and neither has a mount.

Must never take a file that somebody may still be writing, nor a marker that belongs to another month's file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from adapters.contract import Request
from adapters.drops.config import DropConfig, Marked, Renamed
from adapters.drops.folder import Folder, Look, not_ready
from adapters.drops.matching import Found, Listing, beside, find, matches

_WORKBOOKS = (".xls", ".xlsx", ".xlsm")


def settled(
    folder: Folder, config: DropConfig, request: Request, wanted: Callable[[Found], bool]
) -> tuple[tuple[Found, ...], tuple[Found, ...]]:
    """All files that the path means, and those of them that are `wanted`, which are whole.

    Raises:
        SourceNotReady: there is none, or one is not whole yet. SourceMalformed, LimitExceeded: see `find`.
    """
    path, aside = request.fill(config.path), _aside(config, request)
    first = find(folder, path, aside, request)
    chosen = [one for one in first.found if wanted(one)]
    if not chosen:
        return first.found, ()
    markers = [_marker(folder, one, config.ready, request) for one in chosen]
    _expect_finished(folder, first, path, config, request)
    request.pause(config.ready.seconds)
    second = find(folder, path, aside, request)
    _expect_same(chosen, [one for one in second.found if wanted(one)], request)
    for one, marker in zip(chosen, markers, strict=True):
        _expect_newer(one, marker, config.ready, request)
    return second.found, tuple(chosen)


def placed(template: str, one: Found, request: Request) -> str:
    """The path of what belongs to a file: `{name}` and `{stem}` are the file's, and no `/` means beside it."""
    filled = request.fill(template).replace("{name}", one.name).replace("{stem}", PurePosixPath(one.name).stem)
    return beside(one.path, filled)


def expect_same(before: Look, after: Look | None, path: str, request: Request) -> None:
    """Raises: SourceNotReady: the file is not what it was."""
    if before != after:
        raise not_ready(request, path, "文件仍在变化", "it is still changing")


def _aside(config: DropConfig, request: Request) -> re.Pattern[str]:
    """The names of what accompanies data and is none itself."""
    templates = [config.digest.path] if config.digest else []
    if isinstance(config.ready, Marked):
        templates.append(config.ready.path)
    ends = [config.ready.partial] if isinstance(config.ready, Renamed) else []
    names = [re.escape(request.fill(template).rpartition("/")[2]) for template in templates]
    names = [re.sub(r"\\\{(name|stem)\\\}", ".*", name) for name in names]
    return re.compile("|".join([*names, *(f".*{re.escape(end)}" for end in ends)]) or "(?!)", re.IGNORECASE | re.DOTALL)


def _marker(folder: Folder, one: Found, ready: object, request: Request) -> Look | None:
    if not isinstance(ready, Marked):
        return None
    path = placed(ready.path, one, request)
    seen = folder.look(path)
    if seen is None:
        raise not_ready(request, path, "就绪标志尚未放置", "its marker has not been placed")
    return seen


def _expect_newer(one: Found, marker: Look | None, ready: object, request: Request) -> None:
    """A marker placed before its data, or left over from another month, says nothing about this file."""
    if isinstance(ready, Marked) and marker is not None and marker.changed < one.look.changed:
        zh, en = "就绪标志早于数据文件", "its marker is older than the file"
        raise not_ready(request, placed(ready.path, one, request), zh, en)


def _expect_finished(folder: Folder, listing: Listing, path: str, config: DropConfig, request: Request) -> None:
    """Nobody is writing one under another name, and nobody has a workbook open."""
    if isinstance(config.ready, Renamed):
        pattern, partial = path.rpartition("/")[2], config.ready.partial
        if listing.beside is not None:
            pending = sorted(n for n in listing.beside if n.endswith(partial) and matches(pattern, n[: -len(partial)]))
        else:
            pending = [pattern + partial] if folder.look(path + partial) else []
        if pending:
            raise not_ready(request, beside(path, pending[0]), "文件仍在上传", "it is still being uploaded")
    for one in listing.found:
        if one.name.lower().endswith(_WORKBOOKS) and _locked(folder, one, listing):
            raise not_ready(request, one.path, "工作簿正被打开", "somebody has the workbook open")


def _locked(folder: Folder, one: Found, listing: Listing) -> bool:
    lock = f"~${one.name}"
    return lock in listing.beside if listing.beside is not None else folder.look(beside(one.path, lock)) is not None


def _expect_same(before: Sequence[Found], after: Sequence[Found], request: Request) -> None:
    then, now = ({one.path: one.look for one in looks} for looks in (before, after))
    for path in sorted(then.keys() | now.keys()):
        if then.get(path) != now.get(path):
            raise not_ready(request, path, "文件仍在变化", "it is still changing")
