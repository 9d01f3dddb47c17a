"""The versions of a centre, on both products, whichever receiver is asked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from gateway.envelope.catalogue import CatalogueFile, digest_of, read_catalogue
from gateway.errors import LedgerTextRefused, SealRefused
from gateway.publication import VERSIONS, Use
from gateway.publication.book import AHEAD, KEPT
from tests.publication.conftest import NOW, Centre

Files = tuple[CatalogueFile, ...]


def of(text: str) -> Files:
    return (CatalogueFile(path="one.yaml", text=text),)


def test_what_is_published_is_signed_numbered_entered_and_given_to_whoever_is_behind(
    centre: Centre, files: Files
) -> None:
    book = centre.book()
    made = book.publish(files, "p101", "首次下发")
    assert made is not None and (made.version, made.by, made.note, made.files) == (1, "p101", "首次下发", len(files))
    paper = centre.book().newer("agri", Use(version=0))
    assert paper is not None and digest_of(paper) == made.content and len(paper) == made.size
    said = read_catalogue(paper, centre.node.keys.trust(), NOW)
    assert (said.centre, said.version, said.issued_at, said.files) == ("changning", 1, NOW, files)
    (line,) = centre.lines()
    assert (line.by, line.said.number, line.said.reason) == ("p101", "1", "首次下发")
    assert (line.said.content, line.said.files, line.said.size) == (made.content, len(files), len(paper))
    assert book.versions() == (made,)
    assert book.newer("agri", Use(version=1)) is None


def test_the_same_files_again_make_no_version(centre: Centre) -> None:
    book = centre.book()
    assert book.publish(of("a"), "p101") is not None
    assert centre.book().publish(of("a"), "p102", "另一说明") is None
    assert book.publish(of("b"), "p101") is not None
    assert book.publish(of("a"), "p101") is not None, "back to what it was is a change"
    assert [one.version for one in book.versions()] == [3, 2, 1]
    assert len(centre.lines()) == 3


def test_two_who_publish_at_once_make_two_versions(centre: Centre) -> None:
    books = [centre.book() for _ in range(3)]
    with ThreadPoolExecutor(3) as threads:
        made = list(threads.map(lambda n: books[n].publish(of(str(n)), "p101"), range(3)))
    assert sorted(one.version for one in made if one is not None) == [1, 2, 3]


def test_what_each_department_uses_and_refused_is_remembered(centre: Centre) -> None:
    book = centre.book()
    for text in "abc":
        book.publish(of(text), "p101")
    assert book.newer("agri", Use(version=2, refused=3, code="YZ-1020")) is None
    assert book.newer("civil", Use(version=2)) is not None
    book.newer("civil", Use(version=3))
    assert [(one.department, one.use, one.at) for one in centre.book().uses()] == [
        ("agri", Use(version=2, refused=3, code="YZ-1020"), NOW),
        ("civil", Use(version=3), NOW),
    ]
    book.publish(of("d"), "p101")
    assert book.newer("agri", Use(version=2, refused=3, code="YZ-1020")) is not None


def test_a_centre_restored_from_an_older_backup_goes_on_behind_what_is_in_use(centre: Centre) -> None:
    book = centre.book()
    book.publish(of("a"), "p101")
    assert book.newer("agri", Use(version=5)) is None
    assert (made := book.publish(of("a"), "p101")) is not None and made.version == 6
    assert book.publish(of("a"), "p101") is None


def test_no_front_end_can_use_the_numbers_up(centre: Centre) -> None:
    book = centre.book()
    book.publish(of("a"), "p101")
    for claim in (Use(version=AHEAD + 2), Use(version=0, refused=10**9, code="YZ-1020")):
        assert book.newer("agri", claim) is None
    assert book.uses() == ()
    assert (made := book.publish(of("b"), "p101")) is not None and made.version == 2


def test_only_the_last_papers_are_kept(centre: Centre) -> None:
    book = centre.book()
    for number in range(KEPT + 2):
        book.publish(of(str(number)), "p101")
    with centre.engines[0].connect() as connection:
        kept = connection.execute(select(VERSIONS.c.version).where(VERSIONS.c.document.is_not(None))).scalars().all()
    assert sorted(kept) == list(range(3, KEPT + 3))
    assert len(book.versions()) == KEPT + 2


@pytest.mark.parametrize(
    ("files", "by", "note", "refusal"),
    [
        pytest.param(of("a"), "430482199001011234", None, LedgerTextRefused, id="a person's number"),
        pytest.param(of("a"), "p101", "电话 13800138000", LedgerTextRefused, id="a telephone"),
        pytest.param(of("a"), " p101", None, SealRefused, id="white space"),
        pytest.param((*of("a"), *of("b")), "p101", None, SealRefused, id="a file twice"),
        pytest.param((), "p101", None, SealRefused, id="nothing"),
        pytest.param(of("a" * (16 << 20)), "p101", None, SealRefused, id="too long"),
    ],
)
def test_what_is_not_in_form_is_not_published(
    centre: Centre, files: Files, by: str, note: str | None, refusal: type[Exception]
) -> None:
    book = centre.book()
    with pytest.raises(refusal):
        book.publish(files, by, note)
    assert book.versions() == () and centre.lines() == []
