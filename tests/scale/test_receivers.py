"""Three receivers of one centre behind nginx, over a shared folder: what one begins or leaves, another ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.app import open_node
from gateway.errors import PeerRefused, PeerUnavailable
from gateway.inbox.pieces import PIECE
from gateway.presence import encode
from gateway.transport import Patience
from tests.journeys.hatchery import Hatchery
from tests.journeys.world import wait_until
from tests.peers.postgres import Postgres
from tests.scale.batches import Sown, periods, sow
from tests.scale.county import FEEDS, Centre, centre
from tests.scale.wire import line
from tests.wire.reports import REPORT

CIVIL, AGRI = "civil.dibao", "agri.village_finance"
JOURNEY, REGISTER = "gateway.receive.journey", "gateway.inbox.register"
ONCE = Patience(attempts=1, connect=5, answer=20, receipt=30, hold=20)
TURNS = 3  # of deaths in the busy month
_months = {feed: periods(feed) for feed in FEEDS}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, database_server: Postgres, hatchery: Hatchery) -> Iterator[Centre]:
    root = tmp_path_factory.mktemp("county")
    inbox = root / "inbox"
    inbox.mkdir()
    with centre(root, database_server, hatchery, {"url": f"file://{inbox}", "look_seconds": 0.4}) as running:
        yield running
        running.assert_loaded_once(EVERY)
        running.sound()


EVERY: list[Sown] = []
"""What has been delivered to this module's centre so far: after each test it holds these, and nothing else."""


def fresh(centre: Centre, feed: str, text: int = 4) -> Sown:
    """A batch of a period that no other test uses."""
    EVERY.append(sow(centre.front_end(feed), feed, next(_months[feed]), text=text))
    return EVERY[-1]


def test_an_upload_begun_at_one_receiver_ends_at_another(shared: Centre) -> None:
    sown = fresh(shared, CIVIL, text=4_000)
    payload, (first, second, third) = sown.payload.read_bytes(), shared.receivers
    third_part = len(payload) // 3
    with line(shared, first, sown) as here, line(shared, second, sown) as there:
        assert here.submit() == 0
        assert here.patch(0, payload[:third_part]).status_code == 204
        assert there.offset() == third_part
        assert there.patch(third_part, payload[third_part : 2 * third_part]).status_code == 204
        assert here.patch(third_part, payload[third_part:]).status_code == 409  # that was sent already, elsewhere
        assert here.offset() == 2 * third_part
    assert shared.deliver(sown, third.port)
    shared.assert_loaded_once(EVERY)


def test_a_front_end_is_heard_by_whichever_receiver_and_through_nginx_and_has_one_row(shared: Centre) -> None:
    here = open_node(shared.site, {})
    for number, port in enumerate((*(receiver.port for receiver in shared.receivers), shared.nginx.port)):
        report = replace(REPORT, spool=replace(REPORT.spool, ready=number + 1), attempts=(), held=())
        with shared.client(CIVIL, port) as client:
            hearing = client.heartbeat(encode(report))
        (heard,) = (one for one in here.presence.all() if one.department == "civil")
        assert (heard.report, heard.reported_at) == (report, hearing.at)
        assert abs(heard.skew) <= timedelta(seconds=1)
    here.database.dispose()


def test_a_refusal_is_heard_at_every_receiver_and_outlives_them(shared: Centre) -> None:
    sown = fresh(shared, CIVIL)
    payload, (first, second, third) = sown.payload.read_bytes(), shared.receivers
    with line(shared, first, sown) as here, line(shared, second, sown) as there:
        assert here.submit() == 0
        assert here.patch(0, payload[:-1] + bytes([payload[-1] ^ 1])).status_code == 204
        refused = here.receipt().json()
        assert refused["code"].startswith("YZ-4")
        assert there.receipt().json() == refused
        first.kill()
        first.start()
    with line(shared, first, sown) as here:
        assert here.receipt().json() == refused
        with pytest.raises(PeerRefused), shared.client(sown.feed, third.port) as client:
            client.receipt(sown.digest)
    assert shared.deliver(sown)  # it comes again, unspoilt this time
    shared.assert_loaded_once(EVERY)


def test_whoever_waits_at_another_receiver_is_answered_within_two_seconds(shared: Centre) -> None:
    sown = fresh(shared, AGRI)
    first, second, _ = shared.receivers
    answered: list[float] = []

    def wait(there: object) -> None:
        assert there.receipt(20).status_code == 200
        answered.append(time.monotonic())

    with line(shared, first, sown) as here, line(shared, second, sown) as there:
        assert here.submit() == 0
        waiting = threading.Thread(target=wait, args=(there,))
        waiting.start()
        assert here.patch(0, sown.payload.read_bytes()).status_code == 204
        assert here.receipt(20).status_code == 200
        loaded = time.monotonic()
        waiting.join(20)
    assert answered[0] - loaded < 2


def test_one_batch_brought_to_all_receivers_at_once_is_loaded_once_with_one_receipt(shared: Centre) -> None:
    sown = fresh(shared, CIVIL, text=2_000)
    with ThreadPoolExecutor() as clients:
        receipts = list(clients.map(lambda receiver: shared.deliver(sown, receiver.port), shared.receivers * 2))
    assert len(receipts) == 6
    assert len(set(receipts)) == 1
    shared.assert_loaded_once(EVERY)


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(f"return:{REGISTER}:Register.open:1", id="registered"),
        pytest.param("return:gateway.inbox.objects:_write_file:1", id="written and not counted"),
        pytest.param(f"return:{REGISTER}:Register.count:1", id="counted"),
        pytest.param(f"call:{JOURNEY}:Reception.load:1", id="ready"),
        pytest.param("return:gateway.envelope.receipt:issue_receipt:1", id="rows are in"),
        pytest.param("return:gateway.warehouse.store:Warehouse.load:1", id="committed"),
    ],
)
def test_what_a_receiver_that_is_killed_there_leaves_another_ends(shared: Centre, moment: str) -> None:
    sown = fresh(shared, CIVIL)
    dying, other, third = shared.receivers
    for one in shared.receivers:  # the others would take the batch up themselves, before or after the moment
        one.stop()
    dying.start(killed=moment)
    with pytest.raises(PeerUnavailable), shared.client(sown.feed, dying.port, ONCE) as client:
        client.deliver(sown.manifest, sown.entry.keys, sown.payload)
    assert dying.process.wait(20).code == -9
    other.start()
    assert shared.deliver(sown, other.port)
    shared.assert_loaded_once(EVERY)
    dying.start()
    third.start()


def test_a_complete_upload_whose_receiver_died_is_taken_up_though_nobody_asks(shared: Centre) -> None:
    sown = fresh(shared, AGRI)
    dying = shared.receivers[2]
    dying.stop()
    dying.start(killed="return:gateway.envelope.receipt:issue_receipt:1")
    with line(shared, dying, sown) as here:
        assert here.submit() == 0
        here.patch(0, sown.payload.read_bytes())
    wait_until(lambda: dying.ended() is not None, 20)
    wait_until(lambda: bool(shared.ask("SELECT 1 FROM batches WHERE digest = %s", sown.digest)), 20)
    dying.start()


def test_a_month_of_three_departments_arrives_while_receivers_die_and_come_back(shared: Centre) -> None:
    sown = [fresh(shared, feed, text=4 if number else 12_000) for feed in FEEDS for number in range(10)]
    shared.nginx.lead_to([receiver.port for receiver in shared.receivers[:2]])
    mine = [one for one in sown if one.feed == "finance.onecard"]
    assert max(one.payload.stat().st_size for one in sown) > PIECE  # so receivers also die between two pieces of one
    with ThreadPoolExecutor() as clients:
        drained = [clients.submit(drain, shared, shared.front_end(feed)) for feed in (CIVIL, AGRI)]
        receipts = [clients.submit(shared.deliver, one) for one in (*mine, *mine[:3])]
        for turn in range(TURNS):
            time.sleep(0.4)
            shared.receivers[turn % 3].kill()
            if turn == 0:
                shared.nginx.lead_to([receiver.port for receiver in shared.receivers])  # the third one is added
            shared.receivers[turn % 3].start()
        assert [each.result(60) for each in drained] == [None, None]
        held = [each.result(60) for each in receipts]
    assert held[10:] == held[:3]
    assert drain(shared, shared.front_end("finance.onecard")) is None  # that front-end hears the same receipts
    shared.assert_loaded_once(EVERY)
    for feed in FEEDS:
        ended = shared.yizhan(shared.front_end(feed), "fsck").wait(60)
        assert (ended.code, ended.err) == (0, ""), ended.out
        assert not shared.yizhan(shared.front_end(feed), "spool", "list").wait(60).out.count("ready")
    finance = {path.read_bytes() for path in shared.front_end(mine[0].feed).glob("spool/done/*/receipt.p7s")}
    assert set(held) <= finance


def drain(shared: Centre, site: Path) -> None:
    """The front-end's own `deliver`, again and again as its timer would, until it has nothing left to do."""
    until = time.monotonic() + 60
    while (ended := shared.yizhan(site, "deliver").wait(60)).code == 75:
        assert time.monotonic() < until, ended.err
    assert ended.code == 0, ended.out + ended.err


def test_a_receiver_writes_nothing_of_its_own_but_its_log(shared: Centre) -> None:
    for receiver in shared.receivers:
        found = sorted(path.name for path in receiver.site.iterdir())
        assert found == ["catalogue", "keys", "log", "secrets", "site.yaml"]
