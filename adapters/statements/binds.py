"""SQL with named binds: what it reads, where its binds stand, and what is not taken.

Owns the reading of one statement's quotes, comments and names. Must never put a value into SQL text, and takes only
the names it knows: a value that enters by any other way is an injection waiting to happen.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

NAMES = frozenset({"period", "period_start", "period_end", "cursor"})

# Order matters: what protects its inside (quotes, comments, PostgreSQL's $tag$) comes before what is looked for.
# Oracle's q'[...]' ends where no other quote does, and is refused.
_TOKEN = re.compile(
    r"""(?P<odd>(?<!\w)n?q'\S)
      | (?P<kept>'(?:[^']|'')*' | "(?:[^"]|"")*" | `[^`]*` | \[[^\]]*\] | --[^\n]* | /\*.*?\*/
        | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ | ::)
      | (?P<open>['"`\[] | /\*)
      | (?P<mark>\?)
      | (?P<end>;)
      | (?<![\w:]):(?P<name>[A-Za-z_]\w*)""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_READS = re.compile(r"\s*(select|with)\b", re.IGNORECASE)
_BLANK = re.compile(r"(\s|--[^\n]*(\n|$)|/\*.*?\*/)*", re.DOTALL)


class BindError(ValueError):
    """The statement cannot be sent as it stands. `zh` and `en` quote nothing of it but a bind's name."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One SELECT, cut at its named binds: always one more of `parts` than of `binds`."""

    parts: tuple[str, ...]
    binds: tuple[str, ...]

    @classmethod
    def parse(cls, sql: str) -> Self:
        """Raises: BindError: not one SELECT, an unknown name, a bare question mark, an unclosed quote."""
        blank = _BLANK.match(sql)
        if not _READS.match(sql, blank.end() if blank else 0):
            raise BindError("只接受 SELECT 或 WITH … SELECT", "only SELECT or WITH ... SELECT is taken")
        cuts: list[re.Match[str]] = []
        for token in _TOKEN.finditer(sql):
            _refuse(token)
            if token["end"]:
                _expect_nothing_after(sql, token.end())
                sql = sql[: token.start()]
            elif token["name"]:
                cuts.append(token)
        starts, ends = [0, *(cut.end() for cut in cuts)], [*(cut.start() for cut in cuts), len(sql)]
        parts = tuple(sql[start:end] for start, end in zip(starts, ends, strict=True))
        return cls(parts=parts, binds=tuple(cut["name"] for cut in cuts))

    def text(self, mark: Callable[[str], str]) -> str:
        """The statement with `mark(name)` in the place of each bind."""
        return "".join(part + mark(name) for part, name in zip(self.parts, self.binds, strict=False)) + self.parts[-1]


def _expect_nothing_after(sql: str, end: int) -> None:
    if _BLANK.fullmatch(sql, end) is None:
        raise BindError("只接受一条语句,分号后不得再有内容", "one statement only: something follows the semicolon")


def _refuse(token: re.Match[str]) -> None:
    if (token["kept"] or "").endswith(("\\'", '\\"')):
        raise BindError("引号前有反斜杠,各数据库理解不一,请改写", "a backslash before a closing quote is ambiguous")
    if token["odd"]:
        raise BindError("不接受 q'[…]' 写法的字符串,请用普通引号", "q'[...]' strings are not taken: use plain quotes")
    if token["open"]:
        raise BindError("引号或注释没有结束", "a quote or comment is not closed")
    if token["mark"]:
        raise BindError("语句中有问号,请改用 :period_start 等名称", "a bare ?: use :period_start and the like")
    if token["name"] and token["name"] not in NAMES:
        known = ", ".join(sorted(f":{name}" for name in NAMES))
        raise BindError(f"没有参数 :{token['name']},可用 {known}", f"no bind :{token['name']}; known: {known}")
