"""The programs of Debian's package mdbtools, a child process each: what an Access file is, holds, and its rows as text.

Owns the command lines, the environment and the end of every child. A child gets an argument list and no shell, and an
environment of three names; what it says on standard error is never shown, but anything said there is a damaged file:
mdb-export of 1.0.0 ends with 0 although pages were missing (measured). Must never judge a value.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from tempfile import TemporaryFile

import pyarrow as pa
import pyarrow.csv as pcsv

from adapters.contract import Request, cut_off
from adapters.odbc.failures import malformed
from gateway.errors import SourceMalformed

# `-H`: a name with a comma would break the titles line. Dates with and without a time in one form, whatever the
# column's own. Pictures and the like are left out: no column of them is read.
_MOMENT = "%Y-%m-%d %H:%M:%S"
_EXPORT = ("-H", "-d", ",", "-R", "\n", "-q", '"', "-b", "strip", "-D", _MOMENT, "-T", _MOMENT)
_SCHEMA = ("--no-indexes", "--no-relations", "--no-default-values", "--no-not-null", "--no-comments")
_COLUMN = re.compile(r"^\t\[(.+)\]\t+([A-Z][A-Za-z/ ]*?)(?: \(\d+(?:, ?\d+)?\))?,? *$", re.MULTILINE)
_NO_TABLE = b"No table named"
ACCESS_97 = "JET3"
_MOST_BYTES = 4 << 20
_BLOCK_BYTES = 1 << 20


class DamagedFile(Exception):
    """A child failed, or had something to complain of. `said` is its own text: to be looked into, never to be shown."""

    def __init__(self, said: bytes) -> None:
        self.said = said
        super().__init__("a program of mdbtools complained")


@dataclass(frozen=True, kw_only=True)
class AccessTable:
    """One table of one file, and how its programs are run. `charset` is iconv's name, for a Jet 3 file alone."""

    file: Path
    name: str
    charset: str | None
    request: Request

    def version(self, size: int) -> str:
        """`JET3` (Access 97), `JET4`, `ACE12` and so on, of a file of `size` bytes. Raises: SourceMalformed."""
        version = self._asked("mdb-ver", str(self.file)).strip()
        if not size or size % (2048 if version == ACCESS_97 else 4096):  # an empty file is JET3 to mdb-ver
            raise self._damaged(DamagedFile(b""))
        return version

    def columns(self) -> tuple[tuple[str, str], ...]:
        """Each column's name and Access type, in the order of the rows. Raises: SourceMalformed."""
        return tuple(_COLUMN.findall(self._asked("mdb-schema", *_SCHEMA, "-T", self.name, str(self.file), "access")))

    def rows(self) -> int:
        """How many rows the table's own header says it has. Raises: SourceMalformed."""
        said = self._asked("mdb-count", str(self.file), self.name).strip()
        if not said.isdecimal():
            raise self._damaged(DamagedFile(b""))
        return int(said)

    def export(self) -> Child:
        """The rows on their way, as delimited text. Raises: SourceMalformed: mdbtools is not installed."""
        return self._run("mdb-export", *_EXPORT, str(self.file), self.name)

    def blocks(self, child: Child, fields: int, wanted: Sequence[int]) -> Iterator[pa.RecordBatch]:
        """Some rows of an export at a time: text, a column for each of the `wanted` fields by its number.

        Raises: SourceMalformed; as `Request.remaining`.
        """
        rest = b""
        with self._damages():
            while read := self._read(child):
                held = rest + read
                end = whole_rows(held)
                if end:
                    yield _texts(held[:end], fields, wanted)
                rest = held[end:]
                if len(rest) > _MOST_BYTES:
                    raise DamagedFile(b"")
            with cut_off(self.request, child.kill):
                child.expect_done()
            if rest:
                raise DamagedFile(b"")

    def _read(self, child: Child) -> bytes:
        self.request.remaining()
        with cut_off(self.request, child.kill):
            return child.stdout.read(_BLOCK_BYTES)

    @contextmanager
    def _damages(self) -> Iterator[None]:
        """Raises: SourceMalformed where the child or its text is damaged; as `Request.remaining`: it was cut off."""
        try:
            yield
        except (DamagedFile, pa.ArrowInvalid) as damaged:
            self.request.remaining()
            raise self._damaged(damaged) from None

    def _asked(self, program: str, *arguments: str) -> str:
        child = self._run(program, *arguments)
        try:
            with self._damages(), cut_off(self.request, child.kill):
                answer = child.stdout.read(_MOST_BYTES)
                child.expect_done()
        finally:
            child.end()
        return answer.decode(errors="replace")

    def _run(self, program: str, *arguments: str) -> Child:
        self.request.remaining()
        path = os.environ.get("PATH", os.defpath)
        found = shutil.which(program, path=path)
        if found is None:
            zh = f"本机没有 {program}:请安装 Debian 软件包 mdbtools(apt install mdbtools)"
            en = f"{program} is not installed here: install Debian's package mdbtools (apt install mdbtools)"
            raise malformed(self.request, zh, en, where="mdbtools")
        settings = {"PATH": path, "LC_ALL": "C.UTF-8"}
        if self.charset is not None:
            settings["MDB_JET3_CHARSET"] = self.charset
        return Child([found, *arguments], settings)

    def _damaged(self, damaged: Exception) -> SourceMalformed:
        if isinstance(damaged, DamagedFile) and _NO_TABLE in damaged.said:
            zh, en = f"文件中没有表 {self.name}", f"the file has no table {self.name}"
            return malformed(self.request, zh, en, where=self.file.name)
        zh = "mdbtools 不能完整读出此文件:可能已损坏、未复制完或不是 Access 文件,请部门用 Access“压缩和修复”后重新提供"
        en = "mdbtools cannot read all of it: damaged, half copied, or no Access file; have it compacted and repaired"
        return malformed(self.request, zh, en, where=self.file.name)


class Child:
    """A program under way: `kill` from any thread, `end` always."""

    def __init__(self, command: list[str], settings: dict[str, str]) -> None:
        with ExitStack() as unstarted:
            self._said = unstarted.enter_context(TemporaryFile())  # a pipe that nobody empties would stop the child
            self._process = subprocess.Popen(  # noqa: S603 - an argument list, of a program found by name
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._said, env=settings
            )
            unstarted.pop_all()
        self.stdout: BufferedReader = self._process.stdout

    def kill(self) -> None:
        self._process.kill()

    def expect_done(self) -> None:
        """Wait for its end. Raises: DamagedFile: it failed, or complained."""
        code = self._process.wait()
        self._said.seek(0)
        said = self._said.read(65_536)
        if code or said:
            raise DamagedFile(said)

    def end(self) -> None:
        """Whatever it is doing; any number of times."""
        self._process.kill()
        self._process.wait()
        self.stdout.close()
        self._said.close()


def whole_rows(text: bytes) -> int:
    """Where the last row that is whole ends, 0 where none is: at a line end with an even number of quotes before it."""
    quotes, at = text.count(b'"'), len(text)
    while (end := text.rfind(b"\n", 0, at)) >= 0:
        quotes -= text.count(b'"', end, at)
        if not quotes % 2:
            return end + 1
        at = end
    return 0


def _texts(rows: bytes, fields: int, wanted: Sequence[int]) -> pa.RecordBatch:
    """Raises: pa.ArrowInvalid: other fields, or no UTF-8."""
    names = [str(number) for number in wanted]
    table = pcsv.read_csv(
        pa.BufferReader(rows),
        read_options=pcsv.ReadOptions(
            column_names=[str(number) for number in range(fields)], block_size=len(rows) + 1, use_threads=False
        ),
        parse_options=pcsv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=pcsv.ConvertOptions(
            column_types={name: pa.utf8() for name in names},
            include_columns=names,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    return table.combine_chunks().to_batches()[0]
