"""`yizhan envelope`: any files of a sealed batch, in any order, offline; 0 only if all that was given is authentic."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.envelope.papers import Order, sign_order, sign_release
from gateway.envelope.sealed import verify_manifest
from gateway.keys import KeyRing, Purpose, Stage
from tests.cli.conftest import BATCHES, NOW, County
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
    assert (ended.json["declared_by"], ended.json["released_by"], ended.json["order"]) == (None, None, None)
    assert [found["steps"] for found in ended.json["unchecked"]] == ["6.1-6.14", "3.8-3.11, 4.4-4.5"]


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
    assert set(document) == {
        "manifest", "manifest_digest", "recipient_key_ids", "declared_by", "released_by", "order", "receipt",
        "further_receipts", "instruction", "catalogue",
    }  # fmt: skip
    assert document["receipt"]["manifest_digest"] == f"sha256:{document['manifest_digest']}"


@pytest.fixture
def sealed_at(copied: Path, county: County) -> datetime:
    trust = KeyRing(directory=county.site("finance") / "keys", stage=Stage.REHEARSAL).trust()
    return verify_manifest(
        (copied / "manifest.p7s").read_bytes(), trust, datetime.fromisoformat(NOW)
    ).manifest.created_at


@pytest.fixture
def released(copied: Path, county: County, sealed_at: datetime) -> Path:
    """The batch with a release by the demonstration's own reviewer."""
    ring = KeyRing(directory=county.site("finance") / "keys", stage=Stage.REHEARSAL)
    reviewer, trust = ring.person("p003"), ring.trust()
    declared = verify_manifest((copied / "manifest.p7s").read_bytes(), trust, sealed_at)
    identity = trust.verify(reviewer.certificate, reviewer.intermediates, Purpose.PERSON, sealed_at)
    (copied / "release.p7s").write_bytes(sign_release(declared, identity, reviewer, sealed_at))
    return copied


@pytest.fixture
def order(tmp_path: Path, county: County, sealed_at: datetime) -> Path:
    """An order by the demonstration's own approver."""
    said = Order(
        number="常数整改〔2026〕7号",
        centre="changning",
        person="p101",
        departments=(),
        feeds=("finance.onecard",),
        first="2025-01",
        last="2025-12",
        reason="审计整改",
        issued_at=sealed_at,
        expires_at=sealed_at + timedelta(days=30),
        uses=1,
    )
    approver = KeyRing(directory=county.site("centre") / "keys", stage=Stage.REHEARSAL).person("p101")
    (tmp_path / "order").write_bytes(sign_order(said, approver))
    return tmp_path / "order"


def test_a_release_is_shown_and_verified_with_its_batch(
    released: Path, trust: tuple[object, ...], yizhan: Yizhan, sealed_at: datetime
) -> None:
    files = [released / name for name in ("release.p7s", *FILES)]
    signed = {"department": "finance", "person": "p003", "at": sealed_at.isoformat()}
    document = yizhan.run("envelope", "verify", *files, *trust, "--json").json
    assert (document["released_by"], document["declared_by"], document["order"]) == (signed, None, None)
    assert "6.1-6.14" in {found["steps"] for found in document["checked"]}
    assert "-" in {found["steps"] for found in document["unchecked"]}
    ended = yizhan.run("envelope", "verify", *files, *trust, "--lang", "en")
    assert f"released by  finance p003  {sealed_at.isoformat()}" in ended.out
    shown = yizhan.run("envelope", "inspect", *files, "--json").json
    assert shown["manifest"]["released_by"] is None
    assert {key: shown["released_by"][key] for key in signed} == signed
    assert shown["released_by"]["manifest_digest"] == f"sha256:{shown['manifest_digest']}"


def test_a_release_that_was_altered_or_has_no_batch_is_refused_with_its_code(
    released: Path, trust: tuple[object, ...], yizhan: Yizhan
) -> None:
    release = released / "release.p7s"
    assert "YZ-4103" in yizhan.run("envelope", "verify", release, *trust).err
    release.write_bytes(release.read_bytes().replace(b'"person":"p003"', b'"person":"p004"'))
    ended = yizhan.run("envelope", "verify", released / "manifest.p7s", release, *trust)
    assert (ended.code, "YZ-4603" in ended.err) == (1, True)


def test_an_order_is_shown_and_verified_alone_and_refused_beside_a_batch_that_does_not_name_it(
    order: Path, copied: Path, trust: tuple[object, ...], yizhan: Yizhan
) -> None:
    assert yizhan.run("envelope", "inspect", order, "--json").json["order"]["number"] == "常数整改〔2026〕7号"
    ended = yizhan.run("envelope", "verify", order, *trust)
    assert (ended.code, "整改单  常数整改〔2026〕7号  changning p101" in ended.out) == (0, True)
    assert yizhan.run("envelope", "verify", order, *trust, "--json").json["order"]["uses"] == 1
    refused = yizhan.run("envelope", "verify", order, copied / "manifest.p7s", *trust)
    assert (refused.code, "YZ-4712" in refused.err) == (1, True)
