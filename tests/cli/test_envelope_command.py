"""`yizhan envelope`: any files of a sealed batch, in any order, offline; 0 only if all that was given is authentic."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import BATCHES, County
from tests.peers.command import Yizhan

FILES = ("manifest.p7s", "keys.p7m", "payload", "receipt.p7s")


@pytest.fixture
def copied(county: County, tmp_path: Path) -> Path:
    """The files of one settled batch, away from every site."""
    return shutil.copytree(county.entry("finance", "finance"), tmp_path / "batch")


@pytest.fixture
def trust(county: County) -> tuple[object, ...]:
    return "--keys", county.site("finance") / "keys", "--rehearsal"


@pytest.mark.parametrize("order", [*itertools.permutations(FILES)][::5], ids=" ".join)
def test_files_verify_in_any_order_and_find_the_site_they_lie_in(
    county: County, yizhan: Yizhan, order: tuple[str, ...]
) -> None:
    entry = county.entry("finance", "finance")
    ended = yizhan.run("envelope", "verify", *(entry / name for name in order), "--json")
    assert (ended.code, ended.err) == (0, "")
    assert ended.json["batch"] == BATCHES["finance"]
    assert ended.json["signer"] == "finance"
    assert ended.json["centre"] == "changning"
    assert ended.json["anchors"] == str(county.site("finance") / "keys" / "anchors")
    assert [found["steps"] for found in ended.json["unchecked"]] == ["3.8-3.11, 4.4-4.5"]


@pytest.mark.parametrize("given", [("manifest.p7s",), ("manifest.p7s", "keys.p7m"), ("receipt.p7s", "manifest.p7s")])
def test_what_was_not_given_is_said_not_to_be_checked(
    copied: Path, trust: tuple[object, ...], yizhan: Yizhan, given: tuple[str, ...]
) -> None:
    ended = yizhan.run("envelope", "verify", *(copied / name for name in given), *trust, "--lang", "en")
    assert ended.code == 0
    assert "not checked  4.1-4.3            payload: length and digest" in ended.out
    assert "verified  2.1-2.10" in ended.out


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "alter",
    [
        lambda data: data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :],
        lambda data: data[:-1],
        lambda data: data + b"\0",
    ],
    ids=["one bit", "cut", "longer"],
)
def test_an_altered_file_is_refused_with_the_code_of_its_step(
    copied: Path, trust: tuple[object, ...], yizhan: Yizhan, name: str, alter: Callable[[bytes], bytes]
) -> None:
    (copied / name).write_bytes(alter((copied / name).read_bytes()))
    ended = yizhan.run("envelope", "verify", *(copied / file for file in FILES), *trust)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("[YZ-4")


def test_a_file_of_another_batch_is_refused(
    county: County, copied: Path, trust: tuple[object, ...], yizhan: Yizhan
) -> None:
    for name in FILES[1:]:
        foreign = county.entry("civil", "civil") / name
        ended = yizhan.run("envelope", "verify", copied / "manifest.p7s", foreign, *trust)
        assert ended.code == 1
        assert ended.err.startswith("[YZ-4")


def test_throw_away_certificates_are_refused_unless_this_is_a_rehearsal(
    county: County, copied: Path, yizhan: Yizhan
) -> None:
    keys = county.site("finance") / "keys"
    ended = yizhan.run("envelope", "verify", copied / "manifest.p7s", "--keys", keys, YIZHAN_NOW="")
    assert ended.code == 1
    assert ended.err.startswith("[YZ-5")


def test_files_of_no_site_ask_for_anchors(copied: Path, yizhan: Yizhan) -> None:
    ended = yizhan.run("envelope", "verify", copied / "manifest.p7s")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("[YZ-1014]")
    assert "--keys" in ended.err


def test_a_file_that_is_not_there_is_a_usage_error(copied: Path, trust: tuple[object, ...], yizhan: Yizhan) -> None:
    for command in ("verify", "inspect"):
        given = trust if command == "verify" else ()
        ended = yizhan.run("envelope", command, copied / "manifest", *given)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith("[YZ-1002]")


def test_inspect_shows_manifest_and_receipt_and_says_that_it_verified_nothing(copied: Path, yizhan: Yizhan) -> None:
    ended = yizhan.run("envelope", "inspect", *(copied / name for name in reversed(FILES)))
    assert ended.code == 0
    assert ended.err == "以下内容未经核验\n"
    assert "finance.onecard" in ended.out
    document = yizhan.run("envelope", "inspect", *(copied / name for name in FILES), "--json").json
    assert set(document) == {"manifest", "manifest_digest", "recipient_key_ids", "receipt"}
    assert document["receipt"]["manifest_digest"] == f"sha256:{document['manifest_digest']}"
