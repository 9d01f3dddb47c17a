"""Nothing a manifest says can leave the spool's directories."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import SpoolNameInvalid
from gateway.spool import EntryName

DIGEST = "a" * 64
GOOD = {"feed": "finance.onecard", "period": "2026-10", "revision": 1, "digest": DIGEST}


@pytest.mark.parametrize("period", ["2026", "2026-10", "2026Q3", "2026H1", "2026-W07", "2026-11-22", "2026-11-22T0930"])
@pytest.mark.parametrize("feed", ["finance.onecard", "agri.village_finance", "civil.di_bao_2"])
def test_a_name_reads_back_as_itself(feed: str, period: str) -> None:
    name = EntryName.of(feed=feed, period=period, revision=12, digest=DIGEST)
    assert EntryName.parse(str(name)) == name
    assert name.batch == f"{feed}/{period}/r12"


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("feed", "../etc.passwd"),
        ("feed", "finance/onecard.x"),
        ("feed", ".finance.onecard"),
        ("feed", "finance..onecard"),
        ("feed", "finance.onecard\n"),
        ("feed", "财政.一卡通"),
        ("feed", "a." + "b" * 120),
        ("period", "2026/10"),
        ("period", ".."),
        ("period", "2026_10"),
        ("period", "2026-10-01-00-00"),
        ("period", "\u0662\u0660\u0662\u0666"),
        ("revision", 0),
        ("revision", 10_000),
        ("digest", "A" * 64),
        ("digest", "a" * 63),
        ("digest", "../" + "a" * 61),
    ],
)
def test_a_part_that_could_leave_its_directory_is_refused(part: str, value: object) -> None:
    with pytest.raises(SpoolNameInvalid) as refused:
        EntryName.of(**(GOOD | {part: value}))
    assert refused.value.facts == {"part": part}


@given(feed=st.text(max_size=30), period=st.text(max_size=12), digest=st.text(max_size=70))
def test_whatever_is_accepted_is_one_plain_file_name(feed: str, period: str, digest: str) -> None:
    try:
        text = str(EntryName.of(feed=feed, period=period, revision=1, digest=digest))
    except SpoolNameInvalid:
        return
    assert "/" not in text and "\0" not in text and not text.startswith(".") and len(text.encode()) < 255


def test_corrections_sort_after_what_they_correct() -> None:
    names = [EntryName.of(**(GOOD | {"revision": n})) for n in (10, 2, 1)]
    assert [n.revision for n in sorted(names)] == [1, 2, 10]
