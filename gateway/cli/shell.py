"""What every command shares: the language, the site, the answer on stdout and the word to the operator on stderr.

stdout carries the answer and nothing else; progress and remarks go to stderr. Decides nothing.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from shutil import get_terminal_size
from typing import Annotated, Literal

import typer
from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from adapters.registry import Registry
from gateway.app import CentreNode, FrontEnd, open_node
from gateway.errors import ConfigMissing, Lang, WrongRole, YizhanError

Json = Annotated[bool, typer.Option("--json", help="输出 JSON / one JSON document")]

_PIPED_WIDTH = 10_000  # a record stays on one line, for whoever reads lines; colour only on a terminal
_BROKEN_PIPE = 128 + 13  # what a shell reports for SIGPIPE


@dataclass(frozen=True)
class Heading:
    """A column of a table: numbers stand to the right, and only prose is folded where the terminal is narrow.

    `spare`: on a terminal that is too narrow for all, the column with the highest goes first; 0 always stays.
    """

    zh: str
    en: str
    kind: Literal["word", "number", "prose"] = "word"
    spare: int = 0


@dataclass(frozen=True, kw_only=True)
class Shell:
    """The surroundings of one command."""

    lang: Lang
    site: Path | None

    def site_dir(self) -> Path:
        """The site directory: --site, YIZHAN_SITE, or the current directory if it is one.

        Raises:
            ConfigMissing: none of them holds a site.yaml.
        """
        chosen = self.named_site() or Path()
        if not (chosen / "site.yaml").is_file():
            raise ConfigMissing(path=chosen / "site.yaml")
        return chosen.resolve()

    def named_site(self) -> Path | None:
        """The site that --site or YIZHAN_SITE name, None when neither does."""
        named = os.environ.get("YIZHAN_SITE")
        return self.site or (Path(named) if named else None)

    def say(self, zh: str, en: str) -> str:
        """One of two wordings."""
        return zh if self.lang == "zh" else en

    def yes(self, fact: object) -> str:
        """Whether something holds."""
        return self.say("是", "yes") if fact else self.say("否", "no")

    def remark(self, zh: str, en: str) -> None:
        """A word to the operator, on stderr."""
        print(self.say(zh, en), file=sys.stderr)

    def complain(self, error: YizhanError) -> None:
        """An error with its code, on stderr."""
        print(f"[{error.code}] {error.message(self.lang)}", file=sys.stderr)

    def table(self, title: tuple[str, str], headings: Sequence[Heading], rows: Iterable[Sequence[str | Text]]) -> None:
        """A table on stdout. Cells are plain text: a bracket in them is a bracket."""
        console, cells = Console(width=_PIPED_WIDTH, highlight=False), [_texts(row) for row in rows]
        shown = _fitting(headings, cells, self.lang, console)
        table = _drawn([headings[i] for i in shown], [[row[i] for i in shown] for row in cells], self.lang, console)
        if console.is_terminal:
            console.width = max(get_terminal_size().columns, _narrowest(table, console))
        with console.capture() as drawn:
            console.print(table)
        lines = (line.rstrip() for line in drawn.get().splitlines())
        answer("\n".join([self.say(*title), *(line for line in lines if line)]))
        if len(shown) < len(headings):
            left = [self.say(one.zh, one.en) for i, one in enumerate(headings) if i not in shown]
            self.remark(f"终端较窄,未显示:{'、'.join(left)}", f"narrow terminal, left out: {', '.join(left)}")


def language(chosen: str | None, environ: Mapping[str, str]) -> Lang:
    """Chinese unless `--lang` or the locale ask for English; the locale is found as POSIX says."""
    named = (environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    wanted = chosen or next(filter(None, named), "")
    return "en" if wanted.lower().startswith("en") else "zh"


def node(shell: Shell) -> FrontEnd | CentreNode:
    """The node of the site. Raises: ConfigMissing, ConfigInvalid."""
    return open_node(shell.site_dir(), os.environ)


def front_end(shell: Shell) -> FrontEnd:
    """The node, which must be a front-end. Raises: WrongRole."""
    here = node(shell)
    if isinstance(here, FrontEnd):
        return here
    raise WrongRole(site=here.site.file.site, needed_zh="前置机", needed_en="front-end")


def centre(shell: Shell) -> CentreNode:
    """The node, which must be a centre. Raises: WrongRole."""
    here = node(shell)
    if isinstance(here, CentreNode):
        return here
    raise WrongRole(site=here.site.file.site, needed_zh="中心", needed_en="centre")


def registry() -> Registry:
    """Every adapter installed."""
    return Registry.installed()


def answer(text: str) -> None:
    """Lines of the answer, on stdout. A reader that has seen enough (`| head`) ends the command without a word."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(_BROKEN_PIPE)


def answer_json(document: object) -> None:
    """One JSON document on stdout; Chinese stays readable where stdout is UTF-8, which RFC 8259 wants."""
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    answer(json.dumps(document, ensure_ascii=not utf8, indent=2))


def grouped(yuan: str) -> str:
    """`4226201.50` as `4,226,201.50`."""
    return f"{Decimal(yuan):,f}"


def _texts(row: Sequence[str | Text]) -> list[Text]:
    return [cell if isinstance(cell, Text) else Text(cell) for cell in row]


def _fitting(headings: Sequence[Heading], cells: Sequence[Sequence[Text]], lang: Lang, console: Console) -> list[int]:
    """The columns that are shown: on a terminal those it has room for, elsewhere all."""
    shown = list(range(len(headings)))
    while console.is_terminal and (spare := max(shown, key=lambda i: headings[i].spare)) and headings[spare].spare:
        table = _drawn([headings[i] for i in shown], [[row[i] for i in shown] for row in cells], lang, console)
        if _narrowest(table, console) <= get_terminal_size().columns:
            break
        shown.remove(spare)
    return shown


def _narrowest(table: Table, console: Console) -> int:
    return Measurement.get(console, console.options, table).minimum


def _drawn(headings: Sequence[Heading], cells: Sequence[Sequence[Text]], lang: Lang, console: Console) -> Table:
    table = Table(box=box.HEAVY_HEAD if console.is_terminal else box.SIMPLE_HEAD, header_style="bold")
    for heading in headings:
        justify: Literal["left", "right"] = "right" if heading.kind == "number" else "left"
        name = Text(heading.zh if lang == "zh" else heading.en)
        table.add_column(name, justify=justify, overflow="fold", no_wrap=heading.kind != "prose")
    for row in cells:
        table.add_row(*row)
    return table
