"""A folder's files of one period as one reading: found, whole, read once in the order of their names, unchanged since.

Must never read a settled file again unless it changed, nor hand over part of a period as the whole.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack

import pyarrow as pa
import pyarrow.compute as pc

from adapters.contract import Declared, Extraction, Outcome, Request, Secrets
from adapters.drops.config import DropConfig
from adapters.drops.digesting import Digested, control, expect_digest
from adapters.drops.folder import Folder
from adapters.drops.matching import Found
from adapters.drops.readiness import settled
from adapters.drops.settling import facts, read_cursor, write_cursor
from adapters.drops.steady import Patience, Steady
from adapters.drops.unzipping import Budget, members
from adapters.formats import records
from gateway.errors import LimitExceeded

_OURS = "sha256"
_TOLD = 20  # files that the facts name one by one
Facts = tuple[tuple[str, str], ...]
Records = Generator[pa.RecordBatch, None, Declared | None]


def open_drops(folder: Folder, config: DropConfig, secrets: Secrets, request: Request, known: Facts = ()) -> Extraction:
    """A reading of what lies in an open folder; the folder is closed with it. `known`: facts of the transport.

    Raises: as `Adapter.extract`.
    """
    with ExitStack() as stack:
        stack.callback(folder.close)
        before = read_cursor(request) if config.several else frozenset()
        found, fresh = settled(folder, config, request, lambda one: facts(one) not in before)
        _hold_limit(fresh, request)
        reading = _Reading(folder=folder, found=found, fresh=fresh, config=config, secrets=secrets, request=request)
        return Extraction(
            request=request,
            facts=known + _first_facts(fresh, request.fill(config.path), config),
            batches=reading.batches(),
            resources=stack.pop_all(),
        )


def _hold_limit(fresh: Sequence[Found], request: Request) -> None:
    limit = request.max_bytes
    if sum(one.look.size for one in fresh) > limit:
        zh, en = f"文件超过 {limit} 字节", f"files of over {limit} bytes"
        raise LimitExceeded(feed=request.feed, limit_zh=zh, limit_en=en)


class _Reading:
    def __init__(
        self, *, folder: Folder, found: Sequence[Found], fresh: Sequence[Found],
        config: DropConfig, secrets: Secrets, request: Request,
    ) -> None:  # fmt: skip
        self._folder, self._found, self._fresh = folder, found, fresh
        self._config, self._secrets, self._request = config, secrets, request
        self._budget = Budget(config.archive, request) if config.archive else None
        self._declared: list[Declared | None] = []
        self._digests: list[tuple[str, int, str]] = []

    def batches(self) -> Generator[pa.RecordBatch, None, Outcome]:
        patience = Patience(self._folder, self._request)
        files = [(one, Steady(self._folder, one, patience, self._request)) for one in self._fresh]
        for one, file in files:
            yield from self._file(one, file)
        for _, file in files:
            file.expect_same()
        cursor = write_cursor(self._found) if self._config.several else None
        return Outcome(declared=_summed(self._declared), cursor=cursor, facts=self._last_facts() + self._stated())

    def _file(self, one: Found, file: Steady) -> Iterator[pa.RecordBatch]:
        """One file's records. Raises: SourceMalformed: its digest is not the one stated."""
        digest = self._config.digest
        stated = control(self._folder, one, digest, self._request) if digest else None
        content = Digested(file, (digest.name, _OURS) if digest else (_OURS,))
        if self._budget is None:
            yield from self._records(content)
        if digest and stated:
            expect_digest(stated, content.finish(digest.name), one, self._request)
        if self._budget is not None:
            for member in members(file, self._budget.archive, self._secrets, self._budget):
                yield from self._records(Digested(member, (_OURS,)))

    def _records(self, content: Digested) -> Iterator[pa.RecordBatch]:
        """A content's records; where there may be several contents, a position names its own."""
        reading = records(content, self._config.format, self._request)
        alone = self._budget is None and not self._config.several
        self._declared.append((yield from (reading if alone else _placed(reading, content.name))))
        self._digests.append((content.name, content.size, content.finish(_OURS)))

    def _stated(self) -> Facts:
        """What the files say of themselves besides their totals."""
        return tuple(fact for one in self._declared[:_TOLD] if one is not None for fact in one.facts)

    def _last_facts(self) -> Facts:
        if self._budget is None and not self._config.several:
            return tuple(("sha256", digest) for _, _, digest in self._digests)
        told = enumerate(self._digests[:_TOLD], 1)
        return tuple((f"file {number}", f"{name} {size} {digest}") for number, (name, size, digest) in told)


def _placed(reading: Records, name: str) -> Records:
    """The same records, each at `<name>:<place>`."""
    while True:
        try:
            batch = next(reading)
        except StopIteration as end:
            return end.value
        places = pc.binary_join_element_wise(f"{name}:", batch.column(0), "")
        yield batch.set_column(0, batch.schema.field(0), places)


def _summed(declared: Sequence[Declared | None]) -> Declared | None:
    """What all files together declare; what one of them leaves unsaid is not known of the whole."""
    told = [one for one in declared if one is not None]
    if not told or len(told) != len(declared):
        return None
    rows = [one.rows for one in told]
    names = [name for name, _ in told[0].sums if all(name in dict(one.sums) for one in told)]
    return Declared(
        rows=sum(count for count in rows if count is not None) if None not in rows else None,
        sums=tuple((name, sum(dict(one.sums)[name] for one in told)) for name in names),
    )


def _first_facts(fresh: Sequence[Found], path: str, config: DropConfig) -> Facts:
    if config.several:
        return ("pattern", path), ("files", str(len(fresh))), ("bytes", str(sum(one.look.size for one in fresh)))
    look = fresh[0].look
    return ("file", path), ("bytes", str(look.size)), ("changed_at", look.changed_at)
