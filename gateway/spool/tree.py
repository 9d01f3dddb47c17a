"""The tree: the directories of one spool and the moves between them.

A move is one rename followed by an fsync of both directories. So after a crash an entry is in exactly one state.
This module must never decide whether an entry may move: the queue does, holding the entry's lock.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from gateway.errors import EntryDamaged, SpoolNameInvalid
from gateway.spool.disk import Hold, door, make_directory, move, sync
from gateway.spool.entry import KEYS, MANIFEST, PAPER_FILES, PAYLOAD, RECEIPT, Entry, State, centre_of
from gateway.spool.names import EntryName

DRAFT = "draft-"


class Tree:
    """`partial` and one directory for each state, below one root."""

    def __init__(self, root: Path) -> None:
        self.partial = root / "partial"
        self._root = root
        with door("建立驿站目录", "make the spool's directories"):
            for path in (root, self.partial, *(self.place(state) for state in State)):
                make_directory(path)

    def place(self, state: State) -> Path:
        """The directory of a state."""
        return self._root / state.value

    def alone(self) -> Hold:
        """Keep other processes out of `partial` for the few steps that must not interleave."""
        return Hold.wait_on(self.partial)

    def draft_path(self) -> Path:
        """A fresh name that sweeping recognises."""
        return self.partial / f"{DRAFT}{secrets.token_hex(8)}"

    def entry(self, state: State, path: Path) -> Entry | None:
        """The entry at this path, or `None` if nothing with a name of ours is there."""
        try:
            name = EntryName.parse(path.name)
        except SpoolNameInvalid:
            return None
        return Entry(name=name, state=state, path=path) if path.is_dir() else None

    def entries(self, states: tuple[State, ...]) -> list[Entry]:
        """What is in these states, in their order, each ordered by name."""
        found: list[Entry] = []
        for state in states:
            here = (self.entry(state, path) for path in self.place(state).iterdir())
            found += sorted((e for e in here if e is not None), key=lambda e: e.name)
        return found

    def marked(self, mark: str, states: tuple[State, ...]) -> Entry | None:
        """The entry of one sealed batch, in the first of these states that has it."""
        paths = ((state, path) for state in states for path in self.place(state).glob(f"*_{mark}"))
        return next(filter(None, (self.entry(state, path) for state, path in paths)), None)

    def publish(self, source: Path, name: EntryName, state: State = State.READY) -> Entry:
        """Move a finished directory of `partial` to `ready`, or to `held`."""
        path = self.place(state) / str(name)
        move(source, path)
        return Entry(name=name, state=state, path=path)

    def move(self, entry: Entry, state: State) -> Entry:
        """Move an entry. An older copy of the same sealed batch there (it came, ended, and came again) gives way."""
        path = self.place(state) / entry.path.name
        if path.exists():
            self.drop(path)
        move(entry.path, path)
        return Entry(name=entry.name, state=state, path=path)

    def drop(self, path: Path) -> None:
        """Remove a directory; one rename hides it first, so a crash leaves a draft to sweep, never half an entry."""
        trash = self.draft_path()
        move(path, trash)
        shutil.rmtree(trash, ignore_errors=True)  # what stays behind, the next sweep removes
        sync(self.partial)

    def faults(self) -> Iterator[EntryDamaged]:
        """Strange names, and files that are missing, empty or foreign."""
        for state in State:
            for path in sorted(self.place(state).iterdir()):
                place = f"{state.value}/{path.name}"
                if self.entry(state, path) is None:
                    yield EntryDamaged(place=place, file="?")
                    continue
                yield from (EntryDamaged(place=place, file=file) for file in _wrong_files(state, path))


def remove_temporaries(entry: Entry) -> None:
    """Drop a receipt or paper that was being written when its process died."""
    for temporary in entry.path.glob(".*.p7s.*"):
        temporary.unlink()


def _wrong_files(state: State, path: Path) -> list[str]:
    """Names of the files an entry of this state misses, has empty, or should not have.

    What lies among the dead may have come there because it misses one. The payload of what is done may have been
    purged: the ledger says so, and `fsck` asks it.
    """
    whole = {MANIFEST, KEYS, PAYLOAD}
    must = {State.DONE: {MANIFEST, KEYS, RECEIPT}, State.DEAD: set()}.get(state, whole)
    present = {file.name for file in path.iterdir()}
    papers = set(PAPER_FILES.values())
    further = {name for name in present if centre_of(name) is not None and state is State.DONE}
    writing = state in (State.INFLIGHT, State.HELD, State.DONE)
    temporary = {name for name in present if name.startswith(".") and ".p7s." in name and writing}
    may = whole | {RECEIPT} | papers | further | temporary
    filled = must | papers | further | (whole if must else set())
    empty = {name for name in filled & present if not (path / name).stat().st_size}
    return sorted((must - present) | empty | (present - may))
