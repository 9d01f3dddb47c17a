"""Files in a local or mounted folder: only below its root, only plain files, and never a wait without an end."""

from __future__ import annotations

import errno
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from adapters.contract import Request, Secrets
from adapters.files import FilesAdapter, FilesConfig
from adapters.files.patience import Caller
from adapters.specimens import asked
from adapters.testing import handles_on
from gateway.errors import (
    CollectingStopped,
    LimitExceeded,
    SourceDenied,
    SourceMalformed,
    SourceNotReady,
    SourceUnavailable,
)
from gateway.records.types import Column, FieldType
from tests.adapters.conftest import rows_of

COLUMNS = (Column(name="name", type=FieldType.PERSON_NAME, source="姓名"),)
ROSTER = "姓名\n王\n".encode("gb18030")


def request(**changes: Any) -> Request:
    return asked(COLUMNS, **changes)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root" / "out").mkdir(parents=True)
    return tmp_path / "root"


@pytest.fixture
def files(root: Path) -> Callable[..., FilesAdapter]:
    def build(**changes: Any) -> FilesAdapter:
        given = {
            "adapter": "files", "root": str(root), "path": "out/a.txt", "ready": {"by": "stable", "seconds": 0.0},
            "format": {"kind": "delimited"},
        }  # fmt: skip
        return FilesAdapter(FilesConfig(**(given | changes)), Secrets(root=root, environ={}))

    return build


@pytest.fixture(autouse=True)
def nothing_left_open(root: Path) -> Iterator[None]:
    """After each test no descriptor leads below the root, and no thread of ours is left."""
    yield
    for _ in range(50):
        if not handles_on(root) and not [one for one in threading.enumerate() if "yizhan" in one.name]:
            return
        time.sleep(0.05)
    raise AssertionError("something was left open")


def test_a_path_is_below_the_root_with_or_without_a_slash(files: Callable[..., FilesAdapter], root: Path) -> None:
    (root / "out" / "a.txt").write_bytes(ROSTER)
    (root / "b.txt").write_bytes(ROSTER)
    for path in ("out/a.txt", "/out/a.txt", "b.txt", "/b.txt", "*.txt", "/out/*.txt"):
        assert [row["name"] for row in rows_of(files(path=path).extract(request()))] == ["王"], path


@pytest.mark.parametrize("absolute", [True, False])
def test_a_link_that_leads_out_is_refused(
    files: Callable[..., FilesAdapter], root: Path, tmp_path: Path, absolute: bool
) -> None:
    (tmp_path / "secret.txt").write_bytes(ROSTER)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.txt").write_bytes(ROSTER)
    above = str(tmp_path) if absolute else "../.."
    (root / "out" / "a.txt").symlink_to(f"{above}/secret.txt")
    (root / "out" / "there").symlink_to(f"{above}/elsewhere")
    for path in ("out/a.txt", "out/*.txt", "out/there/a.txt", "out/there/*.txt"):
        with pytest.raises(SourceMalformed) as refused:
            files(path=path).extract(request())
        assert refused.value.facts["reason_zh"] == "链接指向目录之外"


def test_a_link_that_stays_inside_is_followed(files: Callable[..., FilesAdapter], root: Path) -> None:
    (root / "2026-10").mkdir()
    (root / "2026-10" / "real.txt").write_bytes(ROSTER)
    (root / "now").symlink_to("2026-10")
    (root / "out" / "a.txt").symlink_to(root / "now" / "real.txt")
    assert len(rows_of(files().extract(request()))) == 1
    assert len(rows_of(files(path="now/*.txt").extract(request()))) == 1


def test_the_root_itself_may_be_a_link(files: Callable[..., FilesAdapter], root: Path, tmp_path: Path) -> None:
    (root / "out" / "a.txt").write_bytes(ROSTER)
    (tmp_path / "mounted").symlink_to(root)
    assert len(rows_of(files(root=str(tmp_path / "mounted")).extract(request()))) == 1


def test_a_link_that_leads_to_itself_ends(files: Callable[..., FilesAdapter], root: Path) -> None:
    (root / "out" / "a.txt").symlink_to("a.txt")
    with pytest.raises((SourceMalformed, SourceUnavailable)):
        files().extract(request())


def test_only_plain_files_are_read(files: Callable[..., FilesAdapter], root: Path) -> None:
    """A pipe would hang whoever opens it."""
    os.mkfifo(root / "out" / "pipe")
    (root / "out" / "folder").mkdir()
    (root / "out" / "null").symlink_to("/dev/null")
    listener = socket.socket(socket.AF_UNIX)
    with listener, suppress(OSError):
        listener.bind(str(root / "out" / "socket"))
    for name in ("pipe", "folder", "null", "socket"):
        with pytest.raises(SourceMalformed):
            files(path=f"out/{name}").extract(request())


def test_a_folder_that_is_not_mounted_can_be_tried_again(files: Callable[..., FilesAdapter], root: Path) -> None:
    with pytest.raises(SourceUnavailable) as gone:
        files(root=str(root / "absent")).extract(request())
    assert gone.value.facts["reason_zh"] == "目录不存在或未挂载"
    (root / "file").touch()
    with pytest.raises(SourceUnavailable):
        files(root=str(root / "file")).extract(request())
    with pytest.raises(SourceNotReady):
        files(path="absent/a.txt").extract(request())


def test_what_may_not_be_read_is_denied(files: Callable[..., FilesAdapter], root: Path) -> None:
    """Asked as an ordinary user: root may read everything."""
    (root / "out" / "a.txt").write_bytes(ROSTER)
    (root / "out" / "a.txt").chmod(0)
    if os.geteuid() != 0:
        with pytest.raises(SourceDenied):
            rows_of(files().extract(request()))
        return
    for folder in (root, root.parent, root.parent.parent):
        folder.chmod(0o755)
    child = os.fork()
    if child == 0:
        os.setgid(65534)
        os.setuid(65534)
        try:
            rows_of(files(root=str(root)).extract(request()))
        except SourceDenied:
            os._exit(7)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


@pytest.mark.parametrize("change", ["grow", "shrink", "touch", "replace", "unlink"])
def test_a_file_that_changes_while_it_is_read_is_not_ready(
    files: Callable[..., FilesAdapter], root: Path, change: str
) -> None:
    path = root / "out" / "a.txt"
    path.write_bytes(ROSTER + "李\n".encode("gb18030") * 3_000_000)
    with files().extract(request()) as reading:
        next(iter(reading))
        if change == "grow":
            with path.open("ab") as file:
                file.write(b"x\n")
        elif change == "shrink":
            os.truncate(path, 100)
        elif change == "touch":
            path.touch()
        else:
            path.unlink()
        if change == "replace":
            path.write_bytes(ROSTER)
        with pytest.raises(SourceNotReady):
            list(reading)


def test_a_name_that_is_not_utf8_is_refused_with_advice(files: Callable[..., FilesAdapter], root: Path) -> None:
    name = os.fsdecode("清册.txt".encode("gbk"))
    (root / "out" / name).write_bytes(ROSTER)
    with pytest.raises(SourceMalformed) as refused:
        files(path="out/*.txt").extract(request())
    assert "iocharset=utf8" in refused.value.message("zh")


def test_a_probe_or_an_early_end_leaves_nothing_open(files: Callable[..., FilesAdapter], root: Path) -> None:
    (root / "out" / "a.txt").write_bytes(ROSTER * 500_000)
    assert files().probe(request()).sample.num_rows == 5
    with files().extract(request()) as reading:
        next(iter(reading))
        assert handles_on(root) == 2
    assert_soon(lambda: handles_on(root) == 0)


def assert_soon(holds: Callable[[], bool]) -> None:
    for _ in range(100):
        if holds():
            return
        time.sleep(0.02)
    assert holds()


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[Path]:
    """Opening it hangs, as a mount does whose server is gone; at the end whoever hangs there is let go."""
    os.mkfifo(tmp_path / "pipe")
    yield tmp_path / "pipe"
    os.close(os.open(tmp_path / "pipe", os.O_RDWR | os.O_NONBLOCK))


def hang(pipe: Path) -> int:
    return os.open(pipe, os.O_RDONLY)


def test_a_call_that_hangs_can_be_tried_again_and_is_not_waited_for(pipe: Path) -> None:
    ended = threading.Event()
    caller = Caller(request(), ended.set, patience=0.3)
    started = time.monotonic()
    with pytest.raises(SourceUnavailable) as gone:
        caller.answer(caller.begin(lambda: hang(pipe)))
    caller.close()
    assert 0.3 <= time.monotonic() - started < 2
    assert gone.value.facts["reason_zh"] == "目录长时间没有应答"
    assert not ended.is_set()
    writer = os.open(pipe, os.O_WRONLY)  # the mount is there again
    assert ended.wait(5)
    os.close(writer)


def test_a_call_that_hangs_ends_at_the_deadline_and_when_it_is_cancelled(pipe: Path) -> None:
    with pytest.raises(LimitExceeded):
        _hanging(pipe, request(deadline=time.monotonic() + 0.3))
    stopping = request()
    threading.Timer(0.3, stopping.cancelled.set).start()
    started = time.monotonic()
    with pytest.raises(CollectingStopped):
        _hanging(pipe, stopping)
    assert time.monotonic() - started < 2


def _hanging(pipe: Path, asked_with: Request) -> None:
    caller = Caller(asked_with, lambda: None)
    try:
        caller.answer(caller.begin(lambda: hang(pipe)))
    finally:
        caller.close()
        os.close(os.open(pipe, os.O_RDWR | os.O_NONBLOCK))


def test_a_call_that_fails_says_so_and_the_next_one_is_made() -> None:
    def fail() -> None:
        raise OSError(errno.ESTALE, "stale")

    ended = threading.Event()
    caller = Caller(request(), ended.set)
    with pytest.raises(OSError, match="stale"):
        caller.answer(caller.begin(fail))
    assert caller.answer(caller.begin(lambda: 17)) == 17
    caller.close()
    assert ended.wait(1)
