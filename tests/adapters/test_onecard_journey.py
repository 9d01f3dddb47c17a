"""Collecting one-card payments: what the three ways come to is sealed in the manifest, or nothing is sealed at all."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.contract import Figure, Measure, Secrets
from adapters.onecard import OnecardAdapter
from gateway.bookmarks import Bookmarks
from gateway.calendar import Period
from gateway.catalogue import Catalogue
from gateway.cli import fiscal
from gateway.cli.shell import Shell
from gateway.collect import Collected, Desk, Task, collect
from gateway.collect.reconciled import fiscal_batches, require_reconciled
from gateway.database import open_database
from gateway.envelope.fiscal import FiscalBatch, samples
from gateway.envelope.sealed import verify_manifest
from gateway.errors import ReconciliationUnbalanced, Unbalanced
from gateway.ledger import EventKind, Ledger
from gateway.orders import Orders
from gateway.problems import ProblemBooks
from gateway.spool import Spool, State
from tests.adapters.county_payments import MEASURES, County, yuan
from tests.adapters.test_onecard import FEED, Office
from tests.envelope.world import NOW, World, der
from tests.peers.sshd import Sshd


@pytest.fixture
def office(server: Sshd) -> Office:
    return Office(server)


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture
def desk(tmp_path: Path, world: World, catalogue: Catalogue) -> Desk:
    return Desk(
        spool=Spool(tmp_path / "spool"),
        ledger=Ledger(open_database(tmp_path / "ledger.db"), "finance"),
        books=ProblemBooks(root=tmp_path / "problems", secret=tmp_path / "problems.secret"),
        bookmarks=Bookmarks(root=tmp_path / "bookmarks", secret=tmp_path / "bookmarks.key"),
        orders=Orders(root=tmp_path / "orders"),
        catalogue=catalogue,
        trust=lambda: world.trust,
        signer=world.finance,
        recipients=(der(world.encryption["changning"]),),
        clock=lambda: datetime.now().astimezone(),
        entropy=os.urandom,
    )


@pytest.fixture
def task(catalogue: Catalogue) -> Task:
    return Task(feed=catalogue.feed(FEED), region="430482", period=Period.parse("2026-10"))


def collected(task: Task, desk: Desk, office: Office, secrets: Secrets) -> Collected:
    source = OnecardAdapter(office.config(), secrets)
    return collect(task, source=source, desk=desk, progress=lambda rows: None)


def stated(batches: tuple[FiscalBatch, ...] | None) -> dict[tuple[str, str], dict[str, tuple[int, int]]]:
    return {
        (one.document, one.batch): {name: (getattr(one, name).people, getattr(one, name).amount) for name in MEASURES}
        for one in batches or ()
    }


def test_the_signed_manifest_states_every_figure(
    task: Task, desk: Desk, office: Office, secrets: Secrets, world: World
) -> None:
    county = County(3_000)
    office.put(county)
    batch = collected(task, desk, office, secrets)
    entry = next(iter(desk.spool.entries(State.READY)))
    said = verify_manifest(entry.manifest, world.trust, NOW).manifest
    assert stated(said.reconciliation) == county.figures()
    assert said.extracted.rows == len(county.entries) + sum(county.expected_told().values())
    assert dict(said.problems.codes)["YZ-3095"] == 7
    assert batch.problems is not None
    assert "returns 20261120_6222.zip/20261120_6222.txt:" in batch.problems.read_text("utf-8-sig")


def test_late_returns_are_a_correction_after_which_nobody_is_pending(
    task: Task, desk: Desk, office: Office, secrets: Secrets
) -> None:
    county = County(1_500)
    office.put(county)
    first = collected(task, desk, office, secrets)
    county.return_late()
    office.returns(county.returns_text())
    second = collected(replace(task, reason="开户行补充回盘", by="p001"), desk, office, secrets)
    assert second.manifest.revision == 2
    assert sum(one.pending.people for one in first.manifest.reconciliation or ()) == len(county.late)
    assert stated(second.manifest.reconciliation) == county.figures()
    assert sum(one.pending.people for one in second.manifest.reconciliation or ()) == 0


@pytest.mark.parametrize(("people", "fen"), [(1, 0), (0, 1), (-1, -1)])
def test_a_fiscal_batch_that_declares_something_else_stops_everything(
    task: Task, desk: Desk, office: Office, secrets: Secrets, people: int, fen: int
) -> None:
    county = County(1_500)
    office.put(county)
    place = ("湘财农〔2026〕7号", "B001")
    count, sum_ = county.figures()[place]["roster"]
    line, wrong = (f"{'|'.join(place)}|{n}|{yuan(s)}\n" for n, s in ((count, sum_), (count + people, sum_ + fen)))
    assert line in county.batches_text()
    office.batches(county.batches_text().replace(line, wrong))
    with pytest.raises(ReconciliationUnbalanced) as refused:
        collected(task, desk, office, secrets)
    told = refused.value.message("zh")
    assert f"文号 {place[0]} 批次 {place[1]}:清册 {count} / {yuan(sum_)}" in told
    assert f"批次 {count + people} / {yuan(sum_ + fen)}" in told
    assert isinstance(refused.value, Unbalanced)
    assert [line.code for line in desk.ledger.lines(kind=EventKind.UNBALANCED)] == ["YZ-2060"]
    assert [list(desk.spool.entries(state)) for state in State] == [[]] * len(State)


@pytest.mark.parametrize("change", ["missing", "extra"])
def test_a_batch_that_only_one_side_knows_stops_everything(
    task: Task, desk: Desk, office: Office, secrets: Secrets, change: str
) -> None:
    county = County(3_000)
    office.put(county)
    lines = county.batches_text().splitlines(keepends=True)
    office.batches("".join(lines[:-1] if change == "missing" else [*lines, "湘财某号|B9|1|1.00\n"]))
    with pytest.raises(ReconciliationUnbalanced):
        collected(task, desk, office, secrets)


def test_figures_become_fiscal_batches_in_order_and_only_pending_is_no_difference() -> None:
    def figure(batch: str, measure: Measure, people: int) -> Figure:
        return Figure(document="D", batch=batch, measure=measure, people=people, fen=100 * people)

    some = [figure("B2", Measure.ROSTER, 3), figure("B1", Measure.ROSTER, 2), figure("B1", Measure.DECLARED, 2)]
    batches = fiscal_batches([*some, figure("B1", Measure.PENDING, 2), figure("B2", Measure.PENDING, 3)])
    assert batches is not None
    assert [(one.batch, one.roster.people, one.declared and one.declared.people) for one in batches] == [
        ("B1", 2, 2), ("B2", 3, None),
    ]  # fmt: skip
    require_reconciled("f.g", "2026-10", batches)
    assert fiscal_batches(None) is None
    assert fiscal_batches([]) is None
    with pytest.raises(ReconciliationUnbalanced):
        require_reconciled("f.g", "2026-10", fiscal_batches(some) or ())


def test_an_operator_sees_one_line_and_an_exporter_one_series_a_measure(capfd: pytest.CaptureFixture[str]) -> None:
    county = County(3_000)
    sums = county.figures()
    figures = [
        Figure(document=place[0], batch=place[1], measure=Measure(name), people=pair[0], fen=pair[1])
        for place, line in sums.items()
        for name, pair in line.items()
    ]
    batches = fiscal_batches(figures) or ()
    told = fiscal.line("finance.onecard/2026-10/r1", batches, Shell(lang="zh", site=None))
    people = {name: sum(line[name][0] for line in sums.values()) for name in MEASURES}
    fen = {name: sum(line[name][1] for line in sums.values()) for name in MEASURES}
    assert told.startswith(f"三方对账 finance.onecard/2026-10/r1:清册 {people['roster']:,} / ")
    assert f"退汇 {people['refunded']:,} / {Decimal(fen['refunded']) / 100:,.2f}" in told
    fiscal.show(batches, Shell(lang="en", site=None))
    assert capfd.readouterr().out.count("湘财") == len([place for place in sums if "湘财" in place[0]])
    found = {(one.name, dict(one.labels)["measure"]): one.value for one in samples(FEED, "2026-10", batches)}
    for name in set(MEASURES) - {"declared"}:
        assert found.pop(("feed_reconciled_people", name)) == people[name]
        assert found.pop(("feed_reconciled_yuan", name)) == Decimal(fen[name]) / 100
    assert found == {}
