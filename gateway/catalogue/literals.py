"""Finds secrets written out in a configuration, wherever they stand and whatever the schema says.

A secret may stand under a key named like one, inside an address (`user:word@host`), inside a connection string
(`PWD=...;`), or be a private key pasted in. This file must never put a value into an error, only its place and its key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from gateway.catalogue.yaml import Located, Step, parse
from gateway.errors import ConfigFaults, SecretLiteral

_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:[^\x00-\x1f]+")
_SECRET_WORDS = frozenset({"password", "passwd", "pwd", "passphrase", "passcode", "secret", "token", "apikey"})
_SECRET_PAIRS = frozenset({("api", "key"), ("access", "key"), ("private", "key"), ("pass", "word"), ("pass", "phrase")})
_SECRET_CHINESE = re.compile("密码|口令|密钥|私钥")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")

_EMBEDDED = re.compile(
    r"""
      ://[^\s/@:]*:[^\s/@]+@                              # scheme://user:word@host
    | \A[^\s/@:]+:[^\s/@:]+@[\w.-]+                       # user:word@host
    | \A[^\s/@:]+/[^\s/@:]+@(?://)?[\w.-]+[:/]            # user/word@host:port/service
    | (?<![A-Za-z])(?:pwd|pass(?:word|wd|phrase)?|secret|token)\s*=\s*[^\s;&]   # PWD=word; and ?token=word
    | (?:密码|口令)\s*[=:\uff1d\uff1a]\s*\S
    | -----BEGIN\ [A-Z\ ]*PRIVATE\ KEY-----
    """,
    re.VERBOSE | re.IGNORECASE,
)
_QUERY = re.compile(r"\s*(?:select|with)\s", re.IGNORECASE)
_BIND = re.compile(r"=\s*(?::[A-Za-z_]\w*|\?)")

Steps = tuple[Step, ...]


def read(path: Path) -> Located:
    """The one document in a file, for `bind`.

    Raises:
        ConfigMissing, ConfigInvalid: as `parse`.
        SecretLiteral: it holds a secret written out; several: ConfigFaults.
    """
    document = parse(path)
    found = tuple(literals(document))
    if len(found) > 1:
        raise ConfigFaults(faults=found)
    if found:
        raise found[0]
    return document


def literals(located: Located, path: Steps = ()) -> Iterator[SecretLiteral]:
    """One refusal for each secret written out in `located`, which stands at `path` of its document."""
    if isinstance(located.value, str) and _embeds_secret(located.value):
        yield SecretLiteral(place=located.place, key=dotted(path))
    for step, child in located.items():
        if isinstance(step, str) and _embeds_secret(step):
            yield SecretLiteral(place=child.place, key=dotted(path))
        elif isinstance(step, str) and _names_secret(step):
            yield from _not_references(child, (*path, step))
        else:
            yield from literals(child, (*path, step))


def is_reference(text: str) -> bool:
    """Whether it says where a secret is kept: `env:NAME`, `file:PATH`."""
    return _REFERENCE.fullmatch(text) is not None


def dotted(path: Steps) -> str:
    """A path as an operator reads it: `feeds[0].source.password`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".") or "-"


def _not_references(located: Located, path: Steps) -> Iterator[SecretLiteral]:
    """Below a key named like a secret every value must be a reference; nothing, true and false hold no secret."""
    value = located.value
    written_out = isinstance(value, str) and value and not _REFERENCE.fullmatch(value)
    if written_out or (isinstance(value, int | float) and not isinstance(value, bool)):
        yield SecretLiteral(place=located.place, key=dotted(path))
    for step, child in located.items():
        yield from _not_references(child, (*path, step))


def _names_secret(key: str) -> bool:
    words = [word.lower() for word in _WORD.findall(key)]
    pairs = set(pairwise(words))
    return bool(_SECRET_WORDS.intersection(words) or _SECRET_PAIRS & pairs or _SECRET_CHINESE.search(key))


def _embeds_secret(text: str) -> bool:
    """A query may compare such a column with a bind (`token = :period`), which holds no secret."""
    return _EMBEDDED.search(_BIND.sub("", text) if _QUERY.match(text) else text) is not None
