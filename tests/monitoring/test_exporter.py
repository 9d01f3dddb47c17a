"""The exporter over a small county: what it says, what it never says, and what it does when a source is broken."""

from __future__ import annotations

import logging
import re
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from sqlalchemy import event

from gateway.app import CentreNode, open_node
from gateway.errors import StoreUnavailable
from gateway.spool import Spool
from monitoring.exporter.exporter import Exporter
from monitoring.exporter.metrics import BY_NAME, SOURCE_SUCCESS, SPOOL_BYTES
from monitoring.exporter.point import Point
from tests.monitoring.exporter_county import ENVIRON, PERSON, Loads, at, dunned, make_centre, make_front_end, write_site
from tests.monitoring.exporter_world import Said, World, all_but, comparable, files, texts, wait_until
from tests.monitoring.test_exporter_exposition import judge

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both nodes, to be copied."""
    root = tmp_path_factory.mktemp("county")
    make_centre(root / "centre")
    make_front_end(root / "civil")
    return root


def watched(made: Path, name: str, tmp_path: Path) -> Iterator[World]:
    shutil.copytree(made / name, tmp_path / name)
    world = World(tmp_path / name)
    yield world
    world.watch.close()


@pytest.fixture
def centre(made: Path, tmp_path: Path) -> Iterator[World]:
    yield from watched(made, "centre", tmp_path)


@pytest.fixture
def front_end(made: Path, tmp_path: Path) -> Iterator[World]:
    yield from watched(made, "civil", tmp_path)


def node(world: World) -> CentreNode:
    """The node itself, as its own processes open it."""
    opened = open_node(world.site, ENVIRON)
    assert isinstance(opened, CentreNode)
    return opened


# --- what it says -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["centre", "front_end"])
def test_the_whole_exposition_is_what_the_golden_file_says(name: str, request: pytest.FixtureRequest) -> None:
    world = request.getfixturevalue(name)
    world.verification.once()
    said = world.exporter.text()
    assert comparable(said).decode() == (HERE / f"exporter_{name}.prom").read_text(encoding="utf-8")
    assert judge(said).stderr == b""


def test_what_prometheus_client_makes_of_the_collector_is_the_answer_itself(centre: World) -> None:
    registry = CollectorRegistry()
    registry.register(centre.exporter)
    assert comparable(generate_latest(registry)) == comparable(centre.exporter.text())


def test_no_series_is_said_twice(centre: World, front_end: World) -> None:
    for world in (centre, front_end):
        series = [(one.metric.name, one.labels) for one in world.points()]
        assert len(series) == len(set(series)) > 40


def test_no_label_names_a_batch_a_revision_a_file_a_digest_or_a_person(centre: World, front_end: World) -> None:
    for world in (centre, front_end):
        said = texts(world.points())
        assert [text for text in said if re.search(r"[0-9a-f]{32}|/r\d|/|\.(csv|crt|key|db)$", text)] == []
        assert [text for text in said if re.fullmatch(r"p\d{3}|\d{15,18}X?", text)] == []
    assert "p101" in {path.stem for path in centre.site.rglob("persons/*.crt")}


def test_every_metric_there_is_is_said_of_the_small_county(centre: World) -> None:
    centre.verification.once()
    said = {one.metric.name for one in centre.points()}
    assert set(BY_NAME) == said


def test_a_feed_s_last_attempt_is_the_one_its_front_end_told_of_where_that_is_later(centre: World) -> None:
    assert centre.value("yizhan_feed_last_attempt_failed", "civil.dibao", "civil", "YZ-6101") == 1
    told = at("2026-11-28T08:30").timestamp()
    assert centre.value("yizhan_feed_last_attempt_timestamp_seconds", "civil.dibao", "civil") == told


def test_an_attempt_that_succeeded_takes_the_code_of_the_failed_one_away(centre: World) -> None:
    assert centre.value("yizhan_feed_last_attempt_failed", "finance.funds", "finance", "YZ-2040") == 1
    Loads(node(centre)).load("finance.funds", "2026-10", "2026-11-28T09:30")
    failed = [one.labels[0] for one in centre.points() if one.metric.name == "yizhan_feed_last_attempt_failed"]
    assert failed == ["civil.dibao", "finance.roads"]


# --- what it reads ----------------------------------------------------------------------------------------------------


def asked(world: World, table: str) -> list[object]:
    """From which position on each statement of a scrape asks a table for what came after."""
    found: list[object] = []

    def note(_connection, _cursor, statement, parameters, *_rest) -> None:
        if re.search(rf"FROM {table}\b", statement):
            found.append(parameters[0] if re.search(r"(seq|position) > \?", statement) else statement)

    engine = world.watch.node.database
    event.listen(engine, "before_cursor_execute", note)
    world.exporter.text()
    event.remove(engine, "before_cursor_execute", note)
    return found


def test_the_first_scrape_reads_all_and_a_second_one_no_ledger_line_and_no_record_again(centre: World) -> None:
    assert 0 in asked(centre, "ledger")
    last = node(centre).ledger.head().position
    # the last line itself is looked at: another ledger may have been put in this one's place
    assert asked(centre, "ledger") == [last - 1, last]
    assert asked(centre, "batches") == [max(one.position for one in node(centre).warehouse.deliveries())]


def test_what_came_since_the_last_scrape_is_told_by_the_next(centre: World) -> None:
    before = centre.value("yizhan_ledger_position")
    assert centre.value("yizhan_feed_period_state", "finance.funds", "finance", "2026-10", "due_soon") == 1
    Loads(node(centre)).load("finance.funds", "2026-10", "2026-11-28T09:30")
    assert centre.value("yizhan_feed_period_state", "finance.funds", "finance", "2026-10", "on_time") == 1
    assert centre.value("yizhan_ledger_position") == before + 1


def test_a_dunning_written_since_is_counted_and_its_two_lines_are_one_notice(centre: World) -> None:
    assert centre.value("yizhan_dunnings", "finance") == 2
    dunned(node(centre), "finance", "催〔2026〕3号")
    assert centre.value("yizhan_dunnings", "finance") == 3


def test_a_catalogue_that_the_office_changed_counts_from_the_next_scrape_on(centre: World) -> None:
    assert centre.value("yizhan_calendar_unknown_years") == 1
    file = centre.site / "catalogue" / "county.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("    shift: next_workday\n", ""), encoding="utf-8")
    assert centre.value("yizhan_calendar_unknown_years") == 0
    assert centre.success() == all_but()


# --- what it never does -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["centre", "front_end"])
def test_a_scrape_and_a_verification_write_nothing(name: str, request: pytest.FixtureRequest) -> None:
    world = request.getfixturevalue(name)
    database = world.site / ("warehouse.db" if name == "centre" else "ledger.db")
    with sqlite3.connect(database) as outside:
        version = outside.execute("PRAGMA data_version").fetchall()
        before = files(world.site)
        for _ in range(3):
            world.verification.once()
            assert world.success() == all_but()
        assert files(world.site) == before
        assert outside.execute("PRAGMA data_version").fetchall() == version


def test_the_exporter_s_own_connection_cannot_write(centre: World) -> None:
    with pytest.raises(StoreUnavailable) as refused:
        dunned(centre.watch.node, "civil", "催〔2026〕9号")
    assert refused.value.code == "YZ-7001"
    assert centre.watch.node.ledger.head() == node(centre).ledger.head()


def test_a_site_that_never_ran_is_told_of_and_nothing_is_made_in_it(tmp_path: Path) -> None:
    world = World(write_site(tmp_path / "centre", "centre"))
    before = files(world.site)
    assert world.success() == all_but("board", "ledger", "presence", "spool")
    assert world.codes() == [f"source={name} code=YZ-8124" for name in ("board", "ledger", "presence", "spool")]
    assert files(world.site) == before


def test_a_database_of_an_earlier_version_is_left_as_it_is(centre: World) -> None:
    with sqlite3.connect(centre.site / "warehouse.db") as outside:
        outside.execute("DELETE FROM presence_version")
    before = files(centre.site)
    assert centre.success() == all_but("board", "presence")
    assert centre.codes() == ["source=board code=YZ-8126", "source=presence code=YZ-8126"]
    assert files(centre.site) == before


# --- a source that is broken ------------------------------------------------------------------------------------------


def spoil(site: Path, file: str, content: bytes) -> None:
    (site / file).write_bytes(content)


OF_DATABASE = ("board", "ledger", "presence", "spool")  # since when an entry waits, the ledger says
BROKEN = {
    "a certificate": (lambda site: spoil(site, "keys/sign.crt", b"no certificate"), {"certificates": "YZ-5012"}),
    "the catalogue": (lambda site: spoil(site, "catalogue/county.yaml", b"centres: ["), {"board": "YZ-1001"}),
    "the spool": (lambda site: shutil.rmtree(site / "spool"), {"spool": "YZ-8124"}),
    "the database": (
        lambda site: spoil(site, "warehouse.db", b"no database at all" * 1000),
        dict.fromkeys(OF_DATABASE, "YZ-7002"),
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_one_broken_source_leaves_the_others_and_its_code_is_said_once(what: str, centre: World) -> None:
    spoiling, codes = BROKEN[what]
    spoiling(centre.site)
    for _ in range(3):
        assert centre.success() == all_but(*codes)
    assert centre.codes() == [f"source={name} code={code}" for name, code in codes.items()]


def test_a_failing_source_says_nothing_of_its_own_and_comes_back_by_itself(centre: World) -> None:
    whole = comparable(centre.exporter.text())
    file = centre.site / "keys" / "sign.crt"
    kept = file.read_bytes()
    file.write_bytes(b"no certificate")
    own = [one for one in centre.points() if one.labels[:1] == ("",) and "certificate" in one.metric.name]
    assert own == []
    file.write_bytes(kept)
    assert comparable(centre.exporter.text()) == whole
    assert centre.codes() == ["source=certificates code=YZ-5012", "source=certificates ok"]


def test_a_locked_database_is_a_failed_source_in_time_and_comes_back(centre: World) -> None:
    with sqlite3.connect(centre.site / "warehouse.db", isolation_level=None) as outside:
        outside.execute("PRAGMA locking_mode = EXCLUSIVE")
        outside.execute("BEGIN EXCLUSIVE")
        assert centre.success() == all_but(*OF_DATABASE)
        outside.execute("ROLLBACK")
    outside.close()
    assert {line.partition("code=")[2] for line in centre.codes()} <= {"YZ-7001", "YZ-8123"}
    assert centre.success() == all_but()


def test_a_node_that_runs_for_the_first_time_while_it_is_watched_is_read_from_then_on(tmp_path: Path) -> None:
    site = write_site(tmp_path / "centre", "centre")
    world = World(site)
    assert world.success() == all_but("board", "ledger", "presence", "spool")
    opened = node(world)
    Spool(site / "spool")
    Loads(opened).load("civil.dibao", "2026-09", "2026-10-20T09:00")
    assert opened.presence.all() == ()
    assert world.success() == all_but()
    assert world.value("yizhan_ledger_position") == 1
    world.watch.close()


class Hanging:
    """A collector that answers when it is let."""

    name = "disk"

    def __init__(self) -> None:
        self.let, self.asked = threading.Event(), 0

    def read(self) -> Iterator[Point]:
        self.asked += 1
        self.let.wait()
        yield Point(SPOOL_BYTES, ("",), self.asked)


class Defective:
    """A collector with a defect, and words that nobody may see."""

    name = "spool"

    def read(self) -> Iterator[Point]:
        yield Point(SPOOL_BYTES, ("half",), 1)
        raise KeyError(PERSON)


def exporter_with(*sources: Hanging | Defective) -> tuple[Exporter, Said]:
    said = Said()
    log = logging.Logger("exporter")
    log.addHandler(said)
    return Exporter(sources, fixed=(), clock=lambda: at("2026-11-28"), log=log, lang="zh", patience=0.1), said


def test_a_source_that_hangs_holds_nobody_and_is_asked_again_only_once_it_answered() -> None:
    hanging = Hanging()
    exporter, said = exporter_with(hanging)
    for _ in range(3):
        assert Point(SOURCE_SUCCESS, ("disk",), 0.0) in exporter.points()
    assert hanging.asked == 1
    hanging.let.set()
    wait_until(lambda: Point(SOURCE_SUCCESS, ("disk",), 1.0) in exporter.points())
    assert Point(SPOOL_BYTES, ("",), 2) in exporter.points() or hanging.asked >= 2
    assert said.lines[0].startswith("source=disk code=YZ-8123")
    assert said.lines[1:] == ["source=disk ok"]


def test_a_defect_in_a_source_is_told_by_kind_and_place_and_never_in_its_words() -> None:
    exporter, said = exporter_with(Defective())
    points = exporter.points()
    assert Point(SOURCE_SUCCESS, ("spool",), 0.0) in points
    assert [one for one in points if one.metric is SPOOL_BYTES] == []
    (line,) = said.lines
    assert "code=YZ-1099" in line and "KeyError" in line and "test_exporter.py" in line
    assert PERSON not in line


# --- the verification -------------------------------------------------------------------------------------------------


def tamper(site: Path) -> None:
    with sqlite3.connect(site / "warehouse.db") as outside:
        outside.execute("DROP TRIGGER ledger_no_update")
        outside.execute("UPDATE ledger SET period = '2026-08' WHERE seq = 1")


def test_a_whole_ledger_is_said_to_be_whole_and_an_edited_one_keeps_the_day_it_last_was(centre: World) -> None:
    unknown = {one.metric.name for one in centre.points()}
    assert not unknown & {"yizhan_ledger_verified_timestamp_seconds", "yizhan_ledger_faults"}
    centre.verification.once()
    assert centre.value("yizhan_ledger_faults") == 0
    assert centre.value("yizhan_ledger_verified_timestamp_seconds") == at("2026-11-28T10:00").timestamp()
    tamper(centre.site)
    centre.verification.once()
    assert centre.value("yizhan_ledger_faults") == 2
    assert centre.value("yizhan_ledger_verified_timestamp_seconds") == at("2026-11-28T10:00").timestamp()
    assert centre.codes() == ["source=verification code=YZ-7106", "source=verification code=YZ-7101"]


def test_a_verification_under_way_makes_no_scrape_wait(centre: World) -> None:
    begun, let = threading.Event(), threading.Event()
    asked_for = centre.watch.node.database

    def halt(_connection, _cursor, statement, *_rest) -> None:
        if threading.current_thread().name == "verify ledger" and re.search(r"FROM ledger\b", statement):
            begun.set()
            let.wait(20)

    event.listen(asked_for, "before_cursor_execute", halt)
    centre.verification.start()
    assert begun.wait(20)
    assert centre.success() == all_but()
    let.set()
    wait_until(lambda: centre.verification.found is not None)
    centre.verification.stop(10)
    assert centre.value("yizhan_ledger_faults") == 0


def test_a_verification_that_cannot_be_done_says_its_code_and_finds_nothing(tmp_path: Path) -> None:
    world = World(write_site(tmp_path / "centre", "centre"))
    world.verification.start()
    wait_until(lambda: bool(world.said.lines))
    world.verification.stop(10)
    assert world.codes() == ["source=verification code=YZ-8124"]
    assert world.verification.found is None
