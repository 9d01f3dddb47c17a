"""The tray's folders as values: which instruction one holds, where it is, and what is written in it of its beginning.

Must never touch the disk; that is `tray`.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

_MARK = 16
_FOLDER = re.compile(r"([0-9]{8}-[a-z]{10})@([a-z0-9][a-z0-9_-]*)(?:@([0-9a-f]+))?", re.ASCII)


class State(StrEnum):
    """Where an instruction is; the value is the directory's name."""

    RECEIVED = "received"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True, order=True)
class Key:
    """Which instruction: its number, the centre it was fetched from, and of one that was refused the paper's mark.

    Number and centre are in form (`InstructionNumber`, an id of the catalogue): whoever makes one has seen to that.
    """

    number: str
    centre: str
    mark: str = ""

    @property
    def name(self) -> str:
        """The folder's name."""
        return "@".join(filter(None, (self.number, self.centre, self.mark)))

    @classmethod
    def parse(cls, name: str) -> Key | None:
        """The key of a folder; None where it is nobody's: whoever looks after a disk leaves things there."""
        found = _FOLDER.fullmatch(name)
        return cls(number=found[1], centre=found[2], mark=found[3] or "") if found else None


@dataclass(frozen=True, kw_only=True)
class Begun:
    """That an instruction was begun.

    Attributes:
        position: where the ledger ended then: what was sealed after it may be its work.
        times: how often, death by death: attempts that came back do not count.
    """

    position: int
    times: int

    def again(self) -> Begun:
        """The same, once more."""
        return Begun(position=self.position, times=self.times + 1)

    def encode(self) -> bytes:
        """JSON."""
        return json.dumps(asdict(self)).encode()

    def survived(self) -> Begun:
        """The same, after an attempt that came back."""
        return Begun(position=self.position, times=0)

    @classmethod
    def decode(cls, content: bytes) -> Begun | None:
        """Read it back; None where it is damaged."""
        said = read_json(content)
        if not all(isinstance(said.get(name), int) for name in ("position", "times")):
            return None
        return cls(position=said["position"], times=said["times"])


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A report the office has not acknowledged: JSON bytes."""

    key: Key
    seq: int
    content: bytes


def read_json(content: bytes) -> dict[str, Any]:
    """An object of ours; an empty one where it is none."""
    try:
        said = json.loads(content)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def mark_of(document: bytes) -> str:
    """What tells two papers of one number apart: the first 16 hex digits of the SHA-256."""
    return hashlib.sha256(document).hexdigest()[:_MARK]
