"""The files of a sealed batch in any order: told apart by content, verified together, and honest about the rest."""

from __future__ import annotations

import io
from itertools import permutations

import pytest

from gateway.envelope.report import Files as Found
from gateway.envelope.report import Given, Report, identify, inspect, verify_files
from gateway.errors import FilesIncomplete, FileTooLong, FileUnknown, KeysOfAnotherBatch, ReceiptForAnotherBatch
from tests.envelope.world import NOW, Files, World


@pytest.fixture
def parts(world: World, files: Files) -> dict[str, bytes]:
    receipt = world.receipt(world.verify(files))
    return {"manifest": files.manifest, "keys": files.keys, "payload": files.payload, "receipt": receipt}


def found(*contents: bytes) -> Found:
    return identify(Given(name=f"file{i}", stream=io.BytesIO(data)) for i, data in enumerate(contents))


def verified(world: World, *contents: bytes) -> Report:
    return verify_files(found(*contents), world.trust, NOW)


def test_all_four_files_verify_in_any_order(world: World, parts: dict[str, bytes]) -> None:
    for order in permutations(parts.values()):
        report = verified(world, *order)
        assert [one.steps for one in report.unchecked] == ["3.8-3.11, 4.4-4.5"]
        assert report.declared and report.sealer and report.answer


@pytest.mark.parametrize(
    ("given", "unchecked"),
    [
        (("manifest",), ["3.1-3.7", "4.1-4.3", "5.1-5.10", "5.11-5.14"]),
        (("manifest", "keys"), ["4.1-4.3", "5.1-5.10", "5.11-5.14"]),
        (("manifest", "payload", "receipt"), ["3.1-3.7"]),
        (("receipt",), ["2.1-2.10", "3.1-3.7", "4.1-4.3", "5.11-5.14"]),
    ],
)
def test_what_was_not_given_is_said_not_to_be_checked(
    world: World, parts: dict[str, bytes], given: tuple[str, ...], unchecked: list[str]
) -> None:
    report = verified(world, *(parts[one] for one in given))
    assert [one.steps for one in report.unchecked] == [*unchecked, "3.8-3.11, 4.4-4.5"]
    assert all(one.zh and one.en for one in (*report.checked, *report.unchecked))


@pytest.mark.parametrize("given", [(), ("keys",), ("payload",), ("keys", "payload"), ("receipt", "payload")])
def test_files_that_only_a_manifest_can_vouch_for_are_refused_without_one(
    world: World, parts: dict[str, bytes], given: tuple[str, ...]
) -> None:
    with pytest.raises(FilesIncomplete):
        verified(world, *(parts[one] for one in given))


@pytest.mark.parametrize("part", ["manifest", "keys", "payload", "receipt"])
def test_two_files_of_a_kind_are_refused(parts: dict[str, bytes], part: str) -> None:
    with pytest.raises(FilesIncomplete):
        found(parts[part], parts[part])


@pytest.mark.parametrize("data", [b"", b"x", b"PK\x03\x04", b"\x30\x82\x01\x00" + bytes(300), b"-----BEGIN CMS-----\n"])
def test_a_file_that_is_none_of_the_four_is_refused_by_its_name(data: bytes) -> None:
    with pytest.raises(FileUnknown, match="file0"):
        found(data)


def test_an_oversized_file_is_refused(parts: dict[str, bytes]) -> None:
    for part, limit in (("manifest", 1 << 20), ("keys", 64 << 10), ("receipt", 128 << 10)):
        with pytest.raises(FileTooLong):
            found(parts[part] + bytes(limit))


def test_files_of_two_batches_are_refused_together(world: World, parts: dict[str, bytes]) -> None:
    other = world.seal(b"other records")
    with pytest.raises(KeysOfAnotherBatch):
        verified(world, parts["manifest"], other.keys)
    with pytest.raises(ReceiptForAnotherBatch):
        verified(world, other.manifest, parts["receipt"])


def test_inspect_shows_what_the_files_say_without_any_trust(parts: dict[str, bytes], files: Files) -> None:
    contents = inspect(found(*parts.values()))
    assert contents.manifest is not None
    assert contents.receipt is not None
    assert contents.manifest.batch_id == contents.receipt.batch == "finance.onecard/2026-10/r1"
    assert contents.manifest_digest == files.digest
    assert [len(one) for one in contents.recipients] == [40]


def test_inspect_of_a_payload_alone_says_nothing_about_it(parts: dict[str, bytes]) -> None:
    contents = inspect(found(parts["payload"]))
    assert (contents.manifest, contents.manifest_digest, contents.recipients, contents.receipt) == (
        None,
        None,
        (),
        None,
    )
