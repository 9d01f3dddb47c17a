"""What every command shares: the language, the site, the answer on stdout and the word to the operator on stderr.

stdout carries the answer and nothing else; progress and remarks go to stderr. Decides nothing.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from adapters.registry import Registry
from gateway.app import CentreNode, FrontEnd, open_node
from gateway.errors import ConfigMissing, Lang, WrongRole, YizhanError


def language(chosen: str | None, environ: Mapping[str, str]) -> Lang:
    """Chinese unless `--lang` or LANG ask for English."""
    wanted = chosen or environ.get("LANG", "")
    return "en" if wanted.lower().startswith("en") else "zh"


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
        chosen = self.site or Path(os.environ.get("YIZHAN_SITE", "."))
        if not (chosen / "site.yaml").is_file():
            raise ConfigMissing(path=chosen / "site.yaml")
        return chosen.resolve()

    def say(self, zh: str, en: str) -> str:
        """One of two wordings."""
        return zh if self.lang == "zh" else en

    def remark(self, zh: str, en: str) -> None:
        """A word to the operator, on stderr."""
        print(self.say(zh, en), file=sys.stderr)

    def complain(self, error: YizhanError) -> None:
        """An error with its code, on stderr."""
        print(f"[{error.code}] {error.message(self.lang)}", file=sys.stderr)


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


def answer_json(document: object) -> None:
    """One JSON document on stdout, with Chinese kept readable."""
    print(json.dumps(document, ensure_ascii=False, indent=2))


def answer_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str | Text]],
    *,
    right: Sequence[str] = (),
    console: Console | None = None,
) -> None:
    """A table on stdout; `right` names the columns that are aligned to the right (numbers)."""
    table = Table(title=title, title_justify="left", header_style="bold", expand=False)
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    (console or answer_console()).print(table)


def answer_console() -> Console:
    """stdout: as wide as the terminal, or wide enough for a board when piped; colour only on a terminal."""
    return Console(width=None if sys.stdout.isatty() else 160, highlight=False)
