"""The queue: what may move where, and who may move it.

An entry is moved only by a process that holds its lock; what a dead process held is free again. Every call may be
repeated after a crash at any point. It must never verify a batch or judge a receipt: it stores what it is given.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from gateway.envelope.papers import Papers
from gateway.errors import EntryBusy, EntryDamaged, EntryUnknown, SpoolOccupied, UploadUnknown
from gateway.spool import arrival as uploads
from gateway.spool.arrival import Arrival
from gateway.spool.disk import Hold, door, make_directory, move, sync, write_whole
from gateway.spool.draft import NO_PAPERS, Draft, link_sealed
from gateway.spool.entry import PAPER_FILES, PAYLOAD, RECEIPT, Claim, Entry, State, further_receipt
from gateway.spool.names import EntryName, mark_of, require_digest
from gateway.spool.tree import DRAFT, Tree, remove_temporaries

_BLOCKING = (State.READY, State.INFLIGHT, State.HELD, State.DONE)  # a buried batch may be sealed anew under the same id


class Spool:
    """A durable queue below `root`, on a local file system; any number of processes and threads may use it at once.

    Every call may raise SpoolFull or SpoolUnavailable when the file system refuses.
    """

    def __init__(self, root: Path) -> None:
        """Make the directories that are missing; the parent of `root` must exist."""
        self._tree = Tree(root)

    # --- into the spool ----------------------------------------------------------------------------------------------

    def begin(self) -> Draft:
        """Start a new entry of our own; see Draft."""
        with door("起草批次", "begin an entry"), self._tree.alone():
            return Draft.begin(self._tree.draft_path(), self._put)

    def arrive(
        self, name: EntryName, digest: str, size: int, manifest: bytes, keys: bytes, papers: Papers = NO_PAPERS
    ) -> Arrival:
        """Open the upload of a sealed batch, or find it again where it stands, even when it is complete.

        Args:
            name: made with `EntryName.of` from the admitted manifest.
            digest, size: of the manifest (SHA-256 hex) and of the payload (bytes, as the manifest states).

        Raises:
            SpoolNameInvalid: `digest` is not one.
        """
        with door(f"登记上传 {name}", f"open the upload of {name}"), self._tree.alone():
            found = self._find_arrival(require_digest(digest))
            if found is not None:
                found.renew(papers)
                return found
            fresh, path = self._tree.draft_path(), self._tree.partial / uploads.directory_name(name, digest, size)
            make_directory(fresh)
            uploads.furnish(fresh, manifest, keys, papers)
            move(fresh, path)
            return uploads.parse_directory(path, self._tree.publish)

    def arrival(self, digest: str) -> Arrival:
        """The upload of this digest, whether growing or complete. Raises UploadUnknown, SpoolNameInvalid."""
        with door("查找上传", "look for an upload"):
            found = self._find_arrival(require_digest(digest))
        if found is None:
            raise UploadUnknown(digest=digest)
        return found

    def adopt(self, other: Entry) -> Entry:
        """Have the sealed batch of another spool on this file system ready here too, unopened: links, no copies.

        Again: the same entry, wherever it went since. Two seals of one batch id may wait here, as in an inbox.

        Raises:
            EntryDamaged: `other` misses a file.
        """
        with door(f"转存 {other.name}", f"take over {other.name}"), self._tree.alone():
            here = self._tree.marked(other.name.mark, tuple(State))
            if here is not None:
                return here
            fresh = self._tree.draft_path()
            make_directory(fresh)
            link_sealed(other, fresh)
            sync(fresh)
            return self._tree.publish(fresh, other.name)

    # --- through it --------------------------------------------------------------------------------------------------

    def entries(self, *states: State) -> list[Entry]:
        """What is in these states (all of them when none is named), ordered by state, then name. Takes no lock."""
        with door("列出批次", "list the entries"):
            return self._tree.entries(states or tuple(State))

    def marked(self, digest: str, *states: State) -> Entry | None:
        """The entry of the batch with this manifest digest (64 hex digits), if it is in one of these states."""
        with door("查找批次", "look for an entry"):
            return self._tree.marked(mark_of(require_digest(digest)), states or tuple(State))

    def find(self, name: EntryName) -> Entry:
        """The entry of this name. Raises EntryUnknown."""
        for entry in self.entries():
            if entry.name == name:
                return entry
        raise EntryUnknown(name=str(name))

    def claim(self, name: EntryName | None = None) -> Claim | None:
        """Take an entry from `ready` to `inflight` for this process alone: the first free one, or the named one.

        A drain takes the list once and claims each name, so that a deferred entry is not tried again at once.
        `None` means there is none to take: another process has it, or it is no longer ready.
        """
        self.recover()
        for entry in self.entries(State.READY):
            if name is None or entry.name == name:
                hold = Hold.try_on(entry.path)
                if hold is not None:
                    return self._take(entry, hold)
        return None

    def settle(self, claim: Claim, receipt: bytes) -> Entry:
        """Store the verified receipt beside the batch, then move it to `done`."""
        with door(f"归档 {claim.name}", f"settle {claim.name}"):
            write_whole(claim.path / RECEIPT, receipt)
        return self._leave(claim, State.DONE)

    def defer(self, claim: Claim) -> Entry:
        """Back to `ready`, to be tried later."""
        return self._leave(claim, State.READY)

    def bury(self, claim: Claim) -> Entry:
        """To `dead`: it was refused for good and waits for a person."""
        return self._leave(claim, State.DEAD)

    def hold(self, claim: Claim) -> Entry:
        """To `held`: it waits for a reviewer's release or, where it is only carried, for a receipt from above."""
        return self._leave(claim, State.HELD)

    def endorse(self, name: EntryName, release: bytes) -> None:
        """Store a reviewer's signed release beside a batch that is held; it stays there until `release`.

        Raises:
            EntryUnknown: it is not held (any more).
            EntryBusy: another process is moving it.
        """
        with door(f"放行 {name}", f"release {name}"):
            entry, hold = self._held_by_us(name, State.HELD)
            with hold:
                remove_temporaries(entry)
                write_whole(entry.path / PAPER_FILES["release"], release)

    def release(self, name: EntryName) -> Entry:
        """From `held` to `ready`, with the release that `endorse` stored.

        Raises:
            EntryUnknown, EntryBusy: as for `endorse`.
            EntryDamaged: nobody has endorsed it.
        """
        with door(f"放行 {name}", f"release {name}"):
            entry, hold = self._held_by_us(name, State.HELD)
            with hold:
                if entry.papers.release is None:
                    raise EntryDamaged(place=entry.place, file=PAPER_FILES["release"])
                remove_temporaries(entry)
                return self._tree.move(entry, State.READY)

    def reject(self, name: EntryName) -> Entry:
        """From `held` to `dead`: it was not released. Raises: EntryUnknown, EntryBusy."""
        with door(f"退回 {name}", f"reject {name}"):
            entry, hold = self._held_by_us(name, State.HELD)
            with hold:
                remove_temporaries(entry)
                return self._tree.move(entry, State.DEAD)

    def answer(self, name: EntryName, receipt: bytes) -> Entry:
        """From `held` to `done`: a batch that was only carried here, with the verified receipt of a centre above.

        Raises: EntryUnknown, EntryBusy.
        """
        with door(f"归档 {name}", f"settle {name}"):
            entry, hold = self._held_by_us(name, State.HELD)
            with hold:
                write_whole(entry.path / RECEIPT, receipt)
                return self._tree.move(entry, State.DONE)

    def add_receipt(self, name: EntryName, centre: str, receipt: bytes) -> None:
        """Store a further centre's verified receipt beside a batch that is done. Raises EntryUnknown, EntryBusy."""
        with door(f"归档 {name}", f"settle {name}"):
            entry, hold = self._held_by_us(name, State.DONE)
            with hold:
                write_whole(entry.path / further_receipt(centre), receipt)

    def renew_receipt(self, name: EntryName, receipt: bytes) -> None:
        """Put the verified receipt of a centre that loaded the batch anew in the old one's place; see `deliver.again`.

        Raises:
            EntryUnknown, EntryBusy
        """
        with door(f"归档 {name}", f"settle {name}"):
            entry, hold = self._held_by_us(name, State.DONE)
            with hold:
                write_whole(entry.path / RECEIPT, receipt)

    def lighten(self, digest: str) -> None:
        """Remove the payload of a batch that is done; whoever asks knows of a verified archive that holds it.

        A second call does nothing. Raises: EntryUnknown, EntryBusy.
        """
        with door("清除数据", "purge a payload"):
            found = [entry.name for entry in self._tree.entries((State.DONE,)) if entry.name.mark == mark_of(digest)]
            for name in found:
                entry, hold = self._held_by_us(name, State.DONE)
                with hold:
                    entry.payload.unlink(missing_ok=True)
                    sync(entry.path)
        if not found:
            raise EntryUnknown(name=digest)

    def retry(self, name: EntryName) -> Entry:
        """From `dead` back to `ready`, because a person removed the cause.

        Raises:
            EntryUnknown: it is not in `dead`.
            EntryBusy: another process is moving it.
            SpoolOccupied: the batch was sealed anew meanwhile.
        """
        with door(f"重投 {name}", f"retry {name}"), self._tree.alone():
            entry, hold = self._held_by_us(name, State.DEAD)
            with hold:
                self._require_only(name)
                return self._tree.move(entry, State.READY)

    # --- after a crash, and with time --------------------------------------------------------------------------------

    def recover(self) -> list[EntryName]:
        """Return to `ready` what dead processes, or claims let go undecided, left in `inflight`."""
        freed = []
        with door("恢复待发批次", "recover entries"):
            for entry in self._tree.entries((State.INFLIGHT,)):
                hold = Hold.try_on(entry.path)
                if hold is None:
                    continue
                with hold:
                    remove_temporaries(entry)
                    self._tree.move(entry, State.READY)
                    freed.append(entry.name)
        return freed

    def sweep(self) -> int:
        """Remove the drafts of dead processes; how many. Uploads are not touched."""
        removed = 0
        with door("清理草稿", "sweep drafts"), self._tree.alone():
            for path in self._tree.partial.glob(f"{DRAFT}*"):
                hold = Hold.try_on(path)
                if hold is None:
                    continue
                with hold:
                    shutil.rmtree(path)
                    removed += 1
        return removed

    def expire(self, before: datetime) -> list[str]:
        """Give up the unfinished uploads to which nothing was added since `before`; their digests."""
        gone = []
        with door("清理过期上传", "expire uploads"), self._tree.alone():
            for upload in self._uploads():
                hold = Hold.try_on(upload.path)
                if hold is None:
                    continue
                with hold:
                    touched = datetime.fromtimestamp((upload.path / PAYLOAD).stat().st_mtime, UTC)
                    if touched < before:
                        self._tree.drop(upload.path)
                        gone.append(upload.digest)
        return gone

    def faults(self) -> Iterator[EntryDamaged]:
        """What is wrong in the tree: strange names, files missing, empty or foreign. Yielded for fsck, not raised."""
        with door("检查驿站目录", "inspect the spool"):
            yield from self._tree.faults()

    # --- rules -------------------------------------------------------------------------------------------------------

    def _put(self, source: Path, name: EntryName, state: State) -> Entry:
        with self._tree.alone():
            return self._require_only(name) or self._tree.publish(source, name, state)

    def _held_by_us(self, name: EntryName, state: State) -> tuple[Entry, Hold]:
        """An entry in this state, and its lock. Raises EntryUnknown, EntryBusy."""
        entry = self._tree.entry(state, self._tree.place(state) / str(name))
        if entry is None:
            raise EntryUnknown(name=str(name))
        hold = Hold.try_on(entry.path)
        if hold is None:
            raise EntryBusy(name=str(name))
        return entry, hold

    def _require_only(self, name: EntryName) -> Entry | None:
        """The same sealed batch if it is here already; SpoolOccupied if the batch id is here, sealed otherwise.

        Uploads do not pass here: two seals of one batch id may reach an inbox, and the warehouse is their judge.
        """
        for entry in self._tree.entries(_BLOCKING):
            if entry.name == name:
                return entry
            if entry.name.batch == name.batch:
                raise SpoolOccupied(batch=name.batch, state=entry.state.value)
        return None

    def _take(self, entry: Entry, hold: Hold) -> Claim:
        try:
            with door(f"领取 {entry.name}", f"claim {entry.name}"):
                taken = self._tree.move(entry, State.INFLIGHT)
        except BaseException:
            hold.release()
            raise
        return Claim(name=taken.name, state=taken.state, path=taken.path, hold=hold)

    def _leave(self, claim: Claim, state: State) -> Entry:
        with door(f"移交 {claim.name}", f"move {claim.name} to {state.value}"):
            entry = self._tree.move(claim, state)
        claim.hold.release()
        return entry

    def _uploads(self) -> list[Arrival]:
        found = self._tree.partial.glob(f"{uploads.PREFIX}*")
        return [uploads.parse_directory(path, self._tree.publish) for path in found]

    def _find_arrival(self, digest: str) -> Arrival | None:
        for upload in self._uploads():
            if upload.digest == digest:
                return upload
        entry = self._tree.marked(mark_of(digest), (State.READY, State.INFLIGHT, State.HELD))
        return uploads.completed(entry, digest, self._tree.publish) if entry else None
