"""`yizhan grant` and `yizhan copy`: nothing leaves without a grant, and all that leaves is told."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import County
from tests.peers.canaries import Canaries
from tests.peers.command import Yizhan

FEED, PERIOD, PLATFORM, NUMBER = "civil.dibao", "2025-10", "livelihood_supervision", "湘纪授〔2025〕12号"
GRANT = ("--to", PLATFORM, "--feed", FEED, "--until", "2025-12-31", "--by", "p101", "--reason", "低保比对")
HANDED = ("--to", PLATFORM, "--by", "数据股", "--reason", "低保比对")


@pytest.fixture
def centre(county: County, tmp_path: Path) -> Path:
    """The finished centre, to be changed."""
    return Path(shutil.copytree(county.site("centre"), tmp_path / "centre"))


def test_what_was_granted_is_copied_once_and_told_in_the_ledger(centre: Path, tmp_path: Path, yizhan: Yizhan) -> None:
    def office(*words: object):
        return yizhan.run(*words, "--site", centre)

    out = tmp_path / "outbox"
    out.mkdir()
    refused = office("copy", "write", FEED, "--period", PERIOD, "--out", out / "a.csv", *HANDED)
    assert (refused.code, refused.out) == (1, "") and "YZ-8011" in refused.err and "yizhan grant add" in refused.err
    assert office("grant", "add", NUMBER, *GRANT).out == f"已授权:{NUMBER} → {PLATFORM}\n"
    (granted,) = office("grant", "list", "--json").json["grants"]
    assert (granted["number"], granted["reader"], granted["feeds"], granted["region"], granted["in_force"]) == (
        NUMBER, PLATFORM, [FEED], "430482", True,
    )  # fmt: skip
    assert (granted["by"], granted["until"]) == ("p101", "2025-12-31T23:59:59+08:00")
    (copied,) = office("copy", "new", "--out", out, *HANDED, "--json").json["copies"]
    assert (copied["feed"], copied["period"], copied["number"], copied["rows"]) == (FEED, PERIOD, NUMBER, 4989)
    assert office("copy", "new", "--out", out, *HANDED, "--json").json == {"copies": []}
    lines = office("ledger", "list", "--json").json["lines"]
    assert [line["event"] for line in lines[-2:]] == ["granted", "copied"]
    verified = office("copy", "verify", copied["file"])
    assert (verified.code, verified.out) == (0, f"相符:{FEED}/{PERIOD}/r1 changning → {PLATFORM},4,989 行\n")
    with Path(copied["file"]).open("a", encoding="utf-8") as file:
        file.write("\n")
    assert "YZ-8017" in office("copy", "verify", copied["file"]).err
    assert office("grant", "revoke", NUMBER, "--by", "p101", "--reason", "比对完成").code == 0
    assert office("grant", "list", "--json").json == {"grants": []}
    assert (office("ledger", "verify").code, office("fsck").code) == (0, 0)


def test_a_masked_copy_has_no_number_of_a_person(county: County, centre: Path, tmp_path: Path, yizhan: Yizhan) -> None:
    canaries: Canaries = county.canaries()
    for words, clear in (((), True), (("--masked",), False)):
        out = tmp_path / f"copy{len(words)}.csv"
        to = ("--to", "430482", "--by", "数据股", "--reason", "本级核对")
        ended = yizhan.run("copy", "write", FEED, "--period", PERIOD, "--out", out, *to, *words, "--site", centre)
        assert ended.code == 0
        assert bool(canaries.in_bytes(out.read_bytes())) is clear
        assert not canaries.in_bytes(ended.out.encode()) and not canaries.in_bytes(
            out.with_name(f"{out.name}.p7s").read_bytes()
        )


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (("grant", "add", "一号", *GRANT[:-4], "--by", "p001", "--reason", "-"), "YZ-5040", 1),
        (("grant", "add", "一号", *GRANT[:4], "--until", "2025-01-01", *GRANT[6:]), "YZ-8014", 2),
        (("grant", "revoke", "无此号", "--by", "p101", "--reason", "-"), "YZ-8012", 2),
        (("copy", "write", "finance.onecard", "--period", "2025-09", "--out", "x.csv", *HANDED), "YZ-8015", 1),
        (("copy", "new", "--out", "nowhere", *HANDED), "YZ-1013", 2),
    ],
)
def test_a_refusal_names_its_code(centre: Path, yizhan: Yizhan, words, code: str, exit_code: int) -> None:
    ended = yizhan.run(*words, "--site", centre)
    assert (ended.code, ended.out) == (exit_code, "")
    assert f"[{code}]" in ended.err


def test_a_front_end_has_no_grants_to_give(county: County, yizhan: Yizhan) -> None:
    ended = yizhan.run("grant", "list", "--site", county.site("civil"))
    assert (ended.code, "[YZ-1010]" in ended.err) == (2, True)
