"""What earlier readings have settled: a cursor that names the files read. A file that changed since is read again.

Must never grow without bound: only files that are still there are named.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from adapters.contract import Request
from adapters.drops.matching import Found
from gateway.errors import ConfigInvalid

_FORM = "files/1"
_Seen = frozenset[tuple[str, int, int]]


def read_cursor(request: Request) -> _Seen:
    """Name, size and time of change of each file that was read. Raises: ConfigInvalid: it is no cursor of files."""
    if request.cursor is None:
        return frozenset()
    try:
        form, files = json.loads(request.cursor)
        if form != _FORM:
            raise ValueError
        return frozenset((str(name), int(size), int(changed)) for name, size, changed in files)
    except (ValueError, TypeError):
        zh, en = "断点不是文件类数据源写下的", "its cursor was not written by a source of files"
        raise ConfigInvalid(place=request.feed, problem_zh=zh, problem_en=en) from None


def write_cursor(found: Sequence[Found]) -> str:
    """After a reading: all files that the pattern means, the settled ones too."""
    files = [facts(one) for one in found]
    return json.dumps([_FORM, files], ensure_ascii=False, separators=(",", ":"))


def facts(one: Found) -> tuple[str, int, int]:
    """What tells a settled file from a changed one."""
    return one.name, one.look.size, one.look.changed
