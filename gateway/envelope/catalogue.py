"""The published catalogue (归集目录): one version of a centre's, for the front-ends below it. ENVELOPE.md section 9.

It travels with no batch. The centre's own certificate signs it, as it does a receipt. What the files mean is the
catalogue's business, and whether a version may come into force at a front-end is that front-end's: this module must
never read a file's text.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from gateway.envelope import signed
from gateway.envelope.canonical import STRICT, Moment, Name, Text
from gateway.envelope.papers.form import CLOCK_SKEW, Form, open_paper, sign_paper
from gateway.envelope.papers.form import peek as peek_paper
from gateway.envelope.parties import Signer, Trust
from gateway.errors import (
    CatalogueCertificatesWrong,
    CatalogueDigestWrong,
    CatalogueFormatUnsupported,
    CatalogueFromStranger,
    CatalogueFromTheFuture,
    CatalogueInconsistent,
    CatalogueMalformed,
    CatalogueNotCanonical,
    CatalogueNotCms,
    CatalogueNotNewer,
    CatalogueSignatureInvalid,
    CatalogueSignerNotNamed,
)

FORMAT = "yizhan-catalogue/1"
MAX_PUBLISHED = 16 * 1024 * 1024
"""Bytes of one version: a county's two thousand feeds come to 4 to 6 MiB."""
MAX_FILES = 10_000
MAX_VERSION = 10**9

# No dot in a directory's name and none at a file's front: nothing leads upward or is hidden.
_LETTER = "A-Za-z0-9_\u4e00-\u9fff"
_PATH = rf"^([{_LETTER}-]{{1,60}}/){{0,4}}[{_LETTER}][{_LETTER}.-]{{0,75}}\.yaml$"
FilePath = Annotated[str, Field(pattern=_PATH)]
"""A file's place below the catalogue's directory: at most four directories, names of at most 80 letters."""
Version = Annotated[int, Field(ge=1, le=MAX_VERSION)]


@dataclass(frozen=True, kw_only=True)
class CatalogueFile:
    """One file, its text as it is written."""

    __pydantic_config__ = STRICT

    path: FilePath
    text: str


@dataclass(frozen=True, kw_only=True)
class PublishedCatalogue:
    """One version.

    Attributes:
        centre: who publishes, an id of the catalogue. version: rising, for each centre by itself.
        by: who answers for it, a person's staff number or a post. note: what has changed, in a few words.
        files: in the order of their paths.
    """

    __pydantic_config__ = STRICT

    format: Literal["yizhan-catalogue/1"] = FORMAT
    centre: Name
    version: Version
    issued_at: Moment
    by: Text
    note: Text | None = None
    files: Annotated[tuple[CatalogueFile, ...], Field(min_length=1, max_length=MAX_FILES)]


@dataclass(frozen=True, kw_only=True)
class Edition:
    """Which version a reader has: its number, and SHA-256 (hex) of the paper."""

    version: int
    digest: str


def _check_rules(said: PublishedCatalogue) -> None:
    if not all(one.path < next_one.path for one, next_one in pairwise(said.files)):
        zh, en = "文件未按路径排列或重复", "its files are not in order, or one stands there twice"
        raise CatalogueInconsistent(rule_zh=zh, rule_en=en)  # ENVELOPE 9.8


CATALOGUE = Form(
    file="catalogue.p7s",
    format=FORMAT,
    shape=TypeAdapter(PublishedCatalogue),
    steps=signed.Steps(
        not_cms=CatalogueNotCms,
        not_canonical=CatalogueNotCanonical,
        digest=CatalogueDigestWrong,
        certificates=CatalogueCertificatesWrong,
        signature=CatalogueSignatureInvalid,
    ),
    unsupported=CatalogueFormatUnsupported,
    malformed=CatalogueMalformed,
    rules=_check_rules,
    longest=MAX_PUBLISHED,
)


def may_be_published(path: str) -> bool:
    """Whether a file of this name can be part of a version."""
    return re.fullmatch(_PATH, path) is not None


def digest_of(data: bytes) -> str:
    """SHA-256 of a paper, 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def sign_catalogue(catalogue: PublishedCatalogue, signer: Signer) -> bytes:
    """Publish a version: the bytes of catalogue.p7s.

    Args:
        signer: the centre's signing key, as for receipts.

    Raises:
        SealRefused: it would be refused by whoever reads it, or is longer than MAX_PUBLISHED.
    """
    return sign_paper(catalogue, CATALOGUE, signer)


def read_catalogue(data: bytes, trust: Trust, at: datetime) -> PublishedCatalogue:
    """Verify a version by itself: genuine, well-formed, by the centre it names. Steps 9.1 to 9.11.

    Args:
        at: the instant of checking, which also counts for the certificate.

    Raises:
        FileTooLong; CatalogueRefused (YZ-4901 to YZ-4911); YZ-5xxx from `trust`.
    """
    said, (own, *others) = open_paper(data, CATALOGUE)
    if said.issued_at > at + CLOCK_SKEW:
        raise CatalogueFromTheFuture(version=said.version, issued_at=said.issued_at.isoformat())  # ENVELOPE 9.9
    signer = trust.verify(own, tuple(others), "sign", at)  # ENVELOPE 9.10
    if (signer.party, signer.id) != ("centre", said.centre):
        raise CatalogueSignerNotNamed(signer=str(signer), centre=said.centre)  # ENVELOPE 9.11
    return said


def match_catalogue(said: PublishedCatalogue, digest: str, centre: str, latest: Edition | None) -> None:
    """Raise unless a verified version is of the centre the reader takes its catalogue from, and no step backward.

    Args:
        digest: of the paper. latest: what the reader has taken last, None: nothing.

    Raises:
        CatalogueFromStranger, CatalogueNotNewer
    """
    if said.centre != centre:
        raise CatalogueFromStranger(centre=said.centre, expected=centre)  # ENVELOPE 9.12
    if latest is None or said.version > latest.version or (said.version, digest) == (latest.version, latest.digest):
        return
    raise CatalogueNotNewer(version=said.version, latest=latest.version)  # ENVELOPE 9.13


def peek(data: bytes) -> PublishedCatalogue:
    """What a version says, whoever wrote it: for the centre's own table and for looking, never for deciding.

    Raises:
        FileTooLong; CatalogueRefused (steps 9.1, 9.2, 9.6 to 9.8).
    """
    return peek_paper(data, CATALOGUE)
