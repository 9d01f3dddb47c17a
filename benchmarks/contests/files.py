"""Files: the `files` adapter beside pyarrow's own reader, and the `sftp` adapter beside OpenSSH's `sftp` program."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv

from benchmarks.contest import Contest
from benchmarks.rows import COLUMNS, lines
from tests.peers.sshd import enterable_home, sshd

FILE = "roster.txt"
_READY = {"by": "stable", "seconds": 0}


def write(path: Path, rows: int, delimiter: str = "|") -> None:
    """The rows as a GB18030 file."""
    with path.open("wb") as file:
        file.writelines(lines(rows, delimiter, "gb18030"))


def arrow_reads(path: Path) -> None:
    """pyarrow's reader on the same file, every column text as it is for us, batch by batch."""
    types = {column.name: pa.utf8() for column in COLUMNS}
    reading = pyarrow.csv.open_csv(
        path,
        read_options=pyarrow.csv.ReadOptions(encoding="gb18030"),
        parse_options=pyarrow.csv.ParseOptions(delimiter="|", quote_char=False),
        convert_options=pyarrow.csv.ConvertOptions(column_types=types, strings_can_be_null=False),
    )
    for _ in reading:
        pass


@contextmanager
def local(rows: int, home: Path) -> Iterator[list[Contest]]:
    """One delimiter of one character, for which pyarrow has a reader; one of two, for which it has none."""
    write(home / FILE, rows)
    write(home / "two.txt", rows, "|!")
    whole: dict[str, Any] = {"adapter": "files", "root": str(home), "ready": _READY, "path": FILE}
    names = ("files, |", "files, |!")
    sources = (
        whole | {"format": {"kind": "delimited"}},
        whole | {"path": "two.txt", "format": {"kind": "delimited", "delimiter": "|!"}},
    )
    yield [
        Contest(name=name, rows=rows, plain="pyarrow open_csv on |", run=lambda: arrow_reads(home / FILE),
                wanted=0.6 if name == names[0] else None, source=source)
        for name, source in zip(names, sources, strict=True)
    ]  # fmt: skip


@contextmanager
def remote(rows: int, home: Path) -> Iterator[list[Contest]]:
    """To the last parsed row on our side, to the last byte on the other."""
    with enterable_home() as folder, sshd(folder) as server:
        write(server.folder / FILE, rows)
        known = folder / "known_hosts"
        known.write_text(f"[127.0.0.1]:{server.port} {server.host_key}\n", encoding="utf-8")
        command = [
            "sftp", "-q", "-P", str(server.port), "-i", str(server.key), "-o", f"UserKnownHostsFile={known}",
            "-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes", f"{server.user}@127.0.0.1:{FILE}",
            str(home / "fetched.txt"),
        ]  # fmt: skip

        def fetch() -> None:
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)

        source = {
            "adapter": "sftp", "host": "127.0.0.1", "port": server.port, "host_key": server.fingerprint,
            "user": server.user, "private_key": f"file:{server.key}", "path": FILE, "ready": _READY,
            "format": {"kind": "delimited"},
        }  # fmt: skip
        yield [Contest(name="sftp", rows=rows, plain="sftp get", run=fetch, wanted=0.3, source=source)]
