"""Progress on a terminal: rows read, bytes carried. Silent where stderr is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from gateway.cli.shell import Shell


class Bars:
    """The bars of one command."""

    def __init__(self, progress: Progress, shell: Shell) -> None:
        self._progress = progress
        self._shell = shell
        self._uploads: dict[str, TaskID] = {}

    @contextmanager
    def rows(self, title: str) -> Iterator[Callable[[int], None]]:
        """A counter of rows read; how many there will be is not known."""
        task = self._progress.add_task(title, total=None, unit=self._shell.say("行", "rows"))
        yield lambda rows: self._progress.update(task, completed=rows)
        self._progress.update(task, total=self._progress.tasks[task].completed or 1)

    def bytes(self, batch: str, offset: int, size: int) -> None:
        """How far the payload of a batch has been carried."""
        if batch not in self._uploads:
            self._uploads[batch] = self._progress.add_task(f"↑ {batch}", total=size, unit="B")
        self._progress.update(self._uploads[batch], completed=offset)


@contextmanager
def bars(shell: Shell) -> Iterator[Bars]:
    """Bars for the time of one command."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} {task.fields[unit]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as progress:
        yield Bars(progress, shell)
