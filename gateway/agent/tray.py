"""The tray: what the office told this front-end to do, on disk, below `agent/`.

One folder an instruction; its state is the directory it lies in, and a transition is one rename.

    received  it was verified and is still to be carried out
    running   it was begun; after a crash it is carried on
    done      it ended: `outcome.json` says how, and it is never begun again
    refused   what came was no instruction to rely on, and the same `outcome.json` says why

In a folder: `instruction.p7s` as it came, `order.p7s` if one came with it, `begun.json`, `unchanged` (its source was
read and held nothing new), reports that the office has not acknowledged, `reported` (the last one that it has) and
`outcome.json`, which is the last report. Must never verify an instruction, nor decide what one means.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import RLock

from gateway.agent.folders import Begun, Key, Pending, State, read_json
from gateway.errors import AgentRunning
from gateway.spool.disk import Hold, door, make_directory, move, sync, write_new, write_whole

_DOCUMENT, _PAPER = "instruction.p7s", "order.p7s"
_BEGUN, _UNCHANGED, _OUTCOME, _REPORTED = "begun.json", "unchanged", "outcome.json", "reported"
_DAY = "scheduled"
_PART = ".part-"
_REPORT = re.compile(r"report-([0-9]{6})\.json", re.ASCII)


class Tray:
    """All instructions of a site. Threads of one process may share it; a second process is kept out by `alone`.

    Every call may raise SpoolFull or SpoolUnavailable when the file system refuses.
    """

    def __init__(self, root: Path) -> None:
        """Make the directories that are missing; the parent of `root` must exist."""
        self._root = root
        self._lock = RLock()  # a folder is not moved while a file in it is written
        with door("准备代理目录", "prepare the agent's directory"):
            for path in (root, *(root / state.value for state in State)):
                make_directory(path)
            self._unsure = {key for state in State for key in self._keys(state)}  # of which a report may be pending

    def alone(self) -> Hold:
        """Keep every other agent of this site out, and clear what one that died was still writing.

        Raises: AgentRunning.
        """
        with door("锁定代理目录", "lock the agent's directory"):
            hold = Hold.try_on(self._root)
            if hold is None:
                raise AgentRunning()
            for path in self._root.glob(f"{_PART}*"):
                shutil.rmtree(path)
            for path in self._root.glob("*/*/.*"):
                path.unlink()
        return hold

    # --- the instructions ---------------------------------------------------------------------------------------------

    def put(self, key: Key, document: bytes, paper: bytes | None) -> None:
        """Keep a verified instruction, with the order that came with it. Nothing happens if it is here already."""
        with door("保存指令", "keep an instruction"), self._lock:
            if self.state(key) is None:
                files = {_DOCUMENT: document} | ({_PAPER: paper} if paper is not None else {})
                self._publish(State.RECEIVED, key, files)

    def refuse(self, key: Key, document: bytes, outcome: bytes) -> None:
        """Keep what is no instruction to rely on, with the report that says so."""
        with door("保存被拒指令", "keep a refused instruction"), self._lock:
            if self.state(key) is None:
                self._publish(State.REFUSED, key, {_DOCUMENT: document, _OUTCOME: outcome})
                self._unsure.add(key)

    def state(self, key: Key) -> State | None:
        """Where it is, None if it is not here."""
        with self._lock:
            return next((state for state in State if (self._root / state.value / key.name).is_dir()), None)

    def waiting(self) -> list[Key]:
        """What is to be carried on, and then what is to be begun, each in the order of their numbers."""
        with door("列出指令", "list the instructions"), self._lock:
            return [key for state in (State.RUNNING, State.RECEIVED) for key in self._keys(state)]

    def document(self, key: Key) -> bytes:
        """The instruction as it came (DER)."""
        return self._read(key, _DOCUMENT) or b""

    def paper(self, key: Key) -> bytes | None:
        """The rectification order that came with it (DER, unverified)."""
        return self._read(key, _PAPER)

    def begin(self, key: Key, position: int) -> Begun:
        """Move it to `running`, or find it there; `position` is kept when it is begun for the first time.

        Where the note of that is damaged it is begun anew: what it sealed before is found unchanged then.
        """
        with door("开始执行指令", "begin an instruction"), self._lock:
            before = Begun.decode(self._read(key, _BEGUN) or b"")
            begun = before.again() if before else Begun(position=position, times=1)
            write_whole(self._path(key) / _BEGUN, begun.encode())
            if self.state(key) is State.RECEIVED:
                move(self._path(key), self._root / State.RUNNING.value / key.name)
            return begun

    def survived(self, key: Key) -> None:
        """An attempt came back: what dies later is no death of the agent at the same point again."""
        with door("登记执行中断", "keep that an attempt came back"), self._lock:
            before = Begun.decode(self._read(key, _BEGUN) or b"")
            if before is not None and before.times:
                write_whole(self._path(key) / _BEGUN, before.survived().encode())

    def keep_unchanged(self, key: Key) -> None:
        """Keep that its source was read and held nothing new."""
        with door("登记数据未变", "keep that nothing changed"), self._lock:
            write_whole(self._path(key) / _UNCHANGED, b"{}")

    def unchanged(self, key: Key) -> bool:
        """Whether its source was read and held nothing new."""
        return self._read(key, _UNCHANGED) is not None

    def end(self, key: Key, outcome: bytes) -> None:
        """Keep the last report, then move it to `done`; cut off in between, `ended` tells, and this is repeated."""
        with door("结束指令", "end an instruction"), self._lock:
            path = self._path(key)
            if not (path / _OUTCOME).exists():
                write_whole(path / _OUTCOME, outcome)
            move(path, self._root / State.DONE.value / key.name)
            self._unsure.add(key)

    def ended(self, key: Key) -> bytes | None:
        """Its last report, if there is one."""
        return self._read(key, _OUTCOME)

    def day(self) -> str | None:
        """The day on which the schedule was last kept."""
        with door("读取代理计划", "read the agent's schedule"):
            path = self._root / _DAY
            return path.read_text("ascii") if path.exists() else None

    def keep_day(self, day: str) -> None:
        """Keep that day."""
        with door("登记代理计划", "keep the agent's schedule"):
            write_whole(self._root / _DAY, day.encode("ascii"))

    # --- the reports --------------------------------------------------------------------------------------------------

    def next_seq(self, key: Key) -> int:
        """The number of its next report: 1, 2, …"""
        with self._lock:
            seqs = [seq for seq, _ in self._reports(key)]
            return max([*seqs, self._reported(key)]) + 1

    def tell(self, key: Key, seq: int, content: bytes) -> None:
        """Keep a report until the office has it. One of the same number gives way."""
        with door("保存执行报告", "keep a report"), self._lock:
            write_whole(self._path(key) / f"report-{seq:06}.json", content)
            self._unsure.add(key)

    def holds(self, key: Key, seq: int) -> bool:
        """Whether this report still waits to be sent."""
        with self._lock:
            return seq > self._reported(key) and (self._path(key) / f"report-{seq:06}.json").exists()

    def pending(self) -> list[Pending]:
        """Every report to be sent: an instruction's in their order, its last one last."""
        with door("读取执行报告", "read the reports"), self._lock:
            found = {key: list(self._pending(key)) for key in sorted(self._unsure) if self.state(key)}
            self._unsure = {key for key, reports in found.items() if reports}
            return [one for reports in found.values() for one in reports]

    def acknowledge(self, report: Pending) -> None:
        """The office has this report."""
        with door("登记已报告", "note a report as received"), self._lock:
            path = self._path(report.key)
            write_whole(path / _REPORTED, str(report.seq).encode())
            (path / f"report-{report.seq:06}.json").unlink(missing_ok=True)
            sync(path)

    def repeat(self, key: Key) -> None:
        """The office has forgotten how it ended: its last report is to be sent again."""
        with door("重发执行报告", "send a report again"), self._lock:
            (self._path(key) / _REPORTED).unlink(missing_ok=True)
            sync(self._path(key))
            self._unsure.add(key)

    def _pending(self, key: Key) -> Iterator[Pending]:
        reported, outcome = self._reported(key), self._read(key, _OUTCOME)
        for seq, path in self._reports(key):
            if seq > reported:
                yield Pending(key=key, seq=seq, content=path.read_bytes())
        last = read_json(outcome or b"").get("seq")
        if outcome is not None and isinstance(last, int) and last > reported:
            yield Pending(key=key, seq=last, content=outcome)

    def _reports(self, key: Key) -> list[tuple[int, Path]]:
        found = ((_REPORT.fullmatch(path.name), path) for path in self._path(key).iterdir())
        return sorted((int(match[1]), path) for match, path in found if match)

    def _reported(self, key: Key) -> int:
        said = self._read(key, _REPORTED) or b""
        return int(said) if said.isdigit() else 0  # none, or damaged: what was heard is said again

    # --- files --------------------------------------------------------------------------------------------------------

    def _keys(self, state: State) -> list[Key]:
        found = (Key.parse(path.name) for path in (self._root / state.value).iterdir() if path.is_dir())
        return sorted(key for key in found if key is not None)

    def _path(self, key: Key) -> Path:
        state = self.state(key)
        if state is None:
            raise FileNotFoundError(key.name)
        return self._root / state.value / key.name

    def _read(self, key: Key, file: str) -> bytes | None:
        with door("读取指令", "read an instruction"), self._lock:
            path = self._path(key) / file
            return path.read_bytes() if path.exists() else None

    def _publish(self, state: State, key: Key, files: dict[str, bytes]) -> None:
        fresh = self._root / f"{_PART}{secrets.token_hex(8)}"
        make_directory(fresh)
        for name, content in files.items():
            write_new(fresh / name, content)
        sync(fresh)
        move(fresh, self._root / state.value / key.name)
