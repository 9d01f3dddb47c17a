"""The chain of receipts as commands show it: which centre accepted a batch, when, and how many rows it loaded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gateway.app import CentreNode, FrontEnd
from gateway.app.levels import chain_of, kept_of
from gateway.chain import Fetched, complete
from gateway.cli.shell import Heading, Shell
from gateway.envelope.receipt import Receipt, peek
from gateway.errors import EnvelopeRefused, Lang, RefusedAbove, YizhanError
from gateway.inbox import SharedEntry
from gateway.spool import Entry, State

_HEADINGS = (
    Heading("批次", "batch"),
    Heading("中心", "centre"),
    Heading("受理时间", "accepted at"),
    Heading("入库", "loaded", "number"),
)


def fetch_all(node: FrontEnd, shell: Shell) -> list[Fetched]:
    """Ask for every receipt that the department still misses, telling of each error as it happens."""
    return told(complete(chain_of(node)), shell)


def told(fetching: Iterable[Fetched], shell: Shell) -> list[Fetched]:
    """All of them, each error told as it happens."""
    fetched = []
    for one in fetching:
        fetched.append(one)
        if one.error is not None:
            shell.complain(one.error)
    return fetched


def show(fetched: Sequence[Fetched], shell: Shell) -> None:
    """A line for each receipt that came, each centre that refused or has yet to answer; nothing where there is none."""
    rows = [row for one in fetched for row in _fetched_rows(one, shell)]
    if rows:
        shell.table(("后续回执", "Further receipts"), _HEADINGS, rows)


def show_batch(node: FrontEnd | CentreNode, batch: str, shell: Shell) -> None:
    """The chain of one batch; nothing where no receipt is here."""
    rows = [_row(batch, said) for said in of_batch(node, batch)]
    if rows:
        shell.table(("回执", "Receipts"), _HEADINGS, rows)


def of_batch(node: FrontEnd | CentreNode, batch: str) -> list[Receipt]:
    """What the receipts beside a batch say, each centre's once."""
    entries = (entry for kept in kept_of(node) for entry in kept.entries(State.DONE) if entry.name.batch == batch)
    return list({said.manifest_digest + said.centre: said for entry in entries for said in of_entry(entry)}.values())


def of_entry(entry: Entry | SharedEntry) -> Iterator[Receipt]:
    """What the receipts beside an entry say, the first one first; one that cannot be read is for `fsck` to name."""
    first = () if entry.receipt is None else (entry.receipt,)
    for receipt in (*first, *(content for _, content in entry.further_receipts)):
        try:
            yield peek(receipt)
        except EnvelopeRefused:
            continue


def fetched_json(one: Fetched, lang: Lang) -> dict[str, object]:
    """What came of asking, as JSON."""
    said = receipt_json(one.answer.receipt) if one.answer else {"centre": None, "accepted_at": None, "loaded": None}
    code, message = (one.error.code, one.error.message(lang)) if one.error else (None, None)
    found = {"awaited": list(one.awaited), "refused": refused_json(one.error), "code": code, "message": message}
    return {"batch": one.batch, **said, **found}


def refused_json(error: YizhanError | None) -> dict[str, object] | None:
    """Which centre above refused, and its code; None of any other error."""
    if not isinstance(error, RefusedAbove):
        return None
    return {"centre": error.facts["centre"], "code": error.facts["peer_code"]}


def receipt_json(said: Receipt) -> dict[str, object]:
    """One link of a chain as JSON."""
    return {"centre": said.centre, "accepted_at": said.accepted_at.isoformat(), "loaded": said.loaded.rows}


def _fetched_rows(one: Fetched, shell: Shell) -> Iterator[tuple[str, ...]]:
    if one.answer is not None:
        yield _row(one.batch, one.answer.receipt)
    if isinstance(one.error, RefusedAbove):
        code = one.error.facts["peer_code"]
        yield one.batch, str(one.error.facts["centre"]), shell.say(f"已拒绝({code})", f"refused ({code})"), ""
    for centre in one.awaited:
        yield one.batch, centre, shell.say("尚未回执", "awaited"), ""


def _row(batch: str, said: Receipt) -> tuple[str, ...]:
    return batch, said.centre, said.accepted_at.strftime("%Y-%m-%d %H:%M:%S"), f"{said.loaded.rows:,}"
