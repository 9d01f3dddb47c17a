"""Verifies archives with Python's standard library alone: `python3 verify.py ARCHIVE.tar...`

A copy of this file lies in every archive as `verify.py`. It checks that each archive is the one form of its contents,
that every file is what the index lists, that the ledger's lines form a chain, and that each archive continues the one
before it. It cannot check signatures: `openssl cms -verify` (docs/retention.md) or `yizhan archive verify` do. It must
never import another module of the product, nor write anything.

Form: POSIX ustar (IEEE 1003.1), owner 0, mode 0600; each size and each byte of padding is fixed by the contents. Order:
`entries/<entry>/<file>` sorted by name, `ledger.jsonl`, `verify.py`, `index.json`, `index.p7s`, two blocks of zeros.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

FORMAT = "yizhan-archive/1"
BLOCK = 512
MAX_INDEX = 256 * 1024 * 1024
LEDGER, VERIFIER, INDEX, SIGNATURE = "ledger.jsonl", "verify.py", "index.json", "index.p7s"
PIECE = 1024 * 1024
_NAME, _PREFIX = 100, 155
_OCTAL_LIMIT = 8**11

UNREADABLE, LINK, ALTERED, CHAIN = "YZ-8032", "YZ-8034", "YZ-8035", "YZ-8037"
WORDS = {
    UNREADABLE: ("归档文件 {place} 无法读取:{reason_zh}。", "archive {place} cannot be read: {reason_en}."),
    LINK: ("归档文件 {place} 不接续 {before}。", "archive {place} does not continue {before}."),
    ALTERED: (
        "归档文件 {place} 中的 {file} 与已签名的目录不符。",
        "{file} in archive {place} is not what its signed index lists.",
    ),
    CHAIN: (
        "归档文件 {place} 中的台账第 {seq} 行断链。",
        "line {seq} of the ledger in archive {place} breaks the chain.",
    ),
}
"""The messages of gateway/errors.py for the same codes."""

_FORM = ("不是本系统的归档,或字节被改动", "it is no archive of ours, or its bytes were changed")
_CLOSED = ("文件不存在或不可读", "the file is missing or may not be read")


@dataclass(frozen=True)
class Fault:
    """What is wrong, by the code of gateway/errors.py, with the facts of its message."""

    code: str
    facts: Mapping[str, object]

    def __str__(self) -> str:
        zh, en = WORDS[self.code]
        return f"[{self.code}] {zh.format(**self.facts)} {en.format(**self.facts)}"


class Broken(Exception):
    """The file is not in form. `fault` says so."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


@dataclass(frozen=True)
class Member:
    """One file in an archive: `offset` is where its content begins."""

    name: str
    size: int
    mtime: int
    offset: int


@dataclass(frozen=True)
class Examined:
    """One archive after its own examination.

    Attributes:
        index: `index.json` as parsed. digest: SHA-256 of the whole file, hex. faults: of this archive alone.
    """

    place: str
    index: Mapping[str, Any]
    digest: str
    faults: tuple[Fault, ...]


def header(name: str, size: int, mtime: int) -> bytes:
    """The one ustar header of a file. Raises ValueError: the name is too long for ustar."""
    prefix, short = ("", name) if len(name) <= _NAME else name.rsplit("/", 1)
    if len(short) > _NAME or len(prefix) > _PREFIX:
        raise ValueError("the name is too long")
    sized = f"{size:011o}\0".encode() if size < _OCTAL_LIMIT else b"\x80" + size.to_bytes(11, "big")
    fields = (
        short.encode("ascii").ljust(_NAME, b"\0"), b"0000600\0", b"0000000\0", b"0000000\0", sized,
        f"{mtime:011o}\0".encode(), b" " * 8, b"0", b"\0" * 100, b"ustar\00000", b"\0" * 64, b"0000000\0" * 2,
        prefix.encode("ascii").ljust(_PREFIX, b"\0"),
    )  # fmt: skip
    block = b"".join(fields).ljust(BLOCK, b"\0")
    return block[:148] + f"{sum(block):06o}\0 ".encode() + block[156:]


def padding(size: int) -> bytes:
    """The zeros that fill the last block of a file."""
    return b"\0" * (-size % BLOCK)


def members(file: BinaryIO, place: str) -> list[Member]:
    """All files, in order; contents are passed over. Raises Broken."""
    found: list[Member] = []
    file.seek(0)
    while any(block := _exactly(file, BLOCK, place)):
        member = _member(block, file.tell(), place)
        file.seek(member.offset + member.size)
        if _exactly(file, -member.size % BLOCK, place).strip(b"\0"):
            raise _unreadable(place)
        found.append(member)
    if any(_exactly(file, BLOCK, place)) or file.read(1):
        raise _unreadable(place)
    return found


def content(file: BinaryIO, member: Member) -> Iterator[bytes]:
    """A file's content in pieces."""
    file.seek(member.offset)
    left = member.size
    while left and (piece := file.read(min(left, PIECE))):
        left -= len(piece)
        yield piece


def read_index(file: BinaryIO, place: str) -> tuple[bytes, bytes]:
    """`index.json` and `index.p7s`, as they are. Raises Broken."""
    last = members(file, place)[-2:]
    if [member.name for member in last] != [INDEX, SIGNATURE] or max(m.size for m in last) > MAX_INDEX:
        raise _unreadable(place)
    index, signature = (b"".join(content(file, member)) for member in last)
    return index, signature


def examine(path: Path) -> Examined:
    """Everything about one archive that needs no other. Raises Broken when there is nothing to examine."""
    place = path.name
    try:
        with path.open("rb") as file:
            index = parse(read_index(file, place)[0], place)
            listed = members(file, place)
            faults = (*_contents(file, listed, index, place), *_chain(file, listed, index, place))
            return Examined(place=place, index=index, digest=_digest(file), faults=faults)
    except OSError:
        raise Broken(_fault(UNREADABLE, place, _CLOSED)) from None


def parse(data: bytes, place: str) -> Mapping[str, Any]:
    """`index.json` read: only as far as needed here. Raises Broken."""
    try:
        index = json.loads(data)
        listed = {str(one["name"]): (int(one["size"]), str(one["sha256"])) for one in index["files"]}
        times = {str(one["entry"]): datetime.fromisoformat(one["accepted_at"]) for one in index["batches"]}
        ledger = index["ledger"]
        numbers = (index["sequence"], ledger["first"], ledger["last"])
        words = (index["format"], index["node"], ledger["before"], ledger["head"])
        times[""] = datetime.fromisoformat(index["written_at"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _unreadable(place) from None
    typed = all(isinstance(n, int) for n in numbers) and all(isinstance(word, str) for word in words)
    aware = all(moment.tzinfo is not None for moment in times.values())
    if words[0] != FORMAT or len(listed) != len(index["files"]) or not (typed and aware):
        raise _unreadable(place)
    return index


def links(chain: Sequence[Examined]) -> Iterator[Fault]:
    """Each archive of a node, in order of sequence, continues the one before it."""
    for before, this in pairwise(chain):
        follows = this.index["sequence"] == before.index["sequence"] + 1
        named = this.index.get("previous") == f"sha256:{before.digest}"
        if not (follows and named and _continues(before.index["ledger"], this.index["ledger"])):
            yield Fault(LINK, {"place": this.place, "before": before.place})
    first = chain[0].index
    if first["sequence"] == 1 and (first.get("previous") is not None or first["ledger"]["first"] != 1):
        yield Fault(LINK, {"place": chain[0].place, "before": "-"})


def by_node(found: Sequence[Examined]) -> list[list[Examined]]:
    """Archives of each node, in order of sequence."""
    nodes = sorted({one.index["node"] for one in found})
    chains = ([one for one in found if one.index["node"] == node] for node in nodes)
    return [sorted(chain, key=lambda one: int(one.index["sequence"])) for chain in chains]


def expand(paths: Sequence[Path]) -> list[Path]:
    """The archives that are named, or lie in a directory that is named."""
    return [file for path in paths for file in (sorted(path.glob("*.tar")) if path.is_dir() else [path])]


def main(arguments: Sequence[str]) -> int:
    """Verify the archives named; 0 and one line when there is nothing to say against them."""
    found, faults = [], []
    for path in expand([Path(one) for one in arguments]):
        try:
            found.append(examine(path))
        except Broken as broken:
            faults.append(broken.fault)
    faults += [fault for one in found for fault in one.faults]
    faults += [fault for chain in by_node(found) for fault in links(chain)]
    for fault in faults:
        print(fault)
    if faults or not found:
        return 1
    batches = sum(len(one.index["batches"]) for one in found)
    print(f"links and digests whole: {len(found)} archives, {batches} batches; signatures not checked here")
    return 0


def _contents(file: BinaryIO, listed: Sequence[Member], index: Mapping[str, Any], place: str) -> Iterator[Fault]:
    """Names, order, sizes, times and digests are those of the index."""
    wanted = [str(one["name"]) for one in index["files"]]
    present = [member.name for member in listed[:-2]]
    for name in sorted(set(wanted) ^ set(present)):
        yield Fault(ALTERED, {"place": place, "file": name})
    if set(wanted) == set(present) and wanted != present:
        yield Fault(ALTERED, {"place": place, "file": INDEX})
    facts, times = {one["name"]: one for one in index["files"]}, _times(index)
    for member in listed:
        one = facts.get(member.name)
        same = member.mtime == times.get(_entry(member.name), times[""])
        if one is not None:
            same = same and (member.size, f"sha256:{_hash(file, member)}") == (one["size"], one["sha256"])
        if not same:
            yield Fault(ALTERED, {"place": place, "file": member.name})


def _chain(file: BinaryIO, listed: Sequence[Member], index: Mapping[str, Any], place: str) -> Iterator[Fault]:
    """The ledger's lines, from where the archive before ended to the head that the index states."""
    ledger = index["ledger"]
    seq, head = int(ledger["first"]) - 1, str(ledger["before"]).removeprefix("sha256:")
    member = next((one for one in listed if one.name == LEDGER), None)
    for text in _lines(file, member) if member else ():
        seq += 1
        line = _line(text)
        if line is None or (line.get("seq"), line.get("previous")) != (seq, head):
            yield Fault(CHAIN, {"place": place, "seq": seq})
            return
        head = str(line["hash"])
    if (seq, f"sha256:{head}") != (int(ledger["last"]), ledger["head"]):
        yield Fault(CHAIN, {"place": place, "seq": seq})


def _line(text: bytes) -> Mapping[str, Any] | None:
    """A ledger line whose hash is that of its other columns; None for every other text."""
    try:
        columns = json.loads(text)
        claimed = columns["hash"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    rest = {name: value for name, value in columns.items() if name != "hash"}
    canonical = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return columns if hashlib.sha256(canonical).hexdigest() == claimed else None


def _lines(file: BinaryIO, member: Member) -> Iterator[bytes]:
    rest = b""
    for piece in content(file, member):
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
    if rest:
        yield rest


def _continues(before: Mapping[str, Any], this: Mapping[str, Any]) -> bool:
    return (this["first"], this["before"]) == (before["last"] + 1, before["head"])


def _times(index: Mapping[str, Any]) -> dict[str, int]:
    """Seconds since 1970 of each entry's receipt, and under "" of the archive's own files."""
    moments = {str(one["entry"]): one["accepted_at"] for one in index["batches"]} | {"": index["written_at"]}
    return {entry: int(datetime.fromisoformat(moment).timestamp()) for entry, moment in moments.items()}


def _entry(name: str) -> str:
    parts = name.split("/")
    return parts[1] if len(parts) == 3 and parts[0] == "entries" else ""


def _member(block: bytes, offset: int, place: str) -> Member:
    try:
        short, prefix = (block[at : at + size].rstrip(b"\0").decode("ascii") for at, size in ((0, 100), (345, 155)))
        size = int.from_bytes(block[125:136], "big") if block[124] == 0x80 else int(block[124:135], 8)
        member = Member(f"{prefix}/{short}" if prefix else short, size, int(block[136:147], 8), offset)
        canonical = header(member.name, member.size, member.mtime) == block
    except ValueError:
        canonical = False
    if not canonical:
        raise _unreadable(place)
    return member


def _exactly(file: BinaryIO, size: int, place: str) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise _unreadable(place)
    return data


def _hash(file: BinaryIO, member: Member) -> str:
    digest = hashlib.sha256()
    for piece in content(file, member):
        digest.update(piece)
    return digest.hexdigest()


def _digest(file: BinaryIO) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


def _unreadable(place: str) -> Broken:
    return Broken(_fault(UNREADABLE, place, _FORM))


def _fault(code: str, place: str, reason: tuple[str, str]) -> Fault:
    return Fault(code, {"place": place, "reason_zh": reason[0], "reason_en": reason[1]})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
