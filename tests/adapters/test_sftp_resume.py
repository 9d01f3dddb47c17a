"""A connection that breaks in the middle of a file: taken up again where it broke, or refused, and never guessed at."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from adapters.contract import Request, Secrets
from adapters.sftp import SftpAdapter, SftpConfig
from adapters.specimens import asked
from gateway.errors import SourceDenied, SourceMalformed, SourceNotReady, SourceUnavailable
from gateway.records.types import Column, FieldType
from tests.peers.sshd import Sshd

COLUMNS = (Column(name="no", type=FieldType.INTEGER, source="序号"),)
ROWS = 1_000_000


@pytest.fixture
def folder(server: Sshd, request: pytest.FixtureRequest) -> Path:
    made = server.folder / hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]
    made.mkdir(mode=0o755)
    return made


@pytest.fixture(params=[False, True], ids=["paramiko", "asyncssh"])
def adapter(server: Sshd, folder: Path, request: pytest.FixtureRequest) -> Callable[..., SftpAdapter]:
    def build(**changes: Any) -> SftpAdapter:
        given = {
            "adapter": "sftp", "host": "127.0.0.1", "port": server.port, "host_key": server.fingerprint,
            "user": server.user, "private_key": f"file:{server.key}", "path": f"{folder.name}/a.txt",
            "ready": {"by": "stable", "seconds": 0.0}, "format": {"kind": "delimited"}, "legacy": request.param,
        }  # fmt: skip
        return SftpAdapter(SftpConfig(**(given | changes)), Secrets(root=server.folder, environ={}))

    return build


def request() -> Request:
    return asked(COLUMNS)


def put(folder: Path) -> Path:
    path = folder / "a.txt"
    path.write_text("序号\n" + "\n".join(map(str, range(ROWS))), encoding="gb18030")
    return path


def numbers(batches: Iterator[pa.RecordBatch]) -> list[int]:
    return [int(text) for batch in batches for text in batch.column(2).to_pylist()]


def test_a_connection_that_breaks_is_taken_up_where_it_broke(
    server: Sshd, folder: Path, adapter: Callable[..., SftpAdapter]
) -> None:
    path = put(folder)
    with adapter().extract(request()) as reading:
        batches = iter(reading)
        found = numbers(iter([next(batches)]))
        server.drop_sessions()
        found += numbers(iter([next(batches)]))
        server.drop_sessions()
        found += numbers(batches)
    assert found == list(range(ROWS))
    assert dict(reading.source_facts)["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("change", ["grow", "rewrite", "vanish"])
def test_a_file_that_changed_while_the_connection_was_gone_is_not_ready(
    server: Sshd, folder: Path, adapter: Callable[..., SftpAdapter], change: str
) -> None:
    path = put(folder)
    with adapter().extract(request()) as reading:
        next(iter(reading))
        server.drop_sessions()
        if change == "grow":
            with path.open("ab") as file:
                file.write(b"\n1")
        elif change == "rewrite":
            os.utime(path, (0, 1_000_000_000))
        else:
            path.unlink()
        with pytest.raises(SourceNotReady):
            list(reading)


def test_a_line_that_breaks_again_and_again_is_given_up(
    server: Sshd, folder: Path, adapter: Callable[..., SftpAdapter]
) -> None:
    (folder / "a.txt").write_bytes("序号\n".encode("gb18030") + (b"0" * 59 + b"\n") * ROWS)
    with adapter().extract(request()) as reading:
        rows = next(iter(reading)).num_rows
        with pytest.raises(SourceUnavailable):
            for batch in reading:
                server.drop_sessions()
                rows += batch.num_rows
    assert rows < ROWS


def test_a_zip_is_read_to_its_end_over_a_line_that_breaks(
    server: Sshd, folder: Path, adapter: Callable[..., SftpAdapter]
) -> None:
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.write(put(folder), "a.txt")
    archive = {"kind": "zip", "members": "*.txt"}
    with adapter(path=f"{folder.name}/a.zip", archive=archive).extract(request()) as reading:
        batches = iter(reading)
        found = numbers(iter([next(batches)]))
        server.drop_sessions()
        found += numbers(batches)
    assert found == list(range(ROWS))


def test_a_listing_of_names_in_gbk_asks_for_the_legacy_way_which_reads_them(
    folder: Path, adapter: Callable[..., SftpAdapter]
) -> None:
    """One such name, and paramiko gives none of them."""
    name = os.fsdecode("一卡通清册_202610.txt".encode("gbk"))
    (folder / name).write_bytes("序号\n1\n".encode("gb18030"))
    several, single = (f"{folder.name}/一卡通清册_{last}.txt" for last in ("*", "{yyyymm}"))
    if adapter()._config.legacy:
        with adapter(path=several).extract(request()) as reading:
            assert [place for batch in reading for place in batch.column(0).to_pylist()] == ["一卡通清册_202610.txt:2"]
        with adapter(path=single).extract(request()) as reading:
            assert numbers(iter(reading)) == [1]
        return
    with pytest.raises(SourceNotReady):
        adapter(path=f"{folder.name}/roster.txt").extract(request())
    for path in (several, single):
        with pytest.raises(SourceMalformed) as refused:
            adapter(path=path).extract(request())
        assert "legacy: true" in refused.value.message("zh")
        assert "legacy: true" in refused.value.message("en")


def test_a_file_that_is_not_there_is_awaited_in_a_folder_that_may_not_be_listed_too(
    folder: Path, adapter: Callable[..., SftpAdapter]
) -> None:
    if os.geteuid() != 0:
        pytest.skip("the server runs as the folder's owner, who may list it")
    folder.chmod(0o711)
    with pytest.raises(SourceNotReady):
        adapter().extract(request())
    with pytest.raises(SourceDenied):
        adapter(path=f"{folder.name}/*.txt").extract(request())
