"""Resumable uploads into an inbox."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.errors import (
    OffsetMismatch,
    SpoolFull,
    SpoolNameInvalid,
    TooLarge,
    UploadBusy,
    UploadIncomplete,
    UploadUnknown,
)
from gateway.spool import Arrival, EntryName, Spool, State
from gateway.spool.disk import Hold
from tests.spool import scenarios

DIGEST, OTHER = "c" * 64, "d" * 64
NAME = EntryName.of(feed="civil.dibao", period="2026-10", revision=1, digest=DIGEST)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "inbox")


def arrive(spool: Spool, digest: str = DIGEST) -> Arrival:
    name = EntryName.of(feed="civil.dibao", period="2026-10", revision=1, digest=digest)
    return spool.arrive(name, digest, 6, b"manifest", b"keys")


def test_an_upload_resumes_where_it_stands_after_a_restart(spool: Spool, tmp_path: Path) -> None:
    assert arrive(spool).append(0, b"abc") == 3
    again = Spool(tmp_path / "inbox").arrival(DIGEST)
    assert (again.offset, again.size, again.name) == (3, 6, NAME)
    stored = [(again.path / file).read_bytes() for file in ("manifest.p7s", "keys.p7m")]
    assert stored == [b"manifest", b"keys"]
    again.append(3, b"def")
    entry = again.complete()
    assert (entry.state, entry.payload.read_bytes()) == (State.READY, b"abcdef")


def test_announcing_again_finds_the_same_upload(spool: Spool) -> None:
    arrive(spool).append(0, b"abc")
    assert arrive(spool).offset == 3


def test_a_complete_upload_announced_again_needs_no_bytes(spool: Spool) -> None:
    first = arrive(spool)
    first.append(0, b"abcdef")
    first.complete()
    assert arrive(spool).offset == 6
    with spool.claim():
        again = arrive(spool)
        assert (again.offset, again.size) == (6, 6)
        assert again.complete().state is State.INFLIGHT
        assert again.append(6, b"") == 6
    assert len(spool.entries()) == 1


@pytest.mark.parametrize("offset", [0, 2, 4])
def test_bytes_at_another_offset_are_refused_and_not_written(spool: Spool, offset: int) -> None:
    upload = arrive(spool)
    upload.append(0, b"abc")
    with pytest.raises(OffsetMismatch) as refused:
        upload.append(offset, b"x")
    assert refused.value.facts["offset"] == 3
    assert upload.offset == 3


def test_more_bytes_than_the_manifest_states_are_refused_and_not_written(spool: Spool) -> None:
    upload = arrive(spool)
    with pytest.raises(TooLarge):
        upload.append(0, b"abcdefg")
    assert upload.offset == 0


def test_an_unfinished_upload_cannot_complete(spool: Spool) -> None:
    upload = arrive(spool)
    upload.append(0, b"abc")
    with pytest.raises(UploadIncomplete):
        upload.complete()
    assert spool.entries() == []


def test_two_writers_of_one_upload_do_not_mix(spool: Spool) -> None:
    upload = arrive(spool)
    with Hold.wait_on(upload.path), pytest.raises(UploadBusy):
        upload.append(0, b"abc")
    assert upload.append(0, b"abc") == 3


def test_what_a_full_disk_let_through_counts_and_the_rest_follows(spool: Spool, tmp_path: Path) -> None:
    upload = arrive(spool)
    # RLIMIT_FSIZE: the kernel takes four bytes and refuses the rest, in a process of its own
    code = (
        "import resource, sys\nfrom pathlib import Path\nfrom gateway.errors import SpoolFull\n"
        "from gateway.spool import Spool\nupload = Spool(Path(sys.argv[1])).arrival(sys.argv[2])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4, 4))\n"
        "try:\n    upload.append(0, b'abcdef')\nexcept SpoolFull:\n    sys.exit(28)"
    )
    child = [sys.executable, "-c", code, str(tmp_path / "inbox"), DIGEST]
    assert subprocess.run(child, env=scenarios.ENV, check=False).returncode == 28
    assert upload.offset == 4
    upload.append(4, b"ef")
    assert upload.complete().payload.read_bytes() == b"abcdef"


def test_a_disk_without_any_space_is_a_retry(spool: Spool) -> None:
    upload = arrive(spool)
    (upload.path / "payload").unlink()
    (upload.path / "payload").symlink_to("/dev/full")
    with pytest.raises(SpoolFull):
        upload.append(0, b"abc")


def test_an_unknown_upload_is_refused(spool: Spool) -> None:
    arrive(spool)
    with pytest.raises(UploadUnknown):
        spool.arrival(OTHER)


def test_a_digest_that_is_none_never_reaches_a_path(spool: Spool) -> None:
    with pytest.raises(SpoolNameInvalid):
        spool.arrival("*")


def test_two_seals_of_one_batch_id_both_arrive_for_the_warehouse_to_judge(spool: Spool) -> None:
    for digest in (DIGEST, OTHER):
        upload = arrive(spool, digest)
        upload.append(0, b"abcdef")
        upload.complete()
    assert len(spool.entries(State.READY)) == 2


def test_only_idle_unfinished_uploads_expire(spool: Spool) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    idle, active = arrive(spool), arrive(spool, OTHER)
    for upload, at in ((idle, now - timedelta(days=3)), (active, now)):
        os.utime(upload.path / "payload", (at.timestamp(), at.timestamp()))
    assert spool.expire(now - timedelta(days=1)) == [DIGEST]
    assert active.offset == 0
    with pytest.raises(UploadUnknown):
        idle.append(0, b"abc")
