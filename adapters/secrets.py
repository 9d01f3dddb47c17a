"""Secrets by reference: `env:NAME` or `file:PATH` in the configuration, the value only at the moment of log-in.

Owns the shape of a reference and its reading. Must never keep a value, print one, or accept a literal.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from gateway.errors import SecretUnavailable

_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:[^\x00-\x1f]+")
_MAX_SECRET = 64 * 1024
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret is kept. Its text is not itself a secret, yet it is left out of `repr` all the same.

    As a pydantic field it takes a string; anything but a reference fails with the error type `secret_literal`
    (the catalogue turns that into `SecretLiteral`), and the text given is never part of the error.
    """

    reference: str = field(repr=False)

    @classmethod
    def parse(cls, given: object) -> SecretRef:
        """Raises: PydanticCustomError `secret_literal` when what is given is not a reference."""
        if isinstance(given, SecretRef):
            return given
        if not isinstance(given, str) or not _REFERENCE.fullmatch(given):
            words = {
                "zh": "请写 env:变量名 或 file:文件名,不接受明文",
                "en": "write env:NAME or file:PATH, not the secret",
            }
            raise PydanticCustomError("secret_literal", "{en}", words)
        return cls(given)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.json_or_python_schema(
            json_schema=core_schema.no_info_after_validator_function(cls.parse, core_schema.str_schema()),
            python_schema=core_schema.no_info_plain_validator_function(cls.parse),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda ref: ref.reference),
        )


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """Reads references for one site.

    Attributes:
        root: the site directory; a relative `file:` path is below it.
        environ: where `env:` names are looked up (the process environment, or a test's own).
    """

    root: Path
    environ: Mapping[str, str] = field(repr=False)

    def read(self, ref: SecretRef) -> str:
        """The secret's value; a file's last line break is not part of it.

        Raises:
            SecretUnavailable: no such variable or file, an empty one, or a file that others may read.
        """
        scheme, _, place = ref.reference.partition(":")
        value = self.environ.get(place, "") if scheme == "env" else self._file(ref, self.root / place)
        if not value:
            raise SecretUnavailable(reference=ref.reference)
        return value

    def _file(self, ref: SecretRef, path: Path) -> str:
        try:
            with path.open("rb") as file:
                mode = stat.S_IMODE(path.stat().st_mode)
                raw = file.read(_MAX_SECRET + 1)
        except OSError as error:
            raise SecretUnavailable(reference=ref.reference) from error
        if mode & _OTHERS or len(raw) > _MAX_SECRET:
            raise SecretUnavailable(reference=ref.reference)
        try:
            return raw.decode("utf-8").removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            raise SecretUnavailable(reference=ref.reference) from None
