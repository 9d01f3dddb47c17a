"""The vectors of section 9: a published catalogue, and every way in which one is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gateway import errors
from gateway.envelope import signed
from gateway.envelope.catalogue import CATALOGUE as FORM
from gateway.envelope.catalogue import CatalogueFile, Edition, PublishedCatalogue, digest_of, sign_catalogue
from gateway.envelope.papers.form import encode
from gateway.errors import YizhanError
from tests.vectors.material import CHANGNING, FINANCE, SampleSigner, Vector
from tests.vectors.papers import CHECKED_AT, SIX_MINUTES
from tests.vectors.wrong import forged, resigned, with_stranger, with_unsigned_attribute

VIA = ("catalogue",)
SAID = PublishedCatalogue(
    centre="changning",
    version=7,
    issued_at=CHECKED_AT - SIX_MINUTES,
    by="p101",
    note="低保时限改为每月 5 日",
    files=(
        CatalogueFile(path="departments.yaml", text='region: "430482"\n'),
        CatalogueFile(path="feeds/civil.dibao.yaml", text="feeds: []\n"),
    ),
)
DOCUMENT = sign_catalogue(SAID, CHANGNING)
LATEST = Edition(version=7, digest=digest_of(DOCUMENT))
"""The last one the reader has taken: the good one, which may come again."""
TAKES = {9: "hengyang"}
"""Whose catalogue the reader of each version takes; of all others changning's."""


def catalogues() -> Iterator[Vector]:
    yield _vector("catalogue", None, "version 7", DOCUMENT)
    yield _vector("catalogue_next", None, "version 8", sign_catalogue(replace(SAID, version=8, note=None), CHANGNING))
    parts = signed.parse(DOCUMENT, FORM.steps)
    content = parts.content
    yield _vector("9.1_truncated", errors.CatalogueNotCms, "the last byte is missing", DOCUMENT[:-1])
    yield _vector(
        "9.2_unsigned_attribute",
        errors.CatalogueNotCanonical,
        "an attribute nobody signed",
        with_unsigned_attribute(DOCUMENT),
    )
    yield _vector(
        "9.3_content_changed",
        errors.CatalogueDigestWrong,
        "another version",
        replace(parts, content=content.replace(b'"version":7', b'"version":8')).encode(),
    )
    yield _vector(
        "9.4_certificate_added",
        errors.CatalogueCertificatesWrong,
        "one the signature does not list",
        with_stranger(parts).encode(),
    )
    yield _vector("9.5_forged", errors.CatalogueSignatureInvalid, "signed with another key", forged(parts).encode())
    yield _vector(
        "9.6_format_2",
        errors.CatalogueFormatUnsupported,
        "yizhan-catalogue/2",
        resigned(content.replace(b"yizhan-catalogue/1", b"yizhan-catalogue/2"), CHANGNING),
    )
    yield from _bad_content(content)
    yield from _bad_tidings()


def _bad_content(content: bytes) -> Iterator[Vector]:
    for name, shows, old, new in (
        ("9.7_unknown_key", "a key that is not ours", b'{"by"', b'{"a_command":"rm","by"'),
        ("9.7_version_0", "no version", b'"version":7', b'"version":0'),
        ("9.7_upward", "a path that leads upward", b"feeds/civil", b"../civil"),
        ("9.7_absolute", "a path from the root", b"feeds/civil", b"/feeds/civil"),
        ("9.7_hidden", "a hidden file", b"feeds/civil", b"feeds/.civil"),
        ("9.7_no_yaml", "another kind of file", b"civil.dibao.yaml", b"civil.dibao.yml"),
        ("9.7_no_files", "nothing in it", content[content.index(b"[{") : content.index(b"}]") + 2], b"[]"),
    ):
        yield _vector(name, errors.CatalogueMalformed, shows, resigned(content.replace(old, new), CHANGNING))
    files = SAID.files
    yield _says("9.8_order", errors.CatalogueInconsistent, "the second file first", files=files[::-1])
    yield _says("9.8_twice", errors.CatalogueInconsistent, "a file twice", files=(files[0], files[0]))


def _bad_tidings() -> Iterator[Vector]:
    """Truly signed and well-formed, and nothing to go by all the same."""
    late = CHECKED_AT + SIX_MINUTES
    yield _says("9.9_from_the_future", errors.CatalogueFromTheFuture, "issued in six minutes", issued_at=late)
    for name, refusal in (
        ("bad/revoked", errors.CertificateRevoked),
        ("changning/tls", errors.KeyUsageWrong),
        ("changning/persons/p101", errors.PersonRefused),
    ):
        data = resigned(encode(SAID, FORM), SampleSigner.load(name))
        yield _vector(f"9.10_{name.rpartition('/')[2]}", refusal, f"certs/sample/{name}", data)
    by_department = resigned(encode(SAID, FORM), FINANCE)
    yield _vector("9.11_department", errors.CatalogueSignerNotNamed, "a department publishes", by_department)
    stranger = resigned(encode(replace(SAID, centre="finance"), FORM), FINANCE)
    yield _vector("9.11_department_as_centre", errors.CatalogueSignerNotNamed, "a department as a centre", stranger)
    yield from _not_for_the_reader()


def _not_for_the_reader() -> Iterator[Vector]:
    yield _says("9.12_another_centre", errors.CatalogueFromStranger, "where hengyang's is taken", version=9)
    yield _says("9.13_older", errors.CatalogueNotNewer, "version 6", version=6)
    yield _says("9.13_another_paper", errors.CatalogueNotNewer, "another version 7", note="另一份")


def _says(name: str, refusal: type[YizhanError], shows: str, **changes: object) -> Vector:
    return _vector(name, refusal, shows, resigned(encode(replace(SAID, **changes), FORM), CHANGNING))


def _vector(name: str, refusal: type[YizhanError] | None, shows: str, data: bytes) -> Vector:
    code = refusal.code if refusal else None
    return Vector(name=name, shows=shows, code=code, files={"catalogue": data}, via=VIA)
