"""The `source:` block of files in a local or mounted folder."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from adapters.contract import config_error
from adapters.drops.config import DropConfig, Text


class FilesConfig(DropConfig):
    """The folder, and which of its files are read (see `DropConfig`).

    Attributes:
        root: the folder's absolute path on this front-end; `path` is below it, and no link leads out of it.
    """

    connection_keys: ClassVar[frozenset[str]] = frozenset({"root"})

    adapter: Literal["files"]
    root: Text

    @model_validator(mode="after")
    def _absolute(self) -> Self:
        if not self.root.startswith("/"):
            raise config_error("root", "root 应为绝对路径", "root is an absolute path")
        if ".." in self.path.split("/"):
            raise config_error("path", "path 不得含 ..", "path holds no ..")
        return self
