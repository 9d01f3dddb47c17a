"""The versions that a front-end has taken from a centre: `catalogues/<centre>/<version>/`.

    catalogue.p7s   the paper as it came
    files/          the catalogue in it, as every command reads it

A version is written aside, forced to the disk and renamed, so it is there whole or not at all; the newest one is in
force. The last few are kept. `refused.json` is the last that was refused. Must never judge a catalogue.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from gateway.envelope.catalogue import MAX_PUBLISHED, Edition, PublishedCatalogue, digest_of, peek, read_catalogue
from gateway.envelope.parties import Trust
from gateway.errors import CatalogueKeptDamaged, YizhanError
from gateway.spool.disk import Hold, door, make_directory, move, sync, write_new, write_whole

KEPT = 3
PAPER, FILES = "catalogue.p7s", "files"
_REFUSED = "refused.json"
_PART = ".part-"
_VERSION = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Refused:
    """The last version that was refused: it is asked for again once something has changed.

    Attributes:
        code: why. under: what it was judged by (site file, version in force, product), as a digest.
    """

    version: int
    code: str
    under: str


_REFUSAL = TypeAdapter(Refused)


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """What came from one centre. Every call may raise SpoolFull or SpoolUnavailable when the file system refuses."""

    root: Path

    def versions(self) -> list[int]:
        """The versions that are here, the newest last."""
        with door("列出下发目录", "list the catalogues"):
            names = [path.name for path in self.root.iterdir()] if self.root.is_dir() else []
        return sorted(int(name) for name in names if _VERSION.fullmatch(name))

    def newest(self) -> int | None:
        """The version in force, None while there is none."""
        return max(self.versions(), default=None)

    def latest(self) -> Edition | None:
        """The same, with the digest of its paper."""
        version = self.newest()
        return None if version is None else Edition(version=version, digest=digest_of(self._paper(version)))

    def place(self, version: int) -> Path:
        """The directory of a version's catalogue."""
        return self.root / str(version) / FILES

    def put(self, said: PublishedCatalogue, paper: bytes) -> None:
        """Keep a version, from now on in force, and let the oldest go. Nothing happens if it is here already."""
        with door("保存下发目录", "keep a catalogue"):
            for directory in (self.root.parent, self.root):
                make_directory(directory)
            with Hold.wait_on(self.root):
                self._clear()
                if not self.place(said.version).is_dir():
                    move(self._aside(said, paper), self.root / str(said.version))
                for version in self.versions()[:-KEPT]:
                    self._remove(version)

    def refused(self) -> Refused | None:
        """The last that was refused; None also where what was kept of it is damaged: it is asked for again then."""
        with door("读取下发目录", "read the catalogues"):
            path = self.root / _REFUSED
            content = path.read_bytes() if path.exists() else b""
        try:
            return _REFUSAL.validate_json(content, strict=True)
        except ValidationError:
            return None

    def keep_refused(self, refused: Refused) -> None:
        """Keep that, in the place of the one before."""
        with door("登记被拒目录", "keep that a catalogue was refused"):
            for directory in (self.root.parent, self.root):
                make_directory(directory)
            write_whole(self.root / _REFUSED, json.dumps(asdict(refused)).encode())

    def faults(self, trust: Trust) -> Iterator[CatalogueKeptDamaged]:
        """Versions whose files are not what the centre signed, judged at the instant of the signature."""
        for version in self.versions():
            if not self._is_whole(version, trust):
                place = (self.root / str(version)).relative_to(self.root.parents[1])
                yield CatalogueKeptDamaged(place=place.as_posix())

    def _is_whole(self, version: int, trust: Trust) -> bool:
        try:
            paper = self._paper(version)
            said = read_catalogue(paper, trust, peek(paper).issued_at)
        except YizhanError:
            return False
        root = self.place(version)
        signed = {one.path: one.text.encode() for one in said.files}
        found = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        return (said.version, signed) == (version, found)

    def _paper(self, version: int) -> bytes:
        with door("读取下发目录", "read a catalogue"), (self.root / str(version) / PAPER).open("rb") as file:
            return file.read(MAX_PUBLISHED + 1)

    def _aside(self, said: PublishedCatalogue, paper: bytes) -> Path:
        fresh = self.root / f"{_PART}{secrets.token_hex(8)}"
        make_directory(fresh)
        write_new(fresh / PAPER, paper)
        make_directory(fresh / FILES)
        for one in said.files:
            path = fresh / FILES / one.path
            for above in reversed(path.relative_to(fresh / FILES).parents[:-1]):
                make_directory(fresh / FILES / above)
            write_new(path, one.text.encode())
        for directory in (path for path in (fresh, *fresh.rglob("*")) if path.is_dir()):
            sync(directory)
        return fresh

    def _remove(self, version: int) -> None:
        """First out of sight, so that it is never there in part."""
        gone = self.root / f"{_PART}{secrets.token_hex(8)}"
        move(self.root / str(version), gone)
        shutil.rmtree(gone)

    def _clear(self) -> None:
        """What one that died was writing, or removing."""
        for path in self.root.glob(f"{_PART}*"):
            shutil.rmtree(path)
