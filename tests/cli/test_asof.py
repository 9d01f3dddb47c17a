"""`yizhan asof`: what the centre believed, in one JSON document or told, with rows that are masked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import BATCHES, FEEDS, PERIODS, County
from tests.peers.canaries import Canaries
from tests.peers.command import Ended, Yizhan

KEYS = {"feed", "period", "at", "region", "batch", "revision", "rows", "sums", "reason", "by", "contributions"}


def asof(county: County, yizhan: Yizhan, department: str, *more: object, site: str = "centre") -> Ended:
    given = (FEEDS[department], "--period", PERIODS[department], *more)
    return yizhan.run("asof", *given, "--site", county.site(site))


@pytest.mark.parametrize("department", FEEDS)
def test_now_it_is_what_the_load_put_in(county: County, yizhan: Yizhan, department: str) -> None:
    ended = asof(county, yizhan, department, "--json")
    assert (ended.code, ended.err) == (0, "")
    said = ended.json
    assert set(said) == KEYS
    assert (said["feed"], said["period"], said["region"]) == (FEEDS[department], PERIODS[department], "430482")
    assert (said["batch"], said["revision"], said["reason"], said["by"]) == (BATCHES[department], 1, None, None)
    receipt = yizhan.run("envelope", "inspect", county.entry("centre", department) / "receipt.p7s", "--json")
    loaded = receipt.json["receipt"]["effect"]["added"]
    assert {"rows": said["rows"], "sums": said["sums"]} == loaded == receipt.json["receipt"]["loaded"]
    (one,) = said["contributions"]
    assert one == {
        "batch": BATCHES[department],
        "revision": 1,
        "accepted_at": receipt.json["receipt"]["accepted_at"],
        **loaded,
    }


def test_before_the_first_receipt_nothing_was_believed(county: County, yizhan: Yizhan) -> None:
    ended = asof(county, yizhan, "finance", "--at", "2025-11-22T09:00:00", "--json")
    assert (ended.code, ended.err) == (0, "")
    said = ended.json
    assert (said["batch"], said["revision"], said["rows"], said["contributions"]) == (None, None, 0, [])
    assert set(said["sums"].values()) == {"0.00"}
    told = asof(county, yizhan, "finance", "--at", "2025-11-22T09:00:00")
    assert told.out == "finance.onecard 2025-10:当时尚无数据。\n"


@pytest.mark.parametrize("department", FEEDS)
def test_rows_are_masked(county: County, yizhan: Yizhan, department: str) -> None:
    canaries: Canaries = county.canaries()
    ended = asof(county, yizhan, department, "--rows", 5, "--json")
    assert ended.code == 0
    assert len(ended.json["records"]) == 5
    assert {one["_batch"] for one in ended.json["records"]} == {BATCHES[department]}
    told = asof(county, yizhan, department, "--rows", 5)
    for text in (ended.out, told.out):
        assert not canaries.in_bytes(text.encode())


def test_it_writes_no_file_and_says_what_does(county: County, yizhan: Yizhan, tmp_path: Path) -> None:
    book = tmp_path / "rows.csv"
    ended = asof(county, yizhan, "finance", "--out", book)
    assert (ended.code, ended.out, book.exists()) == (2, "", False)
    assert "for a file: yizhan copy write … --masked" in " ".join(yizhan.run("asof", "--help").out.split())


def test_it_is_told_in_words(county: County, yizhan: Yizhan) -> None:
    told = asof(county, yizhan, "finance", "--lang", "en")
    assert (told.code, told.err) == (0, "")
    first, second, *_ = told.out.splitlines()
    assert first.startswith(f"{BATCHES['finance']}  accepted at 2025-11-22 10:00:0")
    assert "rows, yuan: amount " in second


@pytest.mark.parametrize(
    ("more", "code"),
    [(("--period", "2025Q3"), "YZ-1007"), (("--at", "yesterday"), "YZ-1011")],
)
def test_a_wrong_question_is_refused(county: County, yizhan: Yizhan, more: tuple[str, ...], code: str) -> None:
    ended = asof(county, yizhan, "finance", *more)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"[{code}] ")


def test_only_a_centre_can_say(county: County, yizhan: Yizhan) -> None:
    ended = asof(county, yizhan, "finance", site="finance")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("[YZ-1010] ")
