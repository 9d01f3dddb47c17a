"""A front-end takes a version, or refuses it and stays as it is."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic_core import PydanticCustomError

from adapters.onecard.layout import load as load_layout
from gateway.app import FrontEnd, open_node
from gateway.catalogue import load, texts_of
from gateway.demo.county import County, found
from gateway.envelope.catalogue import PublishedCatalogue, sign_catalogue
from gateway.errors import YizhanError
from gateway.ledger import EventKind
from gateway.publication import Refused, take
from gateway.publication.shelf import KEPT
from tests.publication.conftest import FILE, NOW, Department, changed

SOURCE = "    source:\n      adapter: odbc\n"


def refused(department: Department, paper: bytes) -> str:
    """The code."""
    with pytest.raises(YizhanError) as error:
        take(paper, department.taker)
    return error.value.code


def test_a_version_is_kept_as_it_was_signed_and_read_by_the_ordinary_loader(
    department: Department, front_end: FrontEnd
) -> None:
    paper = department.paper(3, note="首版")
    assert take(paper, department.taker) == 3
    assert department.shelf.newest() == 3
    place = department.shelf.place(3)
    assert texts_of(place) == tuple((one.path, one.text) for one in department.files)
    assert load(place, front_end.adapters.configs(), front_end.site.overrides).digest == front_end.catalogue.digest
    (line,) = department.lines(EventKind.CATALOGUED)
    assert (line.by, line.said.number, line.said.reason, line.said.centre) == ("p101", "3", "首版", "changning")
    assert list(department.shelf.faults(department.taker.trust())) == []


def test_the_same_paper_again_changes_nothing(department: Department) -> None:
    paper = department.paper(3)
    assert take(paper, department.taker) == 3
    assert take(paper, department.taker) is None
    assert len(department.lines(EventKind.CATALOGUED)) == 1


def test_there_is_no_way_back(department: Department) -> None:
    assert take(department.paper(3), department.taker) == 3
    assert refused(department, department.paper(2)) == "YZ-4913"
    assert refused(department, department.paper(3, note="另一份")) == "YZ-4913"
    assert department.shelf.versions() == [3]
    assert take(department.paper(4), department.taker) == 4


def test_the_last_versions_are_kept(department: Department) -> None:
    for version in (1, 2, 5, 7, 10):
        assert take(department.paper(version), department.taker) == version
    assert department.shelf.versions() == [5, 7, 10] and KEPT == 3
    assert sorted(path.name for path in department.shelf.root.iterdir()) == ["10", "5", "7"]


@pytest.mark.parametrize(
    ("old", "new", "path", "code"),
    [
        pytest.param(SOURCE, f"{SOURCE}      password: env:HOME\n", FILE, "YZ-1020", id="a secret"),
        pytest.param(SOURCE, f"{SOURCE}      shell: x\n", FILE, "YZ-1001", id="an unknown key"),
        pytest.param("    due: village_finance\n", "    due: none_such\n", FILE, "YZ-1001", id="a broken reference"),
        pytest.param("feeds:\n", "feeds: [\n", FILE, "YZ-1008", id="no YAML"),
        pytest.param("agri.village_finance\n", "agri.other\n", FILE, "YZ-1001", id="without a feed of sources:"),
    ],
)
def test_a_catalogue_that_does_not_fit_is_refused_once_and_the_old_one_stays(
    department: Department, old: str, new: str, path: str, code: str
) -> None:
    assert take(department.paper(3), department.taker) == 3
    paper = department.paper(4, changed(department.files, old, new, path))
    assert refused(department, paper) == code
    assert refused(department, paper) == code
    assert (department.shelf.newest(), department.shelf.versions()) == (3, [3])
    assert department.shelf.refused() == Refused(version=4, code=code, under="5f" * 32)
    (line,) = department.lines(EventKind.REFUSED)
    assert (line.code, line.said.number, line.said.centre) == (code, "4", "changning")
    assert take(department.paper(5), department.taker) == 5


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("9" * 5000, id="a number beyond what Python reads"),
        pytest.param('"\\U00110000"', id="an escape that is no character"),
        pytest.param('"\\UFFFFFFFF"', id="nor this one"),
        pytest.param('"\\ud800"', id="half a character"),
        pytest.param("[" * 5000, id="too deep"),
    ],
)
def test_a_text_made_to_break_its_reader_is_refused_like_any_other(department: Department, text: str) -> None:
    assert take(department.paper(3), department.taker) == 3
    paper = department.paper(4, changed(department.files, "title: 村级财务收支凭证", f"title: {text}"))
    assert refused(department, paper) in ("YZ-1001", "YZ-1008")
    assert department.shelf.newest() == 3
    assert (kept := department.shelf.refused()) is not None and kept.version == 4


def test_what_was_kept_of_a_refusal_may_be_damaged(department: Department) -> None:
    """It is asked for again then, and judged again."""
    paper = department.paper(3, changed(department.files, "feeds:\n", "feeds: [\n"))
    code = refused(department, paper)
    for damaged in ("", "[]", '{"version": 3}', "{", '{"version": "3", "code": "YZ-1008", "under": "x"}'):
        (department.shelf.root / "refused.json").write_text(damaged)
        assert department.shelf.refused() is None
    assert refused(department, paper) == code
    assert (kept := department.shelf.refused()) is not None and kept.version == 3


def test_a_catalogue_without_the_department_is_refused(department: Department) -> None:
    ground = department.taker.ground
    unknown = replace(ground, consent=replace(ground.consent, department="nobody", overrides={}))
    taker = replace(department.taker, ground=unknown)
    with pytest.raises(YizhanError) as error:
        take(department.paper(3), taker)
    assert error.value.code == "YZ-1021"


def test_what_is_not_genuine_is_refused_and_its_number_not_believed(
    department: Department, front_end: FrontEnd, tmp_path: Path
) -> None:
    strangers = County(root=tmp_path / "strangers")
    found(strangers, at=NOW, port=8443, starts={})
    said = PublishedCatalogue(centre="changning", version=900, issued_at=NOW, by="p101", files=department.files)
    by_department = sign_catalogue(said, front_end.keys.signer())
    by_stranger = sign_catalogue(said, open_node(strangers.centre, {}).keys.signer())
    whole = department.paper(900)
    assert refused(department, by_department) == "YZ-4911"
    assert re.fullmatch(r"YZ-50\d\d", refused(department, by_stranger))
    assert refused(department, whole[:-1]) == "YZ-4901"
    assert refused(department, b"x" * ((16 << 20) + 1)) == "YZ-4101"
    assert refused(department, department.paper(900, issued_at=NOW + timedelta(minutes=6))) == "YZ-4909"
    assert department.shelf.refused() is None and department.shelf.newest() is None
    assert {line.said.number for line in department.lines(EventKind.REFUSED)} == {None}
    assert take(department.paper(1), department.taker) == 1


def test_another_centres_is_refused_though_it_is_genuine(department: Department) -> None:
    with pytest.raises(YizhanError) as error:
        take(department.paper(3), replace(department.taker, centre="hengyang"))
    assert error.value.code == "YZ-4912"
    assert department.shelf.refused() is None


def test_a_person_s_number_in_the_note_reaches_no_ledger(department: Department) -> None:
    assert refused(department, department.paper(3, note="电话 13800138000")) == "YZ-7008"
    assert department.shelf.newest() is None
    (line,) = department.lines(EventKind.REFUSED)
    assert line.said.reason is None


def test_what_one_that_died_left_is_cleared_and_is_no_version(department: Department) -> None:
    assert take(department.paper(3), department.taker) == 3
    left = department.shelf.root / ".part-0123"
    left.mkdir()
    (left / "catalogue.p7s").write_bytes(b"half")
    assert department.shelf.versions() == [3]
    assert take(department.paper(4), department.taker) == 4
    assert not left.exists()


@pytest.mark.parametrize("harm", ["changed", "gone", "added", "paper", "renamed"])
def test_a_version_that_is_not_what_was_signed_is_named(department: Department, harm: str) -> None:
    take(department.paper(3), department.taker)
    file = department.shelf.place(3) / FILE
    if harm == "changed":
        file.write_bytes(file.read_bytes() + b"\n")
    elif harm == "gone":
        file.unlink()
    elif harm == "added":
        (file.parent / "more.yaml").write_text("feeds: []\n")
    elif harm == "paper":
        (department.shelf.root / "3" / "catalogue.p7s").write_bytes(b"no paper")
    else:
        (department.shelf.root / "3").rename(department.shelf.root / "4")
    (fault,) = department.shelf.faults(department.taker.trust())
    place = "catalogues/changning/4" if harm == "renamed" else "catalogues/changning/3"
    assert (fault.code, fault.facts["place"]) == ("YZ-1023", place)


def test_a_layout_is_read_from_a_plain_file_alone(tmp_path: Path) -> None:
    """A pipe would keep its reader waiting for ever."""
    os.mkfifo(tmp_path / "layout.yaml")
    with pytest.raises(PydanticCustomError, match="cannot be read"):
        load_layout(str(tmp_path / "layout.yaml"))
