"""`yizhan adapter new`: a small working adapter in a package of its own, to start from.

Owns the template beside it: files whose `${...}` words are filled in. Must never write over anything that exists.
"""

from __future__ import annotations

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

from gateway.errors import AdapterNameRefused, ScaffoldRefused

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST = 40


def scaffold(name: str, directory: Path) -> tuple[Path, ...]:
    """Write the package of the adapter `name` into `directory`, which is made; returns its files.

    Raises:
        AdapterNameRefused: it cannot be the name of an adapter and of a Python package.
        ScaffoldRefused: the directory holds something, or cannot be written.
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise AdapterNameRefused(name=name)
    try:
        if directory.exists() and any(directory.iterdir()):
            raise ScaffoldRefused(path=directory)
        return tuple(_write(source, target, name) for source, target in _files(name, directory))
    except OSError as error:
        raise ScaffoldRefused(path=directory) from error


def _files(name: str, directory: Path) -> list[tuple[Traversable, Path]]:
    """Every file of the template, and where it goes; `.in` keeps tools from taking a template for code."""
    found: list[tuple[Traversable, Path]] = []
    folders = [(files("adapters.scaffold").joinpath("template"), directory)]
    while folders:
        folder, target = folders.pop()
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
            place = target / entry.name.replace("package", f"yizhan_{name}").removesuffix(".in")
            (folders if entry.is_dir() else found).append((entry, place))
    return found


def _write(source: Traversable, target: Path, name: str) -> Path:
    words = {
        "name": name,
        "package": f"yizhan_{name}",
        "distribution": f"yizhan-{name.replace('_', '-')}",
        "camel": "".join(part.capitalize() for part in name.split("_")),
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(Template(source.read_text(encoding="utf-8")).substitute(words), encoding="utf-8")
    return target
