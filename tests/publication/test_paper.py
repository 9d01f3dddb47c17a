"""The paper: every text comes through it as it was written."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gateway.envelope.catalogue import (
    CatalogueFile,
    PublishedCatalogue,
    may_be_published,
    read_catalogue,
    sign_catalogue,
)
from gateway.keys import KeyRing, Stage, Trust
from tests.vectors.material import CHANGNING, SAMPLE
from tests.vectors.papers import CHECKED_AT

PATHS = st.from_regex(r"([a-z0-9中_-]{1,3}/){0,4}[a-zA-Z0-9中_][a-z0-9中_.-]{0,4}\.yaml", fullmatch=True)


@cache
def trust() -> Trust:
    return KeyRing(directory=SAMPLE / "changning", stage=Stage.REHEARSAL).trust()


@given(st.dictionaries(PATHS, st.text(), min_size=1, max_size=5), st.integers(1, 10**9))
def test_what_was_published_is_what_is_read(texts: dict[str, str], version: int) -> None:
    files = tuple(CatalogueFile(path=path, text=texts[path]) for path in sorted(texts))
    said = PublishedCatalogue(centre="changning", version=version, issued_at=CHECKED_AT, by="数据局运行岗", files=files)
    assert read_catalogue(sign_catalogue(said, CHANGNING), trust(), CHECKED_AT) == said


@given(PATHS)
def test_paths_in_form_may_be_published(path: str) -> None:
    assert may_be_published(path)


@given(st.text(st.sampled_from("ab./\\-_中 \x00é~\n"), max_size=20).map(lambda text: f"{text}.yaml"))
def test_no_path_that_may_be_published_leaves_the_directory(path: str) -> None:
    root = Path("/site/files")
    if may_be_published(path):
        parts = Path(path).parts
        assert "/".join(parts) == path and not Path(path).is_absolute()
        assert all(not part.startswith(".") for part in parts)
        assert (root / path).resolve().is_relative_to(root)


def test_the_longest_names_fit_any_file_system() -> None:
    assert may_be_published("中" * 60 + "/" + "中" * 76 + ".yaml")
    assert not may_be_published("中" * 77 + ".yaml") and len(("中" * 76 + ".yaml").encode()) <= 255
